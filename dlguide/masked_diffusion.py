"""Masked diffusion: a network learns to fill in hidden values, and so to draw examples from nothing."""

import itertools
import math
from collections.abc import Iterator, Sequence

import keras
import numpy as np
from keras import layers, ops

from dlguide import _checks, _extras, _layer_names
from dlguide._dense_layers import LAST, batch_normalisation
from dlguide._model_of_parts import ModelOfParts

BATCH = 500
MEAN_GROUPS = 8  # A group for each value would be exact, but needs a call for each.


def diffusion(
    input_shape: Sequence[int],
    *,
    filters: Sequence[int] = (32, 64),
    num_layers: int = 1,
    name: str = "diffusion",
) -> keras.Model:
    """Build a masked diffusion model for images of zeros and ones: discrete diffusion with an absorbing state.

    In training, a share of each image's pixels is hidden, from none to all, and a U-Net gives the probability that each
    of them is 1. To draw an image, all pixels are hidden, and a few at a time get a value by these probabilities. The
    loss is the cross-entropy of an image's hidden pixels, multiplied by the number of its pixels and divided by the
    number of hidden ones: on average an upper bound of the negative log-likelihood in nats, the mean over all orders in
    which the pixels can be drawn one by one. Grey values are the probability of 1: each call draws zeros and ones for
    the visible pixels. Evaluation hides other pixels in each call: `val_loss` and `evaluate` differ from call to call.

    The U-Net has a level for each entry of `filters`, each with half the height and width of the one before it; the
    way down and the way up have `num_layers` residual blocks of two convolutions on each level. It needs no step
    number: the visible pixels tell how many are hidden.

    Args:
        input_shape: `(height, width, channels)` of an image; height and width are multiples of `2 ** len(filters)`.
        filters: Number of filters of each level, input side first, at least one entry.
        num_layers: Number of residual blocks of each level, on the way down and once more on the way up, at least 1.
        name: Name of the model.

    Returns:
        An uncompiled `keras.Model` that trains on images of shape `(batch, *input_shape)` in [0, 1] alone: `compile`
        needs an optimizer and no loss, `fit` no targets. Called, it gives the loss of each image, `(batch,)`.
        `get_layer("denoiser")` turns images of -1 (a 0), 1 (a 1) and 0 (hidden) into logits of the same shape.

    Raises:
        ValueError: If a size is out of range, or the image cannot be halved that often.

    Example:
        >>> diffusion((28, 28, 1)).get_layer("denoiser").output_shape
        (None, 28, 28, 1)

    Reference:
        Austin et al., "Structured denoising diffusion models in discrete state-spaces" (2021); the loss: Uria, Murray &
        Larochelle, "A deep and tractable density estimator" (2014), Hoogeboom et al., "Autoregressive diffusion models"
        (2022).
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
        **kwargs: Of `keras.Model`.
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

    def compute_output_spec(self, images, training=None):  # `call` needs to know the size of the batch.
        return keras.KerasTensor((images.shape[0],), dtype="float32")

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return self.total_loss(ops.mean(y_pred))


def _denoiser_of(model) -> keras.Model | None:
    """Return the denoiser of a diffusion model, None for another model."""
    denoiser = _layer_names.layers_by_name(model, keras.Model).get(_layer_names.DENOISER)
    if denoiser is not None and keras.backend.backend() == "tensorflow":  # XLA makes convolutions slow.
        denoiser.jit_compile = False
    return denoiser


def _sample_images(denoiser: keras.Model, count: int, steps: int, means: bool, seed: int) -> np.ndarray:
    """Return images whose pixels are drawn in an order of their own, in `steps` groups; see `generation.sample`."""
    rng = np.random.default_rng(seed)
    signs = np.zeros((count, math.prod(denoiser.output_shape[1:])), "float32")
    for now in _groups(signs.shape, steps, rng):
        drawn = rng.random(signs.shape, "float32") < _probabilities(denoiser, signs)
        signs[now] = np.where(drawn, 1, -1)[now]
    images = (signs + 1) / 2
    if means:
        for hidden in _groups(signs.shape, MEAN_GROUPS, rng):
            images[hidden] = _probabilities(denoiser, np.where(hidden, 0, signs))[hidden]
    return images.reshape(count, *denoiser.output_shape[1:])


def _nll_bounds(denoiser: keras.Model, x: np.ndarray, samples: int, steps: int | None, seed: int) -> np.ndarray:
    """Return `samples` estimates of the bound in nats for each image, whose mean is the bound: `(n, samples)`.

    The number of hidden values of the estimate `i` is drawn from the part `i` of `samples` equal parts of 1 to the
    number of values, evenly spread over the images. With `steps`, it is that before a group is drawn.
    """
    rng = np.random.default_rng(seed)
    values = x.reshape(len(x), -1)
    n, size = values.shape
    estimates = np.empty((n, samples))
    counts = size - _ends(size, steps or size)[::-1]  # Of hidden values before a group is drawn.
    for i in range(samples):
        shares = (i + (rng.permutation(n) + rng.random(n)) / n) / samples
        count = counts[np.searchsorted(counts, 1 + np.floor(shares * size))]
        hidden = _ranks(values.shape, rng) < count[:, None]
        logits = _logits(denoiser, np.where(hidden, 0, 2 * values - 1))
        nats = np.logaddexp(0, logits) - values * logits
        estimates[:, i] = size * np.average(nats, axis=1, weights=hidden)
    return estimates


def _ranks(shape: tuple[int, int], rng) -> np.ndarray:
    """Return an order of the values for each image: the place of each."""
    return rng.random(shape, "float32").argsort(axis=1).argsort(axis=1)


def _groups(shape: tuple[int, int], count: int, rng) -> Iterator[np.ndarray]:
    """Yield `count` groups of values, as near as possible of equal size, other ones for each image."""
    ranks = _ranks(shape, rng)
    for first, last in itertools.pairwise(_ends(shape[1], count)):
        yield (ranks >= first) & (ranks < last)


def _ends(size: int, count: int) -> np.ndarray:
    """Return the ends of at most `count` groups of `size` values, none of them empty."""
    return np.unique(np.linspace(0, size, count + 1).round())


def _probabilities(denoiser: keras.Model, signs: np.ndarray) -> np.ndarray:
    return _extras.needed("scipy.special", "evaluation").expit(_logits(denoiser, signs)).astype("float32")


def _logits(denoiser: keras.Model, signs: np.ndarray) -> np.ndarray:
    images = signs.reshape(-1, *denoiser.output_shape[1:]).astype("float32")
    # `predict` would take longer to begin than to compute a few images.
    batches = np.split(images, range(BATCH, len(images), BATCH))
    logits = np.concatenate([denoiser.predict_on_batch(batch) for batch in batches])
    return logits.astype("float64").reshape(signs.shape)
