"""Question 14: why a GRU?

python -m recipes.faq gru
"""

import functools
import time

import numpy as np

from recipes.faq import _retraining, _steps, _tuning
from recipes.faq._experiment import ACCURACY, Claim, Experiment, Panel, Score, Unit

GRID = (0.00015, 0.0005, 0.0015, 0.005, 0.015, 0.05, 0.15)
WIDTHS = (16, 64, 256, 1024)
CELLS = ("gru", "lstm", "simple")
SHAPES = {"vowels": ((29, 12), 9), "mnist1d": ((10, 4), 10), "sunspots": ((36, 1), 1)}
"""Task to the steps of a sequence with the numbers of a step, and the outputs."""
TASKS = tuple(SHAPES)
UNITS = {"vowels": (29, 25, 53), "mnist1d": (32, 28, 56), "sunspots": (32, 28, 57)}
"""Task to the units of each cell: with these, the networks have equally many weights, up to 1.3 %."""
BATCHES = {"vowels": (24, 5), "mnist1d": (100, 6), "sunspots": (53, 2)}
"""Task to the batch size, which divides the number of examples (nothing is compiled twice), and passes in an epoch."""
EPOCHS = 8
# 54 validation utterances are few, so three seeds choose: each of them draws others.
TUNING_SEEDS = {"vowels": (100, 101, 102), "mnist1d": (100,), "sunspots": (100,)}


def loaded(task: str, seed: int, limit: int | None) -> list[tuple]:
    """Return inputs and answers of the training, the validation and the test set, as the networks read them."""
    splits = _retraining.loaded(task, limit, seed)
    info, x = splits.info, splits.train.x
    if task == "vowels":  # Each coefficient in units of its spread; without a shift, so that padding stays zero.
        spread = x[x.any(axis=2)].std(axis=0)
        return [(x / spread, y) for x, y in splits[:3]]
    if task == "mnist1d":
        return [(x.reshape(-1, *SHAPES[task][0]), y) for x, y in splits[:3]]
    # Square roots, as in `recipes/gru_sunspots.py`: the spread of a count grows with its root. Answers in hundreds.
    return [
        (np.sqrt(np.maximum(x * info.scale + info.mean, 0)) / 4 - 2, (y * info.scale + info.mean) / 100)
        for x, y in splits[:3]
    ]


def network(task: str, cell: str):
    """Return a new model; the one for sunspots says how the root of the next number differs from the last one."""
    import keras

    from dlguide import rnn

    shape, outputs = SHAPES[task]
    model = rnn(shape, outputs, cell=cell, units=(UNITS[task][CELLS.index(cell)],))
    if task != "sunspots":
        return model
    inputs = keras.Input(shape)
    return keras.Model(inputs, keras.ops.square(4 * (inputs[:, -1] + 2 + model(inputs))) / 100)


@functools.cache
def trainer(task: str, cell: str, is_quick: bool):
    """Compile a network once for all seeds and learning rates."""
    build, loss = functools.partial(network, task, cell), "mae" if task == "sunspots" else None
    return _retraining.clipped_trainer(build, loss, jit_compile=False, run_eagerly=is_quick)


def trained(task: str, cell: str, part, learning_rate: float, seed: int, is_quick: bool):
    """Return a trained network; the learning rate falls in equal parts from epoch to epoch."""
    batch_size, passes = BATCHES[task]
    passes, epochs = (1, 1) if is_quick else (passes, EPOCHS)
    options = {"learning_rate": learning_rate, "epochs": epochs, "batch_size": min(batch_size, len(part[0]))}
    decay = _retraining.falling(learning_rate, epochs)
    x, y = _retraining.repeated(part, passes)
    return trainer(task, cell, is_quick)(x, y, seed=seed, callbacks=decay, **options)


def error(model, x, y) -> float:
    """Return the share of wrong answers, or the mean absolute error of the forecasts in sunspots."""
    answers = _retraining.outputs(model, x)
    if answers.shape[1] > 1:
        return float((answers.argmax(axis=1) != y).mean())
    return float(100 * np.abs(answers[:, 0] - y).mean())


def choose(*, limit: int | None = None, grid=GRID, is_quick: bool = False, **_) -> dict:
    """Return the validation error of each network with each learning rate."""

    def score(row, learning_rate):
        task, _, cell = row.partition("_")
        errors = []
        for seed in TUNING_SEEDS[task][: 1 if is_quick else None]:
            train, valid, _ = loaded(task, seed, limit)
            errors.append(error(trained(task, cell, train, learning_rate, seed, is_quick), *valid))
        return float(np.mean(errors))

    return _tuning.search([f"{task}_{cell}" for task in TASKS for cell in CELLS], grid, score)


@functools.cache
def timed_network(cell: str, units: int, steps: int, is_quick: bool):
    """Return a compiled network for MNIST-1D that does all steps of a measurement in one call."""
    import keras

    from dlguide import rnn

    shape, outputs = SHAPES["mnist1d"]
    model = rnn(shape, outputs, cell=cell, units=(units,))
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
    seed: int, choice: dict, *, limit=None, tasks=TASKS, widths=WIDTHS, rounds=3, is_quick: bool = False, **_
) -> dict:
    """Return the test scores at equal numbers of weights, and the time of a step at equal numbers of units."""
    scores: dict[str, dict] = {"accuracy": {}, "forecast": {}, "time": {}, "training_seconds": {}}
    for task in tasks:
        train, _, test = loaded(task, seed, limit)
        for cell in CELLS:
            row, start = f"{task}_{cell}", time.process_time()
            rate = _tuning.best(choice[row], lower=True)
            found = error(trained(task, cell, train, rate, seed, is_quick), *test)
            scores["training_seconds"][row] = time.process_time() - start
            if task == "sunspots":
                scores["forecast"][row] = found
            else:
                scores["accuracy"][row] = 1 - found
    for units in widths:
        for cell, seconds in step_seconds(*loaded("mnist1d", seed, limit)[0], units, rounds, is_quick).items():
            scores["time"].setdefault(cell, {})[str(units)] = seconds
    return scores


CLASSIFIERS = tuple(f"{task}_{cell}" for task in ("vowels", "mnist1d") for cell in CELLS)
FORECASTERS = tuple(f"sunspots_{cell}" for cell in CELLS)
FORECAST = Score("absolute error", Unit("sunspots"), higher_is_better=False)
TIME = Score("time of a training step", Unit("milliseconds", 1000.0), higher_is_better=False, logarithmic=True)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "accuracy": Panel(ACCURACY, CLASSIFIERS),
        "forecast": Panel(FORECAST, FORECASTERS, reference="sunspots_gru"),
        "time": Panel(TIME, CELLS, reference="lstm", curve="units", logarithmic=True),
    },
    claims=(
        Claim("accuracy", "vowels_gru", "vowels_lstm", "same", known="same"),
        Claim("accuracy", "mnist1d_gru", "mnist1d_lstm", "yes", known="same"),
        Claim("forecast", "sunspots_gru", "sunspots_lstm", "same", known="same"),
        Claim("accuracy", "mnist1d_gru", "mnist1d_simple", "yes", known="yes"),
    ),
    quick={"limit": 20, "grid": (0.005,), "widths": (4,), "rounds": 1, "is_quick": True},
    check={"tasks": ("vowels",), "widths": ()},
    seeds=tuple(range(10)),
    lower_is_chosen=True,
)
