"""`plots`: the words and the numbers in each picture, and where they stand."""

import numpy as np
import pytest

from dlguide import plots
from tests.helpers.sentences import check_sentences, refusal

IMAGES = np.zeros((5, 8, 8, 1))


def titles(figure):
    return [axes.get_title() for axes in figure.axes]


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


# Learning curves


def test_each_curve_is_drawn_at_its_epochs_under_its_own_name_the_named_ones_first_and_texts_never():
    history = {
        "accuracy": [0.1, 0.5, 0.6],
        "val_f1": [0.2, 0.6, 0.7],
        "loss": [2.0, 1.0, 0.5],
        "phase": ["a", "b", "c"],
    }
    history |= {"val_loss": [2.1, 1.5, 1.4], "learning_rate": [0.1] * 3, "val_phase": ["a", "b", float("nan")]}
    loss, accuracy, f1 = plots.learning_curves(history, metric_names={"loss": "loss (nats)"}).axes
    assert [axes.get_ylabel() for axes in (loss, accuracy, f1)] == ["loss (nats)", "accuracy", "f1"]
    drawn = [("training", history["loss"], "C0"), ("validation", history["val_loss"], "C1")]
    assert [(line.get_label(), line.get_ydata().tolist(), line.get_color()) for line in loss.lines] == drawn
    assert [line.get_label() for line in accuracy.lines] == ["training"]
    assert [(line.get_label(), line.get_color()) for line in f1.lines] == [("validation", "C1")]
    assert loss.lines[0].get_xdata().tolist() == [1, 2, 3] and loss.get_xlabel() == "epoch"
    assert legend(loss) == ["training", "validation"] and loss.get_xlim() == (0.5, 3.5)


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


def test_an_epoch_without_a_metric_has_no_point_and_a_metric_of_several_values_is_their_mean():
    nan, pair = float("nan"), np.array([0.2, 0.6])
    history = {
        "loss": np.linspace(2, 1, 40).tolist(),
        "auc": [np.array([0.5]) if epoch in (10, 30) else nan for epoch in range(1, 41)],
        "f1": [pair if epoch == 7 else nan for epoch in range(1, 41)],
        "never": [nan] * 40,
    }
    loss, auc, f1, never = plots.learning_curves(history).axes
    assert auc.lines[0].get_xdata().tolist() == [10, 30] and auc.lines[0].get_ydata().tolist() == [0.5, 0.5]
    assert f1.lines[0].get_xdata().tolist() == [7] and f1.lines[0].get_ydata() == pytest.approx([0.4])
    assert not len(never.lines[0].get_xdata())
    # A single point is no line: only its marker is visible.
    assert [axes.lines[0].get_marker() for axes in (loss, auc, f1)] == ["None", ".", "."]
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
    mistakes = ["predicted dog (98 %),\ntrue cat", "predicted cat (80 %),\ntrue dog"]
    for scores in ([[0.2], [0.98], [0.2]], np.log([[0.25], [49], [0.25]])):  # Of the second class alone.
        single = titles(plots.examples(IMAGES[:3], [0, 0, 1], scores, ["cat", "dog"], worst=worst))
        assert single == ([*mistakes, "cat"] if worst else ["cat", *mistakes])


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
    rounded = np.array([[0.333984375] * 3, [0.0078125, 0.9921875, 0.0]])  # Of bfloat16: the first sum to 1.002.
    assert titles(plots.examples(IMAGES[:2], [0, 0], rounded)) == ["0", "predicted 1 (99 %),\ntrue 0"]


def test_images_of_bytes_are_as_bright_as_their_share_of_255():
    images = np.full((1, 2, 3, 3), 51, "uint8")
    assert plots.image_grid(images).axes[0].images[0].get_array()[0, 0] == pytest.approx(0.2)
    [axes] = plots.examples(images[0, :1], [0], [[1, 0]]).axes
    assert axes.images[0].get_array()[0, 0] == pytest.approx(0.2) and axes.images[0].get_clim() == (0, 1)


# Attention, images and codes


def test_attention_has_a_panel_for_each_head_the_tokens_of_both_sequences_and_no_padding():
    weights = np.random.default_rng(0).random((2, 5, 5))
    first, second = plots.attention(weights, "abc").axes
    np.testing.assert_array_equal(second.images[0].get_array(), weights[1, :3, :3])
    assert [label.get_text() for label in first.get_yticklabels()] == ["a", "b", "c"]
    assert first.get_xlabel() == "attends to" and first.get_ylabel() == "token" and second.get_title() == "head 1"
    assert {axes.images[0].get_clim() for axes in (first, second)} == {(0, weights[:, :3, :3].max())}
    [axes] = plots.attention(weights[0], ["R", "EH"], "READ").axes  # One head needs no axis of heads.
    np.testing.assert_array_equal(axes.images[0].get_array(), weights[0, :2, :4])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["R", "EH"]
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


ZEROS, WIDE = np.zeros((2, 8, 8)), np.zeros((1, 3, 2))
BAD = {
    "labels below 0": lambda: plots.codes(np.eye(2), [-1, 1], ["cat", "dog"]),
    "labels of fractions": lambda: plots.codes(np.eye(2), [0.5, 1.0], ["cat", "dog"]),
    "points": lambda: plots.codes(np.zeros((3, 2)), np.zeros(2)),
    "history empty": lambda: plots.learning_curves({}),
    "history of rates": lambda: plots.learning_curves({"learning_rate": [1.0]}),
    "history of texts": lambda: plots.learning_curves({"phase": ["warm-up"]}),
    "history of two lengths": lambda: plots.learning_curves({"loss": [3.0, 2.0, 1.0], "val_loss": [2.0]}),
    "metric_names": lambda: plots.learning_curves({"loss": [1.0]}, metric_names={"found": "share"}),
    "matrix": lambda: plots.confusion_matrix(np.zeros((2, 3))),
    "class_names of a matrix": lambda: plots.confusion_matrix(np.eye(2), ["a"]),
    "class_names of examples": lambda: plots.examples(ZEROS[:1], [0], [[1, 0]], np.array(["cat"])),
    "x": lambda: plots.examples(ZEROS, [0], [[1, 0]]), "y": lambda: plots.examples(ZEROS, [0, 2], [[1, 0], [1, 0]]),
    "weights too small": lambda: plots.attention(np.zeros((1, 2, 2)), "abc"),
    "weights within": lambda: plots.attention(WIDE, "abc"), "weights": lambda: plots.attention(WIDE, "abc", "xyz"),
    "images": lambda: plots.image_grid(np.zeros((2, 2))),
    "row_names": lambda: plots.image_grid(np.zeros((1, 1, 2, 2)), ["a", "b"]),
}  # fmt: skip


def test_a_bad_argument_of_a_plot_is_named():
    found = {name: refusal(call) for name, call in BAD.items()}
    assert all(f"`{name.split()[0]}`" in sentence.partition(" must ")[0] for name, sentence in found.items()), found
    check_sentences("plot", found)
