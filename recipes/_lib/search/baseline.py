"""What a search is compared with: the builders as they are."""

from collections.abc import Callable

import keras

from dlguide import data, training
from recipes._lib.search import scaled_data

PATIENCE = 40
"""A training stops after as many epochs without a lower validation loss; 20 are too few for batch normalisation."""


def default_model(builders: dict[str, Callable], splits: data.Splits, epochs: int, seed: int) -> keras.Model:
    """Return the best by validation loss of the builders with their defaults, each trained by Adam with its defaults.

    Each has at most `epochs` epochs, stops early, and keeps the weights of its lowest validation loss.
    """
    trained = []
    for build in builders.values():
        keras.utils.set_random_seed(seed)
        model = scaled_data.compiled(build(splits.train.x.shape[1:], splits.info.num_classes or 1))
        options = {"epochs": epochs, "patience": PATIENCE, "batch_size": 32, "seed": seed, "verbose": 0}
        history = training.fit(model, *splits.train, validation_data=splits.valid, **options)
        trained.append((min(history.history["val_loss"]), model))
    return min(trained, key=lambda pair: pair[0])[1]
