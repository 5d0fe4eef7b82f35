"""Question 24: why does a network need several layers?

python -m recipes.faq multilayer
"""

import functools

import numpy as np

from recipes.faq import _retraining, _tuning
from recipes.faq._experiment import PERCENT, Claim, Experiment, Panel, Score

RATES = (0.0005, 0.002, 0.008, 0.03, 0.12)
UNITS = {"linear": 0, "two_units": 2, "four_units": 4, "eight_units": 8, "sixteen_units": 16}
LAYERS = {"none": (), "one": (200,), "two": (78, 78), "four": (50, 50, 50, 50)}
PASSES = 5  # Over the training set in an epoch.
WIDTHS = (1, 8, 64, 256, 1024)


def xor_successes(seed: int, units: int, starts: int = 200, steps: int = 1000, learning_rate: float = 0.5) -> float:
    """Return the share of random starts from which gradient descent learns all four cases of XOR.

    All starts are trained at once: the first axis of each array is the start.
    """
    x, y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0], [1], [1], [0]])
    rng = np.random.default_rng((seed, units))
    w, b = rng.normal(size=(starts, 2, units)), np.zeros((starts, 1, units))
    v, c = rng.normal(size=(starts, units or 2, 1)) / (units or 2) ** 0.5, np.zeros((starts, 1, 1))
    for _ in range(steps):
        h = np.maximum(x @ w + b, 0) if units else np.broadcast_to(x, (starts, 4, 2))
        logits = h @ v + c
        slope = (1 / (1 + np.exp(-logits)) - y) / 4  # Of the mean cross-entropy.
        back = slope * v.swapaxes(1, 2) * (h > 0)
        v, c = v - learning_rate * h.swapaxes(1, 2) @ slope, c - learning_rate * slope.sum(axis=1, keepdims=True)
        if units:
            w, b = w - learning_rate * x.T @ back, b - learning_rate * back.sum(axis=1, keepdims=True)
    return float(((logits > 0) == y).all(axis=(1, 2)).mean())


@functools.cache
def trainer(hidden_units: tuple[int, ...]):
    """Compile a network once for all seeds and learning rates."""
    from dlguide import mlp

    return _retraining.trainer(lambda: mlp((40, 1), 10, hidden_units=hidden_units), steps_per_execution=35)


def fitted(hidden_units: tuple[int, ...], part, learning_rate: float, epochs: int, seed: int):
    """Train a network; the set is repeated within an epoch: short epochs of Keras cost more than their steps."""
    x, y = _retraining.repeated(part, PASSES)
    return trainer(hidden_units)(x, y, learning_rate=learning_rate, epochs=epochs, batch_size=100, seed=seed)


def choose(*, limit=None, epochs=4, widths=WIDTHS, **_) -> dict:
    """Return the validation accuracy of each network with each learning rate."""
    splits = _retraining.loaded("mnist1d", limit, 100)
    shapes = {**LAYERS, **{f"wide@{width}": (width,) for width in widths}}

    def score(row, rate):
        return _retraining.accuracy(fitted(shapes[row], splits.train, rate, epochs, 100), *splits.valid)

    return _tuning.search(shapes, RATES, score)


def measure(
    seed: int, choice: dict, *, limit=None, epochs=4, units=UNITS, layers=LAYERS, widths=WIDTHS, steps=1000
) -> dict:
    """Return the successes at XOR, and the accuracies on MNIST-1D by depth and by width."""
    splits = _retraining.loaded("mnist1d", limit, seed)

    def trained(hidden_units, key):
        return fitted(hidden_units, splits.train, _tuning.best(choice[key]), epochs, seed)

    scores = {"xor": {row: xor_successes(seed, UNITS[row], steps=steps) for row in units}}
    scores["depth"] = {row: _retraining.accuracy(trained(LAYERS[row], row), *splits.test) for row in layers}
    if widths:
        scores["width"] = {"wide": {}, "train": {}}
    for width in widths:
        model = trained((width,), f"wide@{width}")
        scores["width"]["wide"][str(width)] = _retraining.accuracy(model, *splits.test)
        scores["width"]["train"][str(width)] = _retraining.accuracy(model, *splits.train)
    return scores


STARTS = Score("starts that learn XOR", PERCENT, format=".1f")
CORRECT = STARTS._replace(name="test accuracy")
WIDTH = Panel(CORRECT._replace(name="accuracy"), ("wide", "train"), curve="units of the hidden layer", logarithmic=True)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "xor": Panel(STARTS, tuple(UNITS), reference="two_units"),
        "depth": Panel(CORRECT, tuple(LAYERS), reference="none"),
        "width": WIDTH,
    },
    claims=(
        Claim("depth", "one", "none", "yes", known="yes"),
        Claim("depth", "two", "one", "same"),
        Claim("depth", "four", "two", "same"),
        Claim("xor", "eight_units", "two_units", "yes"),
    ),
    quick={"limit": 100, "epochs": 1, "widths": (1,), "steps": 3},
    check={"layers": ("none", "one"), "widths": (), "units": ("linear", "two_units")},
    # 0.008, 0.03 and 0.12 give validation accuracies within 1.2 points, less than the error of 500 examples, 2 points.
    edges=("wide@1",),
)
