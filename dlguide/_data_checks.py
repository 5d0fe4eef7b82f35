"""Checks of arrays, by themselves and against the model that reads them; used by `fit` and `evaluate`."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from dlguide import _checks, _private_apis, _rows, _targets
from dlguide._arrays import arrays, in_own_shape
from dlguide._model_of_parts import ModelOfParts

# How an array that is no array of numbers becomes one, or is given otherwise.
OF_TEXTS = ": a model that reads texts takes them from `tf.data.Dataset.from_tensor_slices((x, y)).batch(32)`"
OF_CLASSES = ": `names, y = np.unique(y, return_inverse=True)` numbers classes that are texts"
OF_DATES = ": `(dates - dates.min()) / np.timedelta64(1, 'D')` turns dates into days"


def examples(model, x, y, names: tuple[str, str] = ("x", "y"), batch_size: int | None = None):
    """Return `x` and `y` as arrays that a model can train on, or raise. `batch_size` is given for training only."""
    x_name, y_name = names
    is_target, inputs = y is x, getattr(model, "inputs", None)
    x = arrays(x_name, x, inputs)
    y = x if is_target else arrays(y_name, y, getattr(model, "outputs", None))
    has_optional = any(getattr(layer, "optional", False) for layer in getattr(model, "layers", ()))
    parts = [(*part, OF_TEXTS) for part in _named(x_name, x) if part[1] is not None or not has_optional]
    parts += [(*part, OF_CLASSES) for part in _named(y_name, y) if y is not None]
    for name, array, of_text in parts:
        check_numbers(name, np.asanyarray(array), of_text)
        if array.ndim == 0 or len(array) == 0:
            raise _checks.shape_error(f"`{name}` must have at least one example", **{name: array})
    if y is None and getattr(model, "loss", None) is not None:
        must_be = "the targets of the loss that the model was compiled with"
        raise ValueError(f"`{y_name}` must be {must_be}. Received: None")
    if len({len(array) for _, array, _ in parts}) > 1:
        shapes = ", ".join(f"{name} of length {len(array)}" for name, array, _ in parts)
        raise ValueError(f"`{x_name}` and `{y_name}` must have the same length. Received: {shapes}")
    x = keras.tree.map_structure(_rows.as_floatx, in_own_shape(x_name, model, x))
    y = x if is_target else keras.tree.map_structure(_rows.as_floatx, y)
    for name, array in _named(x_name, x):
        finite(name, array)
    for place, array in enumerate(x if isinstance(x, tuple) and len(x) == len(inputs or ()) else [x]):
        if isinstance(array, np.ndarray):
            tokens(f"{x_name}[{place}]" if isinstance(x, tuple) else x_name, array, model, place)
    if isinstance(y, np.ndarray):
        targets(model, y_name, y)
        y = _targets.in_rank_of_output(model, y)
    elif not is_target:
        for name, array in _named(y_name, y):
            finite(name, array)
    if isinstance(model, ModelOfParts):
        model.check_data(x, y, batch_size, names)
    return x, y


def _named(name: str, structure) -> list[tuple[str, np.ndarray | None]]:
    """Return the arrays of a structure, each with its own name, such as `x[0]`."""
    parts = keras.tree.flatten_with_path(structure)
    return [("".join([name, *(f"[{key!r}]" for key in path)]), array) for path, array in parts]


def targets(model, name: str, y: np.ndarray) -> None:
    """Refuse targets that the loss cannot read; the values are read once."""
    _targets.check_shape(name, y.shape, model)
    classes = _targets.num_classes(model)
    if classes:
        ignored = getattr(model.loss, "ignore_class", None)
        must_be = f"labels in [0, {classes}): the model has {classes} outputs"
        check_values(name, y, lambda labels: _outside(labels, classes) & (labels != ignored), must_be)
    elif _targets.loss_name(model) in _targets.LABELS:
        unit_range(name, y)
    else:
        finite(name, y)


def unit_range(name: str, array) -> None:
    """Refuse pixels outside [0, 1]; the error says what to do with pixels up to 255."""
    must_be = "numbers in [0, 1] (pixels from 0 to 255 are divided by 255)"
    check_values(name, np.asanyarray(array), lambda values: ~((values >= 0) & (values <= 1)), must_be)


def no_batch_of_one(n: int, batch_size: int, why: str) -> None:
    """Refuse a batch size that leaves a single example in some step."""
    if 1 in (n, batch_size, n % batch_size):
        received = f"batch_size={batch_size}, {n} examples"
        raise ValueError(f"`batch_size` must leave no batch of one example, {why}. Received: {received}")


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
            raise _checks.shape_error(f"`{name}` must be sequences of at most {max_length} tokens", **{name: array})


def _first_layers(model, place: int) -> list[tuple]:
    """Return the layers that read an input of the model, each with the place of this input among its own."""
    layers = getattr(model, "layers", [])
    if isinstance(model, keras.Sequential):
        return [(layer, 0) for layer in layers[:1]]
    first, inputs = [], getattr(model, "inputs", None)
    for layer in layers if inputs else ():
        for read in _private_apis.inputs_of_calls(layer):
            first += [(layer, i) for i, tensor in enumerate(read) if tensor is inputs[place]]
    return first


def array(name: str, value: Any, ndims: Sequence[int]) -> np.ndarray:
    """Return `value` as an array of numbers with one of the given numbers of axes, or raise."""
    result = np.asarray(value)
    if result.dtype.kind not in "buif" or result.ndim not in ndims:
        axes = " or ".join(map(str, ndims))
        raise ValueError(f"`{name}` must be an array of numbers with {axes} axes. Received: {name}={value!r}")
    finite(name, result)
    return result


def _outside(values: np.ndarray, size: int) -> np.ndarray:
    return (values < 0) | (values >= size) | (values != np.floor(values))


def finite(name: str, array: np.ndarray | None) -> None:
    """Refuse NaN and infinity."""
    if array is not None and _rows.floatx_of(array.dtype).kind == "f":
        check_values(name, array, lambda values: ~np.isfinite(values), "free of NaN and infinity")


def check_numbers(name: str, array: np.ndarray, of_text: str = "") -> None:
    """Refuse anything but numbers; `of_text` says what to do with texts."""
    if array.dtype.kind in "buif" or array.dtype.name == "bfloat16":
        return
    is_text = array.dtype.kind in "UST" or any(isinstance(value, str) for value in array.flat[:100])
    way = OF_DATES if array.dtype.kind in "mM" else of_text if is_text else ""
    if array.shape == () and array.item() is None:
        raise ValueError(f"`{name}` must be an array of numbers, it is not optional. Received: None")
    raise ValueError(f"`{name}` must be an array of numbers{way}. Received: {name} of dtype {array.dtype}")


def check_values(name: str, array: np.ndarray, is_bad: Callable, must_be: str) -> None:
    count, first = 0, None
    for start, values in _rows.blocks(array):
        bad = is_bad(values)
        if bad.any() and first is None:
            place = tuple(np.argwhere(bad)[0])
            first = f"the first in row {start + int(place[0])}: {values[place].item()!r}"
        count += int(bad.sum())
    if count:
        received = f"{name} with {count} of {array.size} values wrong, {first}"
        raise ValueError(f"`{name}` must be {must_be}. Received: {received}")
