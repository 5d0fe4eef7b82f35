"""How well outputs meet a task, a linear model's skill, and each note of `texts.csv`."""

import numpy as np
import pytest

from dlguide.diagnosis._check import linear_skill, notes_of
from dlguide.diagnosis._report import rows, sentence
from dlguide.diagnosis._task import Task, skill
from dlguide.diagnosis._trainings import Outcome
from tests.dlguide.diagnosis import programs as p
from tests.dlguide.diagnosis.programs import BINARY, CLASSES, LABELS, ONE_HOT, L, X, seen

pytestmark = pytest.mark.one_backend


def classes(form, *values):
    return Task("classes", form, np.array(values))


# Task, outputs, targets, whether the outputs are logits, and the skill worked out by hand.
TWO, NUMBER = classes("integers", 0, 1), Task("numbers")
FOUR, PAIRS = np.array([0, 0, 0, 1]), np.array([[1, 0], [1, 1], [0, 0], [0, 1]])
LIKELY = np.eye(3)[[0, 1, 2, 2]] * 0.8 + 0.1
SKILLS = {
    "recalls of 2/3 and 1": (TWO, [0.1, 0.1, 0.9, 0.9], FOUR, False, 2 / 3),
    "logits": (TWO, [-0.1, -0.1, 0.1, 0.1], FOUR, True, 2 / 3),
    "the commoner of two": (TWO, [0.1, 0.1, 0.1, 0.1], FOUR, False, 0),
    "signs": (classes("signs", -1, 1), [-0.1, -0.1, 0.1, 0.1], 2 * FOUR - 1, False, 2 / 3),
    "three, of which one half": (classes("integers", 0, 1, 2), LIKELY, np.array([0, 1, 2, 1]), False, 0.75),
    "codes": (classes("codes", 3, 5, 9), LIKELY, np.array([3, 5, 9, 5]), False, 0.75),
    "one-hot": (classes("one_hot", 0, 1, 2), LIKELY, np.eye(3)[[0, 1, 2, 1]], False, 0.75),
    "steps": (classes("integers", 0, 1, 2), LIKELY[None], np.array([[0, 1, 2, 1]]), False, 0.75),
    "labels": (Task("labels"), PAIRS & [1, 0], PAIRS, False, 0.5),
    "labels, logits": (Task("labels"), (PAIRS & [1, 0]) - 0.5, PAIRS, True, 0.5),
    "1 - (1/3)/(2/3)": (NUMBER, [0, 0, 2], np.array([0.0, 1, 2]), False, 0.5),
    "their mean": (NUMBER, [[1], [1], [1]], np.array([0.0, 1, 2]), False, 0),
    "far from them": (NUMBER, [9, 9, 9], np.array([0.0, 1, 2]), False, -1),
    "NaN": (NUMBER, [0, np.nan, 2], np.array([0.0, 1, 2]), False, -1),
    "logits of shares": (NUMBER, [-99, 99], np.array([0.0, 1]), True, 1),
    "another size": (NUMBER, np.ones((4, 2)), np.arange(4), False, -1),
    "targets of one value": (NUMBER, np.ones((4, 1)), np.ones(4), False, 0),
    "targets of one class": (TWO, np.ones((4, 1)), np.ones(4, int), False, 0),
}  # fmt: skip


@pytest.mark.parametrize("name", SKILLS)
def test_the_skill_is_that_worked_out_by_hand(name):
    task, outputs, y, takes_logits, wanted = SKILLS[name]
    found = skill(task, outputs, y, takes_logits)
    assert found == pytest.approx(wanted, abs=1e-6) and type(found) is float


def test_of_many_numbers_such_as_pixels_those_that_hardly_vary_do_not_decide():
    images = np.random.default_rng(0).random((400, 64))
    images[:, :32] *= 1e-3
    found = np.where(np.arange(64) < 32, 0.01, images)
    assert skill(NUMBER, found, images, False) > 0.99
    assert skill(NUMBER, found[:, 20:44], images[:, 20:44], False) == -1  # Few numbers count alike.


FEW = np.where((CLASSES == 2) & (np.arange(400) % 16 > 0), 1, CLASSES)
RISING = {"epoch": 20, "best": 0.5, "last": 0.6}  # The second of four passes, of 40 epochs.
RARE = {"value": 2, "share": np.mean(FEW == 2), "majority": np.mean(FEW == 1)}


def outcome(*losses, skill=1.0):
    """Return that of a training with these losses; the second half are those of the validation."""
    half = len(losses) // 2
    return Outcome(skill, list(losses[:half]), list(losses[half:]))


def of_numbers(*layers, **options):
    return p.of_numbers(*layers, epochs=40, **options)


# The note, or none; its facts; the program; the outcome of its training.
NOTES = [
    ("note_overfitting", RISING, of_numbers, outcome(1, 0.5, 0.3, 0.1, 1, 0.5, 0.55, 0.6)),
    ("", {}, of_numbers, outcome(1, 0.5, 0.3, 0.1, 1, 0.5, 0.52, 0.545)),
    ("", {}, of_numbers, outcome(1, 2, 3, 1, 2, 3)),
    ("note_below", {"train": 0.8, "valid": 0.71}, of_numbers, outcome(1, 0.9, 0.8, 0.8, 0.75, 0.71)),
    ("note_below_dropout", {"train": 1, "valid": 0.89}, lambda: of_numbers(L.Dropout(0.5)), outcome(1, 1, 0.9, 0.89)),
    ("", {}, of_numbers, outcome(1, 0.9, 0.8, 0.9, 0.8, 0.73)),
    ("note_flat", {"first": 1, "last": 0.96}, of_numbers, outcome(1, 0.96, 1, 0.96, skill=0.0)),
    ("", {}, of_numbers, outcome(1, 0.94, 1, 0.94, skill=0.0)),
    ("", {}, of_numbers, outcome(1, np.nan, 1, np.nan)),
    ("note_linear", {"linear": 0.3, "skill": 0.24}, of_numbers, Outcome(0.24)),
    ("", {}, of_numbers, Outcome(0.26)),
    ("note_rare", RARE, lambda: p.of_classes(y=FEW), Outcome(1.0)),
    ("note_rare", RARE, lambda: p.of_classes("cce", np.eye(3)[FEW]), Outcome(1.0)),
    ("", {}, p.of_classes, Outcome(1.0)),
    ("note_constant", {"count": 2, "columns": 4}, lambda: of_numbers(x=X * [1, 0, 1, 0]), Outcome(1.0)),
    ("note_accuracy", {}, lambda: of_numbers(metrics=["accuracy"]), Outcome(1.0)),
    ("", {}, lambda: of_numbers(metrics=["mae"]), Outcome(1.0)),
]


@pytest.mark.parametrize(("key", "facts", "made", "base"), NOTES)
def test_a_note_is_of_the_program_with_its_numbers_and_not_of_its_neighbour(key, facts, made, base):
    assert {key for key, *_ in NOTES if key} == {key for key in rows() if key.startswith("note_")}
    found = dict(notes_of(seen(made(), base=base), 0.3 if base.skill in (0.24, 0.26) else None))
    assert found == ({key: facts} if key else {})
    assert not key or "{" not in sentence(key, "en", facts) + sentence(key, "zh", facts)


LINEAR = {  # The program, and its skill; where a line cannot have all answers right, as it came out once.
    "numbers": (p.of_numbers, 1),
    "two classes": (p.of_two, 0.977),
    "integers": (p.of_classes, 0.5),
    "one-hot rows": (lambda: p.of_classes("cce", ONE_HOT), 0.5),
    "labels": (lambda: p.of_classes("bce", LABELS, "sigmoid"), 0.943),
    "signs": (lambda: p.of_two(activation="tanh", loss="hinge", y=2 * BINARY - 1), 0.977),
    "codes": (lambda: p.of_classes(y=10 * CLASSES), 0.5),
}


@pytest.mark.parametrize("name", LINEAR)
def test_a_linear_model_of_linear_data_has_a_skill_and_one_of_noise_none(name):
    made, wanted = LINEAR[name]
    as_seen = seen(made())
    noise = np.random.default_rng(0).permutation(len(as_seen.x))
    found = linear_skill(as_seen), linear_skill(seen(made(), x=as_seen.x[noise]))
    assert found == (pytest.approx(wanted, abs=0.01), min(found[1], 0.25))
