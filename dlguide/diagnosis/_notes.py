"""Notes: what is worth knowing of the data and the curves, and is no fault."""

import numpy as np

from dlguide import _private_apis
from dlguide.diagnosis import _repairs
from dlguide.diagnosis._layer_checks import DROPOUT
from dlguide.diagnosis._layers import flat_layers
from dlguide.diagnosis._program import Program
from dlguide.diagnosis._task import Task, is_numbers, skill

GOOD, RARE = 0.1, 0.2


def notes_of(program: Program, linear: float | None = None):
    """Yield the key of `texts.csv` and the facts of each note; `linear` is the skill of a linear model."""
    base = program.base
    if linear is not None and linear > max(base.skill, 0.1) + 0.05:
        yield "note_linear", {"linear": linear, "skill": base.skill}
    yield from _of_curves(program)
    if program.task.kind == "classes" and is_numbers(program.given["y"]):
        values, counts = np.unique(program.task.class_of(program.given["y"]), return_counts=True)
        if counts.min() < RARE * counts.mean():
            share, majority = (count / counts.sum() for count in (counts.min(), counts.max()))
            yield "note_rare", {"value": values[counts.argmin()], "share": share, "majority": majority}
    x = program.x
    if is_numbers(x) and x.ndim == 2 and (constant := int((x.std(0) == 0).sum())):
        yield "note_constant", {"count": constant, "columns": x.shape[1]}
    names = [str(getattr(each, "name", each)) for each in _private_apis.compiled_metrics(program.model)]
    if program.task.kind == "numbers" and any("acc" in name.lower() for name in names):
        yield "note_accuracy", {}


def _of_curves(program: Program):
    """Yield notes on the losses of training and validation."""
    base = program.base
    train, valid = np.array(base.losses), np.array(base.valid_losses)
    if base.error or not len(valid) or not np.isfinite(train).all() or not np.isfinite(valid).all():
        return
    best = int(valid.argmin())
    if valid[-1] > 1.1 * valid[best] and train[-1] < train[0] and best < len(valid) - 1:
        epoch = max(1, round((best + 1) / len(valid) * program.epochs))
        yield "note_overfitting", {"epoch": epoch, "best": valid[best], "last": valid[-1]}
    elif valid[-1] < 0.9 * train[-1]:
        has_dropout = any(isinstance(layer, DROPOUT) for layer in flat_layers(program.model))
        key = "note_below_dropout" if has_dropout else "note_below"
        yield key, {"train": train[-1], "valid": valid[-1]}
    if base.skill < GOOD and len(train) > 1 and train[-1] > 0.95 * train[0]:
        yield "note_flat", {"first": train[0], "last": train[-1]}


def linear_skill(program: Program) -> float | None:
    """Return the skill of the least-squares line through the inputs: what a network should beat."""
    task, y = program.task, program.y
    if not is_numbers(program.x) or not is_numbers(y) or y.ndim > 2 or program.x[0].size > 3000:
        return None
    scaled = _repairs.with_scaled_inputs(program)
    x, held = (np.c_[part.reshape(len(part), -1), np.ones(len(part))] for part in (scaled.x, scaled.held_out[0]))
    held_y = program.held_out[1]
    if task.kind == "classes":
        eye = np.eye(int(max(task.num_classes - 1, *(task.class_of(part).max() for part in (y, held_y)))) + 1)
        y, held_y = (eye[task.class_of(part)] for part in (y, held_y))
        task = Task("classes", "one_hot", np.arange(y.shape[1]))
    y = np.asarray(y, "float64").reshape(len(y), -1)
    weights = np.linalg.solve(x.T @ x + 1e-3 * len(x) * np.eye(x.shape[1]), x.T @ y)
    return skill(task, held @ weights, np.asarray(held_y).reshape(len(held), -1), False)
