"""Question 34: what each row is trained on, and how its threshold is chosen."""

import numpy as np
import pytest

from questions import _retraining
from questions.rare_classes import experiment


def given(row: str, monkeypatch) -> tuple:
    """Return the images, the labels, the class weights and the loss of a training."""
    found = []
    train = lambda x, y, **options: found.extend([x, y, options["class_weight"]])  # noqa: E731
    monkeypatch.setattr(_retraining, "trainer", lambda build, loss, **options: found.append(loss) or train)
    monkeypatch.setattr(_retraining, "outputs", lambda model, x: np.zeros((len(x), 1)))
    assert all(0.018 < y.mean() < 0.023 for _, y in experiment.scored(row, 0.1, 0))
    return found[1], found[2], found[3], found[0]


@pytest.mark.thorough
def test_rows_see_rare_examples_as_often_or_weigh_them_and_have_as_many_steps(monkeypatch):
    rows = {row: given(row, monkeypatch) for row in experiment.NETWORKS}
    rare = {row: {image.tobytes() for image in x[y == 1]} for row, (x, y, *_) in rows.items()}
    for row, (_, y, weights, loss) in rows.items():
        share = 1 / 2 if row in ("over", "under") else 1 / 51
        assert len(y) == 100_000 and y.mean() == pytest.approx(share, rel=0.01)
        assert weights == ({0: 1, 1: experiment.WEIGHT} if row == "weights" else None)
        assert (loss is experiment.FOCAL) == (row == "focal") and rare[row] == rare["plain"]
    common = {row: len({image.tobytes() for image in x[y == 0]}) for row, (x, y, *_) in rows.items()}
    assert common.pop("under") == 100 == len(rare["plain"]) and min(common.values()) > 4900


def test_the_chosen_threshold_has_the_lowest_cost_and_the_derived_one_asks_for_a_probability_of_1_51():
    rng = np.random.default_rng(0)
    y = rng.random(500) < 0.1
    logits = rng.normal(size=500).round(1) + y
    costs = {level: experiment.SCORES["cost"](logits - level, y).mean() for level in np.unique(logits)}
    assert costs[experiment.cheapest(logits, y)] == min(costs.values())
    assert experiment.SCORES["probability"](-np.log(experiment.WEIGHT), None) == pytest.approx(1 / 51)
