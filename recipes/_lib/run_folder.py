"""The folder of a run: which one a command takes, what is written there, and what is removed again."""

import contextlib
import json
from pathlib import Path

RUNS = Path("runs")


def choose(recipe: str, options: dict) -> Path:
    """Return the folder of `run_dir`; without it the last one of the recipe, if it has the same run unfinished, else
    the next."""
    if options.get("run_dir") is not None:
        folder = Path(options["run_dir"])
        if folder.is_dir() and any(folder.iterdir()) and not _is_unfinished(folder, options):
            raise ValueError(
                "`run_dir` must be new, empty or hold an unfinished run of the same options. "
                f"Received: run_dir={str(folder)!r}{_difference(folder, options)}"
            )
        return folder
    parent = RUNS / recipe
    last = max((int(path.name) for path in parent.glob("*") if path.name.isdigit()), default=0)
    if last and _is_unfinished(parent / str(last), options):
        return parent / str(last)
    return parent / str(last + 1)


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
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.tmp")
        beside.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        folder = str(path.parent)
        raise ValueError(
            f"`run_dir` must be a folder that can be written. Received: run_dir={folder!r} ({error.strerror})"
        ) from None


def new_folders(folder: Path) -> list[Path]:
    """Return the folders that have to be created for a run, deepest first."""
    return [path for path in (folder, *folder.parents) if not path.exists()]


def remove_if_unused(created: list[Path]) -> None:
    """Remove the folders that a command created, deepest first, if nothing but its options was written."""
    with contextlib.suppress(OSError):
        if created and [path.name for path in created[0].iterdir()] == ["options.json"]:
            (created[0] / "options.json").unlink()
        for folder in created:  # `rmdir` leaves a folder that is not empty.
            folder.rmdir()
