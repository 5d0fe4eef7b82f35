"""Each note of `texts.csv`: a program that gives it, and a neighbour that does not; the linear model."""

from dataclasses import replace

import numpy as np
import pytest

from dlguide.diagnosis._notes import linear_skill, notes_of
from dlguide.diagnosis._report import rows, sentence
from dlguide.diagnosis._trainings import Outcome
from tests.helpers.diagnosis_programs import BINARY, CLASSES, LABELS, NUMBERS, ONE_HOT, L, X, dense, program, seen

pytestmark = pytest.mark.one_backend
FEW = np.where((CLASSES == 2) & (np.arange(400) % 16 > 0), 1, CLASSES)


def of_numbers(*layers, y=NUMBERS, **options):
    return program([*layers, dense()], "mse", y=y, epochs=40, **options)


def of_classes(y=CLASSES, **options):
    return program([dense(3, "softmax")], "sparse", y=y, **options)


def outcome(*losses, skill=1.0):
    """Return that of a training with these losses; the second half are those of the validation."""
    half = len(losses) // 2
    return Outcome(skill, list(losses[:half]), list(losses[half:]))


DROPPED = [L.Dropout(0.5)]
RISING = {"epoch": 20, "best": 0.5, "last": 0.6}  # The second of four passes, of 40 epochs.
RARE = {"value": 2, "share": np.mean(FEW == 2), "majority": np.mean(FEW == 1)}
# The note, or none; its facts; the program; the outcome of its training.
NOTES = [
    ("note_overfitting", RISING, of_numbers, outcome(1, 0.5, 0.3, 0.1, 1, 0.5, 0.55, 0.6)),
    ("", {}, of_numbers, outcome(1, 0.5, 0.3, 0.1, 1, 0.5, 0.52, 0.545)),
    ("", {}, of_numbers, outcome(1, 2, 3, 1, 2, 3)),
    ("note_below", {"train": 0.8, "valid": 0.71}, of_numbers, outcome(1, 0.9, 0.8, 0.8, 0.75, 0.71)),
    ("note_below_dropout", {"train": 1, "valid": 0.89}, lambda: of_numbers(*DROPPED), outcome(1, 1, 0.9, 0.89)),
    ("", {}, of_numbers, outcome(1, 0.9, 0.8, 0.9, 0.8, 0.73)),
    ("note_flat", {"first": 1, "last": 0.96}, of_numbers, outcome(1, 0.96, 1, 0.96, skill=0.0)),
    ("", {}, of_numbers, outcome(1, 0.94, 1, 0.94, skill=0.0)),
    ("", {}, of_numbers, outcome(1, np.nan, 1, np.nan)),
    ("note_linear", {"linear": 0.3, "skill": 0.24}, of_numbers, Outcome(0.24)),
    ("", {}, of_numbers, Outcome(0.26)),
    ("note_rare", RARE, lambda: of_classes(FEW), Outcome(1.0)),
    ("note_rare", RARE, lambda: program([dense(3, "softmax")], "cce", y=np.eye(3)[FEW]), Outcome(1.0)),
    ("", {}, of_classes, Outcome(1.0)),
    ("note_constant", {"count": 2, "columns": 4}, lambda: of_numbers(x=X * [1, 0, 1, 0]), Outcome(1.0)),
    ("note_accuracy", {}, lambda: of_numbers(metrics=["accuracy"]), Outcome(1.0)),
    ("", {}, lambda: of_numbers(metrics=["mae"]), Outcome(1.0)),
]


def test_each_note_of_the_table_has_its_programs():
    assert {key for key, *_ in NOTES if key} == {key for key in rows() if key.startswith("note_")}


@pytest.mark.parametrize(("key", "facts", "made", "base"), NOTES)
def test_a_note_is_of_the_program_with_its_numbers_and_not_of_its_neighbour(key, facts, made, base):
    linear = 0.3 if base.skill in (0.24, 0.26) else None
    found = dict(notes_of(replace(seen(made()), base=base), linear))
    assert found == ({key: facts} if key else {})
    for language in ("en", "zh") if key else ():
        assert "{" not in sentence(key, language, facts)


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
