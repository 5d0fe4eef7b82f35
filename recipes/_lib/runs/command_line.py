"""From a `main` to its command: options, errors, and what is printed at the end."""

import builtins
import contextlib
import errno
import inspect
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import recipes
from recipes._lib.result import Result
from recipes._lib.runs import arguments, recipe_list, results, run_folder

NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC)  # Another user's folder, a full disk.


def run(main: Callable[..., Result]) -> None:
    """Run a recipe as a command: its signature becomes the options, its module's docstring the help."""
    name = Path(inspect.getfile(main)).stem
    # In a notebook, all that the process did before is no part of the command.
    start = time.perf_counter() if hasattr(builtins, "__IPYTHON__") else recipes.START
    with _mistakes_in_one_line():
        options = _parsed(main, f"recipes.{name}", inspect.getmodule(main).__doc__, recipe_list.content()["options"])
        arguments.check(options)
        import keras

        if os.environ.get("KERAS_DISTRIBUTION_NUM_PROCESSES", "1") != "1" and keras.backend.backend() == "jax":
            keras.distribution.initialize()
            keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))
        if os.environ.get("KERAS_DISTRIBUTION_PROCESS_ID", "0") != "0":  # Process 0 has the run folder.
            with tempfile.TemporaryDirectory() as scratch:
                main(**{**options, "run_dir": scratch})
            return
        folder, created = run_folder.choose(name, options)
        is_new = not (folder / "options.json").exists()
        try:
            # Of a resumed run, earlier processes have trained a part.
            _run_in(folder, main, name, options, start, time.perf_counter() if is_new else None)
        except Exception:
            if is_new:
                run_folder.remove_if_unused(folder, created)
            raise


def _run_in(folder: Path, main: Callable, name: str, options: dict, start: float, begin: float | None) -> None:
    """Run a recipe in its folder, and print the result, or how to resume it."""
    from recipes._lib.runs import run_files

    named = sys.argv[1:] if options["run_dir"] else [*sys.argv[1:], "--run-dir", str(folder)]
    command = shlex.join(["python", "-m", f"recipes.{name}", *named])
    print(f"run folder: {folder}", flush=True)
    options["run_dir"] = str(folder)
    # Written before the first step: a resumed run is compared with it.
    saved = {"recipe": f"recipes.{name}", "command": command, "options": options}
    results.write_json(folder / "options.json", saved)
    try:
        result = main(**options)
        print("drawing the pictures", flush=True)
        metrics = run_files.save(result, folder, name, options, begin)
    except KeyboardInterrupt:
        print(f"\nInterrupted. To resume: {command}", file=sys.stderr)
        sys.exit(130)
    print("result on the test set")
    for key, value in metrics.items():
        if isinstance(value, float):
            print(f"  {key:<28} {value:.4g}")
    if name in recipe_list.names():
        print(f"published, with the recipe's options: {results.headline(recipe_list.row_of(name, options))}")
    print("files", *sorted(folder.glob("[!.]*")), sep="\n  ")
    print(f"total time {time.perf_counter() - start:.0f} s")


def run_tool(main: Callable, module: str | None = None) -> None:
    """Run a command without a run folder; its name is that of the module of `main`, or is given."""
    with _mistakes_in_one_line():
        options = _parsed(main, module or inspect.getmodule(main).__spec__.name.removesuffix(".__main__"))
        try:
            main(**options)
        except subprocess.CalledProcessError as error:  # That command has said why.
            sys.exit(error.returncode)
        except KeyboardInterrupt:
            sys.exit(130)


@contextlib.contextmanager
def _mistakes_in_one_line():
    """End with one line and status 2 at a user's mistake or a limit of the machine; a bug keeps its traceback."""
    try:
        yield
    except Exception as error:
        # A FloatingPointError is a non-finite loss. An OSError without a number is the project's: a missing data set.
        is_own = isinstance(error, ValueError) and any(words in str(error) for words in (" must ", "pip install"))
        is_mistake = is_own or isinstance(error, FloatingPointError)
        if not is_mistake and not (isinstance(error, OSError) and error.errno in (None, *NOT_WRITABLE)):
            raise
        print(" ".join(str(error).split()), file=sys.stderr)
        sys.exit(2)


def _parsed(main: Callable, module: str, help_text: str | None = None, words: dict[str, str] | None = None) -> dict:
    """Return the options from the command line; `words`, else the docstring of `main`, say what they mean."""
    try:
        import tyro
    except ModuleNotFoundError:
        raise ValueError('The recipes need the extra "recipes": pip install -e ".[recipes]"') from None

    def options(**given):
        return given

    options.__doc__, options.__signature__ = main.__doc__, inspect.signature(main)
    for name, parameter in options.__signature__.parameters.items():
        shown = [tyro.conf.arg(help=words[name])] if words else []
        if parameter.kind is not parameter.KEYWORD_ONLY:
            shown += [tyro.conf.Positional, tyro.conf.arg(metavar=name.upper(), help_behavior_hint="")]
        options.__annotations__[name] = Annotated[parameter.annotation, *shown] if shown else parameter.annotation
    # tyro joins the lines of a paragraph.
    starts = r"\n(?=(Baseline|Result|Training|With --[^:\n]+): )"
    paragraphs = help_text and re.sub(starts, "\n\n", inspect.cleandoc(help_text))
    return tyro.cli(options, prog=f"python -m {module}", description=paragraphs)
