"""What a search is compared with: the builders as they are."""

from collections.abc import Callable, Sequence

import keras

from dlguide import data, training
from recipes._lib.search import scaled_data

PATIENCE = 40
"""A training stops after as many epochs without a lower validation loss; 20 are too few for batch normalisation."""


def default_model(builders: dict[str, Callable], splits: data.Splits, epochs: int, seeds: Sequence[int]) -> keras.Model:
    """Return the mean of networks with all defaults, one for each seed, of the builder with the lowest validation loss.

    The first seed chooses the builder. Each network is trained by Adam with its defaults for at most `epochs` epochs,
    stops early, and keeps the weights of its lowest validation loss.
    """
    first = [_trained(build, splits, epochs, seeds[0]) for build in builders.values()]
    chosen = min(range(len(first)), key=lambda i: first[i][0])
    build = list(builders.values())[chosen]
    networks = [first[chosen][1], *(_trained(build, splits, epochs, seed)[1] for seed in seeds[1:])]
    return scaled_data.compiled(scaled_data.mean_of(networks))


def _trained(build: Callable, splits: data.Splits, epochs: int, seed: int) -> tuple[float, keras.Model]:
    """Return the lowest validation loss of a network, and the network."""
    keras.utils.set_random_seed(seed)
    model = scaled_data.compiled(build(splits.train.x.shape[1:], splits.info.num_classes or 1))
    options = {"epochs": epochs, "patience": PATIENCE, "batch_size": 32, "seed": seed, "verbose": 0}
    history = training.fit(model, *splits.train, validation_data=splits.valid, **options)
    return min(history.history["val_loss"]), model
