"""New processes: one with a backend of its own, and one that runs a recipe."""

import json
import subprocess
import sys
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
