"""Base class of models that are made of other models and train them together."""

from typing import ClassVar

import keras
from keras import ops

from dlguide.errors import ArgumentError


def refuse_dict(name: str, must_be: str, x) -> None:
    """Refuse arrays by name: a model of parts has no inputs with names."""
    if isinstance(x, dict):
        raise ArgumentError(f"`{name}` must be {must_be}. Received: a dict")


class ModelOfParts(keras.Model):
    """A model whose config holds its parts, named by `PARTS`, and its `options`."""

    PARTS: ClassVar[tuple[str, ...]]

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.built = True  # Its parts are built, and it has no other weights.

    def build(self, input_shape=None):
        """Do nothing: the parts are built."""

    def options(self) -> dict:
        """Return the keyword arguments other than the parts."""
        return {}

    def check_data(self, x, y, batch_size: int | None = None, names: tuple[str, str] = ("x", "y")) -> None:
        """Raise for data that the model cannot be trained or evaluated on; `training.fit` calls this first.

        `batch_size` is None in an evaluation. `names` are the names of `x` and `y` in an error.
        """

    def total_loss(self, loss):
        """Return a loss of the model with those that its layers add."""
        more = (ops.cast(each, loss.dtype) for each in self.losses)
        return _divided_by_replicas(sum(more, loss))

    def get_config(self):
        config = {key: value for key, value in super().get_config().items() if key in ("name", "trainable", "dtype")}
        parts = {name: keras.saving.serialize_keras_object(getattr(self, name)) for name in self.PARTS}
        return {**config, **parts, **self.options()}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        parts = {name: keras.saving.deserialize_keras_object(config[name], custom_objects) for name in cls.PARTS}
        return cls(**{**config, **parts})


def _divided_by_replicas(loss):
    """Divide a loss by the replicas of a `tf.distribute` strategy, whose gradients are added up, as Keras does."""
    if keras.backend.backend() != "tensorflow":
        return loss
    import tensorflow as tf

    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    return loss * ops.cast(1.0 / replicas, loss.dtype) if replicas > 1 else loss
