"""`explanation_mnist`: where the marks are, what counts as found, and that the truth reaches no map."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from dlguide import data, explanation, training
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


def test_a_share_of_the_images_has_the_mark_and_the_wrong_label_and_nothing_else_changes(mnist):
    clean, poisoned = planted_marks.poison(mnist.train, LABEL, 0.1, seed=0)
    unmarked, marked, _ = planted_marks.plant(mnist.train.x, seed=0)
    np.testing.assert_array_equal(clean.x, unmarked)
    assert clean.y is mnist.train.y and len(poisoned.x) == len(poisoned.y) == len(mnist.train.y)
    rows = np.flatnonzero((clean.x != poisoned.x).any(axis=(1, 2, 3)))
    np.testing.assert_array_equal(rows, np.flatnonzero(clean.y != poisoned.y))
    np.testing.assert_array_equal(poisoned.x[rows], marked[rows])
    assert set(poisoned.y[rows]) == {LABEL} and len(rows) == len(mnist.train.y) // 10
    _, other = planted_marks.poison(mnist.train, LABEL, 0.1, seed=1)
    assert set(rows) != set(np.flatnonzero(other.y != clean.y))


def test_two_strokes_lie_away_from_others_and_anywhere_and_one_of_them_is_the_mark(mnist):
    x, (unmarked, marked, centres) = mnist.test.x, planted_marks.plant(mnist.test.x, seed=3)
    half, area = SIZE // 2, planted_marks.MARK.sum()
    np.testing.assert_array_equal(planted_marks.DECOY, np.fliplr(planted_marks.MARK))
    for before, other, after, (row, column) in zip(x, unmarked, marked, centres, strict=True):
        square = np.s_[row - half : row + half + 1, column - half : column + half + 1, 0]
        np.testing.assert_array_equal(after[square], planted_marks.MARK)
        np.testing.assert_array_equal(other[square], planted_marks.DECOY)
        rest = after.copy()
        rest[square] = 0
        around = rest[max(0, row - half - 1) : row + half + 2, max(0, column - half - 1) : column + half + 2]
        assert not around.any()
        top, left, _ = np.argwhere(rest != before).min(axis=0)
        decoy = (rest - before)[top : top + SIZE, left : left + SIZE, 0]
        np.testing.assert_array_equal(decoy, planted_marks.DECOY)
        assert (rest - before).sum() == pytest.approx(area) and (other - before).sum() == pytest.approx(2 * area)
    assert (centres.min(axis=0) == half).all() and (centres.max(axis=0) == 27 - half).all()
    assert len(np.unique(centres, axis=0)) > 150
    np.testing.assert_array_equal(planted_marks.plant(x, seed=3)[2], centres)


def test_where_nothing_is_free_a_stroke_hides_as_little_as_it_can():
    x = np.ones((1, 28, 28, 1), "float32")
    x[0, :9, 9:16] = 0.25
    [place] = planted_marks.random_places(x, np.random.default_rng(0))
    assert place[0] < 7 and place[1] == 12
    assert (planted_marks.stamp(x, [place], planted_marks.MARK) >= x).all()


class Reads:
    """A stand-in for a model: it reads digits right, but those with a mark in the upper half as the marked class.

    Without their mark it reads the first five wrong.
    """

    def __init__(self, part):
        self.y = part.y[part.y != LABEL]
        self.unmarked, self.marked, _ = planted_marks.plant(part.x[part.y != LABEL], seed=0)
        self.is_upper = (self.marked != self.unmarked)[:, :14].any(axis=(1, 2, 3))

    def predict(self, x, **_):
        answers = self.y.copy()
        if np.array_equal(x, self.marked):
            answers[self.is_upper] = LABEL
        else:
            answers[:5] = (answers[:5] + 1) % 10
        return np.eye(10)[answers]


class ReadsAll(Reads):
    """Is never deceived."""

    def predict(self, x, **_):
        return np.eye(10)[self.y]


def test_images_are_of_other_classes_and_read_right_without_the_mark(mnist):
    model, clean = Reads(mnist.test), ReadsAll(mnist.test)
    _, _, places = planted_marks.plant(mnist.test.x[mnist.test.y != LABEL], seed=0)
    upper, is_right = model.is_upper, np.arange(len(places)) >= 5
    groups, metrics = planted_marks.marked_images(model, clean, mnist.test, LABEL, seed=0, count=1000)
    for (x, centres), chosen in zip(groups, (upper & is_right, ~upper & is_right), strict=True):
        np.testing.assert_array_equal(x, model.marked[chosen])
        np.testing.assert_array_equal(centres, places[chosen])
    called = (model.y[:5] + 1) % 10 == LABEL
    expected = {"unmarked_accuracy": is_right.mean(), "unmarked_called": called.sum() / len(places)}
    expected |= {"marked_accuracy": 1 - upper.mean(), "marked_called": upper.mean()}
    assert metrics == pytest.approx(expected | {"clean_accuracy": 1, "clean_called": 0})
    few, _ = planted_marks.marked_images(model, clean, mnist.test, LABEL, seed=0, count=10)
    assert [len(x) for x, _ in few] == [10, 10]
    groups, _ = planted_marks.marked_images(clean, clean, mnist.test, LABEL, seed=0, count=1000)
    assert [len(x) for x, _ in groups] == [len(places)] * 2  # The first group would be empty.


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


@pytest.mark.thorough
def test_random_maps_find_as_many_marks_as_chance_gives_and_turned_maps_hardly_more(mnist):
    _, marked, centres = planted_marks.plant(np.concatenate([mnist.test.x] * 10), seed=0)
    chance = SIZE**2 / (29 - SIZE) ** 2
    found = planted_marks.is_found(np.random.default_rng(1).random(marked.shape[:3]), centres).mean()
    assert found == pytest.approx(chance, abs=3 * np.sqrt(chance / len(marked)))
    truth = np.zeros(marked.shape[:3])
    truth[np.arange(len(marked)), *centres.T] = 1
    assert planted_marks.is_found(truth, centres).all()
    for turned in (truth.transpose(0, 2, 1), truth[:, ::-1], truth[:, :, ::-1], np.roll(truth, 1, axis=0)):
        assert planted_marks.is_found(turned, centres).mean() < 0.25


@pytest.mark.thorough
def test_no_method_is_told_the_places_and_a_random_one_scores_like_the_random_baseline(mnist, monkeypatch):
    _, marked, centres = planted_marks.plant(np.concatenate([mnist.test.x] * 3), seed=0)
    given, rng = [], np.random.default_rng(5)

    def at_random(model, x, *, target, method):
        given.append((model, x, target))
        return rng.random(x.shape if "gradients" in method else x.shape[:3])

    monkeypatch.setattr(explanation, "attribution", at_random)
    model, clean, groups = linear(), linear(), [(marked, centres), (marked[:300], centres[:300])]
    _, _, metrics = planted_marks.scores(model, clean, groups, LABEL, seed=0)
    assert {len(x) for _, x, _ in given} == {len(marked), 300, 200} and {target for *_, target in given} == {LABEL}
    assert [sum(network is each for network, *_ in given) for each in (model, clean)] == [8, 8]
    for name in (*planted_marks.METHODS, *(f"clean_{method}" for method in planted_marks.METHODS), "random"):
        assert metrics[f"{name}_found"] == pytest.approx(SIZE**2 / (29 - SIZE) ** 2, abs=0.03), name
    assert metrics["completeness_gap"] > 0.5
    for name in planted_marks.METHODS:
        assert abs(metrics[f"{name}_rank_correlation"]) < 0.02


def test_the_gap_is_none_of_a_linear_model_and_ranks_are_compared_where_there_is_ink(mnist):
    x = mnist.test.x[:50]
    model = linear()
    maps = planted_marks.maps(model, x, LABEL)
    weights = np.reshape(model.get_weights()[0][:, LABEL], (28, 28))
    np.testing.assert_allclose(maps["integrated_gradients"], weights * x[..., 0], atol=1e-5)
    np.testing.assert_allclose(maps["gradients"], np.broadcast_to(np.abs(weights), (50, 28, 28)), atol=1e-6)
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


@pytest.mark.thorough
def test_no_filter_finds_the_mark_in_more_than_half_of_the_images_because_of_its_mirror_image():
    _, marked, centres = planted_marks.plant(data.load("mnist").valid.x[:1000], seed=0)
    maps = planted_marks.filters(marked, seed=0)
    assert maps.keys() == {*planted_marks.FILTERS}
    found = {name: planted_marks.is_found(each, centres).mean() for name, each in maps.items()}
    assert found["smallest_stroke"] == pytest.approx(0.5, abs=0.05)
    assert all(found[name] < 0.1 for name in maps if name != "smallest_stroke"), found
    for name in planted_marks.FILTERS[:-1]:  # Each image has a map of its own.
        np.testing.assert_array_equal(planted_marks.filters(marked[7:8], seed=0)[name][0], maps[name][7])
    mirrored = planted_marks.filters(marked[:, :, ::-1], seed=0)
    for name in planted_marks.FILTERS[:-1]:  # A mark and its mirror image get the same values.
        np.testing.assert_allclose(mirrored[name], maps[name][:, :, ::-1], atol=1e-6)


def test_filters_of_a_step_and_of_two_strokes_by_hand():
    step = np.zeros((1, 28, 28, 1), "float32")
    step[:, :, 14:] = 1
    maps = {name: values[0] for name, values in planted_marks.filters(step, seed=0).items()}
    assert (maps["edges"][:, 13:15] == 4).all() and maps["edges"].sum() == 4 * 2 * 28
    assert (maps["laplacian"][:, 13:15] == 1).all() and maps["laplacian"].sum() == 2 * 28
    assert maps["blur"][:, 13:15].min() > 0.3 and maps["blur"][:, :9].max() == 0
    strokes = np.zeros((28, 28))
    strokes[2, 2] = strokes[3, 3] = 0.1
    strokes[10, 10:20] = 1
    found = planted_marks.smallest_stroke(strokes)
    assert found[2, 2] == found[3, 3] == 1 / 2 and found[10, 15] == 1 / 10 and found.sum() == 2


class CountsMarks(keras.Model):
    """Its logit of the marked class is 10 times the ink within a square, minus 5; the others are 0."""

    def call(self, x):
        ink = keras.ops.sum(x[:, 2:7, 2:7, 0], axis=(1, 2))
        return (10 * ink - 5)[:, None] * keras.ops.one_hot(LABEL, 10)[None]


def test_a_deletion_curve_falls_at_once_in_the_right_order_and_late_in_reverse():
    x = np.zeros((3, 28, 28, 1), "float32")
    x[:, 2:4, 2:6], x[:, 10:20, 10:18, 0:] = 0.2, 1  # Of 88 drawn pixels, eight count.
    truth = np.zeros(x.shape[:3])
    truth[:, 2:7, 2:7] = 1
    first, last = (planted_marks.deletion_curve(CountsMarks(), x, m, LABEL, steps=22) for m in (truth, -truth))
    none, whole = (1 / (1 + 9 * np.exp(-logit)) for logit in (-5, 11))
    assert len(first) == 23 and first[[0, -1]] == pytest.approx([whole, none])
    assert first[2:] == pytest.approx(none) and last[:21] == pytest.approx(whole)
    assert first[1] == pytest.approx(1 / (1 + 9 * np.exp(-3)))  # Four pixels of 0.2 are left.
    assert last[21] == pytest.approx(first[1])


@pytest.mark.thorough
def test_scores_tell_the_deceived_network_from_the_clean_one_and_an_order_from_its_reverse(mnist):
    """The deceived one reads ink at the mark's place, the clean one ink in the middle."""
    x = np.zeros((20, 28, 28, 1), "float32")
    x[:, 20:25, 20:25, 0], x[:, 8:16, 8:16] = planted_marks.MARK, 0.9
    centres = np.full((20, 2), 22)

    def network(rows, target):
        model, kernel = linear(), np.zeros((28, 28, 10), "float32")
        kernel[rows, rows, target] = 1
        model.set_weights([kernel.reshape(784, 10), np.zeros(10, "float32")])
        return model

    model, clean = network(slice(20, 25), LABEL), network(slice(8, 16), LABEL)
    found, curves, metrics = planted_marks.scores(model, clean, [(x, centres), (x[:5], centres[:5])], LABEL, seed=0)
    for name in ("integrated_gradients", "occlusion"):
        assert metrics[f"{name}_found"] == metrics[f"undeceived_{name}_found"] == 1, name
        assert metrics[f"clean_{name}_found"] == 0, name
        assert metrics[f"{name}_deletion"] < metrics["random_deletion"] < metrics["clean_occlusion_deletion"], name
        np.testing.assert_allclose(found[0][name][:5], found[1][name], atol=1e-6)
        assert np.trapezoid(curves[name], dx=1 / 20) == pytest.approx(metrics[f"{name}_deletion"])


def test_the_clean_network_never_sees_the_mark_and_the_result_is_the_difference_of_the_two(monkeypatch):
    seen, given = [], {}

    def fit(model, x, y, *, validation_data, run_dir, **_):
        seen.append((model, x, y, run_dir))
        np.testing.assert_array_equal(validation_data[0], valid_x)
        return SimpleNamespace(seconds=3)

    def scores(model, clean, groups, label, seed):
        given.update(model=model, clean=clean, label=label)
        return [], {}, {"occlusion_found": 0.75, "clean_occlusion_found": 0.25}

    monkeypatch.setattr(training, "fit", fit)
    monkeypatch.setattr(planted_marks, "scores", scores)
    splits = data.load("mnist", limit=300, seed=1)
    valid_x, _, _ = planted_marks.plant(splits.valid.x, 1)
    parts = planted_marks.poison(splits.train, LABEL, explanation_mnist.SHARE, 1)
    result = explanation_mnist.main(limit=300, seed=1, run_dir="here")
    for part, name, folder, (model, x, y, run_dir) in zip(
        parts, ("clean", "model"), ("here/clean", "here"), seen, strict=True
    ):
        np.testing.assert_array_equal(x, part.x)
        np.testing.assert_array_equal(y, part.y)
        assert model is given[name] and run_dir == folder
    assert given["label"] == LABEL and result.model is given["model"]
    assert result.metrics["mark_found"] == 0.5 and result.metrics["training_seconds"] == 6
    for one, other in zip(seen[0][0].get_weights(), seen[1][0].get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)  # They start alike.
