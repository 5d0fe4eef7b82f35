"""One output or several: which targets a compiled model takes, and what `evaluate` says of labels and numbers."""

import keras
import numpy as np
import pytest

from dlguide import evaluation, mlp, perceptron, training

pytestmark = pytest.mark.one_backend  # Shapes of arrays.

X = np.random.default_rng(0).normal(size=(40, 4)).astype("float32")


def compiled(outputs, loss, **options):
    model = mlp((4,), outputs, hidden_units=(6,))
    model.compile("adam", loss, **options)
    return model


BINARY = keras.losses.BinaryCrossentropy(from_logits=True)


def test_a_loss_of_ones_own_that_is_called_as_one_of_keras_is_none_of_keras():
    class BinaryCrossentropy(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)

    y = np.full((40, 1), 7.0, "float32")
    assert training.fit(compiled(1, BinaryCrossentropy()), X, y, epochs=1, verbose=0).history["loss"][0] > 0
    with pytest.raises(ValueError, match=r"`y` must be numbers in \[0, 1\]"):
        training.fit(compiled(1, BINARY), X, y, epochs=1, verbose=0)


def answers(logits):
    """A model that gives the given logits."""
    model = perceptron((len(logits[0]),), len(logits[0]))
    model.set_weights([np.eye(len(logits[0]), dtype="float32"), np.zeros(len(logits[0]), "float32")])
    return model, np.array(logits, "float32")


def test_one_logit_is_judged_at_0_and_gets_a_confusion_matrix():
    model, x = answers([[0.3], [-2.0], [5.0], [0.2]])
    y = np.array([1, 0, 0, 1])
    for loss, expected in ((BINARY, 0.75), ("binary_crossentropy", 0.25)):  # 0.3 and 0.2 as probabilities mean no.
        model.compile(loss=loss, metrics=["accuracy"])
        metrics = evaluation.evaluate(model, x, y, class_names=["no", "yes"])
        assert metrics["accuracy"] == expected
    assert metrics["confusion_matrix"] == [[1, 1], [2, 0]]
    model.compile(loss=BINARY)
    metrics = evaluation.evaluate(model, x, y[:, None], class_names=["no", "yes"])
    assert metrics["confusion_matrix"] == [[1, 1], [0, 2]]
    assert metrics["per_class"]["yes"] == {"precision": 2 / 3, "recall": 1.0, "f1": 0.8, "support": 2}
    with pytest.raises(ValueError, match="`class_names` must be a sequence of 2 different names"):
        evaluation.evaluate(model, x, y, class_names=["yes"])


def test_several_labels_are_judged_one_by_one():
    model, x = answers([[1.0, -1, 0.4], [1, 1, -1], [-1, 1, 1]])
    y = np.array([[1, 0, 1], [0, 1, 0], [0, 1, 1]])
    model.compile(loss=BINARY, metrics=["accuracy"])
    metrics = evaluation.evaluate(model, x, y, class_names=["a", "b", "c"])
    assert metrics["accuracy"] == pytest.approx(8 / 9) and "confusion_matrix" not in metrics
    assert metrics["per_class"]["a"] == {"precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3), "support": 1}
    assert [metrics["per_class"][name]["support"] for name in "abc"] == [1, 2, 2]


def test_an_autoencoder_of_flat_bits_has_no_labels_and_a_classifier_of_as_many_labels_as_features_has_those_it_names():
    model, noisy = answers([[1.0, -1, 1], [1, 1, -1], [-1, 1, 1]])
    clean = np.array([[1, 0, 1], [0, 1, 0], [0, 1, 1]])
    model.compile(loss=BINARY)
    for x, y in ((noisy, clean), (clean, clean), (clean.tolist(), clean.tolist()), (batches(noisy, clean), None)):
        assert set(evaluation.evaluate(model, x, y)) == {"loss"}
    for x, y in ((noisy, clean), (batches(noisy, clean), None)):
        metrics = evaluation.evaluate(model, x, y, class_names=["a", "b", "c"])
        assert set(metrics) == {"loss", "accuracy", "per_class"}


def batches(x, y):
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((x, y)).batch(2)
