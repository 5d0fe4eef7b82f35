"""Scores of generated images by their features, and of codes that were learned without labels."""

import numpy as np
from numpy.typing import ArrayLike

from dlguide import _checks, _data_checks, _extras


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
            must = f"`{name}` must have more images than dimensions, for the covariance"
            raise _checks.shape_error(must, **{name: array})
        means.append(array.mean(axis=0))
        covariances.append(np.cov(array, rowvar=False).reshape(array.shape[1], array.shape[1]))
    if len(means[0]) != len(means[1]):
        must = "`features` and `reference` must have the same dimensions"
        raise _checks.shape_error(must, features=features, reference=reference)
    # Symmetric matrices have real roots; SciPy's `sqrtm` warns if a feature is constant.
    values, vectors = np.linalg.eigh(covariances[0])
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    between = np.linalg.eigvalsh(root @ covariances[1] @ root)
    trace = np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * np.sqrt(np.maximum(between, 0)).sum()
    return float(max(0.0, ((means[0] - means[1]) ** 2).sum() + trace))


def linear_probe(
    train_codes: ArrayLike, train_labels: ArrayLike, codes: ArrayLike, labels: ArrayLike, *, c: float | None = None
) -> float:
    """Return the accuracy of a linear probe: logistic regression on codes.

    Args:
        train_codes: Codes to fit the probe to, of shape `(n, dimensions)`. All codes are scaled by the mean and the
            standard deviation of these.
        train_labels: Class of each of them, of shape `(n,)`, at least two classes.
        codes: Codes to classify, of shape `(m, dimensions)`.
        labels: Class of each of them, of shape `(m,)`.
        c: Inverse strength of the L2 penalty, above 0. If None, it is chosen by cross-validation on `train_codes`,
            and each class needs at least two codes there.

    Returns:
        The accuracy on `codes`, in [0, 1].

    Raises:
        ValueError: If the lengths differ, there is only one class, or `c` is not above 0.

    Example:
        >>> linear_probe([[0.0], [1.0]], [0, 1], [[-1.0], [2.0]], [0, 1], c=1.0)
        1.0

    Reference:
        Alain & Bengio, "Understanding intermediate layers using linear classifier probes" (2017).
    """
    _extras.needed("sklearn", "evaluation")
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    c = None if c is None else _checks.number("c", c, above=0)
    train_codes, train_labels = _values_and_labels("train_codes", train_codes, "train_labels", train_labels, ndim=2)
    codes, labels = _values_and_labels("codes", codes, "labels", labels, ndim=2)
    if len(np.unique(train_labels)) < 2:
        raise _checks.error("train_labels", "labels of two classes or more", train_labels)
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=c or 1.0, max_iter=2000))
    if c is None:
        fewest = np.unique(train_labels, return_counts=True)[1].min()
        if fewest < 2:
            raise _checks.error("train_labels", "two or more of each class, or `c` given", train_labels)
        probe = GridSearchCV(probe, {"logisticregression__C": np.logspace(-4, 2, 7)}, cv=min(5, int(fewest)))
    return float(probe.fit(train_codes, train_labels).score(codes, labels))


def clustering_accuracy(labels: ArrayLike, clusters: ArrayLike) -> float:
    """Return the accuracy of clusters under the best one-to-one match of clusters and classes.

    Args:
        labels: Class of each example, integers of shape `(n,)`.
        clusters: Cluster of each example, integers of shape `(n,)`. If there are more clusters than classes, the
            examples of the unmatched clusters count as wrong.

    Returns:
        The share of examples whose cluster is matched with their class, in [0, 1].

    Raises:
        ValueError: If the lengths differ, or there is no example.

    Example:
        >>> clustering_accuracy([0, 0, 1, 1], [5, 5, 2, 5])
        0.75

    Reference:
        Kuhn, "The Hungarian method for the assignment problem" (1955).
    """
    _extras.needed("sklearn", "evaluation")
    from scipy.optimize import linear_sum_assignment
    from sklearn.metrics.cluster import contingency_matrix

    labels, clusters = _values_and_labels("labels", labels, "clusters", clusters)
    counts = contingency_matrix(labels, clusters)
    return float(counts[linear_sum_assignment(counts, maximize=True)].sum() / len(labels))


def _values_and_labels(name: str, values: ArrayLike, labels_name: str, labels: ArrayLike, ndim: int = 1):
    """Return `values`, with `ndim` axes, and `labels` as arrays, or raise."""
    values, labels = _data_checks.array(name, values, (ndim,)), _data_checks.array(labels_name, labels, (1,))
    if len(values) != len(labels) or not len(values):
        raise ValueError(
            f"`{name}` and `{labels_name}` must have the same length, at least 1. "
            f"Received: {name} of length {len(values)}, {labels_name} of length {len(labels)}"
        )
    return values, labels
