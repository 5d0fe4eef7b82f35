"""Scores of images and codes, a regression as a formula, texts as ids, titles: against values computed by hand."""

import matplotlib
import numpy as np
import pytest

from dlguide import polynomial_regression
from recipes._lib import drawing, regression_formula, representation_scores
from recipes._lib.texts import token_ids


def test_the_frechet_distance_of_normal_distributions_is_its_closed_form():
    x = np.random.default_rng(0).normal(size=(4000, 3))
    x = (x - x.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(x, rowvar=False)).T)  # Exactly standard.
    drawn = np.pad(x @ np.diag([1.0, 2.0, 0.5]) + [1, 0, -2], [(0, 0), (0, 1)])  # A constant feature does no harm.
    distance = representation_scores.frechet_distance(drawn, np.pad(x, [(0, 0), (0, 1)]))
    assert distance == pytest.approx(1 + 4 + 1 + 0.25, rel=1e-6)
    with pytest.raises(ValueError, match=r"more images than dimensions. Received: features of shape \(3, 3\)"):
        representation_scores.frechet_distance(x[:3], x)


def test_a_class_of_two_clusters_has_the_accuracy_of_the_larger_one():
    assert representation_scores.clustering_accuracy([0, 0, 0, 0, 1], [1, 1, 1, 2, 7]) == 0.8
    assert representation_scores.clustering_accuracy([0, 0, 1, 1], [5, 5, 2, 5]) == 0.75


def test_a_probe_scales_codes_by_those_of_training_and_scores_the_others():
    train, codes = np.array([[1000.0], [1002.0]]), np.array([[900.0], [1000.9], [1001.1], [9999.0]])
    assert representation_scores.linear_probe(train, [0, 1], codes, [0, 0, 1, 1]) == 1.0
    assert representation_scores.linear_probe(train, [0, 1], codes, [0, 1, 1, 1]) == 0.75
    # With scikit-learn's own penalty the border is at 6.24; with 0.9 or 1.1 times the penalty it is not between these.
    assert representation_scores.linear_probe(np.arange(6.0)[:, None], [0] * 5 + [1], [[6.15], [6.32]], [0, 1]) == 1.0


def test_the_coefficients_are_those_of_the_polynomial_in_the_units_of_its_input():
    model = polynomial_regression((2,), degree=2)
    features, output = model.get_layer("features"), model.get_layer("output")
    # 5 + 1 * z1 + 2 * z1 * z2 with z1 = (a - 3) / 2, z2 = b - 1.
    terms = {(0,): 1.0, (0, 1): 2.0}
    size = len(features.terms)
    features.set_weights([np.array([3.0, 1.0]), np.array([2.0, 1.0]), np.zeros(size), np.eye(size)])
    output.set_weights([np.array([[terms.get(term, 0.0)] for term in features.terms]), np.array([5.0])])
    found = regression_formula.coefficients(model, ["a", "b"])
    # 5 + (a - 3) / 2 + (a - 3)(b - 1) = 6.5 - 0.5 a - 3 b + a b
    assert found == {(): 6.5, ("a",): -0.5, ("b",): -3.0, ("a", "a"): 0.0, ("a", "b"): 1.0, ("b", "b"): 0.0}
    x = np.array([[3.0, 1.0], [1.0, 4.0]])
    assert model.predict(x, verbose=0)[:, 0].tolist() == [5, -2]
    assert regression_formula.formula(model, ["a", "b"], "y") == (
        "y = 6.5 - 0.5 · a - 3 · b + 0 · a^2 + 1 · a · b + 0 · b^2"
    )
    assert list(regression_formula.coefficients(model))[:3] == [(), ("x1",), ("x2",)]


def test_texts_are_cut_and_padded_and_come_back():
    ids = token_ids.encode(["abx", "aaaaa", "", ["b", "a"]], ["", "?", "a", "b"], 4)
    assert ids.tolist() == [[2, 3, 1, 0], [2] * 4, [0] * 4, [3, 2, 0, 0]] and ids.dtype == "int32"
    assert [token_ids.decode(row, ["", "?", "a", "b"]) for row in ids] == ["ab?", "aaaa", "", "ba"]


def test_a_title_replaces_the_old_one_the_figure_grows_by_the_new_lines_and_no_setting_changes():
    before = dict(matplotlib.rcParams)
    with drawing.new_figure(4, 3) as figure:
        figure.subplots().set_title("训练集")
    for title, height in (("标题", 3.18), ("one\ntwo\n三", 3.54), ("one", 3.18)):
        drawing.set_title(figure, title)
        assert figure.get_suptitle() == title and figure.get_figheight() == pytest.approx(height)
    figure.draw_without_rendering()  # matplotlib warns of a missing glyph.
    assert dict(matplotlib.rcParams) == before
