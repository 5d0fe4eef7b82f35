"""Question 24: why does a network need several layers? `python -m questions multilayer`"""

import keras
import numpy as np
from sklearn.ensemble import ExtraTreesClassifier

from questions import _figure, _retraining, _tuning
from questions._experiment import ACCURACY, PERCENT, Claim, Experiment, Panel, Score

RATES = (0.0005, 0.002, 0.008, 0.03, 0.12)
UNITS = {"linear": 0, "two_units": 2, "four_units": 4, "eight_units": 8, "sixteen_units": 16}
DRAWN = ("linear", "two_units", "eight_units")
LAYERS = {"none": (), "one": (200,), "two": (78, 78), "four": (50, 50, 50, 50)}
PASSES = 5  # Over the training set in an epoch.
FOLDS = 5
"""The zigzag is the tent applied so many times: 32 straight pieces on [0, 1]."""
ZIGZAG = {"narrow": FOLDS * (2,), "one_layer": (333,), "two_layers": (30, 30)}
ZIGZAG |= {"three_layers": (21, 21, 21), "four_layers": (17, 17, 17, 17)}
POINTS, BATCH, EPOCHS = 150_000, 100, 10  # Of the zigzag: 15,000 steps.
GRID = (np.arange(4096) + 0.5)[:, None] / 4096  # Where its error is measured; ReLUs compute it here without rounding.
CURVES, DRAWN_POINTS = ("one_layer", "four_layers"), np.linspace(0, 1, 321)[:, None]
CASES, CLASSES = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0], [1], [1], [0]])


def xor_networks(seed: int, units: int, starts: int = 200, steps: int = 1000, learning_rate: float = 0.5) -> tuple:
    """Train networks on XOR from random starts; return which of them learn all four cases, and their weights.

    All starts are trained at once: the first axis of each array is the start.
    """
    x, y = CASES, CLASSES
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
    return ((logits > 0) == y).all(axis=(1, 2)), (w, b, v, c)


def network(row: str):
    """Return a new network."""
    hidden = [keras.layers.Dense(units, "relu", kernel_initializer="he_uniform") for units in LAYERS[row]]
    return keras.Sequential([keras.Input((40, 1)), keras.layers.Flatten(), *hidden, keras.layers.Dense(10)])


def hits(row: str, rate: float, seed: int, part: str, limit: int | None, epochs: int) -> np.ndarray:
    """Train with a falling learning rate; return which examples of a part are right."""
    splits = _retraining.loaded("mnist1d", limit, seed)
    x, y = _retraining.repeated(splits.train, PASSES)
    options = {"epochs": epochs, "batch_size": 100, "seed": seed, "callbacks": _retraining.falling(rate, epochs)}
    model = _retraining.trainer(network, row, steps_per_execution=35)(x, y, learning_rate=rate, **options)
    return _retraining.hits(model, *getattr(splits, part))


def tree_hits(seed: int, limit: int | None) -> np.ndarray:
    """Fit random trees, with nothing chosen; return which test examples are right."""
    (x, y), _, test = _retraining.loaded("mnist1d", limit, seed)[:3]
    trees = ExtraTreesClassifier(300, random_state=seed).fit(x.reshape(len(x), -1), y)
    return trees.predict(test.x.reshape(len(test.x), -1)) == test.y


def tent(x: np.ndarray, times: int = FOLDS) -> np.ndarray:
    """Apply the tent to numbers in [0, 1], and again to what comes out."""
    return tent(1 - np.abs(2 * x - 1), times - 1) if times else x


def zigzag_network(row: str):
    """Return a new network from a number in [-1, 1] to one; with biases of 0 all first bends would be in one place."""
    first = {"activation": "relu", "kernel_initializer": "he_uniform"}
    start = keras.initializers.RandomUniform
    hidden = [keras.layers.Dense(units, bias_initializer=start(-1, 1), **first) for units in ZIGZAG[row]]
    return keras.Sequential([keras.Input((1,)), *hidden, keras.layers.Dense(1)])


def hand_set():
    """Return the narrow network with weights that make each layer a tent: two units, then 2 h1 - 4 h2."""
    model, bends = zigzag_network("narrow"), np.array([0, -0.5])
    folds = (FOLDS - 1) * [np.array([[2, 2], [-4, -4]]), bends]
    model.set_weights([np.full((1, 2), 0.5), 0.5 + bends, *folds, np.array([[2], [-4]]), np.zeros(1)])
    return model


def zigzag_error(model, x: np.ndarray) -> float:
    """Return the root mean squared error of a network on numbers in [0, 1]."""
    return float(np.sqrt(np.mean((_retraining.outputs(model, 2 * x - 1) - tent(x)) ** 2)))


def zigzag_trained(row: str, rate: float, seed: int, points: int = POINTS):
    """Train a network on the zigzag at random points, with a falling learning rate."""
    x = np.random.default_rng(seed).random((points, 1))
    compiled = {"loss": "mse", "metrics": (), "steps_per_execution": points // BATCH, "jit_compile": False}
    options = {"epochs": EPOCHS, "batch_size": BATCH, "seed": seed, "callbacks": _retraining.falling(rate, EPOCHS)}
    return _retraining.trainer(zigzag_network, row, **compiled)(2 * x - 1, tent(x), learning_rate=rate, **options)


def zigzag_solved(seed: int, points: int = 3000):
    """Return the layer of 333 units with its kinks where they start; least squares solves the output weights alone."""
    keras.utils.set_random_seed(seed)
    model, x = zigzag_network("one_layer"), np.random.default_rng(seed).random((points, 1))
    kernel, bias, *_ = model.get_weights()
    features = np.hstack([np.maximum((2 * x - 1) @ kernel + bias, 0), np.ones((points, 1))])
    solution = np.linalg.lstsq(features, tent(x))[0]
    model.set_weights([kernel, bias, solution[:-1], solution[-1]])
    return model


def choose(*, limit=None, epochs=34, rates=RATES, points: int = POINTS, **_) -> dict:
    """Return the validation accuracy of each network with each learning rate; of the zigzag the error with a minus."""

    def score(row, rate, seed):
        if row in LAYERS:
            return hits(row, rate, seed, "valid", limit, epochs)
        x = np.random.default_rng((seed, 1)).random((1000, 1))
        return -zigzag_error(zigzag_trained(row, rate, seed, points), x)

    return _tuning.search([*LAYERS, *ZIGZAG], rates, score)


def measure(
    seed: int,
    best: dict,
    *,
    limit=None,
    epochs=34,
    units=UNITS,
    layers=LAYERS,
    steps=1000,
    zigzag=ZIGZAG,
    points=POINTS,
    with_trees: bool = True,
    **_,
) -> dict:
    """Return the hits on MNIST-1D by depth, the successes at XOR with the weights of a network that learned it, and the
    errors on the zigzag with what some networks draw of it.
    """
    found = {row: xor_networks(seed, UNITS[row], steps=steps) for row in units}
    errors, curves = {"hand_set": zigzag_error(hand_set(), GRID)}, {}
    for row in zigzag:
        model = zigzag_trained(row, best[row], seed, points)
        errors[row] = zigzag_error(model, GRID)
        if row in CURVES:
            curves[row] = _retraining.outputs(model, 2 * DRAWN_POINTS - 1)[:, 0].round(3).tolist()
    errors["solved"] = zigzag_error(zigzag_solved(seed), GRID)
    return {
        "depth": {row: hits(row, best[row], seed, "test", limit, epochs) for row in layers}
        | ({"trees": tree_hits(seed, limit)} if with_trees else {}),
        "xor": {row: float(learned.mean()) for row, (learned, _) in found.items()},
        "zigzag": errors,
        "curves": curves,
        "weights": {
            row: [array[learned.argmax()].round(4).tolist() for array in weights]
            for row, (learned, weights) in found.items()
            if row in DRAWN
        },
    }


@_figure.of_size(9, 5.2)
def draw(figure, seeds: dict, names) -> None:
    """Draw two panels, and beside them what networks have learned of XOR and of the zigzag."""
    (left, right), (below, beside) = figure.subfigures(2, 2, width_ratios=[1, 1.1])
    _figure.draw_panels(left, {"depth": EXPERIMENT.panels["depth"]}, seeds, names)
    draw_maps(right, seeds["0"], names)
    _figure.draw_panels(below, {"zigzag": EXPERIMENT.panels["zigzag"]}, seeds, names)
    for axes, row in zip(beside.subplots(len(CURVES), sharex=True), CURVES, strict=True):
        axes.plot(DRAWN_POINTS, tent(DRAWN_POINTS), color="silver", linewidth=1)
        axes.plot(DRAWN_POINTS, seeds["0"]["curves"][row], color="tab:blue", linewidth=1)
        axes.set_title(names("row", "zigzag", row), fontsize=10)
        axes.set(xlabel="$x$", ylabel="$y$")


def draw_maps(part, scores: dict, names) -> None:
    """Draw the classes that a network gives to each point of the plane, and the line where each unit begins."""
    ends = np.linspace(-0.5, 1.5, 201)
    plane = np.stack(np.meshgrid(ends, ends), axis=-1)
    for axes, row in zip(part.subplots(1, len(DRAWN)), DRAWN, strict=True):
        w, b, v, c = map(np.array, scores["weights"][row])
        sums = plane @ w + b if UNITS[row] else plane
        logits = (np.maximum(sums, 0) if UNITS[row] else sums) @ v + c
        axes.contourf(ends, ends, logits[..., 0], [-np.inf, 0, np.inf], colors=["#f3f3f3", "#a9cdea"])
        for unit in range(UNITS[row]):
            axes.contour(ends, ends, sums[..., unit], [0], colors="tab:orange", linestyles="--", linewidths=1)
        axes.scatter(*CASES.T, c=CLASSES[:, 0], cmap="Blues", vmin=0, vmax=1.3, edgecolors="black", zorder=3)
        axes.set_title(names("row", "xor", row), fontsize=10)
        axes.set(xticks=(0, 1), yticks=(0, 1), aspect="equal")


STARTS = Score("starts that learn XOR", PERCENT, format=".1f")
CORRECT = ACCURACY._replace(format=".1f")
ERROR = Score("root mean squared error", higher_is_better=False, format=".3f")
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "depth": Panel(CORRECT, (*LAYERS, "trees")),
        "xor": Panel(STARTS, tuple(UNITS)),
        "zigzag": Panel(ERROR, ("hand_set", *ZIGZAG, "solved")),
    },
    claims=(
        Claim("depth", "one", "none", "yes"),
        Claim("zigzag", "four_layers", "one_layer", "yes"),
        Claim("depth", "one", "trees", "no"),
        Claim("zigzag", "four_layers", "solved", "no"),
        Claim("xor", "eight_units", "two_units", "yes"),
        Claim("zigzag", "hand_set", "narrow", "given"),
        Claim("zigzag", "narrow", "one_layer", "no"),
        Claim("depth", "four", "one", "no"),
        Claim("depth", "two", "one", "no"),
    ),
    seeds=tuple(range(10)),
    quick={"limit": 100, "epochs": 1, "steps": 3, "rates": RATES[:1], "points": BATCH},
    recheck_options={"layers": ("none", "one"), "with_trees": False, "units": ("linear", "two_units"), "zigzag": ()},
    rows_allowed_at_grid_edge=("narrow",),  # It does not learn with any of them.
    draw=draw,
)
