"""The speed of `training.fit` beside plain `model.fit`, in turns, on three backends; it prints a table."""

import contextlib
import gc
import time

import keras
import numpy as np

from dlguide import training
from recipes._lib.runs import arguments, results
from recipes._lib.search import trial_process
from tools.benchmarks import models

EPOCHS = 3  # The first has the compilation and counts for itself; of the others the mean.
HEAD = (
    "| model | backend | epoch of `fit` | `model.fit` takes | first epoch: `model.fit` takes |\n|---|---|---|---|---|"
)


def main(*, rows: tuple[str, ...] = (), backends: tuple[str, ...] = results.BACKENDS, rounds: int = 5) -> None:
    """Time each model once both ways in each round; print medians, and the quartiles of the paired ratios.

    Args:
        rows: Models; none: all.
        backends: Those that are timed.
        rounds: How often.
    """
    rows = rows or tuple(models.ROWS)
    if set(rows) - set(models.ROWS):
        raise arguments.error("rows", f"of {', '.join(models.ROWS)}", rows)
    pairs = [(row, name) for row in rows for name in backends]
    pairs = [(row, name) for row, name in pairs if name == "tensorflow" or not models.ROWS[row].jit_compile]
    seconds = {(*pair, how): [] for pair in pairs for how in ("plain", "fit")}
    with contextlib.ExitStack() as stack:
        workers = {name: stack.enter_context(trial_process.opened(KERAS_BACKEND=name)) for name in backends}
        for number in range(rounds):
            for row, backend, how in list(seconds)[:: -1 if number % 2 else 1]:
                seconds[row, backend, how].append(workers[backend](timed, models.ROWS[row], how))
            print(f"round {number + 1} of {rounds}", flush=True)
    print(HEAD)
    for row, backend in pairs:
        plain, ours = (np.array(seconds[row, backend, how]) for how in ("plain", "fit"))
        ratios = np.quantile(plain / ours, (0.25, 0.5, 0.75), axis=0)
        first, later = ("{1:.2f} × ({0:.2f} to {2:.2f})".format(*column) for column in ratios.T)
        print(f"| {row} | {backend} | {np.median(ours[:, 1]):.3f} s | {later} | {first} |")


def timed(row: models.Row, how: str, epochs: int = EPOCHS) -> tuple[float, float]:
    """Return the seconds of the first epoch and of a later one; `how` is "plain" for `model.fit`, or "fit"."""

    def end_epoch(epoch, logs):
        ends.append(time.perf_counter())
        model.stop_training = len(ends) == epochs

    keras.utils.clear_session()
    gc.collect()
    keras.utils.set_random_seed(0)
    (x, y), model, ends = models.arrays(row), models.keras_model(row), []
    callbacks = [keras.callbacks.LambdaCallback(on_epoch_end=end_epoch)]
    # Of 1000 epochs, which are stopped: one after the first is timed as that of a long run.
    options = {"batch_size": row.batch_size, "epochs": 1000, "callbacks": callbacks, "verbose": 0}
    start = time.perf_counter()
    training.fit(model, x, y, **options) if how == "fit" else model.fit(x, y, **options)
    return ends[0] - start, (ends[-1] - ends[0]) / (epochs - 1)
