"""Base class of models that are made of other models and train them together."""

from typing import ClassVar

import keras
import numpy as np
from keras import ops


def refuse_targets_and_dict(x, y, names: tuple[str, str], must_be: str, why: str) -> None:
    """Refuse targets (`why` says why), and arrays by name (`must_be` says what `x` is): a model of parts has none."""
    x_name, y_name = names
    if y is not None:
        raise ValueError(f"`{y_name}` must be None: {why}. Received: {y_name} of shape {np.shape(y)}")
    if isinstance(x, dict):
        raise ValueError(f"`{x_name}` must be {must_be}. Received: a dict")


class ModelOfParts(keras.Model):
    """A model whose config holds its parts, named by `PARTS`."""

    PARTS: ClassVar[tuple[str, ...]]

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.built = True  # Its parts are built, and it has no other weights.

    def build(self, input_shape=None):
        """Do nothing: the parts are built."""

    def check_data(self, x, y, batch_size: int | None = None, names: tuple[str, str] = ("x", "y")) -> None:
        """Raise for data that the model cannot read; `batch_size` is None in an evaluation, `names` are for errors."""

    def total_loss(self, loss):
        """Return a loss of the model with those that its layers add, scaled for `tf.distribute` as Keras scales it."""
        loss = sum((ops.cast(each, loss.dtype) for each in self.losses), loss)
        if keras.backend.backend() != "tensorflow":
            return loss
        import tensorflow as tf

        replicas = tf.distribute.get_strategy().num_replicas_in_sync  # Their gradients are added up.
        return loss * ops.cast(1.0 / replicas, loss.dtype) if replicas > 1 else loss

    def get_config(self):
        config = {key: value for key, value in super().get_config().items() if key in ("name", "trainable", "dtype")}
        parts = {name: keras.saving.serialize_keras_object(getattr(self, name)) for name in self.PARTS}
        return {**config, **parts}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        parts = {name: keras.saving.deserialize_keras_object(config[name], custom_objects) for name in cls.PARTS}
        return cls(**{**config, **parts})
