"""Scores of generators and of codes, against figures worked out by hand."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dlguide import evaluation, plots, vae


def normal(n=400, seed=0, width=3):
    return np.random.default_rng(seed).normal(size=(n, width))


def test_the_frechet_distance_of_normal_distributions_is_its_closed_form():
    x = normal(4000)
    x = (x - x.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(x, rowvar=False)).T)  # Exactly standard.
    scale, shift = np.diag([1.0, 2.0, 0.5]), np.array([1.0, 0.0, -2.0])
    expected = (shift**2).sum() + ((np.diag(scale) - 1) ** 2).sum()
    assert evaluation.frechet_distance(x @ scale + shift, x) == pytest.approx(expected, rel=1e-6)
    assert evaluation.frechet_distance(x, x @ scale + shift) == pytest.approx(expected, rel=1e-6)
    assert evaluation.frechet_distance(x, x) == pytest.approx(0, abs=1e-8)


def test_a_feature_that_never_changes_does_no_harm():
    x = np.pad(normal(), [(0, 0), (0, 1)])
    assert evaluation.frechet_distance(x, x) == pytest.approx(0, abs=1e-6)
    assert np.isfinite(evaluation.frechet_distance(x + 1, x))


def test_precision_is_of_the_generated_and_recall_of_the_real_ones():
    real = np.concatenate([normal(100), normal(100, 1) + 50])
    half = normal(100, 2)  # One of the two kinds only.
    precision, recall = evaluation.precision_recall(half, real)
    assert precision > 0.9 and 0.4 < recall < 0.55
    precision, recall = evaluation.precision_recall(np.concatenate([normal(100, 2), normal(100, 3) + 200]), real[:100])
    assert 0.4 < precision < 0.55 and recall > 0.9


def test_precision_and_recall_of_points_on_a_line_are_those_worked_out_by_hand():
    real, drawn = np.array([[0.0], [1], [10], [12]]), np.array([[1.9], [2.1], [7.9], [8.1]])
    # The nearest neighbours lie 1, 1, 2, 2 and 0.2 away: 1.9 and 8.1 are near enough, none of the real ones is.
    assert evaluation.precision_recall(drawn, real, neighbours=1) == (0.5, 0)
    # The second ones 9 or more and 5.8 or more: all are.
    assert evaluation.precision_recall(drawn, real, neighbours=2) == (1, 1)


def test_the_nearest_training_image_is_found():
    train = np.random.default_rng(0).random((20, 4, 4, 1))
    distances, rows = evaluation.nearest_distances(train[[7, 3]] + 0.01, train)
    assert rows.tolist() == [7, 3]
    np.testing.assert_allclose(distances, 0.04, rtol=1e-6)


def test_classes_that_are_missing_are_seen_in_the_histogram():
    shares, distance = evaluation.class_histogram([0, 0, 2, 2], 4)
    assert shares == [0.5, 0.0, 0.5, 0.0] and distance == 0.25


def test_clusters_may_have_any_name_and_one_class_two_of_them():
    assert evaluation.clustering_accuracy([0, 0, 1, 1, 2], [9, 9, 4, 4, 7]) == 1
    assert evaluation.clustering_accuracy([0, 0, 0, 0], [1, 1, 1, 2]) == 0.75


def test_a_threshold_is_the_best_on_validation_data_or_keeps_false_alarms_down():
    rng = np.random.default_rng(0)
    scores = np.concatenate([rng.random(1000), rng.random(50) + 0.9])
    labels = np.repeat([0, 1], [1000, 50])
    threshold = evaluation.anomaly_threshold(scores, labels)

    def f1(at):
        called = scores >= at
        return 2 * (called & (labels == 1)).sum() / (called.sum() + 50)

    assert f1(threshold) == max(f1(at) for at in scores)
    for share in (0.0, 0.01, 0.1):
        threshold = evaluation.anomaly_threshold(scores, labels, false_alarms=share)
        assert (scores[:1000] >= threshold).mean() == pytest.approx(share, abs=1e-9)


def test_a_probe_chooses_its_penalty_without_a_look_at_what_it_is_asked():
    rng = np.random.default_rng(5)  # The best on the rows asked about would be another one.
    labels = np.arange(40) % 2
    codes = np.concatenate([labels[:, None] + 0.8 * rng.normal(size=(40, 1)), rng.normal(size=(40, 60))], axis=1)
    grid = np.logspace(-4, 2, 7)

    def probed(c):
        return evaluation.linear_probe(codes[:20], labels[:20], codes[20:], labels[20:], c=c)

    def cross_validated(c):
        probe = make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=2000))
        return cross_val_score(probe, codes[:20], labels[:20], cv=5).mean()

    assert probed(None) == probed(max(grid, key=cross_validated)) < max(map(probed, grid))


MISSING = "`scores` and `labels` must be those of validation data: a threshold is chosen on them"
BAD = [
    (lambda: evaluation.frechet_distance(normal(3), normal()), "`features` must be of more images than dimensions, "
     "for their covariance. Received: features of shape (3, 3)"),
    (lambda: evaluation.frechet_distance(normal(), normal(width=4)), "`features` and `reference` must have the same "
     "dimensions. Received: features of shape (400, 3), reference of shape (400, 4)"),
    (lambda: evaluation.precision_recall(normal(3), normal()), "`features` and `reference` must be of more than 3 "
     "images, for their neighbours. Received: features of length 3, reference of length 400"),
    (lambda: evaluation.class_histogram([0, 5], 5),
     "`labels` must be labels in [0, 5). Received: labels with 1 of 2 values wrong, the first in row 1: 5"),
    (lambda: evaluation.nearest_distances(np.zeros((1, 2, 2)), np.zeros((1, 3, 3))), "`images` and `train` must be "
     "images of one size, at least one of each. Received: images of shape (1, 2, 2), train of shape (1, 3, 3)"),
    (lambda: evaluation.clustering_accuracy([0, 1], [0]), "`labels` and `clusters` must have the same length, at "
     "least 1. Received: labels of length 2, clusters of length 1"),
    (lambda: evaluation.linear_probe([[0.0], [1.0]], [0, 1], [[0.0]], [1]), "`train_labels` must be two or more of "
     "each class, or `c` given. Received: train_labels=array([0, 1])"),
    (lambda: evaluation.log_likelihood(vae((4,)), np.ones((2, 4)), samples=0),
     "`samples` must be an integer of at least 1. Received: samples=0"),
    (lambda: evaluation.log_likelihood(vae((4,)), 255 * np.ones((2, 4))), "`x` must be numbers in [0, 1] (pixels from "
     "0 to 255 are divided by 255). Received: x with 8 of 8 values wrong, the first in row 0: 255.0"),
    (lambda: evaluation.linear_probe([[0.0], [1.0]], [1, 1], [[0.0]], [1]),
     "`train_labels` must be labels of two classes or more. Received: train_labels=array([1, 1])"),
    (lambda: evaluation.anomaly_threshold([], []), MISSING),
    (lambda: evaluation.anomaly_threshold(None, None), MISSING),
    (lambda: evaluation.anomaly_threshold([0.5, 0.6], [0, 0]), "`labels` must be 1 for some examples, or "
     "`false_alarms` given. Received: labels=array([0, 0])"),
    (lambda: plots.image_grid(np.zeros((2, 2))), "`images` must be of shape (rows, columns, height, width), with 1 or "
     "3 channels behind where there are any. Received: images of shape (2, 2)"),
    (lambda: plots.image_grid(np.zeros((1, 1, 2, 2)), ["a", "b"]),
     "`row_names` must be one name for each of 1, or none. Received: row_names=['a', 'b']"),
    (lambda: plots.codes(np.zeros((3, 2)), np.zeros(2)), "`points` and `labels` must be two codes or more, of one "
     "number or more, and a class for each. Received: points of shape (3, 2), labels of shape (2,)"),
    (lambda: evaluation.anomaly_threshold([0.1, 0.2, np.nan], [0, 0, 0], false_alarms=0.0), "`scores` must be free of "
     "NaN and infinity. Received: scores with 1 of 3 values wrong, the first in row 2: nan"),
    (lambda: evaluation.frechet_distance([[0.0], [np.nan]], [[0.0], [1.0]]), "`features` must be free of NaN and "
     "infinity. Received: features with 1 of 2 values wrong, the first in row 1: nan"),
    (lambda: evaluation.log_likelihood(vae((4,)), np.full((2, 4), np.nan)), "`x` must be numbers in [0, 1] (pixels "
     "from 0 to 255 are divided by 255). Received: x with 8 of 8 values wrong, the first in row 0: nan"),
    (lambda: plots.score_histogram([0.0, 1.0], [0, 1]), "`scores` and `labels` must be scores above 0 and a label for "
     "each. Received: scores of shape (2,), labels of shape (2,)"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), BAD, ids=[row[1][:60] for row in BAD])
def test_bad_input_of_scores_and_pictures_is_named(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == message
