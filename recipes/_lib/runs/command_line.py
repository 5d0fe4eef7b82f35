"""From a `main` to its command: options, errors, and what is printed at the end."""

import builtins
import contextlib
import errno
import inspect
import io
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
    command = shlex.join(["python", "-m", f"recipes.{name}", *sys.argv[1:]])
    taken, folder, is_new = None, None, False
    # In a notebook, all that the process did before is no part of the command.
    start = time.perf_counter() if hasattr(builtins, "__IPYTHON__") else recipes.START
    with _mistakes_in_one_line():
        options = _parsed(main, f"recipes.{name}", inspect.getmodule(main).__doc__, recipe_list.content()["options"])
        arguments.check(options)
        import keras

        from recipes._lib.runs import run_files

        if os.environ.get("KERAS_DISTRIBUTION_NUM_PROCESSES", "1") != "1" and keras.backend.backend() == "jax":
            keras.distribution.initialize()
            keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))
        if os.environ.get("KERAS_DISTRIBUTION_PROCESS_ID", "0") != "0":  # Process 0 has the run folder.
            with tempfile.TemporaryDirectory() as scratch:
                main(**{**options, "run_dir": scratch})
            return
        try:
            taken = run_folder.choose(name, options)
            folder = taken.path
            print(f"{command}\nrun folder: {folder}", flush=True)
            options["run_dir"], is_new = str(folder), not (folder / "options.json").exists()
            # Written before the first step, so that a killed run is found again.
            saved = {"recipe": f"recipes.{name}", "command": command, "options": options}
            results.write_json(folder / "options.json", saved)
            begin = time.perf_counter() if is_new else None  # Else earlier processes have trained a part.
            result = main(**options)
            print("drawing the pictures", flush=True)
            metrics = run_files.save(result, folder, name, options, begin)
            print(f"\n{_report(folder)}")
            _print_summary(metrics, folder, start)
        except KeyboardInterrupt:
            if folder and (folder / "metrics.json").exists():
                report = shlex.join(["python", "-m", "recipes", "report", str(folder)])
                state = f"The run is finished: {folder / 'metrics.json'}. Its report: {report}"
            else:
                files = {"search/search.db": "finished trials", "**/checkpoint.npz": "saved epochs"}
                kept = " and ".join(what for file, what in files.items() if folder and any(folder.glob(file)))
                state = f"The {kept} are kept. To resume" if kept else "No epoch is kept. To start again"
                state += f": {command}"
            print(f"\nInterrupted. {state}", file=sys.stderr)
            sys.exit(130)
        except Exception:
            if is_new:
                run_folder.remove_if_unused(taken)
            raise
        finally:
            if taken:
                taken.lock.release()


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
        _end(" ".join(str(error).split()))


def _end(sentence: str) -> None:
    print(sentence, file=sys.stderr)
    sys.exit(2)


def _parsed(main: Callable, module: str, help_text: str | None = None, words: dict[str, str] | None = None) -> dict:
    """Return the options from the command line; `words`, else the docstring of `main`, say what they mean."""
    try:
        import tyro
    except ModuleNotFoundError:
        _end('The recipes need the extra "recipes": pip install -e ".[recipes]"')

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
    box = io.StringIO()
    try:
        with contextlib.redirect_stderr(box):
            return tyro.cli(options, prog=f"python -m {module}", description=paragraphs)
    except SystemExit as stop:
        if not stop.code:
            raise
        # The lines between the title of tyro's box and its next rule.
        lines = re.split("[─-]{3,}", re.sub(r"\x1b\[[0-9;]*m", "", box.getvalue()))[1].splitlines()
        sentence = " ".join(line.strip(" │|╮+") for line in lines)
        _end(f"{sentence.strip()} (options: python -m {module} --help)")


def _report(folder: Path) -> str:
    """Write the report of a run; return where it lies. The result is safe in its file whatever happens here."""
    try:
        from recipes._lib.reports import run_report

        return f"report: {run_report.write(folder)}"
    except Exception as error:
        reason = " ".join(str(error).split())
        command = shlex.join(["python", "-m", "recipes", "report", str(folder)])
        return f"report: not written ({type(error).__name__}: {reason}). To write it: {command}"


def _print_summary(metrics: dict, folder: Path, start: float) -> None:
    print("result on the test set")
    for name, value in metrics.items():
        if isinstance(value, float):
            print(f"  {name:<28} {value:.4g}")
    print("files")
    for path in sorted(folder.glob("[!.]*")):
        print(f"  {path}")
    print(f"total time {time.perf_counter() - start:.0f} s")
