"""`evaluation.evaluate`: metrics of arrays and of data sets."""

import json

import keras
import numpy as np
import pytest

from dlguide import evaluation, linear_regression, mlp
from tests.helpers.training_runs import Made

CLASSES = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
ONE_HOT = keras.losses.CategoricalCrossentropy(from_logits=True)
LABELS = keras.losses.BinaryCrossentropy(from_logits=True)


def classifier(loss=CLASSES, metrics=("accuracy",)):
    """Return a compiled model that knows its classes; for a few batches TensorFlow is faster without a graph."""
    model = mlp((3,), 3, hidden_units=())
    model.set_weights([np.eye(3, dtype="float32") * 5, np.zeros(3, "float32")])
    model.compile(loss=loss, metrics=list(metrics), run_eagerly=keras.backend.backend() == "tensorflow")
    return model


X = np.eye(3, dtype="float32")[[0, 0, 1, 1, 2]]
Y = np.array([0, 1, 1, 1, 0])


def test_a_classifier_gets_plain_floats_a_confusion_matrix_and_figures_of_each_class():
    metrics = evaluation.evaluate(classifier(), X, Y, class_names=np.array(["a", "b", "c"]))
    assert metrics["accuracy"] == pytest.approx(0.6)
    assert type(metrics["loss"]) is float and type(metrics["accuracy"]) is float
    assert metrics["confusion_matrix"] == [[1, 0, 1], [1, 2, 0], [0, 0, 0]]
    assert metrics["per_class"]["b"] == {"precision": 1.0, "recall": 2 / 3, "f1": 0.8, "support": 3}
    assert metrics["per_class"]["c"]["support"] == 0
    assert json.loads(json.dumps(metrics)) == metrics
    numbered = evaluation.evaluate(classifier(), X, Y, class_names=np.array([3, 5, 8]))
    assert list(numbered["per_class"]) == [3, 5, 8] and json.dumps(numbered)
    assert evaluation.evaluate(classifier(), X, Y, class_names=None) == evaluation.evaluate(classifier(), X, Y)


def test_examples_of_the_ignored_class_count_in_no_figure():
    model = classifier(keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1))
    metrics = evaluation.evaluate(model, X, np.array([0, -1, 1, 1, 0]))
    assert metrics["confusion_matrix"] == [[1, 0, 1], [0, 2, 0], [0, 0, 0]]
    assert metrics["per_class"]["0"]["precision"] == 1.0  # The ignored example, taken for a 0, is no mistake.


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"`y` must be labels in \[0, 3\).*y with 1 of 5 values wrong.*row 2: 7"):
        evaluation.evaluate(classifier(), X, [0, 1, 7, 1, 0])
    for names in (["a"], ["a", "b", "a"], {0: "a", 1: "b", 2: "c"}):
        with pytest.raises(ValueError, match="`class_names` must be a sequence of 3 different names"):
            evaluation.evaluate(classifier(), X, Y, class_names=names)


class Spread(keras.metrics.Metric):
    """A metric that gives two numbers by name."""

    def update_state(self, y, predicted, sample_weight=None):
        pass

    def result(self):
        return {"low": keras.ops.zeros(()), "high": keras.ops.ones((2,))}


def test_metrics_that_give_vectors_and_dicts_become_lists_and_entries():
    model = classifier(ONE_HOT, [keras.metrics.F1Score(), Spread(name="spread")])
    metrics = evaluation.evaluate(model, X, np.eye(3, dtype="float32")[Y])
    f1 = [metrics["per_class"][name]["f1"] for name in "012"]
    assert type(metrics["f1_score"]) is list and metrics["f1_score"] == pytest.approx(f1)
    assert metrics["low"] == 0.0 and metrics["high"] == [1.0, 1.0]
    assert json.loads(json.dumps(metrics)) == metrics


def shuffled(x, y):
    """Return batches of 2 in another order each time that they are read."""
    rng, order = np.random.default_rng(0), np.arange(len(x))

    def batch(i):
        if i == 0:
            rng.shuffle(order)
        rows = order[2 * i : 2 * i + 2]
        return x[rows], y[rows]

    return Made(-(-len(x) // 2), batch)


def dataset(x, y):
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((x, y)).shuffle(9, seed=0).batch(2)


def loader(x, y):
    torch = pytest.importorskip("torch")

    data = torch.utils.data.TensorDataset(*map(torch.from_numpy, (x, y)))
    return torch.utils.data.DataLoader(data, batch_size=2, shuffle=True)


TARGETS = {
    CLASSES: Y,
    ONE_HOT: np.eye(3, dtype="float32")[Y],
    LABELS: np.array([[1, 0, 0], [1, 1, 0], [0, 0, 0], [0, 1, 1], [0, 0, 1]], "float32"),
}


@pytest.mark.parametrize("make", [dataset, shuffled, loader])
@pytest.mark.parametrize("loss", TARGETS, ids=lambda loss: loss.name)
@pytest.mark.each_backend
def test_a_data_set_gives_what_its_arrays_give(loss, make):
    y, metric = TARGETS[loss], ["accuracy"] * (loss is not LABELS)
    expected = evaluation.evaluate(classifier(loss, metric), X, y, class_names=["a", "b", "c"])
    metrics = evaluation.evaluate(classifier(loss, metric), make(X, y), class_names=["a", "b", "c"])
    assert metrics.keys() == expected.keys() and metrics["per_class"] == expected["per_class"]
    assert metrics.get("confusion_matrix") == expected.get("confusion_matrix")
    assert metrics["loss"] == pytest.approx(expected["loss"], rel=1e-5)


@pytest.mark.parametrize("make", [lambda *arrays: arrays, lambda *arrays: [dataset(*arrays)]], ids=["arrays", "set"])
def test_reconstructions_and_numbers_get_their_loss_alone(make):
    for y in ((X > 0).astype("float32"), np.full((5, 3), 0.3, "float32")):
        assert set(evaluation.evaluate(classifier(LABELS, []), *make(y, y))) == {"loss"}
    model = linear_regression((3,))
    model.compile(loss="mse", metrics=["mae"])
    found = evaluation.evaluate(model, *make(X, np.full(5, 3, "float32")))
    assert found == {"loss": pytest.approx(9), "mae": pytest.approx(3)}


def test_a_data_set_of_unknown_length_is_evaluated_without_a_warning():
    expected = evaluation.evaluate(classifier(), X, Y)
    metrics = evaluation.evaluate(classifier(), dataset(X, Y).filter(lambda x, y: True))
    assert metrics["confusion_matrix"] == expected["confusion_matrix"]
    assert metrics["loss"] == pytest.approx(expected["loss"], rel=1e-5)


@pytest.mark.one_backend
def test_a_data_set_of_texts_is_evaluated():
    import tensorflow as tf

    words = keras.layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")
    model = keras.Sequential([keras.Input((), dtype="string"), words, mlp((3,), 3, hidden_units=())])
    model.compile(loss=CLASSES)
    data = tf.data.Dataset.from_tensor_slices((["a", "b", "x", "a"], [0, 1, 2, 0])).batch(3)
    assert np.sum(evaluation.evaluate(model, data)["confusion_matrix"]) == 4


def test_bad_data_sets_are_named():
    data = dataset(X, Y)
    with pytest.raises(ValueError, match=r"`y` must be None where `x` is a tf.data.Dataset\. Received: y of type nda"):
        evaluation.evaluate(classifier(), data, Y)
    with pytest.raises(ValueError, match=r"`y` must be labels in \[0, 3\)"):
        evaluation.evaluate(classifier(), dataset(X, Y + 7))
    with pytest.raises(ValueError, match="`y` must be the targets of the loss"):
        evaluation.evaluate(classifier(), data.map(lambda x, y: x))
    with pytest.raises(ValueError, match=r"`x` must be a data set of batches: `.batch\(32\)` or"):
        evaluation.evaluate(classifier(), data.unbatch())
