"""Question 2: why gradient descent? `python -m questions gradient_descent`"""

import numpy as np

from dlguide import data
from questions import _network, _tuning
from questions._experiment import ACCURACY, NATS, NUMBER, Claim, Experiment, Panel, Score, Unit

ROWS = ("random", "climbing", "descent")
GRID = (0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10)
PASSES = (30, 100, 300, 1000, 3000)
WEIGHTS = (1, 10, 100, 1000)
SHARES = (0.1, 0.5, 0.9, 0.99, 1.01)
STEPS = (10, 100, 300)
SIZES = (40, 32, 10)  # Inputs, hidden units, classes.
GRADIENT = 3  # A gradient takes the time of about three losses.
ON_A_QUADRATIC = ("climbing", "differences", "descent")


def measure(seed: int, best: dict, *, limit: int = 1500, passes=PASSES, rows=ROWS, numbers=WEIGHTS) -> dict:
    """Return the lowest training loss after some passes over the data, its hits, and what quadratic losses give."""
    train, _, (x, y) = _network.mnist1d(seed, limit)
    losses, hits = {}, {}
    for row in rows:
        losses[row], weights = trained(row, best[row], train, passes, seed)
        hits[row] = _network.outputs(_network.layers(weights, SIZES), x)[-1].argmax(axis=1) == y
    quadratic = {row: {str(n): passes_on_a_quadratic(row, n, seed) for n in numbers} for row in ON_A_QUADRATIC}
    return {"loss": losses, "accuracy": hits, "quadratic": quadratic, "least_squares": least_squares(seed)}


def choose(*, limit: int = 1500, passes=PASSES, **_) -> dict:
    """Return the lowest training loss after the last pass, which is what is compared, with each setting."""

    def training_loss(row, setting, seed):
        return trained(row, setting, _network.mnist1d(seed, limit)[0], passes, seed)[0][str(passes[-1])]

    return _tuning.search(ROWS, GRID, training_loss)


def trained(row: str, setting: float, train: tuple, passes, seed: int) -> tuple[dict, np.ndarray]:
    """Return the lowest training loss so far after each number of passes, and the weights that have it at the end."""
    rng = np.random.default_rng(seed)
    weights = _network.new_weights(SIZES, rng)
    best, lowest, losses = weights.copy(), loss(weights, train), {}
    cost = GRADIENT if row == "descent" else 1
    for done in range(cost, passes[-1] + 1, cost):
        if row == "descent":
            _network.descend(weights, SIZES, [train], setting)
        elif row == "random":
            weights = setting * _network.new_weights(SIZES, rng)
        else:
            weights = best + setting * rng.standard_normal(len(weights), "float32")
        if (found := loss(weights, train)) < lowest:
            best, lowest = weights.copy(), found
        losses |= {str(place): lowest for place in passes if done <= place < done + cost}
    return losses, best


def loss(weights: np.ndarray, part: tuple) -> float:
    """Return the cross-entropy, at most 100 so that it is always a number."""
    return min(_network.scores(_network.layers(weights, SIZES), *part)[0], 100.0)


def passes_on_a_quadratic(row: str, number: int, seed: int) -> float:
    """Return the passes until a quadratic loss with a number of weights has fallen to a thousandth of its start.

    Its eigenvalues lie between 1 and 10. Hill climbing adapts its steps, so that one in five succeeds; `differences`
    is gradient descent with the slope along each weight from one more loss.
    """
    rng = np.random.default_rng((seed, number))
    eigenvalues = np.geomspace(1, 10, number)
    weights = rng.standard_normal(number)
    now = eigenvalues @ weights**2
    target, step, passes = now / 1000, 1.0, 0
    while now > target:
        if row == "descent":  # The learning rate 2 / (1 + 10) shrinks every part by the same factor or more.
            weights, passes = weights - 2 / 11 * eigenvalues * weights, passes + GRADIENT
            now = eigenvalues @ weights**2
            continue
        if row == "differences":
            slopes = ((weights + 1e-6 * np.eye(number)) ** 2 @ eigenvalues - now) / 1e-6
            weights, passes = weights - 1 / 11 * slopes, passes + number + 1
            now = eigenvalues @ weights**2
            continue
        candidate, passes = weights + step * rng.standard_normal(number), passes + 1
        found = eigenvalues @ candidate**2
        if found < now:
            weights, now, step = candidate, found, step * np.exp(0.4)
        else:
            step *= np.exp(-0.1)
    return float(passes)


def least_squares(seed: int) -> dict:
    """Return which share of the excess loss is left after some steps on auto_mpg, over the learning rate."""
    train = data.load("auto_mpg", seed=seed).train
    x = train.x.astype("float64")
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    y = train.y - train.y.mean(dtype="float64")
    limit = 2 / np.linalg.eigvalsh(2 * x.T @ x / len(x)).max()
    best = np.linalg.solve(x.T @ x, x.T @ y)
    left = {str(steps): {} for steps in STEPS}
    for share in SHARES:
        w = np.zeros(x.shape[1])
        for step in range(1, STEPS[-1] + 1):
            w -= share * limit * 2 / len(x) * x.T @ (x @ w - y)
            if step in STEPS:
                left[str(step)][str(share)] = float(np.sum((x @ (w - best)) ** 2) / np.sum((x @ best) ** 2))
    return left


LOSS = Score("training loss", NATS, higher_is_better=False, margin=0.05)
COST = Score("cost until a thousandth is left", Unit("passes"), False, ",.0f", logarithmic=True)
LEFT = Score("share of the excess loss that is left", NUMBER, False, ".2g", logarithmic=True, is_ratio=True)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "loss": Panel(LOSS, ROWS, x_axis="passes over the training set", logarithmic=True),
        "accuracy": Panel(ACCURACY, ROWS),
        "quadratic": Panel(COST, ON_A_QUADRATIC, x_axis="number of weights", logarithmic=True),
        "least_squares": Panel(LEFT, tuple(map(str, STEPS)), x_axis="learning rate as a share of 2/λmax"),
    },
    claims=(
        Claim("loss", "descent", "climbing", "yes", at="3000"),
        Claim("quadratic", "descent", "differences", "given", at="1000"),
        Claim("accuracy", "descent", "climbing", "yes"),
        Claim("least_squares", "300", 1.0, "given", at="0.99"),
        Claim("least_squares", "300", 1.0, "given", at="1.01"),
    ),
    quick={"limit": 50, "passes": (3, 9), "numbers": (1, 10, 1000)},
    recheck_options={"rows": ("climbing", "descent")},
    seeds=tuple(range(10)),
    chosen="scale of the draws, scale of the steps, or learning rate",
    lower_is_chosen=True,
)
