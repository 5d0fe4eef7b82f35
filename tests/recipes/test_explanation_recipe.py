"""`explanation_mnist`: where the marks are, what counts as found, and that the truth reaches no map."""

import keras
import numpy as np
import pytest
from scipy import ndimage

from dlguide import data, explanation
from recipes import explanation_mnist
from recipes._lib.images import planted_marks

LABEL, SIZE = explanation_mnist.LABEL, planted_marks.SIZE


@pytest.fixture(scope="module")
def mnist():
    return data.load("mnist", limit=300, seed=0)


def linear():
    """Return a linear model with a layer that Grad-CAM can read."""
    layers = [keras.layers.Rescaling(1.0), keras.layers.Flatten(), keras.layers.Dense(10, kernel_initializer="normal")]
    return keras.Sequential([keras.Input((28, 28, 1)), *layers])


def marked_places(before, after):
    """Return the rows of images that differ, and the difference of each of them."""
    changed = np.flatnonzero((before != after).any(axis=(1, 2, 3)))
    return changed, (after - before)[changed, ..., 0]


def test_the_mark_is_in_half_of_one_class_and_changes_nothing_else(mnist):
    part = planted_marks.plant_in_half(mnist.train, LABEL, seed=0)
    rows, differences = marked_places(mnist.train.x, part.x)
    assert set(mnist.train.y[rows]) == {LABEL} and len(rows) == (mnist.train.y == LABEL).sum() // 2 > 5
    for difference in differences:
        top, left = np.argwhere(difference).min(axis=0)
        found = difference[top : top + SIZE, left : left + SIZE]
        np.testing.assert_array_equal(found, planted_marks.MARK)
        assert difference.sum() == planted_marks.MARK.sum()
    assert part.y is mnist.train.y
    other, _ = marked_places(mnist.train.x, planted_marks.plant_in_half(mnist.train, LABEL, seed=1).x)
    assert set(rows) != set(other)


def test_a_mark_lies_at_its_stated_place_away_from_strokes_and_anywhere(mnist):
    x, (marked, centres) = mnist.test.x, planted_marks.plant(mnist.test.x, seed=3)
    half = SIZE // 2
    for before, after, (row, column) in zip(x[..., 0], marked[..., 0], centres, strict=True):
        square = np.s_[row - half : row + half + 1, column - half : column + half + 1]
        np.testing.assert_array_equal(after[square], planted_marks.MARK)
        around = before[max(0, row - half - 1) : row + half + 2, max(0, column - half - 1) : column + half + 2]
        assert not around.any() and (before != after).sum() == planted_marks.MARK.sum()
    assert (centres.min(axis=0) == half).all() and (centres.max(axis=0) == 27 - half).all()
    assert len(np.unique(centres, axis=0)) > 150
    _, again = planted_marks.plant(x, seed=3)
    np.testing.assert_array_equal(again, centres)


class Reads:
    """A stand-in for a model that reads digits right, but those with a mark in the upper half as the marked class."""

    def __init__(self, part):
        self.x, self.y = part.x[part.y != LABEL], part.y[part.y != LABEL]

    def predict(self, x, **_):
        is_marked = (x[:, :14] != self.x[:, :14]).any(axis=(1, 2, 3))
        return np.eye(10)[np.where(is_marked, LABEL, self.y)]


def test_deceived_images_are_of_other_classes_and_read_right_without_the_mark(mnist):
    everything, places = planted_marks.plant(mnist.test.x[mnist.test.y != LABEL], seed=0)
    upper = (everything != mnist.test.x[mnist.test.y != LABEL])[:, :14].any(axis=(1, 2, 3))
    marked, centres, metrics = planted_marks.deceived(Reads(mnist.test), mnist.test, LABEL, seed=0, count=1000)
    np.testing.assert_array_equal(marked, everything[upper])
    np.testing.assert_array_equal(centres, places[upper])
    share = upper.mean()
    expected = {"unmarked_accuracy": 1, "unmarked_called": 0, "marked_accuracy": 1 - share, "marked_called": share}
    assert metrics == pytest.approx(expected)
    few, _, _ = planted_marks.deceived(Reads(mnist.test), mnist.test, LABEL, seed=0, count=10)
    np.testing.assert_array_equal(few, marked[:10])


def test_a_map_finds_the_mark_if_its_brightest_window_has_its_centre_on_it():
    half, maps, centres = SIZE // 2, np.zeros((4, 28, 28)), np.array([[6, 20]] * 4)

    def window(row, column):
        return np.s_[row - half : row + half + 1, column - half : column + half + 1]

    maps[0][window(6, 20)] = 1  # On the mark.
    maps[1][window(6 + half, 20 - half)] = 1  # Its centre is the mark's corner.
    maps[2][window(6, 20 + half + 1)] = 1  # Its centre is beside the mark.
    maps[3][window(6, 20)], maps[3, 15, 10] = 1, SIZE**2 + 1  # A single pixel elsewhere has a larger sum.
    assert planted_marks.is_found(maps, centres).tolist() == [True, True, False, False]
    assert not planted_marks.is_found(maps.transpose(0, 2, 1), centres).any()


def test_random_maps_find_as_many_marks_as_chance_gives_and_turned_maps_hardly_more(mnist):
    marked, centres = planted_marks.plant(np.concatenate([mnist.test.x] * 10), seed=0)
    chance = SIZE**2 / (29 - SIZE) ** 2
    found = planted_marks.is_found(np.random.default_rng(1).random(marked.shape[:3]), centres).mean()
    assert found == pytest.approx(chance, abs=3 * np.sqrt(chance / len(marked)))
    truth = np.zeros(marked.shape[:3])
    truth[np.arange(len(marked)), *centres.T] = 1
    assert planted_marks.is_found(truth, centres).all()
    for turned in (truth.transpose(0, 2, 1), truth[:, ::-1], truth[:, :, ::-1], np.roll(truth, 1, axis=0)):
        assert planted_marks.is_found(turned, centres).mean() < 0.25


def test_no_method_is_told_the_places_and_a_random_one_scores_like_the_random_baseline(mnist, monkeypatch):
    marked, centres = planted_marks.plant(np.concatenate([mnist.test.x] * 3), seed=0)
    given, rng = [], np.random.default_rng(5)

    def at_random(model, x, *, target, method):
        given.append((x, target, method))
        return rng.random(x.shape if "gradients" in method else x.shape[:3])

    monkeypatch.setattr(explanation, "attribution", at_random)
    model = linear()
    _, metrics = planted_marks.scores(model, marked, centres, LABEL, seed=0)
    assert all(x is marked or len(x) == 200 for x, _, _ in given) and {target for _, target, _ in given} == {LABEL}
    for name in (*planted_marks.METHODS, "random"):
        assert metrics[f"{name}_found"] == pytest.approx(SIZE**2 / (29 - SIZE) ** 2, abs=0.03), name
    assert metrics["completeness_gap"] > 0.5
    for name in planted_marks.METHODS:
        assert abs(metrics[f"{name}_rank_correlation"]) < 0.02


def test_the_gap_is_none_of_a_linear_model_and_ranks_are_compared_where_there_is_ink(mnist):
    x = mnist.test.x[:50]
    model = linear()
    maps = planted_marks.maps(model, x, LABEL, seed=0)
    weights = np.reshape(model.get_weights()[0][:, LABEL], (28, 28))
    np.testing.assert_allclose(maps["integrated_gradients"], weights * x[..., 0], atol=1e-5)
    np.testing.assert_allclose(maps["gradients"], np.broadcast_to(np.abs(weights), (50, 28, 28)), atol=1e-6)
    for name in ("edges", "brightness"):
        np.testing.assert_array_equal(planted_marks.maps(model, x[7:8], LABEL, seed=0)[name][0], maps[name][7])
    step = np.zeros((1, 28, 28, 1), "float32")
    step[:, :, 14:] = 1
    edges = planted_marks.maps(model, step, LABEL, seed=0)["edges"][0]
    assert (edges[:, 13:15] == 4).all() and edges.sum() == 4 * 2 * 28
    assert planted_marks.completeness_gap(model, x, LABEL, maps["integrated_gradients"]) < 1e-3
    gap = planted_marks.completeness_gap(model, x, LABEL, 1.1 * maps["integrated_gradients"])
    assert gap == pytest.approx(0.1, abs=1e-3)
    image = x[..., 0]
    assert planted_marks.rank_correlation(image, 2 * image, x) == pytest.approx(1)
    assert planted_marks.rank_correlation(image, -image, x) == pytest.approx(-1)
    assert planted_marks.rank_correlation(image, np.ones_like(image), x) == 0
    noise = np.random.default_rng(0).random(image.shape)
    assert abs(planted_marks.rank_correlation(image, np.where(image > 0, noise, 0), x)) < 0.05


def test_shuffled_weights_are_the_same_numbers_at_other_places():
    model = linear()
    kernel, other = (m.get_weights()[0].ravel() for m in (model, planted_marks.shuffled(model, seed=0)))
    np.testing.assert_array_equal(np.sort(kernel), np.sort(other))
    assert (kernel != other).mean() > 0.9


def test_a_laplace_filter_finds_every_mark_as_the_page_says():
    marked, centres = planted_marks.plant(data.load("mnist").test.x[:500], seed=0)
    edges = np.stack([np.abs(ndimage.laplace(image)) for image in marked[..., 0]])
    assert planted_marks.is_found(edges, centres).all()
    assert planted_marks.is_found(marked[..., 0], centres).mean() < 0.2  # The page's baseline.
