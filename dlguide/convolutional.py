"""The convolutional network for images."""

from collections.abc import Mapping, Sequence

import keras

from dlguide import _checks

FLIPS = ("horizontal", "vertical", "horizontal_and_vertical")
KINDS = {"flip", "shift", "rotation", "zoom", "shear"}


def cnn(
    input_shape: Sequence[int],
    num_classes: int,
    *,
    filters: Sequence[int] = (32, 64, 128),
    kernel_size: int = 3,
    dropout: float = 0.0,
    batch_norm: bool = True,
    augment: Mapping | None = None,
    name: str = "cnn",
) -> keras.Model:
    """Build a convolutional network that scores `num_classes` classes of images.

    One block per entry of `filters`: a convolution that keeps the size, max pooling over 2x2 (not
    after the last one), batch normalisation and ReLU. Pooling comes first since it commutes with
    what grows only, and leaves a quarter of the work. The largest value of each filter over all places goes
    through dropout to one logit per class, so that the head does not grow with the image.

    Args:
        input_shape: `(height, width, channels)` of an image; grey ones have 1 channel. Height and
            width are at least `2 ** (len(filters) - 1)`.
        num_classes: Number of classes, at least 2.
        filters: Number of filters of each convolution, input side first, at least one entry.
        kernel_size: Height and width of every filter, at least 1.
        dropout: Share of the pooled features dropped in training, in [0, 1).
        batch_norm: Normalise each convolution's output over the batch; it then has no bias of its own.
        augment: Random changes of the images, in training only: a mapping of `"shift"` (largest
            share of height and width, in [0, 1)), `"rotation"` (largest angle in degrees, in
            [0, 180]), `"zoom"` (largest change of height and width together, in [0, 1)), `"shear"`
            (largest slant of both sides, as a share of them, in [0, 1)) and `"flip"` (`"horizontal"`,
            `"vertical"` or `"horizontal_and_vertical"`). The layers that do it are part of the
            model. None for no change.
        name: Name of the model.

    Returns:
        An uncompiled `keras.Model` from `(batch, height, width, channels)` floats to `(batch,
        num_classes)` logits. Train it with `from_logits=True`.

    Raises:
        ValueError: If an argument is out of range, or the image too small for the pooling.

    Example:
        >>> cnn((28, 28, 1), num_classes=10).output_shape
        (None, 10)

    Reference:
        LeCun, Bottou, Bengio & Haffner, "Gradient-based learning applied to document recognition",
        Proceedings of the IEEE 86 (1998); global pooling: Lin, Chen & Yan, "Network in network" (2014).
    """
    filters = _checks.integers("filters", filters, at_least_one=True)
    input_shape = _image_shape(input_shape, len(filters))
    num_classes = _checks.integer("num_classes", num_classes, at_least=2)
    kernel_size = _checks.integer("kernel_size", kernel_size)
    dropout = _checks.rate("dropout", dropout)
    batch_norm = _checks.flag("batch_norm", batch_norm)
    changes = augment_layers(augment)

    inputs = keras.Input(input_shape)
    x = inputs
    for layer in changes:
        x = layer(x)
    for i, n in enumerate(filters):
        x = keras.layers.Conv2D(n, kernel_size, padding="same", use_bias=not batch_norm, name=f"conv_{i}")(x)
        if i < len(filters) - 1:
            x = keras.layers.MaxPooling2D()(x)
        if batch_norm:
            x = keras.layers.BatchNormalization(momentum=0.9)(x)  # .99 lags behind a run of a few hundred steps.
        x = keras.layers.Activation("relu", name=f"features_{i}")(x)
    x = keras.layers.GlobalMaxPooling2D()(x)
    if dropout:
        x = keras.layers.Dropout(dropout)(x)
    outputs = keras.layers.Dense(num_classes, name="logits")(x)

    return keras.Model(inputs, outputs, name=name)


def _image_shape(value, num_layers: int) -> tuple[int, ...]:
    shape = _checks.shape("input_shape", value)
    if len(shape) != 3:
        raise _checks.error("input_shape", "(height, width, channels), with 1 channel for grey images", value)
    least = 2 ** (num_layers - 1)
    if min(shape[:2]) < least:
        raise _checks.error(
            "input_shape", f"at least {least} high and wide for {num_layers} layers with pooling between them", value
        )
    return shape


def augment_layers(augment: Mapping | None) -> list[keras.layers.Layer]:
    """Check what `cnn` says of `augment` and make its layers.

    What comes in from outside the image is its edge, drawn out.

    Args:
        augment: A mapping as in `cnn`, or None for no change.

    Returns:
        The layers, in the order in which they are applied.

    Raises:
        ValueError: If `augment` is no such mapping, or a value is out of range.

    Example:
        >>> len(augment_layers({"shift": 0.1, "rotation": 10}))
        2
    """
    if augment is None:
        return []
    if not isinstance(augment, Mapping) or not augment or not set(augment) <= KINDS:
        must_be = "a mapping with some of 'shift', 'rotation', 'zoom', 'shear' and 'flip', or None"
        raise _checks.error("augment", must_be, augment)
    layers = []
    if "flip" in augment:
        layers.append(keras.layers.RandomFlip(_checks.choice("augment['flip']", augment["flip"], FLIPS)))
    if "shift" in augment:
        shift = _checks.rate("augment['shift']", augment["shift"])
        layers.append(keras.layers.RandomTranslation(shift, shift, fill_mode="nearest"))
    if "rotation" in augment:
        degrees = _checks.number("augment['rotation']", augment["rotation"], at_least=0)
        if degrees > 180:
            raise _checks.error("augment['rotation']", "an angle in [0, 180] degrees", augment["rotation"])
        layers.append(keras.layers.RandomRotation(degrees / 360, fill_mode="nearest"))
    if "zoom" in augment:
        zoom = _checks.rate("augment['zoom']", augment["zoom"])
        layers.append(keras.layers.RandomZoom(zoom, fill_mode="nearest"))
    if "shear" in augment:
        shear = _checks.rate("augment['shear']", augment["shear"])
        layers.append(RandomShear(shear, shear, fill_mode="nearest"))
    if keras.backend.backend() == "jax":
        for layer in layers:  # Keras leaves them, and with them the whole model, uncompiled for TensorFlow's sake.
            layer.supports_jit = True
    return layers


@keras.saving.register_keras_serializable(package="dlguide")
class RandomShear(keras.layers.RandomShear):
    """Keras's layer, with a config that can be loaded: Keras 3.15 keeps a range that it then refuses.

    Args:
        x_factor: Largest slant to either side, as a share of the width, in [0, 1].
        y_factor: The same up and down, as a share of the height.
        **kwargs: Keyword arguments of `keras.layers.RandomShear`.
    """

    def __init__(self, x_factor: float = 0.0, y_factor: float = 0.0, **kwargs):
        super().__init__(x_factor, y_factor, **kwargs)

    def get_config(self):
        return {**super().get_config(), "x_factor": self.x_factor[1], "y_factor": self.y_factor[1]}
