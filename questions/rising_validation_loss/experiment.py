"""Question 27: why does the validation loss rise? `python -m questions rising_validation_loss`"""

import functools

import keras
import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from dlguide import mlp
from questions import _figure, _retraining, _tuning
from questions._experiment import ACCURACY, NATS, PERCENT, Claim, Experiment, Panel, Score
from questions.regularisation import experiment as regularisation

STRENGTHS = {  # From weak to strong; the first one is level 1.
    "smoothing": (0.05, 0.1, 0.2, 0.4, 0.8),  # Share of each label that is spread evenly over the classes.
    "dropout": regularisation.STRENGTHS["dropout"],
    "l2": regularisation.STRENGTHS["l2"],
}
ROWS = ("last", "early_loss", "early_accuracy", "temperature", "both", *STRENGTHS)
CURVES = {"losses": ("train", "test", "cooled"), "sure": ("accuracy", "confidence"), "parts": ("right", "wrong")}
UNITS, LEARNING_RATE, BATCH, EXAMPLES, EPOCHS = (256, 256), 0.001, 50, 1000, 100
SHOWN = (1, 2, 5, 10, 20, 50, 100)
"""Epochs of the curves."""


@functools.cache
def trainer(row: str, strength: float):
    """Compile the network once for all seeds, with a way of regularisation or with "none"."""
    options = {row: strength} if row in ("dropout", "l2") else {}
    build = functools.partial(mlp, (40, 1), 10, hidden_units=UNITS, **options)
    smoothing = strength if row == "smoothing" else 0
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    return _retraining.trainer(build, loss=loss, metrics=(), steps_per_execution=20, jit_compile=False)


def trained(row: str, level: float, splits, seed: int, epochs: int) -> list[dict]:
    """Train a network; return the logits of each part after each epoch, with regularisation after the last alone."""
    found, parts = [], {name: getattr(splits, name).x for name in ("train", "valid", "test")}

    def note(epoch, logs):
        if row == "none" or epoch == epochs - 1:
            found.append({name: _retraining.outputs(watch.model, x) for name, x in parts.items()})

    watch = keras.callbacks.LambdaCallback(on_epoch_end=note)
    train = trainer(row, STRENGTHS[row][int(level) - 1] if row in STRENGTHS else 0)
    options = {"learning_rate": LEARNING_RATE, "epochs": epochs, "batch_size": BATCH, "seed": seed}
    train(splits.train.x, keras.utils.to_categorical(splits.train.y, 10), callbacks=[watch], **options)
    return found


def losses(logits, y) -> np.ndarray:
    """Return the cross-entropy of each example."""
    return -log_softmax(logits, axis=1)[np.arange(len(y)), y]


def hits(logits, y) -> np.ndarray:
    """Return which examples are right."""
    return logits.argmax(axis=1) == y


def confidence(logits) -> np.ndarray:
    """Return the probability of each answer."""
    return softmax(logits, axis=1).max(axis=1)


def calibration_error(logits, y, bins: int = 10) -> float:
    """Return how far confidence and share of hits differ in bins of equal width, each with its share of examples."""
    sure = confidence(logits)
    places = np.minimum((sure * bins).astype(int), bins - 1)
    return float(np.abs(np.bincount(places, weights=hits(logits, y) - sure)).sum() / len(y))


def temperature(logits, y) -> float:
    """Return the number that logits are divided by for the smallest mean loss."""
    found = minimize_scalar(lambda log: losses(logits / np.exp(log), y).mean(), bounds=(-4, 4), method="bounded")
    return float(np.exp(found.x))


def cooled(one: dict, y) -> dict:
    """Return the logits of an epoch, divided by the temperature that fits validation examples with targets `y`."""
    heat = temperature(one["valid"], y)
    return {part: one[part] / heat for part in ("valid", "test")}


def ends(epochs: list[dict], y) -> dict:
    """Return the logits of the test set after one training, by how validation examples with targets `y` are used."""

    def lowest(found):
        return min(found, key=lambda one: losses(one["valid"], y).mean())

    return {
        "last": epochs[-1]["test"],
        "early_loss": lowest(epochs)["test"],
        "early_accuracy": max(epochs, key=lambda one: hits(one["valid"], y).mean())["test"],
        "temperature": cooled(epochs[-1], y)["test"],
        "both": lowest([cooled(one, y) for one in epochs])["test"],
    }


def on_the_way(epochs: list[dict], splits) -> dict:
    """Return the curves: scores of the training without regularisation after some epochs."""
    found, y = {panel: {row: {} for row in rows} for panel, rows in CURVES.items()}, splits.test.y
    for number in [number for number in SHOWN if number <= len(epochs)]:
        one = epochs[number - 1]
        loss, right = losses(one["test"], y), hits(one["test"], y)
        scores = {"train": losses(one["train"], splits.train.y), "test": loss}
        scores |= {"cooled": losses(cooled(one, splits.valid.y)["test"], y)}
        scores |= {"accuracy": right, "confidence": confidence(one["test"])}
        scores |= {"right": loss[right], "wrong": loss[~right]}
        for rows in found.values():
            for row, curve in rows.items():
                curve[str(number)] = float(scores[row].mean())
    return found


def choose(*, limit: int = EXAMPLES, epochs: int = EPOCHS, levels=(1, 2, 3, 4, 5), **_) -> dict:
    """Return the validation loss of each way of regularisation at each level."""

    def score(row, level, seed):
        splits = _retraining.loaded("mnist1d", limit, seed)
        return losses(trained(row, level, splits, seed, epochs)[-1]["valid"], splits.valid.y)

    return _tuning.search(STRENGTHS, levels, score)


def measure(seed: int, best: dict, *, rows=tuple(STRENGTHS), limit: int = EXAMPLES, epochs: int = EPOCHS, **_) -> dict:
    """Return the scores on the test set: on the way, and of each way to end the training or to regularise it."""
    splits = _retraining.loaded("mnist1d", limit, seed)
    plain = trained("none", 0, splits, seed, epochs)
    found = ends(plain, splits.valid.y)
    found |= {row: trained(row, best[row], splits, seed, epochs)[-1]["test"] for row in rows}
    scores = {"accuracy": hits, "loss": losses, "calibration": calibration_error}
    scored = {
        name: {row: score(logits, splits.test.y) for row, logits in found.items()} for name, score in scores.items()
    }
    return on_the_way(plain, splits) | scored


@_figure.of_size(9.5, 3.3)
def draw(figure, seeds: dict, names) -> None:
    """Return the figure of the page: the curves beside each other."""
    panels = {name: EXPERIMENT.panels[name] for name in CURVES}
    _figure.draw_curves_beside(figure, panels, seeds, names)


LOSS = Score("loss", NATS, higher_is_better=False)
SHARE = Score("share", PERCENT, format=".1f", has_direction=False)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "losses": Panel(LOSS, CURVES["losses"], x_axis="epochs", logarithmic=True),
        "sure": Panel(SHARE, CURVES["sure"], x_axis="epochs", logarithmic=True),
        "parts": Panel(LOSS, CURVES["parts"], x_axis="epochs", logarithmic=True),
        "accuracy": Panel(ACCURACY._replace(format=".1f"), ROWS),
        "loss": Panel(LOSS._replace(name="test loss"), ROWS),
        "calibration": Panel(Score("calibration error", PERCENT, higher_is_better=False, format=".1f"), ROWS),
    },
    claims=(
        Claim("loss", "last", "early_loss", "yes", better=False),
        Claim("accuracy", "early_loss", "last", "no"),
        Claim("loss", "temperature", "early_loss", "yes"),
        Claim("accuracy", "temperature", "last", "given"),
        Claim("accuracy", "early_accuracy", "last", "undecided"),
        Claim("loss", "both", "temperature", "yes"),
        Claim("calibration", "temperature", "early_loss", "yes"),
        Claim("loss", "temperature", "l2", "no"),
    ),
    seeds=tuple(range(10)),
    quick={"limit": 100, "epochs": 2, "levels": (3,)},
    recheck_options={"rows": ()},
    lower_is_chosen=True,
    chosen="strength (level 1 is the weakest, 5 the strongest)",
    draw=draw,
)
