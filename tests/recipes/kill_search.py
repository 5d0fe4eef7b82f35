"""A search that kills itself: kill_search.py FOLDER writes the same search to `whole` and, killed often, to `killed`.

Prints the exit status of each process. Each is forked after the imports, which take longer than it.
"""

import contextlib
import gc
import multiprocessing
import os
import signal
import sys
from types import SimpleNamespace

import keras
import numpy as np
import optuna

from dlguide import data, mlp
from recipes._lib.search import optuna_search, trial_process

TRIALS, EPOCHS = 7, 3
KILLS = [
    (optuna, "create_study", -1),  # The file of the search is not yet in its place.
    (optuna.trial.Trial, "suggest_float", 0),  # The batch size is not yet drawn.
    (optuna.trial.Trial, "report", 1),  # The first epoch is reported.
    (optuna.trial.Trial, "set_user_attr", 3),  # The trial is trained, its result is not stored.
    (optuna.study.Study, "tell", 4),  # The result is stored.
    (optuna.trial.Trial, "report", 6),
]
"""After which call a process kills itself, one after the other, and the number of finished trials then."""


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


def run_with(folder: str, owner=optuna, name: str = "create_study", number: int | None = None) -> None:
    """Search in this process, which kills itself after the call, or ends the search."""
    optuna_search.STARTING_TRIALS, optuna_search.WARMUP_EPOCHS = 3, 1
    trial_process.opened = lambda: contextlib.nullcontext(lambda function, *args: function(*args))
    finished, trial_seed = [-1], optuna_search.trial_seed
    optuna_search.trial_seed = lambda seed, count: finished.append(count) or trial_seed(seed, count)
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
    for name, *kill in (["whole"], *(["killed", *kill] for kill in KILLS), ["killed"]):
        process = multiprocessing.get_context("fork").Process(target=run_with, args=(f"{sys.argv[1]}/{name}", *kill))
        process.start()
        process.join()
        print(process.exitcode)
