"""`evaluation` and `plots`."""

import json

import keras
import numpy as np
import pytest

from dlguide import _figures, evaluation, linear_regression, mlp, plots


def classifier():
    model = mlp((3,), 3, hidden_units=())
    model.set_weights([np.eye(3, dtype="float32") * 5, np.zeros(3, "float32")])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(loss=loss, metrics=["accuracy"])
    return model


X = np.eye(3, dtype="float32")[[0, 0, 1, 1, 2]]
Y = np.array([0, 1, 1, 1, 0])


def test_a_classifier_gets_plain_floats_a_confusion_matrix_and_figures_of_each_class():
    metrics = evaluation.evaluate(classifier(), X, Y, class_names=["a", "b", "c"])
    assert metrics["accuracy"] == pytest.approx(0.6)
    assert type(metrics["loss"]) is float and type(metrics["accuracy"]) is float
    assert metrics["confusion_matrix"] == [[1, 0, 1], [1, 2, 0], [0, 0, 0]]
    assert metrics["per_class"]["b"] == {"precision": 1.0, "recall": 2 / 3, "f1": 0.8, "support": 3}
    assert metrics["per_class"]["c"]["support"] == 0
    assert json.loads(json.dumps(metrics)) == metrics


def test_a_regression_gets_floats_alone():
    model = linear_regression((2,))
    model.compile(loss="mse", metrics=["mae"])
    metrics = evaluation.evaluate(model, np.ones((4, 2), "float32"), np.full((4, 1), 3.0))
    assert metrics == {"loss": pytest.approx(9.0), "mae": pytest.approx(3.0)}


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"`y` must be labels in \[0, 3\).*y with 1 of 5 values otherwise.*row 2: 7"):
        evaluation.evaluate(classifier(), X, [0, 1, 7, 1, 0])
    with pytest.raises(ValueError, match="`class_names` must be one name for each of 3 classes"):
        evaluation.evaluate(classifier(), X, Y, class_names=["a"])
    with pytest.raises(ValueError, match="`model` must be made by `linear_regression` or `polynomial_regression`"):
        evaluation.formula(classifier())
    with pytest.raises(ValueError, match="`feature_names` must be 2 names, one for each variable"):
        evaluation.formula(linear_regression((2,)), ["a"])


def saved(figure, path):
    figure.savefig(path)
    assert path.stat().st_size > 1000
    return figure


def test_every_picture_is_drawn_without_a_display(tmp_path):
    history = {"loss": [2.0, 1.0], "val_loss": [2.1, 1.5], "accuracy": [0.1, 0.5]}
    curves = saved(plots.learning_curves(history), tmp_path / "curves.png")
    assert [axes.get_ylabel() for axes in curves.axes] == ["loss", "accuracy"]
    assert [len(axes.lines) for axes in curves.axes] == [2, 1]
    matrix = saved(plots.confusion_matrix([[3, 1], [0, 4]], ["cat", "dog"]), tmp_path / "matrix.png")
    assert [text.get_text() for text in matrix.axes[0].texts] == ["3", "1", "4"]
    saved(plots.prediction_against_truth(np.arange(5), np.arange(5)[:, None]), tmp_path / "prediction.png")
    line = linear_regression((1,))
    saved(plots.fitted_curve(np.arange(5), np.arange(5), line), tmp_path / "curve.png")


def test_the_worst_examples_come_first_and_say_what_they_are(tmp_path):
    images, scores = np.zeros((4, 8, 8, 1)), np.array([[5.0, 0], [0, 9], [1, 0], [2, 0]])
    y = np.array([0, 0, 1, 0])
    first = saved(plots.examples(images, y, scores, ["cat", "dog"]), tmp_path / "first.png")
    assert [axes.get_title() for axes in first.axes] == ["cat", "dog, not cat", "cat, not dog", "cat"]
    worst = plots.examples(images, y, scores, ["cat", "dog"], worst=True, count=2)
    assert [axes.get_title() for axes in worst.axes] == ["dog, not cat", "cat, not dog"]


def test_feature_maps_forecasts_and_attention_show_what_they_were_given(tmp_path):
    image, maps = np.eye(6)[:, :, None], np.arange(4 * 4 * 20.0).reshape(4, 4, 20)
    figure = saved(plots.feature_maps(image, maps), tmp_path / "maps.png")
    assert [axes.get_title() for axes in figure.axes] == ["image", *(f"filter {i}" for i in range(16))]
    np.testing.assert_array_equal(figure.axes[3].images[0].get_array(), maps[..., 2])

    figure = saved(plots.forecast([1, 2, 4], [1, 3, 3], [2, 2, 2], baseline_name="ridge"), tmp_path / "forecast.png")
    above, below = figure.axes
    assert [line.get_label() for line in above.lines] == ["truth", "forecast", "ridge"]
    assert below.lines[0].get_ydata().tolist() == [1 - 0, 1 - 1, 3 - 2]  # How far the baseline's errors are ahead.

    weights = np.random.default_rng(0).random((2, 5, 5))
    figure = saved(plots.attention(weights, "abc"), tmp_path / "attention.png")
    np.testing.assert_array_equal(figure.axes[1].images[0].get_array(), weights[1, :3, :3])
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["a", "b", "c"]


def test_chinese_class_names_leave_no_empty_box(tmp_path):
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    if not installed & set(_figures._CHINESE_FONTS):
        pytest.skip("no Chinese font is installed: apt-get install fonts-wqy-microhei")
    # A missing character is a UserWarning of matplotlib, so an error here.
    saved(plots.confusion_matrix([[3, 1], [0, 4]], ["猫", "狗"]), tmp_path / "matrix.png")
    saved(plots.examples(np.zeros((1, 8, 8)), [0], [[1.0, 0]], ["猫", "狗"]), tmp_path / "examples.png")
    saved(plots.prediction_against_truth([1, 2], [1, 2], "油耗"), tmp_path / "prediction.png")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.learning_curves({}), "`history` must be of at least one epoch. Received: history={}"),
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
            lambda: plots.fitted_curve([], [], lambda x: x),
            "`x` and `y` must have the same length, at least 1. Received: x of length 0, y of length 0",
        ),
        (
            lambda: plots.examples(np.zeros((2, 8, 8)), [0], [[1, 0]]),
            "`x`, `y` and `scores` must be images, classes and scores of the same length. "
            "Received: x of shape (2, 8, 8), y of shape (1,), scores of shape (1, 2)",
        ),
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
