"""A search by Optuna that ends in the same trials however often it is killed.

A trial is one training. The finished trials are in `search.db` (SQLite) in the run folder. They and `(seed, their
number)` fix the parameters of the next trial, its first weights and its order of examples. So a trial that was running
when the search was killed is run again from its start, with the same parameters.
"""

import contextlib
import hashlib
import inspect
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from dlguide import data, training
from recipes._lib.search import trial_process

try:
    import optuna
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool
except ModuleNotFoundError:
    optuna = None  # `run` says what to install.

STARTING_TRIALS = 10
"""TPE draws this many trials at random first, and stops none of them early."""
WARMUP_EPOCHS = 3
"""No trial is stopped before this epoch has ended."""
TRIALS_PER_PROCESS = 10
"""Then a new process runs the trials: Keras and TensorFlow keep about 10 MB of each model until a process ends."""


def _source(candidate: Callable) -> str:
    """Return the source of a candidate's module, and of the modules of recipes that it imports."""
    module = inspect.getmodule(candidate)
    if not hasattr(module, "__file__"):  # In a notebook.
        return inspect.getsource(candidate)
    used = [value for value in vars(module).values() if inspect.ismodule(value) and "recipes" in value.__name__]
    return "".join(map(inspect.getsource, (module, *used)))


class Search(NamedTuple):
    """What decides the trials of a search; `run` removes the test set before the first trial."""

    candidate: Callable
    """Function `candidate(trial, splits, epochs)` that asks an Optuna trial for parameters, and returns a compiled
    model and the batch size."""
    splits: data.Splits
    method: str
    """"random", or "tpe", which also stops a trial whose best score so far is below the median of the whole trials'
    scores after as many epochs."""
    epochs: int
    """Epochs of a whole trial."""
    seed: int
    metric: str = "accuracy"
    """The score of a trial is its value on the validation set, of "loss" the negative one: a higher score is better."""

    def score(self, logs: dict) -> float:
        """Return the score after an epoch."""
        value = logs[f"val_{self.metric}"]
        return -value if self.metric == "loss" else value

    def description(self) -> dict:
        """Return what must be the same if a search is resumed."""
        values = b"".join(array.tobytes() for array in (*self.splits.train, *self.splits.valid))
        return {
            "method": self.method,
            "epochs_of_a_trial": self.epochs,
            "seed": self.seed,
            "metric": self.metric,
            "splits": {"values": hashlib.sha256(values).hexdigest()},
            "candidate": {"values": hashlib.sha256(_source(self.candidate).encode()).hexdigest()},
            "starting_trials": STARTING_TRIALS,
            "warmup_epochs": WARMUP_EPOCHS,
            "keras": keras.__version__,
            "optuna": optuna.__version__,
        }


def run(search: Search, trials: int, run_dir=None, begun: Sequence = ()) -> list:
    """Search until the epochs of `trials` whole trials are spent; return Optuna's finished trials in their order.

    A trial begins if a whole one fits into the epochs that are left; one that is stopped early leaves epochs to others.
    `begun` are the first trials of this search, if another one has made them: TPE begins as a random search does.
    The same call resumes a search that was killed; one with more `trials` extends it. A ValueError refuses a folder
    that is in use, cannot be written, or holds another search or a damaged one.
    """
    if optuna is None:
        raise ValueError('The search needs Optuna, from the extra "recipes": pip install -e ".[recipes]"')
    search = search._replace(splits=search.splits._replace(test=None))  # No trial can look at it.
    budget = trials * search.epochs
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()) if run_dir is None else run_dir)
        path = folder / "search.db"
        if path.exists() and not (folder / "config.json").exists():
            raise _refusal(path, "there is no config.json beside it")
        stack.enter_context(training.Run(folder, options=search.description()))
        with open_study(path) as study:
            found = finished_trials(study)
            if not found:
                study.add_trials(begun)
                found = finished_trials(study)
        while has_room(found, search.epochs, budget):
            with trial_process.opened() as call:
                for _ in range(TRIALS_PER_PROCESS):
                    if has_room(found, search.epochs, budget):
                        found.append(call(_run_trial, search, path))
                        print(_progress(search, found, budget), flush=True)
    found = trials_within(found, search.epochs, budget)  # The folder may hold a longer search.
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
    """Return the whole trial with the highest score, the first of equal ones."""
    return max(filter(is_whole, trials), key=lambda trial: trial.value)


def trial_seed(seed: int, number: int) -> int:
    """Return the seed, below 2 ** 32, of the trial after `number` finished ones."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


@contextlib.contextmanager
def open_study(path: Path):
    """Open the study in a file; create both, whole or not at all, if the file is missing."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        if not path.exists():
            unfinished = path.with_name("search.tmp.db")
            unfinished.unlink(missing_ok=True)  # Of a process that was killed here.
            optuna.create_study(study_name="search", storage=_storage(unfinished), direction="maximize")
            unfinished.replace(path)
        yield optuna.load_study(study_name="search", storage=_storage(path))
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        while error.__cause__ is not None:
            error = error.__cause__  # SQLite's own words.
        raise _refusal(path, error.args[0]) from None


def _storage(path: Path):
    # The file is closed after each use. No table is written to a file that holds something else.
    return optuna.storages.RDBStorage(f"sqlite:///{path}", {"poolclass": NullPool}, skip_table_creation=path.exists())


def _refusal(path: Path, reason: str) -> ValueError:
    wanted = "`run_dir` must hold a search.db of this search that can be read and written, or be new"
    return ValueError(f"{wanted}. Received: run_dir={str(path.parent)!r} ({reason})")


def finished_trials(study) -> list:
    """Return the finished trials of a study, in their order: whole ones and those that were stopped early."""
    states = optuna.trial.TrialState
    return study.get_trials(states=(states.COMPLETE, states.PRUNED))


def _run_trial(search: Search, path: Path):
    """Run the next trial of a search in this process, and return it."""
    states = optuna.trial.TrialState
    with open_study(path) as study:
        for killed in study.get_trials(states=(states.RUNNING,)):
            study.tell(killed.number, state=states.FAIL)  # The new trial replaces it.
        seed = trial_seed(search.seed, len(finished_trials(study)))
        # New ones for each trial: their random state would be lost with the process.
        if search.method == "tpe":
            study.sampler = optuna.samplers.TPESampler(n_startup_trials=STARTING_TRIALS, seed=seed)
            study.pruner = optuna.pruners.MedianPruner(n_startup_trials=STARTING_TRIALS, n_warmup_steps=WARMUP_EPOCHS)
        else:
            study.sampler, study.pruner = optuna.samplers.RandomSampler(seed), optuna.pruners.NopPruner()
        trial = study.ask()
        score = training_score(search, trial, seed)
        return study.tell(trial, score, state=states.PRUNED if score is None else states.COMPLETE)


def training_score(search: Search, trial, seed: int) -> float | None:
    """Train a trial's model; return its score after the last epoch, None if it was stopped early."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    model, batch_size = search.candidate(trial, search.splits, search.epochs)
    score, epochs, start = None, [], time.perf_counter()

    def report(epoch: int, logs: dict) -> None:
        trial.report(search.score(logs), epoch + 1)
        if epoch + 1 < search.epochs and trial.should_prune():
            raise optuna.TrialPruned

    options = {"epochs": search.epochs, "batch_size": batch_size, "seed": seed, "verbose": 0}
    options["callbacks"] = keras.callbacks.LambdaCallback(lambda epoch, logs: epochs.append(epoch), report)
    # A non-finite loss stops the trial too; the epoch in which it appeared is spent.
    with contextlib.suppress(optuna.TrialPruned, FloatingPointError):
        history = training.fit(model, *search.splits.train, validation_data=search.splits.valid, **options)
        score = search.score({name: values[-1] for name, values in history.history.items()})
    trial.set_user_attr("epochs", len(epochs))
    trial.set_user_attr("seconds", time.perf_counter() - start)
    return score


def _progress(search: Search, trials: list, budget: int) -> str:
    """Return how the last trial ended, and how much of the budget is spent."""
    last = trials[-1]
    what = " ".join(str(last.params[name]) for name in ("builder", "optimizer") if name in last.params)
    score = "non-finite loss" if last.value is None else f"validation {search.metric} {abs(last.value):.3f}"
    end = "" if is_whole(last) else f", stopped after {last.user_attrs['epochs']} epochs"
    return f"trial {len(trials)}: {what}, {score}{end}; {epochs_spent(trials)} of {budget} epochs spent"
