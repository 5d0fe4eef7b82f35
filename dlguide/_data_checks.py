"""Checks of arrays, by themselves and against the model that reads them, for `fit` and `evaluate` alike."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from dlguide import _checks, _rows, _targets
from dlguide._arrays import arrays, in_own_shape
from dlguide._model_of_parts import ModelOfParts


def examples(model, x, y, names: tuple[str, str] = ("x", "y"), batch_size: int | None = None):
    """Return `x` and `y` with arrays that a model can train on, or raise; says how many are bad and the first row.

    `batch_size`, where it is given, is that of training on them.
    """
    x_name, y_name = names
    x = arrays(x_name, x, getattr(model, "inputs", None))
    y = None if y is None else arrays(y_name, y, getattr(model, "outputs", None))
    parts = [(x_name, array) for array in keras.tree.flatten(x)]
    parts += [(y_name, array) for array in keras.tree.flatten(y) if y is not None]
    for name, array in parts:
        _numbers(name, array)
        if array.ndim == 0 or len(array) == 0:
            raise ValueError(f"`{name}` must have at least one example. Received: {name} of shape {array.shape}")
    if y is None and getattr(model, "loss", None) is not None:
        raise ValueError(f"`{y_name}` must be the targets of the loss that the model was compiled with. Received: None")
    lengths = sorted({len(array) for _, array in parts})
    if len(lengths) > 1:
        shapes = ", ".join(f"{name} of length {len(array)}" for name, array in parts)
        raise ValueError(f"`{x_name}` and `{y_name}` must have the same length. Received: {shapes}")
    for name, array in parts:
        finite(name, array)
    ours = in_own_shape(x_name, model, x)
    x, y = ours, ours if y is x else y
    if isinstance(x, np.ndarray):
        tokens(x_name, x, model)
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
        must_be = f"labels in [0, {classes}), as many as the model has outputs"
        _check_values(name, y, lambda labels: _outside(labels, classes) & (labels != ignored), must_be)
    if _targets.loss_name(model) in _targets.LABELS:
        unit_range(name, y)


def sample_weights(model, name: str, value, y, y_name: str = "y"):
    """Return weights in the form that the loss needs: an array, or one for each array of targets."""
    if y is None:
        raise ValueError(f"`{name}` must be None without `{y_name}`. Received: {name} of type {type(value).__name__}")
    weights = arrays(name, value)
    if isinstance(weights, np.ndarray) and not isinstance(y, np.ndarray):
        same = weights
        weights = keras.tree.map_structure(lambda _: same, y)
    try:
        keras.tree.assert_same_structure(weights, y)
    except (ValueError, TypeError):
        raise ValueError(
            f"`{name}` must be an array, or the same tuple or dict of arrays as `{y_name}`. "
            f"Received: {name} of type {type(value).__name__}"
        ) from None
    has_steps = _targets.loss_name(model) in (_targets.SPARSE, None)
    return keras.tree.map_structure(lambda w, targets: _weights(name, w, targets.shape, has_steps), weights, y)


def _weights(name: str, weights: np.ndarray, targets: tuple, has_steps: bool) -> np.ndarray:
    _numbers(name, weights)
    n, *axes = targets
    steps = targets if has_steps else targets[:-1]
    if weights.shape not in ((n,), (n, 1), *(targets[:k] for k in range(2, len(steps) + 1))):
        more = f", or {steps}, a weight for each step" if len(steps) > 1 and axes != [1] else ""
        raise ValueError(
            f"`{name}` must be of shape ({n},), a weight for each example{more}. "
            f"Received: {name} of shape {weights.shape}"
        )
    _check_values(name, weights, lambda values: ~(np.isfinite(values) & (values >= 0)), "finite numbers of at least 0")
    return np.asarray(weights, keras.config.floatx())


def class_weights(model, value, y) -> np.ndarray:
    """Return the weight of each example's class, 1 where `value` names none."""
    has_columns = isinstance(y, np.ndarray) and y.ndim == 2 and y.shape[1] > 1
    is_one_hot = has_columns and _targets.loss_name(model) == "categorical_crossentropy"
    if not isinstance(y, np.ndarray) or (y[0].size > 1) != is_one_hot or not np.array_equal(y, np.floor(y)):
        received = f"y of shape {y.shape}" if isinstance(y, np.ndarray) else f"y of type {type(y).__name__}"
        raise ValueError(f"`class_weight` must be None where `y` has no class for each example. Received: {received}")
    labels = y.argmax(axis=1) if is_one_hot else y.reshape(len(y))
    count = y.shape[1] if is_one_hot else _targets.num_classes(model)
    count = 2 if _targets.loss_name(model) in _targets.LABELS else count
    classes, which = (range(count), f"in [0, {count})") if count else (set(labels.tolist()), "that `y` has")
    if not isinstance(value, Mapping) or not all(label in classes for label in value):
        raise _checks.error("class_weight", f"a mapping from classes {which} to weights", value)
    for label, weight in value.items():
        _checks.number(f"class_weight[{label!r}]", weight, at_least=0)
    weights = np.ones(len(y), keras.config.floatx())
    for label, weight in value.items():
        weights[labels == label] = weight
    return weights


def unit_range(name: str, array) -> None:
    """Refuse pixels outside [0, 1]; says what most people pass instead."""
    must_be = "numbers in [0, 1] (pixels from 0 to 255 are divided by 255)"
    _check_values(name, np.asanyarray(array), lambda values: ~((values >= 0) & (values <= 1)), must_be)


def no_batch_of_one(n: int, batch_size: int, why: str) -> None:
    """Refuse a batch size that leaves a single example in some step."""
    if 1 in (n, batch_size, n % batch_size):
        raise ValueError(
            f"`batch_size` must leave no batch of one example, {why}. Received: batch_size={batch_size}, {n} examples"
        )


def labels(name: str, array, classes: int) -> None:
    """Refuse labels that are no class."""
    _check_values(name, np.asanyarray(array), lambda values: _outside(values, classes), f"labels in [0, {classes})")


def tokens(name: str, array: np.ndarray, model) -> None:
    """Refuse token ids outside the vocabulary, the first one named, and sequences that are too long for a model."""
    for layer in _first_layers(model):
        if isinstance(layer, keras.Model):
            tokens(name, array, layer)
        elif isinstance(layer, keras.layers.Embedding):
            size = layer.input_dim
            _check_values(name, array, lambda ids, size=size: _outside(ids, size), f"token ids in [0, {size})")
    for layer in getattr(model, "layers", ()):
        max_length = getattr(layer, "max_length", None)
        if max_length is not None and array.shape[-1] > max_length:
            raise ValueError(
                f"`{name}` must be sequences of at most {max_length} tokens. Received: {name} of shape {array.shape}"
            )


def _first_layers(model) -> list:
    """Return the layers that read the model's input."""
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
    finite(name, result)
    return result


def _outside(values: np.ndarray, size: int) -> np.ndarray:
    return (values < 0) | (values >= size) | (values != np.floor(values))


def validation_data(model, value) -> tuple:
    """Return `(x,)`, `(x, y)` or `(x, y, weights)` of validation data, checked like the training data."""
    if not isinstance(value, tuple | list) or len(value) not in (1, 2, 3):
        raise ValueError(
            "`validation_data` must be a tuple (x, y) or (x, y, sample_weight), or (x,) for a model without targets. "
            f"Received: {type(value).__name__}"
        )
    names = tuple(f"validation_data[{i}]" for i in range(3))
    x, y, weights = (*value, None, None)[:3]
    x, y = examples(model, x, y, names[:2])
    if weights is None:
        return (x,) if y is None else (x, y)
    return x, y, sample_weights(model, names[2], weights, y, names[1])


def finite(name: str, array: np.ndarray) -> None:
    """Refuse NaN and infinity."""
    if array.dtype.kind == "f":
        _check_values(name, array, lambda values: ~np.isfinite(values), "free of NaN and infinity")


def _numbers(name: str, array: np.ndarray) -> None:
    if array.dtype.kind not in "buif" and array.dtype.name != "bfloat16":
        raise ValueError(f"`{name}` must be an array of numbers. Received: {name} of dtype {array.dtype}")


def _check_values(name: str, array: np.ndarray, is_bad: Callable, must_be: str) -> None:
    count, first = 0, None
    for start, values in _rows.blocks(array):
        bad = is_bad(values)
        if bad.any() and first is None:
            place = tuple(np.argwhere(bad)[0])
            first = f"the first in row {start + int(place[0])}: {values[place].item()!r}"
        count += int(bad.sum())
    if count:
        raise ValueError(
            f"`{name}` must be {must_be}. Received: {name} with {count} of {array.size} values wrong, {first}"
        )
