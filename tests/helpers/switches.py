"""The switches of the tests, environment variables: tests/README.md has a table of them."""

import os
from collections.abc import Iterable

import pytest

SECONDS = float(os.environ.get("DLGUIDE_TESTS", 0))
"""How much runs: thorough tests that take up to so many seconds; 0 leaves all of them out."""
KILLS = os.environ.get("DLGUIDE_KILLS", "")
"""How often a run of each model is killed: a number, or NUMBER:SEED to repeat the moments of a seed; "" is twice."""
SNAPSHOT = os.environ.get("DLGUIDE_SNAPSHOT", "")
"""`write` writes the sentences of refused calls into `dlguide/sentences.txt` instead of comparing them."""


def quick(rows: Iterable, *names, seconds: float = 1) -> list:
    """Return the rows of a table as parameters of a test; those that are not named are thorough, and take so long."""
    values, thorough = {row: row if isinstance(row, tuple) else (row,) for row in rows}, pytest.mark.thorough
    return [pytest.param(*values[row], marks=[thorough(seconds=seconds)] * (row not in names)) for row in values]
