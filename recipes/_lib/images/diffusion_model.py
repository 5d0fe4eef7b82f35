"""How good the samples of `diffusion_mnist` are by the number of steps, and its pictures."""

import keras
import numpy as np
from scipy.special import expit
from sklearn.metrics import pairwise_distances_argmin_min

from dlguide import evaluation, generation, plots
from recipes._lib.images import vae_model


def samples_by_steps(model: keras.Model, count: int, steps: int, seed: int) -> dict[int, np.ndarray]:
    """Return `count` samples drawn in a fifth of the steps, as many, and five times as many."""
    numbers = (max(1, steps // 5), steps, 5 * steps)
    return {number: generation.sample(model, count, steps=number, means=True, seed=seed) for number in numbers}


def scores_by_steps(judge, samples: dict[int, np.ndarray]) -> dict[str, float]:
    """Return the Fréchet distance of the samples of each number of steps; none of few images."""
    found = {steps: judge.scores(images).get("frechet_distance") for steps, images in samples.items()}
    return {f"frechet_distance_of_{steps}_steps": value for steps, value in found.items() if value is not None}


def bounds_by_steps(model: keras.Model, x: np.ndarray, numbers, seed: int) -> dict[str, float]:
    """Return the bound of images of zeros and ones, where they are drawn in each number of steps."""
    found = {n: evaluation.log_likelihood(model, x, samples=2, steps=n, seed=seed)["nll"] for n in numbers}
    return {f"nll_bound_of_{steps}_steps": value for steps, value in found.items()}


def scores_of_real(judge, model: keras.Model, images: np.ndarray, seed: int) -> dict[str, float]:
    """Return the scores of real images of zeros and ones after the last step of the samples: what is left to gain."""
    denoiser, rng = model.get_layer("denoiser"), np.random.default_rng((seed, 1))
    images = vae_model.binarised(images[: len(judge.splits.test.x)], seed)
    groups, means = rng.integers(8, size=images.shape), np.empty_like(images)
    for group in range(8):
        hidden = groups == group
        signs = np.where(hidden, 0, 2 * images - 1).astype("float32")
        means[hidden] = expit(denoiser.predict(signs, batch_size=500, verbose=0))[hidden]
    return judge.scores(means, "real_")


def sample_figures(model: keras.Model, train: np.ndarray, samples, by_steps, seed: int) -> dict:
    """Return the pictures of samples, those of few and many steps, the way to an image, the nearest training images."""

    def nearest():
        flat = [images.reshape(len(images), -1) for images in (samples[:12], train)]
        both = np.stack([samples[:12], train[pairwise_distances_argmin_min(*flat)[0]]])
        return plots.image_grid(both, ["sample", "nearest training image"])

    rows = max(1, min(10, len(samples) // 12))
    few = np.stack([images[:12] for images in by_steps.values()])
    return {
        "samples": lambda: plots.image_grid(samples[: 12 * rows].reshape(rows, -1, *samples.shape[1:])),
        "samples_by_steps": lambda: plots.image_grid(few, [f"{steps} steps" for steps in by_steps]),
        "unmasking": lambda: unmasking(model, generation.sample(model, 4, steps=max(by_steps), seed=seed), seed),
        "nearest": nearest,
    }


def unmasking(model: keras.Model, images: np.ndarray, seed: int, shares=(0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1)):
    """Draw each image with growing shares of its pixels (the others grey), below it the probabilities of a 1."""
    order = np.random.default_rng(seed).random(images[0].size).argsort().argsort().reshape(images.shape[1:])
    visible = np.stack([order < share * images[0].size for share in shares])
    denoiser, rows = model.get_layer("denoiser"), []
    for image in images:
        signs = (visible * (2 * image - 1)).astype("float32")
        probabilities = expit(denoiser.predict(signs, verbose=0))
        rows += [(signs + 1) / 2, np.where(visible, image, probabilities)]
    names = [name for i in range(1, len(images) + 1) for name in (f"image {i}", "probability")]
    return plots.image_grid(np.stack(rows), names, [f"{share:.0%}".replace("%", " %") for share in shares])
