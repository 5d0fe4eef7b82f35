"""What the peers share."""

import time

import numpy as np


def timed(function, *arguments, **options) -> tuple:
    """Return what a function returns, and the seconds that it took."""
    start = time.perf_counter()
    result = function(*arguments, **options)
    return result, time.perf_counter() - start


def flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1)


def accuracy(predicted, expected) -> float:
    return float(np.mean(np.asarray(predicted) == expected))
