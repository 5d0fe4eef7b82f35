"""From a `main` to its command: options, errors, and what is printed at the end."""

import contextlib
import errno
import functools
import importlib.util
import inspect
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import recipes
from recipes._lib.runs import arguments, run_folder

NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC)
"""Errors of a machine that does not let a file be written: another user's folder, a full disk."""


def run(main: Callable[..., dict]) -> None:
    """Run a recipe as a command: its signature becomes the options, its module's docstring the help."""
    name = Path(inspect.getfile(main)).stem
    command = shlex.join(["python", "-m", f"recipes.{name}", *sys.argv[1:]])
    created: list[Path] = []
    folder = None
    try:
        options = recipe_options(main)
        arguments.check(options)
        if os.environ.get("KERAS_DISTRIBUTION_PROCESS_ID", "0") != "0":  # Process 0 has the run folder.
            with tempfile.TemporaryDirectory() as scratch:
                main(**{**options, "run_dir": scratch})
            return
        folder, created = run_folder.choose(name, options)
        print(f"{command}\nrun folder: {folder}", flush=True)
        options["run_dir"] = str(folder)
        # Known to the folder before the first step, so that a killed run is found again.
        saved = {"recipe": f"recipes.{name}", "command": command, "options": options}
        run_folder.write_json(folder / "options.json", saved)
        begin = time.perf_counter()
        metrics = main(**options)
        # The rest: data, metrics, baselines and pictures. A resumed run has trained in earlier processes too.
        rest = time.perf_counter() - begin - metrics["training_seconds"]
        metrics |= {"evaluation_seconds": rest} if rest > 0 else {}
        run_folder.write_json(folder / "metrics.json", metrics)
        _print_summary(metrics, folder)
    except Exception as error:
        run_folder.remove_if_unused(created)
        _exit_if_refused(error)
        raise
    except KeyboardInterrupt:
        files = {"search/search.db": "trials", "checkpoint.npz": "epochs"}
        found = [what for name, what in files.items() if folder is not None and (folder / name).exists()]
        kept = (
            f"All finished {' and '.join(found)} are kept. To resume" if found else "No epoch is kept. To start again"
        )
        print(f"\nInterrupted. {kept}: {command}", file=sys.stderr)
        sys.exit(130)


def run_tool(main: Callable, module: str | None = None) -> None:
    """Run a command that is no recipe: no run folder, the same errors. `module` is that of `main` without it."""
    try:
        main(**_parsed(main, module or f"recipes.{Path(inspect.getfile(main)).stem}"))
    except subprocess.CalledProcessError as error:  # It has said why.
        sys.exit(error.returncode)
    except Exception as error:
        _exit_if_refused(error)
        raise
    except KeyboardInterrupt:
        sys.exit(130)


def _exit_if_refused(error: Exception) -> None:
    """End in one line with status 2 if the error is a refusal. Everything else keeps its traceback."""
    if isinstance(error, OSError) and error.errno in NOT_WRITABLE and error.filename:
        print(f"{error.filename} cannot be written or read ({error.strerror})", file=sys.stderr)
        sys.exit(2)
    if is_refusal(error):
        print(" ".join(str(error).split()), file=sys.stderr)
        sys.exit(2)


def is_refusal(error: Exception) -> bool:
    """Tell whether an error is the user's, which the project itself has refused by `raise`.

    Everything else is a bug: the project's, Keras's, NumPy's.
    """
    raised_at = traceback.extract_tb(error.__traceback__)[-1]
    folders = [Path(importlib.util.find_spec(name).origin).parent for name in ("dlguide", "recipes")]
    is_ours = any(Path(raised_at.filename).is_relative_to(folder) for folder in folders)
    # A ValueError out of `zip(strict=True)` in a file of ours is no refusal.
    is_raised = raised_at.line.startswith("raise ")
    return isinstance(error, ValueError | OSError | FloatingPointError) and is_ours and is_raised


def recipe_options(main: Callable[..., dict]) -> dict:
    """Return the options of a recipe's command; `--help` has its docstring, and a sentence for each option."""
    module = inspect.getmodule(main)
    return _parsed(main, f"recipes.{Path(inspect.getfile(main)).stem}", module.__doc__, arguments.WORDS)


def _parsed(main: Callable, module: str, description: str | None = None, words: dict[str, str] | None = None) -> dict:
    """Return the options from the command line; what they mean is in `words`, else in the docstring of `main`."""
    import tyro

    @functools.wraps(main)
    def options(**given):
        return given

    if words is not None:
        names = [name for name in inspect.signature(main).parameters if name in words]
        options.__signature__ = inspect.signature(main)
        del options.__wrapped__  # tyro would read the docstring of `main`.
        options.__doc__ = "\n".join(["Options.\n\nArgs:", *(f"    {name}: {words[name]}" for name in names)])
    errors = io.StringIO()
    try:
        with contextlib.redirect_stderr(errors):
            return tyro.cli(options, prog=f"python -m {module}", description=description and _spaced(description))
    except SystemExit as stop:
        if not stop.code:
            raise
        sentence = _first_sentence(errors.getvalue())
        raise ValueError(f"{sentence} (options: python -m {module} --help)") from None


def _spaced(docstring: str) -> str:
    """Return a docstring with its lines `Data:`, `Baseline:` ... as paragraphs: tyro joins the lines of one."""
    return re.sub(r"\n(?=(Baseline|Result|Training): )", "\n\n", inspect.cleandoc(docstring))


def _first_sentence(box: str) -> str:
    """Return what stands in tyro's box between its title, the first line, and the next rule."""
    rows = []
    for row in re.sub(r"\x1b\[[0-9;]*m", "", box).splitlines()[1:]:
        if re.search(r"\w", row):
            rows.append(row.strip(" │|"))
        elif rows:
            break
    return " ".join(rows)


def _print_summary(metrics: dict, folder: Path) -> None:
    print("\nresult on the test set")
    for name, value in metrics.items():
        if isinstance(value, float):
            print(f"  {name:<28} {value:.4g}")
    print("files")
    for path in sorted(folder.glob("[!.]*")):
        print(f"  {path}")
    print(f"total time {time.perf_counter() - recipes.START:.0f} s")
