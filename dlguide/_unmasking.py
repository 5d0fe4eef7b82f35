"""The denoiser of a `diffusion`: images that it draws, and the bound that it gives."""

import itertools
import math

import keras
import numpy as np

from dlguide import _layer_names

BATCH = 500


def denoiser_of(model) -> keras.Model | None:
    """Return the denoiser of a diffusion model, None for another model."""
    return _layer_names.layers_by_name(model, keras.Model).get(_layer_names.DENOISER)


def draw(denoiser: keras.Model, count: int, steps: int, seed: int) -> np.ndarray:
    """Return images of zeros and ones: their pixels get values in an order of their own, in `steps` groups."""
    from scipy.special import expit

    rng = np.random.default_rng(seed)
    signs = np.zeros((count, math.prod(denoiser.output_shape[1:])), "float32")
    ranks = _ranks(signs.shape, rng)
    ends = np.linspace(0, signs.shape[1], steps + 1).round()
    for first, last in itertools.pairwise(ends):
        now = (ranks >= first) & (ranks < last)
        chances = expit(_logits(denoiser, signs))
        signs[now] = np.where(rng.random(signs.shape, "float32") < chances, 1, -1)[now]
    return ((signs + 1) / 2).reshape(count, *denoiser.output_shape[1:])


def bound(denoiser: keras.Model, x: np.ndarray, samples: int, seed: int) -> np.ndarray:
    """Return `samples` estimates of the bound in nats for each image, whose mean is the bound: `(n, samples)`.

    The number of hidden values of the estimate `i` is drawn from the part `i` of `samples` equal parts of 1 to the
    number of values, evenly spread over the images.
    """
    rng = np.random.default_rng(seed)
    values = x.reshape(len(x), -1)
    n, size = values.shape
    estimates = np.empty((n, samples))
    for i in range(samples):
        shares = (i + (rng.permutation(n) + rng.random(n)) / n) / samples
        hidden = _ranks(values.shape, rng) < 1 + np.floor(shares * size)[:, None]
        logits = _logits(denoiser, np.where(hidden, 0, 2 * values - 1).astype("float32"))
        nats = np.logaddexp(0, logits) - values * logits
        estimates[:, i] = size * np.average(nats, axis=1, weights=hidden)
    return estimates


def _ranks(shape: tuple[int, int], rng) -> np.ndarray:
    """Return an order of the values for each image: the place of each."""
    return rng.random(shape, "float32").argsort(axis=1).argsort(axis=1)


def _logits(denoiser: keras.Model, signs: np.ndarray) -> np.ndarray:
    images = signs.reshape(-1, *denoiser.output_shape[1:])
    # `predict` would take longer to begin than to compute a few images.
    batches = np.split(images, range(BATCH, len(images), BATCH))
    logits = np.concatenate([denoiser.predict_on_batch(batch) for batch in batches])
    return logits.astype("float64").reshape(signs.shape)
