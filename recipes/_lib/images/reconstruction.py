"""Reconstructions by an autoencoder: decoded images, errors, noise, and pictures."""

import numpy as np
from scipy.special import expit

from dlguide import generation, plots

PIXEL_CROSS_ENTROPY = {"loss": "cross-entropy (nats per pixel)"}


def decoded(model, x: np.ndarray) -> np.ndarray:
    """Return the reconstructions of a model with logits as outputs, as pixels in [0, 1]."""
    return expit(model.predict(x, batch_size=256, verbose=0))


def squared_error(model, x: np.ndarray, target: np.ndarray) -> float:
    """Return the mean squared error of the pixels."""
    return float(((decoded(model, x) - target) ** 2).mean())


def noisy(x: np.ndarray, noise: float, seed: int) -> np.ndarray:
    """Add normal noise with standard deviation `noise` to images, clipped to [0, 1]."""
    drawn = np.random.default_rng(seed).normal(scale=noise, size=x.shape)
    return np.clip(x + drawn, 0, 1).astype("float32")


def row_errors(model, x: np.ndarray) -> np.ndarray:
    """Return the mean squared error of each row's reconstruction, above 0: anomalies have a large one."""
    return ((model.predict(x, batch_size=1024, verbose=0) - x) ** 2).mean(axis=1) + 1e-12


def reconstructions(model, x: np.ndarray, shown: np.ndarray | None = None, *, baseline=None, count: int = 12):
    """Draw the inputs and the decoded images; if the inputs `shown` are not the originals, these too.

    `baseline` are the name and the images of a baseline.
    """
    inputs = (x if shown is None else shown)[:count]
    rows = {"input": inputs, "decoded": decoded(model, inputs)}
    if baseline is not None:
        name, images = baseline
        rows[name] = images[:count]
    if shown is not None:
        rows["original"] = x[:count]
    return plots.image_grid(np.stack(list(rows.values())), list(rows))


def interpolations(model, codes: np.ndarray, rows: int = 6):
    """Draw images decoded from codes between two codes, a pair of codes in each row."""
    rows = min(rows, len(codes) // 2)
    pairs = codes[: 2 * rows].reshape(-1, 2, *codes.shape[1:])
    images = [generation.decode(model, generation.interpolate(*pair, steps=10)) for pair in pairs]
    return plots.image_grid(np.stack(images))
