"""The folder of a run: which one a command takes, and what is removed again."""

import contextlib
import json
from pathlib import Path

from recipes._lib.runs import arguments

RUNS = Path("runs")


def choose(recipe: str, options: dict) -> tuple[Path, list[Path]]:
    """Make the folder of a run; return it, and the folders that were made for it, deepest first.

    It is `run_dir`. Without it, it is the last numbered folder of the recipe with an unfinished run of the same
    options, else the next number. Two commands that start together get a folder each.
    """
    if options.get("run_dir") is not None:
        folder = Path(options["run_dir"])
        if folder.is_dir() and any(folder.iterdir()) and not _is_unfinished(folder, options):
            must_be = "new, empty or hold an unfinished run of the same options"
            raise arguments.error("run_dir", must_be, str(folder), _difference(folder, options))
        return folder, make(folder)
    parent = RUNS / recipe
    numbers = sorted((int(path.name) for path in parent.glob("*") if path.name.isdigit()), reverse=True)
    for number in numbers:
        if _is_unfinished(parent / str(number), options):
            return parent / str(number), []
    number, created = max(numbers, default=0), make(parent)
    while True:
        number += 1
        folder = parent / str(number)
        with contextlib.suppress(FileExistsError):  # Another command was faster.
            folder.mkdir()
            return folder, [folder, *created]


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


def remove_if_unused(folder: Path, created: list[Path]) -> None:
    """Remove the options of a command and the folders it made, deepest first, if nothing else is in the run folder."""
    with contextlib.suppress(OSError):
        files = list(folder.iterdir())
        if all(path.name in ("options.json", "options.json.tmp") for path in files):
            for path in files:
                path.unlink()
        for folder in created:  # `rmdir` leaves a folder that is not empty.
            folder.rmdir()


def require_files(folder: Path, *files: str) -> None:
    """Refuse a folder without the files that a finished run has."""
    missing = " and ".join(file for file in files if not (folder / file).is_file())
    if missing:
        raise arguments.error("folder", f"the folder of a finished run, with {missing} in it", str(folder))
