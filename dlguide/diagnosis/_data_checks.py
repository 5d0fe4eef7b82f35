"""Checks of the data: scale, missing numbers, order, leakage, rare classes."""

import keras
import numpy as np

from dlguide.diagnosis import _repairs
from dlguide.diagnosis._finding import Suspicion
from dlguide.diagnosis._program import Program, count, flat_layers, take

OF_DATA = (keras.layers.Rescaling, keras.layers.Normalization, keras.layers.InputLayer, keras.layers.Flatten,
           keras.layers.Reshape)  # fmt: skip
TAKES_ANY = (keras.layers.BatchNormalization, keras.layers.LayerNormalization, keras.layers.Embedding)


def check_finite(program: Program) -> list[Suspicion]:
    """Numbers that are missing or infinite."""
    for name, arrays in (("x", program.x), ("y", program.y)):
        bad = sum(int((~np.isfinite(array)).sum()) for array in keras.tree.flatten(arrays) if array.dtype.kind == "f")
        if bad:
            repaired = _repairs.with_scaled_inputs(program) if name == "x" else None
            return [Suspicion("missing_values", "missing", {"name": name, "count": bad}, repaired, True)]
    return []


def seen_by_weights(program: Program) -> np.ndarray | None:
    """Return the numbers that the first layer with weights reads; None if it reads tokens, or normalises them."""
    if not isinstance(program.x, np.ndarray):
        return None
    x = program.x[:2000]
    for layer in flat_layers(program.model):
        if isinstance(layer, TAKES_ANY):
            return None
        if not isinstance(layer, OF_DATA):
            return np.asarray(x, "float64")
        if not isinstance(layer, keras.layers.InputLayer):
            x = np.asarray(keras.ops.convert_to_numpy(layer(x)))
    return None


def check_inputs(program: Program) -> list[Suspicion]:
    """Inputs of large, or of very different, size."""
    x = seen_by_weights(program)
    if x is None or not np.isfinite(x).all():
        return []
    columns = x if x.ndim == 2 else x.reshape(-1, 1)
    deviations = columns.std(0)
    deviations = deviations[deviations > 0]
    largest = float(np.abs(columns).max())
    if not len(deviations) or (largest <= 20 and deviations.max() > 1e-3):
        return []
    codes = [code for column in columns.T if x.ndim == 2 and (code := _repairs.missing_code(column)) is not None]
    facts = {"largest": largest, "least": float(deviations.min()), "most": float(deviations.max())}
    key = "missing_codes" if codes else "inputs_of_images" if x.ndim > 2 else "inputs"
    facts |= {"code": codes[0]} if codes else {}
    return [Suspicion("unscaled_inputs", key, facts, _repairs.with_scaled_inputs(program))]


def check_targets(program: Program) -> list[Suspicion]:
    """Targets of a regression that are far from 0 to about 1."""
    if program.task.kind != "numbers" or not isinstance(program.y, np.ndarray) or not np.isfinite(program.y).all():
        return []
    y = program.y.reshape(len(program.y), -1)
    mean, deviation = float(np.abs(y.mean(0)).max()), float(y.std(0).max())
    if not deviation or (mean < 10 and 0.05 < deviation < 10):
        return []
    facts = {"low": float(y.min()), "high": float(y.max()), "deviation": deviation}
    return [Suspicion("unscaled_targets", "targets", facts, _repairs.with_scaled_targets(program))]


def check_order(program: Program) -> list[Suspicion]:
    """Sorted examples that are trained in their order, or whose last ones are the validation set."""
    labels = _labels(program.given.get("all_y"))
    if labels is None or program.given.get("is_data_set"):
        return []
    share = program.given.get("validation_split") or 0
    n = len(labels)
    changes = float(np.mean(labels[1:] != labels[:-1]))
    shares = np.unique(labels, return_counts=True)[1] / n
    usual = 1 - float((shares**2).sum())  # In random order.
    is_sorted = changes < 0.1 * usual
    if not is_sorted or (program.options.get("shuffle", True) and not share):
        return []
    only = [value for value in np.unique(labels) if (labels[: n - int(n * share)] != value).all()]
    shuffled = _repairs.with_random_order(program)
    key = "sorted_split" if share else "not_shuffled"
    facts = {"changes": changes, "usual": usual, "share": share, "missing": len(only)}
    return [Suspicion("not_shuffled", key, facts, shuffled, bool(only))]


def check_leakage(program: Program) -> list[Suspicion]:
    """Validation examples that the training set has too."""
    validation = program.given.get("validation")
    if validation is None or not isinstance(program.x, np.ndarray) or not isinstance(validation[0], np.ndarray):
        return []
    rows, others = (
        {row.tobytes() for row in np.ascontiguousarray(part, "float32")}
        for part in (program.given["all_x"], validation[0])
    )
    is_small = len(rows) < 0.5 * count(program.given["all_x"])  # Of few kinds, such as a truth table.
    share = len(rows & others) / max(len(others), 1)
    if is_small or share < 0.2:
        return []
    return [Suspicion("leakage", "leakage", {"share": share, "count": len(others)}, None, True)]


def _labels(y) -> np.ndarray | None:
    """Return one number for each example; None for targets that are not classes."""
    if not isinstance(y, np.ndarray) or not len(y):
        return None
    y = y.argmax(-1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(len(y), -1)[:, 0]
    return y if 1 < len(np.unique(y)) <= min(100, len(y) / 5) else None


def linear_skill(program: Program) -> float | None:
    """Return the skill of the least-squares line through the inputs: what a network should beat."""
    from dlguide.diagnosis._program import skill

    if not isinstance(program.x, np.ndarray) or not isinstance(program.y, np.ndarray):
        return None
    scaled = _repairs.with_scaled_inputs(program)
    x, held = (
        np.hstack([part.reshape(len(part), -1), np.ones((len(part), 1))]) for part in (scaled.x, scaled.held_out[0])
    )
    if x.shape[1] > 3000:
        return None
    y, task = program.y, program.task
    if task.kind == "classes" and task.form != "one_hot":
        y = (y.reshape(len(y), 1) == task.values) * 1.0
        task = task._replace(form="integers")
    y = np.asarray(y, "float64").reshape(len(y), -1)
    ridge = x.T @ x + 1e-3 * len(x) * np.eye(x.shape[1])
    outputs = held @ np.linalg.solve(ridge, x.T @ y)
    held_y = program.held_out[1]
    if program.task.kind == "classes" and program.task.form != "one_hot":
        held_y = np.searchsorted(program.task.values, held_y.reshape(len(held_y)))
        task = task._replace(values=np.arange(program.task.num_classes))
    return skill(
        task,
        outputs,
        np.asarray(held_y).reshape(len(outputs), -1) if task.form == "one_hot" or task.kind != "classes" else held_y,
        False,
    )


__all__ = ["take"]
