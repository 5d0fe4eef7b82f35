"""`check` from end to end: what it leaves as it was, and what its report says and shows."""

import json
import random
import re
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from dlguide import _private_apis
from dlguide.diagnosis import Report, check
from dlguide.diagnosis._check import CONTRADICTIONS, PROVED, diagnose
from dlguide.diagnosis._report import Suspicion, sentence
from dlguide.diagnosis._trainings import Outcome
from tests.helpers.diagnosis_programs import BINARY, CLASSES, NUMBERS, L, X, dense, hidden, program, seen, suspicions

pytestmark = pytest.mark.one_backend
ADAM = keras.optimizers.Adam
CHINESE = re.compile("[\u4e00-\u9fff]")


def report_of(made: tuple, **options) -> Report:
    model, x, y, given = made
    return check(model, x, y, **{**given, **options})


def right(**options):
    """A program that learns."""
    return program([dense(1, "sigmoid")], "bce", y=BINARY, optimizer=ADAM(0.05), epochs=10, **options)


def wrong():
    """A program with two faults: the softmax of a single unit, and a metric of equal numbers."""
    keras.utils.set_random_seed(0)
    layers = [L.BatchNormalization(), L.Dropout(0.2), dense(1, "softmax")]
    return program(layers, "bce", y=BINARY, optimizer=ADAM(0.05), metrics=[keras.metrics.Accuracy()], epochs=10)


def slow():
    """A program that only a training shows to be wrong."""
    keras.utils.set_random_seed(0)
    return program([hidden("tanh"), dense()], "mse", y=NUMBERS, optimizer=keras.optimizers.SGD(1e-4), epochs=4)


@pytest.fixture(scope="module")
def report():
    return report_of(wrong())


def seeds() -> str:
    return repr((random.getstate(), np.random.get_state(), np.array(_private_apis.global_seed_state())))


def state(model) -> list:
    variables = (*model.variables, *model.optimizer.variables, *model.metrics_variables)
    return [keras.ops.convert_to_numpy(each).copy() for each in variables]


def trained(made: tuple):
    model, x, y, _ = made
    model.fit(x, y, epochs=2, verbose=0)
    return model


@pytest.mark.thorough(seconds=5)
@pytest.mark.parametrize("make", [wrong, pytest.param(slow, marks=pytest.mark.thorough(seconds=3))])
@pytest.mark.filterwarnings("ignore:.*softmax over axis")
def test_the_model_its_optimizer_metrics_and_loss_and_what_is_drawn_later_are_as_without_the_check(make):
    twin, made = trained(make()), make()
    model = trained(made)
    before, kept, drawn = state(model), (model.optimizer, model.loss, model.metrics), seeds()
    assert report_of(made).findings
    assert all(map(np.array_equal, before, state(model)))
    assert kept == (model.optimizer, model.loss, model.metrics) and seeds() == drawn
    for each in (twin, model):
        keras.utils.set_random_seed(1)
        each.fit(*made[1:3], epochs=1, verbose=0)
    assert all(map(np.array_equal, state(twin), state(model)))


@pytest.mark.thorough(seconds=3)
def test_a_second_check_of_a_program_gives_the_same_report(report):
    made = wrong()
    keras.utils.set_random_seed(1)
    assert report_of(made) == report


def test_a_program_that_learns_has_no_finding_and_the_report_counts_the_checks():
    report, checks = report_of(right()), len({*CONTRADICTIONS, *PROVED})
    assert report.findings == [] and report.error == "" and report.checks == checks
    assert 0.9 < report.skill <= 1 and 0.9 < report.linear_skill <= 1 and len(report.losses) > 1
    first, second, *notes = str(report).splitlines()
    assert first == f"No fault found by {checks} checks."
    scale = "(1: perfect, 0: as good as without the inputs, below: worse)"
    reached, linear = f"{report.skill:.2f}", f"{report.linear_skill:.2f}"
    assert second == f"The short training reaches a skill of {reached} {scale}; a linear model {linear}."
    assert notes == [f"- {note}" for note in report.notes]


def test_a_finding_says_what_is_wrong_what_shows_it_and_what_to_change(report):
    first, second = report.findings
    assert (first.fault, first.confidence, first.is_clear) == ("output_activation", "certain", True)
    facts = suspicions(seen(wrong()))[0].facts
    texts = [sentence("softmax_of_one", column, facts) for column in ("en", "evidence_en", "change")]
    assert [first.text, first.evidence, first.change] == texts and first.change.count("sigmoid") == 1
    assert first.before == report.skill == 0 and first.after > 0.9
    assert (second.fault, second.before, second.after) == ("wrong_metric", None, None)
    assert str(report).startswith(
        f"1. {first.text} [output_activation, certain]\n   Evidence: {first.evidence}\n   Change: {first.change}\n"
        f"   short training: 0.00 → {first.after:.2f}\n   {first.page}\n2. {second.text} [wrong_metric, certain]\n"
    )
    assert first.page.startswith("https://") and first.page.endswith("#output_activation")


def test_a_report_is_a_dict_of_plain_values_and_a_display_of_a_notebook(report):
    assert json.loads(json.dumps(report.to_dict())) == report.to_dict()
    assert report.to_dict()["findings"][0]["fault"] == "output_activation"
    assert report._repr_markdown_() == f"```text\n{report}\n```"


@pytest.mark.thorough(seconds=3)
def test_a_report_in_chinese_says_the_same_in_chinese(report):
    chinese = report_of(wrong(), language="zh")
    assert [each.fault for each in chinese.findings] == [each.fault for each in report.findings]
    for each in chinese.findings:
        assert CHINESE.search(each.text) and CHINESE.search(each.evidence)
    lines = [line for line in str(chinese).splitlines() if "https://" not in line]
    assert all(map(CHINESE.search, lines)) and len(chinese.notes) == len(report.notes)
    assert str(replace(chinese, findings=[])).startswith(f"{report.checks} 项检查没有发现问题。\n")


@pytest.mark.thorough(seconds=3)
def test_it_is_silent_and_shows_on_a_terminal_how_far_it_is(capfd, monkeypatch):
    report_of(right())
    assert capfd.readouterr() == ("", "")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    report_of(right())
    out, err = capfd.readouterr()
    assert out == "" and err.startswith("\r[") and err.endswith("\r" + 65 * " " + "\r")


def in_batches(*parts):
    return tf.data.Dataset.from_tensor_slices(parts if len(parts) > 1 else parts[0]).batch(32)


def of_a_dict(loss="bce", activation="sigmoid"):
    inputs = {name: keras.Input((2,), name=name) for name in "ab"}
    model = keras.Model(inputs, dense(1, activation)(L.Concatenate()([*inputs.values()])))
    return program(model, loss, {"a": X[:, :2], "b": X[:, 2:]}, BINARY, ADAM(0.05), epochs=10)


def without_an_input_layer():
    made = program(keras.Sequential([dense(1, "sigmoid")]), "bce", y=BINARY, optimizer=ADAM(0.05), epochs=10)
    assert not made[0].built
    return made


def with_tensors():
    model, x, y, options = right()
    return model, tf.constant(x), tf.constant(y), options


def batched(made):
    model, x, y, options = made
    return model, in_batches(x, y), None, {**options, "validation_data": in_batches(-X, BINARY)}


FORMS = {
    "a data set": lambda: batched(right()),
    "a data set of dicts": lambda: batched(of_a_dict()),
    "a dict of inputs": of_a_dict,
    "tensors": with_tensors,
    "no input layer": without_an_input_layer,
    "weights": lambda: right(sample_weight=np.ones(400), validation_split=0.1),
    "weights of classes": lambda: right(class_weight={0: 1.0, 1: 2.0}),
    "a schedule": lambda: program([dense(1, "sigmoid")], "bce", y=BINARY, epochs=10, optimizer=ADAM(
        keras.optimizers.schedules.ExponentialDecay(0.05, 100, 0.9))),
}  # fmt: skip


IN_SHORT = ("a data set", "a dict of inputs", "no input layer", "a schedule")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.thorough] * (name not in IN_SHORT)) for name in FORMS]
)
def test_what_fit_takes_is_checked_in_each_form(name):
    report = report_of(FORMS[name]())
    assert report.findings == [] and report.error == "" and report.skill > 0.8


@pytest.mark.thorough(seconds=3)
def test_a_data_set_gets_the_findings_of_its_arrays(report):
    model, x, y, options = wrong()
    found = report_of((model, in_batches(x, y), None, options)).findings
    assert [(each.fault, each.text, each.evidence) for each in found] == [
        (each.fault, each.text, each.evidence) for each in report.findings
    ]


@pytest.mark.thorough(seconds=3)
def test_a_model_of_several_inputs_gets_the_findings_of_its_head():
    [finding] = report_of(of_a_dict(activation=None)).findings
    assert finding.fault == "output_activation" and finding.after > 0.8


@pytest.mark.thorough(seconds=3)
def test_sorted_classes_are_counted_that_no_step_sees():
    order = np.argsort(CLASSES)
    made = program([dense(3, "softmax")], "sparse", X[order], CLASSES[order], ADAM(0.05), epochs=8)
    [finding] = report_of(made, validation_split=0.4).findings
    assert (finding.fault, finding.is_clear) == ("not_shuffled", True)
    assert finding.evidence == "1 classes are in the validation set alone; the last 40% of the examples"


@pytest.mark.parametrize(
    ("before", "after", "is_clear"),
    [
        *[(0.0, 0.25, True), (0.0, 0.24, False), (0.75, 0.88, True), (0.75, 0.86, False), (0.85, 0.94, False)],
        *[(-1.0, 0.2, False), (-1.0, 0.3, True), (0.5, 0.5, False), (0.6, 0.4, False), (0.9, float("nan"), False)],
    ],
)
def test_a_change_is_clear_if_the_skill_rises_by_a_quarter_or_by_a_tenth_with_half_of_the_errors_gone(
    before, after, is_clear
):
    assert Suspicion("dead", {}, before=Outcome(before), after=Outcome(after)).is_clear is is_clear
    assert not Suspicion("dead", {}, before=Outcome(before)).is_clear


class Scripted:
    """Trainings whose skill depends on the learning rate alone."""

    seconds_left = 1

    def better_of_two(self, program):
        return Outcome(0.0)

    def proved(self, suspicion, base):
        rate = suspicion.repaired.learning_rate if suspicion.repaired else 0
        return replace(suspicion, before=base, after=Outcome(0.95 if rate > 0.09 else 0.4 if rate > 0.009 else 0.0))


def test_a_change_that_is_proved_twice_is_one_from_the_first_value_to_the_last():
    as_seen = seen(program([dense()], "mse", y=NUMBERS, optimizer=keras.optimizers.SGD(1e-5), epochs=4))
    [found], tried, base = diagnose(as_seen, Scripted())
    assert (found.key, found.before, found.after.skill) == ("rate_low", base, 0.95) and tried
    assert (found.facts["rate"], found.facts["other"]) == (pytest.approx(1e-5), 0.1)
