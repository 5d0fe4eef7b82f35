"""Makes the variables of a model before its first step: no step is done, no batch of a `tf.data.Dataset` is read."""

import contextlib

import keras

from dlguide import _data_sets, _keras
from dlguide._data_sets import Data


def build_model(model: keras.Model, train: Data, batch_size: int) -> None:
    """Build a model that would be built by its first step, if it is called on `x` there."""
    if keras.backend.backend() != "tensorflow" and not train.is_arrays:
        with contextlib.suppress(Exception):  # Of a model with a step of its own, which Keras may not call.
            _keras.build(model, _batch(train))
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
    return _data_sets.as_arrays(batch)
