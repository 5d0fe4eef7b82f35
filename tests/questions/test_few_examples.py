"""Question 37: what each row is given to learn from."""

import numpy as np
import pytest

from questions.few_examples import experiment
from questions.self_supervision import experiment as self_supervision

BEST = {row: grid[0] for row, grid in experiment.GRIDS.items()}


@pytest.fixture(scope="module")
def given():
    return experiment.prepared(0, "valid", 1000, 0, seen=50)


@pytest.mark.thorough
def test_networks_differ_in_their_first_weights_or_in_the_changes_of_the_same_images(given, monkeypatch):
    calls = {}
    monkeypatch.setattr(self_supervision, "network_hits", lambda *args: calls.setdefault(row, args))
    for row in ("plain", "transfer", "copies", "together", *experiment.KINDS):
        experiment.hits(row, BEST, given, 10, 3, seen=50)
    plain, labels = calls["plain"][:2]
    for row, (x, y, _, rate, _, _, start) in calls.items():
        assert np.array_equal(y, labels) and rate == BEST["plain"] and [*np.bincount(y)] == [10] * 5
        assert (start is not None) == (row in ("transfer", "together"))
        assert len(np.unique(x, axis=0)) == 10 if row in ("plain", "transfer") else np.abs(x - plain).max() > 0.01
    for row, other in {"left_right": plain[:, :, ::-1], "up_down": plain[:, ::-1]}.items():
        is_same, is_flipped = (np.isclose(calls[row][0], x).all(axis=(1, 2, 3)) for x in (plain, other))
        assert (is_same | is_flipped).all() and 10 < is_flipped.sum() < 40


@pytest.mark.parametrize("row", ["svm", "svm_copies", "knn_copies", "softmax", "transfer_linear", "spread"])
def test_no_row_reads_the_labels_of_other_images(row, given, monkeypatch):
    (x, y), *more = given
    few = experiment.few_labels.draw_rows_per_class(y, 4, 3)
    monkeypatch.setattr(experiment.few_labels, "draw_rows_per_class", lambda *_: few)
    wrong = np.where(np.isin(np.arange(len(y)), few), y, (y + 1) % 5)
    found = [experiment.hits(row, BEST, ((x, labels), *more), 20, 3) for labels in (y, wrong)]
    assert np.array_equal(*found) and 0.3 < found[0].mean() < 1
