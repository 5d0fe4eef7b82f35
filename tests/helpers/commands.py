"""Python, or a command of the project, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def process(*args, cwd=None, **environment) -> subprocess.CompletedProcess:
    """Run Python with arguments and further variables of the environment."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    command = [sys.executable, *map(str, args)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def python(*args, **environment) -> str:
    """Return what Python prints, which must end well."""
    done = process(*args, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def command(*args, cwd=None) -> subprocess.CompletedProcess:
    return process("-m", *args, cwd=cwd, KERAS_BACKEND="tensorflow")
