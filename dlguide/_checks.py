"""Argument checks: one wording for every error, plain Python numbers as the result."""

import contextlib
import math
import numbers
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from dlguide import _targets


def error(name: str, must_be: str, value: Any) -> ValueError:
    """Return (not raise) the error for one bad argument."""
    return ValueError(f"`{name}` must be {must_be}. Received: {name}={value!r}")


def integer(name: str, value: Any, *, at_least: int = 1, optional: bool = False) -> int | None:
    """Return `value` as an `int`, or raise; NumPy integers pass, booleans and floats do not."""
    if optional and value is None:
        return None
    number = _as_integer(value)
    if number is None or number < at_least:
        raise error(name, f"an integer of at least {at_least}{_or_none(optional)}", value)
    return number


def integers(name: str, values: Any, *, at_least: int = 1, at_least_one: bool = False) -> tuple[int, ...]:
    """Return `values` as a tuple of `int`, or raise."""
    must_be = f"a sequence of integers, each at least {at_least}"
    if at_least_one:
        must_be = must_be.replace("a sequence of", "a sequence of one or more")
    if isinstance(values, str | bytes | dict) or not isinstance(values, Iterable):
        raise error(name, must_be, values)
    numbers_ = [_as_integer(value) for value in values]
    if any(n is None or n < at_least for n in numbers_) or (at_least_one and not numbers_):
        raise error(name, must_be, values)
    return tuple(numbers_)


def shape(name: str, value: Any) -> tuple[int, ...]:
    """Return the shape of one example, without the batch axis."""
    return integers(name, value, at_least_one=True)


def image_shape(name: str, value: Any, *, halvings: int) -> tuple[int, ...]:
    """Return `(height, width, channels)` where height and width can be halved that often, or raise."""
    sizes = shape(name, value)
    if len(sizes) != 3 or any(size % 2**halvings for size in sizes[:2]):
        must_be = f"(height, width, channels), height and width multiples of {2**halvings} for {halvings} halvings"
        raise error(name, must_be, value)
    return sizes


def number(name: str, value: Any, *, above: float = -math.inf, at_least: float = -math.inf) -> float:
    """Return `value` as a finite `float` inside its range, or raise."""
    limit = f" above {above}" if above > -math.inf else ""
    limit = f" of at least {at_least}" if at_least > -math.inf else limit
    if not _is_real(value) or not math.isfinite(value) or value <= above or value < at_least:
        raise error(name, f"a number{limit}", value)
    return float(value)


def rate(name: str, value: Any) -> float:
    """Return a share of units to drop, in [0, 1)."""
    if not _is_real(value) or not 0 <= value < 1:
        raise error(name, "a number in [0, 1)", value)
    return float(value)


def flag(name: str, value: Any) -> bool:
    """Return a `bool`; anything else raises."""
    if not isinstance(value, bool | np.bool_):
        raise error(name, "True or False", value)
    return bool(value)


def choice(name: str, value: Any, choices: Sequence[str]) -> str:
    """Return `value` if it is one of `choices`; the error suggests the nearest one."""
    if value in choices:
        return value
    import difflib

    near = difflib.get_close_matches(str(value), choices, n=1)
    hint = f". Did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"{error(name, 'one of ' + ', '.join(map(repr, choices)), value)}{hint}")


def activation(name: str, value: Any) -> str | Callable | None:
    """Return an activation that Keras knows by name, or a callable."""
    import keras

    try:
        keras.activations.get(value)
    except (ValueError, TypeError):
        raise error(name, "the name of a Keras activation, a callable or None", value) from None
    return value


def _as_integer(value: Any) -> int | None:
    if isinstance(value, bool | np.bool_):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def _is_real(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _or_none(optional: bool) -> str:
    return " or None" if optional else ""


# Data


def examples(model, x, y, names: tuple[str, str] = ("x", "y")):
    """Return `x` and `y` with arrays that a model can train on, or raise; says how many are bad and the first row."""
    import keras

    x_name, y_name = names
    x, y = _arrays(x), None if y is None else _arrays(y)
    parts = [(x_name, array) for array in keras.tree.flatten(x)]
    parts += [(y_name, array) for array in keras.tree.flatten(y) if y is not None]
    for name, array in parts:
        if array.dtype.kind not in "buif" and array.dtype.name != "bfloat16":
            raise ValueError(f"`{name}` must be an array of numbers. Received: {name} of dtype {array.dtype}")
        if array.ndim == 0 or len(array) == 0:
            raise ValueError(f"`{name}` must have at least one example. Received: {name} of shape {array.shape}")
    if y is None and getattr(model, "loss", None) is not None:
        raise ValueError(f"`{y_name}` must be the targets of the loss that the model was compiled with. Received: None")
    lengths = sorted({len(array) for _, array in parts})
    if len(lengths) > 1:
        shapes = ", ".join(f"{name} of length {len(array)}" for name, array in parts)
        raise ValueError(f"`{x_name}` and `{y_name}` must have the same length. Received: {shapes}")
    for name, array in parts:
        if array.dtype.kind == "f":
            _none_bad(name, array, lambda values: ~np.isfinite(values), "free of NaN and infinity")
    if isinstance(x, np.ndarray):
        tokens(x_name, x, model)
    if isinstance(y, np.ndarray):
        _targets.check_shape(y_name, y.shape, model)
    classes = _targets.num_classes(model)
    if classes and y is not None:
        ignored = getattr(model.loss, "ignore_class", None)
        must_be = f"labels in [0, {classes}), as many as the model has outputs"
        _none_bad(y_name, y, lambda labels: _outside(labels, classes) & (labels != ignored), must_be)
    if isinstance(model.loss, keras.losses.BinaryCrossentropy) and isinstance(y, np.ndarray):
        unit_range(y_name, y)
    return x, y


def unit_range(name: str, array) -> None:
    """Refuse pixels outside [0, 1]; says what most people pass instead."""
    must_be = "numbers in [0, 1] (pixels from 0 to 255 are divided by 255)"
    _none_bad(name, np.asanyarray(array), lambda values: ~((values >= 0) & (values <= 1)), must_be)


def no_batch_of_one(n: int, batch_size: int, why: str) -> None:
    """Refuse a batch size that leaves a single example in some step."""
    if 1 in (n, batch_size, n % batch_size):
        raise ValueError(
            f"`batch_size` must leave no batch of one example, {why}. Received: batch_size={batch_size}, {n} examples"
        )


def labels(name: str, array, classes: int) -> None:
    """Refuse labels that are no class."""
    _none_bad(name, np.asanyarray(array), lambda values: _outside(values, classes), f"labels in [0, {classes})")


def tokens(name: str, array: np.ndarray, model) -> None:
    """Refuse token ids outside the vocabulary, the first one named, and sequences that are too long for a model."""
    import keras

    for layer in _first_layers(model):
        if isinstance(layer, keras.Model):
            tokens(name, array, layer)
        elif isinstance(layer, keras.layers.Embedding):
            size = layer.input_dim
            _none_bad(name, array, lambda ids, size=size: _outside(ids, size), f"token ids in [0, {size})")
    for layer in getattr(model, "layers", ()):
        max_length = getattr(layer, "max_length", None)
        if max_length is not None and array.shape[-1] > max_length:
            raise ValueError(
                f"`{name}` must be sequences of at most {max_length} tokens. Received: {name} of shape {array.shape}"
            )


def _first_layers(model) -> list:
    """Return the layers that read the model's input."""
    import keras

    layers = getattr(model, "layers", [])
    if isinstance(model, keras.Sequential):
        return layers[:1]
    first = []
    for layer in layers:
        with contextlib.suppress(AttributeError, ValueError):  # Called twice, or never: it has no `input`.
            if any(layer.input is tensor for tensor in getattr(model, "inputs", None) or ()):
                first.append(layer)
    return first


def array(name: str, value: Any, ndims: Sequence[int]) -> np.ndarray:
    """Return `value` as an array of numbers with one of the given numbers of axes, or raise."""
    result = np.asarray(value)
    if result.dtype.kind not in "buif" or result.ndim not in ndims:
        axes = " or ".join(map(str, ndims))
        raise ValueError(f"`{name}` must be an array of numbers with {axes} axes. Received: {name}={value!r}")
    if result.dtype.kind == "f":
        _none_bad(name, result, lambda values: ~np.isfinite(values), "free of NaN and infinity")
    return result


def _outside(values: np.ndarray, size: int) -> np.ndarray:
    return (values < 0) | (values >= size) | (values != np.floor(values))


def validation_data(model, value):
    """Return `(x, y)` or `(x,)` of validation data, checked like the training data."""
    if not isinstance(value, tuple | list) or len(value) not in (1, 2):
        raise ValueError(
            "`validation_data` must be a tuple (x, y), or (x,) for a model without targets. "
            f"Received: {type(value).__name__}"
        )
    x, y = examples(
        model, value[0], value[1] if len(value) == 2 else None, ("validation_data[0]", "validation_data[1]")
    )
    return (x,) if y is None else (x, y)


def _arrays(value):
    """Turn what stands for arrays into arrays; a list of plain numbers is one array."""
    import keras

    if isinstance(value, list) and not any(hasattr(item, "shape") for item in value):
        return np.asarray(value)
    return keras.tree.map_structure(np.asanyarray, value)


def _none_bad(name: str, array: np.ndarray, is_bad: Callable, must_be: str) -> None:
    from dlguide import _batches

    count, first = 0, None
    for start, values in _batches.blocks(array):
        bad = is_bad(values)
        if bad.any() and first is None:
            place = tuple(np.argwhere(bad)[0])
            first = f"the first in row {start + int(place[0])}: {values[place].item()!r}"
        count += int(bad.sum())
    if count:
        raise ValueError(
            f"`{name}` must be {must_be}. Received: {name} with {count} of {array.size} values otherwise, {first}"
        )
