"""One output or several: which targets a compiled model takes, and what `evaluate` says of labels and numbers."""

import keras
import numpy as np
import pytest

from dlguide import evaluation, mlp, perceptron, training
from tests.helpers.calls import refusal

pytestmark = pytest.mark.one_backend  # Shapes of arrays.

X = np.random.default_rng(0).normal(size=(40, 4)).astype("float32")


def compiled(outputs, loss, **options):
    model = mlp((4,), outputs, hidden_units=(6,))
    model.compile("adam", loss, **options)
    return model


SPARSE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
BINARY = keras.losses.BinaryCrossentropy(from_logits=True)
ONE, THREE = "(n, 1), as the model's output", "(n, 3), as the model's output"
LABELS = "(n,), one integer label per prediction"


@pytest.mark.filterwarnings("ignore:`model` gives logits")  # The losses by name; it is not what is tried here.
@pytest.mark.parametrize(
    ("outputs", "loss", "shape", "must_be"),
    [
        (1, "mse", (40, 3), ONE),
        (3, "mse", (40,), THREE),
        (3, "mae", (40, 2), THREE),
        (3, keras.losses.Huber(), (40, 1), THREE),
        (3, keras.losses.mean_squared_error, (40,), THREE),
        (1, BINARY, (40, 2), ONE),
        (3, BINARY, (40,), THREE),
        (3, "categorical_crossentropy", (40,), THREE),
        (3, SPARSE, (40, 3), LABELS),
        (3, "sparse_categorical_crossentropy", (40, 2), LABELS),
    ],
)
def test_targets_of_another_shape_are_refused_before_the_first_step(outputs, loss, shape, must_be, tmp_path):
    import tensorflow as tf

    model, y = compiled(outputs, loss), np.zeros(shape, "int32")
    before = model.get_weights()
    right = np.zeros(40 if must_be == LABELS else (40, outputs), "int32")
    for name, call in (
        ("y", lambda: training.fit(model, X, y, epochs=1, run_dir=tmp_path / "run")),
        ("y", lambda: evaluation.evaluate(model, X, y)),
        ("validation_data[1]", lambda: training.fit(model, X, right, validation_data=(X, y), epochs=1)),
    ):
        assert refusal(call) == f"`{name}` must be of shape {must_be}. Received: {name} of shape {shape}"
    with pytest.raises(ValueError, match=r"`y` must be of shape \(n,"):
        training.fit(model, tf.data.Dataset.from_tensor_slices((X, y)).batch(8), epochs=1)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("outputs", "loss", "shape"),
    [(1, "mse", (40,)), (1, "mse", (40, 1)), (3, "mse", (40, 3)), (1, BINARY, (40,)), (3, SPARSE, (40,)),
     (3, SPARSE, (40, 1)), (3, lambda y, predicted: keras.ops.mean(predicted, axis=-1) - y[:, 0], (40, 7))],
)  # fmt: skip
def test_targets_of_the_right_shape_are_taken_and_of_any_shape_by_a_loss_of_ones_own(outputs, loss, shape):
    model = compiled(outputs, loss, run_eagerly=True)  # For time.
    assert training.fit(model, X, np.zeros(shape, "int32"), epochs=1, verbose=0).history["loss"]


THOROUGH = pytest.mark.thorough


@pytest.mark.parametrize(
    ("loss", "outputs", "metrics"),
    [
        ("mean_squared_error", 1, lambda: ["mae"]),
        (BINARY, 1, lambda: [keras.metrics.BinaryAccuracy(threshold=0)]),
        (SPARSE, 3, lambda: ["accuracy"]),
        pytest.param("mae", 1, lambda: ["r2_score"], marks=THOROUGH),
        pytest.param(keras.losses.Huber(), 1, lambda: [keras.metrics.mean_squared_error], marks=THOROUGH),
    ],
)
def test_targets_with_and_without_a_last_axis_of_one_train_the_same_model_one_after_the_other(loss, outputs, metrics):
    flat, histories = np.arange(40) % 2, []
    for forms in ((flat, flat[:, None]), (flat[:, None], flat)):
        keras.utils.set_random_seed(0)
        model = compiled(outputs, loss, metrics=metrics())
        made = [training.fit(model, X, y, validation_data=(X, forms[0]), epochs=1, verbose=0).history for y in forms]
        histories.append((made, evaluation.evaluate(model, X, forms[0]), [w.tolist() for w in model.get_weights()]))
    assert histories[0] == histories[1]


def test_a_loss_or_a_metric_of_ones_own_gets_the_targets_in_the_rank_in_which_they_were_given():
    def distance(y, predicted):
        ranks.add(len(y.shape))
        return keras.ops.abs(keras.ops.reshape(y, (-1,)) - predicted[:, 0])

    class Own(keras.Sequential):
        def compute_loss(self, x, y, *more, **options):
            ranks.add(len(y.shape))
            return super().compute_loss(x, y, *more, **options)

    for kind, metrics in ((keras.Sequential, [distance]), (Own, [])):
        for y in (X[:, 0], X[:, :1]):
            model, ranks = kind([keras.Input((4,)), keras.layers.Dense(1)]), set()
            model.compile("adam", "mse", metrics=metrics)
            training.fit(model, X, y, epochs=1, verbose=0)
            assert ranks == {y.ndim}


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
