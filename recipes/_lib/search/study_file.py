"""The file of a search: an Optuna study in SQLite, in the folder of a run."""

import contextlib
from pathlib import Path

try:
    import optuna
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool
except ModuleNotFoundError:
    optuna = None  # `search.run` says what to install.


def refuse_without_description(path: Path) -> None:
    """Refuse the file of a search that this project's `training.Run` has not described beside it."""
    if path.exists() and not (path.parent / "config.json").exists():
        with open_study(path):
            pass  # SQLite may have a better reason.
        raise _refusal(path, ValueError("no config.json"))


def create_if_missing(path: Path) -> None:
    """Create the file of a search, whole or not at all."""
    if not path.exists():
        beside = path.with_name("search.tmp.db")
        beside.unlink(missing_ok=True)  # Of a process that was killed here.
        with open_study(beside):
            pass
        beside.replace(path)


@contextlib.contextmanager
def open_study(path: Path):
    """Open the study in a file; both are created where the file is missing.

    Raises:
        ValueError: If the file is damaged, holds something else or cannot be written, also while it is open.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    of_database = (SQLAlchemyError, optuna.exceptions.StorageInternalError)
    try:
        study = _study(path)
    except (KeyError, RuntimeError, *of_database) as error:  # No study of this name, or another version's tables.
        raise _refusal(path, error) from None
    try:
        yield study
    except of_database as error:
        raise _refusal(path, error) from None


def _study(path: Path):
    is_new = not path.exists()
    storage = optuna.storages.RDBStorage(
        f"sqlite:///{path}",
        {"poolclass": NullPool},  # The file is closed after each use.
        skip_table_creation=not is_new,  # Nothing is written to somebody else's file.
    )
    if is_new:
        return optuna.create_study(study_name="search", storage=storage, direction="maximize")
    return optuna.load_study(study_name="search", storage=storage)


def _refusal(path: Path, error: Exception) -> ValueError:
    while error.__cause__ is not None:
        error = error.__cause__  # SQLite's own words.
    return ValueError(
        "`run_dir` must hold a search.db of this search that can be read and written, or be new. "
        f"Received: run_dir={str(path.parent)!r} ({error.args[0]})"
    )


def finished_trials(path: Path) -> list:
    """Return the finished trials of the search in a file, in their order."""
    with open_study(path) as study:
        return finished(study)


def finished(study) -> list:
    """Return the finished trials of a study, in their order: whole ones and those that were stopped early."""
    states = optuna.trial.TrialState
    return study.get_trials(states=(states.COMPLETE, states.PRUNED))
