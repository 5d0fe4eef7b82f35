"""`plots`: what stands where in each picture, and the titles of the pictures that a recipe saves."""

import numpy as np
import pytest

from dlguide import linear_regression, plots
from recipes._lib.pictures import run_pictures as pictures

IMAGES = np.zeros((5, 8, 8, 1))


def saved(figure, path):
    figure.savefig(path)
    assert path.stat().st_size > 1000
    return figure


def titles(figure):
    return [axes.get_title() for axes in figure.axes]


def legend(axes):
    """Return the texts of the legend, and the title of it."""
    return [text.get_text() for text in axes.get_legend().get_texts()], axes.get_legend().get_title().get_text()


# Learning curves


def test_each_curve_is_drawn_at_its_epochs_under_its_own_name(tmp_path):
    history = {"loss": [2.0, 1.0, 0.5], "val_loss": [2.1, 1.5, 1.4], "accuracy": [0.1, 0.5, 0.6]}
    loss, accuracy = saved(plots.learning_curves(history), tmp_path / "curves.png").axes
    assert [axes.get_ylabel() for axes in (loss, accuracy)] == ["loss", "accuracy"]
    assert {line.get_label(): line.get_ydata().tolist() for line in loss.lines} == {
        "training": [2.0, 1.0, 0.5],
        "validation": [2.1, 1.5, 1.4],
    }
    assert [line.get_label() for line in accuracy.lines] == ["training"]
    assert loss.lines[0].get_xdata().tolist() == [1, 2, 3] and loss.get_xlabel() == "epoch"
    assert legend(loss)[0] == ["training", "validation"]


def test_metrics_are_called_what_the_reader_knows_and_the_named_ones_come_first():
    history = {"accuracy": [0.5], "found": [0.1], "loss": [2.0], "learning_rate": [0.1]}
    figure = plots.learning_curves(history, metric_names={"loss": "loss (nats)", "found": "share found"})
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss (nats)", "share found", "accuracy"]
    assert [axes.lines[0].get_ydata()[0] for axes in figure.axes] == [2.0, 0.1, 0.5]


@pytest.mark.parametrize(("panels", "rows", "columns"), [(1, 1, 1), (3, 1, 3), (4, 2, 2), (5, 2, 3), (7, 3, 3)])
def test_there_are_three_panels_in_a_row_at_the_most_of_the_same_size(panels, rows, columns):
    figure = plots.learning_curves({f"metric_{i}": [1.0, 2.0] for i in range(panels)})
    grids = {axes.get_subplotspec().get_gridspec().get_geometry() for axes in figure.axes}
    assert len(figure.axes) == panels and grids == {(rows, columns)}
    assert figure.get_size_inches() == pytest.approx([4.2 * columns, 3.3 * rows])


@pytest.mark.parametrize(("training", "validation"), [(0.8971, 0.9012), (598.7, 181.9), (-8.75, -1.94), (0.0, 0.0)])
def test_a_single_epoch_shows_both_values_on_an_axis_from_0_and_no_other_epoch(training, validation):
    [axes] = plots.learning_curves({"loss": [training], "val_loss": [validation]}).axes
    left, right = axes.texts
    assert left.get_text() == f"training {training:.3g}" and right.get_text() == f"validation {validation:.3g}"
    assert left.xy == (1, training) and right.xy == (1, validation)
    assert left.xyann[0] < 0 < right.xyann[0] and (left.get_ha(), right.get_ha()) == ("right", "left")
    assert axes.get_xticks().tolist() == [1] and axes.get_xlim() == (0.5, 1.5)
    low, high = axes.get_ylim()
    assert low <= min(0, training, validation) and max(0, training, validation) <= high
    assert training == 0 or 0 in (low, high)


def test_a_metric_of_several_values_has_a_thin_line_for_each_and_a_thick_one_for_their_mean(tmp_path):
    f1 = np.array([[0.1, 0.3], [0.4, 0.8], [0.5, 0.9]])
    history = {"loss": [3.0, 2.0, 1.0], "f1_score": list(f1), "val_f1_score": list(f1 / 2)}
    loss, axes = saved(plots.learning_curves(history), tmp_path / "curves.png").axes
    assert loss.get_ylabel() == "loss" and axes.get_ylabel() == "f1_score\n(thick: mean of 2 values)"
    assert legend(axes)[0] == ["training", "validation"]
    for values, color, label in ((f1, "C0", "training"), (f1 / 2, "C1", "validation")):
        lines = [line for line in axes.lines if line.get_color() == color]
        thick = max(lines, key=lambda line: line.get_linewidth())
        assert thick.get_linewidth() > 2 and thick.get_label() == label
        assert thick.get_ydata() == pytest.approx(values.mean(axis=1))
        assert [line.get_ydata().tolist() for line in lines if line is not thick] == values.T.tolist()
    named = plots.learning_curves(history, metric_names={"f1_score": "F1"})
    assert named.axes[0].get_ylabel() == "F1\n(thick: mean of 2 values)"


@pytest.mark.parametrize("value", [0.25, np.float32(0.25), np.array(0.25), np.array([0.25])])
def test_a_metric_of_one_value_is_one_line_whatever_holds_it(value):
    [axes] = plots.learning_curves({"auc": [value, value]}).axes
    assert [line.get_ydata().tolist() for line in axes.lines] == [[0.25, 0.25]] and axes.get_ylabel() == "auc"


def test_an_epoch_without_a_metric_has_no_point_and_the_others_stay_at_their_epochs(tmp_path):
    nan, pair = float("nan"), np.array([0.2, 0.6])
    history = {
        "loss": np.linspace(2, 1, 40).tolist(),
        "auc": [0.5 if epoch in (10, 30) else nan for epoch in range(1, 41)],
        "f1": [pair if epoch == 7 else nan for epoch in range(1, 41)],
        "never": [nan] * 40,
    }
    loss, auc, f1, never = saved(plots.learning_curves(history), tmp_path / "curves.png").axes
    assert auc.lines[0].get_xdata().tolist() == [10, 30] and auc.lines[0].get_ydata().tolist() == [0.5, 0.5]
    assert [line.get_xdata().tolist() for line in f1.lines] == [[7]] * 3
    assert [line.get_ydata()[0] for line in f1.lines] == pytest.approx([0.2, 0.6, 0.4])
    assert not len(never.lines[0].get_xdata())
    # A point alone is no line: it is seen by its marker.
    assert {line.get_marker() for axes in (auc, f1) for line in axes.lines} == {"."}
    assert loss.lines[0].get_marker() == "None"
    assert all(axes.get_xlim() == (0.5, 40.5) for axes in (loss, auc, f1, never))


def test_a_single_epoch_shows_the_mean_of_several_values_and_nothing_for_none():
    f1, auc = plots.learning_curves({"f1": [np.array([0.2, 0.6])], "auc": [float("nan")]}).axes
    assert [text.get_text() for text in f1.texts] == ["training 0.4"] and not auc.texts


# Classes


def test_names_in_an_array_are_drawn_like_those_in_a_list():
    def words(of):
        names, three = of(["ape", "bee"]), of(["a", "b", "c"])
        figures = (
            plots.confusion_matrix([[3, 1], [0, 4]], names),
            plots.examples(IMAGES[:2], [0, 1], [[1.0, 0], [9, 0]], names),
            plots.codes(np.eye(2), [0, 1], names),
            plots.image_grid(np.zeros((2, 3, 5, 5)), names, three),
            plots.attention(np.zeros((1, 3, 3)), three),
        )
        return [
            [text.get_text() for text in figure.findobj(lambda part: hasattr(part, "get_text"))] for figure in figures
        ]

    assert words(np.array) == words(list) and all("bee" in " ".join(texts) for texts in words(np.array)[:4])
    [axes] = plots.confusion_matrix([[3, 1], [0, 4]], np.array([70, 71])).axes  # As `LabelEncoder.classes_` may be.
    assert [label.get_text() for label in axes.get_xticklabels()] == ["70", "71"]


def test_classes_in_a_column_are_read_as_those_in_a_row():
    scores = [[0.9, 0.1], [0.8, 0.2]]
    for worst in (False, True):
        row = titles(plots.examples(IMAGES[:2], [0, 1], scores, worst=worst))
        assert titles(plots.examples(IMAGES[:2], np.array([[0.0], [1.0]]), scores, worst=worst)) == row
    assert row == ["predicted 0 (80 %),\ntrue 1", "0"]


def test_a_confusion_matrix_has_the_true_class_in_the_row_and_the_predicted_one_in_the_column(tmp_path):
    figure = saved(plots.confusion_matrix([[7, 2, 0], [0, 5, 1], [0, 0, 4]], ["cat", "dog", "owl"]), tmp_path / "m.png")
    [axes] = figure.axes
    assert axes.get_xlabel() == "predicted" and axes.get_ylabel() == "true"
    # An image has x to the right and y downwards.
    assert {(text.get_text(), *text.get_position()) for text in axes.texts} == {
        ("7", 0, 0), ("2", 1, 0), ("5", 1, 1), ("1", 2, 1), ("4", 2, 2)
    }  # fmt: skip
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert [label.get_text() for label in labels] == ["cat", "dog", "owl"]
    share = axes.images[0].get_array()
    np.testing.assert_allclose(share**2, [[7 / 9, 2 / 9, 0], [0, 5 / 6, 1 / 6], [0, 0, 1]])


def test_a_mistake_says_what_was_predicted_how_surely_and_what_is_true(tmp_path):
    logs = np.log([[0.7, 0.3], [0.02, 0.98], [0.8, 0.2], [0.001, 0.999]])
    scores = logs + np.array([[3.0], [-1.0], [0.0], [9.0]])  # As logits may be moved.
    figure = plots.examples(IMAGES[:4], [0, 0, 1, 0], scores, ["cat", "dog"])
    assert titles(saved(figure, tmp_path / "examples.png")) == [
        "cat", "predicted dog (98 %),\ntrue cat", "predicted cat (80 %),\ntrue dog", "predicted dog (>99 %),\ntrue cat"
    ]  # fmt: skip
    assert [axes.title.get_color() for axes in figure.axes] == ["black", "crimson", "crimson", "crimson"]
    assert figure.get_suptitle() == "above each image the predicted class, mistakes in red"
    assert "predicted 1 (98 %),\ntrue 0" in titles(plots.examples(IMAGES[:4], [0, 0, 1, 0], scores))


def test_probabilities_and_their_logits_give_the_same_picture():
    probabilities = np.random.default_rng(0).dirichlet(np.ones(3), 5)
    y = [0, 1, 2, 0, 1]
    for worst in (False, True):
        from_both = [
            titles(plots.examples(IMAGES, y, scores, worst=worst)) for scores in (probabilities, np.log(probabilities))
        ]
        assert from_both[0] == from_both[1] and any("%" in title for title in from_both[0])


def test_the_worst_examples_are_those_with_the_largest_cross_entropy():
    # The margin of the second, 5, is the larger one; the cross-entropy of the third, log(1 + 9 exp(4.9)) = 7.1, is.
    scores = np.zeros((5, 10))
    scores[1, 0], scores[2, 1:], scores[3, 0] = 5.0, 4.9, 1.0
    scores[1, 2:], scores[3, 2:] = -99, -99
    y = np.array([3, 1, 0, 1, 0])
    images = np.arange(5.0)[:, None, None] * np.ones((5, 8, 8)) / 4
    figure = plots.examples(images, y, scores, worst=True, count=4)
    assert [axes.images[0].get_array()[0, 0] * 4 for axes in figure.axes] == [2, 1, 0, 4]
    assert figure.get_suptitle().startswith("largest cross-entropy first")

    # Three classes, as probabilities: the margin of the first is 0.45, of the second 0.4.
    shares = [[0.7, 0.25, 0.05], [0.6, 0.2, 0.2], [0.3, 0.3, 0.4]]
    figure = plots.examples(images[:3], [1, 2, 2], shares, worst=True)
    assert [axes.images[0].get_array()[0, 0] * 4 for axes in figure.axes] == [1, 0, 2]


def test_a_true_class_without_a_chance_is_the_worst_and_half_precision_is_read_as_probabilities():
    scores = np.array([[0.9, 0.1, 0.0], [1.0, 0.0, 0.0]])
    assert titles(plots.examples(IMAGES[:2], [1, 1], scores, worst=True, count=1)) == ["predicted 0 (>99 %),\ntrue 1"]
    half = np.array([[0.3333, 0.3333, 0.3335], [0.2, 0.5, 0.2998]])
    assert titles(plots.examples(IMAGES[:2], [2, 0], half)) == ["2", "predicted 1 (50 %),\ntrue 0"]


def test_long_class_names_do_not_run_into_each_other():
    names, y = [f"a class with a long name {i}" for i in range(10)], np.zeros(5, int)
    figure = plots.examples(IMAGES, y, np.eye(10)[1:6], names)
    figure.draw_without_rendering()
    boxes = [axes.title.get_window_extent() for axes in figure.axes]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)


def test_feature_maps_and_attention_show_what_they_were_given(tmp_path):
    image, maps = np.eye(6)[:, :, None], np.arange(4 * 4 * 20.0).reshape(4, 4, 20)
    figure = saved(plots.feature_maps(image, maps), tmp_path / "maps.png")
    assert titles(figure) == ["image", *(f"filter {i}" for i in range(16))]
    np.testing.assert_array_equal(figure.axes[3].images[0].get_array(), maps[..., 2])

    weights = np.random.default_rng(0).random((2, 5, 5))
    figure = saved(plots.attention(weights, "abc"), tmp_path / "attention.png")
    np.testing.assert_array_equal(figure.axes[1].images[0].get_array(), weights[1, :3, :3])
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["a", "b", "c"]
    assert figure.axes[0].get_xlabel() == "looks at" and figure.axes[0].get_ylabel() == "token"
    assert {axes.images[0].get_clim() for axes in figure.axes} == {(0, weights[:, :3, :3].max())}


# Codes and anomaly scores


def test_codes_say_by_what_they_are_coloured(tmp_path):
    points, labels = np.random.default_rng(0).normal(size=(6, 2)), np.array([2, 0, 2, 0, 0, 1])
    figure = saved(plots.codes(points, labels, ["a", "b", "c"], label_name="digit"), tmp_path / "codes.png")
    [axes] = figure.axes
    assert figure.get_suptitle() == "codes, coloured by digit" and legend(axes) == (["a", "b", "c"], "digit")
    for label, drawn in enumerate(axes.collections):
        np.testing.assert_allclose(drawn.get_offsets(), points[labels == label])
    clusters = plots.codes(points, labels, label_name="cluster")
    assert clusters.get_suptitle() == "codes, coloured by cluster"
    assert legend(clusters.axes[0]) == (["0", "1", "2"], "cluster")


def test_codes_of_many_numbers_are_drawn_by_their_principal_components_the_largest_to_the_right():
    points = np.random.default_rng(0).normal(size=(200, 4)) * [0.1, 3, 1, 0.1]
    [axes] = plots.codes(points, np.zeros(200, int)).axes
    x, y = axes.collections[0].get_offsets().T
    assert np.abs(np.corrcoef(x, points[:, 1])[0, 1]) > 0.99 < np.abs(np.corrcoef(y, points[:, 2])[0, 1])
    shares = 100 * np.array([x.var(), y.var()]) / points.var(axis=0).sum()
    names = [f"principal component {i + 1} ({share:.0f}%)" for i, share in enumerate(shares)]
    assert [axes.get_xlabel(), axes.get_ylabel()] == names


def test_codes_of_one_number_are_drawn_in_a_row_for_each_class():
    [axes] = plots.codes([[0.5], [2.0], [3.0]], [4, 4, 7], label_name="digit").axes
    first, second = (np.asarray(part.get_offsets()).tolist() for part in axes.collections)
    assert first == [[0.5, 4], [2, 4]] and second == [[3, 7]]
    assert axes.get_xlabel() == "number" and axes.get_ylabel() == "digit"


def test_the_bars_of_normal_examples_and_of_anomalies_stand_where_their_scores_are():
    scores, labels = np.array([0.1, 0.11, 0.12, 20.0, 21.0, 0.1]), np.array([0, 0, 0, 1, 1, 1])
    [axes] = plots.score_histogram(scores, labels, threshold=3.0, score_name="squared error").axes
    bars = {group.patches[0].get_label(): group.patches for group in axes.containers}
    for label, name in ((0, "normal"), (1, "anomaly")):
        edges = [bar.get_x() for bar in bars[name]] + [np.inf]
        heights = [bar.get_height() for bar in bars[name]]
        assert heights == np.histogram(scores[labels == label], edges)[0].tolist()
        assert sum(heights) == 3
    assert list(axes.lines[0].get_xdata()) == [3.0, 3.0] and axes.lines[0].get_label() == "threshold 3"
    assert axes.get_xlabel() == "squared error" and axes.get_ylabel() == "examples"


# Numbers


def test_predictions_stand_over_their_true_values_beside_the_baseline(tmp_path):
    y, predicted, baseline = np.array([1.0, 2.0, 4.0]), np.array([[1.5], [2.0], [3.0]]), np.full((3, 1), 2.0)
    figure = plots.prediction_against_truth(y, predicted, "height", unit="m", baseline=baseline, baseline_name="mean")
    [axes] = saved(figure, tmp_path / "prediction.png").axes
    rings, points = (np.asarray(part.get_offsets()).tolist() for part in axes.collections)
    assert points == [[1, 1.5], [2, 2], [4, 3]] and rings == [[1, 2], [2, 2], [4, 2]]
    assert axes.get_xlabel() == "true height (m)" and axes.get_ylabel() == "predicted height (m)"
    assert legend(axes)[0] == ["equal", "mean: mean absolute error 1 m", "model: mean absolute error 0.5 m"]
    assert list(axes.lines[0].get_xdata()) == list(axes.lines[0].get_ydata()) == [1, 4]

    [axes] = plots.prediction_against_truth(y, predicted).axes
    assert legend(axes)[0] == ["equal", "model: mean absolute error 0.5"] and axes.get_xlabel() == "true y"


def test_a_curve_goes_through_what_the_model_predicts(tmp_path):
    figure = plots.fitted_curve([0, 2], [5, 6], lambda x: 3 * x**2 + 1, x_name="t (s)", y_name="s (m)", label="law")
    [axes] = saved(figure, tmp_path / "curve.png").axes
    assert np.asarray(axes.collections[0].get_offsets()).tolist() == [[0, 5], [2, 6]]
    x, y = axes.lines[0].get_data()
    np.testing.assert_allclose(y, 3 * x**2 + 1, rtol=1e-5)
    assert (x.min(), x.max()) == (0, 2) and legend(axes)[0] == ["data", "law"]
    assert axes.get_xlabel() == "t (s)" and axes.get_ylabel() == "s (m)"
    [axes] = plots.fitted_curve([0, 2], [5, 6], linear_regression((1,))).axes  # Whatever tensor the backend gives.
    assert axes.lines[0].get_ydata().shape == (200,)


def test_a_forecast_has_its_dates_its_units_and_the_lead_over_the_baseline(tmp_path):
    months = ["2008-11", "2008-12", "2009-01"]
    named = {"baseline_name": "ridge", "y_name": "monthly mean", "unit": "spots"}
    figure = plots.forecast([1, 2, 4], [1, 3, 3], [2, 2, 2], dates=months, **named)
    above, below = saved(figure, tmp_path / "forecast.png").axes
    assert {line.get_label(): line.get_ydata().tolist() for line in above.lines} == {
        "truth": [1, 2, 4],
        "forecast": [1, 3, 3],
        "ridge": [2, 2, 2],
    }
    for line in (*above.lines, below.lines[0]):
        assert line.get_xdata().astype(str).tolist() == months
    assert below.lines[0].get_ydata().tolist() == [1 - 0, 1 - 1, 3 - 2]  # How far the baseline's errors are ahead.
    assert above.get_ylabel() == "monthly mean (spots)" and below.get_xlabel() == "date"
    assert below.get_ylabel() == "cumulative lead\nover ridge (spots)"
    assert "rises where the forecast is better" in below.get_title(loc="left")

    above, below = plots.forecast([1, 2, 4], [1, 3, 3]).axes
    assert below.lines[0].get_ydata().tolist() == [0, 1, 2] and below.lines[0].get_xdata().tolist() == [1, 2, 3]
    assert below.get_ylabel() == "cumulative\nabsolute error" and below.get_xlabel() == "step"
    assert "lower is better" in below.get_title(loc="left")


# Titles


def test_a_recipes_picture_says_recipe_data_result_and_what_it_shows(tmp_path):
    title = pictures.title("anywhere/mlp_mnist.py", {"accuracy": 0.98987, "loss": 1.0})
    assert title == "mlp_mnist · MNIST · accuracy 98.99 %"
    figures = {
        "learning_curves": plots.learning_curves({"loss": [1.0, 2.0]}),
        "worst": plots.examples(IMAGES, [0] * 5, np.eye(5), worst=True),
    }
    heights = [figure.get_figheight() for figure in figures.values()]
    pictures.save_figures(tmp_path, title, **figures)
    # Room for the lines that the figure did not have.
    assert [figure.get_figheight() for figure in figures.values()] == pytest.approx(np.add(heights, [0.36, 0.18]))
    assert {path.name for path in tmp_path.iterdir()} == {"learning_curves.png", "worst.png"}
    assert figures["learning_curves"].get_suptitle() == f"{title}\nlearning curves"
    assert figures["worst"].get_suptitle().startswith(f"{title}\nlargest cross-entropy first; above each image")


def test_a_title_has_the_unit_of_its_metric_and_the_name_of_data_of_ones_own():
    assert pictures.title("linear_regression_mpg.py", {"mae": 3.1}) == "linear_regression_mpg · Auto MPG · mae 3.10 mpg"
    metrics = {"nats_per_character": 1.5}
    words = "transformer_shakespeare · {} · nats per character 1.500"
    assert pictures.title("transformer_shakespeare.py", metrics, data_name="hamlet") == words.format("hamlet")
    assert pictures.title("transformer_shakespeare.py", metrics) == words.format("Shakespeare")
    assert pictures.title("gan_mnist.py", {"classes": 10.0}) == "gan_mnist · MNIST"  # Too few images for a distance.


# Errors


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.learning_curves({}), "`history` must be of at least one epoch. Received: history={}"),
        (
            lambda: plots.learning_curves({"loss": [1.0, 2.0], "f1": [[1, 2], [1, 2, 3]]}),
            "`history` must be of numbers, or of arrays of one shape for each metric. "
            "Received: history={'f1': [[1, 2], [1, 2, 3]]}",
        ),
        (
            lambda: plots.learning_curves({"note": ["good", "bad"]}),
            "`history` must be of numbers, or of arrays of one shape for each metric. "
            "Received: history={'note': ['good', 'bad']}",
        ),
        (
            lambda: plots.learning_curves({"loss": [1.0]}, metric_names={"found": "share"}),
            "`metric_names` must be of metrics in ['loss']. Received: metric_names={'found': 'share'}",
        ),
        (
            lambda: plots.confusion_matrix(np.zeros((2, 3))),
            "`matrix` must be a square array. Received: matrix of shape (2, 3)",
        ),
        (
            lambda: plots.confusion_matrix(np.eye(2), ["a"]),
            "`class_names` must be one name for each of 2 classes. Received: class_names=['a']",
        ),
        (
            lambda: plots.prediction_against_truth([1], [1, 2]),
            "`y` and `predicted` must have the same length, at least 1. Received: y of length 1, predicted of length 2",
        ),
        (
            lambda: plots.prediction_against_truth([1, 2], [1, 2], baseline=[1]),
            "`y` and `baseline` must have the same length, at least 1. Received: y of length 2, baseline of length 1",
        ),
        (
            lambda: plots.forecast([1, 2], [1, 2], dates=["2008-11"]),
            "`dates` must be a date for each of 2 values, such as '2008-12'. Received: dates=['2008-11']",
        ),
        (
            lambda: plots.forecast([1, 2], [1, 2], dates=["yesterday", "today"]),
            "`dates` must be a date for each of 2 values, such as '2008-12'. Received: dates=['yesterday', 'today']",
        ),
        (
            lambda: plots.fitted_curve([], [], lambda x: x),
            "`x` and `y` must have the same length, at least 1. Received: x of length 0, y of length 0",
        ),
        (
            lambda: plots.examples(np.zeros((2, 8, 8)), [0], [[1, 0]]),
            "`x`, `y` and `scores` must be images, classes and scores of the same length. "
            "Received: x of shape (2, 8, 8), y of shape (1,), scores of shape (1, 2)",
        ),
        (
            lambda: plots.examples(np.zeros((2, 8, 8)), [0, 2], [[1, 0], [1, 0]]),
            "`y` must be integers from 0 to 1, one for each column of `scores`. Received: y=array([0, 2])",
        ),
        (
            lambda: plots.examples(np.zeros((1, 8, 8)), [0], [[1, 0]], np.array(["cat"])),
            f"`class_names` must be one name for each of 2 classes. Received: class_names={np.array(['cat'])!r}",
        ),
        (lambda: plots.new_figure(0, 3).__enter__(), "`width` must be a number above 0. Received: width=0"),
        (lambda: plots.new_figure(4, -1).__enter__(), "`height` must be a number above 0. Received: height=-1"),
        (
            lambda: plots.feature_maps(np.zeros((2, 2)), np.zeros((2, 2))),
            "`image` and `maps` must be an image and maps of shape (height, width, filters). "
            "Received: image of shape (2, 2), maps of shape (2, 2)",
        ),
        (
            lambda: plots.forecast([1, 2], [1, 2], [1], baseline_name="ridge"),
            "`y` and every forecast must have the same length, at least 1. Received: y of length 2, ridge of length 1",
        ),
        (
            lambda: plots.attention(np.zeros((1, 2, 2)), "abc"),
            "`weights` must be of shape (heads, length, length), with a length of at least that of `tokens`. "
            "Received: weights of shape (1, 2, 2), tokens='abc'",
        ),
    ],
)
def test_a_bad_argument_of_a_plot_is_named(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == message
