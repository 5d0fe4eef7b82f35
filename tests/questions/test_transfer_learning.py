"""Question 33: what each row starts from, what it learns from, and what stays of the source task."""

import numpy as np
import pytest

from questions.transfer_learning import experiment

SIZE = (400, 1)  # Images of all digits, and steps.
BEST = {f"frozen_{source}@10": 1 for source in ("digits", "ink", "permuted", "none")}


@pytest.mark.thorough
def test_rows_start_from_their_source_with_the_head_of_their_way_and_learn_from_the_same_few_labels(monkeypatch):
    given = {}
    for row in {*experiment.ROWS, *experiment.SOURCES} - {"svm"}:
        source = experiment.source_weights(row.split("_")[1], 0, *SIZE)
        with monkeypatch.context() as patch:
            patch.setattr(experiment, "trained", lambda *args, row=row: given.update({row: args}) or args[2])
            experiment.hits(f"{row}@10", 0.001, 0, "valid", BEST, *SIZE)
        assert row.startswith("frozen") or all(map(np.array_equal, given[row][2][:-2], source[:-2]))
    new = experiment.source_weights("none", 0, *SIZE)
    for row, (x, y, first, _, _, steps) in given.items():
        assert steps == (6 if row == "longer_none" else 1) and not row.startswith("frozen")
        assert np.bincount(y).tolist() == [2] * 5 and np.array_equal(x, given["fine_none"][0])
        assert np.array_equal(first[-2], new[-2]) == (not row.startswith("first"))


def test_sources_have_the_digits_0_to_4_with_their_labels_or_other_ones(monkeypatch):
    old, new = experiment.halves(400, 1)
    monkeypatch.setattr(experiment, "trained", lambda x, y, *more: (x, y))
    tasks = [experiment.source_weights.__wrapped__(source, 1, *SIZE) for source in ("digits", "permuted", "ink")]
    (digits, labels), (shuffled, same), (images, ink) = tasks
    assert digits is images is old.train.x and labels is same is old.train.y and len(digits) + len(new.train.x) == 400
    np.testing.assert_allclose(np.sort(shuffled[5].ravel()), np.sort(digits[5].ravel()))
    assert not np.array_equal(shuffled[5], digits[5]) and len({*np.bincount(ink)}) <= 2
    assert images[ink == 4].mean(axis=(1, 2, 3)).min() >= images[ink == 3].mean(axis=(1, 2, 3)).max()


def test_the_source_is_scored_with_its_own_last_layer():
    weights, part = experiment.source_weights("digits", 0, *SIZE), experiment.halves(400, 0)[0].test
    before = experiment.outputs(weights, part.x).argmax(axis=1) == part.y
    assert np.array_equal(experiment.hits("first_digits@10", 0, 0, "test", BEST, *SIZE, True), before)
