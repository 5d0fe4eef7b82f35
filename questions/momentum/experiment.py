"""Question 7: why momentum? `python -m questions momentum`"""

import math

import numpy as np
from scipy.sparse.linalg import cg

from questions import _network, _tuning
from questions._experiment import NUMBER, Claim, Experiment, Panel, Score, Unit

QUADRATIC_ROWS = ("plain", "fixed", "best", "nesterov", "conjugate")
CONDITIONS = (10, 100, 1000, 10_000)
NETWORK_ROWS = {"plain": (0.0, False), "fixed": (0.9, False), "nesterov_fixed": (0.9, True)}
BATCH_SIZES = (2, 32, 512)
SIZES = (40, 64, 64, 10)  # Inputs, hidden units, classes.
GRID = (0.001, 0.0018, 0.003, 0.0056, 0.01, 0.018, 0.03, 0.056, 0.1, 0.18, 0.3, 0.56, 1, 1.8, 3, 5.6)
TARGET = 1.1  # Training loss.
MOST = {2: 14_000, 32: 2000, 512: 600}
"""Batch size to the steps after which a training ends that has not reached the target loss."""


def measure(seed: int, best: dict, *, conditions=CONDITIONS, batch_sizes=BATCH_SIZES, most=MOST, limit=None) -> dict:
    """Return the steps that least squares takes, their growth with the condition number, and the steps of a network."""
    taken = {row: {str(k): quadratic_steps(row, k, seed) for k in conditions} for row in QUADRATIC_ROWS if conditions}
    low, high = conditions[-3::2] if len(conditions) > 2 else conditions or (1, 2)
    growth = {row: math.log(n[str(high)] / n[str(low)]) / math.log(high / low) for row, n in taken.items()}
    network = {}
    for row in NETWORK_ROWS if batch_sizes else ():
        keys = {str(size): f"{row}@{size}" for size in batch_sizes}
        network[row] = {size: network_steps(key, best[key], seed, most, limit) for size, key in keys.items()}
    return {"network": network, "steps": taken, "growth": growth}


def choose(*, conditions=CONDITIONS, batch_sizes=BATCH_SIZES, most=MOST, limit=None) -> dict:
    """Return the steps that each learning rate takes until the training loss is at the target."""
    keys = [f"{row}@{size}" for row in NETWORK_ROWS for size in batch_sizes]
    return _tuning.search(keys, GRID, network_steps, most, limit)


def quadratic_steps(row: str, condition: int, seed: int, dimensions: int = 20) -> int:
    """Return how many steps bring the weights of least squares a thousand times closer to the minimum."""
    rng = np.random.default_rng(seed)
    rotation = np.linalg.qr(rng.standard_normal((dimensions, dimensions)))[0]
    matrix = rotation * np.geomspace(1 / condition, 1, dimensions) @ rotation.T  # X.T @ X of the examples.
    minimum = rng.standard_normal(dimensions)
    if row == "conjugate":
        return conjugate_steps(matrix, minimum)
    rate, momentum, is_nesterov = settings(row, 1 / condition, 1.0)
    w, velocity, steps = np.zeros(dimensions), np.zeros(dimensions), 0
    while np.sum((w - minimum) ** 2) > 1e-6 * np.sum(minimum**2):
        ahead = w + momentum * velocity if is_nesterov else w
        velocity = momentum * velocity - rate * matrix @ (ahead - minimum)
        w, steps = w + velocity, steps + 1
    return steps


def conjugate_steps(matrix: np.ndarray, minimum: np.ndarray) -> int:
    """Return the same number for conjugate gradients, which compute a rate and a momentum in each step."""
    distances = []  # Squared, after each step.
    cg(matrix, matrix @ minimum, rtol=1e-9, callback=lambda w: distances.append(np.sum((w - minimum) ** 2)))
    return 1 + int(np.argmax(np.array(distances) <= 1e-6 * np.sum(minimum**2)))


def settings(row: str, smallest: float, largest: float) -> tuple[float, float, bool]:
    """Return learning rate and momentum with the best guarantee, from the eigenvalues (Lessard et al., 2016)."""
    root = math.sqrt(largest / smallest)
    if row == "plain":
        return 2 / (largest + smallest), 0.0, False
    if row == "nesterov":
        root = math.sqrt(3 * largest / smallest + 1)
        return 4 / (3 * largest + smallest), (root - 2) / (root + 2), True
    momentum = 0.9 if row == "fixed" else ((root - 1) / (root + 1)) ** 2
    return (1 + math.sqrt(momentum)) ** 2 / largest, momentum, False


def network_steps(key: str, rate: float, seed: int, most: dict, limit) -> float:
    """Return the steps until the loss of the training set is at the target."""
    row, size = key.split("@")
    train, (momentum, is_nesterov) = _network.mnist1d(seed, limit)[0], NETWORK_ROWS[row]
    settings = {"learning_rate": rate, "momentum": momentum, "nesterov": is_nesterov, "seed": seed}
    settings |= {"target": TARGET, "most": most[int(size)], "batch_size": min(int(size), len(train[0]))}
    return _network.until_target(SIZES, train, train, train, **settings)[0]


TAKEN = Score("steps", Unit("steps"), False, ",.0f", logarithmic=True, margin=0.1, is_ratio=True)
CURVES = Panel(TAKEN, tuple(NETWORK_ROWS), x_axis="batch size", logarithmic=True)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "network": CURVES,
        "steps": CURVES._replace(rows=QUADRATIC_ROWS, x_axis="condition number κ"),
        "growth": Panel(Score("exponent p", NUMBER, higher_is_better=False), QUADRATIC_ROWS),
    },
    claims=(
        Claim("network", "fixed", "plain", "yes", at="512"),
        Claim("steps", "best", "plain", "given", at="10000"),
        Claim("network", "fixed", "plain", "undecided", at="2"),
        Claim("network", "fixed", "plain", "undecided", at="32"),
        Claim("network", "nesterov_fixed", "plain", "yes", at="32"),
        Claim("steps", "fixed", "plain", "given", at="10"),
    ),
    quick={"conditions": (4, 9), "batch_sizes": (32,), "most": {32: 20}, "limit": 500},
    recheck_options={"conditions": (), "batch_sizes": (512,)},
    seeds=tuple(range(10)),
    main_panels=("network", "steps"),
    lower_is_chosen=True,
)
