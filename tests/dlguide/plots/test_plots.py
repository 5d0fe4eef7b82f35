"""`plots`: the words and the numbers in each picture, and where they stand."""

import numpy as np
import pytest

from dlguide import plots
from tests.helpers.calls import refusals

IMAGES = np.zeros((5, 8, 8, 1))


def titles(figure):
    return [axes.get_title() for axes in figure.axes]


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


# Learning curves


def test_each_curve_is_drawn_at_its_epochs_under_its_own_name():
    history = {"loss": [2.0, 1.0, 0.5], "val_loss": [2.1, 1.5, 1.4], "accuracy": [0.1, 0.5, 0.6]}
    loss, accuracy = plots.learning_curves(history).axes
    assert [axes.get_ylabel() for axes in (loss, accuracy)] == ["loss", "accuracy"]
    drawn = [("training", history["loss"]), ("validation", history["val_loss"])]
    assert [(line.get_label(), line.get_ydata().tolist()) for line in loss.lines] == drawn
    assert [line.get_label() for line in accuracy.lines] == ["training"]
    assert loss.lines[0].get_xdata().tolist() == [1, 2, 3] and loss.get_xlabel() == "epoch"
    assert legend(loss) == ["training", "validation"]


def test_metrics_have_the_given_names_and_the_named_ones_come_first():
    history = {"accuracy": [0.5], "found": [0.1], "loss": [2.0], "learning_rate": [0.1]}
    figure = plots.learning_curves(history, metric_names={"loss": "loss (nats)", "found": "share found"})
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss (nats)", "share found", "accuracy"]
    assert [axes.lines[0].get_ydata()[0] for axes in figure.axes] == [2.0, 0.1, 0.5]


@pytest.mark.parametrize(("panels", "rows", "columns"), [(1, 1, 1), (3, 1, 3), (4, 2, 2), (5, 2, 3), (7, 3, 3)])
def test_there_are_at_most_three_panels_in_a_row_of_the_same_size(panels, rows, columns):
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


def test_a_metric_of_the_validation_alone_has_a_panel_and_its_own_colour():
    history = {"loss": [2.0, 1.0], "val_loss": [3.0, 2.0], "val_f1": [0.2, 0.6]}
    loss, f1 = plots.learning_curves(history).axes
    [line] = f1.lines
    assert (f1.get_ylabel(), line.get_label(), line.get_ydata().tolist()) == ("f1", "validation", [0.2, 0.6])
    assert line.get_color() == loss.lines[1].get_color() != loss.lines[0].get_color()


def test_a_metric_of_several_values_has_a_thin_line_for_each_and_a_thick_one_for_their_mean():
    f1 = np.array([[0.1, 0.3], [0.4, 0.8], [0.5, 0.9]])
    history = {"loss": [3.0, 2.0, 1.0], "f1_score": list(f1), "val_f1_score": list(f1 / 2)}
    loss, axes = plots.learning_curves(history).axes
    assert loss.get_ylabel() == "loss" and axes.get_ylabel() == "f1_score\n(thick: mean of 2 values)"
    assert legend(axes) == ["training", "validation"]
    for values, color, label in ((f1, "C0", "training"), (f1 / 2, "C1", "validation")):
        lines = [line for line in axes.lines if line.get_color() == color]
        thick = max(lines, key=lambda line: line.get_linewidth())
        assert thick.get_linewidth() > 2 and thick.get_label() == label
        assert thick.get_ydata() == pytest.approx(values.mean(axis=1))
        assert [line.get_ydata().tolist() for line in lines if line is not thick] == values.T.tolist()
    named = plots.learning_curves(history, metric_names={"f1_score": "F1"})
    assert named.axes[0].get_ylabel() == "F1\n(thick: mean of 2 values)"


@pytest.mark.parametrize("value", [0.25, np.float32(0.25), np.array(0.25), np.array([0.25])])
def test_a_metric_of_one_value_is_one_line_for_every_type_of_number(value):
    [axes] = plots.learning_curves({"auc": [value, value]}).axes
    assert [line.get_ydata().tolist() for line in axes.lines] == [[0.25, 0.25]] and axes.get_ylabel() == "auc"


def test_an_epoch_without_a_metric_has_no_point_and_the_others_stay_at_their_epochs():
    nan, pair = float("nan"), np.array([0.2, 0.6])
    history = {
        "loss": np.linspace(2, 1, 40).tolist(),
        "auc": [0.5 if epoch in (10, 30) else nan for epoch in range(1, 41)],
        "f1": [pair if epoch == 7 else nan for epoch in range(1, 41)],
        "never": [nan] * 40,
    }
    loss, auc, f1, never = plots.learning_curves(history).axes
    assert auc.lines[0].get_xdata().tolist() == [10, 30] and auc.lines[0].get_ydata().tolist() == [0.5, 0.5]
    assert [line.get_xdata().tolist() for line in f1.lines] == [[7]] * 3
    assert [line.get_ydata()[0] for line in f1.lines] == pytest.approx([0.2, 0.6, 0.4])
    assert not len(never.lines[0].get_xdata())
    # A single point is no line: only its marker is visible.
    assert {line.get_marker() for axes in (auc, f1) for line in axes.lines} == {"."}
    assert loss.lines[0].get_marker() == "None"
    assert all(axes.get_xlim() == (0.5, 40.5) for axes in (loss, auc, f1, never))
    # A single epoch shows the mean of several values, and nothing for NaN.
    f1, auc = plots.learning_curves({"f1": [pair], "auc": [nan]}).axes
    assert [text.get_text() for text in f1.texts] == ["training 0.4"] and not auc.texts


# Classes


def test_names_in_an_array_are_drawn_like_those_in_a_list():
    names, three = np.array(["ape", "bee"]), np.array(["a", "b", "c"])
    for figure, last in (
        (plots.confusion_matrix([[3, 1], [0, 4]], names), "bee"),
        (plots.examples(IMAGES[:2], [0, 1], [[1.0, 0], [9, 0]], names), "predicted ape (>99 %),\ntrue bee"),
        (plots.codes(np.eye(2), [0, 1], names), "bee"),
        (plots.image_grid(np.zeros((2, 3, 5, 5)), names, three), "c"),
        (plots.attention(np.zeros((1, 3, 3)), three), "c"),
    ):
        assert last in [text.get_text() for text in figure.findobj(lambda x: hasattr(x, "get_text"))]
    [axes] = plots.confusion_matrix([[3, 1], [0, 4]], np.array([70, 71])).axes  # As `LabelEncoder.classes_` may be.
    assert [label.get_text() for label in axes.get_xticklabels()] == ["70", "71"]


def test_a_confusion_matrix_has_the_true_class_in_the_row_and_the_predicted_one_in_the_column():
    figure = plots.confusion_matrix([[7, 2, 0], [0, 5, 1], [0, 0, 4]], ["cat", "dog", "owl"])
    [axes] = figure.axes
    assert axes.get_xlabel() == "predicted" and axes.get_ylabel() == "true"
    texts = [("7", 0, 0), ("2", 1, 0), ("5", 1, 1), ("1", 2, 1), ("4", 2, 2)]  # x to the right, y downwards.
    assert [(text.get_text(), *text.get_position()) for text in axes.texts] == texts
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert [label.get_text() for label in labels] == ["cat", "dog", "owl"]
    share = axes.images[0].get_array()
    np.testing.assert_allclose(share**2, [[7 / 9, 2 / 9, 0], [0, 5 / 6, 1 / 6], [0, 0, 1]])


def test_large_counts_are_whole_and_shares_short():
    [axes] = plots.confusion_matrix([[1234567, 0.25], [1 / 3, 2]]).axes
    assert [text.get_text() for text in axes.texts] == ["1234567", "0.25", "0.333333", "2"]


def test_a_mistake_says_what_was_predicted_the_confidence_and_the_true_class():
    logs = np.log([[0.7, 0.3], [0.02, 0.98], [0.8, 0.2], [0.001, 0.999]])
    scores = logs + np.array([[3.0], [-1.0], [0.0], [9.0]])  # Logits may be shifted.
    figure = plots.examples(IMAGES[:4], [0, 0, 1, 0], scores, ["cat", "dog"])
    mistakes = ["dog (98 %),\ntrue cat", "cat (80 %),\ntrue dog", "dog (>99 %),\ntrue cat"]
    assert titles(figure) == ["cat", *(f"predicted {mistake}" for mistake in mistakes)]
    assert [axes.title.get_color() for axes in figure.axes] == ["black", "crimson", "crimson", "crimson"]
    assert figure.get_suptitle() == "above each image the predicted class, mistakes in red"
    assert "predicted 1 (98 %),\ntrue 0" in titles(plots.examples(IMAGES[:4], [0, 0, 1, 0], scores))


@pytest.mark.parametrize("worst", [False, True])
def test_probabilities_their_logits_and_classes_in_a_column_give_the_same_picture(worst):
    probabilities, y = np.random.default_rng(0).dirichlet(np.ones(3), 5), np.array([0, 1, 2, 0, 1])
    shown = titles(plots.examples(IMAGES, y, probabilities, worst=worst))
    assert titles(plots.examples(IMAGES, y, np.log(probabilities), worst=worst)) == shown
    assert titles(plots.examples(IMAGES, y[:, None] * 1.0, probabilities.tolist(), worst=worst)) == shown
    assert any("%" in title for title in shown)


def test_the_worst_examples_are_those_with_the_largest_cross_entropy():
    # The second has the larger margin, 5; the third has the larger cross-entropy, log(1 + 9 exp(4.9)) = 7.1.
    scores = np.zeros((5, 10))
    scores[1, 0], scores[2, 1:], scores[3, 0] = 5.0, 4.9, 1.0
    scores[1, 2:], scores[3, 2:] = -99, -99
    images = np.arange(5.0)[:, None, None] * np.ones((5, 8, 8)) / 4
    figure = plots.examples(images, np.array([3, 1, 0, 1, 0]), scores, worst=True, count=4)
    assert [axes.images[0].get_array()[0, 0] * 4 for axes in figure.axes] == [2, 1, 0, 4]
    assert figure.get_suptitle().startswith("largest cross-entropy first")


def test_a_true_class_of_probability_0_is_the_worst_and_half_precision_is_read_as_probabilities():
    scores = np.array([[0.9, 0.1, 0.0], [1.0, 0.0, 0.0]])
    assert titles(plots.examples(IMAGES[:2], [1, 1], scores, worst=True, count=1)) == ["predicted 0 (>99 %),\ntrue 1"]
    half = np.array([[0.3333, 0.3333, 0.3335], [0.2, 0.5, 0.2998]])
    assert titles(plots.examples(IMAGES[:2], [2, 0], half)) == ["2", "predicted 1 (50 %),\ntrue 0"]
    rounded = np.array([[0.333984375] * 3, [0.0078125, 0.9921875, 0.0]])  # Of bfloat16: the first sum to 1.002.
    assert titles(plots.examples(IMAGES[:2], [0, 0], rounded)) == ["0", "predicted 1 (99 %),\ntrue 0"]


@pytest.mark.parametrize("scores", [[[0.2], [0.98], [0.2]], np.log([[0.25], [49], [0.25]])])
def test_a_single_output_is_the_probability_or_the_logit_of_the_second_class(scores):
    figure = plots.examples(IMAGES[:3], [0, 0, 1], scores, ["cat", "dog"])
    mistakes = ["predicted dog (98 %),\ntrue cat", "predicted cat (80 %),\ntrue dog"]
    assert titles(figure) == ["cat", *mistakes]
    assert titles(plots.examples(IMAGES[:3], [0, 0, 1], scores, ["cat", "dog"], worst=True))[0] == mistakes[0]


def test_images_of_bytes_are_as_bright_as_their_share_of_255():
    images = np.full((1, 2, 3, 3), 51, "uint8")
    assert plots.image_grid(images).axes[0].images[0].get_array()[0, 0] == pytest.approx(0.2)
    [axes] = plots.examples(images[0, :1], [0], [[1, 0]]).axes
    assert axes.images[0].get_array()[0, 0] == pytest.approx(0.2) and axes.images[0].get_clim() == (0, 1)


def test_long_class_names_do_not_overlap():
    names, y = [f"a class with a long name {i}" for i in range(10)], np.zeros(5, int)
    figure = plots.examples(IMAGES, y, np.eye(10)[1:6], names)
    figure.draw_without_rendering()
    boxes = [axes.title.get_window_extent() for axes in figure.axes]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)


# Attention, images and codes


def test_attention_has_a_panel_for_each_head_and_no_padding():
    weights = np.random.default_rng(0).random((2, 5, 5))
    first, second = plots.attention(weights, "abc").axes
    np.testing.assert_array_equal(second.images[0].get_array(), weights[1, :3, :3])
    assert [label.get_text() for label in first.get_yticklabels()] == ["a", "b", "c"]
    assert first.get_xlabel() == "attends to" and first.get_ylabel() == "token"
    assert {axes.images[0].get_clim() for axes in (first, second)} == {(0, weights[:, :3, :3].max())}


def test_attention_to_another_sequence_has_its_tokens_at_the_columns():
    weights = np.random.default_rng(0).random((1, 5, 6))
    for given in (weights, weights[0]):  # One head needs no axis of heads.
        [axes] = plots.attention(given, ["R", "EH", "D"], "READ").axes
        np.testing.assert_array_equal(axes.images[0].get_array(), weights[0, :3, :4])
        assert [label.get_text() for label in axes.get_yticklabels()] == ["R", "EH", "D"]
        assert [label.get_text() for label in axes.get_xticklabels()] == list("READ") and axes.get_title() == ""


@pytest.mark.parametrize("channels", [(), (1,), (3,)])
def test_the_images_of_a_grid_stand_in_their_rows_and_columns_beside_their_names(channels):
    images = np.random.default_rng(0).random((2, 3, 5, 4, *channels))
    [axes] = plots.image_grid(images, ["input", "output"], ["a", "b", "c"]).axes
    grid = axes.images[0].get_array()
    for row, column in np.ndindex(2, 3):
        shown = grid[6 * row : 6 * row + 5, 5 * column : 5 * column + 4]
        np.testing.assert_array_equal(shown.reshape(images.shape[2:]), images[row, column])
    assert (grid[5] == 1).all() and (grid[:, 4] == 1).all() and grid.shape[:2] == (11, 14)  # White lines between.
    for axis, names, middles in ((axes.yaxis, ["input", "output"], [2.5, 8.5]), (axes.xaxis, list("abc"), [2, 7, 12])):
        assert [label.get_text() for label in axis.get_ticklabels()] == names
        assert axis.get_ticklocs().tolist() == middles


def test_codes_say_by_what_they_are_coloured():
    points, labels = np.random.default_rng(0).normal(size=(6, 2)), np.array([2, 0, 2, 0, 0, 1])
    figure = plots.codes(points, labels, ["a", "b", "c"], label_name="digit")
    [axes] = figure.axes
    assert figure.get_suptitle() == "codes, coloured by digit" and legend(axes) == ["a", "b", "c"]
    assert axes.get_legend().get_title().get_text() == "digit"
    for label, drawn in enumerate(axes.collections):
        np.testing.assert_allclose(drawn.get_offsets(), points[labels == label])
    assert legend(plots.codes(points, labels).axes[0]) == ["0", "1", "2"]


def test_twelve_classes_of_codes_have_twelve_colours():
    [axes] = plots.codes(np.eye(12), np.arange(12)).axes
    assert len({tuple(part.get_facecolor()[0]) for part in axes.collections}) == 12


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


# Errors

ZEROS, CAT = np.zeros((2, 8, 8)), np.array(["cat"])
BAD = [
    (lambda: plots.codes(np.eye(2), [-1, 1], ["cat", "dog"]),
     "`labels` must be integers in [0, 2), one for each of `class_names`. Received: labels=[-1, 1]"),
    (lambda: plots.codes(np.eye(2), [0.0, 1.0], ["cat", "dog"]),
     "`labels` must be integers in [0, 2), one for each of `class_names`. Received: labels=[0.0, 1.0]"),
    (lambda: plots.learning_curves({}), "`history` must be of at least one epoch. Received: history={}"),
    (lambda: plots.learning_curves({"learning_rate": [1.0]}),
     "`history` must be with a metric. Received: history=['learning_rate']"),
    (lambda: plots.learning_curves({"phase": ["warm-up"]}), "`history` must be with a metric. Received: history=[]"),
    (lambda: plots.learning_curves({"loss": [3.0, 2.0, 1.0], "val_loss": [2.0]}), "`history` must be of as many values "
     "for each metric, NaN for an epoch without one. Received: history={'loss': 3, 'val_loss': 1}"),
    (lambda: plots.learning_curves({"loss": [1.0, 2.0], "f1": [[1, 2], [1, 2, 3]]}), "`history` must be numbers, or "
     "arrays of one shape for each metric. Received: history={'f1': [[1, 2], [1, 2, 3]]}"),
    (lambda: plots.learning_curves({"loss": [1.0]}, metric_names={"found": "share"}),
     "`metric_names` must be of metrics in ['loss']. Received: metric_names={'found': 'share'}"),
    (lambda: plots.confusion_matrix(np.zeros((2, 3))),
     "`matrix` must be a square array. Received: matrix of shape (2, 3)"),
    (lambda: plots.confusion_matrix(np.eye(2), ["a"]),
     "`class_names` must be one name for each of 2 classes. Received: class_names=['a']"),
    (lambda: plots.examples(ZEROS, [0], [[1, 0]]), "`x`, `y` and `scores` must be images, classes and scores of the "
     "same length. Received: x of shape (2, 8, 8), y of shape (1,), scores of shape (1, 2)"),
    (lambda: plots.examples(ZEROS, [0, 2], [[1, 0], [1, 0]]),
     "`y` must be integers from 0 to 1, one for each column of `scores`. Received: y=array([0, 2])"),
    (lambda: plots.examples(ZEROS[:1], [0], [[1, 0]], CAT),
     f"`class_names` must be one name for each of 2 classes. Received: class_names={CAT!r}"),
    (lambda: plots.attention(np.zeros((1, 2, 2)), "abc"), "`weights` must be of shape (heads, length, length), with a "
     "length of at least that of `tokens`. Received: weights of shape (1, 2, 2), tokens='abc'"),
    (lambda: plots.attention(np.zeros((1, 3, 2)), "abc"), "`weights` must be of shape (heads, length, length), with a "
     "length of at least that of `tokens`. Received: weights of shape (1, 3, 2), tokens='abc'"),
    (lambda: plots.attention(np.zeros((1, 3, 2)), "abc", "xyz"), "`weights` must be of shape (heads, length, other "
     "length), with a length of at least that of `tokens` and `attended`. Received: weights of shape (1, 3, 2), "
     "tokens='abc', attended='xyz'"),
    (lambda: plots.image_grid(np.zeros((2, 2))), "`images` must be of shape (rows, columns, height, width), optionally "
     "with 1 or 3 channels at the end. Received: images of shape (2, 2)"),
    (lambda: plots.image_grid(np.zeros((1, 1, 2, 2)), ["a", "b"]),
     "`row_names` must be one name for each of 1, or none. Received: row_names=['a', 'b']"),
    (lambda: plots.codes(np.zeros((3, 2)), np.zeros(2)), "`points` and `labels` must be at least two codes of shape "
     "(n, dimensions), and a class for each. Received: points of shape (3, 2), labels of shape (2,)"),
]  # fmt: skip

test_a_bad_argument_of_a_plot_is_named = refusals(BAD)


def test_a_log_of_texts_has_no_curve():
    history = {"loss": [2.0, 1.0], "phase": ["warm-up", "training"], "val_phase": ["a", float("nan")]}
    assert [axes.get_ylabel() for axes in plots.learning_curves(history).axes] == ["loss"]
