"""A data set as a search needs it, and a model compiled for it."""

from collections.abc import Callable, Sequence

import keras
import numpy as np

from dlguide import data


def load(name: str, limit: int | None = None, seed: int = 0) -> tuple[data.Splits, Callable]:
    """Return a data set, and the function that does to its test set what was done to the other two.

    By the training set, the features of a table get the range [0, 1], and the numbers to predict mean 0 and standard
    deviation 1.
    """
    splits = data.load(name, limit=limit, seed=seed)
    if splits.info.num_classes:
        return splits, lambda part: part
    x, y = splits.train
    lowest, width = x.min(axis=0), np.ptp(x, axis=0)
    width[width == 0] = 1
    mean, scale = float(y.mean()), float(y.std())

    def scaled(part: data.Part) -> data.Part:
        return data.Part((part.x - lowest) / width, ((part.y - mean) / scale)[:, None])

    features = {"feature_mean": tuple(lowest.tolist()), "feature_scale": tuple(width.tolist())}
    info = splits.info._replace(mean=mean, scale=scale, **features)
    return splits._replace(train=scaled(splits.train), valid=scaled(splits.valid), info=info), scaled


def compiled(model: keras.Model, optimizer="adam") -> keras.Model:
    """Compile a model for classes, or for a number if it has one output."""
    if model.output_shape[-1] == 1:
        model.compile(optimizer, "mse", metrics=["r2_score"])
    else:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer, loss, metrics=["accuracy"])
    return model


def mean_of(networks: Sequence[keras.Model]) -> keras.Model:
    """Return the mean of networks of one input: of their logits, or of the numbers they predict."""
    for i, network in enumerate(networks):
        network.name = f"network_{i}"
    inputs = keras.Input(networks[0].input_shape[1:])
    outputs = keras.layers.Average()([network(inputs) for network in networks])
    return keras.Model(inputs, outputs, name="mean_of_networks")
