"""Scores of generators and of codes, against values computed by hand."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dlguide import evaluation, vae
from tests.helpers.calls import refusals


def normal(n=400, seed=0, width=3):
    return np.random.default_rng(seed).normal(size=(n, width))


def test_the_frechet_distance_of_normal_distributions_is_its_closed_form():
    x = normal(4000)
    x = (x - x.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(x, rowvar=False)).T)  # Exactly standard.
    scale, shift = np.diag([1.0, 2.0, 0.5]), np.array([1.0, 0.0, -2.0])
    expected = (shift**2).sum() + ((np.diag(scale) - 1) ** 2).sum()
    assert evaluation.frechet_distance(x @ scale + shift, x) == pytest.approx(expected, rel=1e-6)


def test_a_constant_feature_does_no_harm():
    x = np.pad(normal(), [(0, 0), (0, 1)])
    assert evaluation.frechet_distance(x, x) == pytest.approx(0, abs=1e-6)
    assert np.isfinite(evaluation.frechet_distance(x + 1, x))


def test_a_class_of_two_clusters_has_the_accuracy_of_the_larger_one():
    assert evaluation.clustering_accuracy([0, 0, 0, 0], [1, 1, 1, 2]) == 0.75


def test_a_probe_chooses_its_penalty_without_a_look_at_the_codes_to_classify():
    rng = np.random.default_rng(5)  # The best penalty on the codes to classify is another one.
    labels = np.arange(40) % 2
    codes = np.concatenate([labels[:, None] + 0.8 * rng.normal(size=(40, 1)), rng.normal(size=(40, 60))], axis=1)
    grid = np.logspace(-4, 2, 7)

    def probed(c):
        return evaluation.linear_probe(codes[:20], labels[:20], codes[20:], labels[20:], c=c)

    def cross_validated(c):
        probe = make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=2000))
        return cross_val_score(probe, codes[:20], labels[:20], cv=5).mean()

    assert probed(None) == probed(max(grid, key=cross_validated)) < max(map(probed, grid))


BAD = [
    (lambda: evaluation.frechet_distance(normal(3), normal()), "`features` must have more images than dimensions, for "
     "the covariance. Received: features of shape (3, 3)"),
    (lambda: evaluation.frechet_distance(normal(), normal(width=4)), "`features` and `reference` must have the same "
     "dimensions. Received: features of shape (400, 3), reference of shape (400, 4)"),
    (lambda: evaluation.frechet_distance([[0.0], [np.nan]], [[0.0], [1.0]]), "`features` must be free of NaN and "
     "infinity. Received: features with 1 of 2 values wrong, the first in row 1: nan"),
    (lambda: evaluation.clustering_accuracy([0, 1], [0]), "`labels` and `clusters` must have the same length, at "
     "least 1. Received: labels of length 2, clusters of length 1"),
    (lambda: evaluation.linear_probe([[0.0], [1.0]], [0, 1], [[0.0]], [1]), "`train_labels` must be two or more of "
     "each class, or `c` given. Received: train_labels=array([0, 1])"),
    (lambda: evaluation.linear_probe([[0.0], [1.0]], [1, 1], [[0.0]], [1]),
     "`train_labels` must be labels of two classes or more. Received: train_labels=array([1, 1])"),
    (lambda: evaluation.linear_probe([[0.0], [1.0]], [0], [[0.0]], [1]), "`train_codes` and `train_labels` must have "
     "the same length, at least 1. Received: train_codes of length 2, train_labels of length 1"),
    (lambda: evaluation.log_likelihood(vae((4,)), np.ones((2, 4)), samples=0),
     "`samples` must be an integer of at least 1. Received: samples=0"),
    (lambda: evaluation.log_likelihood(vae((4,)), np.ones((2, 4)), steps=0),
     "`steps` must be an integer of at least 1 or None. Received: steps=0"),
    (lambda: evaluation.log_likelihood(vae((4,)), 255 * np.ones((2, 4))), "`x` must be numbers in [0, 1] (pixels from "
     "0 to 255 are divided by 255). Received: x with 8 of 8 values wrong, the first in row 0: 255.0"),
    (lambda: evaluation.log_likelihood(vae((4,)), np.full((2, 4), np.nan)), "`x` must be numbers in [0, 1] (pixels "
     "from 0 to 255 are divided by 255). Received: x with 8 of 8 values wrong, the first in row 0: nan"),
]  # fmt: skip

test_a_bad_argument_of_a_score_is_named = refusals(BAD)
