"""Question 2: why gradient descent?

python -m recipes.faq gradient_descent
"""

import numpy as np

from recipes.faq import _network, _tuning
from recipes.faq._experiment import ACCURACY, NATS, NUMBER, Claim, Experiment, Panel, Score

ROWS = ("random", "climbing", "descent")
GRID = (0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10)
PASSES = (30, 100, 300, 1000, 3000)
SHARES = (0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1.01)
STEPS = (10, 100, 300)
SIZES = (40, 32, 10)  # Inputs, hidden units, classes.


def measure(seed: int, choice: dict, *, limit: int = 1500, passes=PASSES, rows=ROWS) -> dict:
    """Return the training loss after some passes over the data, the test accuracy at the end, and the least squares."""
    train, _, test = _network.mnist1d(seed, limit)
    losses, accuracy = {}, {}
    for row in rows:
        losses[row], weights = trained(row, _tuning.best(choice[row], lower=True), train, passes, seed)
        accuracy[row] = scores(weights, test)[1]
    return {"loss": losses, "accuracy": accuracy, "least_squares": least_squares(seed)}


def choose(*, limit: int = 1500, passes=PASSES) -> dict:
    """Return the validation loss after the last pass, with each setting."""
    train, valid, _ = _network.mnist1d(100, limit)

    def validation_loss(row, setting):
        return scores(trained(row, setting, train, passes, 100)[1], valid)[0]

    return _tuning.search(ROWS, GRID, validation_loss)


def trained(row: str, setting: float, train: tuple, passes, seed: int) -> tuple[dict, np.ndarray]:
    """Return the training loss after each number of passes, and the weights at the end."""
    rng = np.random.default_rng(seed)
    weights = _network.new_weights(SIZES, rng)
    lowest, losses = scores(weights, train)[0], {}
    cost = 3 if row == "descent" else 1  # A gradient takes the time of about three losses.
    for done in range(cost, passes[-1] + 1, cost):
        if row == "descent":
            _network.descend(weights, SIZES, [train], setting)
        else:
            if row == "random":
                candidate = setting * _network.new_weights(SIZES, rng)
            else:
                candidate = weights + setting * rng.standard_normal(len(weights), "float32")
            if (found := scores(candidate, train)[0]) < lowest:
                weights, lowest = candidate, found
        losses |= {str(place): scores(weights, train)[0] for place in passes if done <= place < done + cost}
    return losses, weights


def scores(weights: np.ndarray, part: tuple) -> tuple[float, float]:
    """Return the cross-entropy, at most 100 so that it is always a number, and the accuracy."""
    loss, accuracy = _network.scores(_network.layers(weights, SIZES), *part)
    return min(loss, 100.0), accuracy


def least_squares(seed: int) -> dict:
    """Return which share of the excess loss is left after some steps on auto_mpg, over the learning rate."""
    from dlguide import data

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


LOSS = Score("training loss", NATS, higher_is_better=False)
LEFT = Score("share of the excess loss that is left", NUMBER, higher_is_better=False, format=".2g", logarithmic=True)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "loss": Panel(LOSS, ROWS, reference="descent", curve="passes over the training set", logarithmic=True),
        "accuracy": Panel(ACCURACY, ROWS, reference="descent"),
        "least_squares": Panel(LEFT, tuple(map(str, STEPS)), curve="learning rate as a share of 2/λmax"),
    },
    claims=(
        Claim("loss", "descent", "climbing", "yes", at="3000", known="yes"),
        Claim("loss", "climbing", "random", "yes", at="3000"),
        Claim("least_squares", "300", 1.0, "yes", at="0.99", known="yes"),
        Claim("least_squares", "300", 1.0, "yes", better=False, at="1.01", known="yes"),
    ),
    quick={"limit": 50, "passes": (3, 9)},
    check={"rows": ("descent",)},
    seeds=tuple(range(10)),
    chosen="scale of the draws, scale of the steps, or learning rate",
    lower_is_chosen=True,
)
