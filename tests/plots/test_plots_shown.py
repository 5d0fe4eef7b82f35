"""Every picture, present and to come, shows the words and the numbers that it is given, where they belong."""

import numpy as np
import pytest

from dlguide import plots

RNG = np.random.default_rng(0)
WEIGHTS, MAPS, DIGITS = RNG.random((2, 3, 3)), RNG.random((4, 4, 2)), RNG.random((2, 3, 5, 4))
CODES = RNG.normal(size=(6, 2))
SCORES = np.log([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])


def own_picture(title=""):
    with plots.new_figure(4, 3) as figure:
        axes = figure.subplots()
        axes.plot([1, 2], [3, 9], label="law")
        axes.legend()
    if title:
        plots.set_title(figure, title)
    return figure


# A call for each public plot, the words that are to be read in it, and the numbers that are to be drawn.
PICTURES = {
    "attention": (lambda: plots.attention(WEIGHTS, ["la", "le", "li"]), ["la", "le", "li"], WEIGHTS),
    "codes": (
        lambda: plots.codes(CODES, [0, 1, 2, 0, 1, 2], ["ape", "bee", "cow"], label_name="animal"),
        ["ape", "bee", "cow", "animal"],
        CODES,
    ),
    "confusion_matrix": (lambda: plots.confusion_matrix([[31, 7], [13, 49]], ["ape", "bee"]), ["ape", "bee"], [7, 13]),
    "examples": (
        lambda: plots.examples(DIGITS[0, :2], [0, 1], SCORES, ["ape", "bee", "cow"]),
        ["ape", "predicted cow (60 %)", "true bee"],
        DIGITS[0, :2],
    ),
    "feature_maps": (lambda: plots.feature_maps(DIGITS[0, 0], MAPS), ["filter 0", "filter 1"], MAPS),
    "fitted_curve": (
        lambda: plots.fitted_curve([1, 4], [5, 7], lambda x: 2 * x, x_name="t (s)", y_name="s (m)", label="law"),
        ["t (s)", "s (m)", "law"],
        [1, 4, 5, 7, 2, 8],
    ),
    "forecast": (
        lambda: plots.forecast([1, 2], [3, 4], [5, 6], baseline_name="ridge", y_name="load", unit="MW"),
        ["ridge", "load (MW)"],
        [1, 2, 3, 4, 5, 6],
    ),
    "image_grid": (
        lambda: plots.image_grid(DIGITS, ["input", "output"], ["a", "b", "c"]),
        ["input", "output", "a", "b", "c"],
        DIGITS,
    ),
    "learning_curves": (
        lambda: plots.learning_curves({"loss": [3.5, 2.5], "val_loss": [4.5, 1.5]}, metric_names={"loss": "error (m)"}),
        ["error (m)", "epoch", "training", "validation"],
        [3.5, 2.5, 4.5, 1.5],
    ),
    "new_figure": (own_picture, ["law"], [1, 2, 3, 9]),
    "prediction_against_truth": (
        lambda: plots.prediction_against_truth(
            [1, 2], [3, 5], "height", unit="m", baseline=[7, 8], baseline_name="mean"
        ),
        ["true height (m)", "predicted height (m)"],
        [1, 2, 3, 5, 7, 8],
    ),
    "score_histogram": (
        lambda: plots.score_histogram([0.1, 0.2, 9.0], [0, 0, 1], 3.25, score_name="error (V)"),
        ["error (V)", "normal", "anomaly"],
        [3.25],
    ),
    "set_title": (lambda: own_picture("a title"), ["a title"], [9]),
}


def words(figure) -> str:
    """Return all that can be read in a figure, a line each."""
    figure.canvas.draw()
    return "\n".join(part.get_text() for part in figure.findobj(lambda part: hasattr(part, "get_text")))


def numbers(figure) -> np.ndarray:
    """Return the numbers that lines, points, images and texts show."""
    found = [np.ravel(line.get_xydata()) for line in figure.findobj(lambda part: hasattr(part, "get_xydata"))]
    for axes in figure.axes:
        found += [np.ravel(image.get_array()) for image in axes.images]
        found += [np.ravel(points.get_offsets()) for points in axes.collections]
    found.append([float(text) for text in words(figure).split() if text.isdecimal()])
    return np.concatenate(found).astype("float64")


@pytest.mark.parametrize("name", plots.__all__)
def test_a_picture_shows_the_words_and_the_numbers_that_it_was_given(name):
    call, said, drawn = PICTURES[name]
    figure = call()
    text = words(figure)
    assert [word for word in said if word not in text] == []
    there = numbers(figure)
    missing = [value for value in np.ravel(drawn) if not np.isclose(there, value, atol=1e-6).any()]
    assert missing == []


def test_the_images_of_a_grid_stand_in_their_rows_and_columns_beside_their_names():
    [axes] = plots.image_grid(DIGITS, ["input", "output"], ["a", "b", "c"]).axes
    grid = np.asarray(axes.images[0].get_array())
    places = {name: (round(y), None) for name, y in zip(*_ticks(axes.yaxis), strict=True)}
    places |= {name: (None, round(x)) for name, x in zip(*_ticks(axes.xaxis), strict=True)}
    for i, row in enumerate(["input", "output"]):
        for j, column in enumerate("abc"):
            # The names stand at the middle of their images.
            top, left = places[row][0] - 2, places[column][1] - 2
            shown = [grid[y : y + 5, x : x + 4] for y in (top, top - 1) for x in (left, left + 1, left - 1)]
            assert any(part.shape[:2] == (5, 4) and np.allclose(np.squeeze(part), DIGITS[i, j]) for part in shown)


def _ticks(axis):
    return [label.get_text() for label in axis.get_ticklabels()], axis.get_ticklocs()
