"""Programs without a fault that look like one with a fault: no check may call them a contradiction."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.diagnosis_programs import (
    BINARY,
    CLASSES,
    IMAGES,
    LABELS,
    NUMBERS,
    ONE_HOT,
    STEPS,
    L,
    X,
    dense,
    functional,
    hidden,
    program,
    seen,
    suspicions,
)

pytestmark = pytest.mark.one_backend
losses = keras.losses
MASKS = np.digitize(IMAGES, [0.33, 0.66])
BITS = (IMAGES > 0.5).astype("int64")
TAGS = np.digitize(STEPS[..., 0], [-0.43, 0.43])


def own_softmax(x):
    return keras.ops.softmax(x)


def squared(y, predicted):
    return keras.ops.mean(keras.ops.square(y - predicted), axis=-1)


class Own(keras.Model):
    """A model whose layers do not show what it gives."""

    def __init__(self):
        super().__init__()
        self.dense = L.Dense(3)

    def call(self, x):
        return keras.ops.softmax(self.dense(x))


def image(units, activation=None):
    return L.Conv2D(units, 3, padding="same", activation=activation)


def steps(*after):
    return [L.LSTM(4, return_sequences=True), *after]


ACTIVATIONS = {
    "a softmax of keras.ops": lambda: program(functional(dense(3), keras.ops.softmax), "sparse", y=CLASSES),
    "a sigmoid of keras.ops": lambda: program(functional(dense(), keras.ops.sigmoid), "bce", y=BINARY),
    "the softmax of TensorFlow": lambda: program([dense(3, tf.nn.softmax)], "sparse", y=CLASSES),
    "the sigmoid of TensorFlow": lambda: program([dense(1, tf.nn.sigmoid)], "bce", y=BINARY),
    "a softmax of one's own": lambda: program([dense(3, own_softmax)], "sparse", y=CLASSES),
    "a softmax in a Lambda": lambda: program([dense(3), L.Lambda(own_softmax)], "sparse", y=CLASSES),
    "a softmax in a model of one's own": lambda: program(Own(), "sparse", y=CLASSES),
    "a layer of softmax": lambda: program([dense(3), L.Softmax()], "sparse", y=CLASSES),
    "pooling before the softmax": lambda: program(
        [image(3), L.GlobalAveragePooling2D(), L.Softmax()], "sparse", IMAGES, CLASSES
    ),
    "logits": lambda: program([dense(3)], losses.SparseCategoricalCrossentropy(from_logits=True), y=CLASSES),
    "logits of two classes": lambda: program([dense()], losses.BinaryCrossentropy(from_logits=True), y=BINARY),
    "positive numbers of a softplus": lambda: program([dense(1, "softplus")], "mse", y=abs(NUMBERS)),
    "counts": lambda: program([dense(1, "exponential")], "poisson", y=np.round(abs(3 * NUMBERS))),
}
TARGETS = {
    "a column of integers": lambda: program([dense(3, "softmax")], "sparse", y=CLASSES[:, None]),
    "integers as floats": lambda: program([dense(3, "softmax")], "sparse", y=CLASSES.astype("float32")),
    "booleans": lambda: program([dense(1, "sigmoid")], "bce", y=BINARY > 0),
    "a unit for a class that never occurs": lambda: program([dense(5, "softmax")], "sparse", y=CLASSES),
    "two classes that are counted from 1, and three units": lambda: program(
        [dense(3, "softmax")], "sparse", y=BINARY + 1
    ),
    "two units for two classes": lambda: program([dense(2, "softmax")], "sparse", y=BINARY),
    "two one-hot columns": lambda: program([dense(2, "softmax")], "cce", y=np.eye(2)[BINARY]),
    "several labels": lambda: program([dense(3, "sigmoid")], "bce", y=LABELS, metrics=["binary_accuracy"]),
    "smoothed one-hot rows": lambda: program([dense(3, "softmax")], "cce", y=0.9 * ONE_HOT + 0.1 / 3),
    "two smoothed classes": lambda: program([dense(1, "sigmoid")], "bce", y=0.9 * BINARY + 0.05),
    "probabilities as targets": lambda: program([dense(1, "sigmoid")], "bce", y=1 / (1 + np.exp(-NUMBERS))),
    "signs with a hinge": lambda: program([dense(1, "tanh")], "hinge", y=2 * BINARY - 1),
    "0 and 1 with a hinge": lambda: program([dense()], "hinge", y=BINARY),
    "whole numbers": lambda: program([dense()], "mse", y=np.round(10 * NUMBERS)),
    "the inputs": lambda: program([hidden(), dense(4)], "mse", y=X),
    "inputs of bits": lambda: program([hidden(), dense(4, "sigmoid")], "bce", (X > 0) * 1.0, (X > 0) * 1.0),
    "an image": lambda: program(
        [L.Flatten(), hidden(), dense(36, "sigmoid"), L.Reshape((6, 6, 1))], "bce", IMAGES, IMAGES
    ),
}
PLACES = {
    "masks of classes": lambda: program([image(3, "softmax")], "sparse", IMAGES, MASKS[..., 0]),
    "masks of classes with an axis of 1": lambda: program([image(3, "softmax")], "sparse", IMAGES, MASKS),
    "one-hot masks": lambda: program([image(3, "softmax")], "cce", IMAGES, np.eye(3)[MASKS[..., 0]]),
    "masks of bits": lambda: program([image(1, "sigmoid")], "bce", IMAGES, BITS),
    "masks of bits without an axis of 1": lambda: program([image(1, "sigmoid")], "bce", IMAGES, BITS[..., 0]),
    "masks of bits as two classes": lambda: program([image(2, "softmax")], "sparse", IMAGES, BITS[..., 0]),
    "a class for each step": lambda: program(steps(dense(3, "softmax")), "sparse", STEPS, TAGS),
    "a class for each step with an axis of 1": lambda: program(
        steps(dense(3, "softmax")), "sparse", STEPS, TAGS[..., None]
    ),
    "a one-hot row for each step": lambda: program(steps(dense(3, "softmax")), "cce", STEPS, np.eye(3)[TAGS]),
    "one of two classes for each step": lambda: program(steps(dense(2, "softmax")), "sparse", STEPS, TAGS % 2),
    "a bit for each step": lambda: program(steps(dense(1, "sigmoid")), "bce", STEPS, TAGS[..., None] % 2),
    "a bit for each step without an axis of 1": lambda: program(steps(dense(1, "sigmoid")), "bce", STEPS, TAGS % 2),
    "a number for each step": lambda: program(steps(dense()), "mse", STEPS, STEPS[..., :1]),
    "a number for each step without an axis of 1": lambda: program(steps(dense()), "mse", STEPS, STEPS[..., 0]),
    "several steps ahead": lambda: program([L.Flatten(), dense(3)], "mse", STEPS, STEPS[:, :3, 0]),
}
OTHERS = {
    "a loss of one's own": lambda: program([dense()], squared, y=NUMBERS),
    "a loss by the output's name": lambda: program(functional(dense(name="out")), {"out": "mse"}, y=NUMBERS),
    "a list of one loss": lambda: program([dense()], ["mse"], y=NUMBERS),
    "a frozen layer": lambda: program([hidden(trainable=False), dense()], "mse", y=NUMBERS),
    "classes in turn, not shuffled": lambda: program(
        [dense(3, "softmax")], "sparse", y=np.arange(400) % 3, shuffle=False
    ),
    "a truth table as validation": lambda: program(
        [hidden(), dense(1, "sigmoid")], "bce", (X[:, :2] > 0) * 1.0, BINARY, validation_data=(np.eye(2), np.ones(2))
    ),
}


RNG = np.random.default_rng(1)
WORDS = RNG.integers(0, 600, 400)
WARM_UP = keras.optimizers.schedules.CosineDecay(0.0, 1000, warmup_target=1e-3, warmup_steps=100)
PADDED = np.where(np.arange(5)[:, None] < 3, np.eye(4)[RNG.integers(0, 4, (400, 5))], 0)
REVIEWED = {
    "a loss of one's own for embeddings": lambda: program(
        [dense(64)], lambda y, z: keras.ops.mean(z * z, -1), y=CLASSES
    ),
    "the next word of many": lambda: program([dense(2000, "softmax")], "sparse", y=WORDS),
    "a rate that begins at 0": lambda: program([dense()], "mse", y=NUMBERS, optimizer=keras.optimizers.Adam(WARM_UP)),
    "grades as numbers, an accuracy": lambda: program([dense()], "mse", y=CLASSES + 3, metrics=["accuracy"]),
    "a class that is ignored": lambda: program(
        [dense(3, "softmax")],
        keras.losses.SparseCategoricalCrossentropy(ignore_class=255),
        y=np.where(X[:, 1] > 1, 255, CLASSES),
    ),
    "rows of padding": lambda: program([dense(4, "softmax")], "cce", x=STEPS, y=PADDED),
    "logarithms of probabilities": lambda: program(
        [dense(3, "log_softmax")], keras.losses.SparseCategoricalCrossentropy(from_logits=True), y=CLASSES
    ),
    "counts that rise": lambda: program([dense()], "mse", y=np.arange(400) // 20, validation_split=0.2),
    "tags, one a row": lambda: program([dense(3, "sigmoid")], "bce", y=ONE_HOT, metrics=["binary_accuracy"]),
}
MORE = [pytest.param(name, marks=pytest.mark.thorough) for name in (*ACTIVATIONS, *PLACES, *OTHERS)]


@pytest.mark.parametrize("name", [*TARGETS, *REVIEWED, *MORE])
def test_a_program_that_is_right_contradicts_itself_nowhere(name):
    found = suspicions(seen((ACTIVATIONS | TARGETS | PLACES | OTHERS | REVIEWED)[name]()))
    assert [each.key for each in found if each.is_certain] == []
