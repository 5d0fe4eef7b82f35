"""`evaluation`."""

import json

import keras
import numpy as np
import pytest

from dlguide import evaluation, gan, linear_regression, mlp


def classifier():
    model = mlp((3,), 3, hidden_units=())
    model.set_weights([np.eye(3, dtype="float32") * 5, np.zeros(3, "float32")])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(loss=loss, metrics=["accuracy"])
    return model


X = np.eye(3, dtype="float32")[[0, 0, 1, 1, 2]]
Y = np.array([0, 1, 1, 1, 0])


def test_a_classifier_gets_plain_floats_a_confusion_matrix_and_figures_of_each_class():
    metrics = evaluation.evaluate(classifier(), X, Y, class_names=["a", "b", "c"])
    assert metrics["accuracy"] == pytest.approx(0.6)
    assert type(metrics["loss"]) is float and type(metrics["accuracy"]) is float
    assert metrics["confusion_matrix"] == [[1, 0, 1], [1, 2, 0], [0, 0, 0]]
    assert metrics["per_class"]["b"] == {"precision": 1.0, "recall": 2 / 3, "f1": 0.8, "support": 3}
    assert metrics["per_class"]["c"]["support"] == 0
    assert json.loads(json.dumps(metrics)) == metrics


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"`y` must be labels in \[0, 3\).*y with 1 of 5 values wrong.*row 2: 7"):
        evaluation.evaluate(classifier(), X, [0, 1, 7, 1, 0])
    with pytest.raises(ValueError, match="`class_names` must be one name for each of 3 classes"):
        evaluation.evaluate(classifier(), X, Y, class_names=["a"])
    with pytest.raises(ValueError, match="`model` must be made by `linear_regression` or `polynomial_regression`"):
        evaluation.formula(classifier())
    with pytest.raises(ValueError, match="`feature_names` must be 2 names, one for each variable"):
        evaluation.formula(linear_regression((2,)), ["a"])


def test_data_that_a_model_refuses_in_fit_are_refused_here_too():
    model = gan((8, 8, 1), filters=(4,))
    model.compile("adam")
    with pytest.raises(
        ValueError, match=r"`x` must be numbers in \[0, 1\] \(pixels from 0 to 255 are divided by 255\)"
    ):
        evaluation.evaluate(model, np.full((4, 8, 8, 1), 255.0, "float32"))
    with pytest.raises(ValueError, match="`y` must be None: a GAN has no targets"):
        evaluation.evaluate(model, np.zeros((4, 8, 8, 1), "float32"), np.zeros(4))
