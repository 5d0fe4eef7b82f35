"""Question 26: why is the validation loss below the training loss? `python -m questions validation_below_training`"""

import functools
import itertools

import keras
import numpy as np

from dlguide import mlp
from questions import _figure, _retraining, _tuning
from questions._experiment import ACCURACY, NATS, Claim, Experiment, Panel, Score
from questions.regularisation.experiment import losses

NETWORKS = {"plain": (0.0, 0), "half": (0.5, 2), "strong": (0.8, 2)}
"""Dropout rate, and by how many positions at most the signals are shifted."""
LEARNING_RATES = (0.0003, 0.001, 0.003, 0.01)
EPOCHS, BATCH, EXAMPLES, PASSES, SETS = (1, 3, 10, 30), 50, 2500, 5, 20
"""Epochs that are shown, the last one ends the training; sizes of a batch and of the training set; passes that are
averaged; validation sets that are drawn."""
CURVES = {
    "losses": ("reported", "frozen", "no_dropout", "evaluated", "validation"),
    "parts": ("average", "dropout", "shift", "new"),
    "gap": tuple(NETWORKS),
}
"""Panel to its rows: of the losses from one to the next, a part is the difference of two neighbours."""


@keras.saving.register_keras_serializable("dlguide")
class Shift(keras.layers.Layer):
    """Move each signal by up to `most` positions, in training only; what leaves it at one end enters at the other."""

    def __init__(self, most: int, **options):
        super().__init__(**options)
        self.most, self.generator = most, keras.random.SeedGenerator()

    def call(self, x, training=False):
        if not training or not self.most:
            return x
        count, length = keras.ops.shape(x)[0], x.shape[1]
        moves = keras.random.randint((count, 1), -self.most, self.most + 1, seed=self.generator)
        places = (keras.ops.arange(length) - moves) % length
        return keras.ops.take_along_axis(x, places[..., None], axis=1)


def network(name: str):
    """Return a new network: a layer that shifts, and a multilayer perceptron with dropout."""
    rate, most = NETWORKS[name]
    perceptron = mlp((40, 1), 10, hidden_units=(256, 256), dropout=rate)
    return keras.Sequential([keras.Input((40, 1)), Shift(most), perceptron])


def training_losses(model, x, y) -> list[float]:
    """Return the training loss of a network that stays as it is: as in training, without dropout, and evaluated."""
    shift, perceptron = model.layers
    passes = []
    for _ in range(PASSES):
        moved = shift(x, training=True)
        modes = (functools.partial(perceptron, training=is_training) for is_training in (True, False))
        passes.append([losses(mode, moved, y).mean() for mode in modes])
    return [*map(float, np.mean(passes, axis=0)), float(losses(model, x, y).mean())]


def trained(name: str, learning_rate: float, splits, seed: int, look=lambda *_: None):
    """Train a network; call `look(model, epoch, reported training loss)` after each epoch."""
    watch = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: look(watch.model, epoch + 1, logs["loss"]))
    train = _retraining.trainer(network, name, metrics=(), jit_compile=False)
    options = {"epochs": max(EPOCHS), "batch_size": BATCH, "seed": seed, "callbacks": [watch]}
    return train(*splits.train, learning_rate=learning_rate, **options)


def choose(*, limit: int = EXAMPLES, learning_rates=LEARNING_RATES, **_) -> dict:
    """Return the validation accuracy of each network with each learning rate, in whole points: near ties tie."""

    def score(name, learning_rate, seed):
        splits = _retraining.loaded("mnist1d", limit, seed)
        return _retraining.hits(trained(name, learning_rate, splits, seed), *splits.valid)

    found = _tuning.search(NETWORKS, learning_rates, score)
    return {name: {rate: round(number, 2) for rate, number in tries.items()} for name, tries in found.items()}


def measure(seed: int, best: dict, *, networks=tuple(NETWORKS), limit: int = EXAMPLES, **_) -> dict:
    """Return the losses on the way, their differences, the accuracy, and how far validation sets differ by chance."""
    splits = _retraining.loaded("mnist1d", limit, seed)
    scores = {panel: {row: {} for row in rows} for panel, rows in CURVES.items() if panel != "gap"}
    scores |= {"gap": {name: {} for name in networks}, "accuracy": {}, "chance": {}}

    def look(model, epoch: int, reported: float, name: str) -> None:
        if epoch not in EPOCHS:
            return
        new, at = losses(model, *splits.test), str(epoch)
        scores["gap"][name][at] = reported - new
        if name == "half":
            found = [reported, *training_losses(model, *splits.train)]
            differences = [*(a - b for a, b in itertools.pairwise(found)), found[-1] - new]
            for panel, values in (("losses", [*found, new]), ("parts", differences)):
                for row, value in zip(CURVES[panel], values, strict=True):
                    scores[panel][row][at] = value

    for name in networks:
        model = trained(name, best[name], splits, seed, functools.partial(look, name=name))
        scores["accuracy"][name] = _retraining.hits(model, *splits.test)
        if name == "half":
            scores["chance"] = {str(count): spread(losses(model, *splits.test), count, seed) for count in (100, 1000)}
    return scores


def spread(new: np.ndarray, count: int, seed: int) -> float:
    """Return the largest minus the smallest mean loss of random validation sets of `count` examples."""
    means = np.random.default_rng(seed).choice(new, size=(SETS, count)).mean(axis=1)
    return float(means.max() - means.min())


@_figure.of_size(10, 3.5)
def draw(figure, seeds: dict, names) -> None:
    """Return the figure of the page: the curves beside each other."""
    panels = {name: EXPERIMENT.panels[name] for name in CURVES}
    for name, axes in _figure.draw_curves_beside(figure, panels, seeds, names).items():
        axes.yaxis.label.set_size(9)
        if name != "losses":
            axes.axhline(0, color="black", linewidth=0.8)


LOSS = Score("loss", NATS, higher_is_better=False)
PART, GAP = (Score(name, NATS, has_direction=False) for name in ("part", "training loss minus validation loss"))
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "losses": Panel(LOSS, CURVES["losses"], x_axis="epochs", logarithmic=True),
        "parts": Panel(PART, CURVES["parts"], x_axis="epochs", logarithmic=True),
        "gap": Panel(GAP, CURVES["gap"], x_axis="epochs", logarithmic=True),
        "accuracy": Panel(ACCURACY._replace(format=".1f"), tuple(NETWORKS)),
        "chance": Panel(LOSS._replace(name="largest minus smallest", has_direction=False), ("100", "1000")),
    },
    claims=(
        Claim("gap", "half", 0.0, "yes", at="30"),
        Claim("parts", "new", 0.0, "yes", better=False, at="30"),
        Claim("parts", "dropout", "average", "yes", at="30"),
        Claim("parts", "dropout", "average", "no", at="1"),
        Claim("gap", "plain", 0.0, "yes", at="1"),
        Claim("gap", "plain", 0.0, "yes", better=False, at="30"),
        Claim("gap", "strong", "half", "no", at="30"),
        Claim("accuracy", "strong", "half", "no"),
    ),
    seeds=tuple(range(10)),
    quick={"limit": 50, "learning_rates": LEARNING_RATES[:1]},
    recheck_options={"networks": ("half",)},
    draw=draw,
)
