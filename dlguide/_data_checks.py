"""Checks of arrays, by themselves and against the model that reads them; used by `fit` and `evaluate`."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from dlguide import _keras, _rows, _targets
from dlguide._arrays import arrays, in_own_shape
from dlguide._model_of_parts import ModelOfParts
from dlguide.errors import ArgumentError


def examples(model, x, y, names: tuple[str, str] = ("x", "y"), batch_size: int | None = None):
    """Return `x` and `y` as arrays that a model can train on, or raise. `batch_size` is given for training only."""
    x_name, y_name = names
    x = arrays(x_name, x, getattr(model, "inputs", None))
    y = None if y is None else arrays(y_name, y, getattr(model, "outputs", None))
    parts = [(x_name, array) for array in keras.tree.flatten(x)]
    parts += [(y_name, array) for array in keras.tree.flatten(y) if y is not None]
    for name, array in parts:
        check_numbers(name, array)
        if array.ndim == 0 or len(array) == 0:
            raise ArgumentError(f"`{name}` must have at least one example. Received: {name} of shape {array.shape}")
    if y is None and getattr(model, "loss", None) is not None:
        raise ArgumentError(
            f"`{y_name}` must be the targets of the loss that the model was compiled with. Received: None"
        )
    lengths = sorted({len(array) for _, array in parts})
    if len(lengths) > 1:
        shapes = ", ".join(f"{name} of length {len(array)}" for name, array in parts)
        raise ArgumentError(f"`{x_name}` and `{y_name}` must have the same length. Received: {shapes}")
    for name, array in parts:
        finite(name, array)
    reshaped = in_own_shape(x_name, model, x)
    x, y = reshaped, reshaped if y is x else y
    if isinstance(x, np.ndarray):
        tokens(x_name, x, model)
    elif isinstance(x, tuple) and len(x) == len(getattr(model, "inputs", None) or ()):
        for place, array in enumerate(x):
            tokens(f"{x_name}[{place}]", array, model, place)
    if isinstance(y, np.ndarray):
        targets(model, y_name, y)
    if isinstance(model, ModelOfParts):
        model.check_data(x, y, batch_size, names)
    return x, y


def targets(model, name: str, y: np.ndarray) -> None:
    """Refuse targets that the loss cannot read."""
    _targets.check_shape(name, y.shape, model)
    classes = _targets.num_classes(model)
    if classes:
        ignored = getattr(model.loss, "ignore_class", None)
        must_be = f"labels in [0, {classes}): the model has {classes} outputs"
        check_values(name, y, lambda labels: _outside(labels, classes) & (labels != ignored), must_be)
    if _targets.loss_name(model) in _targets.LABELS:
        unit_range(name, y)


def unit_range(name: str, array) -> None:
    """Refuse pixels outside [0, 1]; the error says what to do with pixels up to 255."""
    must_be = "numbers in [0, 1] (pixels from 0 to 255 are divided by 255)"
    check_values(name, np.asanyarray(array), lambda values: ~((values >= 0) & (values <= 1)), must_be)


def no_batch_of_one(n: int, batch_size: int, why: str) -> None:
    """Refuse a batch size that leaves a single example in some step."""
    if 1 in (n, batch_size, n % batch_size):
        raise ArgumentError(
            f"`batch_size` must leave no batch of one example, {why}. Received: batch_size={batch_size}, {n} examples"
        )


def labels(name: str, array, classes: int) -> None:
    """Refuse labels that are no class."""
    check_values(name, np.asanyarray(array), lambda values: _outside(values, classes), f"labels in [0, {classes})")


def tokens(name: str, array: np.ndarray, model, place: int = 0) -> None:
    """Refuse token ids outside the vocabulary, and sequences that are too long; `place` is that of a model's input."""
    are_tokens = False
    for layer, its_place in _first_layers(model, place):
        if isinstance(layer, keras.Model):
            tokens(name, array, layer, its_place)
        elif isinstance(layer, keras.layers.Embedding):
            are_tokens, size = True, layer.input_dim
            check_values(name, array, lambda ids, size=size: _outside(ids, size), f"token ids in [0, {size})")
    for layer in getattr(model, "layers", ()) if are_tokens else ():  # The last axis of others has features.
        max_length = getattr(layer, "max_length", None)
        if max_length is not None and array.shape[-1] > max_length:
            raise ArgumentError(
                f"`{name}` must be sequences of at most {max_length} tokens. Received: {name} of shape {array.shape}"
            )


def _first_layers(model, place: int) -> list[tuple]:
    """Return the layers that read an input of the model, each with the place of this input among its own."""
    layers = getattr(model, "layers", [])
    if isinstance(model, keras.Sequential):
        return [(layer, 0) for layer in layers[:1]]
    first, inputs = [], getattr(model, "inputs", None)
    for layer in layers if inputs else ():
        for read in _keras.inputs_of_calls(layer):
            first += [(layer, i) for i, tensor in enumerate(read) if tensor is inputs[place]]
    return first


def array(name: str, value: Any, ndims: Sequence[int]) -> np.ndarray:
    """Return `value` as an array of numbers with one of the given numbers of axes, or raise."""
    result = np.asarray(value)
    if result.dtype.kind not in "buif" or result.ndim not in ndims:
        axes = " or ".join(map(str, ndims))
        raise ArgumentError(f"`{name}` must be an array of numbers with {axes} axes. Received: {name}={value!r}")
    finite(name, result)
    return result


def _outside(values: np.ndarray, size: int) -> np.ndarray:
    return (values < 0) | (values >= size) | (values != np.floor(values))


def finite(name: str, array: np.ndarray) -> None:
    """Refuse NaN and infinity."""
    if array.dtype.kind == "f":
        check_values(name, array, lambda values: ~np.isfinite(values), "free of NaN and infinity")


def check_numbers(name: str, array: np.ndarray) -> None:
    if array.dtype.kind not in "buif" and array.dtype.name != "bfloat16":
        raise ArgumentError(f"`{name}` must be an array of numbers. Received: {name} of dtype {array.dtype}")


def check_values(name: str, array: np.ndarray, is_bad: Callable, must_be: str) -> None:
    count, first = 0, None
    for start, values in _rows.blocks(array):
        bad = is_bad(values)
        if bad.any() and first is None:
            place = tuple(np.argwhere(bad)[0])
            first = f"the first in row {start + int(place[0])}: {values[place].item()!r}"
        count += int(bad.sum())
    if count:
        raise ArgumentError(
            f"`{name}` must be {must_be}. Received: {name} with {count} of {array.size} values wrong, {first}"
        )
