"""Each note of `texts.csv`: a program that gives it, and a neighbour that does not."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from dlguide.diagnosis import check
from dlguide.diagnosis._notes import linear_skill, notes_of
from dlguide.diagnosis._report import rows, sentence
from dlguide.diagnosis._trainings import Outcome
from tests.helpers.diagnosis_programs import (
    BINARY,
    CLASSES,
    LABELS,
    NUMBERS,
    ONE_HOT,
    L,
    X,
    dense,
    program,
    seen,
    trained,
)

pytestmark = pytest.mark.one_backend
ADAM, SGD = keras.optimizers.Adam, keras.optimizers.SGD
FEW = np.where((CLASSES == 2) & (np.arange(400) % 16 > 0), 1, CLASSES)
NOISE = np.random.default_rng(3).normal(size=400).astype("float32")


def of_numbers(*layers, y=NUMBERS, optimizer=None, **options):
    return program([*layers, dense()], "mse", y=y, optimizer=optimizer or SGD(0.1), **options)


def of_classes(y=CLASSES, **options):
    return program([dense(3, "softmax")], "sparse", y=y, **options)


# `a` picks the first of its arguments for the program with the note, and the second for the neighbour.
TRAINED = {
    "note_linear": lambda a: of_numbers(optimizer=SGD(a(1e-4, 0.1)), epochs=4),
    "note_overfitting": lambda a: of_numbers(
        L.Dense(128, activation="relu"), y=a(NOISE, NUMBERS), optimizer=ADAM(0.02), epochs=30
    ),
    "note_below_dropout": lambda a: of_numbers(
        *a([L.Dropout(0.5)], []), y=NUMBERS + NOISE / 2, optimizer=SGD(0.05), epochs=6
    ),
    "note_below": lambda a: of_numbers(y=NUMBERS + NOISE, optimizer=SGD(0.02), epochs=a(1, 20)),
    "note_flat": lambda a: of_numbers(y=-NUMBERS, optimizer=SGD(a(1e-6, 0.1)), epochs=30),
}
OF_DATA = {
    "note_rare": lambda a: of_classes(a(FEW, CLASSES)),
    "note_constant": lambda a: of_numbers(x=X * a([1, 0, 1, 0], 1)),
    "note_accuracy": lambda a: of_numbers(metrics=[a("accuracy", "mae")]),
}


def notes(made: tuple, base=None) -> dict:
    """Return the facts of each note of a program; without an outcome of its training it is trained."""
    as_seen = replace(seen(made), base=base) if base else trained(made)
    return dict(notes_of(as_seen, linear_skill(as_seen)))


def test_each_note_of_the_table_has_its_programs():
    assert {*TRAINED, *OF_DATA} == {key for key in rows() if key.startswith("note_")}


SLOW = [pytest.mark.thorough(seconds=20)]


@pytest.mark.parametrize("key", [pytest.param(key, marks=SLOW) for key in TRAINED])
def test_a_note_on_curves_is_of_the_program_and_not_of_its_neighbour(key):
    found = notes(TRAINED[key](lambda this, other: this))
    assert key in found and key not in notes(TRAINED[key](lambda this, other: other))
    for language in ("en", "zh"):
        assert "{" not in sentence(key, language, found[key])


@pytest.mark.parametrize("key", OF_DATA)
def test_a_note_on_data_or_metrics_is_of_the_program_and_not_of_its_neighbour(key):
    found = notes(OF_DATA[key](lambda this, other: this), Outcome(1.0))
    assert list(found) == [key] and notes(OF_DATA[key](lambda this, other: other), Outcome(1.0)) == {}
    for language in ("en", "zh"):
        assert "{" not in sentence(key, language, found[key])


def test_the_numbers_of_a_note_are_those_of_the_data():
    rare = notes(OF_DATA["note_rare"](lambda this, other: this), Outcome(1.0))["note_rare"]
    counts = np.bincount(FEW)
    assert rare == {"value": 2, "share": counts[2] / 400, "majority": counts[1] / 400}
    one_hot = program([dense(3, "softmax")], "cce", y=np.eye(3, dtype="float32")[FEW])
    assert notes(one_hot, Outcome(1.0)) == {"note_rare": rare}
    constant = notes(OF_DATA["note_constant"](lambda this, other: this), Outcome(1.0))
    assert constant == {"note_constant": {"count": 2, "columns": 4}}


# Losses of training and validation, whether there is a dropout, and the notes on them.
CURVES = {
    "both fall": ([1, 0.5, 0.2], [1, 0.5, 0.2], []),
    "the validation loss rises at the end by a little": ([1, 0.5, 0.1], [1, 0.5, 0.52], []),
    "it rises by more": ([1, 0.5, 0.1], [1, 0.5, 0.6], ["note_overfitting"]),
    "both rise": ([1, 2, 3], [1, 2, 3], []),
    "it is below": ([1, 0.9, 0.8], [0.8, 0.7, 0.6], ["note_below"]),
    "it is below by a little": ([1, 0.9, 0.8], [0.9, 0.8, 0.75], []),
    "NaN": ([1, np.nan], [1, np.nan], []),
    "nothing was trained": ([], [], []),
}


@pytest.mark.parametrize("name", CURVES)
def test_a_note_on_curves_depends_on_both_of_them(name):
    losses, valid_losses, wanted = CURVES[name]
    assert list(notes(of_numbers(), Outcome(1.0, losses, valid_losses))) == wanted


def test_the_epoch_of_the_lowest_loss_counts_in_epochs_of_the_program():
    found = notes(of_numbers(epochs=40), Outcome(1.0, [1, 0.5, 0.4, 0.3], [1, 0.5, 0.7, 0.8]))["note_overfitting"]
    assert found == {"epoch": 20, "best": 0.5, "last": 0.8}


LINEAR = {
    "numbers": lambda: of_numbers(),
    "two classes": lambda: program([dense(1, "sigmoid")], "bce", y=BINARY),
    "integers": lambda: of_classes(),
    "one-hot rows": lambda: program([dense(3, "softmax")], "cce", y=ONE_HOT),
    "labels": lambda: program([dense(3, "sigmoid")], "bce", y=LABELS),
    "signs": lambda: program([dense(1, "tanh")], "hinge", y=2 * BINARY - 1),
    "codes": lambda: of_classes(10 * CLASSES),
}


@pytest.mark.parametrize("name", LINEAR)
def test_a_linear_model_of_linear_data_has_a_skill_and_one_of_noise_none(name):
    as_seen = seen(LINEAR[name]())
    assert linear_skill(as_seen) > 0.45
    noise = np.random.default_rng(0).permutation(len(as_seen.x))
    assert linear_skill(replace(as_seen, x=as_seen.x[noise])) < 0.25


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("language", "note"),
    [("en", "1 of 4 columns of the inputs have one value only."), ("zh", "输入的 4 列中有 1 列只有一个值。")],
)
def test_notes_stand_at_the_end_of_the_report_in_its_language(language, note):
    model, x, y, _ = of_numbers(y=X[:, 0], x=X * [1, 0, 1, 1], metrics=["accuracy"])
    report = check(model, x, y, language=language, epochs=10)
    accuracy = sentence("note_accuracy", language, {})
    assert report.notes[-2:] == [note, accuracy]
    assert str(report).endswith(f"\n- {note}\n- {accuracy}")
