"""From a recipe's `main` to its command: options, run folder, errors, and what is printed at the end."""

import contextlib
import functools
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

START = time.perf_counter()
RUNS = Path("runs")


def run(main: Callable[..., dict]) -> None:
    """Run a recipe as a command: its signature becomes the options, its module's docstring the help."""
    module = main.__globals__["__spec__"].name
    command = shlex.join(["python", "-m", module, *sys.argv[1:]])
    made: list[Path] = []
    try:
        options = _parsed(main, module, description=main.__globals__["__doc__"])
        _check(options)
        if os.environ.get("KERAS_DISTRIBUTION_PROCESS_ID", "0") != "0":  # Process 0 has the run folder.
            with tempfile.TemporaryDirectory() as scratch:
                main(**{**options, "run_dir": scratch})
            return
        folder = _folder(module.removeprefix("recipes."), options)
        made = [path for path in (folder, *folder.parents) if not path.exists()]
        print(f"{command}\nrun folder: {folder}", flush=True)
        options["run_dir"] = str(folder)
        # Known to the folder before the first step, so that a killed run is found again.
        write_json(folder / "options.json", {"recipe": module, "command": command, "options": options})
        metrics = main(**options)
        write_json(folder / "metrics.json", metrics)
        _summary(metrics, folder)
    except (ValueError, OSError, FloatingPointError) as error:
        _remove_if_unused(made)
        sys.exit(_one_line(error))
    except KeyboardInterrupt:
        print(f"\nInterrupted. What was finished is kept. To go on: {command}", file=sys.stderr)
        sys.exit(130)


def run_tool(main: Callable, module: str | None = None) -> None:
    """Run a command that is no recipe: no run folder, the same errors."""
    module = module or main.__globals__["__spec__"].name
    try:
        main(**_parsed(main, module, description=None))
    except (ValueError, OSError) as error:
        sys.exit(_one_line(error))
    except subprocess.CalledProcessError as error:  # It has said why.
        sys.exit(error.returncode)
    except KeyboardInterrupt:
        sys.exit(130)


def save_figures(run_dir: str, title: str, **figures) -> None:
    """Save each figure in the run folder under its keyword, with `title` above it.

    Below the title stands what the figure says of itself, or its keyword.
    """
    from dlguide.plots import _figure

    for name, figure in figures.items():
        own = figure.get_suptitle() or name.replace("_", " ")
        _figure.set_title(figure, f"{title}\n{own}")
        figure.savefig(Path(run_dir) / f"{name}.png", bbox_inches="tight")  # A title may be wider than the figure.


def _parsed(main: Callable, module: str, description: str | None) -> dict:
    import tyro

    @functools.wraps(main)
    def options(**given):
        return given

    errors = io.StringIO()
    try:
        with contextlib.redirect_stderr(errors):
            return tyro.cli(options, prog=f"python -m {module}", description=description)
    except SystemExit as stop:
        if not stop.code:
            raise
        sentence = _first_sentence(errors.getvalue())
        raise ValueError(f"{sentence} (options: python -m {module} --help)") from None


def _first_sentence(box: str) -> str:
    """Return what stands in tyro's box between its title, the first line, and the next rule."""
    rows = []
    for row in re.sub(r"\x1b\[[0-9;]*m", "", box).splitlines()[1:]:
        if re.search(r"\w", row):
            rows.append(row.strip(" │|"))
        elif rows:
            break
    return " ".join(rows)


def _check(options: dict) -> None:
    """Refuse bad values before anything is loaded; the names mean the same in every recipe."""
    from dlguide import _checks

    for name, value in options.items():
        if name in ("epochs", "batch_size", "latent_dim", "samples"):
            _checks.integer(name, value)
        elif name == "limit":
            _checks.integer(name, value, optional=True)
        elif name == "seed":
            _checks.integer(name, value, at_least=0)
        elif name == "learning_rate":
            _checks.number(name, value, above=0)
        elif name == "noise":
            _checks.number(name, value, at_least=0)


def _folder(recipe: str, options: dict) -> Path:
    """Return the folder that was asked for, else the last one if it has the same run unfinished, else the next."""
    if options.get("run_dir") is not None:
        folder = Path(options["run_dir"])
        if folder.is_dir() and any(folder.iterdir()) and not _is_unfinished(folder, options):
            raise ValueError(
                "`run_dir` must be new, empty or hold an unfinished run of the same options. "
                f"Received: run_dir={str(folder)!r}"
            )
        return folder
    parent = RUNS / recipe.replace(".", "/")
    last = max((int(path.name) for path in parent.glob("*") if path.name.isdigit()), default=0)
    if last and _is_unfinished(parent / str(last), options):
        return parent / str(last)
    return parent / str(last + 1)


def _is_unfinished(folder: Path, options: dict) -> bool:
    """Tell whether a folder holds a run of these options that has no result yet."""
    if (folder / "metrics.json").exists() or not (folder / "options.json").exists():
        return False
    try:
        there = json.loads((folder / "options.json").read_text(encoding="utf-8"))["options"]
    except (ValueError, KeyError, TypeError):  # Somebody else's file.
        return False
    return {**there, "run_dir": None} == {**options, "run_dir": None}


def write_json(path: Path, content: dict) -> None:
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


def _summary(metrics: dict, folder: Path) -> None:
    print("\nresult on the test part")
    for name, value in metrics.items():
        if isinstance(value, float):
            print(f"  {name:<28} {value:.4g}")
    print("files")
    for path in sorted(folder.glob("[!.]*")):
        print(f"  {path}")
    print(f"total time {time.perf_counter() - START:.0f} s")


def _remove_if_unused(made: list[Path]) -> None:
    """Remove the folders that this command made, deepest first, if nothing but its options was written."""
    with contextlib.suppress(OSError):
        if made and [path.name for path in made[0].iterdir()] == ["options.json"]:
            (made[0] / "options.json").unlink()
        for folder in made:  # `rmdir` leaves a folder that is not empty.
            folder.rmdir()


def _one_line(error: Exception) -> int:
    print(" ".join(str(error).split()), file=sys.stderr)
    return 2
