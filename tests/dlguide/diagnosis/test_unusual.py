"""`check` of programs that it cannot copy, train or read in the usual way: an answer, and no crash; bad arguments."""

import re

import keras
import numpy as np
import pytest

from dlguide import _private_apis
from dlguide.diagnosis import Report, check
from dlguide.diagnosis._layers import copied
from tests.helpers.diagnosis_programs import BINARY, CLASSES, NUMBERS, L, X, dense, functional, hidden, program

pytestmark = pytest.mark.one_backend
ADAM = keras.optimizers.Adam
WORDS = np.array(["a", "b", "c"])[CLASSES]


def report_of(made: tuple) -> Report:
    model, x, y, options = made
    report = check(model, x, y, **{"epochs": 4, **options})
    assert str(report) and report.to_dict()
    return report


class Own(keras.Model):
    """A model without `get_config`, which Keras cannot copy."""

    def __init__(self, layers):
        super().__init__()
        self.all = layers

    def call(self, x):
        for layer in self.all:
            x = layer(x)
        return x


class Plain(keras.Model):
    """A model that Keras can copy, and whose layers it cannot exchange."""

    def __init__(self):
        super().__init__()
        self.hidden, self.dense = hidden("tanh"), dense(1, "sigmoid")

    def call(self, x):
        return self.dense(self.hidden(x))


class Doubled(L.Layer):
    """A layer without `get_config`."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def call(self, x):
        return 2 * self.layer(x)


NOT_COPIED = "`model` must be one that can be copied: its class, or that of a layer, needs `get_config`. Received: "


@pytest.mark.parametrize(
    "layers", [lambda: Own([dense()]), lambda: [Doubled(dense()), hidden("tanh"), dense()]], ids=["model", "layer"]
)
def test_a_model_that_cannot_be_copied_is_refused(layers):
    with pytest.raises(ValueError, match=re.escape(NOT_COPIED)):
        report_of(program(layers(), "mse", y=NUMBERS))


@pytest.mark.thorough(seconds=3)
def test_a_model_of_batches_of_one_size_is_trained_with_them():
    model = keras.Sequential([keras.Input(batch_shape=(32, 4)), dense(1, "sigmoid")])
    report = report_of(program(model, "bce", y=BINARY, optimizer=ADAM(0.05), epochs=10, batch_size=32))
    assert (report.error, report.findings) == ("", []) and report.skill > 0.8


@pytest.mark.thorough(seconds=3)
def test_a_model_with_a_call_of_its_own_has_a_skill():
    report = report_of(program(Plain(), "bce", y=BINARY, optimizer=ADAM(0.05), epochs=10))
    assert (report.error, report.findings) == ("", []) and report.skill > 0.8


def by_name(number, numbers):
    return {"number": number, "numbers": numbers}


@pytest.mark.parametrize("both", [lambda *both: [*both], pytest.param(by_name, marks=pytest.mark.thorough(seconds=3))])
def test_a_model_with_two_outputs_is_answered(both):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, both(dense(1, name="number")(inputs), dense(2, name="numbers")(inputs)))
    made = program(model, both("mse", "mae"), y=both(NUMBERS, X[:, :2]), optimizer=ADAM(0.1), epochs=20)
    report = report_of(made)
    assert (report.error, report.findings) == ("", []) and report.losses[-1] < report.losses[0]


def squared(y, predicted):
    return keras.ops.mean(keras.ops.square(keras.ops.reshape(y, (-1, 1)) - predicted), axis=-1)


def own_tanh(x):
    return keras.ops.tanh(x)


class Squared(keras.losses.Loss):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def call(self, y, predicted):
        return self.factor * squared(y, predicted)


class OwnAdam(keras.optimizers.Adam):
    pass


OWN = {
    "loss": lambda: program([dense()], squared, y=NUMBERS, optimizer=ADAM(0.05)),
    "lambda as a loss": lambda: program([dense()], lambda *two: squared(*two), y=NUMBERS, optimizer=ADAM(0.05)),
    "class of losses": lambda: program([dense()], Squared(2), y=NUMBERS, optimizer=ADAM(0.05)),
    "metric": lambda: program([dense()], "mse", y=NUMBERS, optimizer=ADAM(0.05), metrics=[squared]),
    "activation": lambda: program([hidden(own_tanh), dense()], "mse", y=NUMBERS, optimizer=ADAM(0.05)),
    "optimizer": lambda: program([dense()], "mse", y=NUMBERS, optimizer=OwnAdam(0.05)),
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.thorough] * (name != "loss")) for name in OWN])
def test_a_function_or_class_of_ones_own_is_no_error_of_the_training(name):
    model, x, y, _ = OWN[name]()
    report = check(model, x, y, epochs=10)
    assert (report.error, report.findings) == ("", []) and report.skill > 0.8


def of_words():
    lookup = L.StringLookup(vocabulary=["a", "b", "c"], output_mode="one_hot")
    return keras.Sequential([keras.Input((), dtype="string"), lookup, dense(3, "softmax")])


@pytest.mark.thorough
@pytest.mark.parametrize("x", [WORDS, WORDS.astype(object)], ids=["str", "object"])
def test_texts_as_inputs_are_trained(x):
    import tensorflow as tf

    report = report_of(program(of_words(), "sparse", tf.constant(x), CLASSES, optimizer=ADAM(0.1), epochs=20))
    assert (report.error, report.findings) == ("", []) and report.skill > 0.8


@pytest.mark.thorough
@pytest.mark.parametrize("y", [WORDS, WORDS.astype(object)], ids=["str", "object"])
def test_texts_as_targets_are_the_error_that_keras_raises(y):
    assert report_of(program([dense(3, "softmax")], "sparse", y=y)).error != ""


@pytest.mark.thorough
def test_a_training_that_fails_is_reported_with_its_error():
    model, _, y, _ = program([dense()], "mse", y=NUMBERS)
    report = report_of((model, X[:, :3], y, {}))
    assert report.findings == [] and report.skill == -1 and report.error.startswith("ValueError: ")
    assert str(report).splitlines()[1] == f"The training ends in an error: {report.error}"
    assert "expected axis -1" in report.error  # What is wrong, and not only that something is.


SLOW = pytest.mark.thorough(seconds=3)
SCARCE = {
    "no targets": lambda: program([dense(4)], "mse"),
    "three examples": lambda: program([dense(1, "sigmoid")], "bce", X[:3], BINARY[:3]),
    "one class": lambda: program([dense(1, "sigmoid")], "bce", y=0 * BINARY),
    "an empty column": lambda: program([dense()], "mse", np.c_[X[:, :3], np.full(400, np.nan)], NUMBERS),
}


@pytest.mark.parametrize(
    "name",
    ["no targets", *(pytest.param(name, marks=SLOW) for name in ("an empty column", "three examples", "one class"))],
)
def test_data_that_lack_something_are_answered(name):
    assert bool(report_of(SCARCE[name]()).findings) == (name == "an empty column")


def model_of(**options):
    return program(functional(dense(name="out")), "mse", **options)[0]


REFUSED = {
    "not compiled": (
        lambda: check(keras.Sequential([keras.Input((4,)), dense()], name="mine"), X, NUMBERS),
        "`model` must be a compiled keras.Model. Received: model=<Sequential name=mine, built=True>",
    ),
    "no model": (lambda: check("mlp", X, NUMBERS), "`model` must be a compiled keras.Model. Received: model='mlp'"),
    "epochs": (
        lambda: check(model_of(), X, NUMBERS, epochs=0),
        "`epochs` must be an integer of at least 1. Received: epochs=0",
    ),
    "language": (
        lambda: check(model_of(), X, NUMBERS, language="fr"),
        "`language` must be one of 'en', 'zh'. Received: language='fr'",
    ),
    "rows": (
        lambda: check(model_of(), X, NUMBERS[:9]),
        "`x` and `y` must have as many rows. Received: x of shape (400, 4), y of shape (9,)",
    ),
    "no batch": (lambda: check(model_of(), iter(())), "`x` must have at least one batch. Received: x without one"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_argument_is_named_in_one_sentence(name):
    call, message = REFUSED[name]
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == message


def test_an_option_that_fit_has_not_is_refused_as_python_refuses_one():
    with pytest.raises(TypeError) as error:
        check(model_of(), X, NUMBERS, epoch=3)
    assert str(error.value) == "check() got an unexpected keyword argument 'epoch'"


def test_rows_that_differ_in_one_of_several_arrays_are_refused():
    with pytest.raises(ValueError, match="`x` and `y` must have as many rows"):
        check(model_of(), X, [NUMBERS, NUMBERS[:9]])


def test_no_rows_are_refused():
    with pytest.raises(ValueError, match="`x` must have at least one"):
        check(model_of(), X[:0], NUMBERS[:0])


@pytest.mark.thorough(seconds=5)
@pytest.mark.parametrize("built", [True, False])
def test_weights_of_an_activation_and_of_a_model_that_is_not_built_stay_as_they_are(built):
    model = keras.Sequential([L.Dense(8, activation=L.PReLU(alpha_initializer="ones")), dense()])
    model.compile("adam", "mse")
    if built:
        model.build((None, 4))
    before = [np.array(weight) for weight in model.weights]
    report = check(model, X, NUMBERS, epochs=3)
    assert report.error == "" and model.built == built
    assert all((a == np.array(b)).all() for a, b in zip(before, model.weights, strict=True))


def test_a_model_without_a_loss_is_copied_without_a_warning():
    model = keras.Sequential([keras.Input((4,)), dense()])
    model.compile("sgd", metrics=["mae"])
    assert copied(model, metrics=_private_apis.compiled_metrics(model)).loss is None
