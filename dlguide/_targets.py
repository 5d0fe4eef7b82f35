"""Infers from the compiled loss which targets a model takes, and their shape."""

import inspect
import re

import keras
import numpy as np

from dlguide import _checks, _private_apis

SPARSE = "sparse_categorical_crossentropy"
CLASSES = (SPARSE, "categorical_crossentropy")
LABELS = ("binary_crossentropy", "binary_focal_crossentropy")
OF_PROBABILITIES = (*CLASSES, *LABELS, "categorical_focal_crossentropy")
"""Losses of probabilities, or of logits with `from_logits=True`."""
OF_NUMBERS = (
    *("mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_logarithmic_error"),
    *("huber", "log_cosh", "poisson", "hinge", "squared_hinge", "cosine_similarity"),
)


def loss_name(model) -> str | None:
    """Return the name of a model's single Keras loss, such as `"mean_squared_error"`; None for any other."""
    loss = model.loss
    if isinstance(loss, str):
        loss = None if loss.lower() in ("crossentropy", "ce") else keras.losses.get(loss)  # Keras chooses by `y`.
    if not is_of_keras(keras.losses, loss):
        return None
    name = getattr(loss, "__name__", None) or type(loss).__name__
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def is_of_keras(module, value) -> bool:
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


def check_shape(name: str, shape: tuple, model) -> None:
    """Raise if the loss would compare targets of this shape with another output shape; Keras broadcasts some."""
    output, loss = getattr(model, "output_shape", None), loss_name(model)
    if not isinstance(output, tuple) or loss not in (*OF_PROBABILITIES, *OF_NUMBERS):
        return
    output = (None, *output[1:])  # Of a `Sequential` that `fit` has built, the first size is that of the first batch.
    wanted = output[:-1] if loss == SPARSE else output
    fitting = [wanted, (*wanted, 1), *([wanted[:-1]] if wanted[-1:] == (1,) else [])]
    if not any(_checks.fits(shape, sizes) for sizes in fitting):
        text = _checks.text_of_shape(wanted[1:])
        what = "one integer label per prediction" if loss == SPARSE else "as the model's output"
        raise ValueError(f"`{name}` must be of shape {text}, {what}. Received: {name} of shape {tuple(shape)}")


def in_rank_of_output(model, y: np.ndarray) -> np.ndarray:
    """Return targets in the output's rank, as `_arrays.in_own_shape` does with inputs, if only Keras reads them."""
    output, loss = getattr(model, "output_shape", None), loss_name(model)
    steps = ("train_step", "test_step", "compute_loss", "compute_metrics")
    metrics = _private_apis.compiled_metrics(model)
    if (
        not isinstance(output, tuple)
        or loss not in (*OF_PROBABILITIES, *OF_NUMBERS)
        or any(getattr(type(model), step) is not getattr(keras.Model, step) for step in steps)
        or not all(isinstance(m, str | None) or is_of_keras(keras.metrics, m) for m in metrics)
        or any(type(m) is keras.metrics.MeanMetricWrapper for m in metrics)
    ):
        return y
    ndim = len(output) - (loss == SPARSE)
    if y.ndim == ndim + 1:
        return y[..., 0]
    return y[..., np.newaxis] if y.ndim == ndim - 1 else y


def labels(model, y) -> np.ndarray | None:
    """Return 0 or 1 for each example and label of a model that is compiled for labels, else None."""
    shape = getattr(model, "output_shape", None)
    is_for_labels = loss_name(model) in LABELS and isinstance(shape, tuple) and len(shape) == 2
    if not is_for_labels or not isinstance(y, np.ndarray) or not np.isin(y, (0, 1)).all():
        return None
    return y.reshape(len(y), shape[-1]).astype("int64")
