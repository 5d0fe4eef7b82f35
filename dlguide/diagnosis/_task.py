"""The task that the targets state, and how well outputs meet it."""

from typing import NamedTuple

import numpy as np

OF_CLASSES = ("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy")
MANY = 50  # Numbers of a target.
OF_SIGNS = ("hinge", "squared_hinge", "categorical_hinge")


class Task(NamedTuple):
    """What the targets are: `classes` ("integers", "one_hot", "signs", "codes"), `labels` of 0 and 1, or `numbers`."""

    kind: str
    form: str = ""
    values: np.ndarray | None = None  # Of classes: what stands for each in the targets.
    ignored: int | None = None  # A class that does not count.

    @property
    def num_classes(self) -> int:
        return 0 if self.values is None else len(self.values)

    def class_of(self, y: np.ndarray) -> np.ndarray:
        """Return the class of each target, as integers from 0; -1 for a row without one."""
        if self.form == "one_hot":
            return np.where(y.sum(-1) == 0, -1, y.argmax(-1))
        y = y[..., 0] if y.ndim > 1 and y.shape[-1] == 1 else y
        return y.astype(int) if self.form == "integers" else np.searchsorted(self.values, y)


def is_numbers(array) -> bool:
    """Return whether this is an array of numbers: there may be several, none, or texts."""
    return isinstance(array, np.ndarray) and array.dtype.kind in "buif"


def task_of(y, loss: str, has_accuracy: bool, output_shape, ignored: int | None = None) -> Task:
    """Infer the task from the values of the targets; where these leave it open, from the loss and the metrics."""
    if not is_numbers(y) or not y.size:
        return Task("numbers")
    values, is_one = np.unique(y[:: -(-len(y) // 12_000)]), y.ndim > 1 and y.shape[-1] == 1
    values = values[np.isfinite(values) & (values != (np.nan if ignored is None else ignored))]
    if not len(values):
        return Task("numbers")
    rank, units = (len(output_shape), output_shape[-1] or 0) if isinstance(output_shape, tuple) else (0, 0)
    axes, is_whole = y.ndim - is_one, np.equal(values, np.round(values)).all()
    if loss == "sparse_categorical_crossentropy" and is_whole and rank == axes + 1 and (axes > 1 or values.min() >= 0):
        if axes > 1:  # A class for each step or pixel.
            return Task("classes", "integers", np.arange(max(units, int(values.max()) + 1)), ignored)
        if values.max() < units:
            return Task("classes", "integers", values, ignored)
    if axes > 1:
        if not set(values) <= {0, 1} or is_one:
            return Task("numbers")
        sums = y.sum(-1)
        is_one_hot = (sums == 1).all() or (loss == "categorical_crossentropy" and y.ndim > 2 and sums.max() == 1)
        return Task("classes", "one_hot", np.arange(y.shape[-1]), -1) if is_one_hot else Task("labels")
    if not is_whole:  # Codes: such as classes divided by their number.
        is_of_shares = loss == "binary_crossentropy" and values.min() >= 0 and 0.5 < values.max() <= 1
        is_few = len(values) <= min(20, len(y) / 10) and loss in OF_CLASSES and not is_of_shares
        return Task("classes", "codes", values) if is_few else Task("numbers")
    if len(values) == 2:
        is_counted = set(values) == {0, 1} or (values.min() >= 0 and units > 1 and values.max() < units)
        return Task("classes", "integers" if is_counted else "signs" if set(values) == {-1, 1} else "codes", values)
    is_of_classes = loss in (*OF_CLASSES, *OF_SIGNS) or (has_accuracy and len(values) <= 100)
    if len(values) > min(max(len(y) / 3, 2), 1000) or not is_of_classes:
        return Task("numbers")
    is_counted = values.min() >= 0 and values.max() < max(units, 1.5 * len(values))
    return Task("classes", "integers" if is_counted else "codes", values)


def skill(task: Task, outputs: np.ndarray, y: np.ndarray, takes_logits: bool) -> float:
    """Return how well outputs meet targets: 1 for all, 0 for as well as without the inputs, at least -1.

    Of classes it is the balanced accuracy above that of chance; of labels the share of the majority's errors that is
    gone; of numbers the coefficient of determination, where there are many (pixels) that of all together.
    """
    outputs, y = np.asarray(outputs, "float64"), np.asarray(y, "float64")
    if not np.isfinite(outputs).all():
        return -1.0
    if task.kind == "classes":
        edge, labels = 0 if takes_logits or task.form == "signs" else 0.5, task.class_of(y)
        is_row = outputs.ndim > 1 and outputs.shape[-1] > 1
        guesses = outputs.argmax(-1) if is_row else (outputs.reshape(len(y), -1).mean(1) > edge).astype(int)
        if guesses.ndim > labels.ndim:  # An answer for each place of an example: the commonest one.
            guesses = np.array([np.bincount(row).argmax() for row in guesses.reshape(len(guesses), -1)])
        recalls = [np.mean(guesses[labels == k] == k) for k in np.unique(labels) if k != task.ignored]
        chance = 1 / max(len(recalls), 1)
        return float((np.mean(recalls) - chance) / (1 - chance)) if chance < 1 else 0.0
    if outputs.size != y.size:
        return -1.0
    outputs = outputs.reshape(y.shape)
    if task.kind == "numbers" and takes_logits:  # Of shares, such as grey pixels.
        outputs = 1 / (1 + np.exp(-np.clip(outputs, -500, 500)))
    if task.kind == "labels":
        wrong = (outputs > (0 if takes_logits else 0.5)) != (y > 0.5)
        errors, spread = wrong.mean(), np.minimum(y.mean(0), 1 - y.mean(0)).mean()
    else:
        errors, spread = ((y - outputs) ** 2).mean(0), y.var(0)
    errors, spread = np.ravel(errors), np.ravel(spread)
    if task.kind == "numbers" and errors.size > MANY:  # A pixel that is nearly always black would decide.
        errors, spread = errors.sum(keepdims=True), spread.sum(keepdims=True)
    known = spread > 1e-12
    return float(np.clip(1 - (errors[known] / spread[known]).mean(), -1, 1)) if known.any() else 0.0
