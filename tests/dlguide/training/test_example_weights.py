"""`sample_weight` and `class_weight`: the numbers of Keras, and what is refused."""

import keras
import numpy as np
import pytest

from dlguide import rnn, training
from tests.helpers.calls import refusal
from tests.helpers.training_runs import RNG, SPARSE, WEIGHTS, X, Y, classifier, fit, state

pytestmark = pytest.mark.each_backend


def classes():
    return classifier(dropout=0.0, weighted_metrics=["accuracy"]), X, Y


def one_hot():
    model = classifier(keras.losses.CategoricalCrossentropy(from_logits=True), dropout=0.0)
    return model, X, np.eye(2, dtype="float32")[Y]


def two_outputs():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((4,))
    outputs = {name: keras.layers.Dense(2, name=name)(inputs) for name in ("a", "b")}
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.01), {"a": SPARSE, "b": SPARSE})
    return model, X, {"a": Y, "b": 1 - Y}


def sequences():
    keras.utils.set_random_seed(0)
    model = rnn((5, 4), 2, cell="simple", units=(4,), return_sequences=True)
    model.compile(keras.optimizers.Adam(0.01), SPARSE)
    return model, np.repeat(X[:, None], 5, axis=1), np.repeat(Y[:, None], 5, axis=1)


WEIGHTED = {
    "one for each example": (classes, {"sample_weight": WEIGHTS}),
    "a column": (classes, {"sample_weight": WEIGHTS[:, None]}),
    "a list": (classes, {"sample_weight": WEIGHTS.tolist()}),
    "one for each step": (sequences, {"sample_weight": RNG.random((60, 5)).astype("float32")}),
    "the same for all outputs": (two_outputs, {"sample_weight": WEIGHTS}),
    "some for each output": (two_outputs, {"sample_weight": {"a": WEIGHTS, "b": WEIGHTS[::-1].copy()}}),
    "classes": (classes, {"class_weight": {0: 3.0, 1: 0.5}}),
    "a class left out": (classes, {"class_weight": {1: 4}}),
    "classes, one-hot": (one_hot, {"class_weight": {0: 3.0}}),
}


@pytest.mark.parametrize(("example", "given"), WEIGHTED.values(), ids=WEIGHTED)
@pytest.mark.thorough
def test_weights_give_the_losses_and_the_weights_that_keras_gives_in_the_same_order(example, given):
    model, x, y = example()
    history = fit(model, x=x, y=y, epochs=1, seed=3, **given).history
    reference, order, options = example()[0], training.epoch_order(60, 3, 0), dict(given)
    if "sample_weight" in given:
        weights = np.array(WEIGHTS) if isinstance(given["sample_weight"], list) else given["sample_weight"]
        options["sample_weight"] = keras.tree.map_structure(lambda a: a[order], weights)
    rows = keras.tree.map_structure(lambda a: a[order], (x, y))
    expected = reference.fit(*rows, batch_size=16, shuffle=False, verbose=0, **options).history
    assert history.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, rtol=1e-5)
    for found, wanted in zip(state(model), state(reference), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)


def test_validation_data_may_have_weights():
    model = classes()[0]
    [loss] = fit(model, validation_data=(X, Y, WEIGHTS), epochs=1).history["val_loss"]
    expected = model.evaluate(X, Y, sample_weight=WEIGHTS, batch_size=16, verbose=0)[0]
    assert loss == pytest.approx(expected, rel=1e-5)
    assert loss < 0.8 * model.evaluate(X, Y, verbose=0)[0]


def test_class_weights_leave_the_validation_set_alone_and_so_the_weights_that_patience_keeps():
    """The validation set has class 1 alone: its weight would make `val_loss` a thousand times as large."""
    at = np.flatnonzero(Y == 1)
    options = {"validation_data": (X[at], Y[at]), "class_weight": {0: 0.5, 1: 1000.0}, "epochs": 3, "patience": 1}
    model = classifier(dropout=0.0)
    losses = fit(model, **options).history["val_loss"]
    assert min(losses) == pytest.approx(model.evaluate(X[at], Y[at], verbose=0), rel=1e-4)


def test_classes_of_a_loss_that_names_none_are_those_of_the_targets():
    y = Y * 2 - 1
    by_class = fit(classifier("hinge", 1), y=y, class_weight={1: 3.0}).history
    assert by_class == fit(classifier("hinge", 1), y=y, sample_weight=np.where(y == 1, 3.0, 1.0)).history


LABELS = "`class_weight` must be a mapping from classes {} to weights. Received: class_weight={}"
SHAPE = "`sample_weight` must be of shape (60,), a weight for each example. Received: sample_weight of shape {}"
FINITE = "`{0}` must be finite numbers of at least 0. Received: {0} with {1} of 60 values wrong, the first in row {2}"
NEGATIVE = np.where(np.arange(60) > 57, -1.0, WEIGHTS)
BINARY = keras.losses.BinaryCrossentropy(from_logits=True)
REFUSED = {
    "length": ({"sample_weight": WEIGHTS[:59]}, SHAPE.format("(59,)")),
    "shape": ({"sample_weight": np.ones((60, 3))}, SHAPE.format("(60, 3)")),
    "negative": ({"sample_weight": NEGATIVE}, FINITE.format("sample_weight", 2, "58: -1.0")),
    "NaN": ({"sample_weight": np.full(60, np.nan)}, FINITE.format("sample_weight", 60, "0: nan")),
    "text": ({"sample_weight": ["a"] * 60},
             "`sample_weight` must be an array of numbers. Received: sample_weight of dtype <U1"),
    "tuple": ({"sample_weight": (WEIGHTS, WEIGHTS)},
              "`sample_weight` must be an array, or the same tuple or dict of arrays as `y`. "
              "Received: sample_weight of type tuple"),
    "validation": ({"validation_data": (X, Y, NEGATIVE)}, FINITE.format("validation_data[2]", 2, "58: -1.0")),
    "both": ({"sample_weight": WEIGHTS, "class_weight": {0: 1.0}},
             "`class_weight` must be None with `sample_weight`. Received: class_weight={0: 1.0}"),
    "no class": ({"class_weight": {2: 1.0}}, LABELS.format("in [0, 2)", {2: 1.0})),
    "no mapping": ({"class_weight": [1.0, 2.0]}, LABELS.format("in [0, 2)", [1.0, 2.0])),
    "negative class": ({"class_weight": {0: -1}},
                       "`class_weight[0]` must be a number of at least 0. Received: class_weight[0]=-1"),
    "binary": ({"model": lambda: classifier(BINARY, 1), "class_weight": {0: 1, 2: 5}},
               LABELS.format("in [0, 2)", {0: 1, 2: 5})),
    "hinge": ({"model": lambda: classifier("hinge", 1), "y": Y * 2 - 1, "class_weight": {-1: 1, 0: 5}},
              LABELS.format("that `y` has", {-1: 1, 0: 5})),
    "no classes": ({"model": lambda: classifier("mse"), "y": X[:, :2], "class_weight": {0: 1.0}},
                   "`class_weight` must be None where `y` has no class for each example. Received: y of shape (60, 2)"),
}  # fmt: skip


@pytest.mark.parametrize(("given", "message"), REFUSED.values(), ids=REFUSED)
def test_weights_that_cannot_be_taken_are_refused_before_anything_is_written(given, message, tmp_path):
    given = dict(given)
    model = given.pop("model", classifier)()
    assert refusal(fit, model, tmp_path / "run", **given) == message
    assert not (tmp_path / "run").exists()


def test_weights_without_targets_are_refused():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.ActivityRegularization(l2=0.1)(keras.layers.Dense(2)(inputs)))
    model.compile("adam")
    with pytest.raises(ValueError, match=r"`sample_weight` must be None without `y`. Received: sample_weight of type"):
        fit(model, y=None, sample_weight=WEIGHTS)
