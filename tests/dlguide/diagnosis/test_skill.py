"""What a program's task is, inferred from its targets, and how well outputs meet it."""

import numpy as np
import pytest

from dlguide.diagnosis._task import Task, skill, task_of
from tests.helpers.diagnosis_programs import BINARY, CLASSES, LABELS, NUMBERS, ONE_HOT, STEPS

pytestmark = pytest.mark.one_backend
TAGS = np.digitize(STEPS[..., 0], [-0.43, 0.43])
BCE, CCE, SPARSE, MSE = "binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy", "mse"

# Targets, the loss, whether there is an accuracy, and units; then kind, form and number of classes.
TASKS = {
    "0 and 1": ((BINARY, BCE, False, 1), ("classes", "integers", 2)),
    "0 and 1 as floats in a column": ((BINARY[:, None].astype("float32"), BCE, False, 1), ("classes", "integers", 2)),
    "0 and 1, a loss of numbers": ((BINARY, MSE, False, 1), ("classes", "integers", 2)),
    "integers": ((CLASSES, SPARSE, False, 3), ("classes", "integers", 3)),
    "integers, an accuracy": ((CLASSES, MSE, True, 1), ("classes", "integers", 3)),
    "integers, a loss of numbers": ((CLASSES, MSE, False, 1), ("numbers", "", 0)),
    "as many integers as examples": ((np.arange(400), SPARSE, True, 1), ("numbers", "", 0)),
    "one-hot rows": ((ONE_HOT, CCE, False, 3), ("classes", "one_hot", 3)),
    "one-hot rows, a loss of numbers": ((ONE_HOT, MSE, False, 3), ("classes", "one_hot", 3)),
    "signs": ((2 * BINARY - 1, "hinge", False, 1), ("classes", "signs", 2)),
    "two other numbers": ((3 * BINARY + 4, BCE, False, 1), ("classes", "codes", 2)),
    "hundreds": ((100 * CLASSES, SPARSE, False, 3), ("classes", "codes", 3)),
    "classes divided by their number": ((CLASSES / 3, SPARSE, False, 3), ("classes", "codes", 3)),
    "fractions, a loss of numbers": ((CLASSES / 3, MSE, False, 1), ("numbers", "", 0)),
    "labels": ((LABELS, BCE, False, 3), ("labels", "", 0)),
    "numbers": ((NUMBERS, MSE, False, 1), ("numbers", "", 0)),
    "numbers, a loss of classes": ((NUMBERS, BCE, True, 1), ("numbers", "", 0)),
    "rows of numbers": ((STEPS[:, 0], MSE, False, 4), ("numbers", "", 0)),
    "a class for each step": ((TAGS, SPARSE, False, 3), ("classes", "integers", 3)),
    "two classes for the steps": ((TAGS % 2, SPARSE, False, 2), ("classes", "integers", 2)),
    "a class for each step, in columns": ((TAGS[..., None], SPARSE, False, 3), ("classes", "integers", 3)),
    "one-hot rows for each step": ((np.eye(3)[TAGS], CCE, False, 3), ("classes", "one_hot", 3)),
    "no targets": ((None, MSE, False, 1), ("numbers", "", 0)),
    "several targets": (([NUMBERS, CLASSES], "", False, 0), ("numbers", "", 0)),
    "texts": ((np.array(["a", "b"])[BINARY], SPARSE, False, 2), ("numbers", "", 0)),
}


def shape(name, units):
    """Return that of the outputs of such a program."""
    return (None, STEPS.shape[1], units) if "step" in name else (None, units)


@pytest.mark.parametrize("name", TASKS)
def test_the_task_is_what_the_targets_the_loss_and_the_metrics_say(name):
    (y, loss, has_accuracy, units), wanted = TASKS[name]
    task = task_of(y, loss, has_accuracy, shape(name, units))
    assert (task.kind, task.form, task.num_classes) == wanted


@pytest.mark.parametrize("name", TASKS)
def test_the_class_of_a_target_counts_from_0(name):
    (y, loss, has_accuracy, units), (kind, _, classes) = TASKS[name]
    if kind == "classes":
        counted = task_of(y, loss, has_accuracy, shape(name, units)).class_of(y)
        assert set(np.unique(counted)) == set(range(classes)) and len(counted) == len(y)


def probabilities(classes, units=3, low=0.1):
    """Return rows that are largest at some classes."""
    return np.where(np.arange(units) == classes[..., None], 0.8, low)


def of_sign(bits, *values):
    return np.array(values)[np.asarray(bits, int)][..., None]


# Task, targets, outputs that are right, outputs that are the same for all examples, and whether these are logits.
INTEGERS = Task("classes", "integers", np.arange(3))
TWO = Task("classes", "integers", np.arange(2))
ALL_ONE = np.tile([0.2, 0.7, 0.1], (400, 1))
SKILLS = {
    "integers": (INTEGERS, CLASSES, probabilities(CLASSES), ALL_ONE, False),
    "integers, logits": (INTEGERS, CLASSES, probabilities(CLASSES, low=-9), ALL_ONE, True),
    "integers in a column": (INTEGERS, CLASSES[:, None], probabilities(CLASSES), ALL_ONE, False),
    "one-hot": (Task("classes", "one_hot", np.arange(3)), ONE_HOT, probabilities(CLASSES), ALL_ONE, False),
    "two, probabilities": (TWO, BINARY, of_sign(BINARY, 0.4, 0.6), np.full((400, 1), 0.7), False),
    "two, logits": (TWO, BINARY, of_sign(BINARY, -0.1, 0.1), np.full((400, 1), 0.7), True),
    "two, two units": (TWO, BINARY, probabilities(BINARY, 2), ALL_ONE[:, :2], False),
    "signs": (Task("classes", "signs", np.array([-1, 1])), 2 * BINARY - 1, of_sign(BINARY, -0.1, 0.1),
              np.ones((400, 1)), False),
    "codes": (Task("classes", "codes", np.array([3, 5, 9])), np.array([3, 5, 9])[CLASSES], probabilities(CLASSES),
              ALL_ONE, False),
    "rare classes": (TWO, np.arange(400) // 390, probabilities(np.arange(400) // 390, 2), ALL_ONE[:, :2], False),
    "sequences": (INTEGERS, TAGS, probabilities(TAGS), np.tile([0.2, 0.7, 0.1], (400, 5, 1)), False),
    "labels": (Task("labels"), LABELS, 0.4 + 0.2 * LABELS, np.tile(LABELS.mean(0) > 0.5, (400, 1)), False),
    "labels, logits": (Task("labels"), LABELS, LABELS - 0.5, np.tile(LABELS.mean(0), (400, 1)) - 0.5, True),
    "numbers": (Task("numbers"), NUMBERS, NUMBERS[:, None], np.full((400, 1), NUMBERS.mean()), False),
    "rows of numbers": (Task("numbers"), STEPS[:, 0], STEPS[:, 0], np.tile(STEPS[:, 0].mean(0), (400, 1)), False),
    "numbers of steps": (Task("numbers"), STEPS, STEPS, np.tile(STEPS.mean(0), (400, 1, 1)), False),
}  # fmt: skip


@pytest.mark.parametrize("name", SKILLS)
def test_the_skill_is_1_for_perfect_outputs_0_for_a_constant_answer_and_minus_1_for_nan(name):
    task, y, perfect, constant, takes_logits = SKILLS[name]
    assert skill(task, perfect, y, takes_logits) == pytest.approx(1)
    assert skill(task, constant, y, takes_logits) == pytest.approx(0, abs=1e-6)
    broken = np.array(perfect, "float64")
    broken[7] = np.nan
    assert skill(task, broken, y, takes_logits) == -1
    assert type(skill(task, constant, y, takes_logits)) is float


def test_the_skill_between_them_is_worked_by_hand():
    numbers, labels = Task("numbers"), Task("labels")
    assert skill(numbers, np.array([0.0, 0, 2]), np.array([0.0, 1, 2]), False) == pytest.approx(0.5)  # 1 − (1/3)/(2/3).
    assert skill(numbers, np.array([9.0, 9, 9]), np.array([0.0, 1, 2]), False) == -1
    y = np.array([0, 0, 0, 1])
    assert skill(TWO, np.array([0.1, 0.1, 0.9, 0.9]), y, False) == pytest.approx(2 / 3)  # Recalls 2/3 and 1.
    bits = np.array([[1, 0], [1, 1], [0, 0], [0, 1]])
    assert skill(labels, 1.0 * (bits & [1, 0]), bits, False) == pytest.approx(0.5)


def test_of_many_numbers_such_as_pixels_those_that_hardly_vary_do_not_decide():
    images = np.random.default_rng(0).random((400, 64))
    images[:, :32] *= 1e-3
    found = np.where(np.arange(64) < 32, 0.01, images)
    assert skill(Task("numbers"), found, images, False) > 0.99
    assert skill(Task("numbers"), found[:, 20:44], images[:, 20:44], False) == -1  # Few numbers count alike.


def test_outputs_of_another_size_and_targets_of_one_value_have_no_skill():
    assert skill(Task("numbers"), np.ones((4, 2)), np.arange(4), False) == -1
    assert skill(Task("numbers"), np.ones((4, 1)), np.ones(4), False) == 0
    assert skill(TWO, np.ones((4, 1)), np.ones(4, int), False) == 0
