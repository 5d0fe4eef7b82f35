"""Checks of the head: the last units and their activation, the loss, and the targets, against one another."""

import keras
import numpy as np

from dlguide.diagnosis import _repairs
from dlguide.diagnosis._finding import Suspicion
from dlguide.diagnosis._program import OF_CLASSES, OF_SIGNS, Head, Program, head_of

RANGES = {"sigmoid": (0, 1), "softmax": (0, 1), "hard_sigmoid": (0, 1), "tanh": (-1, 1), "relu": (0, np.inf)}
RANGES |= {"softplus": (0, np.inf), "exponential": (0, np.inf), "relu6": (0, 6)}
"""Between which numbers the outputs of an activation lie."""
PROBABILITIES = ("sigmoid", "softmax", "hard_sigmoid")


def check_head(program: Program) -> list[Suspicion]:
    """Return what in the head contradicts the task: the first of these alone, since one repair changes all of them."""
    head, y = head_of(program.model), program.y
    if head is None or not isinstance(y, np.ndarray):
        return []
    checks = (_missing_layer, _units, _labels, _loss, _activation)
    found = next(filter(None, (check(program, head) for check in checks)), None)
    if found is None:
        return []
    fault, key, facts, *certain = found
    repaired = _repaired(program, head, key)
    shown = {"units": program.model.output_shape[-1], "activation": head.activation, "loss": program.loss_name}
    shown |= {"classes": program.task.num_classes, "low": float(y.min()), "high": float(y.max())}
    if program.loss_name:
        shown["loss_class"] = "".join(map(str.capitalize, program.loss_name.split("_")))
    shown["wanted_loss"] = repaired.loss if isinstance(repaired.loss, str) else program.loss_name
    shown["wanted_units"] = repaired.model.output_shape[-1]
    shown["wanted_activation"] = "sigmoid" if repaired.loss == "binary_crossentropy" else "softmax"
    return [Suspicion(fault, key, shown | facts, repaired, *certain or [True])]


def _repaired(program: Program, head: Head, key: str) -> Program:
    if key == "labels_integers":
        return _repairs.with_options(program, loss="sparse_categorical_crossentropy")
    if key == "labels_one_hot":
        return _repairs.with_options(program, loss="categorical_crossentropy")
    if key == "missing_layer":
        name = head.layer.name
        layer = type(head.layer).from_config({**head.layer.get_config(), "name": f"{name}_after"})
        return _repairs.with_layers(program, {name: [keras.layers.Flatten(), layer]})
    return _repairs.with_head(program, head)


def _missing_layer(program: Program, head: Head):
    """More axes in the outputs than in the targets: they are compared with all of them."""
    wanted = 2 if program.task.kind in ("classes", "labels") or program.y.ndim == 1 else program.y.ndim
    if program.task.kind == "classes" and program.y.ndim > 2:
        return None
    shape = program.model.output_shape
    if len(shape) > wanted and not head.after:
        return "missing_layer", "missing_layer", {"shape": shape, "targets": program.y.shape}
    return None


def _units(program: Program, head: Head):
    task, units, loss = program.task, program.model.output_shape[-1], program.loss_name
    if task.kind == "classes" and task.form == "one_hot":
        return None if units == task.num_classes else ("last_layer_units", "units_of_classes", {})
    if task.kind == "classes":
        is_short = units == 1 and (task.num_classes > 2 or "categorical" in loss)
        is_short |= units > 1 and loss in OF_CLASSES[1:] and 1 < units < task.num_classes
        return ("last_layer_units", "units_of_classes", {}) if is_short and loss not in OF_SIGNS else None
    wanted = program.y.shape[-1] if program.y.ndim > 1 else 1
    return None if units == wanted else ("last_layer_units", "units_of_targets", {"wanted": wanted})


def _labels(program: Program, head: Head):
    task, loss, units = program.task, program.loss_name, program.model.output_shape[-1]
    if task.kind != "classes" or loss in OF_SIGNS:
        return None
    if loss == "categorical_crossentropy" and task.form != "one_hot":
        key = "labels_integers" if task.form == "integers" else "labels_codes"
        return "labels_wrong_format", key, {}
    if loss == "sparse_categorical_crossentropy" and task.form == "one_hot":
        return "labels_wrong_format", "labels_one_hot", {}
    if loss in OF_CLASSES and (task.form in ("codes", "signs") or (units > 1 and task.values.max() >= units)):
        return "labels_wrong_format", "labels_codes", {}
    return None


def _loss(program: Program, head: Head):
    task, loss = program.task, program.loss_name
    if task.kind == "numbers":
        y = program.y
        if loss == "binary_crossentropy" and not (y.min() >= 0 and y.max() <= 1):
            return "loss_mismatch", "loss_of_classes", {}
        are_shares = y.ndim > 1 and y.shape[-1] > 1 and y.min() >= 0 and np.allclose(y.sum(-1), 1, atol=0.01)
        if loss in (*OF_CLASSES[1:], *OF_SIGNS) and not (are_shares and loss == "categorical_crossentropy"):
            return "loss_mismatch", "loss_of_classes", {}
    elif task.kind == "classes" and task.num_classes > 2:
        if loss == "binary_crossentropy" and head.activation == "softmax":
            return "loss_mismatch", "loss_of_labels", {}
    elif task.kind == "labels" and loss == "categorical_crossentropy":
        return "loss_mismatch", "loss_of_one_class", {}
    if (
        task.kind != "numbers"
        and loss not in (*OF_CLASSES, "")
        and not (loss in OF_SIGNS and _takes_signs(program, head))
    ):
        return "loss_mismatch", "loss_of_numbers", {}, False
    return None


def _takes_signs(program: Program, head: Head) -> bool:
    return head.activation in ("linear", "tanh") and program.task.form in ("integers", "signs", "one_hot")


def _activation(program: Program, head: Head):
    task, loss, last = program.task, program.loss_name, head.activation
    units = program.model.output_shape[-1]
    if last == "softmax" and units == 1:
        return "output_activation", "softmax_of_one", {}
    if head.inner and last in PROBABILITIES:
        return "output_activation", "activation_twice", {"inner": head.inner}
    if loss in OF_CLASSES and program.takes_logits and last in PROBABILITIES:
        return "output_activation", "logits_twice", {}
    if loss in OF_CLASSES and not program.takes_logits:
        if last not in PROBABILITIES:
            return "output_activation", "no_probabilities", {}
        if last != "softmax" and loss in OF_CLASSES[1:] and task.num_classes > 2:
            return "output_activation", "sigmoid_of_many", {}
        if last == "softmax" and task.kind == "labels":
            return "output_activation", "softmax_of_labels", {}
    if loss in OF_CLASSES and program.takes_logits and last != "linear":
        return "output_activation", "no_logits", {}
    if task.kind == "numbers" and last in RANGES and program.loss_name:
        low, high = RANGES[last]
        outside = float(np.mean((program.y < low - 0.01) | (program.y > high + 0.01)))
        if outside > 0.005:
            return "output_activation", "targets_outside", {"outside": outside, "from": low, "to": high}
    return None
