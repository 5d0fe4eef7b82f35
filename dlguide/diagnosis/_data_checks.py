"""Checks of the data: scale, missing numbers, order, leakage."""

import keras
import numpy as np

from dlguide.diagnosis import _repairs
from dlguide.diagnosis._layers import flat_layers
from dlguide.diagnosis._program import Program, count
from dlguide.diagnosis._report import Suspicion

L = keras.layers
OF_DATA = (L.Rescaling, L.Normalization, L.InputLayer, L.Flatten, L.Reshape)
TAKES_ANY = (L.BatchNormalization, L.LayerNormalization, L.Embedding)
LARGE, SAME = 20, 0.2


def check_finite(program: Program):
    """Numbers that are missing or infinite."""
    for name, arrays in (("x", program.x), ("y", program.y)):
        floats = [array for array in keras.tree.flatten(arrays) if getattr(array, "dtype", np.dtype(int)).kind == "f"]
        bad = sum(int((~np.isfinite(array)).sum()) for array in floats)
        if bad and (name == "x" or program.loss):  # A loss of your own may leave them out.
            repaired = _repairs.with_scaled_inputs(program) if name == "x" else None
            yield Suspicion("missing" if repaired else "missing_targets", {"count": bad}, repaired, True)


def seen_by_weights(program: Program) -> np.ndarray | None:
    """Return the numbers that the first layer with weights reads; None if it reads tokens, or normalises them."""
    x = program.x[:2000] if is_numbers(program.x) else None
    for layer in flat_layers(program.model):
        if x is None or isinstance(layer, TAKES_ANY):
            return None
        if not isinstance(layer, OF_DATA):
            return np.asarray(x, "float64")
        if not isinstance(layer, L.InputLayer):
            x = np.asarray(keras.ops.convert_to_numpy(layer(x)))
    return None


def check_inputs(program: Program):
    """Inputs of large, or of very small, numbers."""
    x = seen_by_weights(program)
    if x is None or not np.isfinite(x).all():
        return
    columns = x if x.ndim == 2 else x.reshape(-1, 1)
    deviations = columns.std(0)[columns.std(0) > 0]
    largest = float(np.abs(columns).max())
    if not len(deviations) or (largest <= LARGE and deviations.max() > 1e-3):
        return
    codes = [code for column in columns.T if x.ndim == 2 and (code := _repairs.missing_code(column)) is not None]
    facts = {
        "largest": largest,
        "least": float(deviations.min()),
        "most": float(deviations.max()),
        "code": [*codes, 0][0],
    }
    key = "missing_codes" if codes else "inputs_of_images" if x.ndim > 2 else "inputs"
    yield Suspicion(key, facts, _repairs.with_scaled_inputs(program))


def check_targets(program: Program):
    """Targets of a regression that are far from 0 to about 1."""
    if program.task.kind != "numbers" or not is_numbers(program.y) or not np.isfinite(program.y).all():
        return
    y = program.y.reshape(len(program.y), -1)
    mean, deviation = float(np.abs(y.mean(0)).max()), float(y.std(0).max())
    if deviation and not (mean < 10 and 0.05 < deviation < 10):
        facts = {"low": float(y.min()), "high": float(y.max()), "deviation": deviation}
        repaired = _repairs.with_scaled_targets(program)
        yield Suspicion("targets", facts, repaired)
        for inputs in check_inputs(repaired):  # Where either of them alone is not enough.
            yield Suspicion("inputs_and_targets", {**inputs.facts, **facts}, inputs.repaired)


def check_order(program: Program):
    """Sorted examples that are trained in their order, or whose last ones are the validation set."""
    y, share = program.given["y"], program.given["validation_split"]
    labels = program.task.class_of(y) if program.task.kind == "classes" else None
    is_shuffled = program.given["is_data_set"] or (program.options.get("shuffle", True) and not share)
    if labels is None or labels.ndim > 1 or is_shuffled:
        return
    shares = np.unique(labels, return_counts=True)[1] / len(labels)
    changes, usual = float(np.mean(labels[1:] != labels[:-1])), 1 - float((shares**2).sum())
    if changes < 0.1 * usual:
        kept = labels[: len(labels) - int(len(labels) * share)]
        missing = len(np.setdiff1d(labels, kept))
        facts = {"changes": changes, "usual": usual, "share": share, "missing": missing}
        repaired = _repairs.with_random_order(program)
        yield Suspicion("sorted_split" if share else "not_shuffled", facts, repaired, missing > 0)


def check_leakage(program: Program):
    """Validation examples that the training set has too."""
    held = program.given.get("validation")
    if not is_numbers(program.given["x"]) or not is_numbers(held):
        return
    x = program.given["x"]
    rows, others = ({hash(row.tobytes()) for row in np.ascontiguousarray(part, "float32")} for part in (x, held))
    share = len(rows & others) / max(len(others), 1)
    if share >= SAME and len(rows) > 0.5 * count(x):  # Fewer are of few kinds, such as a truth table.
        yield Suspicion("leakage", {"share": share, "count": len(others)}, None, True)


def is_numbers(array) -> bool:
    """Return whether this is an array of numbers: there may be several, none, or texts."""
    return isinstance(array, np.ndarray) and array.dtype.kind in "buif"
