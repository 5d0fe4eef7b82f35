"""Checks of the head: last units and activation, loss, targets and metrics, against one another."""

import dataclasses

import keras
import numpy as np

from dlguide import _data_checks, _private_apis
from dlguide.diagnosis._layers import ACTIVATIONS, Head, head_of
from dlguide.diagnosis._program import Program
from dlguide.diagnosis._report import Suspicion
from dlguide.diagnosis._task import OF_CLASSES, OF_SIGNS, Task, is_numbers

RANGES = {"sigmoid": (0, 1), "softmax": (0, 1), "hard_sigmoid": (0, 1), "tanh": (-1, 1), "relu": (0, np.inf),
          "softplus": (0, np.inf), "exponential": (0, np.inf), "relu6": (0, 6)}  # fmt: skip
"""Between which numbers the outputs of an activation lie."""
PROBABILITIES = ("sigmoid", "softmax", "hard_sigmoid")


def check_head(program: Program):
    """What in the head contradicts the task: the first of these alone, since one repair changes all of them."""
    head, y = head_of(program), program.y
    is_known = program.loss in (*_data_checks.OF_PROBABILITIES, *_data_checks.OF_NUMBERS, *OF_SIGNS)
    if head is None or not is_known or not is_numbers(y):
        return
    checks = (_missing_layer, _units, _labels, _loss, _activation)
    key = next(filter(None, (check(program, head) for check in checks)), None)
    if key is None:
        return
    repaired, (low, high) = _repaired(program, head, key), RANGES.get(head.activation, (-np.inf, np.inf))
    wanted, wanted_head = repaired or program, head_of(repaired or program)
    facts = {"units": program.units, "activation": head.activation, "inner": head.inner, "loss": program.loss}
    facts |= {"loss_class": program.loss.title().replace("_", ""), "classes": program.task.num_classes}
    facts |= {"low": float(y.min()), "high": float(y.max()), "from": low, "to": high, "targets": y.shape}
    facts |= {"outside": _share_outside(program, head), "shape": program.model.output_shape}
    facts |= {"wanted_units": wanted.units, "wanted_loss": wanted.loss}
    facts["wanted_activation"] = wanted_head.activation if wanted_head else ""
    yield Suspicion(key, facts, repaired, key not in ("loss_of_numbers", "relu_output"))


def _repaired(program: Program, head: Head, key: str) -> Program | None:
    if key in ("labels_integers", "labels_one_hot") and program.loss != "binary_crossentropy":
        sparse = "sparse_" if key == "labels_integers" else ""
        return program.with_model(loss=f"{sparse}categorical_crossentropy")
    if key == "pixels":
        largest = float(program.y.max())
        x, y, held_out = keras.tree.map_structure(lambda a: a / largest, (program.x, program.y, program.held_out))
        return dataclasses.replace(program, x=x, y=y, held_out=held_out)
    if key == "missing_layer":
        layer = type(head.layer).from_config({**head.layer.get_config(), "name": f"{head.layer.name}_after"})
        return program.with_model({head.layer.name: [keras.layers.Flatten(), layer]})
    return with_head(program, head)


def with_head(program: Program, head: Head) -> Program | None:
    """Return a program whose last activation and units, loss and labels are those of its task."""
    task, loss, activation, units = program.task, None, "linear", None
    if task.kind == "classes" and task.num_classes == 2 and program.units == 1:
        activation, loss = "sigmoid", "binary_crossentropy"
    elif task.kind == "classes":
        activation, units = "softmax", task.num_classes
        loss = "categorical_crossentropy" if task.form == "one_hot" else "sparse_categorical_crossentropy"
    elif task.kind == "labels":
        activation, loss, units = "sigmoid", "binary_crossentropy", program.y.shape[-1]
    else:
        units = program.y[0].size if program.y.ndim <= 2 else None
        loss = "mse" if "entropy" in program.loss or "hinge" in program.loss else None
    if task.kind == "classes" and task.form != "one_hot" and list(task.values) != list(range(task.num_classes)):
        (x, y), task = program.held_out, Task("classes", "integers", np.arange(task.num_classes))
        counted = [np.searchsorted(program.task.values, part.reshape(len(part))) for part in (program.y, y)]
        program = dataclasses.replace(program, task=task, y=counted[0], held_out=(x, counted[1]))
    size = "filters" if "filters" in head.layer.get_config() else "units"
    changes = {each.name: [keras.layers.Identity()] for each in head.after if isinstance(each, ACTIVATIONS)}
    changes[head.layer.name] = {"activation": activation} | ({size: units} if units else {})
    return program.with_model(changes, loss)


def _missing_layer(program: Program, head: Head):
    """More axes in the outputs than in the targets: each place of an example is compared with its target."""
    task, y = program.task, program.y
    is_flat = y.ndim > 1 and (y.shape[-1] == 1 or (task.form != "integers" and program.units != 1))
    axes = y.ndim if is_flat else y.ndim + 1
    return "missing_layer" if len(program.model.output_shape) > axes and not head.after else None


def _units(program: Program, head: Head):
    task, units, loss = program.task, program.units, program.loss
    if task.kind == "classes" and task.form == "one_hot":
        return None if units == task.num_classes else "units_of_classes"
    if task.kind == "classes":
        is_short = units == 1 and (task.num_classes > 2 or loss in OF_CLASSES[1:])
        is_short |= loss in OF_CLASSES[1:] and 1 < units < task.num_classes
        return "units_of_classes" if is_short and loss in OF_CLASSES else None
    has_axis = program.y.ndim == len(program.model.output_shape)
    return None if units == (program.y.shape[-1] if has_axis else 1) else "units_of_targets"


def _labels(program: Program, head: Head):
    task, loss, units = program.task, program.loss, program.units
    if task.kind != "classes" or loss not in OF_CLASSES:
        return None
    if loss == "categorical_crossentropy" and task.form != "one_hot":
        return "labels_integers" if task.form == "integers" and task.values.max() < units else "labels_codes"
    if loss == "binary_crossentropy" and task.form == "integers" and min(task.num_classes, units) > 2:
        return "labels_integers"
    if task.form == "one_hot":
        return "labels_one_hot" if loss == "sparse_categorical_crossentropy" else None
    return "labels_codes" if task.form in ("codes", "signs") or (units > 1 and task.values.max() >= units) else None


def _loss(program: Program, head: Head):
    task, loss, y = program.task, program.loss, program.y
    if task.kind == "numbers":
        are_shares = y.min() >= 0 and y.max() <= 1
        if loss == "categorical_crossentropy":
            are_shares &= y.ndim > 1 and np.allclose(y.sum(-1), 1, atol=0.01)
        is_of_shares = loss in OF_CLASSES[:2] and are_shares
        if loss in OF_CLASSES[:2] and y.min() >= 0 and np.array_equal(program.x, y):
            return None if are_shares else "pixels"  # Of an autoencoder.
        return "loss_of_classes" if loss in (*OF_CLASSES, *OF_SIGNS) and not is_of_shares else None
    if task.num_classes > 2 and loss == "binary_crossentropy" and head.activation == "softmax":
        return "loss_of_labels"
    if task.kind == "labels" and loss == "categorical_crossentropy":
        return "loss_of_one_class"
    is_of_signs = loss in OF_SIGNS and head.activation in ("linear", "tanh") and task.form != "codes"
    return "loss_of_numbers" if loss in _data_checks.OF_NUMBERS and not is_of_signs else None


def _activation(program: Program, head: Head):
    task, last, is_of_classes = program.task, head.activation, program.loss in OF_CLASSES
    if last == "softmax" and program.units == 1:
        return "softmax_of_one"
    if head.inner and last in PROBABILITIES:
        return "activation_twice"
    if is_of_classes and _data_checks.takes_logits(program.model) and last != "linear":
        return "logits_twice" if last in PROBABILITIES else "no_logits" if last in RANGES else None
    if is_of_classes and not _data_checks.takes_logits(program.model):
        if last not in PROBABILITIES:
            return "no_probabilities"
        if last != "softmax" and program.loss in OF_CLASSES[1:] and task.num_classes > 2:
            return "sigmoid_of_many"
        if last == "softmax" and task.kind == "labels":
            return "softmax_of_labels"
    if task.kind == "numbers" and _share_outside(program, head) > 0.005:
        return "targets_outside"
    return "relu_output" if task.kind == "numbers" and last == "relu" else None


def _share_outside(program: Program, head: Head) -> float:
    """Return the share of the targets that the output cannot reach."""
    low, high = RANGES.get(head.activation, (-np.inf, np.inf))
    return float(np.mean((program.y < low - 0.01) | (program.y > high + 0.01)))


def check_metrics(program: Program):
    """Metrics that do not measure the task."""
    task = program.task
    is_one_of_many = task.num_classes > 2 and program.loss != "binary_crossentropy"
    wrong = {"binaryaccuracy": "metric_of_bits"} if is_one_of_many else {}
    wrong |= {"categoricalaccuracy": "metric_of_one"} if program.units == 1 or task.form == "integers" else {}
    for metric in _private_apis.compiled_metrics(program.model) if task.kind == "classes" else ():
        name = metric if isinstance(metric, str) else type(metric).__name__
        # The name "Accuracy" is understood as "accuracy".
        key = "metric_exact" if type(metric) is keras.metrics.Accuracy else wrong.get(name.replace("_", "").lower())
        if key:
            yield Suspicion(key, {"metric": name, "classes": task.num_classes}, None, True)
