"""Learning rates that change from step to step, with SGD and Adam as in Keras, for the networks in NumPy."""

import math
from collections.abc import Callable

import numpy as np

from questions import _network

WARM, STAIRS = 0.1, (0.5, 0.75)
"""Share of the steps in which the rate rises; those after which it falls to a tenth."""
WAIT, FALL = 3, 0.3
"""Passes without a lower validation loss, after which the rate falls by this factor."""


def share(schedule: str, step: int, steps: int) -> float:
    """Return the learning rate of a step as a share of the largest one."""
    rising = min(1, (step + 1) / (WARM * steps)) if schedule.startswith("warm") else 1
    if schedule == "stairs":
        return 0.1 ** sum(step >= part * steps for part in STAIRS)
    return rising * ((1 + math.cos(math.pi * step / steps)) / 2 if schedule.endswith("cosine") else 1)


def change(optimizer: str, memory: np.ndarray, gradient: np.ndarray, rate: float, number: int) -> np.ndarray:
    """Return what a step of Keras's SGD with momentum 0.9, or of its Adam, adds to the weights.

    The memory, which starts with zeros, is changed in place. The first step has the number 1.
    """
    if optimizer == "momentum":
        memory[0] = 0.9 * memory[0] - rate * gradient
        return memory[0]
    memory[0] += 0.1 * (gradient - memory[0])
    memory[1] += 0.001 * (gradient * gradient - memory[1])
    rate *= math.sqrt(1 - 0.999**number) / (1 - 0.9**number)
    return -rate * memory[0] / (np.sqrt(memory[1]) + 1e-7)


class Plateau:
    """The factor of a rate that falls when the validation loss has had no new minimum for some passes."""

    def __init__(self):
        self.factor, self._lowest, self._waited = 1.0, math.inf, 0

    def look(self, loss: float) -> None:
        """Take the loss after one more pass."""
        self._waited = 0 if loss < self._lowest else self._waited + 1
        self._lowest = min(loss, self._lowest)
        if self._waited == WAIT:
            self.factor, self._waited = FALL * self.factor, 0


def train(
    weights: np.ndarray, views: list, gradient: Callable, parts, *, optimizer, schedule, rate, passes, batch_size, seed
) -> None:
    """Change the weights in place: by the last ones, or with the schedule "average" by their moving average.

    `views` are the layers of the weights, `parts` the training set and the validation set, which "plateau" looks at.
    """
    examples, valid = parts
    memory, average, plateau = np.zeros((2, len(weights)), "float32"), weights.copy(), Plateau()
    a_pass = len(examples[0]) // batch_size
    steps = passes * a_pass
    with np.errstate(all="ignore"):  # A rate that is too large ends in infinity.
        for step, batch in enumerate(_network.batches(*examples, batch_size, seed, 0, steps)):
            if schedule == "plateau" and step and step % a_pass == 0:
                plateau.look(_network.scores(views, *valid)[0])
            now = rate * plateau.factor * share(schedule, step, steps)
            weights += change(optimizer, memory, gradient(views, *batch), now, step + 1)
            if schedule == "average":
                average += 0.01 * (weights - average)  # Keras's `use_ema=True`.
    if schedule == "average":
        weights[:] = average
