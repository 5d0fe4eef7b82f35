"""Settings that are chosen on validation data, with the same effort for every row."""

from collections.abc import Callable, Iterable, Sequence


def search(rows: Iterable[str], grid: Sequence[float], score: Callable[[str, float], float]) -> dict:
    """Return `{row: {setting: validation score}}`: each row tries the whole grid."""
    return {row: {f"{value:g}": score(row, value) for value in grid} for row in rows}


def best(tries: dict[str, float], lower: bool = False) -> float:
    """Return the setting with the best validation score, out of a row of the choice."""
    return float((min if lower else max)(tries, key=tries.get))


def is_at_an_end(tries: dict[str, float], lower: bool = False) -> bool:
    """Return whether the best setting is the smallest or the largest one that was tried."""
    settings = sorted(map(float, tries))
    return best(tries, lower) in (settings[0], settings[-1])
