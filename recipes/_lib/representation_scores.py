"""Scores of generated images by their features, and of codes that were learned without labels."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.cluster import contingency_matrix
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def frechet_distance(features: np.ndarray, reference: np.ndarray) -> float:
    """Return the squared Fréchet distance between two sets of feature vectors, each taken as a normal distribution.

    The features are those of a classifier of one's own. The result is not the Inception FID: compare it only with
    distances from the same classifier and the same number of images.

    Raises:
        ValueError: If there are not more images than dimensions: the covariance would be singular.

    Reference:
        Dowson & Landau, "The Fréchet distance between multivariate normal distributions" (1982);
        Heusel et al., "GANs trained by a two time-scale update rule converge to a local Nash equilibrium" (2017).
    """
    means, covariances = [], []
    for array in (features, reference):
        array = np.asarray(array, "float64")
        if len(array) <= array.shape[1]:
            raise ValueError(f"There must be more images than dimensions. Received: features of shape {array.shape}")
        means.append(array.mean(axis=0))
        covariances.append(np.cov(array, rowvar=False).reshape(array.shape[1], array.shape[1]))
    # Symmetric matrices have real roots; SciPy's `sqrtm` warns if a feature is constant.
    values, vectors = np.linalg.eigh(covariances[0])
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    between = np.linalg.eigvalsh(root @ covariances[1] @ root)
    trace = np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * np.sqrt(np.maximum(between, 0)).sum()
    return float(max(0.0, ((means[0] - means[1]) ** 2).sum() + trace))


def linear_probe(train_codes, train_labels, codes, labels) -> float:
    """Return the accuracy of a linear probe: logistic regression on codes, scaled as the training codes are.

    Reference:
        Alain & Bengio, "Understanding intermediate layers using linear classifier probes" (2017).
    """
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    return float(probe.fit(train_codes, train_labels).score(codes, labels))


def clustering_accuracy(labels, clusters) -> float:
    """Return the accuracy of clusters under the best one-to-one match of clusters and classes.

    If there are more clusters than classes, the examples of the unmatched clusters count as wrong.

    Reference:
        Kuhn, "The Hungarian method for the assignment problem" (1955).
    """
    counts = contingency_matrix(labels, clusters)
    return float(counts[linear_sum_assignment(counts, maximize=True)].sum() / len(labels))
