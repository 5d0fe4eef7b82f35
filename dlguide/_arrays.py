"""Turns lists, frames and tensors of the caller into NumPy arrays of the shapes that a model reads."""

import functools
from collections import OrderedDict
from collections.abc import Mapping, Sequence

import keras
import numpy as np
import numpy.typing as npt

from dlguide import _checks

Arrays = npt.ArrayLike | Sequence[npt.ArrayLike] | Mapping[str, npt.ArrayLike]

# Methods by which sparse matrices of SciPy and JAX, and TensorFlow's ragged tensors, become dense.
DENSE = ("toarray", "todense", "to_tensor")


def arrays(name: str, value: Arrays | None, tensors: Sequence | None = None):
    """Return arrays for `value`; a list of numbers, or of lists of numbers, is one array, and None stays None.

    A list of arrays becomes a tuple: for TensorFlow's data sets a list is one tensor. `tensors` are the inputs or
    outputs of the model that reads the arrays, if they are known.
    """
    if value is None:
        return None
    if isinstance(value, dict | tuple):
        return _of_each(arrays, name, value)
    if isinstance(value, list) and any(item is None or getattr(item, "shape", ()) for item in value):
        if tensors is not None and len(tensors) != len(value):
            must = f"`{name}` must be an array; `np.stack({name})` makes one of a list of them"
            raise ValueError(f"{must}. Received: {name}, a list of {len(value)} arrays")
        return _of_each(arrays, name, tuple(value))
    ways = [f"{name}.{method}()" for method in DENSE if hasattr(value, method)]
    if ways or type(value).__name__ == "SparseTensor":
        way = ways[0] if ways else f"tf.sparse.to_dense({name})"
        received = f"{name} of type {type(value).__name__}"
        raise ValueError(f"`{name}` must be a dense array: `{way}` makes one. Received: {received}")
    is_frame = all(hasattr(value, attribute) for attribute in ("columns", "dtypes", "to_numpy"))
    if is_frame and all(hasattr(dtype, "kind") for dtype in value.dtypes):  # pandas's; NumPy turns others into arrays.
        return _of_frame(name, value)
    try:
        return np.asanyarray(value)
    except ValueError:  # NumPy speaks of "inhomogeneous shape".
        received = f"{name}, a list of lists of different lengths"
        raise ValueError(f"`{name}` must be an array of numbers. Received: {received}") from None


def _of_each(function, name: str, values, *others):
    """Apply `function` to each value of a tuple or dict, with the name of that value."""
    if isinstance(values, dict):
        parts = {key: function(f"{name}[{key!r}]", v, *(o.get(key) for o in others)) for key, v in values.items()}
        return OrderedDict(parts) if isinstance(values, OrderedDict) else parts
    parts = [function(f"{name}[{i}]", *each) for i, each in enumerate(zip(values, *others, strict=True))]
    return values._make(parts) if hasattr(values, "_make") else tuple(parts)


def _of_frame(name: str, frame) -> np.ndarray:
    """Return a pandas `DataFrame` of numbers and bools as an array; one of several types becomes float32."""
    columns, kinds = np.array(frame.columns, object), [getattr(dtype, "kind", "O") for dtype in frame.dtypes]
    for wrong, what, way in (
        ("mM", "dates", "`(column - column.min()).dt.days` turns dates into numbers"),
        ("OSTUVc", "other values", f"`pd.get_dummies({name})` or keras.layers.StringLookup turns text into numbers"),
    ):
        if others := [column for column, kind in zip(columns, kinds, strict=True) if kind in wrong]:
            received = f"{name} with {what} in columns {others}"
            raise ValueError(f"`{name}` must be numbers in every column: {way}. Received: {received}")
    array = np.asarray(frame)
    if array.dtype.kind == "O" or "b" in kinds:
        array = frame.to_numpy(dtype="float32", na_value=np.nan)
    wrong = ~np.isfinite(array)
    if wrong.any():
        raise ValueError(
            f"`{name}` must be free of NaN and infinity: `dropna()` on the whole table leaves rows out, `fillna()` "
            f"puts numbers in. Received: {name} with {wrong.sum()} of {wrong.size} values wrong, in columns "
            f"{columns[wrong.any(axis=0)].tolist()}, the first in row {wrong.any(axis=1).argmax()}"
        )
    return array


def in_own_shape(name: str, model, x):
    """Return `x` in the shapes of the model's inputs, if they are known, or raise.

    As in Keras, a last axis of size 1 may be missing or superfluous. It is removed or added here, because TensorFlow's
    graph, once traced for one of the two shapes, refuses the other.
    """
    inputs = getattr(model, "inputs", None)
    if not inputs:
        return x
    in_shape = functools.partial(_in_shape, model)
    if isinstance(x, dict):
        structure = getattr(model, "input", None) if not isinstance(model, keras.Sequential) else None
        by_key = structure if isinstance(structure, dict) else {tensor.name: tensor for tensor in inputs}
        return _of_each(in_shape, name, x, by_key)
    if isinstance(x, tuple) and len(x) == len(inputs):
        return _of_each(in_shape, name, x, inputs)
    return in_shape(name, x, inputs[0] if len(inputs) == 1 else None)


def _in_shape(model, name: str, array, tensor):
    if not isinstance(array, np.ndarray) or not isinstance(tensor, keras.KerasTensor):
        return array
    given, wanted = array.shape, tuple(tensor.shape[1:])
    if array.ndim == len(wanted) + 2 and given[-1] == 1:
        array = array[..., 0]
    elif array.ndim == len(wanted) and wanted[-1:] == (1,):
        array = array[..., np.newaxis]
    if _checks.fits(array.shape[1:], wanted) or (array.ndim == len(wanted) + 1 and _takes(model, array)):
        return array
    way = f"; `{name}[None]` is a batch of one example" if _checks.fits(given, wanted) else ""
    must = f"`{name}` must be of shape {_checks.text_of_shape(wanted)}, as the model's input{way}"
    raise ValueError(f"{must}. Received: {name} of shape {given}")


def _takes(model, examples: np.ndarray) -> bool:
    """Return whether a `Sequential` reads examples of another size than its input's, such as longer series."""
    if not isinstance(model, keras.Sequential):
        return False
    try:
        model(examples[:1])  # Keras does not check the input here, its layers do.
    except Exception:  # Each layer and backend has its own.
        return False
    return True
