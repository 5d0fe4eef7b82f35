"""Question 36: the trainings that its numbers come from, and its intervals on numbers with a known answer."""

import numpy as np
import pytest

from questions import _examples, _verdict
from questions._experiment import ACCURACY
from questions.uncertainty import experiment


def test_one_thing_changes_and_no_training_is_of_two_groups_or_of_the_choice(monkeypatch):
    monkeypatch.setattr(experiment, "PASSES", 1)
    first, cut, split = (experiment.train("small", 1.8, 5, **own)["test"] for own in ({}, {"cut": 20}, {"split": 6}))
    moved = experiment.train("small", 1.8, 6, split=5, weights=5, order=5)["test"]
    assert np.array_equal(moved, first) and np.mean(first == cut) > 0.95 > np.mean(first == split)

    def train(row, rate, seed, **changes):
        seen.append({seed} | {number for name, number in changes.items() if name != "cut"})
        hits = np.random.default_rng([seed, row == "small"]).random(40) < 0.5
        return dict.fromkeys(("valid", "test", "averaged"), hits)

    monkeypatch.setattr(experiment, "train", train)
    groups = [{100, 101, 102}]
    for group in experiment.EXPERIMENT.seeds:
        seen = []
        experiment.measure(group, {"small": 1, "large": 1}, draws=1)
        groups.append(set.union(*seen))
    assert sum(map(len, groups)) == len(set.union(*groups)) == 3 + 10 * 80


def test_intervals_pairs_and_the_best_of_a_few():
    rng = np.random.default_rng(0)
    one, other = (rng.random((100, 1000)) < rng.random(1000) for _ in range(2))
    rows = enumerate({"small": a, "large": b} for a, b in zip(one[:5], other[:5], strict=True))
    seeds = {str(seed): _examples.split(experiment.EXPERIMENT, {"accuracy": row}) for seed, row in rows}
    mean, _, high = _verdict.difference(seeds, "accuracy", ACCURACY, "large", "small")[0]
    assert experiment.intervals(1.0 * other[:5] - one[:5])["both"] == pytest.approx((mean, high - mean))
    found = {row: np.mean(hits) for row, hits in experiment.coverage(5, 1.0 * one, rng, 400).items()}
    assert found["both"] > 0.93 and found["same_examples"] == pytest.approx(0.95, abs=0.03) and found["seeds"] < 0.9
    assert not experiment.wrong(3, one, one | (rng.random(one.shape) < 0.02), rng, 400)["paired"].any()
