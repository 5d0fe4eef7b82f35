"""Which targets a compiled model takes, from its loss: classes, labels or numbers, and of which shape."""

import re

import keras
import numpy as np

from dlguide import _checks

SPARSE = "sparse_categorical_crossentropy"
CLASSES = (SPARSE, "categorical_crossentropy")
LABELS = ("binary_crossentropy", "binary_focal_crossentropy")
OF_PROBABILITIES = (*CLASSES, *LABELS, "categorical_focal_crossentropy")
"""Losses that read probabilities, or logits where they are told so."""
OF_OUTPUT_SHAPE = {
    *LABELS,
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "mean_squared_error",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_logarithmic_error",
    "huber",
    "log_cosh",
    "poisson",
    "hinge",
    "squared_hinge",
    "cosine_similarity",
}


def loss_name(model) -> str | None:
    """Return the name of a model's single Keras loss, such as `"mean_squared_error"`; None for any other."""
    loss = model.loss
    if isinstance(loss, str):
        loss = None if loss.lower() in ("crossentropy", "ce") else keras.losses.get(loss)  # Keras chooses by `y`.
    if isinstance(loss, keras.losses.Loss):
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(loss).__name__).lower()
    name = getattr(loss, "__name__", None)
    return name if name and getattr(keras.losses, name, None) is loss else None


def num_classes(model) -> int | None:
    """Return the number of classes of a model that is compiled for integer labels, else None."""
    shape = getattr(model, "output_shape", None)
    return shape[-1] if loss_name(model) == SPARSE and isinstance(shape, tuple) else None


def takes_logits(model) -> bool:
    """Tell whether the loss reads the output as logits."""
    return isinstance(model.loss, keras.losses.Loss) and bool(model.loss.get_config().get("from_logits", False))


def check_shape(name: str, shape: tuple, model) -> None:
    """Refuse targets of another shape than the loss compares with the output; Keras would stretch some of them."""
    output, loss = getattr(model, "output_shape", None), loss_name(model)
    if not isinstance(output, tuple) or loss not in {SPARSE, *OF_OUTPUT_SHAPE}:
        return
    output = (None, *output[1:])  # A `Sequential` that `fit` has built states the size of the first batch.
    wanted = output[:-1] if loss == SPARSE else output
    fitting = [wanted, (*wanted, 1), *([wanted[:-1]] if wanted[-1:] == (1,) else [])]
    if not any(
        len(shape) == len(each) and all(size in (None, ours) for size, ours in zip(each, shape, strict=True))
        for each in fitting
    ):
        text = _checks.text_of_shape(wanted[1:])
        what = "an integer for each of the model's answers" if loss == SPARSE else "as the model's output"
        raise ValueError(f"`{name}` must be of shape {text}, {what}. Received: {name} of shape {tuple(shape)}")


def labels(model, y) -> np.ndarray | None:
    """Return 0 or 1 for each example and label of a model that is compiled for labels, else None."""
    shape = getattr(model, "output_shape", None)
    if loss_name(model) not in LABELS or not isinstance(shape, tuple) or len(shape) != 2:
        return None
    if not isinstance(y, np.ndarray):
        return None
    return y.reshape(len(y), shape[-1]).astype("int64") if np.isin(y, (0, 1)).all() else None
