"""Random changes of images in training: the one place that makes augmentation layers."""

from collections.abc import Mapping

import keras

from dlguide import _checks, _keras

FLIPS = ("horizontal", "vertical", "horizontal_and_vertical")
KINDS = ("flip", "shift", "rotation", "zoom", "shear")


@keras.saving.register_keras_serializable(package="dlguide")
class Augmentation(keras.layers.Layer):
    """Change images at random in training, and leave them as they are otherwise.

    Put it before the first layer of a model. Keras's own augmentation layers change images whenever
    `training` is not given, as in `model(x)` or an exported file, and switch the layers after them to
    training too; this layer does so with `training=True` alone. New pixels repeat the nearest edge pixel.

    Input and output: images of shape `(batch, height, width, channels)`.

    Args:
        changes: A mapping of at least one of `"flip"` (`"horizontal"`, `"vertical"` or
            `"horizontal_and_vertical"`), `"shift"` (largest share of height and width, in [0, 1), or
            a pair with one for each),
            `"rotation"` (largest angle in degrees, in [0, 180]), `"zoom"` (largest change of height and
            width together, in [0, 1)) and `"shear"` (largest slant along both sides, as a share of them,
            in [0, 1)). They are applied in this order.
        **kwargs: Keyword arguments of `keras.layers.Layer`, such as `name`.

    Raises:
        ValueError: If `changes` is no such mapping, or a value is out of range.

    Example:
        >>> layer = Augmentation({"shift": 0.2})
        >>> images = keras.random.uniform((2, 8, 8, 1), seed=0)
        >>> [bool(keras.ops.all(layer(images, training=mode) == images)) for mode in (None, False, True)]
        [True, True, False]
    """

    def __init__(self, changes: Mapping, **kwargs):
        super().__init__(**kwargs)
        self.changes = dict(check_changes("changes", changes))
        self.layers = [_layer(kind, self.changes[kind]) for kind in KINDS if kind in self.changes]
        if keras.backend.backend() == "jax":
            for layer in self.layers:
                _keras.allow_jit(layer)

    def build(self, input_shape):
        for layer in self.layers:
            layer.build(input_shape)

    def call(self, images, training=None):
        if training:
            for layer in self.layers:
                images = layer(images, training=True)
        return images

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "changes": self.changes}


def check_changes(name: str, changes: Mapping | None, *, optional: bool = False) -> dict | None:
    """Return the changes as plain values, or raise; `name` is what the caller calls them.

    Args:
        name: Name of the argument, for the error.
        changes: A mapping as in `Augmentation`.
        optional: Let None pass.

    Returns:
        A dict from kind of change to a `float`, a pair of them or the name of a flip; None for None.

    Raises:
        ValueError: If it is no such mapping, or a value is out of range.

    Example:
        >>> check_changes("augment", {"shift": 0.1, "rotation": 10})
        {'shift': 0.1, 'rotation': 10.0}
    """
    if optional and changes is None:
        return None
    if not isinstance(changes, Mapping) or not changes or not set(changes) <= set(KINDS):
        must_be = f"a mapping with some of {', '.join(map(repr, KINDS))}"
        raise _checks.error(name, f"{must_be}{', or None' if optional else ''}", changes)
    checked = {}
    for kind, value in changes.items():
        full_name = f"{name}[{kind!r}]"
        if kind == "flip":
            checked[kind] = _checks.choice(full_name, value, FLIPS)
        elif kind == "rotation":
            checked[kind] = _checks.number(full_name, value, at_least=0)
            if checked[kind] > 180:
                raise _checks.error(full_name, "an angle in [0, 180] degrees", value)
        elif kind == "shift" and isinstance(value, tuple | list) and len(value) == 2:
            checked[kind] = tuple(_checks.rate(full_name, share) for share in value)
        else:
            checked[kind] = _checks.rate(full_name, value)
    return checked


def _layer(kind: str, value) -> keras.layers.Layer:
    layers, nearest = keras.layers, {"fill_mode": "nearest"}
    if kind == "shift":
        height, width = value if isinstance(value, tuple) else (value, value)
        return layers.RandomTranslation(height, width, **nearest)
    makers = {
        "flip": lambda: layers.RandomFlip(value),
        "rotation": lambda: layers.RandomRotation(value / 360, **nearest),
        "zoom": lambda: layers.RandomZoom(value, **nearest),
        "shear": lambda: layers.RandomShear(value, value, **nearest),
    }
    return makers[kind]()
