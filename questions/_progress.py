"""A line while an experiment runs: which seed, what is trained, how long it still takes."""

import contextlib
import sys
import time
from collections.abc import Callable

EVERY = 5.0
"""Seconds between two lines in a file; a terminal has one line, which is written anew."""
CLEAR = "\r\x1b[K"
_shown: list["Progress"] = []


class Progress:
    """How far a run is; `expected` are the seconds of a seed in the published run, None where there is none."""

    def __init__(self, seeds: int, expected: float | None, name: Callable[[str], str]):
        self.seeds, self.expected, self.name = seeds, expected, name
        self.start = time.perf_counter()
        self.done, self.at_seed, self.at_line = 0, self.start, -EVERY

    def show(self, what: str = "") -> None:
        now = time.perf_counter()
        if not sys.stdout.isatty() and now - self.at_line < EVERY:
            return
        self.at_line = now
        seconds = (self.at_seed - self.start) / self.done if self.done else self.expected
        text = f"measuring seed {self.done + 1} of {self.seeds}"
        if seconds is not None:
            left = seconds * (self.seeds - self.done - 1) + max(0.0, seconds - (now - self.at_seed))
            text += f", about {left:.0f} s left"
        text += what and f": {self.name(what)}"
        print(f"{CLEAR}{text}" if sys.stdout.isatty() else f"{text}\n", end="", flush=True)

    def end_seed(self) -> None:
        """Count a seed as measured, and make room for its line."""
        self.done, self.at_seed = self.done + 1, time.perf_counter()
        print(CLEAR if sys.stdout.isatty() else "", end="")


@contextlib.contextmanager
def shown(progress: Progress):
    """Let `training` show the progress in the block, which measures a seed."""
    _shown.append(progress)
    try:
        progress.show()
        yield
        progress.end_seed()
    finally:
        _shown.pop()


def training(*what: object) -> None:
    """Say what is trained now, by the key of a row or in words; nothing where no progress is shown."""
    if _shown:
        _shown[-1].show(" ".join(str(part) for part in what if isinstance(part, str | int | float)))
