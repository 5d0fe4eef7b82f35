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
    "numbers, a loss of classes": ((NUMBERS, BCE, True, 1), ("numbers", "", 0)),
    "rows of numbers": ((STEPS[:, 0], MSE, False, 4), ("numbers", "", 0)),
    "a class for each step": ((TAGS, SPARSE, False, 3), ("classes", "integers", 3)),
    "a class for each step, in columns": ((TAGS[..., None], SPARSE, False, 3), ("classes", "integers", 3)),
    "one-hot rows for each step": ((np.eye(3)[TAGS], CCE, False, 3), ("classes", "one_hot", 3)),
    "no targets": ((None, MSE, False, 1), ("numbers", "", 0)),
    "several targets": (([NUMBERS, CLASSES], "", False, 0), ("numbers", "", 0)),
    "texts": ((np.array(["a", "b"])[BINARY], SPARSE, False, 2), ("numbers", "", 0)),
}


@pytest.mark.parametrize("name", TASKS)
def test_the_task_is_what_the_targets_the_loss_and_the_metrics_say_and_its_classes_count_from_0(name):
    (y, loss, has_accuracy, units), wanted = TASKS[name]
    task = task_of(y, loss, has_accuracy, (None, STEPS.shape[1], units) if "step" in name else (None, units))
    assert (task.kind, task.form, task.num_classes) == wanted
    if task.kind == "classes":
        assert set(np.unique(task.class_of(y))) == set(range(wanted[2])) and len(task.class_of(y)) == len(y)


def of_classes(form, *values):
    return Task("classes", form, np.array(values))


# Task, outputs, targets, whether the outputs are logits, and the skill worked out by hand.
TWO, NUMBER = of_classes("integers", 0, 1), Task("numbers")
FOUR, PAIRS = np.array([0, 0, 0, 1]), np.array([[1, 0], [1, 1], [0, 0], [0, 1]])
LIKELY = np.eye(3)[[0, 1, 2, 2]] * 0.8 + 0.1
SKILLS = {
    "recalls of 2/3 and 1": (TWO, [0.1, 0.1, 0.9, 0.9], FOUR, False, 2 / 3),
    "logits": (TWO, [-0.1, -0.1, 0.1, 0.1], FOUR, True, 2 / 3),
    "the commoner of two": (TWO, [0.1, 0.1, 0.1, 0.1], FOUR, False, 0),
    "signs": (of_classes("signs", -1, 1), [-0.1, -0.1, 0.1, 0.1], 2 * FOUR - 1, False, 2 / 3),
    "three, of which one half": (of_classes("integers", 0, 1, 2), LIKELY, np.array([0, 1, 2, 1]), False, 0.75),
    "codes": (of_classes("codes", 3, 5, 9), LIKELY, np.array([3, 5, 9, 5]), False, 0.75),
    "one-hot": (of_classes("one_hot", 0, 1, 2), LIKELY, np.eye(3)[[0, 1, 2, 1]], False, 0.75),
    "steps": (of_classes("integers", 0, 1, 2), LIKELY[None], np.array([[0, 1, 2, 1]]), False, 0.75),
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
