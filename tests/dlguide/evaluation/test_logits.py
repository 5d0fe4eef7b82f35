"""Warnings where logits are taken for probabilities by a loss or a metric, and none where they are not."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from dlguide import gan, mlp, training
from dlguide._data_checks import gives_logits, warn_of_logits

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


SPARSE = (
    "`model` gives logits (its last layer has no activation), but the loss 'sparse_categorical_crossentropy' reads "
    "probabilities. Compile it with `keras.losses.SparseCategoricalCrossentropy(from_logits=True)`."
)


@pytest.mark.parametrize("make", [lambda: (X, Y), lambda: (tf.data.Dataset.from_tensor_slices((X, Y)).batch(8),)])
def test_each_fit_warns_once_where_the_loss_is_not_told_that_it_gets_logits(make):
    def fit_twice(model):
        for _ in range(2):
            training.fit(model, *make(), epochs=1, verbose=0)

    model = mlp((4,), 2)
    assert warnings_of(model, "sparse_categorical_crossentropy", call=fit_twice) == [SPARSE, SPARSE]


GIVEN = {
    losses.SparseCategoricalCrossentropy(): "SparseCategoricalCrossentropy",
    losses.sparse_categorical_crossentropy: "SparseCategoricalCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    losses.CategoricalFocalCrossentropy(): "CategoricalFocalCrossentropy",
    "binary_crossentropy": "BinaryCrossentropy",
    losses.BinaryFocalCrossentropy(): "BinaryFocalCrossentropy",
}


@pytest.mark.parametrize(("loss", "name"), GIVEN.items())
def test_each_loss_of_classes_and_labels_is_named_with_the_one_to_use(loss, name):
    [message] = warnings_of(mlp((4,), 2), loss)
    assert message.endswith(f"Compile it with `keras.losses.{name}(from_logits=True)`.")
    assert warnings_of(mlp((4,), 2), getattr(losses, name)(from_logits=True)) == []


def functional(*parts):
    inputs = keras.Input((4,))
    x = inputs
    for part in parts:
        x = part(x)
    return keras.Model(inputs, x)


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


def test_numbers_and_probabilities_draw_no_warning():
    assert warnings_of(mlp((4,), 2), "mse") == []
    probabilities = keras.Sequential([mlp((4,), 2), layers.Softmax()])
    assert warnings_of(probabilities, "sparse_categorical_crossentropy", metrics=["accuracy"]) == []
    sigmoid = keras.Sequential([mlp((4,), 1), layers.Activation("sigmoid")])
    assert warnings_of(sigmoid, "binary_crossentropy", metrics=["accuracy", metrics.AUC()]) == []
    assert warnings_of(mlp((4,), 2), lambda y, predicted: keras.ops.mean(predicted, axis=-1)) == []


def test_metrics_named_by_text_are_named_beside_a_loss_of_logits_and_draw_no_warning_as_objects_of_logits():
    binary = losses.BinaryCrossentropy(from_logits=True)
    assert warnings_of(mlp((4,), 1), binary, ["accuracy", "AUC", "mae"]) == [
        "The loss reads logits, but these metrics read probabilities: accuracy, AUC. Give objects with `threshold=0` "
        "or `from_logits=True`, or use `evaluation.evaluate` after training."
    ]
    good = [metrics.BinaryAccuracy(threshold=0), metrics.AUC(from_logits=True), "mae"]
    assert warnings_of(mlp((4,), 1), binary, good) == []
    assert warnings_of(mlp((4,), 2), losses.SparseCategoricalCrossentropy(from_logits=True), ["accuracy"]) == []
