"""Parts that several builders share: dropout, batch normalisation, and a stack of dense layers."""

from collections.abc import Callable, Iterable

import keras

LAST = {"data_format": "channels_last"}
"""Of each layer that else takes it from Keras's global setting: the shapes of all builders end with the channels."""


def dropped(x, dropout: float):
    """Apply dropout, if the rate is above 0."""
    return keras.layers.Dropout(dropout)(x) if dropout else x


def batch_normalisation(name: str | None = None) -> keras.layers.Layer:
    """Return a batch normalisation whose averages follow a run of a few hundred steps; Keras's 0.99 lags behind."""
    return keras.layers.BatchNormalization(momentum=0.9, name=name)


def dense_layers(
    x, hidden_units: Iterable[int], activation: str | Callable | None, batch_norm: bool, dropout=0.0, regularizer=None
):
    """Apply dense layers, each followed by batch normalisation, the activation and dropout."""
    for units in hidden_units:
        x = keras.layers.Dense(units, use_bias=not batch_norm, kernel_regularizer=regularizer)(x)
        if batch_norm:
            x = batch_normalisation()(x)
        x = dropped(keras.layers.Activation(activation)(x), dropout)
    return x
