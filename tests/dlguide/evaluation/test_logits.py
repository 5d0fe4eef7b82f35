"""Warnings where logits are taken for probabilities by a loss or a metric, and none where they are not."""

import functools
import re
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from dlguide import gan, mlp, training
from dlguide._data_checks import gives_logits, warn_of_logits
from tests.helpers import sentences

pytestmark = pytest.mark.one_backend  # Names of losses, and the last layer of a model.

layers, losses, metrics = keras.layers, keras.losses, keras.metrics
X = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
Y = np.arange(16) % 2


def warnings_of(model, loss, metrics=(), call=lambda model: warn_of_logits(model, stacklevel=2)):
    """Return the warnings of a call of the compiled model, which come before a fit trains."""
    model.compile("adam", loss, metrics=list(metrics))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call(model)
    ours = [warning for warning in caught if warning.category is UserWarning and "logits" in str(warning.message)]
    assert {warning.filename for warning in ours} <= {__file__}  # Where `fit` was called.
    return [str(warning.message) for warning in ours]


def sparse_twice(data):
    def fit(model):
        for _ in range(2):
            training.fit(model, *data, epochs=1, verbose=0)

    return warnings_of(mlp((4,), 2), "sparse_categorical_crossentropy", call=fit)


@pytest.mark.parametrize("data", [(X, Y), (tf.data.Dataset.from_tensor_slices((X, Y)).batch(8),)])
def test_each_fit_warns_once_where_the_loss_is_not_told_that_it_gets_logits(data):
    assert sparse_twice(data) == warnings_of(mlp((4,), 2), losses.SparseCategoricalCrossentropy()) * 2 != []


GIVEN = [losses.SparseCategoricalCrossentropy(), losses.sparse_categorical_crossentropy, "categorical_crossentropy"]
GIVEN += [losses.CategoricalFocalCrossentropy(), "binary_crossentropy", losses.BinaryFocalCrossentropy()]


def test_each_loss_of_probabilities_is_named_with_the_one_to_use_and_metrics_beside_a_loss_of_logits():
    found = {}
    for i, loss in enumerate(GIVEN):
        [found[f"loss {i}"]] = warnings_of(mlp((4,), 2), loss)
        name = re.search(r"keras.losses.(\w+)\(from_logits=True\)", found[f"loss {i}"])[1]
        assert warnings_of(mlp((4,), 2), getattr(losses, name)(from_logits=True)) == []
    binary = losses.BinaryCrossentropy(from_logits=True)
    [found["metrics"]] = warnings_of(mlp((4,), 1), binary, ["accuracy", "AUC", "mae"])
    sentences.check_sentences("logits", found)


def test_what_reads_logits_or_gives_probabilities_draws_no_warning():
    binary = losses.BinaryCrossentropy(from_logits=True)
    probabilities = keras.Sequential([mlp((4,), 2), layers.Softmax()])
    sigmoid = keras.Sequential([mlp((4,), 1), layers.Activation("sigmoid")])
    for model, loss, given in (
        (mlp((4,), 2), "mse", ()), (probabilities, "sparse_categorical_crossentropy", ["accuracy"]),
        (sigmoid, "binary_crossentropy", ["accuracy", metrics.AUC()]),
        (mlp((4,), 2), lambda y, predicted: keras.ops.mean(predicted, axis=-1), ()),
        (mlp((4,), 1), binary, [metrics.BinaryAccuracy(threshold=0), metrics.AUC(from_logits=True), "mae"]),
        (mlp((4,), 2), losses.SparseCategoricalCrossentropy(from_logits=True), ["accuracy"]),
    ):  # fmt: skip
        assert warnings_of(model, loss, given) == []


def functional(*parts):
    inputs = keras.Input((4,))
    return keras.Model(inputs, functools.reduce(lambda x, part: part(x), parts, inputs))


class Mine(keras.Model):
    def call(self, x):
        return keras.ops.softmax(x)


class MyDense(layers.Dense):
    def call(self, x):
        return keras.ops.softmax(super().call(x))


def two_of(inputs):
    return [layers.Dense(2)(inputs), layers.Dense(2)(inputs)]


LOGITS = {
    "a builder": lambda: mlp((4,), 2),
    "a builder behind a layer": lambda: keras.Sequential([keras.Input((2, 2)), layers.Flatten(), mlp((4,), 2)]),
    "a Sequential that is not built": lambda: keras.Sequential([layers.Dense(2), layers.Flatten()]),
    "a linear activation": lambda: functional(mlp((4,), 2), layers.Activation("linear", dtype="float32")),
    "pooling": lambda: functional(layers.Reshape((2, 2, 1)), layers.Conv2D(2, 2), layers.GlobalAveragePooling2D()),
    "each step": lambda: functional(layers.Reshape((2, 2)), layers.TimeDistributed(layers.Dense(2))),
}
OTHERS = {
    "softmax in the layer": lambda: keras.Sequential([functional(layers.Dense(2, activation="softmax"))]),
    "softmax behind a builder": lambda: keras.Sequential([mlp((4,), 2), layers.Softmax()]),
    "softmax as an activation": lambda: functional(mlp((4,), 2), layers.Activation("softmax")),
    "softmax as an operation": lambda: functional(mlp((4,), 2), keras.ops.softmax),
    "a Lambda": lambda: functional(layers.Dense(2), layers.Lambda(lambda x: x)),
    "a class of the user's own within a Sequential": lambda: keras.Sequential([Mine()]),
    "a layer of the user's own": lambda: functional(MyDense(2)),
    "two layers added": lambda: functional(two_of, layers.Add()),
    "two outputs": lambda: functional(two_of),
    "two outputs of the inner model": lambda: functional(functional(two_of), lambda both: both[0]),
    "nothing is known": lambda: gan((8, 8, 1), filters=(2,)),
}


@pytest.mark.parametrize("name", [*LOGITS, *OTHERS])
def test_logits_are_found_at_any_depth_and_what_may_be_probabilities_is_not_called_logits(name):
    assert gives_logits((LOGITS | OTHERS)[name]()) == (name in LOGITS)
