"""Train several autoencoders on the same batches at once, which takes less time than one after the other."""

import math


def joined(models: list, shape: tuple):
    """Return a Keras model of several models with the same input; its loss is the sum of theirs.

    Adam divides each weight's step by the size of that weight's own gradients, and no weight is shared: each model
    learns as it would alone.
    """
    import keras

    inputs = keras.Input(shape)
    return keras.Model(inputs, [model(inputs) for model in models])


def train(models: list, images, loss, *, rate: float, epochs: int, seed: int, batch_size: int = 100) -> None:
    """Train models that reconstruct their input, `joined` to one.

    Args:
        models: New models of `autoencoder` or `vae` with one input shape, each of another name.
        images: The training images.
        loss: A Keras loss, for all of them.
        rate: Learning rate at its highest; it rises in the first 15 % of the steps and falls to 0 as a cosine.
        epochs: Passes over the images.
        seed: Seed of the order of the images; that of the weights is set where the models are built.
        batch_size: Images a step.
    """
    import keras

    from dlguide import training
    from recipes._lib import schedules

    together = joined(models, images.shape[1:])
    steps = epochs * math.ceil(len(images) / batch_size)
    optimizer = keras.optimizers.Adam(schedules.one_cycle(rate, steps))
    # XLA would take longer to compile than these short trainings take.
    together.compile(optimizer, [loss] * len(models), steps_per_execution=min(20, steps // epochs), jit_compile=False)
    targets = (images,) * len(models)
    training.fit(together, images, targets, epochs=epochs, batch_size=batch_size, seed=seed, verbose=0)
