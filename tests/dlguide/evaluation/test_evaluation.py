"""`evaluation.evaluate` and the sentences of `log_likelihood`: metrics of arrays and of data sets, by hand."""

import functools
import json

import keras
import numpy as np
import pytest

from dlguide import evaluation, linear_regression, perceptron, training, vae
from tests.helpers.sentences import check_sentences, refusal
from tests.helpers.training_runs import Made

losses = keras.losses
CLASSES, ONE_HOT, LABELS = (
    getattr(losses, f"{kind}Crossentropy")(from_logits=True) for kind in ("SparseCategorical", "Categorical", "Binary")
)
X = np.eye(3, dtype="float32")[[0, 0, 1, 1, 2]]
Y = np.array([0, 1, 1, 1, 0])


def answering(loss, metrics=("accuracy",), size=3, factor=5):
    """Return a compiled model whose logits are its inputs times 5; TensorFlow is faster without a graph."""
    model = perceptron((size,), size)
    model.set_weights([np.eye(size, dtype="float32") * factor, np.zeros(size, "float32")])
    model.compile(loss=loss, metrics=list(metrics), run_eagerly=keras.backend.backend() == "tensorflow")
    return model


def test_a_classifier_gets_plain_floats_a_confusion_matrix_and_figures_of_each_class():
    metrics = evaluation.evaluate(answering(CLASSES), X, Y, class_names=np.array(["a", "b", "c"]))
    nats = np.log(1 + 2 * np.exp(-5)) + 2  # Two of the five mistake one class, at five more each.
    assert metrics["accuracy"] == pytest.approx(0.6) and metrics["loss"] == pytest.approx(nats, rel=1e-5)
    assert type(metrics["loss"]) is float and json.loads(json.dumps(metrics)) == metrics
    assert metrics["confusion_matrix"] == [[1, 0, 1], [1, 2, 0], [0, 0, 0]]
    assert metrics["per_class"]["b"] == {"precision": 1.0, "recall": 2 / 3, "f1": 0.8, "support": 3}
    assert metrics["per_class"]["c"]["support"] == 0
    for names, keys in ((np.array([3, 5, 8]), [3, 5, 8]), (None, ["0", "1", "2"]), ((), ["0", "1", "2"])):
        assert list(evaluation.evaluate(answering(CLASSES), X, Y, class_names=names)["per_class"]) == keys
    ignoring = answering(losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1))
    metrics = evaluation.evaluate(ignoring, X, np.array([0, -1, 1, 1, 0]))
    assert metrics["confusion_matrix"] == [[1, 0, 1], [0, 2, 0], [0, 0, 0]]
    assert metrics["per_class"]["0"]["precision"] == 1.0  # The ignored example, taken for a 0, is no mistake.


class Spread(keras.metrics.Metric):
    """A metric that gives two numbers by name."""

    def update_state(self, y, predicted, sample_weight=None):
        pass

    def result(self):
        return {"low": keras.ops.zeros(()), "high": keras.ops.ones((2,))}


def test_metrics_that_give_vectors_and_dicts_become_lists_and_entries():
    model = answering(ONE_HOT, [keras.metrics.F1Score(), Spread(name="spread")])
    metrics = evaluation.evaluate(model, X, np.eye(3, dtype="float32")[Y])
    assert metrics["f1_score"] == pytest.approx([metrics["per_class"][name]["f1"] for name in "012"])
    assert metrics["low"] == 0.0 and metrics["high"] == [1.0, 1.0] and json.loads(json.dumps(metrics)) == metrics


def test_one_logit_is_judged_at_0_a_probability_at_one_half_and_both_get_a_confusion_matrix():
    x, y = np.array([[0.3], [-2.0], [5.0], [0.2]]), np.array([1, 0, 0, 1])
    evaluate = functools.partial(evaluation.evaluate, x=x, class_names=["no", "yes"])
    metrics = evaluate(answering("binary_crossentropy", size=1, factor=1), y=y)  # 0.3 and 0.2 mean no.
    assert metrics["accuracy"] == 0.25 and metrics["confusion_matrix"] == [[1, 1], [2, 0]]
    for target in (y, y[:, None]):
        metrics = evaluate(answering(LABELS, size=1, factor=1), y=target)
        assert metrics["accuracy"] == 0.75 and metrics["confusion_matrix"] == [[1, 1], [0, 2]]
        assert metrics["per_class"]["yes"] == {"precision": 2 / 3, "recall": 1.0, "f1": 0.8, "support": 2}


SCORES, TRUE = np.array([[1.0, -1, 0.4], [1, 1, -1], [-1, 1, 1]]), np.array([[1, 0, 1], [0, 1, 0], [0, 1, 1]])


def batches(x, y, size=2):
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((x, y)).shuffle(9, seed=0).batch(size)


def test_several_labels_are_judged_one_by_one_and_an_autoencoder_has_none_unless_they_have_names():
    model = answering(LABELS, [])
    for data in ((SCORES, TRUE), (SCORES.tolist(), TRUE.tolist()), (batches(SCORES, TRUE),)):
        assert set(evaluation.evaluate(model, *data)) == {"loss"}
        metrics = evaluation.evaluate(model, *data, class_names=["a", "b", "c"])
        assert metrics["accuracy"] == pytest.approx(8 / 9) and set(metrics) == {"loss", "accuracy", "per_class"}
        assert metrics["per_class"]["a"] == {"precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3), "support": 1}
        assert [metrics["per_class"][name]["support"] for name in "abc"] == [1, 2, 2]


def shuffled(x, y):
    """Return batches of 2 in another order each time that they are read."""
    rng, order = np.random.default_rng(0), np.arange(len(x))

    def batch(i):
        if i == 0:
            rng.shuffle(order)
        rows = order[2 * i : 2 * i + 2]
        return x[rows], y[rows]

    return Made(-(-len(x) // 2), batch)


@pytest.mark.parametrize("make", [batches, shuffled, lambda *arrays: batches(*arrays).filter(lambda x, y: True)])
@pytest.mark.parametrize(("loss", "y"), [(CLASSES, Y), (ONE_HOT, np.eye(3, dtype="float32")[Y])])
@pytest.mark.each_backend
def test_a_data_set_in_any_order_also_of_unknown_length_gives_what_its_arrays_give(loss, y, make):
    expected = evaluation.evaluate(answering(loss), X, y)
    found = evaluation.evaluate(answering(loss), make(X, y))
    assert found.pop("loss") == pytest.approx(expected.pop("loss"), rel=1e-5)
    assert found.pop("accuracy") == pytest.approx(expected.pop("accuracy")) and found == expected


@pytest.mark.parametrize("make", [lambda *arrays: arrays, lambda *arrays: [batches(*arrays)]], ids=["arrays", "set"])
def test_reconstructions_and_numbers_get_their_loss_alone(make):
    for y in ((X > 0).astype("float32"), np.full((5, 3), 0.3, "float32")):
        assert set(evaluation.evaluate(answering(LABELS, []), *make(y, y))) == {"loss"}
    model = linear_regression((3,))
    model.compile(loss="mse", metrics=["mae"])
    found = evaluation.evaluate(model, *make(X, np.full(5, 3, "float32")))
    assert found == {"loss": pytest.approx(9), "mae": pytest.approx(3)}


@pytest.mark.one_backend
def test_a_data_set_of_texts_is_evaluated():
    words = keras.layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")
    model = keras.Sequential([keras.Input((), dtype="string"), words, perceptron((3,), 3)])
    model.layers[-1].set_weights([np.eye(3), np.zeros(3)])
    model.compile(loss=CLASSES)
    metrics = evaluation.evaluate(model, batches(["a", "b", "x", "a"], [1, 2, 0, 2], size=3))
    assert metrics["confusion_matrix"] == [[1, 0, 0], [0, 1, 0], [0, 1, 1]]


@pytest.mark.one_backend
def test_a_loss_of_ones_own_that_is_called_as_one_of_keras_is_none_of_keras():
    class BinaryCrossentropy(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)

    y = np.full((5, 3), 7.0, "float32")
    assert evaluation.evaluate(answering(BinaryCrossentropy(), []), X, y)["loss"] == pytest.approx(7 - 5 / 3)
    model = answering(BinaryCrossentropy(), [])
    model.compile("sgd", BinaryCrossentropy())
    assert training.fit(model, X, y, verbose=0).history["loss"][0] == pytest.approx(7 - 5 / 3)


def test_bad_input_is_named():
    evaluate, likelihood = functools.partial(evaluation.evaluate, answering(CLASSES)), evaluation.log_likelihood
    data, ones, bernoulli = batches(X, Y), np.ones((2, 4)), vae((4,))
    endless = type("Endless", (keras.utils.PyDataset,), {"num_batches": None})()
    calls = {
        "y class": lambda: evaluate(X, [0, 1, 7, 1, 0]),
        **{f"class_names {i}": lambda names=names: evaluate(X, Y, class_names=names)
           for i, names in enumerate((["a"], ["a", "b", "a"], {0: "a", 1: "b", 2: "c"}))},
        "y label": lambda: evaluation.evaluate(answering(LABELS), X, np.full((5, 3), 7.0)),
        "class_names of a label": lambda: evaluation.evaluate(
            answering(LABELS, size=1), np.ones((4, 1)), [1, 0, 0, 1], class_names=["yes"]),
        "y beside a data set": lambda: evaluate(data, Y), "y of a data set": lambda: evaluate(batches(X, Y + 7)),
        "x without y": lambda: evaluate(data.map(lambda x, y: x)), "x endless": lambda: evaluate(data.repeat()),
        "x endless PyDataset": lambda: evaluate(endless), "x iterator": lambda: evaluate(iter([X])),
        "samples": lambda: likelihood(bernoulli, ones, samples=0), "x none": lambda: likelihood(bernoulli, ones[:0]),
        "x pixels": lambda: likelihood(bernoulli, 255 * ones), "x NaN": lambda: likelihood(bernoulli, ones * np.nan),
        "steps": lambda: likelihood(bernoulli, ones, steps=0),
    }  # fmt: skip
    found = {name: refusal(call) for name, call in calls.items()}
    assert all(sentence.startswith(f"`{name.split()[0]}` must ") for name, sentence in found.items()), found
    check_sentences("evaluate", found)
