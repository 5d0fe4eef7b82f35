"""The cheap rivals of the recipes: what they compute, and that no recipe is without one."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from dlguide import data
from recipes._lib.images import few_labels
from recipes._lib.runs import recipe_list, results
from tools.benchmarks import rival_methods, rivals, tables

BASELINE_IS_THE_STRONGEST = {"selfplay_connect4", "explanation_mnist", "gru_sunspots", "transfer_mnist"}
BASELINE_IS_THE_STRONGEST |= {"diffusion_mnist", "seq2seq_pronounce", "vae_mnist"}
ELSEWHERE = {"compression_mnist", "gan_mnist"}  # In docs/record.md, in question 17.
ELSEWHERE |= {"cnn_fashion"}  # Not measured: its data are not in the repository.


def test_each_recipe_has_a_cheap_rival_and_each_published_one_its_seeds():
    with_rivals = {recipe_list.recipe(name).recipe for name in rivals.RIVALS}
    assert with_rivals | BASELINE_IS_THE_STRONGEST | ELSEWHERE >= set(recipe_list.names())
    assert not with_rivals & (BASELINE_IS_THE_STRONGEST | ELSEWHERE)
    measured = tables.read("rivals")["rows"]
    assert {name: list(found) for name, found in measured.items()} == {
        name: list(own) for name, own in rivals.RIVALS.items()
    }
    for name, found in measured.items():
        assert all(list(rival["seeds"]) == list(results.result(name)["seeds"]) for rival in found.values()), name


def test_a_recipe_is_ahead_where_its_metric_is_better(monkeypatch):
    published = {"seeds": {"10": {"accuracy": 0.9, "mae": 3.0}, "11": {"accuracy": 0.8, "mae": 4.0}}}
    monkeypatch.setattr(results, "result", lambda name: published)
    assert rivals.ahead("mlp_mnist", {"10": 0.85, "11": 0.85}) == 1
    assert rivals.ahead("linear_regression_mpg", {"10": 3.1, "11": 4.1}) == 2


def test_a_slanted_digit_becomes_upright_and_gradients_fall_into_the_bin_of_their_direction():
    image = np.zeros((28, 28))
    for row in range(5, 20):
        image[row, 5 + row // 2] = 1
    found = rival_methods.straightened(image)
    row, column = np.mgrid[:28, :28]
    mass = found / found.sum()
    middle = (mass * row).sum(), (mass * column).sum()
    assert middle == pytest.approx((13.5, 13.5), abs=0.3)
    assert (mass * (row - middle[0]) * (column - middle[1])).sum() == pytest.approx(0, abs=0.3)
    ramp = np.tile(np.arange(28.0), (28, 1))
    for turned, bin_ in ((ramp, 0), (ramp.T, 2), (ramp[:, ::-1], 4), (ramp.T[::-1], 6)):
        histograms = rival_methods.gradient_histograms(turned[None]).reshape(-1, 8)
        assert (histograms.argmax(axis=1) == bin_).all() and np.delete(histograms, bin_, axis=1).max() < 1e-6


def blobs(seed, by_hand):
    """Return ten groups of points in place of digits, near enough for a graph in one piece."""
    rng, y = np.random.default_rng(seed), np.repeat(np.arange(10), 40)
    x = np.eye(10)[y] * 5 + rng.normal(size=(400, 10))
    return y, y, x, x


def test_labels_spread_over_near_points_and_groups_are_clusters(monkeypatch):
    monkeypatch.setattr(rival_methods, "digits", blobs)
    for method in (rival_methods.spread_labels, rival_methods.spectral_clusters, rival_methods.support_vectors):
        assert method(0, by_hand=False) > 0.99, method
    assert rival_methods.three_neighbours(0) > 0.99
    graph, root = few_labels.neighbour_graph(blobs(0, False)[2])
    graph = graph.toarray()
    assert graph == pytest.approx(graph.T) and graph.max() < 1 and graph[:40, 40:].mean() < 0.1 * graph.mean()
    assert graph @ root == pytest.approx(root)


def test_a_label_in_the_smaller_group_counts_as_much_as_three_in_the_larger_one():
    """Each class gets an equal share: without it, the class with more labels wins the places between."""
    x = np.linspace(0, 1, 40)[:, None]
    found = few_labels.spread(x, np.array([0, 33, 36, 39]), np.array([0, 1, 1, 1]), x)
    assert (found[:15] == 0).all() and (found[-15:] == 1).all() and abs((found == 0).sum() - 20) <= 4


def test_counts_learn_a_rule_and_no_test_answer(monkeypatch):
    rng = np.random.default_rng(0)
    x = np.stack([1 + rng.integers(3, size=400), 4 + rng.integers(3, size=400), 7 + rng.integers(2, size=400)], axis=1)
    y = np.where(x[:, 2] == 7, x[:, 0] - 1, x[:, 1] - 4)  # The question tells which of the two counts.
    info = SimpleNamespace(vocabulary=range(9), num_classes=3)
    parts = [data.Part(x[:300], y[:300]), data.Part(x[300:], y[300:])]
    monkeypatch.setattr(data, "load", lambda name, seed: SimpleNamespace(train=parts[0], test=parts[1], info=info))
    assert rival_methods.counts(0) == 1
    parts[1] = data.Part(x[300:], (y[300:] + 1) % 3)
    assert rival_methods.counts(0) == 0


@pytest.mark.parametrize(("text", "low", "high"), [([0, 1] * 200, 0, 0.05), (None, math.log(4) - 0.1, 2.0)])
def test_counting_on_learns_a_pattern_and_cannot_learn_noise(monkeypatch, text, low, high):
    if text is None:
        text = np.random.default_rng(0).integers(4, size=4000).tolist()
    half = len(text) // 2
    parts = [data.Part(np.array([t[:-1]]), np.array([t[1:]])) for t in (text[:half], text[half:])]
    info = SimpleNamespace(vocabulary=range(4))
    monkeypatch.setattr(data, "load", lambda name, seed: SimpleNamespace(train=parts[0], test=parts[1], info=info))
    assert low <= rival_methods.counting_on(0) <= high


def test_the_rule_balances_the_pole():
    assert rival_methods.rule(3, "CartPole-v1") > 400
