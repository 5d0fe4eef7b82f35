"""The folder of a run: which one a command takes, what is written there, and what is removed again."""

import contextlib
import json
from pathlib import Path

RUNS = Path("runs")


def choose(recipe: str, options: dict) -> tuple[Path, list[Path]]:
    """Take the folder for a run; return it, and the folders that have to be or were made for it, deepest first.

    It is that of `run_dir`; without it the last one of the recipe, if it has the same run unfinished, else the next.
    Of two commands that start together, each gets its own.
    """
    if options.get("run_dir") is not None:
        folder = Path(options["run_dir"])
        if folder.is_dir() and any(folder.iterdir()) and not _is_unfinished(folder, options):
            raise ValueError(
                "`run_dir` must be new, empty or hold an unfinished run of the same options. "
                f"Received: run_dir={str(folder)!r}{_difference(folder, options)}"
            )
        return folder, _missing(folder)
    parent = RUNS / recipe
    number = max((int(path.name) for path in parent.glob("*") if path.name.isdigit()), default=0)
    if number and _is_unfinished(parent / str(number), options):
        return parent / str(number), []
    while True:
        number += 1
        folder = parent / str(number)
        created = _missing(folder)
        try:
            make(parent)
            folder.mkdir()
        except FileExistsError:  # Another command was faster.
            continue
        except OSError as error:
            raise _not_writable(folder, error) from None
        return folder, created


def make(folder: Path, option: str = "run_dir") -> None:
    """Make a folder with all above it, or say that it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(folder, error, option) from None


def _not_writable(folder: Path, error: OSError, option: str = "run_dir") -> ValueError:
    return ValueError(
        f"`{option}` must be a folder that can be written. Received: {option}={str(folder)!r} ({error.strerror})"
    )


def _missing(folder: Path) -> list[Path]:
    """Return the folders that have to be made, deepest first."""
    return [path for path in (folder, *folder.parents) if not path.exists()]


def _is_unfinished(folder: Path, options: dict) -> bool:
    """Tell whether a folder holds a run of these options that has no result yet."""
    there = _saved_options(folder)
    if there is None or (folder / "metrics.json").exists():
        return False
    return {**there, "run_dir": None} == {**options, "run_dir": None}


def _difference(folder: Path, options: dict) -> str:
    """Say how the options of the run in a folder differ, as " with seed 0 there, 1 here"; "" where they do not."""
    there = _saved_options(folder) or {}
    differing = [
        f"{name} {there[name]!r} there, {here!r} here"
        for name, here in options.items()
        if name in there and name != "run_dir" and there[name] != here
    ]
    return f" with {'; '.join(differing)}" if differing else ""


def _saved_options(folder: Path) -> dict | None:
    """Return the options of the run in a folder, None where there is none."""
    try:
        return dict(json.loads((folder / "options.json").read_text(encoding="utf-8"))["options"])
    except (OSError, ValueError, KeyError, TypeError):  # None, or somebody else's file.
        return None


def write_json(path: Path, content: dict) -> None:
    """Write a file whole or not at all."""
    make(path.parent)
    try:
        beside = path.with_name(f"{path.name}.tmp")
        beside.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise _not_writable(path.parent, error) from None


def remove_if_unused(created: list[Path]) -> None:
    """Remove the folders that a command created, deepest first, if nothing but its options was written."""
    with contextlib.suppress(OSError):
        files = list(created[0].iterdir()) if created else []
        if all(path.name in ("options.json", "options.json.tmp") for path in files):
            for path in files:
                path.unlink()
        for folder in created:  # `rmdir` leaves a folder that is not empty.
            folder.rmdir()
