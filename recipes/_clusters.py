"""What `clustering_mnist` does with codes: clusters, their names, their typical members."""

import numpy as np

from dlguide import data, evaluation, plots


def clustered(train: np.ndarray, test: np.ndarray, splits: data.Splits, seed: int) -> tuple[np.ndarray, dict]:
    """Fit normal distributions to the training codes, the likeliest of five attempts; cluster the test part."""
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


def pixel_accuracy(splits: data.Splits, seed: int) -> float:
    """Return the clustering accuracy of k-means on the pixels of the test part, fitted to the training part."""
    from sklearn.cluster import KMeans

    train, test = (part.x.reshape(len(part.x), -1) for part in (splits.train, splits.test))
    k_means = KMeans(splits.info.num_classes, n_init=10, random_state=seed).fit(train)
    return evaluation.clustering_accuracy(splits.test.y, k_means.predict(test))


def typical_members(codes: np.ndarray, clusters: np.ndarray, splits: data.Splits, count: int = 12):
    """Draw the images nearest to the mean code of each cluster, a row for each."""
    rows = []
    for cluster in np.unique(clusters):
        members = np.flatnonzero(clusters == cluster)
        distance = np.linalg.norm(codes[members] - codes[members].mean(axis=0), axis=1)
        nearest = members[np.argsort(distance)[:count]]
        rows.append(splits.test.x[np.resize(nearest, count)])
    return plots.image_grid(np.stack(rows), [f"cluster {cluster}" for cluster in np.unique(clusters)])
