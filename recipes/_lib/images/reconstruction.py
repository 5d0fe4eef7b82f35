"""How well an autoencoder reconstructs images and rows of numbers: errors, noise, anomalies."""

import numpy as np
from scipy.special import expit


def decoded(model, x: np.ndarray) -> np.ndarray:
    """Return the reconstructions by a model that gives logits, as pixels in [0, 1]."""
    return expit(model.predict(x, batch_size=256, verbose=0))


def squared_error(model, x: np.ndarray, target: np.ndarray) -> float:
    """Return the mean squared error of the pixels."""
    return float(((decoded(model, x) - target) ** 2).mean())


def noisy(x: np.ndarray, noise: float, seed: int) -> np.ndarray:
    """Return images with normal noise of that standard deviation, cut to [0, 1]."""
    drawn = np.random.default_rng(seed).normal(scale=noise, size=x.shape)
    return np.clip(x + drawn, 0, 1).astype("float32")


def row_errors(model, x: np.ndarray) -> np.ndarray:
    """Return the mean squared error of each row's reconstruction: anomalies have large ones."""
    return ((model.predict(x, batch_size=1024, verbose=0) - x) ** 2).mean(axis=1) + 1e-12


def detection_metrics(scores: np.ndarray, labels: np.ndarray, threshold: float) -> dict[str, float]:
    """Return the areas under both curves, and precision and recall at the threshold."""
    from sklearn.metrics import average_precision_score, precision_score, recall_score, roc_auc_score

    called = scores >= threshold
    return {
        "auroc": float(roc_auc_score(labels, scores)),
        "average_precision": float(average_precision_score(labels, scores)),
        "precision": float(precision_score(labels, called, zero_division=0)),
        "recall": float(recall_score(labels, called)),
    }
