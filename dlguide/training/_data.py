"""What `fit` trains and validates on, checked: arrays, or a data set with an order of its own.

The variables of a model that is not built are made by it: no step is done, no batch of a `tf.data.Dataset` is read.
"""

import contextlib
import warnings

import keras

from dlguide import _data_checks, _private_apis
from dlguide._data_checks import Data
from dlguide.data._load import is_test_part


def training_data(model, x, y, sample_weight, class_weight, batch_size: int) -> Data:
    """Check the training data against the model; warn of logits, for the caller of the caller."""
    _data_checks.warn_of_logits(model, stacklevel=4)
    kind = _data_checks.kind_of("x", x)
    if kind != "arrays":
        for name, value in {"y": y, "sample_weight": sample_weight, "class_weight": class_weight}.items():
            if value is not None:
                way = "" if name == "y" else " (let the data set give (x, y, sample_weight))"
                raise ValueError(
                    f"`{name}` must be None where `x` is a {kind}{way}. Received: {name} of type {type(value).__name__}"
                )
        return _data_checks.checked(model, "x", Data(kind, x), is_training=True)
    if class_weight is not None and sample_weight is not None:
        raise ValueError(f"`class_weight` must be None with `sample_weight`. Received: class_weight={class_weight}")
    x, y = _data_checks.examples(model, x, y, batch_size=batch_size)
    if class_weight is not None:
        return Data(kind, (x, y, _data_checks.from_classes(model, class_weight, y)))
    if sample_weight is not None:
        return Data(kind, (x, y, _data_checks.from_samples(model, "sample_weight", sample_weight, y)))
    return Data(kind, (x,) if y is None else (x, y))


def validation_data(model, value) -> Data | None:
    """Check the validation data against the model; warn if they are a test set."""
    if value is None:
        return None
    kind = _data_checks.kind_of("validation_data", value)
    if kind != "arrays":
        return _data_checks.checked(model, "validation_data", Data(kind, value))
    if not isinstance(value, tuple | list) or len(value) not in (1, 2, 3):
        raise ValueError(
            "`validation_data` must be a tuple (x, y) or (x, y, sample_weight), or (x,) for a model without targets. "
            f"Received: {type(value).__name__}"
        )
    names = [f"validation_data[{i}]" for i in range(3)]
    x, y, weights = (*value, None, None)[:3]
    x, y = _data_checks.examples(model, x, y, (names[0], names[1]))
    arrays = (x,) if y is None else (x, y)
    if weights is not None:
        arrays = (x, y, _data_checks.from_samples(model, names[2], weights, y, names[1]))
    if is_test_part(*(part for part in keras.tree.flatten(arrays) if part is not None)):
        warnings.warn(
            "`validation_data` is the test set of `data.load`: a model chosen on it has no honest test result.",
            UserWarning,
            stacklevel=3,
        )
    return Data(kind, arrays)


def build_model(model: keras.Model, train: Data, batch_size: int) -> None:
    """Build a model that would be built by its first step, if it is called on `x` there."""
    if keras.backend.backend() != "tensorflow" and not train.is_arrays:
        with contextlib.suppress(Exception):  # Of a model with a step of its own, which Keras may not call.
            _private_apis.build(model, _batch(train))
    if model.built or type(model).train_step is not keras.Model.train_step:
        return

    def tensor(part):
        if part is None:
            return None
        shape = list(part.shape)
        if train.is_arrays:
            shape[0] = min(batch_size, shape[0])
        return keras.KerasTensor(shape, keras.backend.standardize_dtype(part.dtype))

    x, _, _ = keras.utils.unpack_x_y_sample_weight(_batch(train))
    with contextlib.suppress(Exception):  # Each layer has its own. The first step will tell what is wrong, or build.
        model(keras.tree.map_structure(tensor, x))


def build_step(model: keras.Model, train: Data) -> None:
    """On TensorFlow, make the variables of a step: of metrics, optimizers, layers. Others do it before a training."""
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow as tf

    def spec(part):
        if isinstance(part, tf.TypeSpec) or part is None:
            return part
        return tf.TensorSpec((None, *part.shape[1:]), tf.as_dtype(part.dtype))

    step = tf.function(lambda data: model.distribute_strategy.run(model.train_step, args=(data,)))
    with contextlib.suppress(Exception):  # Such as one that runs eagerly only; a checkpoint says what is missing.
        step.get_concrete_function(keras.tree.map_structure(spec, _batch(train)))


def _batch(train: Data):
    """Return arrays, or what has their shapes and types, in the structure that a step gets."""
    if train.is_arrays:
        return train.packed
    if train.kind == "tf.data.Dataset":
        return train.content.element_spec
    batch = train.content[0] if train.kind == "PyDataset" else train.first_batch
    batch = tuple(batch) if isinstance(batch, list | tuple) else batch if isinstance(batch, dict) else (batch,)
    return _data_checks.as_arrays(batch)
