"""The Fréchet distance between generated and real images."""

import numpy as np
from numpy.typing import ArrayLike

from dlguide import _data_checks
from dlguide.errors import ArgumentError


def frechet_distance(features: ArrayLike, reference: ArrayLike) -> float:
    """Return the Fréchet distance between two sets of feature vectors, each taken as a normal distribution.

    Use features of a classifier of your own for both sets. The result is not the Inception FID: compare it only with
    distances from the same classifier and the same number of images.

    Args:
        features: Feature vectors of generated images, of shape `(n, dimensions)`.
        reference: Feature vectors of real images, of shape `(m, dimensions)`.

    Returns:
        The squared distance, at least 0. It is 0 for equal means and covariances.

    Raises:
        ValueError: If there are not more images than dimensions, or the dimensions differ.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(500, 2))
        >>> round(frechet_distance(x + [3, 0], x), 6)
        9.0

    Reference:
        Dowson & Landau, "The Fréchet distance between multivariate normal distributions" (1982);
        Heusel et al., "GANs trained by a two time-scale update rule converge to a local Nash equilibrium" (2017).
    """
    means, covariances = [], []
    for name, array in (("features", features), ("reference", reference)):
        array = _data_checks.array(name, array, (2,)).astype("float64")
        if len(array) <= array.shape[1]:
            raise ArgumentError(
                f"`{name}` must have more images than dimensions, for the covariance. "
                f"Received: {name} of shape {array.shape}"
            )
        means.append(array.mean(axis=0))
        covariances.append(np.cov(array, rowvar=False).reshape(array.shape[1], array.shape[1]))
    if len(means[0]) != len(means[1]):
        raise ArgumentError(
            "`features` and `reference` must have the same dimensions. "
            f"Received: features of shape {np.shape(features)}, reference of shape {np.shape(reference)}"
        )
    # Symmetric matrices have real roots; SciPy's `sqrtm` warns if a feature is constant.
    values, vectors = np.linalg.eigh(covariances[0])
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    between = np.linalg.eigvalsh(root @ covariances[1] @ root)
    trace = np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * np.sqrt(np.maximum(between, 0)).sum()
    return float(max(0.0, ((means[0] - means[1]) ** 2).sum() + trace))
