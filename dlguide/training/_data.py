"""What `fit` trains and validates on, checked: arrays, or a data set with an order of its own."""

import warnings

import keras

from dlguide import _data_checks, _data_sets, _logits
from dlguide._data_sets import Data
from dlguide.data import is_test_part

HOW_TO_WEIGH = "let the data set give (x, y, sample_weight)"


def training_data(model, x, y, sample_weight, class_weight, batch_size: int) -> Data:
    """Check what a model is to be trained on, against the model; warn of logits, for the caller of the caller."""
    _logits.warn_of_logits(model, stacklevel=4)
    kind = _data_sets.kind_of("x", x)
    if kind != "arrays":
        given = {"y": y, "sample_weight": sample_weight, "class_weight": class_weight}
        for name, value in given.items():
            if value is not None:
                way = "" if name == "y" else f" ({HOW_TO_WEIGH})"
                raise ValueError(
                    f"`{name}` must be None where `x` is a {kind}{way}. Received: {name} of type {type(value).__name__}"
                )
        return _data_sets.checked(model, "x", Data(kind, x))
    x, y = _data_checks.examples(model, x, y, batch_size=batch_size)
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
    kind = _data_sets.kind_of("validation_data", value)
    if kind != "arrays":
        return _data_sets.checked(model, "validation_data", Data(kind, value))
    arrays = _data_checks.validation_data(model, value)
    if is_test_part(*keras.tree.flatten(arrays)):
        warnings.warn(
            "`validation_data` is the test set of `data.load`: a model chosen on it has no honest test result.",
            UserWarning,
            stacklevel=3,
        )
    return Data(kind, arrays)
