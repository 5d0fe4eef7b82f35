"""Base class of models that are made of other models and train them together."""

from typing import ClassVar

import keras
from keras import ops


class ModelOfParts(keras.Model):
    """A model of images, without targets, whose config holds its parts, named by `PARTS`."""

    PARTS: ClassVar[tuple[str, ...]]
    has_pixels = True
    """Whether values must lie in [0, 1]."""
    num_classes = None
    """Of a model of images and labels."""
    no_batch_of_one = ""
    """Why a batch of one example cannot be trained on; empty if it can."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.built = True  # Its parts are built, and it has no other weights.

    def build(self, input_shape=None):
        """Do nothing: the parts are built."""

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
