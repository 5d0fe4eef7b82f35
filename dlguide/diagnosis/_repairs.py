"""Repairs: functions from a program to the same program with one thing changed."""

from dataclasses import replace

import keras
import numpy as np

from dlguide.diagnosis._layers import ACTIVATIONS, Head, copied
from dlguide.diagnosis._program import Program, count, take
from dlguide.diagnosis._task import Task

CODES = (-9999, -999, -99, -1, 9999, 999, 99)  # Numbers that often stand for a missing one.


def with_model(program: Program, changes: dict | None = None, loss=None) -> Program | None:
    """Return a program whose model has other layers, by name (see `copied`), or another loss; None if it cannot be."""
    keras.utils.set_random_seed(0)
    try:
        return replace(program, model=copied(program.model, changes, loss))
    except (ValueError, TypeError, NotImplementedError):  # Of layers without `get_config`.
        return None


def with_head(program: Program, head: Head) -> Program:
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
        program = replace(program, task=task, y=counted[0], held_out=(x, counted[1]))
    size = "filters" if "filters" in head.layer.get_config() else "units"
    changes = {each.name: [keras.layers.Identity()] for each in head.after if isinstance(each, ACTIVATIONS)}
    changes[head.layer.name] = {"activation": activation} | ({size: units} if units else {})
    return with_model(program, changes, loss)


def with_hidden(program: Program, layers: list, activation: str) -> Program:
    """Return a program with another activation of some layers, and first weights that suit it."""
    first = {"kernel_initializer": "he_uniform"} if activation == "relu" else {}
    return with_model(program, {layer.name: {"activation": activation, **first} for layer in layers})


def with_random_order(program: Program) -> Program:
    """Return a program whose examples are a random choice of all that were given, in random order."""
    x, y = program.given["x"], program.given["y"]
    rows = np.random.default_rng(1).permutation(count(x))[: count(program.x)]
    options = {**program.options, "shuffle": True, "sample_weight": None}
    return replace(program, x=take(x, rows), y=take(y, rows), options=options)


def with_scaled_inputs(program: Program) -> Program:
    """Return a program whose inputs have mean 0 and standard deviation 1; codes of missing numbers are the mean."""
    parts = zip(*(keras.tree.flatten(part) for part in (program.x, program.held_out[0])), strict=True)
    kinds = "buif" if isinstance(program.x, np.ndarray) else "f"  # Beside others, integers may be tokens.
    scaled = zip(*(_standardised(*pair) if pair[0].dtype.kind in kinds else pair for pair in parts), strict=True)
    x, held_out = (keras.tree.pack_sequence_as(program.x, list(part)) for part in scaled)
    return replace(program, x=x, held_out=(held_out, program.held_out[1]))


def with_scaled_targets(program: Program) -> Program:
    """Return a program whose targets have mean 0 and standard deviation 1."""
    y, held_out = _standardised(program.y, program.held_out[1])
    return replace(program, y=y, held_out=(program.held_out[0], held_out))


def _standardised(array, other) -> tuple:
    """Return both with mean 0 and deviation 1 in the columns of the first; images and series as a whole."""
    parts = [np.where(np.isfinite(part), part, np.nan) for part in (array, other)]
    if array.ndim <= 2:
        codes = missing_codes(parts[0].reshape(len(array), -1))
        parts = [np.where(part == codes, np.nan, part) for part in parts]
    axis = 0 if array.ndim <= 2 else None
    known = np.where(np.isnan(parts[0]).all(axis), 0, parts[0])
    mean, deviation = np.nanmean(known, axis, dtype="float64"), np.nanstd(known, axis, dtype="float64")
    deviation = np.where(deviation > 0, deviation, 1)
    return tuple(np.nan_to_num((part - mean) / deviation).astype("float32") for part in parts)


def missing_codes(table: np.ndarray) -> np.ndarray:
    """Return for each column the number, such as -999, that stands for a missing one; NaN where there is none."""
    codes, known = np.full(table.shape[1], np.nan), np.isfinite(table)
    for code in CODES:
        share = (table == code).sum(0) / np.maximum(known.sum(0), 1)
        columns = np.flatnonzero(np.isnan(codes) & (share > 0.005) & (share < 0.9))
        others = np.where(known & (table != code), table, np.nan)[:, columns] if len(columns) else np.ones((1, 0))
        different = (np.diff(np.sort(others, axis=0), axis=0) > 0).sum(0) + 1
        low, high, margin = np.nanmin(others, 0), np.nanmax(others, 0), 2 * np.nanstd(others, 0)
        codes[columns[(different >= 20) & ((code < low - margin) | (code > high + margin))]] = code
    return codes
