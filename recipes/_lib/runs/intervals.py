"""Means and ranges over seeds by Student's t."""

import statistics
from typing import NamedTuple


class Interval(NamedTuple):
    """A mean and the two ends of a range around it."""

    mean: float
    low: float
    high: float


def mean_interval(values: list[float], share: float = 0.95) -> Interval:
    """Return the confidence interval of the mean."""
    return _interval(values, share, statistics.stdev(values) / len(values) ** 0.5)


def new_seed_range(values: list[float], share: float = 0.95) -> Interval:
    """Return the range in which the score of one more seed falls in that share of the cases."""
    return _interval(values, share, statistics.stdev(values) * (1 + 1 / len(values)) ** 0.5)


def clipped(interval: Interval, bounds: tuple[float, float]) -> Interval:
    """Return the interval without what lies beyond the bounds of a score: Student's t knows none."""
    lowest, highest = bounds
    return Interval(interval.mean, max(interval.low, lowest), min(interval.high, highest))


def _interval(values: list[float], share: float, scale: float) -> Interval:
    from scipy import stats

    mean = statistics.fmean(values)
    if scale == 0:  # Of equal values SciPy makes NaN.
        return Interval(mean, mean, mean)
    low, high = stats.t.interval(share, len(values) - 1, loc=mean, scale=scale)
    return Interval(mean, float(low), float(high))
