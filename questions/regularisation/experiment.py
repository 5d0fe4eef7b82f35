"""Question 4: why regularisation? `python -m questions regularisation`"""

import functools

import keras
import numpy as np
from scipy.special import log_softmax

from dlguide import mlp
from questions import _retraining, _tuning
from questions._experiment import ACCURACY, NATS, Claim, Experiment, Panel, Score

STRENGTHS = {  # From weak to strong; the first one is level 1.
    "l2": (0.0003, 0.001, 0.003, 0.01, 0.03),  # Factor of the squared weights in the loss.
    "adamw": (0.3, 1, 3, 10, 30),  # Share of a weight that a step takes away, over the learning rate.
    "dropout": (0.1, 0.3, 0.5, 0.7, 0.9),
    "shift": (1, 2, 4, 8, 16),  # Most positions.
}
ROWS = ("none", *STRENGTHS, "early")
CURVES = ("train", "none", *STRENGTHS)
EXAMPLES, UNITS, LEARNING_RATE, BATCH, PATIENCE = 1000, (256, 256), 0.001, 50, 5
EPOCHS = (1, 2, 5, 10, 20, 50, 100)
"""After which the losses are measured; the last one is the length of the training."""


@functools.cache
def trainer(row: str, strength: float, steps: int):
    """Compile the network with a way of regularisation once for all seeds; `steps` in a call are an epoch."""
    optimizer = keras.optimizers.Adam()
    if row == "adamw":
        optimizer = keras.optimizers.AdamW(weight_decay=strength)
        optimizer.exclude_from_weight_decay(var_names=["bias"])
    options = {row: strength} if row in ("l2", "dropout") else {}
    build = functools.partial(mlp, (40, 1), 10, hidden_units=UNITS, **options)
    return _retraining.trainer(build, optimizer=optimizer, metrics=(), steps_per_execution=steps, jit_compile=False)


def shifted(x: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Move each signal by up to some positions; what leaves it at one end enters at the other."""
    moves = np.random.default_rng(seed).integers(-most, most + 1, size=len(x))
    places = (np.arange(x.shape[1]) - moves[:, None]) % x.shape[1]
    return x[np.arange(len(x))[:, None], places]


def trained(row: str, strength: float, splits, seed: int, epochs: int, callbacks=()):
    """Train the network: all epochs are one of Keras's, in which each example comes up as often as there are epochs.

    Early stopping alone looks at validation examples, after each epoch.
    """
    steps = -(-len(splits.train.y) // BATCH)
    options = {"learning_rate": LEARNING_RATE, "batch_size": BATCH, "seed": seed}
    if row == "early":
        watched = {"patience": PATIENCE, "validation_data": splits.valid}
        return trainer("none", 0, steps)(*splits.train, epochs=epochs, **watched, **options)
    x, y = _retraining.repeated(splits.train, epochs)
    x = shifted(x, strength, seed) if row == "shift" else x
    return trainer(row, strength, steps)(x, y, epochs=1, callbacks=list(callbacks), **options)


def losses(model, x, y) -> np.ndarray:
    """Return the cross-entropy of each example."""
    return -log_softmax(_retraining.outputs(model, x), axis=1)[np.arange(len(y)), y]


def watching(look, epochs, steps: int):
    """Return a callback that calls `look(model, epoch=epoch)` after some epochs of so many steps."""

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            epoch, rest = divmod(batch + 1, steps)
            if not rest and epoch in epochs:
                look(self.model, epoch=epoch)

    return Watch()


def choose(*, limit: int = EXAMPLES, epochs=EPOCHS, levels=(1, 2, 3, 4, 5), **_) -> dict:
    """Return the validation accuracy of each way of regularisation at each level, in whole points: near ties tie."""

    def score(row, level, seed):
        splits = _retraining.loaded("mnist1d", limit, seed)
        model = trained(row, STRENGTHS[row][int(level) - 1], splits, seed, max(epochs))
        return _retraining.hits(model, *splits.valid)

    found = _tuning.search(STRENGTHS, levels, score)
    return {row: {level: round(number, 2) for level, number in tries.items()} for row, tries in found.items()}


def measure(seed: int, best: dict, *, rows=ROWS, limit: int = EXAMPLES, epochs=EPOCHS, **_) -> dict:
    """Return accuracy and loss on the test set after the training, and the losses on the way."""
    splits = _retraining.loaded("mnist1d", limit, seed)
    scores = {"curves": {row: {} for row in CURVES if row in rows or row == "train"}, "accuracy": {}, "loss": {}}

    def look(model, row, epoch):
        scores["curves"][row][str(epoch)] = float(losses(model, *splits.test).mean())
        if row == "none":
            scores["curves"]["train"][str(epoch)] = float(losses(model, *splits.train).mean())

    for row in rows:
        strength = STRENGTHS[row][int(best[row]) - 1] if row in STRENGTHS else 0
        watch = watching(functools.partial(look, row=row), epochs, -(-len(splits.train.y) // BATCH))
        model = trained(row, strength, splits, seed, max(epochs), [watch])
        scores["accuracy"][row] = _retraining.hits(model, *splits.test)
        scores["loss"][row] = losses(model, *splits.test)
    return scores


LOSS = Score("loss", NATS, higher_is_better=False)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "curves": Panel(LOSS, CURVES, x_axis="epochs", logarithmic=True),
        "accuracy": Panel(ACCURACY._replace(format=".1f"), ROWS),
        "loss": Panel(LOSS._replace(name="test loss"), ROWS),
    },
    claims=(
        Claim("accuracy", "l2", "none", "yes"),
        Claim("accuracy", "shift", "none", "yes"),
        Claim("loss", "early", "none", "yes"),
        Claim("accuracy", "early", "none", "no"),
        Claim("accuracy", "dropout", "none", "yes"),
        Claim("accuracy", "adamw", "none", "yes"),
        Claim("accuracy", "l2", "adamw", "yes"),
    ),
    seeds=tuple(range(10)),
    quick={"limit": 100, "epochs": (1, 2), "levels": (3,)},
    recheck_options={"rows": ("none", "l2")},
    chosen="strength (level 1 is the weakest, 5 the strongest)",
    main_panels=("curves",),
    figure_size=(6.4, 2.9),
)
