"""The network in NumPy that several experiments of the FAQ train: the same steps as Keras's."""

import functools

import keras
import numpy as np
import pytest

from dlguide import mlp
from questions import _network

SIZES = (5, 7, 6, 3)


@pytest.mark.parametrize(("momentum", "nesterov"), [(0.0, False), (0.9, False), (0.9, True)])
def test_ten_steps_end_in_the_weights_of_keras(momentum, nesterov):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((40, 5)).astype("float32"), rng.integers(0, 3, 40)
    weights = _network.new_weights(SIZES, rng)
    model = mlp((5,), 3, hidden_units=SIZES[1:-1])
    model.set_weights([array for layer in _network.layers(weights, SIZES) for array in layer])
    optimizer = keras.optimizers.SGD(0.1, momentum=momentum, nesterov=nesterov)
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    batches = list(_network.batches(x, y, 16, seed=1, first=0, last=10))
    for batch in batches:
        model.train_on_batch(*batch)
    _network.descend(weights, SIZES, batches, 0.1, momentum, nesterov)
    layers = _network.layers(weights, SIZES)
    for ours, theirs in zip([array for layer in layers for array in layer], model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert _network.scores(layers, x, y) == pytest.approx(model.evaluate(x, y, verbose=0), abs=1e-5)


def test_the_batches_are_cut_from_one_shuffled_pass_after_the_other():
    x = np.arange(10)
    drawn = [batch for batch, _ in _network.batches(x, x, 4, seed=0, first=0, last=5)]
    assert [len(batch) for batch in drawn] == [4] * 5
    both = np.concatenate(drawn).reshape(2, 10)
    assert (np.sort(both) == x).all() and (both[0] != both[1]).any()
    later = [batch for batch, _ in _network.batches(x, x, 4, seed=0, first=3, last=5)]
    assert all((a == b).all() for a, b in zip(drawn[3:], later, strict=True))
    [(whole, _)] = _network.batches(x, x, 10, seed=0, first=2, last=3)
    assert whole is x


def test_a_training_in_two_parts_with_its_velocity_ends_in_the_same_weights():
    rng = np.random.default_rng(0)
    batches = [(rng.standard_normal((8, 5)).astype("float32"), rng.integers(0, 3, 8)) for _ in range(6)]
    whole, parts = np.stack([_network.new_weights(SIZES, rng)] * 2)
    _network.descend(whole, SIZES, batches, 0.1, 0.9)
    velocity = np.zeros_like(parts)
    for part in (batches[:2], batches[2:]):
        _network.descend(parts, SIZES, part, 0.1, 0.9, velocity=velocity)
    assert (whole == parts).all()


def test_the_steps_to_a_target_loss_lie_where_the_loss_passes_it():
    rng = np.random.default_rng(0)
    part = rng.standard_normal((20, 5)).astype("float32"), np.arange(20) % 3

    def found(target, rate=0.1):
        sets = (part, part, part)
        settings = {"most": 200, "batch_size": 20, "seed": 3, "learning_rate": rate}
        return _network.until_target(SIZES, *sets, target=target, **settings)

    steps, accuracy = found(0.9)
    for number, is_above in ((int(0.8 * steps), True), (int(1.2 * steps) + 1, False)):
        weights = _network.new_weights(SIZES, np.random.default_rng(3))
        _network.descend(weights, SIZES, [part] * number, 0.1)
        assert (_network.scores(_network.layers(weights, SIZES), *part)[0] > 0.9) == is_above
    assert 1 < steps < 200 and 0 < accuracy <= 1
    assert found(0.0)[0] == 200 and found(0.9, rate=1e30)[0] == 200


def test_weights_that_grew_to_infinity_have_an_infinite_loss():
    weights = np.full(_network.new_weights(SIZES, np.random.default_rng(0)).shape, np.inf, "float32")
    x, y = np.ones((4, 5), "float32"), np.zeros(4, int)
    assert _network.scores(_network.layers(weights, SIZES), x, y) == (float("inf"), 0.0)


def test_a_rate_that_falls_to_zero_is_the_whole_one_first_and_the_last_step_is_the_shortest():
    train = _network.mnist1d(0, 60)[0]
    losses = functools.partial(_network.linear_losses, train, len(train[1]), seed=0, passes=(1, 2))
    constant, falling = losses(rate=0.5), losses(rate=0.5, falls_to_zero=True)
    assert falling[1] == pytest.approx(constant[1])  # A step of its own training: at the whole rate.
    assert constant[2] < falling[2] < constant[1]  # The second of two steps is half as long.


def test_the_averaged_weights_are_those_of_the_last_half_of_the_steps():
    train = _network.mnist1d(0, 60)[0]
    losses = functools.partial(_network.linear_losses, train, len(train[1]), 0.5, 0)
    last, averaged = (losses(passes=(2,), is_averaged=flag) for flag in (False, True))
    assert averaged == pytest.approx(last)  # Of two steps, the second one is the last half.
    last, averaged = (losses(passes=(4,), is_averaged=flag) for flag in (False, True))
    before = losses(passes=(3,))
    assert last[4] < averaged[4] < before[3]
