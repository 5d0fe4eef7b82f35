"""Masked diffusion: a network learns to fill in hidden values, and so to draw examples from nothing."""

import math
from collections.abc import Sequence

import keras
from keras import layers, ops

from dlguide import _checks, _data_checks, _layer_names
from dlguide._dense_layers import LAST, batch_normalisation
from dlguide._model_of_parts import ModelOfParts, refuse_targets_and_dict


def diffusion(
    input_shape: Sequence[int],
    *,
    filters: Sequence[int] = (32, 64),
    num_layers: int = 1,
    name: str = "diffusion",
) -> keras.Model:
    """Build a masked diffusion model for images of zeros and ones: discrete diffusion with an absorbing state.

    The diffusion hides pixels ("absorbs" them) instead of adding noise. In training, a share of each image's pixels is
    hidden, from none to all, and a U-Net gives the probability that each of them is 1. To draw an image, all pixels are
    hidden, and a few at a time get a value by these probabilities. The loss is the cross-entropy of an image's hidden
    pixels, multiplied by the number of its pixels and divided by the number of hidden ones. On average this is an upper
    bound of the negative log-likelihood in nats: the mean over all orders in which the pixels can be drawn one by one.
    Grey values are the probability of 1: each call draws zeros and ones for the visible pixels, and the loss is the
    mean over the draws of the hidden ones. Evaluation hides other pixels in each call: `val_loss` and `evaluate` differ
    from call to call, and "best" epochs of nearly the same loss are luck.

    The shares of hidden pixels are spread evenly over the batch. The U-Net has a level for each entry of `filters`,
    each with half the height and width of the one before it; the way down and the way up have `num_layers` residual
    blocks of two convolutions on each level. It needs no step number: the visible pixels tell how many are hidden.

    Args:
        input_shape: `(height, width, channels)` of an image; height and width are multiples of `2 ** len(filters)`.
        filters: Number of filters of each level, input side first, at least one entry.
        num_layers: Number of residual blocks of each level, on the way down and once more on the way up, at least 1.
        name: Name of the model.

    Returns:
        An uncompiled `keras.Model` that trains on images of shape `(batch, *input_shape)` in [0, 1] alone: `compile`
        needs an optimizer and no loss, `fit` no targets. Called, it gives the loss of each image, of shape
        `(batch,)`. `get_layer("denoiser")` turns images of -1 (a 0), 1 (a 1) and 0 (hidden) into logits of the same
        shape. `generation.sample` draws images, `evaluation.log_likelihood` measures the bound.

    Raises:
        ValueError: If a size is out of range, or the image cannot be halved that often.

    Example:
        >>> diffusion((28, 28, 1)).get_layer("denoiser").output_shape
        (None, 28, 28, 1)

    Reference:
        Austin et al., "Structured denoising diffusion models in discrete state-spaces" (2021), after Ho, Jain & Abbeel,
        "Denoising diffusion probabilistic models" (2020); the loss: Uria, Murray & Larochelle, "A deep and tractable
        density estimator" (2014), Hoogeboom et al., "Autoregressive diffusion models" (2022).
    """
    filters = _checks.integers("filters", filters, at_least_one=True)
    input_shape = _checks.image_shape("input_shape", input_shape, halvings=len(filters))
    num_layers = _checks.integer("num_layers", num_layers)

    return Diffusion(_denoiser(input_shape, filters, num_layers), name=name)


def _denoiser(input_shape, filters, num_layers: int) -> keras.Model:
    inputs = keras.Input(input_shape)
    # The squares tell which values are visible.
    x = layers.Concatenate()([inputs, layers.Multiply()([inputs, inputs])])
    levels = []
    for n in filters:
        x = layers.Conv2D(n, kernel_size=4, strides=2, padding="same", use_bias=False, **LAST)(x)
        for _ in range(num_layers):
            x = _block(x, n)
        levels.append(x)
    for n, level in zip(reversed(filters), reversed(levels), strict=True):
        if level is not x:  # The lowest level has nothing below it.
            doubled = layers.Conv2DTranspose(n, kernel_size=2, strides=2, use_bias=False, **LAST)(x)
            x = layers.Add()([doubled, level])
        for _ in range(num_layers):
            x = _block(x, n)
    x = layers.Activation("swish")(batch_normalisation()(x))
    logits = layers.Conv2DTranspose(input_shape[-1], kernel_size=4, strides=2, padding="same", name="logits", **LAST)(x)
    return keras.Model(inputs, logits, name=_layer_names.DENOISER)


def _block(x, n: int):
    """Add two convolutions, each after batch normalisation and swish, to their input."""
    y = x
    for _ in range(2):
        y = layers.Activation("swish")(batch_normalisation()(y))
        # No bias: the normalisation before the next convolution would take it out again.
        y = layers.Conv2D(n, kernel_size=3, padding="same", use_bias=False, **LAST)(y)
    return layers.Add()([x, y])


@keras.saving.register_keras_serializable(package="dlguide")
class Diffusion(ModelOfParts):
    """A network that trains on images with hidden values; see `diffusion`.

    Input: images in [0, 1], `(batch, height, width, channels)`. Output: the loss of each image in nats, `(batch,)`.

    Args:
        denoiser: Model from images of -1, 0 (hidden) and 1 to logits of a 1, of the same shape.
        **kwargs: Keyword arguments of `keras.Model`, such as `name`.
    """

    PARTS = ("denoiser",)

    def __init__(self, denoiser: keras.Model, **kwargs):
        super().__init__(**kwargs)
        self.denoiser = denoiser
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, images: keras.KerasTensor, training: bool | None = None) -> keras.KerasTensor:
        # In half precision the sums below overflow.
        images = ops.cast(images, "float32")
        shape, axes = ops.shape(images), tuple(range(1, len(images.shape)))

        def draws(shape):
            return keras.random.uniform(shape, dtype="float32", seed=self.seed_generator)

        # Evenly spread shares: the loss of a batch then depends less on chance.
        places = ops.arange(shape[0], dtype="float32") / ops.cast(shape[0], "float32")
        shares = ops.reshape((draws((1,)) + places) % 1.0, (-1,) + (1,) * len(axes))
        hidden = ops.cast(draws(shape) < shares, "float32")
        signs = 2 * ops.cast(draws(shape) < images, "float32") - 1
        logits = ops.cast(self.denoiser(signs * (1 - hidden), training=training), "float32")
        nats = ops.sum(hidden * (ops.softplus(logits) - images * logits), axis=axes)
        # The number of hidden values is each of 0 to `size` with the same probability. The bound is the mean over 1 to
        # `size`, which the added 1 makes of it.
        size = math.prod(images.shape[1:])
        return (size + 1) * nats / ops.maximum(ops.sum(hidden, axis=axes), 1)

    def compute_output_spec(self, images, training=None):
        # Otherwise Keras runs `call`, which needs to know the size of the batch.
        return keras.KerasTensor((images.shape[0],), dtype="float32")

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return self.total_loss(ops.mean(y_pred))

    def check_data(self, x, y, batch_size: int | None = None, names: tuple[str, str] = ("x", "y")) -> None:
        """Raise for data that are not images in [0, 1] alone."""
        refuse_targets_and_dict(x, y, names, "an array of images", "a diffusion model has no targets")
        _data_checks.unit_range(names[0], x)
