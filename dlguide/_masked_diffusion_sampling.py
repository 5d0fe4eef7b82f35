"""Sampling with the denoiser of a `diffusion`: images, and the bound of the negative log-likelihood."""

import itertools
import math
from collections.abc import Iterator

import keras
import numpy as np

from dlguide import _extras, _layer_names

BATCH = 500
MEAN_GROUPS = 8  # A group for each value would be exact, but needs a call for each.


def denoiser_of(model) -> keras.Model | None:
    """Return the denoiser of a diffusion model, None for another model."""
    denoiser = _layer_names.layers_by_name(model, keras.Model).get(_layer_names.DENOISER)
    if denoiser is not None and keras.backend.backend() == "tensorflow":  # XLA makes convolutions slow.
        denoiser.jit_compile = False
    return denoiser


def sample_images(denoiser: keras.Model, count: int, steps: int, means: bool, seed: int) -> np.ndarray:
    """Return images of zeros and ones: their pixels get values in an order of their own, in `steps` groups.

    With `means`, each pixel is then the probability of a 1 given the pixels outside of its group of an eighth of all.
    """
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


def nll_bounds(denoiser: keras.Model, x: np.ndarray, samples: int, steps: int | None, seed: int) -> np.ndarray:
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
