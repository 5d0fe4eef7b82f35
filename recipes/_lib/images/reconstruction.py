"""Reconstructions by an autoencoder: decoded images, errors, and noise."""

import numpy as np
from scipy.special import expit


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
