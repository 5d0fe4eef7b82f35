"""A call that is refused, and Python in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def refusal(call, *args, **options) -> str:
    """Return the sentence with which a call is refused."""
    with pytest.raises(ValueError) as error:
        call(*args, **options)
    return str(error.value)


def refusals(rows):
    """Return a test of calls, each with the whole sentence with which it is refused."""

    @pytest.mark.parametrize(("call", "message"), rows, ids=range(len(rows)))
    def test(call, message):
        assert refusal(call) == message

    return test


def python(*args, **environment) -> str:
    """Return what Python prints, which must end well."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environment}
    command = [sys.executable, *map(str, args)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
