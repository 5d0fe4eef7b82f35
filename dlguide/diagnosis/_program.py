"""A program as the checks see it: a compiled model, arrays, options of `fit`, and the task that the targets state."""

import contextlib
import dataclasses
import inspect
from typing import Any

import keras
import numpy as np

from dlguide import _checks, _data_checks, _private_apis
from dlguide.diagnosis._layers import copied, optimizer_of
from dlguide.diagnosis._task import Task, task_of

OPTIONS = tuple(inspect.signature(keras.Model.fit).parameters)[3:]
MOST_EXAMPLES, HELD_OUT, FEWEST, MOST_NUMBERS = 12_000, 1_000, 300, 200_000_000
USUAL_STEPS = 2_000  # Of a training whose number of epochs is not given.


@dataclasses.dataclass(frozen=True)
class Program:
    """What is trained, and on what; a repair gives a copy with other fields."""

    model: keras.Model
    x: Any
    y: Any
    held_out: tuple
    task: Task
    epochs: int
    batch_size: int
    options: dict  # Further ones of `fit`: shuffle, class_weight, sample_weight.
    given: dict  # The call as it was (`program_of`).
    rate: float | None = None  # A learning rate in place of the optimizer's.
    base: Any = None  # What the training of the program as it is came to, an `Outcome`.

    @property
    def steps(self) -> int:
        return self.epochs * -(-self.given["count"] // self.batch_size)

    @property
    def units(self) -> int:
        """Number of outputs, 0 if there is no last axis, or several outputs."""
        shape = getattr(self.model, "output_shape", self.given["output_shape"])
        return shape[-1] if isinstance(shape, tuple) and shape and isinstance(shape[-1], int) else 0

    @property
    def loss(self) -> str:
        """The name of the loss, "" for one that is not Keras's, or several."""
        return _data_checks.loss_name(self.model) or ""

    @property
    def learning_rate(self) -> float:
        """The rate, the highest of a schedule; NaN for several optimizers."""
        if self.rate is not None:
            return self.rate
        try:
            given = optimizer_of(self.model).get_config()["learning_rate"]
            if not isinstance(given, dict):
                return float(given)
            schedule = keras.optimizers.schedules.deserialize(given)
            return max(float(schedule(int(step))) for step in np.linspace(0, self.steps, 20))
        except (AttributeError, KeyError, TypeError, ValueError, NotImplementedError):
            return float("nan")

    def with_model(self, changes: dict | None = None, loss=None) -> "Program | None":
        """Return it with other layers, by name (see `copied`), or another loss; None if that cannot be."""
        keras.utils.set_random_seed(0)
        try:
            return dataclasses.replace(self, model=copied(self.model, changes, loss))
        except (ValueError, TypeError, NotImplementedError):  # Of layers without `get_config`.
            return None


def count(arrays) -> int:
    """Return the number of examples."""
    return len(keras.tree.flatten(arrays)[0])


def take(arrays, rows):
    """Return some rows of each array of a structure."""
    return None if arrays is None else keras.tree.map_structure(lambda array: array[rows], arrays)


def program_of(model, x, y=None, **options) -> Program:
    """Return the program of a call of `model.fit`; a quarter of the examples is held out, of few none."""
    for name in options:
        if name not in OPTIONS:
            raise TypeError(f"check() got an unexpected keyword argument {name!r}")
    if not isinstance(model, keras.Model) or not model.compiled:
        raise ValueError(f"`model` must be a compiled keras.Model. Received: model={model!r}")
    epochs = _checks.integer("epochs", options.get("epochs"), optional=True)
    given = options.get("sample_weight"), options.get("batch_size") or 32
    (x, y, weights, batch_size), is_data_set = _examples("x", x, y, *given)
    n, share = count(x), options.get("validation_split") or 0
    if not n:
        raise ValueError("`x` must have at least one row. Received: x without a row")
    for part in keras.tree.flatten((x, y)):
        if part is not None and len(part) != n:
            raise _checks.shape_error("`x` and `y` must have as many rows", x=keras.tree.flatten(x)[0], y=part)
    metrics = _private_apis.compiled_metrics(model)
    try:
        copy = copied(model, metrics=metrics)
    except (NotImplementedError, TypeError, ValueError) as error:
        must = "`model` must be one that can be copied: its class, or that of a layer, needs `get_config`"
        raise ValueError(f"{must}. Received: model={model!r}") from error
    shape = getattr(model, "output_shape", None)
    with contextlib.suppress(Exception):  # The training shows the error.
        if shape is None:
            shape = (None, *copy(take(x, slice(0, 1))).shape[1:])
    if not model.built:  # Its weights are drawn here: those of the model itself are drawn by its own training.
        model = copy
    first, steps = n - int(n * share), options.get("steps_per_epoch")
    has_accuracy = any("acc" in str(getattr(each, "name", each)).lower() for each in metrics)
    given = {"x": x, "y": y, "count": min(first, steps * batch_size) if steps else first, "validation_split": share,
             "is_data_set": is_data_set, "output_shape": shape, "has_epochs": epochs is not None,
             "has_accuracy": has_accuracy}  # fmt: skip
    epochs = epochs or -(-USUAL_STEPS // -(-given["count"] // batch_size))
    if isinstance(options.get("validation_data"), tuple | list):  # A data set is left to the training.
        given["validation"] = _examples("validation_data", *options["validation_data"][:2])[0][:2]
    config = model.loss.get_config() if isinstance(model.loss, keras.losses.Loss) else {}
    task = task_of(y, _data_checks.loss_name(model) or "", has_accuracy, shape, config.get("ignore_class"))
    train, held = _split(x, n, first, shape)
    kept = {name: options[name] for name in ("shuffle", "class_weight") if options.get(name) is not None}
    kept["sample_weight"] = take(weights, train)
    parts = take(x, train), take(y, train), (take(x, held), take(y, held))
    return Program(model, *parts, task, epochs, batch_size, kept, given)


def _split(x, n: int, first: int, shape) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of the training, some of the first, and those held out."""
    random, train, held = np.random.default_rng(0), np.arange(first), np.arange(n)
    outputs = int(np.prod([size or 1 for size in keras.tree.flatten(shape)]))
    if n >= FEWEST:
        held = random.permutation(n)[: min(HELD_OUT, n // 4, max(32, MOST_NUMBERS // outputs))]
        train = np.setdiff1d(train, held)
    numbers = max(1, sum(part.size for part in keras.tree.flatten(x)) // n)
    most = min(MOST_EXAMPLES, max(FEWEST, MOST_NUMBERS // numbers))
    if len(train) > most:
        train = np.sort(random.choice(train, most, replace=False))
    return train, held


def _examples(name: str, x, y=None, weights=None, batch_size=None) -> tuple[tuple, bool]:
    """Return arrays (x, y, sample weights) and the size of a batch; of a data set those of its first batches."""
    kind = "iterator" if hasattr(x, "__next__") else _data_checks.kind_of(name, x)
    if kind == "arrays":
        x, y, weights = map(_data_checks.arrays, (name, "y", "sample_weight"), (x, y, weights))
        return (x, y * 1 if getattr(y, "dtype", None) == "bool" else y, weights, batch_size), False
    found = []
    if kind == "PyDataset":
        x = map(x.__getitem__, range(MOST_EXAMPLES if x.num_batches is None else x.num_batches))
    for batch in x:
        parts = keras.utils.unpack_x_y_sample_weight(_data_checks.as_arrays(batch))
        shapes = [array.shape[1:] for array in keras.tree.flatten(parts) if array is not None]
        if found and shapes != [array.shape[1:] for array in keras.tree.flatten(found[0]) if array is not None]:
            break  # Texts of other lengths.
        found.append(parts)
        if sum(count(each[0]) for each in found) >= MOST_EXAMPLES:
            break
    if not found:
        raise ValueError(f"`{name}` must have at least one batch. Received: {name} without one")
    joined = [None if parts[0] is None else keras.tree.map_structure(lambda *arrays: np.concatenate(arrays), *parts)
              for parts in zip(*found, strict=True)]  # fmt: skip
    return (*joined, count(found[0][0])), True
