"""Question 35: where each leak is, and where none is."""

import numpy as np
import pytest
from sklearn.model_selection import KFold
from sklearn.preprocessing import FunctionTransformer

from questions import _network
from questions.leakage import experiment

PAIRS, CLASSES = np.repeat(np.random.default_rng(0).normal(size=(50, 5)), 2, axis=0), np.arange(100) // 2 % 2
FOLDS = KFold(5, shuffle=True, random_state=0)


def test_a_step_is_fitted_on_all_examples_or_on_the_training_set_of_each_fold(monkeypatch):
    seen, fit = [], FunctionTransformer.fit
    monkeypatch.setattr(FunctionTransformer, "fit", lambda step, x, y=None: seen.append(len(x)) or fit(step, x))
    new = (PAIRS[:9], 1 - CLASSES[:9])
    found = experiment.prepared("step", FunctionTransformer(), experiment.NEAREST, PAIRS, CLASSES, new, FOLDS)
    assert seen == [100, *[80] * 5] and list(found) == ["step_leak", "step_safe"]
    assert all((gap > 0.5).all() for gap in found.values())  # Known examples with the other class are all wrong.


def test_copies_are_on_both_sides_or_kept_together():
    new = (np.random.default_rng(1).normal(size=(1000, 5)), np.arange(1000) % 2)
    leak, safe = experiment.divided("any", experiment.NEAREST, PAIRS, CLASSES, np.arange(100) // 2, new, FOLDS).values()
    assert leak.mean() > 0.3 and abs(safe.mean()) < 0.2


def test_the_best_of_networks_that_guess_is_reported_too_high_but_not_on_other_examples(monkeypatch):
    rng = np.random.default_rng(0)
    monkeypatch.setattr(_network, "descend", lambda *args, **options: None)
    monkeypatch.setattr(_network, "outputs", lambda layers, x: [rng.normal(size=(len(x), 10))])
    found = experiment.best_of(0, (1, 10), 5)
    for row, size in {"small": 50, "middle": 200, "large": 1000}.items():
        assert found[row]["10"] == pytest.approx(1.54 * (0.09 / size) ** 0.5, rel=0.25)
    assert all(abs(gap) < 0.01 for gap in (*found["second"].values(), *(row["1"] for row in found.values())))
