"""Data as a model can read them: arrays, weights and data sets of batches, checked before the first step.

What Keras reports well is not checked here. Values are read in parts, so that a file may be larger than the memory.
"""

import contextlib
import functools
import inspect
import math
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from dlguide import _checks, _private_apis
from dlguide._model_of_parts import ModelOfParts

Arrays = npt.ArrayLike | Sequence[npt.ArrayLike] | Mapping[str, npt.ArrayLike]

SPARSE = "sparse_categorical_crossentropy"
CLASSES = (SPARSE, "categorical_crossentropy")
LABELS = ("binary_crossentropy", "binary_focal_crossentropy")
OF_PROBABILITIES = (*CLASSES, *LABELS, "categorical_focal_crossentropy")
"""Losses of probabilities, or of logits with `from_logits=True`."""
OF_NUMBERS = (
    *("mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_logarithmic_error"),
    *("huber", "log_cosh", "poisson", "hinge", "squared_hinge", "cosine_similarity"),
)

OF_TEXTS = ": `np.unique(texts, return_inverse=True)` numbers classes, and a `tf.data.Dataset` may hold texts"
"""What to do with an array of texts."""


def arrays(name: str, value: Arrays | None, tensors: Sequence | None = None):
    """Return arrays for `value`; a list of numbers, or of lists of numbers, is one array, and None stays None.

    A list of arrays becomes a tuple: for TensorFlow's data sets a list is one tensor. `tensors` are the inputs or
    outputs of the model that reads the arrays, if they are known.
    """
    if isinstance(value, dict):
        return {key: arrays(f"{name}[{key!r}]", part) for key, part in value.items()}
    if isinstance(value, list) and any(item is None or getattr(item, "shape", ()) for item in value):
        if tensors is not None and len(tensors) != len(value):
            must = f"`{name}` must be an array; `np.stack({name})` makes one of a list of them"
            raise ValueError(f"{must}. Received: {name}, a list of {len(value)} arrays")
        value = tuple(value)
    if isinstance(value, tuple):
        return tuple(arrays(f"{name}[{i}]", part) for i, part in enumerate(value))
    return value if value is None or isinstance(value, np.memmap) else _as_array(name, value)


def as_arrays(batch):
    """Return a batch with dense arrays in place of tensors and sparse matrices of any library."""
    return keras.tree.map_structure(lambda part: None if part is None else _as_array("batch", part), batch)


def _as_array(name: str, value) -> np.ndarray:
    if np.ma.is_masked(value):
        must_be = f"an array without masked values: `{name}.filled(0)` puts numbers in their places"
        raise ValueError(f"`{name}` must be {must_be}. Received: {name} with {value.mask.sum()} values masked")
    if type(value).__module__.startswith("pandas") and hasattr(value, "columns"):
        return _of_frame(name, value)
    if (tf := sys.modules.get("tensorflow")) is not None and isinstance(value, tf.SparseTensor):
        value = tf.sparse.to_dense(value)
    for method in ("toarray", "todense", "to_tensor"):  # Of SciPy, JAX and TensorFlow's ragged tensors.
        value = getattr(value, method)() if hasattr(value, method) else value
    try:
        return np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)
    except ValueError as error:  # Lists of different lengths, for example.
        raise ValueError(f"`{name}` must be an array of numbers. Received: {name} ({error})") from None


def _of_frame(name: str, frame) -> np.ndarray:
    """Return a `DataFrame` of numbers and bools as an array; one of several types becomes float32."""
    kinds = [getattr(dtype, "kind", "O") for dtype in frame.dtypes]
    if others := [column for column, kind in zip(frame.columns, kinds, strict=True) if kind not in "buif"]:
        must_be = f"numbers in every column: `pd.get_dummies({name})` turns texts into numbers"
        raise ValueError(f"`{name}` must be {must_be}. Received: {name} with other values in columns {others}")
    array = np.asarray(frame)
    return frame.to_numpy("float32", na_value=np.nan) if array.dtype.kind in "Ob" else array


def floatx_of(dtype: np.dtype) -> np.dtype:
    """Return the type in which a model gets numbers of a type: as in `model.fit`, floats are of Keras's `floatx`."""
    return np.dtype(keras.config.floatx()) if dtype.kind == "f" or dtype.name == "bfloat16" else dtype


def as_floatx(array: np.ndarray | None) -> np.ndarray | None:
    """Return floats as `floatx`; other numbers, None, and a file, whose rows are cast, as they are."""
    if array is None or isinstance(array, np.memmap):
        return array
    with np.errstate(over="ignore"):  # A float64 beyond it becomes infinity, which the checks find.
        return array.astype(floatx_of(array.dtype), copy=False)


def rows_of(array: np.ndarray, rows) -> np.ndarray:
    """Return some rows of an array; those of one in a file, of which no more is read, as `floatx`."""
    if isinstance(array, np.memmap):
        return as_floatx(np.asarray(array[rows]))
    return array[rows] if isinstance(rows, slice) else array.take(rows, axis=0)  # Faster than indexing.


def blocks(array, size: int = 2**24):
    """Yield the index of the first row and the rows of consecutive parts of about `size` bytes."""
    step = max(1, size // max(1, array[:1].nbytes))
    for start in range(0, len(array), step):
        yield start, rows_of(array, slice(start, start + step))


def in_own_shape(name: str, model, x):
    """Return `x` in the shapes of the model's inputs, if they are known, or raise.

    As in Keras, a last axis of size 1 may be missing or superfluous. It is removed or added here, because TensorFlow's
    graph, once traced for one of the two shapes, refuses the other.
    """
    inputs = getattr(model, "inputs", None) or ()
    if isinstance(x, dict):
        known = {tensor.name: tensor for tensor in inputs}
        return {key: _in_shape(f"{name}[{key!r}]", model, part, known.get(key)) for key, part in x.items()}
    if isinstance(x, tuple) and len(x) == len(inputs):
        return tuple(_in_shape(f"{name}[{i}]", model, x[i], inputs[i]) for i in range(len(x)))
    return _in_shape(name, model, x, inputs[0] if len(inputs) == 1 else None)


def _in_shape(name: str, model, array, tensor):
    if not isinstance(array, np.ndarray):
        return array
    if isinstance(tensor, keras.KerasTensor):
        array = _as_input(name, array, tensor.shape[1:], model if isinstance(model, keras.Sequential) else None)
    if tensor is not None or len(getattr(model, "inputs", None) or ()) < 2:
        tokens(name, array, model, tensor)
    return array


def _as_input(name: str, array: np.ndarray, wanted: tuple, sequential: keras.Sequential | None) -> np.ndarray:
    given = array.shape
    if array.ndim == len(wanted) + 2 and given[-1] == 1:
        array = array[..., 0]
    elif array.ndim == len(wanted) and wanted[-1:] == (1,):
        array = array[..., np.newaxis]
    if sequential is not None and array.ndim == len(wanted) + 1 and array.shape[1:] != wanted:
        with contextlib.suppress(Exception):  # Each layer has its own.
            sequential(array[:1])  # Its layers may read other sizes, such as longer series.
            return array
    if not _checks.fits(array.shape[1:], wanted):
        way = f"; `{name}[None]` is a batch of one example" if _checks.fits(given, wanted) else ""
        must = f"`{name}` must be of shape {_checks.text_of_shape(wanted)}, as the model's input{way}"
        raise ValueError(f"{must}. Received: {name} of shape {given}")
    return array


def check_values(name: str, array: np.ndarray, is_bad: Callable, must_be: str) -> None:
    """Raise if `is_bad` is true of some values, and say how many, and which is the first."""
    count, first = 0, None
    for start, values in blocks(array):
        bad = is_bad(values)
        if bad.any() and first is None:
            place = tuple(np.argwhere(bad)[0])
            first = f"the first in row {start + int(place[0])}: {values[place].item()!r}"
        count += int(bad.sum())
    if count:
        received = f"{name} with {count} of {array.size} values wrong, {first}"
        raise ValueError(f"`{name}` must be {must_be}. Received: {received}")


def check_numbers(name: str, array: np.ndarray, of_texts: str = "") -> None:
    """Refuse anything but numbers; `of_texts` says what to do with texts."""
    if array.dtype.kind not in "buif" and array.dtype.name != "bfloat16":
        is_text = array.dtype.kind in "UST" or any(isinstance(value, str) for value in array.flat[:100])
        must_be = f"an array of numbers{of_texts if is_text else ''}"
        raise ValueError(f"`{name}` must be {must_be}. Received: {name} of dtype {array.dtype}")


def array(name: str, value: Any, ndims: Sequence[int]) -> np.ndarray:
    """Return `value` as an array of numbers with one of the given numbers of axes, or raise."""
    result = np.asarray(value)
    if result.dtype.kind not in "buif" or result.ndim not in ndims:
        raise _checks.error(name, f"an array of numbers with {' or '.join(map(str, ndims))} axes", value)
    finite(name, result)
    return result


def finite(name: str, array: np.ndarray | None) -> None:
    """Refuse NaN and infinity."""
    if array is not None and floatx_of(array.dtype).kind == "f":
        check_values(name, array, lambda values: ~np.isfinite(values), "free of NaN and infinity")


def unit_range(name: str, array) -> None:
    """Refuse pixels outside [0, 1]; the error says what to do with pixels up to 255."""
    must_be = "numbers in [0, 1] (pixels from 0 to 255 are divided by 255)"
    check_values(name, np.asanyarray(array), lambda values: ~((values >= 0) & (values <= 1)), must_be)


def labels(name: str, array, classes: int) -> None:
    """Refuse labels that are no class."""
    check_values(name, np.asanyarray(array), lambda values: _outside(values, classes), f"labels in [0, {classes})")


def _outside(values: np.ndarray, size: int) -> np.ndarray:
    return (values < 0) | (values >= size) | (values != np.floor(values))


def tokens(name: str, array: np.ndarray, model, tensor=None) -> None:
    """Refuse token ids outside the vocabulary, and sequences that are too long; `tensor` is one of several inputs."""
    layers, inputs = getattr(model, "layers", ()), getattr(model, "inputs", None)
    readers = [(layer, None) for layer in layers[:1]]  # Of a `Sequential`.
    if not isinstance(model, keras.Sequential):
        tensor = inputs[0] if inputs and tensor is None else tensor
        calls = [(layer, read) for layer in layers if inputs for read in _private_apis.inputs_of_calls(layer)]
        readers = [(layer, i) for layer, read in calls for i, part in enumerate(read) if part is tensor]
    for layer, place in readers:
        if isinstance(layer, keras.Model):
            tokens(name, array, layer, layer.inputs[place] if place else None)
        elif isinstance(layer, keras.layers.Embedding):
            is_bad = functools.partial(_outside, size=layer.input_dim)
            check_values(name, array, is_bad, f"token ids in [0, {layer.input_dim})")
            longest = min((each.max_length for each in layers if getattr(each, "max_length", None)), default=math.inf)
            if array.shape[-1] > longest:
                raise _checks.shape_error(f"`{name}` must be sequences of at most {longest} tokens", **{name: array})


def loss_name(model) -> str | None:
    """Return the name of a model's single Keras loss, such as `"mean_squared_error"`; None for any other."""
    loss = model.loss
    if isinstance(loss, str):
        loss = None if loss.lower() in ("crossentropy", "ce") else keras.losses.get(loss)  # Keras chooses by `y`.
    if not _is_of_keras(keras.losses, loss):
        return None
    name = getattr(loss, "__name__", None) or type(loss).__name__
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _is_of_keras(module, value) -> bool:
    """Return whether a loss, metric or layer is a function of a module, or of one of its classes, not a subclass."""
    own = value if inspect.isfunction(value) else type(value)
    return getattr(module, own.__name__, None) is own


def num_classes(model) -> int | None:
    """Return the number of classes of a model that is compiled for integer labels, else None."""
    shape = getattr(model, "output_shape", None)
    return shape[-1] if loss_name(model) == SPARSE and isinstance(shape, tuple) else None


def takes_logits(model) -> bool:
    """Return whether the loss reads the output as logits."""
    return isinstance(model.loss, keras.losses.Loss) and bool(model.loss.get_config().get("from_logits", False))


def targets(model, name: str, y: np.ndarray) -> None:
    """Refuse targets that the loss cannot read, or that it would compare with an output of another shape."""
    output, loss = getattr(model, "output_shape", None), loss_name(model)
    if isinstance(output, tuple) and loss in (*OF_PROBABILITIES, *OF_NUMBERS):
        output = (None, *output[1:])  # Of a `Sequential` that `fit` has built, the first size is that of a batch.
        wanted = output[:-1] if loss == SPARSE else output
        fitting = [wanted, (*wanted, 1), *([wanted[:-1]] if wanted[-1:] == (1,) else [])]
        if not any(_checks.fits(y.shape, sizes) for sizes in fitting):
            what = "one integer label per prediction" if loss == SPARSE else "as the model's output"
            must = f"`{name}` must be of shape {_checks.text_of_shape(wanted[1:])}, {what}"
            raise _checks.shape_error(must, **{name: y})
    if classes := num_classes(model):
        ignored = getattr(model.loss, "ignore_class", None)
        must_be = f"labels in [0, {classes}): the model has {classes} outputs"
        check_values(name, y, lambda values: _outside(values, classes) & (values != ignored), must_be)
    elif loss in LABELS:
        unit_range(name, y)
    else:
        finite(name, y)


def examples(model, x, y, names: tuple[str, str] = ("x", "y"), batch_size: int | None = None):
    """Return `x` and `y` as arrays that a model can train on, or raise. `batch_size` is given for training only."""
    x_name, y_name = names
    is_target = y is x
    x = arrays(x_name, x, getattr(model, "inputs", None))
    y = x if is_target else arrays(y_name, y, getattr(model, "outputs", None))
    if x is None or (y is None and getattr(model, "loss", None) is not None):
        name, what = (x_name, "examples") if x is None else (y_name, "the targets of the model's loss")
        raise ValueError(f"`{name}` must be {what}. Received: None")
    parts = [*_named(x_name, x), *_named(y_name, y)]
    for name, array in parts:
        check_numbers(name, array, OF_TEXTS)
        if array.ndim == 0 or len(array) == 0:
            raise _checks.shape_error(f"`{name}` must have at least one example", **{name: array})
    if len({len(array) for _, array in parts}) > 1:
        raise _checks.shape_error(f"`{x_name}` and `{y_name}` must have the same length", **dict(parts))
    x = keras.tree.map_structure(as_floatx, in_own_shape(x_name, model, x))
    y = x if is_target else keras.tree.map_structure(as_floatx, y)
    for name, array in _named(x_name, x):
        finite(name, array)
    if isinstance(y, np.ndarray):
        targets(model, y_name, y)
    elif not is_target:
        for name, array in _named(y_name, y):
            finite(name, array)
    if isinstance(model, ModelOfParts):
        _check_images(model, x, y, names, batch_size)
    return x, y


def _check_images(model: ModelOfParts, x, y, names: tuple[str, str], batch_size: int | None) -> None:
    """Refuse anything but images, with labels of a model that reads the class."""
    if y is not None:
        raise ValueError(
            f"`{names[1]}` must be None: this model has no targets. Received: {names[1]} of shape {y.shape}"
        )
    parts = keras.tree.flatten(x)
    if isinstance(x, dict) or len(parts) != 1 + bool(model.num_classes):
        must_be = "(images, labels), for a GAN with `num_classes`" if model.num_classes else "images alone"
        raise ValueError(f"`{names[0]}` must be {must_be}. Received: {type(x).__name__} of {len(parts)} arrays")
    if model.has_pixels:
        unit_range(names[0], parts[0])
    if model.num_classes:
        labels(f"{names[0]}[1]", array(f"{names[0]}[1]", parts[1], (1,)), model.num_classes)
    n = len(parts[0])
    if batch_size and model.no_batch_of_one and 1 in (n, batch_size, n % batch_size):
        must = f"`batch_size` must leave no batch of one example, {model.no_batch_of_one}"
        raise ValueError(f"{must}. Received: batch_size={batch_size}, {n} examples")


def _named(name: str, structure) -> list[tuple[str, np.ndarray]]:
    """Return the arrays of a structure, each with its own name, such as `x[0]`; None is an optional input's."""
    parts = keras.tree.flatten_with_path(structure)
    return [("".join([name, *(f"[{key!r}]" for key in path)]), part) for path, part in parts if part is not None]


def from_samples(model, name: str, value, y, y_name: str = "y"):
    """Return `sample_weight` in the form that the loss needs: an array, or one for each array of targets."""
    received = f"Received: {name} of type {type(value).__name__}"
    if y is None:
        raise ValueError(f"`{name}` must be None without `{y_name}`. {received}")
    weights = arrays(name, value)
    if isinstance(weights, np.ndarray) and not isinstance(y, np.ndarray):
        same = weights
        weights = keras.tree.map_structure(lambda _: same, y)
    try:
        keras.tree.assert_same_structure(weights, y)
    except (ValueError, TypeError):
        must = f"`{name}` must be an array, or the same tuple or dict of arrays as `{y_name}`"
        raise ValueError(f"{must}. {received}") from None
    has_steps = loss_name(model) in (SPARSE, None)
    return keras.tree.map_structure(lambda w, targets: _weights(name, w, targets.shape, has_steps), weights, y)


def _weights(name: str, weights: np.ndarray, targets: tuple, has_steps: bool) -> np.ndarray:
    check_numbers(name, weights)
    steps = targets if has_steps else targets[:-1]
    if weights.shape not in (targets[:1], (targets[0], 1), *(targets[:k] for k in range(2, len(steps) + 1))):
        more = ", or for each step of it" if len(steps) > 1 else ""
        must = f"`{name}` must be of shape ({targets[0]},), a weight for each example{more}"
        raise _checks.shape_error(must, **{name: weights})
    is_bad = lambda values: ~(np.isfinite(values) & (values >= 0))  # noqa: E731
    check_values(name, weights, is_bad, "finite numbers of at least 0")
    return np.asarray(weights, keras.config.floatx())


def from_classes(model, value, y) -> np.ndarray:
    """Return the weight of each example's class, 1 for a class that `class_weight` leaves out."""
    loss, shape = loss_name(model), getattr(y, "shape", None)
    is_one_hot = loss == "categorical_crossentropy"
    if shape is None or (y[0].size > 1) != is_one_hot or not np.array_equal(y, np.floor(y)):
        must = "`class_weight` must be None where `y` has no class for each example"
        raise ValueError(f"{must}. Received: y of shape {shape}")
    labels = y.argmax(axis=1) if is_one_hot else y.reshape(len(y))
    count = y.shape[1] if is_one_hot else 2 if loss in LABELS else num_classes(model)
    classes, which = (range(count), f"in [0, {count})") if count else (set(labels.tolist()), "that `y` has")
    if not isinstance(value, Mapping) or not all(label in classes for label in value):
        raise _checks.error("class_weight", f"a mapping from classes {which} to weights", value)
    weights = np.ones(len(y), keras.config.floatx())
    for label, weight in value.items():
        weights[labels == label] = _checks.number(f"class_weight[{label!r}]", weight, at_least=0)
    return weights


def kind_of(name: str, value) -> str:
    """Return "arrays", or the kind of data set that a value is, or raise for what can be read only once."""
    tf, torch = sys.modules.get("tensorflow"), sys.modules.get("torch")
    if tf is not None and isinstance(value, tf.data.Dataset):
        return "tf.data.Dataset"
    if isinstance(value, keras.utils.PyDataset):
        return "PyDataset"
    if torch is not None and isinstance(value, torch.utils.data.DataLoader):
        return "DataLoader"
    if any(kind.__module__.partition(".")[0] == "grain" for kind in type(value).__mro__):
        return "Grain data set"
    if hasattr(value, "__next__"):
        must_be = "arrays or a data set, which can be read again: `tf.data.Dataset.from_generator` makes one"
        raise ValueError(f"`{name}` must be {must_be}. Received: {name} of type {type(value).__name__}")
    return "arrays"


def batches_of(value) -> Iterator:
    """Read a data set once, batch by batch."""
    if isinstance(value, keras.utils.PyDataset):
        return (value[i] for i in range(value.num_batches))
    return iter(value)


# Layers of Keras whose output is logits if their input is.
PASSING = ("Dropout", "Flatten", "GlobalAverage", "Identity", "Permute", "Reshape", "SpatialDropout")
METRICS = ("accuracy", "acc", "auc", "binary_accuracy", "precision", "recall")


def gives_logits(model) -> bool:
    """Return whether a layer without an activation makes a model's single output; False if that is not known."""
    for layer in _private_apis.layers_behind(model):
        layer = layer.layer if type(layer) is keras.layers.TimeDistributed else layer
        kind, has_none = type(layer).__name__, getattr(layer, "activation", None) is keras.activations.linear
        if not _is_of_keras(keras.layers, layer):
            return False
        if not kind.startswith(PASSING) and not (kind == "Activation" and has_none):
            return has_none
    return False


def warn_of_logits(model, stacklevel: int) -> None:
    """Warn if a model gives logits, but its loss, or a metric beside a loss of labels, reads probabilities."""
    name, text = loss_name(model), None
    if name in OF_PROBABILITIES and not takes_logits(model) and gives_logits(model):
        kind = name.title().replace("_", "")
        text = f"`model` gives logits (its last layer has no activation), but the loss {name!r} reads probabilities. "
        text += f"Compile it with `keras.losses.{kind}(from_logits=True)`."
    elif name in LABELS and takes_logits(model):
        given = _private_apis.compiled_metrics(model)
        found = [metric for metric in given if isinstance(metric, str) and metric.lower() in METRICS]
        text = found and (
            f"The loss reads logits, but these metrics read probabilities: {', '.join(found)}. Give objects with "
            "`threshold=0` or `from_logits=True`, or use `evaluation.evaluate` after training."
        )
    if text:
        warnings.warn(text, UserWarning, stacklevel=stacklevel)
