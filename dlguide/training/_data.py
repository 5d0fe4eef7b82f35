"""What `fit` trains and validates on, checked, in one description: arrays, or a data set with an order of its own."""

import functools
import inspect
import sys
import warnings
from typing import Any

import keras
import numpy as np

from dlguide import _data_checks, _targets
from dlguide.data import is_test_part

HOW_TO_WEIGH = "let the data set give (x, y, sample_weight)"


class Data:
    """Examples, targets and weights.

    Attributes:
        kind: "arrays", "tf.data.Dataset", "PyDataset" or "DataLoader".
        content: `(x,)`, `(x, y)` or `(x, y, sample_weight)` of arrays; else the data set.
    """

    def __init__(self, kind: str, content: Any):
        self.kind, self.content = kind, content

    @property
    def is_arrays(self) -> bool:
        return self.kind == "arrays"

    @property
    def num_examples(self) -> int:
        """Number of examples of arrays."""
        return len(keras.tree.flatten(self.content)[0])

    @functools.cached_property
    def num_batches(self) -> int | None:
        """Number of batches of a data set: None where it is not known, -1 where there is no end."""
        if self.kind == "tf.data.Dataset":
            number = int(self.content.cardinality())
            return None if number == -2 else number
        if self.kind == "PyDataset":
            return -1 if self.content.num_batches is None else self.content.num_batches
        try:
            return len(self.content)
        except TypeError:  # Of a PyTorch `IterableDataset`.
            return None

    @property
    def can_begin_within_epoch(self) -> bool:
        """Whether an epoch can be resumed at any step, rather than at its start alone."""
        return self.is_arrays or (self.kind in ("tf.data.Dataset", "PyDataset") and self.num_batches is not None)

    @functools.cached_property
    def first_batch(self) -> tuple:
        """`(x, y, sample_weight)` of one example of arrays, or of the first batch; None where there are none."""
        if self.is_arrays:
            batch = keras.tree.map_structure(lambda array: array[:1], self.content)
        elif self.kind == "PyDataset":
            batch = self.content[0]
        else:
            batch = next(iter(self.content))
        batch = keras.tree.map_structure(lambda part: None if part is None else np.asarray(part), batch)
        return keras.utils.unpack_x_y_sample_weight(batch)


def training_data(model, x, y, sample_weight, class_weight, batch_size: int) -> Data:
    """Check what a model is to be trained on, against the model."""
    kind = _kind("x", x)
    if kind != "arrays":
        given = {"y": y, "sample_weight": sample_weight, "class_weight": class_weight}
        for name, value in given.items():
            if value is not None:
                way = "" if name == "y" else f" ({HOW_TO_WEIGH})"
                raise ValueError(
                    f"`{name}` must be None where `x` is a {kind}{way}. Received: {name} of type {type(value).__name__}"
                )
        return _checked_data_set(model, "x", Data(kind, x))
    x, y = _data_checks.examples(model, x, y)
    if hasattr(model, "check_data"):
        model.check_data(x, y, batch_size)
    if class_weight is not None:
        if sample_weight is not None:
            raise ValueError(f"`class_weight` must be None with `sample_weight`. Received: class_weight={class_weight}")
        return Data(kind, (x, y, _data_checks.class_weights(model, class_weight, y)))
    if sample_weight is not None:
        return Data(kind, (x, y, _data_checks.sample_weights(model, "sample_weight", sample_weight, y)))
    return Data(kind, (x,) if y is None else (x, y))


def validation_data(model, value) -> Data | None:
    """Check what a model is to be validated on; warn where it is a test set."""
    if value is None:
        return None
    kind = _kind("validation_data", value)
    if kind != "arrays":
        return _checked_data_set(model, "validation_data", Data(kind, value))
    arrays = _data_checks.validation_data(model, value)
    if is_test_part(*keras.tree.flatten(arrays)):
        warnings.warn(
            "`validation_data` is the test set of `data.load`: a model chosen on it has no honest test result.",
            UserWarning,
            stacklevel=3,
        )
    return Data(kind, arrays)


def _kind(name: str, value) -> str:
    tf, torch = sys.modules.get("tensorflow"), sys.modules.get("torch")
    if tf is not None and isinstance(value, tf.data.Dataset):
        return "tf.data.Dataset"
    if isinstance(value, keras.utils.PyDataset):
        return "PyDataset"
    if torch is not None and isinstance(value, torch.utils.data.DataLoader):
        return "DataLoader"
    if inspect.isgenerator(value) or hasattr(value, "__next__"):
        raise ValueError(
            f"`{name}` must be arrays or a data set, which can be read again from its start: make a "
            "`tf.data.Dataset.from_generator` or a `keras.utils.PyDataset` of a generator. "
            f"Received: {name} of type {type(value).__name__}"
        )
    return "arrays"


def _checked_data_set(model, name: str, data: Data) -> Data:
    if data.num_batches in (0, -1):
        size = "no batch" if data.num_batches == 0 else "batches without end"
        raise ValueError(
            f"`{name}` must be a data set of one batch or more that ends. Received: a {data.kind} of {size}"
        )
    if data.kind == "tf.data.Dataset":
        spec = data.content.element_spec
        targets = spec[1] if isinstance(spec, tuple) and len(spec) > 1 else None
        if hasattr(targets, "shape") and targets.shape.rank is not None:
            _targets.check_shape("y" if name == "x" else f"{name}[1]", tuple(targets.shape), model)
        return data
    batch = f"{name}[0]" if data.kind == "PyDataset" else f"next(iter({name}))"
    names = tuple(f"{batch}[{i}]" for i in range(3))
    x, y, weights = data.first_batch
    x, y = _data_checks.examples(model, x, y, names[:2])
    if hasattr(model, "check_data"):
        model.check_data(x, y, names=names[:2])
    if weights is not None:
        _data_checks.sample_weights(model, names[2], weights, y, names[1])
    return data
