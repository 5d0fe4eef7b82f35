"""Question 32: its wrong labels, the fits of random features, penalty and early stopping."""

import numpy as np
import pytest

from questions import _network, _schedules
from questions.network_size import experiment as one


def test_wrong_labels_are_in_training_and_validation_alone_and_networks_have_as_many_weights_as_they_may():
    right, wrong, few = one.parts(3, one.ALL, False), one.parts(3, one.ALL, True), one.parts(3, 100, False)
    shares = {part: np.mean(right[part][1] != wrong[part][1]) for part in right}
    assert shares == {"train": pytest.approx(0.15, abs=0.02), "valid": pytest.approx(0.15, abs=0.04), "test": 0}
    assert np.array_equal(few["train"][0], right["train"][0][:100]) and len(few["test"][1]) == 1000
    for key, (units, _) in [*one.NETWORKS.items()][:12]:  # One more unit in each layer would be too many.
        all_units = ([40, *(width + n for width in units), 10] for n in (0, 1))
        low, high = (len(_network.new_weights(each, np.random.default_rng(0))) for each in all_units)
        assert low <= int(key.split(", ")[1]) < high, key


def test_random_features_are_fitted_by_least_squares_with_a_penalty_or_by_steps_of_gradient_descent():
    (x, y), weights, rng = one.parts(3, 60, True)["train"], np.zeros((20, 10)), np.random.default_rng((3, 20))
    kernel, bias, targets = rng.normal(size=(40, 20)) / 40**0.5, rng.uniform(-1, 1, 20), np.eye(10)[y] - 0.1
    train = np.maximum(x @ kernel + bias, 0) / 20**0.5
    for _ in range(30):
        weights -= train.T @ (train @ weights - targets) / np.linalg.norm(train, 2) ** 2
    ridge = np.linalg.solve(train.T @ train + 0.3 * np.eye(20), train.T @ targets)
    wanted = {"none": np.linalg.pinv(train) @ targets, "ridge": ridge, "stopped": weights}
    for (row, best), setting in zip(wanted.items(), (0, 0.3, 30), strict=True):
        answers = one.feature_answers(row, 20, setting, {"train": (x, y)}, x, 3)
        assert np.array_equal(answers, (train @ best).argmax(axis=1)), row


@pytest.mark.parametrize(("is_early", "end"), [(True, 4), (False, 9)])
def test_a_penalty_pulls_at_all_weights_and_early_stopping_takes_the_best_pass(is_early, end, monkeypatch):
    def train(weights, views, gradient, parts, passes, **_):
        for weights[:] in range(2 * passes):  # Two steps a pass.
            assert np.array_equal(gradient(views, *parts[0]), weights)

    monkeypatch.setattr(_schedules, "train", train)
    monkeypatch.setattr(_network, "gradient", lambda *_: 0)
    monkeypatch.setattr(_network, "scores", lambda views, x, y: (0, -(len(y) == 500) * abs(views[0][1][0] - 4)))
    monkeypatch.setattr(_network, "outputs", lambda views, x: [np.eye(10)[[int(views[0][1][0])]]])
    assert one.network_answers([5], one.parts(3, 200, True), None, 3, 0.01, 10, 0.5, is_early) == [end]
