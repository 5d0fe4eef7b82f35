"""Programs without a fault that look like one with a fault: no check may call them a contradiction."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.dlguide.diagnosis import programs as p
from tests.dlguide.diagnosis.programs import BINARY, CLASSES, IMAGES, NUMBERS, STEPS, L, X, dense, program
from tests.helpers import sentences

pytestmark = pytest.mark.one_backend
SPARSE, BCE = keras.losses.SparseCategoricalCrossentropy, keras.losses.BinaryCrossentropy
RNG = np.random.default_rng(1)
MASKS, BITS = np.digitize(IMAGES, [0.33, 0.66]), (IMAGES > 0.5).astype("int64")
TAGS = np.digitize(STEPS[..., 0], [-0.43, 0.43])
WORDS = RNG.integers(0, 600, 400)
WARM_UP = keras.optimizers.schedules.CosineDecay(0.0, 1000, warmup_target=1e-3, warmup_steps=100)
PADDED = np.where(np.arange(5)[:, None] < 3, np.eye(4)[RNG.integers(0, 4, (400, 5))], 0)
IGNORED = np.where(X[:, 1] > 1, 255, CLASSES)


def own_softmax(x):
    return keras.ops.softmax(x)


def functional(layer, operation):
    inputs = keras.Input((4,))
    return keras.Model(inputs, operation(layer(inputs)))


class Own(keras.Model):
    """A model whose layers do not show what it gives."""

    def __init__(self):
        super().__init__()
        self.dense = L.Dense(3)

    def call(self, x):
        return keras.ops.softmax(self.dense(x))


def image(units, activation=None):
    return L.Conv2D(units, 3, padding="same", activation=activation)


# The last dense layer's units and activation, the loss and the targets; perhaps the inputs.
HEADS = {
    "the softmax of TensorFlow": (3, tf.nn.softmax, "sparse", CLASSES),
    "logits of two classes": (1, None, BCE(from_logits=True), BINARY),
    "positive numbers of a softplus": (1, "softplus", "mse", abs(NUMBERS)),
    "counts": (1, "exponential", "poisson", np.round(abs(3 * NUMBERS))),
    "a column of integers": (3, "softmax", "sparse", CLASSES[:, None]),
    "integers as floats": (3, "softmax", "sparse", CLASSES.astype("float32")),
    "booleans": (1, "sigmoid", "bce", BINARY > 0),
    "a unit for a class that never occurs": (5, "softmax", "sparse", CLASSES),
    "two classes that are counted from 1, and three units": (3, "softmax", "sparse", BINARY + 1),
    "two units for two classes": (2, "softmax", "sparse", BINARY),
    "smoothed one-hot rows": (3, "softmax", "cce", 0.9 * p.ONE_HOT + 0.1 / 3),
    "two smoothed classes": (1, "sigmoid", "bce", 0.9 * BINARY + 0.05),
    "probabilities as targets": (1, "sigmoid", "bce", 1 / (1 + np.exp(-NUMBERS))),
    "signs with a hinge": (1, "tanh", "hinge", 2 * BINARY - 1),
    "0 and 1 with a hinge": (1, None, "hinge", BINARY),
    "whole numbers": (1, None, "mse", np.round(10 * NUMBERS)),
    "inputs of bits": (4, "sigmoid", "bce", (X > 0) * 1.0, (X > 0) * 1.0),
    "a list of one loss": (1, None, ["mse"], NUMBERS),
    "a loss of one's own for embeddings": (64, None, lambda y, z: keras.ops.mean(z * z, -1), CLASSES),
    "the next word of many": (2000, "softmax", "sparse", WORDS),
    "a class that is ignored": (3, "softmax", SPARSE(ignore_class=255), IGNORED),
    "rows of padding": (4, "softmax", "cce", PADDED, STEPS),
    "logarithms of probabilities": (3, "log_softmax", SPARSE(from_logits=True), CLASSES),
    "a class for each step": (3, "softmax", "sparse", TAGS, STEPS),
    "a class for each step with an axis of 1": (3, "softmax", "sparse", TAGS[..., None], STEPS),
    "a one-hot row for each step": (3, "softmax", "cce", np.eye(3)[TAGS], STEPS),
    "a bit for each step": (1, "sigmoid", "bce", TAGS[..., None] % 2, STEPS),
    "a bit for each step without an axis of 1": (1, "sigmoid", "bce", TAGS % 2, STEPS),
    "a number for each step": (1, None, "mse", STEPS[..., :1], STEPS),
    "a number for each step without an axis of 1": (1, None, "mse", STEPS[..., 0], STEPS),
}
OTHERS = {
    "a softmax of keras.ops": lambda: program(functional(dense(3), keras.ops.softmax), "sparse", y=CLASSES),
    "a softmax in a Lambda": lambda: program([dense(3), L.Lambda(own_softmax)], "sparse", y=CLASSES),
    "a softmax in a model of one's own": lambda: program(Own(), "sparse", y=CLASSES),
    "pooling before it": lambda: program([image(3), L.GlobalMaxPooling2D(), L.Softmax()], "sparse", IMAGES, CLASSES),
    "an image": lambda: program([L.Flatten(), dense(36, "sigmoid"), L.Reshape((6, 6, 1))], "bce", IMAGES, IMAGES),
    "masks of classes": lambda: program([image(3, "softmax")], "sparse", IMAGES, MASKS[..., 0]),
    "one-hot masks": lambda: program([image(3, "softmax")], "cce", IMAGES, np.eye(3)[MASKS[..., 0]]),
    "masks of bits": lambda: program([image(1, "sigmoid")], "bce", IMAGES, BITS),
    "as many integers as examples": lambda: program([dense()], "mse", y=np.arange(400), metrics=["accuracy"]),
    "several steps ahead": lambda: program([L.Flatten(), dense(3)], "mse", STEPS, STEPS[:, :3, 0]),
    "a loss by the output's name": lambda: program(functional(dense(), L.Identity(name="o")), {"o": "mse"}, y=NUMBERS),
    "a frozen layer": lambda: program([p.hidden(trainable=False), dense()], "mse", y=NUMBERS),
    "classes in turn": lambda: program([dense(3, "softmax")], "sparse", y=np.arange(400) % 3, shuffle=False),
    "a rate that begins at 0": lambda: program([dense()], "mse", y=NUMBERS, optimizer=keras.optimizers.Adam(WARM_UP)),
    "grades as numbers, an accuracy": lambda: program([dense()], "mse", y=CLASSES + 3, metrics=["accuracy"]),
    "counts that rise": lambda: program([dense()], "mse", y=np.arange(400) // 20, validation_split=0.2),
    "tags": lambda: program([dense(3, "sigmoid")], "bce", y=p.ONE_HOT, metrics=["binary_accuracy"]),
    "a truth table": lambda: program([dense(1, "sigmoid")], "bce", (X[:, :2] > 0) * 1.0, BINARY,
                                     validation_data=(np.eye(2), np.ones(2))),
}  # fmt: skip


@pytest.mark.parametrize("name", [*HEADS, *OTHERS])
def test_a_program_that_is_right_contradicts_itself_nowhere_and_its_task_is_what_its_targets_say(name):
    if name in OTHERS:
        made = OTHERS[name]()
    else:
        units, activation, loss, y, *x = HEADS[name]
        made = program([dense(units, activation)], loss, *(x or [X]), y=y)
    as_seen = p.seen(made)
    assert [each.key for each in p.suspicions(as_seen) if each.is_certain] == []
    task, y = as_seen.task, as_seen.given["y"]
    total = task.class_of(y).sum() if task.kind == "classes" else 0
    told = f"{task.kind} {task.form} {task.num_classes}, sum of the classes {total}"
    sentences.check_sentences(f"diagnosis task of {name}", {"task": told})
