"""Clusters of codes, how well they fit the classes, and a picture of their typical members."""

import numpy as np
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture

from dlguide import data, plots
from recipes._lib import representation_scores


def mixture(splits: data.Splits, seed: int) -> GaussianMixture:
    """Return a Gaussian mixture with a part for each class, before its fit: the best of five starts."""
    return GaussianMixture(splits.info.num_classes, reg_covar=1e-3, n_init=5, random_state=seed)


def cluster_codes(train: np.ndarray, test: np.ndarray, splits: data.Splits, seed: int) -> tuple[np.ndarray, dict]:
    """Fit a Gaussian mixture to training codes; return clusters and scores of the test set."""
    k_means = KMeans(splits.info.num_classes, n_init=10, random_state=seed)
    models = {"clustering_accuracy": mixture(splits, seed), "k_means_accuracy": k_means}
    found = {name: model.fit(train).predict(test) for name, model in models.items()}
    scores = {
        name: representation_scores.clustering_accuracy(splits.test.y, clusters) for name, clusters in found.items()
    }
    return found["clustering_accuracy"], scores


def typical_members(codes: np.ndarray, clusters: np.ndarray, splits: data.Splits, count: int = 12):
    """Draw the images nearest to the mean code of each cluster, a row for each cluster."""
    rows, names = [], np.unique(clusters)
    for cluster in names:
        members = np.flatnonzero(clusters == cluster)
        distance = np.linalg.norm(codes[members] - codes[members].mean(axis=0), axis=1)
        nearest = members[np.argsort(distance)[:count]]
        rows.append(splits.test.x[np.resize(nearest, count)])
    return plots.image_grid(np.stack(rows), [f"cluster {cluster}" for cluster in names])
