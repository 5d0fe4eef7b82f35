"""A search that kills itself: kill_search.py FOLDER writes the same search to `whole` and, killed often, to `killed`.

Prints the exit status of each process. Each is forked after the imports, which take longer than it.
"""

import contextlib
import gc
import multiprocessing
import os
import signal
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import keras

import numpy as np
import optuna

sys.path.insert(0, str(Path(__file__).parents[2]))
from dlguide import data, mlp
from recipes._lib.search import optuna_search, trial_process

TRIALS, EPOCHS = 7, 3
MOMENTS = {
    "created": (optuna, "create_study"),  # The file of the search is not yet in its place.
    "parameters": (optuna.trial.Trial, "suggest_float"),  # The batch size is not yet drawn.
    "epoch": (optuna.trial.Trial, "report"),  # The first one is reported.
    "attributes": (optuna.trial.Trial, "set_user_attr"),  # The trial is trained, its result is not stored.
    "told": (optuna.study.Study, "tell"),  # The result is stored.
}
KILLS = [("created", -1), ("parameters", 0), ("epoch", 1), ("attributes", 3), ("told", 4), ("epoch", 6)]
"""When a process kills itself, one after the other: the moment, and the number of finished trials then."""


def small_splits() -> data.Splits:
    """Return sets of 60, 40 and 40 examples of two classes."""
    x = np.random.default_rng(0).normal(size=(140, 8)).astype("float32")
    y = (x[:, 0] + x[:, 1] * x[:, 2] > 0).astype("int32")
    parts = [data.Part(x[rows], y[rows]) for rows in np.split(np.arange(140), [60, 100])]
    return data.Splits(*parts, SimpleNamespace(num_classes=2))


def candidate(trial, splits, epochs):
    """A perceptron or a small MLP: the second one has a parameter more."""
    builder = trial.suggest_categorical("builder", ("perceptron", "mlp"))
    units = [trial.suggest_int("mlp_units", 2, 16)] if builder == "mlp" else []
    model = mlp((8,), 2, hidden_units=units, dropout=0.2)
    rate = trial.suggest_float("learning_rate", 1e-4, 1, log=True)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # Eagerly: compiling takes longer than such a training.
    model.compile(keras.optimizers.SGD(rate), loss, metrics=["accuracy"], run_eagerly=True)
    return model, trial.suggest_categorical("batch_size", (10, 20))


def small_search(method: str = "tpe", seed: int = 0):
    return optuna_search.Search(candidate, small_splits(), method, EPOCHS, seed)


def run_with(folder: str, moment: str | None, number: int) -> None:
    """Search in this process, which kills itself at the moment, or ends the search."""
    optuna_search.STARTING_TRIALS, optuna_search.WARMUP_EPOCHS = 3, 1
    trial_process.opened = lambda: contextlib.nullcontext(lambda function, *args: function(*args))
    finished, trial_seed = [-1], optuna_search.trial_seed
    optuna_search.trial_seed = lambda seed, count: finished.append(count) or trial_seed(seed, count)
    if moment:
        owner, name = MOMENTS[moment]
        function = getattr(owner, name)

        def killing(*args, **options):
            result = function(*args, **options)
            if finished[-1] == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        setattr(owner, name, killing)
    optuna_search.run(small_search(), TRIALS, folder)


if __name__ == "__main__":
    gc.freeze()  # Else each trial looks for garbage in all that was imported.
    for name, *moment in (("whole", None, 0), *(("killed", *kill) for kill in KILLS), ("killed", None, 0)):
        process = multiprocessing.get_context("fork").Process(target=run_with, args=(f"{sys.argv[1]}/{name}", *moment))
        process.start()
        process.join()
        print(process.exitcode)
