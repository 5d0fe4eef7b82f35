"""Question 26: its losses differ in one thing from one to the next, and their differences add up."""

import keras
import numpy as np
import pytest

from questions.regularisation.experiment import losses
from questions.validation_below_training import experiment

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(200, 40, 1)).astype("float32"), RNG.integers(10, size=200)


def test_a_shift_turns_each_signal_by_its_own_few_positions_and_does_so_in_training_only():
    keras.utils.set_random_seed(0)
    shift = experiment.Shift(2)
    np.testing.assert_array_equal(shift(X), X)
    turned = [np.roll(X, move, axis=1) for move in range(-2, 3)]
    moved = np.asarray(shift(X, training=True))
    by = np.array([(moved == other).all(axis=(1, 2)) for other in turned])  # A row for each number of positions.
    assert (by.sum(axis=0) == 1).all() and (by.sum(axis=1) > 20).all()


def test_the_losses_of_a_network_that_stays_differ_in_dropout_and_then_in_shifts_alone(monkeypatch):
    keras.utils.set_random_seed(0)
    model = experiment.network("half")
    frozen, no_dropout, evaluated = experiment.training_losses(model, X, Y)
    assert frozen > no_dropout + 0.02 and evaluated == pytest.approx(losses(model, X, Y).mean())
    monkeypatch.setattr(model.layers[0], "most", 0)
    assert experiment.training_losses(model, X, Y)[1:] == pytest.approx([evaluated] * 2, rel=1e-6)


@pytest.mark.thorough
def test_the_parts_add_up_to_the_difference_of_reported_and_validation_loss():
    best = dict.fromkeys(experiment.NETWORKS, 0.001)
    found = experiment.measure(0, best, networks=("half",), limit=50)
    for at in map(str, experiment.EPOCHS):
        parts = sum(np.mean(part[at]) for part in found["parts"].values())
        curves = {row: np.mean(curve[at]) for row, curve in found["losses"].items()}
        assert parts == pytest.approx(found["gap"]["half"][at].mean(), abs=1e-5)
        assert parts == pytest.approx(curves["reported"] - curves["validation"], abs=1e-5)


def test_keras_adds_a_penalty_to_the_validation_loss_too():
    model = keras.Sequential([keras.layers.Dense(10, kernel_regularizer=keras.regularizers.L2(1.0))])
    model.compile(keras.optimizers.SGD(0.0), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    history = model.fit(X[:, :, 0], Y, validation_data=(X[:, :, 0], Y), batch_size=200, verbose=0).history
    penalty = float(np.square(model.layers[0].kernel.numpy()).sum())
    wanted = losses(model, X[:, :, 0], Y).mean() + penalty
    assert [*history["loss"], *history["val_loss"]] == pytest.approx([wanted] * 2, rel=1e-4) and penalty > 1


def test_a_random_validation_set_varies_with_one_over_the_root_of_its_size():
    new = RNG.exponential(size=1000)
    small, large = (np.mean([experiment.spread(new, count, seed) for seed in range(50)]) for count in (100, 1000))
    assert small / large == pytest.approx(10**0.5, rel=0.1)
