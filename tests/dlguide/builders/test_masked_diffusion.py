"""What is particular to the diffusion model: its loss is a bound of the likelihood of what it draws."""

import itertools

import keras
import numpy as np
import pytest
from scipy.special import expit

from dlguide import evaluation, generation
from dlguide.masked_diffusion import Diffusion, _nll_bounds
from tests.helpers.contract import settled

ALL = np.array(list(itertools.product([0, 1], repeat=4)), "float32").reshape(16, 2, 2, 1)


def small(seed=0):
    """Return a model of 2 x 2 pixels whose probabilities depend on all visible pixels."""
    keras.utils.set_random_seed(seed)
    wide = keras.initializers.RandomNormal(stddev=1.0)
    dense = [keras.layers.Dense(8, "tanh", kernel_initializer=wide), keras.layers.Dense(4, kernel_initializer=wide)]
    parts = [keras.layers.Flatten(), *dense, keras.layers.Reshape((2, 2, 1))]
    return Diffusion(keras.Sequential([keras.Input((2, 2, 1)), *parts], name="denoiser"))


def log_probabilities(model, x, hidden):
    """Return the logarithm of the probability of each pixel of `x`, of shape `(n, 4)`, given those not hidden."""
    signs = ((2 * x - 1) * (1 - hidden.reshape(-1, 2, 2, 1))).astype("float32")
    logits = keras.ops.convert_to_numpy(model.get_layer("denoiser")(signs)).astype("float64").reshape(-1, 4)
    return np.log(expit(np.where(x.reshape(-1, 4) > 0.5, logits, -logits)))


def by_orders(model):
    """Return the probability of each image of `ALL` for each of the 24 orders of its pixels, as logarithms."""
    logs = []
    for order in itertools.permutations(range(4)):
        total, hidden = np.zeros(16), np.ones((16, 4))
        for pixel in order:
            total += log_probabilities(model, ALL, hidden)[:, pixel]
            hidden[:, pixel] = 0
        logs.append(total)
    return np.array(logs)


def test_the_loss_is_the_cross_entropy_of_the_hidden_pixels_by_their_share():
    x, model = ALL[[3, 5, 6, 9, 14]], small()
    losses = keras.ops.convert_to_numpy(settled(model)(x))
    seeds = settled(model).seed_generator
    offset, hides, ones = (
        keras.ops.convert_to_numpy(keras.random.uniform(s, seed=seeds)) for s in ((1,), *[x.shape] * 2)
    )
    shares = (offset + np.arange(5, dtype="float32") / np.float32(5)) % 1
    hidden = (hides < shares[:, None, None, None]).reshape(5, 4)
    expected = -5 * (log_probabilities(model, x, hidden) * hidden).sum(axis=1) / np.maximum(hidden.sum(axis=1), 1)
    np.testing.assert_allclose(losses, expected, rtol=1e-4)
    assert {0 < count < 4 for count in hidden.sum(axis=1)} & {True}
    # A visible grey pixel is drawn; a hidden one counts with its own value.
    grey = np.full_like(x, 0.3)
    seen = keras.ops.convert_to_numpy(settled(model)(grey))
    drawn = (ones < grey).astype("float32")
    logs = 0.3 * log_probabilities(model, np.maximum(drawn, hidden.reshape(x.shape)), hidden)
    logs += 0.7 * log_probabilities(model, np.minimum(drawn, 1 - hidden.reshape(x.shape)), hidden)
    np.testing.assert_allclose(seen, -5 * (logs * hidden).sum(axis=1) / np.maximum(hidden.sum(axis=1), 1), rtol=1e-4)


@pytest.mark.parametrize("steps, groups", [(1, (4,)), (2, (2, 2)), (3, (1, 2, 1)), (9, [1] * 4), (None, [1] * 4)])
def test_the_bound_is_the_mean_over_all_orders_of_groups(steps, groups):
    """The pixels of a group are drawn at once, given those of the groups before it alone."""
    model, orders = small(), list(itertools.permutations(range(4)))
    total = np.zeros(16)
    for order in orders:
        for end, size in zip(np.cumsum(groups), groups, strict=True):
            hidden = np.isin(range(4), order[end - size :]) * np.ones((16, 1))
            total -= log_probabilities(model, ALL, hidden)[:, order[end - size : end]].sum(axis=1) / len(orders)
    found = evaluation.log_likelihood(model, np.repeat(ALL, 2000, axis=0), samples=2, steps=steps)
    assert found["nll"] == pytest.approx(total.mean(), abs=0.02)
    if steps is None:
        exact = -np.log(np.exp(by_orders(model)).mean(axis=0))
        losses = [keras.ops.convert_to_numpy(model(np.repeat(image[None], 4000, axis=0))).mean() for image in ALL]
        assert (total > exact).all() and np.mean(losses) == pytest.approx(total.mean(), abs=0.03)


def test_the_error_of_the_bound_is_that_of_the_mean_over_the_images():
    model = small()
    each = _nll_bounds(model.get_layer("denoiser"), ALL, 4, None, 1).mean(axis=1)
    found, again, other = (evaluation.log_likelihood(model, ALL, samples=4, seed=seed) for seed in (1, 1, 2))
    assert found == pytest.approx({"nll": each.mean(), "nll_error": each.std() / 4}, rel=1e-6)
    assert found == again != other


def frequencies(images):
    places = (images.reshape(-1, 4) @ [8, 4, 2, 1]).astype(int)
    return np.bincount(places, minlength=16) / len(images)


@pytest.mark.one_backend
def test_pixels_drawn_one_by_one_follow_the_mean_of_all_orders_and_at_once_they_are_independent():
    model = small(1)
    orders = np.exp(by_orders(model)).mean(axis=0)
    at_once = np.exp(log_probabilities(model, ALL, np.ones((16, 4))).sum(axis=1))
    assert orders.sum() == pytest.approx(1) and np.abs(orders - at_once).max() > 0.03
    for steps, expected in ((1, at_once), (4, orders), (9, orders)):
        images = generation.sample(model, 6000, steps=steps, seed=3)
        assert images.dtype == "float32" and set(np.unique(images)) == {0, 1}
        again, other = (generation.sample(model, 9, steps=steps, seed=seed) for seed in (3, 4))
        assert np.array_equal(again, generation.sample(model, 9, steps=steps, seed=3)) and (again != other).any()
        np.testing.assert_allclose(frequencies(images), expected, atol=0.015)


@pytest.mark.one_backend
def test_the_mean_of_a_pixel_is_that_given_all_other_pixels_of_the_image():
    model = small(1)
    drawn, means = (generation.sample(model, 300, steps=4, means=given, seed=3) for given in (False, True))
    expected_log = np.stack([log_probabilities(model, drawn, np.eye(4)[[i] * 300])[:, i] for i in range(4)], axis=1)
    expected = np.where(drawn.reshape(300, 4) > 0.5, np.exp(expected_log), 1 - np.exp(expected_log))
    np.testing.assert_allclose(means.reshape(300, 4), expected, rtol=1e-4)
