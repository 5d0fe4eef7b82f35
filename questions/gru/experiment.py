"""Question 14: why a GRU? `python -m questions gru`"""

import functools

import keras
import numpy as np

from dlguide import rnn
from questions import _retraining, _steps, _tuning
from questions._experiment import ACCURACY, Claim, Experiment, Panel, Score, Unit

GRID = (0.0015, 0.005, 0.015, 0.05, 0.15)
WIDTHS = (16, 64, 256, 1024)
CELLS = ("gru", "lstm", "simple")
SHAPES = {"mnist1d": ((10, 4), 10), "vowels": ((29, 12), 9)}
"""Task to the steps of a sequence with the numbers of a step, and the classes."""
NETWORKS = {
    "mnist1d_gru": ("gru", 32),
    "mnist1d_lstm": ("lstm", 28),
    "mnist1d_lstm_wide": ("lstm", 32),
    "mnist1d_simple": ("simple", 56),
    "vowels_gru": ("gru", 29),
    "vowels_lstm": ("lstm", 25),
    "vowels_simple": ("simple", 53),
}
"""Row to its cell and units: on a task equally many weights, up to 1.3 %; the wide LSTM has the units of the GRU."""
BATCHES = {"mnist1d": (100, 6), "vowels": (24, 5)}
"""Task to the batch size, which divides the number of examples (nothing is compiled twice), and passes in an epoch."""
EPOCHS = 8


def loaded(task: str, seed: int, limit: int | None) -> list[tuple]:
    """Return inputs and classes of the training, the validation and the test set, as the networks read them."""
    splits = _retraining.loaded(task, limit, seed)
    if task == "vowels":  # Each coefficient in units of its spread; without a shift, so that padding stays zero.
        x = splits.train.x
        spread = x[x.any(axis=2)].std(axis=0)
        return [(x / spread, y) for x, y in splits[:3]]
    return [(x.reshape(-1, *SHAPES[task][0]), y) for x, y in splits[:3]]


def network(task: str, cell: str, units: int):
    """Return a new model."""
    shape, classes = SHAPES[task]
    return rnn(shape, classes, cell=cell, units=(units,))


def hits(row: str, rate: float, seed: int, part: int, *, limit: int | None = None, is_quick: bool = False, **_):
    """Train a network with a learning rate that falls from epoch to epoch; return its hits on a part of the data."""
    task = row.partition("_")[0]
    parts = loaded(task, seed, limit)
    batch_size, passes = BATCHES[task]
    passes, epochs = (1, 1) if is_quick else (passes, EPOCHS)
    compiled = {"optimizer": "clipped", "metrics": (), "jit_compile": False, "run_eagerly": is_quick}
    train = _retraining.trainer(network, task, *NETWORKS[row], **compiled)
    options = {"learning_rate": rate, "epochs": epochs, "batch_size": min(batch_size, len(parts[0][0]))}
    x, y = _retraining.repeated(parts[0], passes)
    model = train(x, y, seed=seed, callbacks=_retraining.falling(rate, epochs), **options)
    x, y = parts[part]
    return _retraining.outputs(model, x).argmax(axis=1) == y


def choose(*, grid=GRID, **options) -> dict:
    """Return the validation accuracy of each network with each learning rate."""
    return _tuning.search(NETWORKS, grid, hits, 1, **options)


@functools.cache
def timed_network(cell: str, units: int, steps: int, is_quick: bool):
    """Return a compiled network for MNIST-1D that does all steps of a measurement in one call."""
    model = network("mnist1d", cell, units)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, **_retraining.graph(is_quick, steps))
    return model


def step_seconds(x, y, units: int, rounds: int, is_quick: bool) -> dict[str, float]:
    """Return the processor time of a training step of each cell."""
    steps = 1 if is_quick else 1280 // units
    x, y = (np.resize(array, (100 * steps, *array.shape[1:])) for array in (x, y))
    models = {cell: timed_network(cell, units, steps, is_quick) for cell in CELLS}
    fits = {cell: functools.partial(model.fit, x, y, batch_size=100) for cell, model in models.items()}
    return _steps.in_turns(fits, dict.fromkeys(CELLS, steps), rounds)


def measure(
    seed: int, best: dict, *, rows=tuple(NETWORKS), widths=WIDTHS, rounds=3, is_quick: bool = False, **options
) -> dict:
    """Return the hits on the test sets, and the time of a step at equal numbers of units."""
    scores: dict[str, dict] = {"accuracy": {}, "time": {}}
    for row in rows:
        scores["accuracy"][row] = hits(row, best[row], seed, 2, is_quick=is_quick, **options)
    for units in widths:
        train = loaded("mnist1d", seed, options.get("limit"))[0]
        for cell, seconds in step_seconds(*train, units, rounds, is_quick).items():
            scores["time"].setdefault(cell, {})[str(units)] = seconds
    return scores


TIME = Score("time of a training step", Unit("milliseconds", 1000.0), False, ".3g", logarithmic=True, is_ratio=True)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "accuracy": Panel(ACCURACY, tuple(NETWORKS)),
        "time": Panel(TIME, CELLS, x_axis="units", logarithmic=True),
    },
    claims=(
        Claim("accuracy", "mnist1d_gru", "mnist1d_lstm", "yes"),
        Claim("accuracy", "mnist1d_gru", "mnist1d_lstm_wide", "yes"),
        Claim("accuracy", "mnist1d_gru", "mnist1d_simple", "yes"),
        Claim("accuracy", "vowels_gru", "vowels_lstm", "undecided"),
        Claim("accuracy", "vowels_gru", "vowels_simple", "undecided"),
        Claim("time", "gru", "lstm", "yes", at="1024"),
        Claim("time", "gru", "lstm", "no", at="16"),
    ),
    quick={"limit": 20, "grid": (0.005,), "widths": (4,), "rounds": 1, "is_quick": True},
    recheck_options={"rows": ("mnist1d_gru", "mnist1d_simple"), "widths": ()},
    seeds=tuple(range(10)),
    figure_size=(6.4, 2.6),
)
