"""`check` from end to end: what it takes and refuses, what it leaves as it was, what its report says and shows."""

import dataclasses
import json
import random

import keras
import numpy as np
import pytest
import tensorflow as tf

from dlguide import _private_apis
from dlguide.diagnosis import Report, check
from tests.dlguide.diagnosis import programs as p
from tests.dlguide.diagnosis.programs import ADAM, BINARY, NUMBERS, L, X, dense, hidden, of_numbers, of_two, program
from tests.helpers import sentences

pytestmark = pytest.mark.one_backend
WORDS = np.array(["a", "b", "c"])[p.CLASSES]
SLOW = pytest.mark.thorough(seconds=3)


def report_of(made: tuple, **options) -> Report:
    model, x, y, given = made
    return check(model, x, y, **{"epochs": 10, **given, **options})


def right(*layers, **options):
    """A program that learns."""
    return of_two(*layers, optimizer=ADAM(0.05), **options)


def wrong():
    """A program with two faults: the softmax of a single unit, and a metric of equal numbers."""
    keras.utils.set_random_seed(0)
    layers = [L.BatchNormalization(), L.Dropout(0.2)]
    return of_two(*layers, activation="softmax", optimizer=ADAM(0.05), metrics=[keras.metrics.Accuracy()])


def slow():
    """A program that only a training shows to be wrong."""
    keras.utils.set_random_seed(0)
    return of_numbers(hidden("tanh"), optimizer=p.SGD(1e-4, momentum=0.5), epochs=4)


@pytest.fixture(scope="module")
def report():
    return report_of(wrong())


def state(model) -> list:
    variables = (*model.variables, *model.optimizer.variables, *model.metrics_variables)
    return [keras.ops.convert_to_numpy(each).copy() for each in variables]


def seeds() -> str:
    keras_state = np.array(_private_apis.global_seed_state())  # The first call makes it, with one draw of `random`.
    return repr((keras_state, random.getstate(), np.random.get_state()))


@pytest.mark.thorough(seconds=5)
@pytest.mark.parametrize("make", [wrong, slow])
@pytest.mark.filterwarnings("ignore:.*softmax over axis")
def test_the_model_its_optimizer_metrics_and_loss_and_what_is_drawn_later_are_as_without_the_check(make):
    models = []
    for is_checked in (False, True):
        model, x, y, _ = made = make()
        model.fit(x, y, epochs=2, verbose=0)
        before, kept, drawn = state(model), (model.optimizer, model.loss, model.metrics), seeds()
        assert not is_checked or report_of(made).findings
        assert all(map(np.array_equal, before, state(model)))
        assert kept == (model.optimizer, model.loss, model.metrics) and seeds() == drawn
        keras.utils.set_random_seed(1)
        model.fit(x, y, epochs=1, verbose=0)
        models.append(state(model))
    assert all(map(np.array_equal, *models))


@SLOW
def test_a_second_check_of_a_program_and_one_of_a_data_set_give_the_same_findings(report):
    assert report_of(wrong()) == report
    assert report_of(given_as(in_batches, wrong())).findings == report.findings


def test_a_report_says_what_is_wrong_what_shows_it_and_what_to_change_and_is_plain_values(report):
    first, second = report.findings
    assert (first.fault, first.confidence, first.is_clear) == ("output_activation", "certain", True)
    assert first.before == report.skill == 0 and first.after > 0.9 and report.linear_skill > 0.9
    assert (second.fault, second.before, second.after) == ("wrong_metric", None, None)
    assert json.loads(json.dumps(dataclasses.asdict(report))) == dataclasses.asdict(report)


def test_each_line_of_a_report_stands_where_it_belongs_in_both_languages(report):
    first = dataclasses.replace(report.findings[0], after=0.5)
    second = dataclasses.replace(first, before=0.5, after=0.7, is_alone=False)
    reports = {"nothing": {}, "tried": {"tried": {"dead": 0.1, "batch_size": 0.2}}, "no skill": {"skill": None}}
    reports |= {"error": {"error": "ValueError: bad"}, "found": {"findings": [first, second, report.findings[1]]}}
    told, plain = {}, Report([], ["A note."], 0.5, 0.75, "", [2.0, 1.0], {})
    for name, fields in reports.items():
        for language in ("en", "zh"):
            made = dataclasses.replace(plain, **fields, language=language)
            told[f"{name}, {language}"] = str(made).replace("\n", " / ")
            assert repr(made) == str(made)
    sentences.check_sentences("diagnosis report", told)


@SLOW
def test_a_report_in_chinese_says_the_same_in_chinese_and_nothing_else_is_printed(report, capfd):
    chinese = report_of(wrong(), language="zh")
    assert [each.fault for each in chinese.findings] == [each.fault for each in report.findings]
    lines = [line for line in str(chinese).splitlines() if "https://" not in line]
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in line) for line in lines)
    assert capfd.readouterr() == ("", "")


def in_batches(x, y):
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(32), None


def of_a_dict(activation="sigmoid"):
    inputs = {name: keras.Input((2,), name=name) for name in "ab"}
    model = keras.Model(inputs, dense(1, activation)(L.Concatenate()([*inputs.values()])))
    return program(model, "bce", {"a": X[:, :2], "b": X[:, 2:]}, BINARY, ADAM(0.05))


def given_as(change, made):
    model, x, y, options = made
    return model, *change(x, y), options


class Own(keras.Model):
    """A model with a `call` of its own, which Keras cannot copy."""

    def __init__(self, layers):
        super().__init__()
        self.all = layers

    def call(self, x):
        for layer in self.all:
            x = layer(x)
        return x


class Plain(Own):
    """One that it can."""

    def __init__(self):
        super().__init__([hidden("tanh"), dense(1, "sigmoid")])


def squared(y, predicted):
    return keras.ops.mean(keras.ops.square(keras.ops.reshape(y, (-1, 1)) - predicted), axis=-1)


def of_words():
    lookup = L.StringLookup(vocabulary=["a", "b", "c"], output_mode="one_hot")
    layers = [keras.Input((), dtype="string"), lookup, dense(3, "softmax")]
    return program(keras.Sequential(layers), "sparse", tf.constant(WORDS), p.CLASSES, ADAM(0.1), epochs=20)


def of_two_outputs(both=lambda *both: [*both]):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, both(dense(1, name="number")(inputs), dense(2, name="numbers")(inputs)))
    return program(model, both("mse", "mae"), y=both(NUMBERS, X[:, :2]), optimizer=ADAM(0.1), epochs=20)


SCHEDULE = keras.optimizers.schedules.ExponentialDecay
RIGHT = {
    "arrays": right,
    "a data set": lambda: given_as(in_batches, right(validation_data=in_batches(-X, BINARY)[0])),
    "a data set of dicts": lambda: given_as(in_batches, of_a_dict()),
    "a dict of inputs": of_a_dict,
    "tensors": lambda: given_as(lambda *two: map(tf.constant, two), right()),
    "no input layer": lambda: program(keras.Sequential([dense(1, "sigmoid")]), "bce", y=BINARY, optimizer=ADAM(0.05)),
    "weights": lambda: right(sample_weight=np.ones(400), validation_split=0.1),
    "weights of classes": lambda: right(class_weight={0: 1.0, 1: 2.0}),
    "a schedule": lambda: of_two(optimizer=ADAM(SCHEDULE(0.05, 100, 0.9))),
    "a model with a call of its own": lambda: program(Plain(), "bce", y=BINARY, optimizer=ADAM(0.05)),
    "a loss of one's own": lambda: of_numbers(loss=squared, optimizer=ADAM(0.05)),
    "a lambda as a loss": lambda: of_numbers(loss=lambda *two: squared(*two), optimizer=ADAM(0.05)),
    "a metric of one's own": lambda: of_numbers(optimizer=ADAM(0.05), metrics=[squared]),
    "an activation of one's own": lambda: of_numbers(hidden(lambda x: keras.ops.tanh(x)), optimizer=ADAM(0.05)),
    "an optimizer of one's own": lambda: of_numbers(optimizer=type("Own", (ADAM,), {})(0.05)),
    "an activation with weights": lambda: right(L.Dense(8, activation=L.PReLU(alpha_initializer="ones"))),
    "texts": of_words,
    "two outputs": of_two_outputs,
    "two outputs by name": lambda: of_two_outputs(lambda *both: dict(zip(("number", "numbers"), both, strict=True))),
}
IN_SHORT = ("a data set",)


@pytest.mark.parametrize("name", [pytest.param(name, marks=[SLOW] * (name not in IN_SHORT)) for name in RIGHT])
def test_what_fit_takes_is_checked_and_a_right_program_has_no_finding(name):
    model, *_ = made = RIGHT[name]()
    is_built = model.built
    report = report_of(made)
    assert (report.findings, report.error, model.built) == ([], "", is_built)
    assert report.losses[-1] < 0.7 * report.losses[0]
    assert report.skill is None if "outputs" in name else 0.8 < report.skill <= 1


ENDS = {  # Programs that end in an error, or lack something: the faults and the error.
    "no targets": (lambda: program([dense(4)], "mse"), [], "ValueError"),
    "three examples": (lambda: of_two(x=X[:3], y=BINARY[:3]), [], ""),
    "one class": (lambda: of_two(y=0 * BINARY), [], ""),
    "an empty column": (lambda: of_numbers(x=np.c_[X[:, :3], np.full(400, np.nan)]), ["missing_values"], ""),
    "texts as targets": (lambda: p.of_classes(y=WORDS), [], "ValueError"),
    "a wrong shape": (lambda: (of_numbers()[0], X[:, :3], NUMBERS, {}), [], "expected axis -1"),
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=[SLOW] * (name != "no targets")) for name in ENDS])
def test_a_training_that_fails_is_reported_with_its_error_and_data_that_lack_something_are_answered(name):
    made, faults, error = ENDS[name]
    report = report_of(made(), epochs=4)
    assert [each.fault for each in report.findings][:1] == faults
    assert error in report.error and bool(report.error) == bool(error)


REFUSED = {
    "not compiled": lambda: check(keras.Sequential([keras.Input((4,)), dense()], name="mine"), X, NUMBERS),
    "no model": lambda: check("mlp", X, NUMBERS),
    "no copy": lambda: report_of(program(Own([dense()]), "mse", y=NUMBERS)),
    "epochs": lambda: report_of(of_numbers(), epochs=0),
    "language": lambda: report_of(of_numbers(), language="fr"),
    "an option that fit has not": lambda: report_of(of_numbers(), epoch=3),
    "rows": lambda: report_of(of_numbers(y=NUMBERS[:9])),
    "rows of one of several arrays": lambda: report_of(of_numbers(y=[NUMBERS, NUMBERS[:9]])),
    "no rows": lambda: report_of(of_numbers(x=X[:0], y=NUMBERS[:0])),
    "no batch": lambda: check(of_numbers()[0], iter(())),
}


def test_a_bad_argument_is_named_in_one_sentence():
    told = {}
    for name, call in REFUSED.items():
        with pytest.raises((ValueError, TypeError)) as error:
            call()
        told[name] = f"{type(error.value).__name__}: {error.value}".partition("model=<")[0]
    sentences.check_sentences("diagnosis refuses", told)
