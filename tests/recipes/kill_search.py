"""A search that kills itself, time after time: kill_search.py PROCESSES, in JSON.

PROCESSES is a list of [FOLDER, WHERE, PLACE], one after the other; with [FOLDER, null, 0] the search comes to its end.
WHERE is "created" (the file of the search is not yet in its place), "parameters" (one is drawn, others are not),
"epoch" (the first one is reported), "attributes" (the trial is trained, its result is not stored) or "told" (the result
is stored). PLACE is the number of trials before the one in which it happens.
Prints as JSON the exit status of each process. Each is forked after the imports, which take longer than it, and before
anything is computed.
"""

import contextlib
import gc
import json
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

sys.path.insert(0, str(Path(__file__).parents[2]))
from dlguide import data, mlp, perceptron
from recipes._lib.search import trial_process
from recipes._lib.search import trials as search

TRIALS, EPOCHS = 7, 3


@contextlib.contextmanager
def in_this_process():
    """In place of `trial_process.opened`."""
    yield lambda function, *args: function(*args)


def small_splits() -> data.Splits:
    """Return sets of 60, 40 and 40 examples of two classes."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(140, 8)).astype("float32")
    y = (x[:, 0] + x[:, 1] * x[:, 2] > 0).astype("int32")
    parts = [data.Part(x[rows], y[rows]) for rows in np.split(np.arange(140), [60, 100])]
    return data.Splits(*parts, SimpleNamespace(num_classes=2))


def candidate(trial, splits, epochs):
    """A perceptron or a small MLP: the second one has a parameter more."""
    if trial.suggest_categorical("builder", ("perceptron", "mlp")) == "mlp":
        model = mlp((8,), 2, hidden_units=(trial.suggest_int("mlp_units", 2, 16),), dropout=0.2)
    else:
        model = perceptron((8,), 2)
    rate = trial.suggest_float("learning_rate", 1e-4, 1, log=True)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # Eagerly: compiling takes longer than such a training.
    model.compile(keras.optimizers.SGD(rate), loss, metrics=["accuracy"], run_eagerly=True)
    return model, trial.suggest_categorical("batch_size", (10, 20))


def small_search(method: str = "tpe", seed: int = 0) -> search.Search:
    return search.Search(candidate, small_splits(), method, EPOCHS, seed)


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def run_with(folder: str, where: str | None, place: int) -> None:
    """Search in this process, which dies at the moment."""
    trial_process.opened, search.STARTING_TRIALS, search.WARMUP_EPOCHS = in_this_process, 3, 1
    optuna = search.optuna
    here = {"place": -1}

    def killing(name: str, function, after: bool):
        def call(*args, **options):
            is_now = where == name and here["place"] == place
            if is_now and not after:
                kill()
            result = function(*args, **options)
            if is_now:
                kill()
            return result

        return call

    def seed_of(seed, number, function=search.trial_seed):
        here["place"] = number
        return function(seed, number)

    trial, study = optuna.trial.Trial, optuna.study.Study
    search.trial_seed = seed_of
    trial.suggest_float = killing("parameters", trial.suggest_float, after=False)
    trial.report = killing("epoch", trial.report, after=True)
    trial.set_user_attr = killing("attributes", trial.set_user_attr, after=True)
    study.tell = killing("told", study.tell, after=True)
    optuna.create_study = killing("created", optuna.create_study, after=True)
    search.run(small_search(), TRIALS, folder)


if __name__ == "__main__":
    gc.freeze()  # Else each trial looks for garbage in all that was imported.
    statuses = []
    for given in json.loads(sys.argv[1]):
        process = multiprocessing.get_context("fork").Process(target=run_with, args=given)
        process.start()
        process.join()
        statuses.append(process.exitcode)
    print(json.dumps(statuses))
