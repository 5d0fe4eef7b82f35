"""The folder of a run: a new number, or the one that `run_dir` names, which resumes a run of the same options."""

import contextlib
import json
from pathlib import Path

from recipes._lib.runs import arguments

RUNS = Path("runs")


def choose(recipe: str, options: dict) -> tuple[Path, list[Path]]:
    """Return the folder of a run, and the folders that were made for it, deepest first.

    It is `run_dir`: new, empty, or with an unfinished run of the same options. Without it, it is the next number in
    runs/NAME. No two commands get the same number, also if they start together.
    """
    if options.get("run_dir") is not None:
        folder = Path(options["run_dir"])
        if folder.is_dir() and any(folder.iterdir()) and not _is_unfinished(folder, options):
            must_be = "new, empty or hold an unfinished run of the same options"
            raise arguments.error("run_dir", must_be, str(folder), _difference(folder, options))
        return folder, make(folder)
    parent = RUNS / recipe
    created = make(parent)
    number = max((int(path.name) for path in parent.glob("*") if path.name.isdigit()), default=0)
    while True:
        number += 1
        with contextlib.suppress(FileExistsError):  # Another command was faster.
            (parent / str(number)).mkdir()
            return parent / str(number), [parent / str(number), *created]


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


def remove_if_unused(folder: Path, created: list[Path]) -> None:
    """Remove the options of a command and the folders it made, deepest first, if nothing else is in the run folder."""
    with contextlib.suppress(OSError):
        if [path.name for path in folder.iterdir()] == ["options.json"]:
            (folder / "options.json").unlink()
        for each in created:  # `rmdir` leaves a folder that is not empty.
            each.rmdir()


def require_files(folder: Path, *files: str) -> None:
    """Refuse a folder without the files that a finished run has."""
    missing = " and ".join(file for file in files if not (folder / file).is_file())
    if missing:
        raise arguments.error("run_dir", f"the folder of a finished run, with {missing} in it", str(folder))
