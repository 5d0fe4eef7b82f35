"""Metrics of a trained model as plain numbers, and of each class or label."""

from collections.abc import Sequence
from typing import Any

import keras

from dlguide import _checks, _data_checks, _targets


def evaluate(
    model: keras.Model, x, y=None, *, batch_size: int = 256, class_names: Sequence[str] = ()
) -> dict[str, Any]:
    """Evaluate a compiled model: its loss and metrics, and for classes and labels the metrics of each one.

    For labels (`BinaryCrossentropy`, one logit or probability for each) `"accuracy"` is the share of labels that
    are right, where a logit above 0 or a probability above 0.5 means yes. It replaces what `compile` with
    `metrics=["accuracy"]` gives: Keras compares logits with 0.5 there, and takes several labels for classes.

    Args:
        model: A compiled model.
        x: Examples, arrays as in `training.fit`.
        y: Targets; None for a model whose loss needs none.
        batch_size: Examples a step, at least 1; has no effect on the metrics beyond rounding, except
            with `contrastive`, where it is twice the number of views among which one is searched.
        class_names: A name for each class or label, for the keys of `"per_class"`; two names, no and yes,
            for a single logit; the number where it is empty.

    Returns:
        The loss and each compiled metric as a `float`. For classes (integer or one-hot targets, one logit or
        probability per class) and for a single label also `"confusion_matrix"`, a list of rows (true class)
        of counts (predicted class). For classes and labels `"per_class"`, a dict from class or label to its
        `precision`, `recall`, `f1` (floats in [0, 1]) and `support` (int). All of it goes into JSON as it is.

    Raises:
        ValueError: If the data are not what `training.fit` takes, or `class_names` are too few.

    Example:
        >>> import numpy as np
        >>> from dlguide import mlp
        >>> model = mlp((2,), num_outputs=2)
        >>> model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        >>> sorted(evaluate(model, np.eye(2, dtype="float32"), np.array([0, 1])))
        ['confusion_matrix', 'loss', 'per_class']
    """
    batch_size = _checks.integer("batch_size", batch_size)
    x, y = _data_checks.examples(model, x, y)
    if hasattr(model, "check_data"):
        model.check_data(x, y)
    shape = getattr(model, "output_shape", None)
    labels = None if y is x else _targets.labels(model, y)
    has_classes = _targets.loss_name(model) in _targets.CLASSES and isinstance(shape, tuple) and len(shape) == 2
    count = shape[-1] if has_classes or labels is not None else 0
    count = 2 if labels is not None and count == 1 else count
    if class_names and count and len(class_names) != count:
        raise _checks.error("class_names", f"one name for each of {count} classes", class_names)
    names = class_names or [str(i) for i in range(count)]

    metrics: dict[str, Any] = {
        name: float(value)
        for name, value in model.evaluate(x, y, batch_size=batch_size, verbose=0, return_dict=True).items()
    }
    if not count:
        return metrics
    scores = model.predict(x, batch_size=batch_size, verbose=0)
    if has_classes:
        true = y.reshape(len(y), -1)
        true = true[:, 0] if true.shape[1] == 1 else true.argmax(axis=1)
        return metrics | _per_class(true, scores.argmax(axis=1), names)
    predicted = (scores > (0 if _targets.takes_logits(model) else 0.5)).astype("int64")
    metrics["accuracy"] = float((predicted == labels).mean())
    if labels.shape[1] == 1:
        return metrics | _per_class(labels[:, 0], predicted[:, 0], names)
    return metrics | {"per_class": _scores_of_each(labels, predicted, names)}


def _per_class(y, predicted, class_names: Sequence[str]) -> dict[str, Any]:
    from sklearn.metrics import confusion_matrix

    matrix = confusion_matrix(y, predicted, labels=range(len(class_names))).tolist()
    return {"confusion_matrix": matrix, "per_class": _scores_of_each(y, predicted, class_names)}


def _scores_of_each(y, predicted, class_names: Sequence[str]) -> dict[str, Any]:
    from sklearn.metrics import precision_recall_fscore_support

    scores = precision_recall_fscore_support(y, predicted, labels=range(len(class_names)), zero_division=0)
    return {
        name: {"precision": float(p), "recall": float(r), "f1": float(f), "support": int(s)}
        for name, p, r, f, s in zip(class_names, *scores, strict=True)
    }
