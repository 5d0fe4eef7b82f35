"""Train several autoencoders on the same batches at once, which takes less time than one after the other."""

import math

import keras

from dlguide import training
from questions import _progress
from recipes._lib import schedules


def train(models: list, images, loss, *, rate: float, epochs: int, seed: int, batch_size: int = 100) -> None:
    """Train models that reconstruct their input as one model whose loss is the sum of theirs.

    Adam divides each weight's step by the size of that weight's own gradients, and no weight is shared: each model
    learns as it would alone. The learning rate rises to `rate` in the first 15 % of the steps and falls to 0 as a
    cosine. `seed` is that of the order of the images; that of the weights is set where the models are built.
    """
    inputs = keras.Input(images.shape[1:])
    together = keras.Model(inputs, [model(inputs) for model in models])
    steps = epochs * math.ceil(len(images) / batch_size)
    optimizer = keras.optimizers.Adam(schedules.one_cycle(rate, steps))
    # XLA would take longer to compile than these short trainings take.
    together.compile(optimizer, [loss] * len(models), steps_per_execution=min(20, steps // epochs), jit_compile=False)
    targets = (images,) * len(models)
    _progress.training(len(models), "autoencoders at once")
    training.fit(together, images, targets, epochs=epochs, batch_size=batch_size, seed=seed, verbose=0)
