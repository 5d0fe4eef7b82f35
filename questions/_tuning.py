"""Settings that are chosen on validation data, with the same effort for every row."""

import statistics
from collections.abc import Callable, Iterable, Sequence

import numpy as np

SEEDS = (100, 101, 102)
"""Seeds of the choice: none of them is published."""


def search(rows: Iterable[str], grid: Sequence[float], score: Callable, *more, **options) -> dict:
    """Return `{row: {setting: mean score}}`: each row tries the whole grid.

    `score(row, setting, seed, *more, **options)` validates: it returns a number, or one for each example.
    """
    rows, found = list(rows), {}

    def mean(row: str, setting: float) -> float:
        return statistics.fmean(float(np.mean(score(row, setting, seed, *more, **options))) for seed in SEEDS)

    for number, row in enumerate(rows, 1):
        print(f"choosing, {number} of {len(rows)}: {row}", flush=True)
        found[row] = {f"{setting:g}": mean(row, setting) for setting in grid}
    return found


def best(tries: dict[str, float], lower: bool = False) -> float:
    """Return the setting with the best validation score; of equal ones the middle one, the smaller of two."""
    score = (min if lower else max)(tries.values())
    equal = sorted(float(setting) for setting, value in tries.items() if value == score)
    return equal[(len(equal) - 1) // 2]


def all_best(choice: dict[str, dict[str, float]], lower: bool = False) -> dict[str, float]:
    """Return the best setting of each row of a choice."""
    return {row: best(tries, lower) for row, tries in choice.items()}


def is_at_an_end(tries: dict[str, float], lower: bool = False) -> bool:
    """Return whether the best setting is the smallest or the largest one that was tried."""
    settings = sorted(map(float, tries))
    return best(tries, lower) in (settings[0], settings[-1])
