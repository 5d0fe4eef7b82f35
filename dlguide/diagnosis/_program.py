"""A program as the checks see it: a compiled model, arrays, options of `fit`, and the task that the targets state."""

import contextlib
import dataclasses
import inspect
import itertools
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
    options: dict
    """Further options of `fit`: shuffle, class_weight, sample_weight."""
    given: dict
    """The call as it was: x, y, validation; count of training examples, validation_split, output_shape; has_epochs and
    is_data_set."""
    rate: float | None = None
    """A learning rate in place of the optimizer's."""
    base: Any = None
    """What the training of the program as it is came to, an `Outcome`."""

    @property
    def steps(self) -> int:
        return self.epochs * -(-self.given["count"] // self.batch_size)

    @property
    def units(self) -> int:
        """Number of outputs, 0 if there is no last axis, or several outputs."""
        shape = getattr(self.model, "output_shape", self.given["output_shape"])
        return shape[-1] or 0 if _is_shape(shape) else 0

    @property
    def loss(self) -> str:
        """The name of the loss, "" for one that is not Keras's, or several."""
        return _data_checks.loss_name(self.model) or ""

    @property
    def takes_logits(self) -> bool:
        return _data_checks.takes_logits(self.model)

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


def _is_shape(shape) -> bool:
    """Return whether this is the shape of one output."""
    return isinstance(shape, tuple) and bool(shape) and all(isinstance(size, int | None) for size in shape)


def fixed_batch_size(model) -> int | None:
    """Return the size of each batch if the input layer says it."""
    inputs = keras.tree.flatten(getattr(model, "inputs", None))
    return inputs[0].shape[0] if inputs and inputs[0] is not None else None


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
    has_epochs = options.get("epochs") is not None
    epochs = _checks.integer("epochs", options["epochs"]) if has_epochs else 1
    weights, batch_size = options.get("sample_weight"), options.get("batch_size")
    (x, y, weights, batch_size), is_data_set = _examples("x", x, y, weights, batch_size)
    n, share, batch_size = count(x), options.get("validation_split") or 0, batch_size or 32
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
    shape, fixed = getattr(model, "output_shape", None), fixed_batch_size(model)
    with contextlib.suppress(Exception):  # The training shows the error.
        if shape is None:
            shape = (None, *copy(take(x, slice(0, fixed or 1))).shape[1:])
    if not model.built:  # Its weights are drawn here: those of the model itself are drawn by its own training.
        model = copy
    first, steps = n - int(n * share), options.get("steps_per_epoch")
    seen = min(first, steps * batch_size) if steps else first
    given = {"x": x, "y": y, "count": seen, "validation_split": share, "is_data_set": is_data_set,
             "output_shape": shape, "has_epochs": has_epochs}  # fmt: skip
    if isinstance(options.get("validation_data"), tuple | list):  # A data set is left to the training.
        given["validation"] = _examples("validation_data", *options["validation_data"][:2])[0][:2]
    train, held = _split(x, n, first, fixed, shape)
    kept = {name: options[name] for name in ("shuffle", "class_weight") if options.get(name) is not None}
    kept["sample_weight"] = take(weights, train)
    program = Program(model, take(x, train), take(y, train), (take(x, held), take(y, held)), Task("numbers"), epochs,
                      batch_size, kept, given)  # fmt: skip
    if not has_epochs:
        program = dataclasses.replace(program, epochs=-(-USUAL_STEPS // program.steps))
    has_accuracy = any("acc" in str(getattr(each, "name", each)).lower() for each in metrics)
    config = model.loss.get_config() if isinstance(model.loss, keras.losses.Loss) else {}
    return dataclasses.replace(program, task=task_of(y, program.loss, has_accuracy, shape, config.get("ignore_class")))


def _split(x, n: int, first: int, fixed: int | None, shape) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of the training, some of the first, and those held out, in whole batches of a fixed size."""
    random, train, held = np.random.default_rng(0), np.arange(first), np.arange(n)
    outputs = int(np.prod([size or 1 for size in shape])) if _is_shape(shape) else 1
    if n >= FEWEST:
        held = random.permutation(n)[: min(HELD_OUT, n // 4, max(32, MOST_NUMBERS // outputs))]
        train = np.setdiff1d(train, held)
    numbers = max(1, sum(part.size for part in keras.tree.flatten(x)) // n)
    most = min(MOST_EXAMPLES, max(FEWEST, MOST_NUMBERS // numbers))
    if len(train) > most:
        train = np.sort(random.choice(train, most, replace=False))
    if fixed and min(len(train), len(held)) >= fixed:
        train, held = (rows[: len(rows) // fixed * fixed] for rows in (train, held))
    return train, held


def _examples(name: str, x, y=None, weights=None, batch_size=None) -> tuple[tuple, bool]:
    """Return arrays (x, y, sample weights) and the size of a batch; of a data set those of its first batches."""
    is_iterator = hasattr(x, "__next__")
    kind = "" if is_iterator else _data_checks.kind_of(name, x)
    if kind == "arrays":
        x, y = (part.to_numpy() if hasattr(part, "to_numpy") else part for part in (x, y))
        named = {name: x, "y": y, "sample_weight": weights}
        x, y, weights = (_data_checks.arrays(*each) for each in named.items())
        return (x, y * 1 if getattr(y, "dtype", None) == "bool" else y, weights, batch_size), False
    found = []
    is_endless = kind == "PyDataset" and x.num_batches is None
    batches = map(x.__getitem__, itertools.count()) if is_endless else _data_checks.batches_of(x)
    for batch in x if is_iterator else batches:
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
