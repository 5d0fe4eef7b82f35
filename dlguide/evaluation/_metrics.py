"""Metrics of a trained model as plain numbers, overall and per class or label."""

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np

from dlguide import _checks, _data_checks, _extras
from dlguide._data_checks import Arrays


def evaluate(
    model: keras.Model,
    x: Arrays | Iterable,
    y: Arrays | None = None,
    *,
    batch_size: int = 256,
    class_names: Sequence[str] = (),
) -> dict[str, Any]:
    """Evaluate a compiled model: its loss and metrics, and precision, recall and F1 of each class or label.

    For labels (`BinaryCrossentropy`, one logit or probability per label) `"accuracy"` is the share of correct labels;
    a logit above 0 or a probability above 0.5 means yes. It replaces the accuracy of `metrics=["accuracy"]` in
    `compile`: there, Keras compares logits with 0.5 and reads several labels as classes.

    Args:
        model: A compiled model.
        x: Examples, arrays of shape `(n, *input_shape)`, or a tuple, list or dict of them. Or a data set of batches
            `(x, y)`, which is read twice for classes and labels.
        y: Targets of shape `(n,)` or `(n, *output_shape)`, or a tuple, list or dict of arrays. None with a data set,
            or if the loss needs none.
        batch_size: Examples per step, at least 1. It changes the metrics only by rounding, except with `contrastive`.
            No effect with a data set.
        class_names: A name for each class or label, for the keys of `"per_class"`; for a single logit two names, no
            and yes. If empty, numbers. A model whose outputs have the shape of its inputs is taken for an
            autoencoder, which has no labels, unless they have names.

    Returns:
        The loss and each compiled metric as a `float`, or as a list of floats if a metric has several values. For
        classes (integer or one-hot targets) and for a single label also `"confusion_matrix"`: a list of rows (true
        class) of counts (predicted class). For classes and labels also `"per_class"`: a dict from class or label to
        `precision`, `recall`, `f1` (floats in [0, 1]) and `support` (int). All of it can be written as JSON.

    Raises:
        ValueError: If `training.fit` would not take the data, or the number of `class_names` differs.

    Example:
        >>> import numpy as np
        >>> from dlguide import mlp
        >>> model = mlp((2,), num_outputs=2)
        >>> model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        >>> sorted(evaluate(model, np.eye(2, dtype="float32"), np.array([0, 1])))
        ['confusion_matrix', 'loss', 'per_class']
    """
    batch_size = _checks.integer("batch_size", batch_size)
    kind, shape = _data_checks.kind_of("x", x), getattr(model, "output_shape", None)
    names = [] if class_names is None else np.asarray(class_names).tolist()  # No list if it is no sequence.
    has_vectors = isinstance(shape, tuple) and len(shape) == 2
    has_classes = has_vectors and _data_checks.loss_name(model) in _data_checks.CLASSES
    has_labels = has_vectors and _data_checks.loss_name(model) in _data_checks.LABELS
    if has_labels and shape[-1] > 1 and not names:  # An autoencoder's outputs are no labels.
        has_labels = [tuple(each.shape[1:]) for each in getattr(model, "inputs", None) or ()] != [shape[1:]]
    scores, evaluated = None, {"x": x}
    if kind == "arrays":
        x, y = _data_checks.examples(model, x, y)
        evaluated = {"x": x, "y": y, "batch_size": batch_size}
    elif y is not None:
        raise ValueError(f"`y` must be None where `x` is a {kind}. Received: y of type {type(y).__name__}")
    elif has_classes or has_labels:
        y, scores = _read(model, x, kind)
    is_binary = has_labels and isinstance(y, np.ndarray) and np.isin(y, (0, 1)).all()
    labels = y.reshape(len(y), shape[-1]).astype("int64") if is_binary else None
    count = shape[-1] if has_classes or labels is not None else 0
    count = 2 if labels is not None and count == 1 else count
    if names and count and not (isinstance(names, list) and len(set(names)) == len(names) == count):
        raise _checks.error("class_names", f"a sequence of {count} different names, one for each class", class_names)
    names = names or [str(i) for i in range(count)]

    with warnings.catch_warnings():
        # Keras says so of each data set of unknown length.
        warnings.filterwarnings("ignore", "Your input ran out of data")
        metrics = _plain(model.evaluate(**evaluated, verbose=0, return_dict=True))
    if not count:
        return metrics
    if scores is None:
        scores = model.predict(x, batch_size=batch_size, verbose=0)
    if has_classes:
        true = y.reshape(len(y), -1)
        true = true[:, 0] if true.shape[1] == 1 else true.argmax(axis=1)
        counts = true != getattr(model.loss, "ignore_class", None)
        true, predicted = true[counts], scores.argmax(axis=1)[counts]
    else:
        predicted = (scores > (0 if _data_checks.takes_logits(model) else 0.5)).astype("int64")
        metrics["accuracy"] = float((predicted == labels).mean())
        if labels.shape[1] > 1:
            return metrics | {"per_class": _scores_of_each(labels, predicted, names)}
        true, predicted = labels[:, 0], predicted[:, 0]
    matrix = _extras.needed("sklearn.metrics", "evaluation").confusion_matrix(true, predicted, labels=range(count))
    return metrics | {"confusion_matrix": matrix.tolist(), "per_class": _scores_of_each(true, predicted, names)}


def _read(model, data, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Read a data set; return its targets and the model's outputs."""
    if getattr(data, "num_batches", 0) is None or (kind == "tf.data.Dataset" and int(data.cardinality()) == -1):
        raise ValueError(f"`x` must be a data set that ends. Received: a {kind} of batches without end")
    reads_tensors = kind == "tf.data.Dataset" and keras.backend.backend() == "tensorflow"  # Texts are no arrays.
    targets, outputs = [], []
    for batch in _data_checks.batches_of(data):
        x, y, _ = keras.utils.unpack_x_y_sample_weight(batch)
        if y is None:
            raise ValueError(f"`x` must be a data set of batches (x, y). Received: a {kind} without y")
        targets.append(_data_checks.as_arrays(y))
        outputs.append(model.predict_on_batch(x if reads_tensors else _data_checks.as_arrays(x)))
    y = np.concatenate(targets)
    _data_checks.targets(model, "y", y)
    return y, np.concatenate(outputs)


def _plain(value):
    """Return numbers of Keras and NumPy as floats or lists of floats."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return np.asarray(value, "float64").tolist()


def _scores_of_each(y, predicted, class_names: Sequence[str]) -> dict[str, Any]:
    metric = _extras.needed("sklearn.metrics", "evaluation").precision_recall_fscore_support
    scores = metric(y, predicted, labels=range(len(class_names)), zero_division=0)
    return {
        name: {"precision": float(p), "recall": float(r), "f1": float(f), "support": int(s)}
        for name, p, r, f, s in zip(class_names, *scores, strict=True)
    }
