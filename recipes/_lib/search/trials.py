"""A search by Optuna that ends in the same trials however often it is killed.

A trial is one training. The finished trials lie in `search.db` (SQLite) in the run folder. The parameters of the next
trial follow from them and from `(seed, their number)`, and so do its first weights and its order of examples. So the
trial that was running when the search was killed is put back: the next process draws the same parameters, and trains
with them from the start.

Trials run in another process, which is replaced after some of them: what Keras and TensorFlow keep of each model, about
10 MB, is given back at the end of the process only.
"""

import contextlib
import hashlib
import inspect
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from dlguide import data, training
from recipes._lib.runs import arguments
from recipes._lib.search import study_file as search_file
from recipes._lib.search import trial_process
from recipes._lib.search.study_file import optuna

METHODS = ("tpe", "random")
STARTING_TRIALS = 10
"""TPE draws so many trials at random first, and stops none of them early."""
WARMUP_EPOCHS = 3
"""A trial is stopped after so many epochs at the earliest."""
TRIALS_PER_PROCESS = 10


class Search(NamedTuple):
    """What decides the trials of a search."""

    candidate: Callable
    """Function `candidate(trial, splits, epochs)` that asks an Optuna trial for parameters, and returns a compiled
    model with the metric "accuracy" and the batch size."""
    splits: data.Splits
    """The data; `run` empties the test set before the first trial."""
    method: str
    """"random", or "tpe", which also stops a trial whose best accuracy so far is below the median of the whole trials'
    accuracies after as many epochs."""
    epochs: int
    """Epochs of a whole trial."""
    seed: int

    def description(self) -> dict:
        """Return what must be the same where a search is resumed."""
        digest = hashlib.sha256()
        for array in (*self.splits.train, *self.splits.valid):
            digest.update(np.ascontiguousarray(array).data)
        return {
            "method": self.method,
            "epochs_of_a_trial": self.epochs,
            "seed": self.seed,
            "data": {"splits": {"sha256": digest.hexdigest()}},
            "candidate": {"sha256": hashlib.sha256(inspect.getsource(self.candidate).encode()).hexdigest()},
            "starting_trials": STARTING_TRIALS,
            "warmup_epochs": WARMUP_EPOCHS,
            "keras": keras.__version__,
            "optuna": optuna.__version__,
        }


def run(search: Search, trials: int, run_dir=None) -> list:
    """Search until the epochs of that many whole trials are spent, and return the finished trials in their order.

    A trial begins while a whole one fits into the epochs that are left. A trial that is stopped early leaves epochs to
    others. The same call resumes a search that was killed; one with more `trials` extends it.

    Args:
        search: What decides the trials.
        trials: The budget in whole trials, at least 1.
        run_dir: Folder of the search, or None.

    Returns:
        Optuna's `FrozenTrial`s, whole ones and those that were stopped early. Their `user_attrs` have "epochs" and
        "seconds".

    Raises:
        ValueError: If an argument is out of range or Optuna is missing; if the folder is in use, cannot be written or
            holds another search or a damaged one; if no trial came to its end with a finite loss.
        OSError: If the process of a trial is killed.
    """
    if optuna is None:
        raise ValueError('The search needs Optuna, from the extra "recipes": pip install -e ".[recipes]"')
    budget = arguments.integer("trials", trials) * arguments.integer("epochs", search.epochs)
    arguments.integer("seed", search.seed, at_least=0)
    arguments.choice("method", search.method, METHODS)
    test = data.Part(search.splits.test.x[:0], search.splits.test.y[:0])
    search = search._replace(splits=search.splits._replace(test=test))  # No trial can look at it.
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()) if run_dir is None else run_dir)
        path = folder / "search.db"
        search_file.refuse_without_description(path)
        stack.enter_context(training.Run(folder, options=search.description()))
        search_file.create_if_missing(path)
        found = search_file.finished_trials(path)
        while has_room(found, search.epochs, budget):
            with trial_process.opened() as call:
                for _ in range(TRIALS_PER_PROCESS):
                    if has_room(found, search.epochs, budget):
                        found.append(call(run_trial, search, path))
                        print(_progress(found, budget), flush=True)
    found = trials_within(found, search.epochs, budget)  # Of a search that was longer.
    if not any(map(is_whole, found)):
        raise ValueError(f"`trials` must be enough for one with a finite loss. Received: trials={trials!r}")
    return found


def trials_within(trials: list, epochs: int, budget: int) -> list:
    """Return the trials that a search of a smaller budget would have had."""
    return [trial for i, trial in enumerate(trials) if has_room(trials[:i], epochs, budget)]


def has_room(trials: list, epochs: int, budget: int) -> bool:
    """Tell whether another whole trial fits into a budget of epochs."""
    return epochs_spent(trials) + epochs <= budget


def epochs_spent(trials: list) -> int:
    """Return the training epochs of finished trials."""
    return sum(trial.user_attrs["epochs"] for trial in trials)


def is_whole(trial) -> bool:
    """Tell whether a finished trial was not stopped early."""
    return trial.state == optuna.trial.TrialState.COMPLETE


def best_trial(trials: list):
    """Return the whole trial with the highest validation accuracy, the first of equal ones."""
    return max(filter(is_whole, trials), key=lambda trial: trial.value)


def fixed_trial(parameters: dict):
    """Return what answers a `candidate` with given parameters."""
    return optuna.trial.FixedTrial(parameters)


def trial_seed(seed: int, place: int) -> int:
    """Return the seed of the trial that has so many before it, one of 2 ** 32."""
    return int(np.random.SeedSequence([seed, place]).generate_state(1)[0])


def run_trial(search: Search, path: Path):
    """Run the next trial of a search in this process, and return it."""
    states = optuna.trial.TrialState
    with search_file.open_study(path) as study:
        for killed in study.get_trials(states=(states.RUNNING,)):
            study.tell(killed.number, state=states.FAIL)  # It counts for nothing: the new one takes its place.
        seed = trial_seed(search.seed, len(search_file.finished(study)))
        # New ones for each trial: their random state would be lost with the process.
        if search.method == "tpe":
            study.sampler = optuna.samplers.TPESampler(n_startup_trials=STARTING_TRIALS, seed=seed)
            study.pruner = optuna.pruners.MedianPruner(n_startup_trials=STARTING_TRIALS, n_warmup_steps=WARMUP_EPOCHS)
        else:
            study.sampler, study.pruner = optuna.samplers.RandomSampler(seed), optuna.pruners.NopPruner()
        trial = study.ask()
        score = _training_score(search, trial, seed)
        return study.tell(trial, score, state=states.PRUNED if score is None else states.COMPLETE)


def _training_score(search: Search, trial, seed: int) -> float | None:
    """Train a trial's model; return its validation accuracy after the last epoch, None where it was stopped early."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    model, batch_size = search.candidate(trial, search.splits, search.epochs)
    reports, score, start = _Reports(trial, search.epochs), None, time.perf_counter()
    try:
        history = training.fit(
            model,
            *search.splits.train,
            validation_data=search.splits.valid,
            epochs=search.epochs,
            batch_size=batch_size,
            seed=seed,
            callbacks=[reports],
            verbose=0,
        )
        epochs = len(history.epoch)
        if not reports.is_stopped:
            score = history.history["val_accuracy"][-1]
    except FloatingPointError:  # The loss is not finite: stopped early, and the epoch in which it happened is spent.
        epochs = reports.begun
    trial.set_user_attr("epochs", epochs)
    trial.set_user_attr("seconds", time.perf_counter() - start)
    return score


class _Reports(keras.callbacks.Callback):
    """Tells Optuna the validation accuracy after each epoch, and stops the training where Optuna says so."""

    def __init__(self, trial, epochs: int):
        super().__init__()
        self._trial, self._epochs = trial, epochs
        self.begun, self.is_stopped = 0, False

    def on_epoch_begin(self, epoch, logs=None):
        self.begun = epoch + 1

    def on_epoch_end(self, epoch, logs=None):
        self._trial.report(logs["val_accuracy"], epoch + 1)
        if epoch + 1 < self._epochs and self._trial.should_prune():
            self.is_stopped = self.model.stop_training = True


def _progress(trials: list, budget: int) -> str:
    """Return how the last trial ended, and how much of the budget is spent."""
    last = trials[-1]
    what = " ".join(str(last.params[name]) for name in ("builder", "optimizer") if name in last.params)
    accuracy = f"validation accuracy {last.value:.3f}" if last.value is not None else "loss not finite"
    end = "" if is_whole(last) else f", stopped after {last.user_attrs['epochs']} epochs"
    return f"trial {len(trials)}: {what}, {accuracy}{end}; {epochs_spent(trials)} of {budget} epochs spent"
