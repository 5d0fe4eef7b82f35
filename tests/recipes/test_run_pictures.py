"""Pictures that recipes leave in their run folder, and the scores that some of them show."""

import functools
import json

import keras
import matplotlib.figure
import numpy as np
import pytest

from dlguide import linear_regression, plots
from recipes._lib import anomalies, pictures
from recipes._lib.images import image_judge, reconstruction
from recipes._lib.result import Result
from recipes._lib.runs import picture_words, run_files


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_a_recipes_picture_says_recipe_data_result_and_what_it_shows(tmp_path):
    figures = {"learning_curves": plots.learning_curves({"loss": [1.0, 2.0]})}
    figures["worst"] = plots.examples(np.zeros((5, 8, 8)), [0] * 5, np.eye(5), worst=True)
    heights = [figure.get_figheight() for figure in figures.values()]
    drawn = {name: functools.partial(figures.get, name) for name in figures}
    metrics = {"accuracy": 0.98987, "loss": 1.0}
    found = run_files.save(Result(metrics, None, drawn, seconds=2.0), tmp_path, "mlp_mnist", {"seed": 0})
    assert found == {**metrics, "training_seconds": 2.0} == json.loads((tmp_path / "metrics.json").read_text())
    # Room for the new lines.
    assert [figure.get_figheight() for figure in figures.values()] == pytest.approx(np.add(heights, [0.36, 0.18]))
    assert {path.name for path in tmp_path.glob("*.png")} == {
        f"{name}{end}.png" for name in figures for end in ("", ".zh")
    }
    title, [axes] = "mlp_mnist · MNIST · 准确率 98.99%", figures["learning_curves"].axes  # As they were saved last.
    assert figures["learning_curves"].get_suptitle() == f"{title}\n学习曲线" and axes.get_xlabel() == "轮数"
    assert figures["worst"].get_suptitle().startswith(f"{title}\n按交叉熵从大到小排列；图上方")


@pytest.mark.parametrize(
    ("words", "translation"),
    [
        (
            "vae_mnist · MNIST · negative log-likelihood 85.09 nats\nlearning curves",
            "vae_mnist · MNIST · 负对数似然 85.09 纳特\n学习曲线",
        ),
        ("predicted 0 (91 %),\ntrue 5", "预测 0（91%），\n真实 5"),
        ("true fuel economy (mpg)", "真实的油耗（英里/加仑）"),
        ("codes, coloured by digit", "编码，颜色表示数字"),
        ("50 steps", "50 步"),
        ("sneaker 3", "sneaker 3"),
        ("0.25", "0.25"),
    ],
)
def test_words_of_a_picture_are_translated_as_a_whole_or_by_their_parts(words, translation):
    assert picture_words.translated(words, "zh") == translation


def test_labels_of_ticks_are_translated_too_and_english_stays():
    figure = plots.confusion_matrix(np.eye(2, dtype=int), ["left", "sneaker"])
    [axes] = [axes for axes in figure.axes if axes.get_xlabel() == "predicted"]
    picture_words.translate(figure, "en")
    assert axes.get_xlabel() == "predicted"
    picture_words.translate(figure, "zh")
    figure.draw_without_rendering()
    assert axes.get_xlabel() == "预测" and [label.get_text() for label in axes.get_xticklabels()] == ["左", "sneaker"]


def test_chinese_words_have_a_font_on_a_figure_that_another_package_drew(tmp_path):
    figure = matplotlib.figure.Figure()
    figure.subplots().set(xlabel="epoch", xticks=[0, 1], xticklabels=["training", "validation"])
    picture_words.translate(figure, "zh")
    figure.savefig(tmp_path / "a.png")  # A character without a font is a warning, which is an error here.


def test_a_title_has_the_unit_of_its_metric_and_the_name_of_data_of_ones_own():
    for recipe, options, metrics, title in (
        ("linear_regression_mpg", {}, {"mae": 3.1}, "linear_regression_mpg · Auto MPG · mean absolute error 3.10 mpg"),
        ("transformer_shakespeare", {"corpus": "a/hamlet.txt"}, {}, "transformer_shakespeare · hamlet"),
        ("gan_mnist", {}, {"classes": 10.0}, "gan_mnist · MNIST"),  # Too few images for a distance.
        ("automl", {"data": "leaves"}, {"accuracy": 0.5}, "automl · leaves · accuracy 50.0 %"),
    ):
        assert run_files.title(recipe, options, metrics) == title


def test_predicted_numbers_are_drawn_beside_the_truth_and_the_baseline():
    y, predicted = np.array([[1.0], [2.0], [4.0]]), np.array([[1.5], [2.0], [3.0]])
    options = {"unit": "m", "baseline": np.full((3, 1), 2.0), "baseline_name": "mean"}
    [axes] = pictures.prediction_against_truth(y, predicted, "height", **options).axes
    rings, points = (np.asarray(part.get_offsets()).tolist() for part in axes.collections)
    assert points == [[1, 1.5], [2, 2], [4, 3]] and rings == [[1, 2], [2, 2], [4, 2]]
    assert axes.get_xlabel() == "true height (m)" and axes.get_ylabel() == "predicted height (m)"
    assert legend(axes) == ["equal", "mean: mean absolute error 1 m", "model: mean absolute error 0.5 m"]

    model = linear_regression((1,))
    model.set_weights([*model.get_weights()[:-2], np.array([[3.0]]), np.array([1.0])])
    [axes] = pictures.fitted_curve([0, 2], [5, 6], model, x_name="t (s)", y_name="s (m)", label="law").axes
    x, curve = axes.lines[0].get_data()
    np.testing.assert_allclose(curve, keras.ops.convert_to_numpy(model(x[:, None]))[:, 0], rtol=1e-5)
    assert (x.min(), x.max()) == (0, 2) and curve[-1] == pytest.approx(7) and legend(axes) == ["data", "law"]


def test_a_forecast_has_its_dates_its_units_and_the_lead_over_the_baseline():
    months = ["2008-11", "2008-12", "2009-01"]
    series = [np.array(values) for values in ([1, 2, 4], [1, 3, 3], [2, 2, 2])]
    options = {"baseline_name": "ridge", "y_name": "monthly mean", "unit": "spots", "dates": months}
    above, below = pictures.forecast(*series, **options).axes
    drawn = {line.get_label(): line.get_ydata().tolist() for line in above.lines}
    assert drawn == {"truth": [1, 2, 4], "forecast": [1, 3, 3], "ridge": [2, 2, 2]}
    for line in (*above.lines, below.lines[0]):
        assert line.get_xdata().astype(str).tolist() == months
    assert below.lines[0].get_ydata().tolist() == [1 - 0, 1 - 1, 3 - 2]  # Errors of the baseline minus those of ours.
    labels = [axes.get_ylabel() for axes in (above, below)]
    assert labels == ["monthly mean (spots)", "cumulative lead\nover ridge (spots)"]


def test_reconstructions_stand_in_rows_with_those_of_the_baseline_under_its_name():
    inputs = keras.Input((4, 4, 1))
    model = keras.Model(inputs, keras.layers.Rescaling(0)(inputs))  # Logits of 0: pixels of 0.5.
    original, noisy, baseline = (np.full((3, 4, 4, 1), grey) for grey in (0.2, 0.4, 0.6))
    figure = reconstruction.reconstructions(model, original, noisy, baseline=("filter", baseline))
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    greys = figure.axes[0].images[0].get_array()[1::5, 1]
    assert dict(zip(names, greys, strict=True)) == {"input": 0.4, "decoded": 0.5, "filter": 0.6, "original": 0.2}


def test_feature_maps_are_those_of_the_first_16_filters():
    maps = np.arange(4 * 4 * 20.0).reshape(4, 4, 20)
    figure = pictures.feature_maps(np.eye(6)[:, :, None], maps)
    assert [axes.get_title() for axes in figure.axes] == ["image", *(f"filter {i}" for i in range(16))]
    np.testing.assert_array_equal(figure.axes[3].images[0].get_array(), maps[..., 2])


def test_the_threshold_has_the_best_f1_score_and_stands_in_the_histogram_of_the_scores():
    rng = np.random.default_rng(0)
    scores, labels = np.concatenate([rng.random(1000), rng.random(50) + 0.9]), np.repeat([0, 1], [1000, 50])
    threshold = anomalies.best_threshold(scores, labels)

    def f1(at):
        return 2 * ((scores >= at) & (labels == 1)).sum() / ((scores >= at).sum() + 50)

    assert f1(threshold) == max(map(f1, scores))
    [axes] = anomalies.score_histogram(scores, labels, threshold, score_name="error (V)").axes
    assert list(axes.lines[0].get_xdata()) == [threshold] * 2 and axes.get_xlabel() == "error (V)"
    for label, group in enumerate(axes.containers):
        edges = [*(bar.get_x() for bar in group), np.inf]
        assert [bar.get_height() for bar in group] == np.histogram(scores[labels == label], edges)[0].tolist()


def test_precision_is_of_the_generated_and_recall_of_the_real_images():
    real, drawn = np.array([[0.0], [1], [10], [12]]), np.array([[1.9], [2.1], [7.9], [8.1]])
    # The nearest neighbours are 1, 1, 2, 2 and 0.2 away: 1.9 and 8.1 are near enough, none of the real ones is.
    assert image_judge.precision_recall(drawn, real, neighbours=1) == (0.5, 0)
    # The second ones are 9 or more and 5.8 or more away: all are near enough.
    assert image_judge.precision_recall(drawn, real, neighbours=2) == (1, 1)
