"""Random changes of images in training: the one place that makes augmentation layers."""

from collections.abc import Mapping

import keras

from dlguide import _checks, _private_apis
from dlguide._dense_layers import LAST


@keras.saving.register_keras_serializable(package="dlguide")
class Augmentation(keras.layers.Layer):
    """Change images at random in training, and leave them unchanged otherwise.

    Input and output: images of shape `(batch, height, width, channels)`. Keras's own augmentation layers change images
    whenever `training` is not given, as in `model(x)` or an exported file, and switch the layers after them to training
    too; this layer changes them with `training=True` alone. New pixels repeat the nearest edge pixel.

    Args:
        changes: A mapping of at least one of `"flip"` (`"horizontal"`, `"vertical"` or `"horizontal_and_vertical"`),
            `"shift"` (largest share of height and width, in [0, 1), or a pair with one for each), `"rotation"`
            (largest angle in degrees), `"zoom"` (largest change of height and width together, in [0, 1))
            and `"shear"` (largest slant along both sides, as a share of them, in [0, 1)). They are applied in this
            order.
        **kwargs: Of `keras.layers.Layer`.

    Example:
        >>> layer = Augmentation({"shift": 0.2})
        >>> images = keras.random.uniform((2, 8, 8, 1), seed=0)
        >>> [bool(keras.ops.all(layer(images, training=mode) == images)) for mode in (None, False, True)]
        [True, True, False]
    """

    def __init__(self, changes: Mapping, **kwargs):
        super().__init__(**kwargs)
        self.changes = _checks.changes("changes", changes)
        self.layers = [_layer(kind, self.changes[kind]) for kind in _checks.CHANGES if kind in self.changes]
        if keras.backend.backend() == "jax":
            for layer in self.layers:
                _private_apis.allow_jit(layer)

    def build(self, input_shape):
        for layer in self.layers:
            layer.build(input_shape)

    def call(self, images: keras.KerasTensor, training: bool | None = None) -> keras.KerasTensor:
        if training:
            for layer in self.layers:
                images = layer(images, training=True)
        return images

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "changes": self.changes}


def _layer(kind: str, value) -> keras.layers.Layer:
    if kind == "flip":
        return keras.layers.RandomFlip(value, **LAST)
    if kind == "shift":
        height, width = value if isinstance(value, tuple) else (value, value)
        return keras.layers.RandomTranslation(height, width, fill_mode="nearest", **LAST)
    if kind == "rotation":
        return keras.layers.RandomRotation(value / 360, fill_mode="nearest", **LAST)
    if kind == "zoom":
        return keras.layers.RandomZoom(value, fill_mode="nearest", **LAST)
    return keras.layers.RandomShear(value, value, fill_mode="nearest", **LAST)
