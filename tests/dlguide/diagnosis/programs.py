"""Small programs for the tests of the diagnosis: data of each kind, a short way to a compiled model, and to checks."""

import dataclasses

import keras
import numpy as np

from dlguide.diagnosis._check import CONTRADICTIONS, PROVED
from dlguide.diagnosis._program import program_of

L, ADAM, SGD = keras.layers, keras.optimizers.Adam, keras.optimizers.SGD
RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 4)).astype("float32")
BINARY = (X[:, 0] + X[:, 1] > 0).astype("int64")
CLASSES = np.digitize(X[:, 0], [-0.43, 0.43])  # Three of about the same size.
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]
LABELS = (X[:, :3] > 0).astype("float32")
NUMBERS = (X @ [1, -1, 0.5, 0]).astype("float32")
STEPS = RNG.normal(size=(400, 5, 4)).astype("float32")
IMAGES = RNG.random((400, 6, 6, 1)).astype("float32")
LOSSES = {"bce": "binary_crossentropy", "cce": "categorical_crossentropy", "sparse": "sparse_categorical_crossentropy"}


def program(layers, loss, x=X, y=None, optimizer="adam", metrics=(), **options) -> tuple:
    """Return what `check` takes: a compiled model of some layers, x and y, and the options of `fit`."""
    model = layers if isinstance(layers, keras.Model) else keras.Sequential([keras.Input(x.shape[1:]), *layers])
    model.compile(optimizer, LOSSES.get(loss, loss) if isinstance(loss, str) else loss, metrics=list(metrics))
    return model, x, y, options


def of_numbers(*layers, y=NUMBERS, loss="mse", **options):
    return program([*layers, dense()], loss, y=y, **options)


def of_two(*layers, activation="sigmoid", y=BINARY, loss="bce", **options):
    return program([*layers, dense(1, activation)], loss, y=y, **options)


def of_classes(loss="sparse", y=CLASSES, activation="softmax", units=3, **options):
    return program([dense(units, activation)], loss, y=y, **options)


def dense(units=1, activation=None, **options):
    return L.Dense(units, activation=activation, **options)


def hidden(activation="relu", units=8, **options):
    return L.Dense(units, activation=activation, **options)


def seen(made: tuple, **fields):
    """Return the program that `program` has made as the checks see it, perhaps with other fields."""
    model, x, y, options = made
    return dataclasses.replace(program_of(model, x, y, **options), **fields)


def suspicions(as_seen, checks=CONTRADICTIONS) -> list:
    """Return what checks suspect of a program; nothing is trained."""
    return [each for check in checks for each in check(as_seen)]


def all_suspicions(as_seen) -> list:
    return suspicions(as_seen, tuple(dict.fromkeys(CONTRADICTIONS + PROVED)))
