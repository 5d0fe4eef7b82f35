"""`sample_weight` and `class_weight`, checked and turned into a weight for each example."""

from collections.abc import Mapping

import keras
import numpy as np

from dlguide import _checks, _data_checks, _targets
from dlguide._arrays import arrays


def from_samples(model, name: str, value, y, y_name: str = "y"):
    """Return `sample_weight` in the form that the loss needs: an array, or one for each array of targets."""
    received = f"Received: {name} of type {type(value).__name__}"
    if y is None:
        raise ValueError(f"`{name}` must be None without `{y_name}`. {received}")
    weights = arrays(name, value)
    if isinstance(weights, np.ndarray) and not isinstance(y, np.ndarray):
        same = weights
        weights = keras.tree.map_structure(lambda _: same, y)
    try:
        keras.tree.assert_same_structure(weights, y)
    except (ValueError, TypeError):
        must = f"`{name}` must be an array, or the same tuple or dict of arrays as `{y_name}`"
        raise ValueError(f"{must}. {received}") from None
    has_steps = _targets.loss_name(model) in (_targets.SPARSE, None)
    return keras.tree.map_structure(lambda w, targets: _checked(name, w, targets.shape, has_steps), weights, y)


def _checked(name: str, weights: np.ndarray, targets: tuple, has_steps: bool) -> np.ndarray:
    _data_checks.check_numbers(name, weights)
    n, *axes = targets
    steps = targets if has_steps else targets[:-1]
    if weights.shape not in ((n,), (n, 1), *(targets[:k] for k in range(2, len(steps) + 1))):
        more = f", or {steps}, a weight for each step" if len(steps) > 1 and axes != [1] else ""
        must = f"`{name}` must be of shape ({n},), a weight for each example{more}"
        raise _checks.shape_error(must, **{name: weights})
    must_be = "finite numbers of at least 0"
    _data_checks.check_values(name, weights, lambda values: ~(np.isfinite(values) & (values >= 0)), must_be)
    return np.asarray(weights, keras.config.floatx())


def from_classes(model, value, y) -> np.ndarray:
    """Return the weight of each example's class, 1 for a class that `class_weight` leaves out."""
    has_columns = isinstance(y, np.ndarray) and y.ndim == 2 and y.shape[1] > 1
    is_one_hot = has_columns and _targets.loss_name(model) == "categorical_crossentropy"
    if not isinstance(y, np.ndarray) or (y[0].size > 1) != is_one_hot or not np.array_equal(y, np.floor(y)):
        received = f"y of shape {y.shape}" if isinstance(y, np.ndarray) else f"y of type {type(y).__name__}"
        raise ValueError(f"`class_weight` must be None where `y` has no class for each example. Received: {received}")
    labels = y.argmax(axis=1) if is_one_hot else y.reshape(len(y))
    count = y.shape[1] if is_one_hot else _targets.num_classes(model)
    count = 2 if _targets.loss_name(model) in _targets.LABELS else count
    classes, which = (range(count), f"in [0, {count})") if count else (set(labels.tolist()), "that `y` has")
    if not isinstance(value, Mapping) or not all(label in classes for label in value):
        raise _checks.error("class_weight", f"a mapping from classes {which} to weights", value)
    weights = np.ones(len(y), keras.config.floatx())
    for label, weight in value.items():
        weights[labels == label] = _checks.number(f"class_weight[{label!r}]", weight, at_least=0)
    return weights
