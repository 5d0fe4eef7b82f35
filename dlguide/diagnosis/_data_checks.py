"""Checks of the data and of the steps: scale, missing numbers, order, leakage; learning rate, epochs, batches."""

import math
from dataclasses import replace

import keras
import numpy as np

from dlguide.diagnosis._layers import flat_layers, optimizer_of
from dlguide.diagnosis._program import Program, count, take
from dlguide.diagnosis._report import Suspicion
from dlguide.diagnosis._task import is_numbers

L = keras.layers
OF_DATA = (L.Rescaling, L.Normalization, L.InputLayer, L.Flatten, L.Reshape)
TAKES_ANY = (L.BatchNormalization, L.LayerNormalization, L.Embedding)
LARGE, SAME = 20, 0.2
CUSTOMARY = {"SGD": 0.01, "Adagrad": 0.01, "Adadelta": 1.0, "Ftrl": 0.01, "Lion": 0.0001}  # Others 0.001.
FEW_EPOCHS = 10
CODES = (-9999, -999, -99, -1, 9999, 999, 99)  # Numbers that often stand for a missing one.


def with_scaled_inputs(program: Program) -> Program:
    """Return a program whose inputs have mean 0 and standard deviation 1; codes of missing numbers are the mean."""
    x, held = standardised(program.x, program.held_out[0])
    return replace(program, x=x, held_out=(held, program.held_out[1]))


def standardised(array, other) -> tuple:
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


def check_finite(program: Program):
    """Numbers that are missing or infinite."""
    for name, arrays in (("x", program.x), ("y", program.y)):
        floats = [array for array in keras.tree.flatten(arrays) if getattr(array, "dtype", np.dtype(int)).kind == "f"]
        bad = sum(int((~np.isfinite(array)).sum()) for array in floats)
        if bad and (name == "x" or program.loss):  # A loss of your own may leave them out.
            repaired = with_scaled_inputs(program) if name == "x" and is_numbers(program.x) else None
            yield Suspicion("missing" if name == "x" else "missing_targets", {"count": bad}, repaired, True)


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
    deviations, largest = columns.std(0), float(np.abs(columns).max())
    deviations = deviations[deviations > 0]
    if not len(deviations) or (largest <= LARGE and deviations.max() > 1e-3):
        return
    codes = [float(code) for code in (missing_codes(x) if x.ndim == 2 else ()) if np.isfinite(code)]
    facts = {"largest": largest, "least": float(deviations.min()), "most": float(deviations.max())}
    facts["code"] = codes[0] if codes else 0
    key = "missing_codes" if codes else "inputs_of_images" if x.ndim > 2 else "inputs"
    yield Suspicion(key, facts, with_scaled_inputs(program))


def check_targets(program: Program):
    """Targets of a regression that are far from 0 to about 1."""
    if program.task.kind != "numbers" or not is_numbers(program.y) or not np.isfinite(program.y).all():
        return
    y = program.y.reshape(len(program.y), -1)
    mean, deviation = float(np.abs(y.mean(0)).max()), float(y.std(0).max())
    if deviation and not (mean < 10 and 0.05 < deviation < 10):
        facts = {"low": float(y.min()), "high": float(y.max()), "deviation": deviation}
        y, held_y = standardised(program.y, program.held_out[1])
        repaired = replace(program, y=y, held_out=(program.held_out[0], held_y))
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
        missing = len(np.setdiff1d(labels, labels[: len(labels) - int(len(labels) * share)]))
        facts = {"changes": changes, "usual": usual, "share": share, "missing": missing}
        rows = np.random.default_rng(1).permutation(len(labels))[: count(program.x)]  # Of all that were given.
        options = {**program.options, "shuffle": True, "sample_weight": None}
        repaired = replace(program, x=take(program.given["x"], rows), y=take(y, rows), options=options)
        yield Suspicion("sorted_split" if share else "not_shuffled", facts, repaired, missing > 0)


def check_leakage(program: Program):
    """Validation examples, with their targets, that the training set has too, and more of them than by chance."""
    x, y = program.given["x"], program.given["y"]
    held_x, held_y = program.given.get("validation", (None, None))
    if not is_numbers(x) or not is_numbers(held_x) or not len(held_x):
        return
    pairs = ((x, y), (held_x, held_y)) if is_numbers(y) and is_numbers(held_y) else ((x,), (held_x,))
    train, others = (_examples_of(*parts) for parts in pairs)
    known, times = np.unique(train, return_counts=True)
    share, once, twice = float(np.isin(others, known).mean()), int((times == 1).sum()), int((times == 2).sum())
    # By chance, some of them would be there three times too (Poisson): as many as 2/3 twice² / once.
    are_copies = 2 * twice**2 >= 15 * once and times.max() == 2
    chance = 0 if are_copies else (len(train) - once + 1) / (len(train) + 2)
    luck = 4 * math.sqrt(chance * (1 - chance) / len(others))
    if share - chance >= max(SAME, luck):
        yield Suspicion("leakage", {"share": share, "count": len(others)}, None, True)


def _examples_of(*parts) -> list[int]:
    """Return a number for each example, the same for equal ones; parts of other lengths are left to Keras."""
    rows = [np.ascontiguousarray(part, "float32").reshape(len(part), -1) for part in parts]
    return [hash(tuple(part.tobytes() for part in each)) for each in zip(*rows, strict=False)]


def customary_rate(program: Program) -> float:
    """Return the learning rate that is usual for the optimizer."""
    return CUSTOMARY.get(type(optimizer_of(program.model)).__name__, 0.001)


def check_sign(program: Program):
    """A learning rate that is no positive number: steps uphill, or none."""
    if program.learning_rate <= 0:
        key = "rate_negative" if program.learning_rate else "rate_zero"
        yield _with_rate(key, program, customary_rate(program), True)


def check_high(program: Program):
    """Steps that are too long: a tenth of it is better, or a hundredth or the usual rate, or a thousandth."""
    rate, usual = program.learning_rate, customary_rate(program)
    for other in (rate / 10, usual if usual < rate / 30 else rate / 100, rate / 1000) if rate > 0 else ():
        yield _with_rate("rate_high", program, other)


def check_steps(program: Program):
    """Too few steps, or too short ones; few epochs at the usual rate are the cause before the rate."""
    rate, usual = program.learning_rate, customary_rate(program)
    part = program.steps / program.base.steps if program.base and program.base.steps else 1
    rates = [] if not rate > 0 else [10 * rate, usual if usual > 30 * rate else 100 * rate]
    low = [_with_rate("rate_low", program, other) for other in rates if other / rate > 2 * part]
    facts = {"epochs": program.epochs, "steps": program.steps, "other": 5 * program.epochs}
    is_few = part < 1.5 and program.given["has_epochs"]
    few = [Suspicion("epochs", facts, replace(program, epochs=5 * program.epochs))] if is_few else []
    is_usual = math.isnan(rate) or (rate > 0.99 * usual and program.epochs <= FEW_EPOCHS)  # As float32 it is rounded.
    yield from few + low if is_usual else low + few


def _with_rate(key: str, program: Program, rate: float, is_certain: bool = False) -> Suspicion:
    other, optimizer = float(f"{rate:.1g}"), type(optimizer_of(program.model)).__name__
    facts = {"rate": program.learning_rate, "other": other, "optimizer": optimizer}
    return Suspicion(key, facts, replace(program, rate=other), is_certain)


def check_batch(program: Program):
    """Batches of one or two examples, or of so many that there are few steps."""
    size, n = program.batch_size, count(program.x)
    normalises = any(isinstance(layer, L.BatchNormalization) for layer in flat_layers(program.model))
    if size <= (4 if normalises else 2) or size > max(n / 8, 64):
        facts = {"batch_size": size, "steps": -(-n // size)}
        yield Suspicion("batch_small" if size <= 4 else "batch_large", facts, replace(program, batch_size=32))
