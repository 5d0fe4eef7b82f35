"""New processes: one with a backend of its own, one that runs a recipe, and one that runs a program of `programs/`."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from recipes._lib.search import trial_process


def start(backend: str = "tensorflow"):
    """Open a process with a backend; the block gets `call(function, *args)` from `trial_process.opened`."""
    return trial_process.opened(KERAS_BACKEND=backend, TF_CPP_MIN_LOG_LEVEL="3")


def run_recipe(name: str, run_dir: Path, **options) -> dict:
    """Return the metrics of a run; if it is not finished, run or resume it by the recipe's own command."""
    file = run_dir / "metrics.json"
    if not file.exists():
        arguments = [f"--{option}={value}" for option, value in {**options, "run-dir": run_dir}.items()]
        subprocess.run([sys.executable, "-m", f"recipes.{name}", *arguments], check=True, stdout=subprocess.DEVNULL)
    return json.loads(file.read_text(encoding="utf-8"))


def run_program(name: str, seed: int, *options: str, **environment: str) -> tuple[float, list[str]]:
    """Return the seconds from the start of a program until it prints its result, and the words of that line."""
    command = [sys.executable, "-m", f"tools.benchmarks.programs.{name}", str(seed), *options]
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as log:
        with subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process:
            line = process.stdout.readline()  # Python's own end, after the last line, does not count.
            seconds = time.perf_counter() - start
        if process.returncode:
            log.seek(0)
            print(log.read(), file=sys.stderr)
            raise subprocess.CalledProcessError(process.returncode, command)
    return seconds, line.split()
