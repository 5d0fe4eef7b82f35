"""Clusters of codes, and how well they fit the classes."""

import numpy as np

from dlguide import data, evaluation


def cluster_codes(train: np.ndarray, test: np.ndarray, splits: data.Splits, seed: int) -> tuple[np.ndarray, dict]:
    """Fit a Gaussian mixture (best of five starts) to training codes; return clusters and scores of the test set."""
    from sklearn.cluster import KMeans
    from sklearn.mixture import GaussianMixture

    n = splits.info.num_classes
    k_means = KMeans(n, n_init=10, random_state=seed).fit(train)
    mixture = GaussianMixture(n, reg_covar=1e-3, n_init=5, random_state=seed).fit(train)
    clusters = mixture.predict(test)
    return clusters, {
        "clustering_accuracy": evaluation.clustering_accuracy(splits.test.y, clusters),
        "k_means_accuracy": evaluation.clustering_accuracy(splits.test.y, k_means.predict(test)),
    }
