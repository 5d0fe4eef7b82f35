"""How much processor time a training step takes in Keras: compilation is excluded, and the batch sizes take turns."""

import functools
import time
from collections.abc import Sequence

import keras
import numpy as np

from dlguide import mlp
from questions import _network


@functools.cache
def _model(sizes: Sequence[int]):
    """Return a compiled network that does 100 steps in one call, as `training.fit` does in a long run."""
    model = mlp(sizes[:1], sizes[-1], hidden_units=sizes[1:-1])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.001), loss, steps_per_execution=100, jit_compile=False)
    return model


def in_turns(fits: dict, steps: dict, rounds: int) -> dict:
    """Return the seconds of a step of each training: the median of rounds, in which the trainings take turns.

    Processor time does not count the time in which other programs have the core. It is taken within the epoch: what
    `fit` does before and after it, once, is excluded. `fits` has functions that call `model.fit` for one epoch with the
    options that they are given, `steps` the number of steps of that epoch.
    """
    seconds, times = {key: [] for key in fits}, []
    watch = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: times.append(time.process_time()),
        on_epoch_end=lambda epoch, logs: times.append(time.process_time()),
    )
    for turn in range(rounds + 1):
        for key, fit in fits.items():
            fit(shuffle=False, verbose=0, callbacks=[watch])
            if turn:  # The first turn traces and compiles.
                seconds[key].append((times[-1] - times[-2]) / steps[key])
    return {key: float(np.median(found)) for key, found in seconds.items()}


def seconds_a_step(sizes, x, y, steps: dict[int, int], rounds: int) -> dict[int, float]:
    """Return the seconds of a step with each batch size; `steps` has the steps of a round."""
    model, fits = _model(tuple(sizes)), {}
    for batch_size, number in steps.items():
        drawn = list(_network.batches(x, y, batch_size, 0, 0, number))
        arrays = [np.concatenate(parts) for parts in zip(*drawn, strict=True)]
        fits[batch_size] = functools.partial(model.fit, *arrays, batch_size=batch_size)
    return in_turns(fits, steps, rounds)
