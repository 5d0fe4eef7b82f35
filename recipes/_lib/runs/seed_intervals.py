"""Confidence and prediction intervals over seeds, by Student's t."""

import statistics
from typing import NamedTuple


class Interval(NamedTuple):
    """A mean and the two ends of an interval around it."""

    mean: float
    low: float
    high: float


def mean_interval(values: list[float], share: float = 0.95) -> Interval:
    """Return the confidence interval of the mean."""
    return _interval(values, share, statistics.stdev(values) / len(values) ** 0.5)


def prediction_interval(values: list[float], share: float = 0.95) -> Interval:
    """Return the prediction interval for the score of one more seed."""
    return _interval(values, share, statistics.stdev(values) * (1 + 1 / len(values)) ** 0.5)


def detectable(values: list[float], seeds: int) -> float:
    """Return the smallest difference of two means, of so many seeds each, that a t test at 5 % calls significant."""
    from scipy import stats

    return float(stats.t.ppf(0.975, 2 * seeds - 2)) * statistics.stdev(values) * (2 / seeds) ** 0.5


def clipped(interval: Interval, bounds: tuple[float, float]) -> Interval:
    """Return the interval, cut at the bounds of a score: Student's t has no bounds."""
    return Interval(interval.mean, max(interval.low, bounds[0]), min(interval.high, bounds[1]))


def _interval(values: list[float], share: float, scale: float) -> Interval:
    from scipy import stats

    mean = statistics.fmean(values)
    if scale == 0:  # SciPy returns NaN.
        return Interval(mean, mean, mean)
    return Interval(mean, *map(float, stats.t.interval(share, len(values) - 1, loc=mean, scale=scale)))
