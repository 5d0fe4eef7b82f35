"""The winner of a search, trained again from new weights."""

import keras

from dlguide import data, training
from recipes._lib.search import optuna_search, scaled_data, search_space

NETWORKS = 3
"""The winner, that of the random search and the baseline are means of as many networks, for less chance in each."""


def seeds(seed: int) -> list[int]:
    """Return the seeds of the networks: that of the recipe, and others that no trial has."""
    return [(seed + 1000 * i) % 2**32 for i in range(NETWORKS)]


def trained_model(parameters: dict, splits: data.Splits, epochs: int, seed: int, run_dir: str | None = None):
    """Return the model of given parameters, trained from new weights, and its history."""
    keras.utils.set_random_seed(seed)
    model, batch_size = search_space.candidate(optuna_search.optuna.trial.FixedTrial(parameters), splits, epochs)
    options = {"epochs": epochs, "batch_size": batch_size, "seed": seed, "run_dir": run_dir}
    return model, training.fit(model, *splits.train, validation_data=splits.valid, **options)


def trained_mean(parameters: dict, splits: data.Splits, epochs: int, seeds, run_dir: str | None = None):
    """Return the mean of networks of given parameters, one for each seed, the networks and their histories."""
    trained = []
    for i, seed in enumerate(seeds):
        folder = f"{run_dir}/network_{i}" if run_dir and i else run_dir
        trained.append(trained_model(parameters, splits, epochs, seed, folder))
    networks, histories = zip(*trained, strict=True)
    return scaled_data.compiled(scaled_data.mean_of(networks)), networks, histories
