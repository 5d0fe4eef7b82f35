"""Data sets of batches for `fit` and `evaluate`: of `tf.data`, Keras (`PyDataset`), PyTorch and Grain."""

import dataclasses
import functools
import inspect
import sys
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from dlguide import _data_checks, _example_weights, _rows, _targets
from dlguide._arrays import DENSE
from dlguide._model_of_parts import ModelOfParts

HOW_TO_BATCH = {
    "tf.data.Dataset": "`.batch(32)` makes them",
    "PyDataset": "`__getitem__` returns one",
    "DataLoader": "`batch_size=32` makes them",
    "Grain data set": "`.batch(32)` makes them",
}


@dataclasses.dataclass
class Data:
    """Examples, targets and weights."""

    kind: str
    """"arrays", "tf.data.Dataset", "PyDataset", "DataLoader" or "Grain data set"."""
    content: Any
    """`(x,)`, `(x, y)` or `(x, y, sample_weight)` of arrays; else the data set."""

    @property
    def packed(self) -> Any:
        """The arrays as `model.fit` hands them to `train_step`: an `x` alone is in no tuple."""
        return keras.utils.pack_x_y_sample_weight(*self.content)

    @property
    def is_arrays(self) -> bool:
        return self.kind == "arrays"

    @functools.cached_property
    def num_batches(self) -> int | None:
        """Number of batches of a data set: None if it is not known, -1 if there is no end."""
        if self.kind == "tf.data.Dataset":
            number = int(self.content.cardinality())
            return None if number == -2 else number
        if self.kind == "PyDataset":
            return -1 if self.content.num_batches is None else self.content.num_batches
        try:
            number = len(self.content)
        except TypeError:  # Of a PyTorch `IterableDataset`.
            return None
        if self.kind == "DataLoader":
            return number
        return -1 if number == sys.maxsize else None  # Of Grain's, filters may leave out some.

    @functools.cached_property
    def first_batch(self) -> tuple:
        """`(x, y, sample_weight)` of one example of arrays, or of the first batch; None for what is missing."""
        if self.is_arrays:
            batch = keras.tree.map_structure(
                lambda array: None if array is None else _rows.as_floatx(np.array(array[:1])), self.content
            )
        else:
            batch = next(self.batches())
        return keras.utils.unpack_x_y_sample_weight(batch if self.yields_tf_tensors else as_arrays(batch))

    @property
    def yields_tf_tensors(self) -> bool:
        """Whether the model reads TensorFlow's tensors: texts and sparse ones are no arrays."""
        return self.kind == "tf.data.Dataset" and keras.backend.backend() == "tensorflow"

    def batches(self) -> Iterator:
        """Read a data set once, batch by batch."""
        if self.kind == "PyDataset":
            return (self.content[i] for i in range(self.num_batches))
        return iter(self.content)


def as_arrays(batch):
    """Return a batch with dense arrays in place of tensors and sparse matrices of any library."""
    return keras.tree.map_structure(_as_array, batch)


def _as_array(part) -> np.ndarray | None:
    tf = sys.modules.get("tensorflow")
    if tf is not None and isinstance(part, tf.SparseTensor):
        part = tf.sparse.to_dense(part)
    for method in DENSE:
        part = getattr(part, method)() if hasattr(part, method) else part
    return None if part is None else np.asarray(part.detach().cpu() if hasattr(part, "detach") else part)


def kind_of(name: str, value) -> str:
    """Return the kind of `Data` that a value is, or raise."""
    tf, torch = sys.modules.get("tensorflow"), sys.modules.get("torch")
    if tf is not None and isinstance(value, tf.data.Dataset):
        return "tf.data.Dataset"
    if isinstance(value, keras.utils.PyDataset):
        return "PyDataset"
    if torch is not None and isinstance(value, torch.utils.data.DataLoader):
        return "DataLoader"
    if any(kind.__module__.partition(".")[0] == "grain" for kind in type(value).__mro__):
        return "Grain data set"
    if inspect.isgenerator(value) or hasattr(value, "__next__"):
        raise ValueError(
            f"`{name}` must be arrays or a data set, which can be read again from its start: make a "
            "`tf.data.Dataset.from_generator` or a `keras.utils.PyDataset` of a generator. "
            f"Received: {name} of type {type(value).__name__}"
        )
    return "arrays"


def checked(model, name: str, data: Data, *, is_training: bool = False) -> Data:
    """Return a data set that a model can read, or raise; at most its first batch is read."""
    if data.num_batches in (0, -1):
        size = "no batch" if data.num_batches == 0 else "batches without end"
        received = f"a {data.kind} of {size}"
        raise ValueError(f"`{name}` must be a data set of one batch or more that ends. Received: {received}")
    if data.kind == "tf.data.Dataset":  # Reading a batch would move its shuffle on.
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data.content.element_spec)
        shapes = [tuple(part.shape) if _has_rank(part) else None for part in (x, y)]
        _check_batched(model, name, data.kind, *shapes)
        names = (name, "y" if name == "x" else f"{name}[1]")
        if shapes[1] is not None:
            _targets.check_shape(names[1], shapes[1], model)
        if isinstance(model, ModelOfParts) and all(map(_has_rank, keras.tree.flatten([x, y or x]))):
            x, y = keras.tree.map_structure(_zeros, (x, y))
            model.check_data(x, y, len(keras.tree.flatten(x)[0]) if is_training else None, names)
        return data
    batch = f"{name}[0]" if data.kind == "PyDataset" else f"next(iter({name}))"
    names = tuple(f"{batch}[{i}]" for i in range(3))
    x, y, weights = data.first_batch
    _check_batched(model, name, data.kind, *(getattr(part, "shape", None) for part in (x, y)))
    x, y = _data_checks.examples(model, x, y, names[:2], len(keras.tree.flatten(x)[0]) if is_training else None)
    if weights is not None:
        _example_weights.from_samples(model, names[2], weights, y, names[1])
    return data


def _zeros(spec) -> np.ndarray | None:
    """Return numbers of a shape, two where it says nothing."""
    return None if spec is None else np.zeros([2 if n is None else n for n in spec.shape], spec.dtype.as_numpy_dtype)


def _has_rank(spec) -> bool:
    return hasattr(spec, "shape") and spec.shape.rank is not None


def _check_batched(model, name: str, kind: str, x: tuple | None, y: tuple | None) -> None:
    """Refuse a data set of single examples: `x` and `y` are the shapes of what it gives, None where not known."""
    inputs = getattr(model, "inputs", None) or ()
    is_example = x is not None and len(inputs) == 1 and None not in x and x == tuple(inputs[0].shape[1:])
    if () in (x, y) or is_example:
        shapes = ", ".join(f"{part} of shape {shape}" for part, shape in (("x", x), ("y", y)) if shape is not None)
        must = f"`{name}` must be a data set of batches: {HOW_TO_BATCH[kind]}"
        raise ValueError(f"{must}. Received: a {kind} of single examples, {shapes}")
