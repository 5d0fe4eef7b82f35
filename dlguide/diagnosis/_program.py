"""A program as the checks see it: a compiled model, arrays, options of `fit`, and the task that the targets state."""

import dataclasses
import re
from typing import Any, NamedTuple

import keras
import numpy as np

from dlguide import _targets

MOST_EXAMPLES, HELD_OUT = 12_000, 1_000
OF_CLASSES = ("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy")
OF_SIGNS = ("hinge", "squared_hinge", "categorical_hinge")
LAYERS_OF_SHAPE = (keras.layers.InputLayer, keras.layers.Flatten, keras.layers.Reshape, keras.layers.Dropout,
                   keras.layers.Permute, keras.layers.Identity)  # fmt: skip
ACTIVATIONS = (keras.layers.Activation, keras.layers.Softmax, keras.layers.ReLU, keras.layers.LeakyReLU,
               keras.layers.ELU, keras.layers.PReLU)  # fmt: skip


class Task(NamedTuple):
    """What the targets are: `classes` ("integers", "one_hot", "signs", "codes"), `labels` of 0 and 1, or `numbers`."""

    kind: str
    form: str = ""
    values: np.ndarray | None = None  # Of classes: what stands for each in the targets.

    @property
    def num_classes(self) -> int:
        return 0 if self.values is None else len(self.values)


@dataclasses.dataclass(frozen=True)
class Program:
    """What is trained, and on what; repairs are copies with other fields."""

    model: keras.Model
    x: Any
    y: Any
    held_out: tuple
    task: Task
    epochs: int
    batch_size: int
    loss: Any
    rate: float | None = None  # None: that of the optimizer.
    optimizer: keras.optimizers.Optimizer | None = None
    options: dict = dataclasses.field(default_factory=dict)
    """Further options of `fit`: shuffle, class_weight, sample_weight."""
    given: dict = dataclasses.field(default_factory=dict)
    """What the checks of the data need to know of the call: the validation data, and the order of the examples."""

    @property
    def steps(self) -> int:
        return self.epochs * -(-count(self.x) // self.batch_size)

    @property
    def loss_name(self) -> str:
        """The name of the loss, "" for a function of the user's, or several."""
        loss = self.loss
        if isinstance(loss, str) and loss.lower() in ("crossentropy", "ce"):
            return "sparse_categorical_crossentropy" if self.task.form == "integers" else "categorical_crossentropy"
        try:
            loss = keras.losses.get(loss)
        except (ValueError, TypeError):
            return ""
        if not _targets.is_of_keras(keras.losses, loss):
            return ""
        name = getattr(loss, "__name__", None) or type(loss).__name__
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()

    @property
    def takes_logits(self) -> bool:
        return isinstance(self.loss, keras.losses.Loss) and bool(self.loss.get_config().get("from_logits", False))

    @property
    def learning_rate(self) -> float:
        """The rate of the first step."""
        return self.rate if self.rate is not None else rate_of(self.model.optimizer)


def rate_of(optimizer) -> float:
    """Return the learning rate of an optimizer's first step."""
    try:
        return float(keras.ops.convert_to_numpy(optimizer.learning_rate))
    except (AttributeError, TypeError, ValueError):
        return float("nan")  # Such as an optimizer of several.


def count(arrays) -> int:
    """Return the number of examples."""
    return len(keras.tree.flatten(arrays)[0])


def take(arrays, rows):
    """Return some rows of each array of a structure."""
    return None if arrays is None else keras.tree.map_structure(lambda array: array[rows], arrays)


def task_of(y, loss_name: str, has_accuracy: bool, units: int | None) -> Task:
    """Infer the task from the values of the targets; where these leave it open, from the loss and the metrics."""
    if not isinstance(y, np.ndarray) or y.dtype.kind not in "buif" or not y.size:
        return Task("numbers")
    y = y.astype("int64") if y.dtype.kind == "b" else y
    if y.ndim > 1 and y.shape[-1] > 1:
        if not np.isin(y, (0, 1)).all():
            return Task("numbers")
        is_one_hot = (y.sum(-1) == 1).all()
        return Task("classes", "one_hot", np.arange(y.shape[-1])) if is_one_hot else Task("labels")
    values = np.unique(y[:MOST_EXAMPLES])
    if y.ndim > 2 or not np.equal(values, np.round(values)).all():
        if len(values) > 20 or loss_name not in OF_CLASSES or len(values) > len(y) / 10:
            return Task("numbers")
        return Task("classes", "codes", values)  # Such as classes that were divided by their number.
    if len(values) == 2:
        form = "integers" if set(values) == {0, 1} else "signs" if set(values) == {-1, 1} else "codes"
        return Task("classes", form, values)
    if len(values) > max(len(y) / 3, 2) or len(values) > 1000:
        return Task("numbers")
    if loss_name in OF_CLASSES or loss_name in OF_SIGNS or (has_accuracy and len(values) <= 100):
        is_counted = values.min() >= 0 and values.max() < max(units or 0, 1.5 * len(values))
        return Task("classes", "integers" if is_counted else "codes", values)
    return Task("numbers")


def skill(task: Task, outputs: np.ndarray, y: np.ndarray, takes_logits: bool) -> float:
    """Return how well outputs meet targets: 1 for all, 0 for as well as without the inputs, at least -1.

    Of classes it is the balanced accuracy above that of chance; of labels the share of the majority's errors that is
    gone; of numbers the coefficient of determination.
    """
    outputs, y = np.asarray(outputs, "float64"), np.asarray(y, "float64")
    if not np.isfinite(outputs).all():
        return -1.0
    if task.kind == "classes":
        labels = (
            y.argmax(-1)
            if task.form == "one_hot"
            else np.searchsorted(task.values, y.reshape(y.shape[: max(1, y.ndim - 1)]))
        )
        if outputs.shape[-1] == 1 or outputs.ndim == 1:
            edge = 0 if takes_logits or task.form == "signs" else 0.5
            guesses = (outputs.reshape(len(outputs), -1).mean(1) > edge).astype(int)
        else:
            guesses = outputs.argmax(-1)
            if task.form in ("integers", "codes") and outputs.shape[-1] != task.num_classes:
                labels = y.reshape(labels.shape).astype(int)
        if guesses.ndim > labels.ndim:  # An answer for each place of an example: the commonest one.
            flat = guesses.reshape(len(guesses), -1)
            guesses = np.array([np.bincount(row).argmax() for row in flat])
        recalls = [np.mean(guesses[labels == k] == k) for k in np.unique(labels)]
        return float((np.mean(recalls) - 1 / len(recalls)) / (1 - 1 / len(recalls))) if len(recalls) > 1 else 0.0
    if outputs.size != y.size:
        return -1.0
    outputs = outputs.reshape(y.shape)
    if task.kind == "labels":
        right, common = (
            ((outputs > (0 if takes_logits else 0.5)) == (y > 0.5)).mean(0),
            np.maximum(y.mean(0), 1 - y.mean(0)),
        )
        return float(np.clip((right - common).mean() / max(1 - common.mean(), 1e-9), -1, 1))
    errors, spread = ((y - outputs) ** 2).mean(0), y.var(0)
    return (
        float(np.clip(1 - (errors / np.maximum(spread, 1e-12))[spread > 1e-12].mean(), -1, 1))
        if (spread > 1e-12).any()
        else 0.0
    )


# The layers


def flat_layers(model) -> list[keras.layers.Layer]:
    """Return the layers of a model and of the models within it, from the input to the output."""
    layers = []
    for layer in getattr(model, "layers", ()):
        layers += flat_layers(layer) if isinstance(layer, keras.Model) else [layer]
    return layers


def activation_of(layer) -> str:
    """Return the name of a layer's activation, "linear" if it has none."""
    if isinstance(layer, ACTIVATIONS) and not isinstance(layer, keras.layers.Activation):
        return type(layer).__name__.lower()
    activation = getattr(layer, "activation", None)
    return getattr(activation, "__name__", "linear") if callable(activation) else "linear"


class Head(NamedTuple):
    """The last layer with weights, and what follows it."""

    layer: keras.layers.Layer
    activation: str
    """That of the output, "linear" if there is none."""
    inner: str
    """An activation between the last layer's numbers and that of the output."""
    after: list


def head_of(model) -> Head | None:
    """Return the head of a model with one output; None if its layers do not show it."""
    layers, after, found = flat_layers(model), [], []
    if not isinstance(getattr(model, "output_shape", None), tuple):
        return None
    for layer in reversed(layers):
        if activation_of(layer) != "linear":
            found.append(activation_of(layer))
        if layer.weights or not isinstance(layer, (*LAYERS_OF_SHAPE, *ACTIVATIONS)):
            if not isinstance(layer, keras.layers.Dense | keras.layers.Conv1D | keras.layers.Conv2D):
                return None
            return Head(layer, found[0] if found else "linear", found[1] if len(found) > 1 else "", after)
        after.append(layer)
    return None
