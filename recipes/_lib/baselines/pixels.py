"""Baselines on the pixels of images."""

import warnings

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from dlguide import data
from recipes._lib import representation_scores


def nearest_mean_accuracy(splits: data.Splits) -> float:
    """Return the test accuracy if each image gets the class with the nearest mean image."""
    x, y = _flat(splits.train.x), splits.train.y
    means = np.stack([x[y == label].mean(axis=0) for label in np.unique(y)])
    baseline = KNeighborsClassifier(n_neighbors=1).fit(means, np.unique(y))  # NearestCentroid warns of black pixels.
    return float(baseline.score(_flat(splits.test.x), splits.test.y))


def softmax_regression_accuracy(splits: data.Splits) -> float:
    """Return the test accuracy of softmax regression on the pixels, 60 steps of L-BFGS."""
    print("measuring the baseline: softmax regression", flush=True)
    baseline = LogisticRegression(max_iter=60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 60 steps are enough for a baseline.
        baseline.fit(_flat(splits.train.x), splits.train.y)
    return float(baseline.score(_flat(splits.test.x), splits.test.y))


def k_means_accuracy(splits: data.Splits, seed: int) -> float:
    """Return the clustering accuracy of k-means on the pixels of the test set, fitted to the training set."""
    print("measuring the baseline: k-means", flush=True)
    k_means = KMeans(splits.info.num_classes, n_init=10, random_state=seed).fit(_flat(splits.train.x))
    return representation_scores.clustering_accuracy(splits.test.y, k_means.predict(_flat(splits.test.x)))


def pca_reconstructions(splits: data.Splits, numbers: int) -> np.ndarray:
    """Return the images of the test set, reconstructed from `numbers` principal components."""
    train, test = _flat(splits.train.x), _flat(splits.test.x)
    pca = PCA(min(numbers, *train.shape), random_state=0).fit(train)
    return pca.inverse_transform(pca.transform(test)).reshape(splits.test.x.shape)


def filtered(splits: data.Splits, noisy_train: np.ndarray, noisy_test: np.ndarray) -> np.ndarray:
    """Return what the 5x5 linear filter with the least squared error on the first training images makes of others."""

    def neighbourhoods(x):
        padded = np.pad(x[..., 0], [(0, 0), (2, 2), (2, 2)])
        return np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(1, 2)).reshape(-1, 25)

    model = LinearRegression().fit(neighbourhoods(noisy_train), splits.train.x[: len(noisy_train)].ravel())
    predicted = np.concatenate([model.predict(neighbourhoods(part)) for part in np.array_split(noisy_test, 10)])
    return np.clip(predicted, 1e-3, 1 - 1e-3).reshape(noisy_test.shape)


def pixel_scores(predicted: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Return the scores of a baseline's pixels."""
    cross_entropy = -(truth * np.log(predicted) + (1 - truth) * np.log(1 - predicted)).mean()
    scores = {"baseline_binary_crossentropy": float(cross_entropy)}
    return {**scores, "baseline_squared_error": float(((predicted - truth) ** 2).mean())}


def _flat(x):
    return x.reshape(len(x), -1)
