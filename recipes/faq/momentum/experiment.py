"""Question 7: why momentum?

python -m recipes.faq momentum
"""

import math

import numpy as np

from recipes.faq import _network, _tuning
from recipes.faq._experiment import NUMBER, Claim, Experiment, Panel, Score, Unit

QUADRATIC_ROWS = ("plain", "fixed", "best", "nesterov")
CONDITIONS = (10, 100, 1000, 10_000)
NETWORK_ROWS = {"plain": (0.0, False), "fixed": (0.9, False), "nesterov_fixed": (0.9, True)}
BATCH_SIZES = (2, 32, 512)
SIZES = (40, 64, 64, 10)  # Inputs, hidden units, classes.
# Fine enough: with learning rates a factor of √10 apart, the row without momentum missed its best value, and momentum
# seemed to help with batches of 2 too.
GRID = (0.001, 0.0018, 0.003, 0.0056, 0.01, 0.018, 0.03, 0.056, 0.1, 0.18, 0.3, 0.56, 1, 1.8, 3, 5.6)
TARGETS = {"train": 1.1, "valid": 1.3}
"""Set to the loss at which a training has reached its target: the validation loss stays above the training loss."""
MOST = {2: 14_000, 32: 2000, 512: 600}
"""Batch size to the steps after which a training ends that has not reached the target loss."""


def measure(seed: int, choice: dict, *, conditions=CONDITIONS, batch_sizes=BATCH_SIZES, most=MOST, limit=None) -> dict:
    """Return the steps that least squares takes, their growth with the condition number, and the steps of a network."""
    taken = {row: {str(k): quadratic_steps(row, k, seed) for k in conditions} for row in QUADRATIC_ROWS}
    low, high = conditions[-3::2] if len(conditions) > 2 else conditions
    growth = {row: math.log(n[str(high)] / n[str(low)]) / math.log(high / low) for row, n in taken.items()}
    network = {}
    for row in NETWORK_ROWS if batch_sizes else ():
        rates = {size: _tuning.best(choice[f"{row}@{size}"], lower=True) for size in batch_sizes}
        network[row] = {str(n): network_steps(row, n, rate, seed, most, limit, "train") for n, rate in rates.items()}
    return {"steps": taken, "growth": growth, "network": network}


def choose(*, conditions=CONDITIONS, batch_sizes=BATCH_SIZES, most=MOST, limit=None) -> dict:
    """Return the steps that each learning rate takes until the loss of the validation set is at the target."""

    def steps(key, rate):
        row, size = key.split("@")
        return sum(network_steps(row, int(size), rate, seed, most, limit, "valid") for seed in (100, 101)) / 2

    return _tuning.search([f"{row}@{size}" for row in NETWORK_ROWS for size in batch_sizes], GRID, steps)


def quadratic_steps(row: str, condition: int, seed: int, dimensions: int = 20) -> int:
    """Return how many steps bring the weights of least squares a thousand times closer to the minimum."""
    rng = np.random.default_rng(seed)
    rotation = np.linalg.qr(rng.standard_normal((dimensions, dimensions)))[0]
    matrix = rotation * np.geomspace(1 / condition, 1, dimensions) @ rotation.T  # X.T @ X of the examples.
    minimum = rng.standard_normal(dimensions)
    rate, momentum, is_nesterov = settings(row, 1 / condition, 1.0)
    w, velocity, steps = np.zeros(dimensions), np.zeros(dimensions), 0
    while np.sum((w - minimum) ** 2) > 1e-6 * np.sum(minimum**2):
        ahead = w + momentum * velocity if is_nesterov else w
        velocity = momentum * velocity - rate * matrix @ (ahead - minimum)
        w, steps = w + velocity, steps + 1
    return steps


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


def network_steps(row: str, batch_size: int, rate: float, seed: int, most: dict, limit, watched: str) -> float:
    """Return the steps until the loss of the training or the validation set is at the target."""
    train, valid, _ = _network.mnist1d(seed, limit)
    other, (momentum, is_nesterov) = {"train": train, "valid": valid}[watched], NETWORK_ROWS[row]
    settings = {"learning_rate": rate, "momentum": momentum, "nesterov": is_nesterov, "seed": seed}
    settings |= {"target": TARGETS[watched], "most": most[batch_size], "batch_size": min(batch_size, len(train[0]))}
    return _network.until_target(SIZES, train, other, other, **settings)[0]


TAKEN = Score("steps", Unit("steps"), higher_is_better=False, format=",.0f", logarithmic=True)
CURVES = Panel(TAKEN, QUADRATIC_ROWS, reference="plain", curve="condition number κ", logarithmic=True)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "steps": CURVES,
        "growth": Panel(Score("exponent p", NUMBER, higher_is_better=False), QUADRATIC_ROWS, reference="plain"),
        "network": CURVES._replace(rows=tuple(NETWORK_ROWS), curve="batch size"),
    },
    claims=(
        Claim("steps", "best", "plain", "yes", at="10000", known="yes"),
        Claim("growth", "best", 0.75, "yes", known="yes"),
        Claim("growth", "plain", 0.75, "yes", better=False, known="yes"),
        Claim("network", "fixed", "plain", "yes", at="512", known="yes"),
        Claim("network", "fixed", "plain", "same", at="2", known="same"),
    ),
    quick={"conditions": (4, 9), "batch_sizes": (32,), "most": {32: 2}, "limit": 50},
    check={"batch_sizes": ()},
    seeds=tuple(range(10)),
    lower_is_chosen=True,
)
