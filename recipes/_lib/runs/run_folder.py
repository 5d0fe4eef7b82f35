"""The folder of a run: which one a command takes, and what is removed again."""

import contextlib
import json
from pathlib import Path
from typing import NamedTuple

import filelock

from recipes._lib.runs import arguments

RUNS = Path("runs")
LOCK = ".command.lock"


class RunFolder(NamedTuple):
    """The folder that a command has taken."""

    path: Path
    created: list[Path]
    """The folders that were made for it, deepest first."""
    lock: filelock.BaseFileLock
    """Held until the command ends: `fit` has another one, for the time of the training."""


def choose(recipe: str, options: dict) -> RunFolder:
    """Take the folder of a run, and make it if it is new.

    It is `run_dir`. Without it, it is the last numbered folder of the recipe with an unfinished run of the same
    options, else the next number. No two commands get the same folder, also if they start together.
    """
    if options.get("run_dir") is not None:
        return _given(Path(options["run_dir"]), options)
    parent = RUNS / recipe
    numbers = sorted((int(path.name) for path in parent.glob("*") if path.name.isdigit()), reverse=True)
    for number in numbers:
        folder = parent / str(number)
        if _is_unfinished(folder, options) and (lock := _locked(folder)):
            if _is_unfinished(folder, options):  # Still: another command may just have finished it.
                return RunFolder(folder, [], lock)
            lock.release()
    number, created = max(numbers, default=0), make(parent)
    while True:
        number += 1
        folder = parent / str(number)
        with contextlib.suppress(FileExistsError):  # Another command was faster.
            folder.mkdir()
            return RunFolder(folder, [folder, *created], _locked(folder))


def _given(folder: Path, options: dict) -> RunFolder:
    """Take the folder that `run_dir` names, or refuse it."""
    is_new = not folder.is_dir() or all(path.name == LOCK for path in folder.iterdir())
    if not is_new and not _is_unfinished(folder, options):
        must_be = "new, empty or hold an unfinished run of the same options"
        raise arguments.error("run_dir", must_be, str(folder), _difference(folder, options))
    created, lock = make(folder), _locked(folder)
    if lock is None:
        raise arguments.error("run_dir", "a folder that no other command uses", str(folder))
    return RunFolder(folder, created, lock)


def _locked(folder: Path) -> filelock.BaseFileLock | None:
    """Lock a folder; return None if another command has done it."""
    lock = filelock.FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
        return lock
    except filelock.Timeout:
        return None


def make(folder: Path, option: str = "run_dir") -> list[Path]:
    """Make a folder, or refuse the option that names it; return the folders that were made, deepest first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        must_be = "a folder that can be written"
        raise arguments.error(option, must_be, str(folder), f" ({error.strerror})") from None
    return missing


def _is_unfinished(folder: Path, options: dict) -> bool:
    """Tell whether a folder has a run of these options without a result."""
    saved = _saved_options(folder)
    is_same = saved is not None and {**saved, "run_dir": None} == {**options, "run_dir": None}
    return is_same and not (folder / "metrics.json").exists()


def _difference(folder: Path, options: dict) -> str:
    """Return how the options of the run in a folder differ, such as " with seed 0 there, 1 here"."""
    saved = _saved_options(folder) or {}
    differing = [
        f"{name} {saved[name]!r} there, {value!r} here"
        for name, value in options.items()
        if name != "run_dir" and saved.get(name, value) != value
    ]
    return f" with {'; '.join(differing)}" if differing else ""


def _saved_options(folder: Path) -> dict | None:
    """Return the options of the run in a folder, None where there is none."""
    try:
        return dict(json.loads((folder / "options.json").read_text(encoding="utf-8"))["options"])
    except (OSError, ValueError, KeyError, TypeError):  # No file, or somebody else's.
        return None


def remove_if_unused(taken: RunFolder) -> None:
    """Remove the options of a command and the folders it made, deepest first, if nothing else is in the run folder."""
    taken.lock.release()
    with contextlib.suppress(OSError):
        files = list(taken.path.iterdir())
        if all(path.name in ("options.json", "options.json.tmp", LOCK) for path in files):
            for path in files:
                path.unlink()
        for folder in taken.created:  # `rmdir` leaves a folder that is not empty.
            folder.rmdir()


def require_files(folder: Path, *files: str) -> None:
    """Refuse a folder without the files that a finished run has."""
    missing = " and ".join(file for file in files if not (folder / file).is_file())
    if missing:
        raise arguments.error("run_dir", f"the folder of a finished run, with {missing} in it", str(folder))
