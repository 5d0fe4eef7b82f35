"""What a search is compared with, all with default settings: the builders as they are, and gradient boosting."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import accuracy_score, r2_score

from dlguide import data, training
from recipes._lib.search import scaled_data

PATIENCE = 40
"""A training stops after as many epochs without a lower validation loss; 20 are too few for batch normalisation."""


def default_model(builders: dict[str, Callable], splits: data.Splits, epochs: int, seeds: Sequence[int]) -> keras.Model:
    """Return the mean of networks with all defaults, one for each seed, of the builder with the lowest validation loss.

    The first seed chooses the builder. Each network is trained by Adam with its defaults for at most `epochs` epochs,
    stops early, and keeps the weights of its lowest validation loss.
    """
    trained = [(build, *_trained(build, splits, epochs, seeds[0])) for build in builders.values()]
    build, _, first = min(trained, key=lambda each: each[1])
    networks = [first, *(_trained(build, splits, epochs, seed)[1] for seed in seeds[1:])]
    return scaled_data.compiled(scaled_data.mean_of(networks))


def _trained(build: Callable, splits: data.Splits, epochs: int, seed: int) -> tuple[float, keras.Model]:
    """Return the lowest validation loss of a network, and the network."""
    keras.utils.set_random_seed(seed)
    model = scaled_data.compiled(build(splits.train.x.shape[1:], splits.info.num_classes or 1))
    options = {"epochs": epochs, "patience": PATIENCE, "batch_size": 32, "seed": seed, "verbose": 0}
    history = training.fit(model, *splits.train, validation_data=splits.valid, **options)
    return min(history.history["val_loss"]), model


def boosting_score(splits: data.Splits, seed: int, rounds: int = 500) -> float:
    """Return the test accuracy, or the R² of a number, of gradient boosting with the rounds that validation chooses."""
    kind, score = HistGradientBoostingRegressor, r2_score
    if splits.info.num_classes:
        kind, score = HistGradientBoostingClassifier, accuracy_score
    train, valid, test = (data.Part(part.x.reshape(len(part.x), -1), part.y.ravel()) for part in splits[:3])
    model = kind(max_iter=rounds, early_stopping=False, random_state=seed).fit(*train)
    best = np.argmax([score(valid.y, predicted) for predicted in model.staged_predict(valid.x)])
    return float(score(test.y, list(model.staged_predict(test.x))[best]))
