"""The convolutional network for images and for series."""

from collections.abc import Mapping, Sequence

import keras

from dlguide import _checks, _layer_names
from dlguide._dense_layers import LAST, batch_normalisation, dropped
from dlguide.augmentation import Augmentation


def cnn(
    input_shape: Sequence[int],
    num_outputs: int,
    *,
    filters: Sequence[int] = (32, 64, 128),
    kernel_size: int = 3,
    dropout: float = 0.0,
    batch_norm: bool = True,
    augment: Mapping | None = None,
    name: str = "cnn",
) -> keras.Model:
    """Build a convolutional network with `num_outputs` outputs for images or series.

    One block per entry of `filters`: a convolution that keeps the size, max pooling that halves it (not in the last
    block), batch normalisation (momentum 0.9) and ReLU. Pooling first leaves a quarter of the values of an image for
    the layers after it. Global max pooling takes the largest value of each filter; dropout and a dense layer follow.

    Args:
        input_shape: `(height, width, channels)` of an image, with 1 channel for grey images; or `(length, channels)`
            of a series, which makes all layers one-dimensional. Height, width and length are at least
            `2 ** (len(filters) - 1)`.
        num_outputs: As in `mlp`.
        filters: Number of filters of each convolution, input side first, at least one entry.
        kernel_size: Height and width of every filter (length in a series), at least 1.
        dropout: Share of the pooled features dropped in training, in [0, 1).
        batch_norm: Normalise each convolution's output over the batch; it then has no bias of its own.
        augment: Random changes of images, in training only: a mapping as in `augmentation.Augmentation`, which becomes
            the model's first layer. None for no change, and for series.
        name: Name of the model.

    Returns:
        An uncompiled `keras.Model` from `(batch, *input_shape)` floats to `(batch, num_outputs)`: logits, to train
        with `from_logits=True`, or values.

    Raises:
        ValueError: If an argument is out of range, or the input is too small for the pooling.

    Example:
        >>> cnn((28, 28, 1), num_outputs=10).output_shape
        (None, 10)
        >>> cnn((40, 1), num_outputs=10, kernel_size=5).output_shape  # Series of 40 steps.
        (None, 10)

    Reference:
        LeCun, Bottou, Bengio & Haffner, "Gradient-based learning applied to document recognition" (1998); global
        pooling: Lin, Chen & Yan, "Network in network" (2014).
    """
    filters = _checks.integers("filters", filters, at_least_one=True)
    input_shape = _shape(input_shape, len(filters))
    num_outputs = _checks.integer("num_outputs", num_outputs)
    kernel_size = _checks.integer("kernel_size", kernel_size)
    dropout = _checks.rate("dropout", dropout)
    batch_norm = _checks.flag("batch_norm", batch_norm)
    augment = _checks.changes("augment", augment, optional=True)
    is_series = len(input_shape) == 2
    if augment and is_series:
        received = f"augment={augment!r}, input_shape={input_shape!r}"
        raise ValueError(f"`augment` must be None for a series. Received: {received}")
    layers = keras.layers
    if is_series:
        conv, pool, global_pool = layers.Conv1D, layers.MaxPooling1D, layers.GlobalMaxPooling1D
    else:
        conv, pool, global_pool = layers.Conv2D, layers.MaxPooling2D, layers.GlobalMaxPooling2D

    inputs = keras.Input(input_shape)
    x = Augmentation(augment)(inputs) if augment else inputs
    for i, n in enumerate(filters):
        x = conv(n, kernel_size, padding="same", use_bias=not batch_norm, name=f"conv_{i}", **LAST)(x)
        if i < len(filters) - 1:
            x = pool(**LAST)(x)
        if batch_norm:
            x = batch_normalisation()(x)
        x = layers.Activation("relu", name=f"features_{i}")(x)
    x = dropped(global_pool(**LAST)(x), dropout)
    outputs = layers.Dense(num_outputs, name=_layer_names.OUTPUT)(x)

    return keras.Model(inputs, outputs, name=name)


def _shape(value, num_layers: int) -> tuple[int, ...]:
    shape = _checks.shape("input_shape", value)
    if len(shape) not in (2, 3):
        must_be = "(height, width, channels) of an image, 1 channel for a grey one, or (length, channels) of a series"
        raise _checks.error("input_shape", must_be, value)
    least = 2 ** (num_layers - 1)
    if min(shape[:-1]) < least:
        sizes = "long" if len(shape) == 2 else "high and wide"
        must_be = f"at least {least} {sizes} for {num_layers} layers with pooling between them"
        raise _checks.error("input_shape", must_be, value)
    return shape
