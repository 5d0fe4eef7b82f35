"""Pictures of classifiers and of predicted numbers; the functions that end in `figures` return those that draw."""

import functools
from collections.abc import Callable, Sequence

import keras
import numpy as np

from dlguide import data, plots
from recipes._lib import drawing

Figures = dict[str, Callable]
"""Functions that draw, by the names of the files."""


def scaled(history, factor: float) -> dict[str, list[float]]:
    """Return the losses and metrics of each epoch, multiplied by a factor, for another unit."""
    return {name: [factor * value for value in values] for name, values in history.history.items()}


def classifier_figures(history, metrics: dict, class_names) -> Figures:
    """Return the pictures of the learning curves and of the confusion matrix."""
    return {
        "learning_curves": lambda: plots.learning_curves(history, metric_names={"loss": "cross-entropy (nats)"}),
        "confusion_matrix": lambda: plots.confusion_matrix(metrics["confusion_matrix"], class_names),
    }


def image_classifier_figures(model, splits: data.Splits, history, metrics: dict) -> Figures:
    """Return those of a classifier, and those of the first and of the worst examples of the test set."""

    def examples(**options):
        return plots.examples(*splits.test, logits(), splits.info.class_names, **options)

    logits = functools.cache(lambda: model.predict(splits.test.x, batch_size=256, verbose=0))
    figures = classifier_figures(history, metrics, splits.info.class_names)
    return figures | {"examples": examples, "worst_examples": functools.partial(examples, worst=True)}


def feature_maps_figures(model, splits: data.Splits) -> Figures:
    """Return the pictures of the outputs of the first two convolutions for the first test image."""

    def draw(layer: str):
        image = splits.test.x[:1]
        outputs = keras.Model(model.input, model.get_layer(layer).output).predict(image, verbose=0)
        return feature_maps(image[0], outputs[0])

    return {f"feature_maps_{i}": functools.partial(draw, f"features_{i}") for i in range(2)}


def feature_maps(image: np.ndarray, maps: np.ndarray):
    """Draw an image and the first 16 outputs of a convolution, each from black (0) to white (its largest value)."""
    shown = {"image": image} | {f"filter {i}": maps[..., i] for i in range(min(16, maps.shape[-1]))}
    columns = min(9, len(shown))
    rows = -(-len(shown) // columns)
    with drawing.new_figure(1.2 * columns, 1.35 * rows) as figure:
        for place, (name, values) in enumerate(shown.items()):
            axes = figure.add_subplot(rows, columns, place + 1)
            axes.imshow(values, cmap="gray", vmin=0)
            axes.axis("off")
            axes.set_title(name, fontsize=8)
    return figure


def prediction_against_truth(y, predicted, target_name: str, *, unit: str, baseline, baseline_name: str):
    """Draw predictions against true values, for the model and for a baseline, with their mean absolute errors."""
    y = np.ravel(y)
    with drawing.new_figure(5, 5) as figure:
        axes = figure.subplots()
        axes.axline((y.mean(), y.mean()), slope=1, color="gray", linewidth=1, label="equal")
        for name, values, style in (
            (baseline_name, np.ravel(baseline), {"facecolors": "none", "edgecolors": "gray"}),
            ("model", np.ravel(predicted), {"color": "C0", "alpha": 0.7}),
        ):
            error = np.abs(values - y).mean()
            axes.scatter(y, values, s=14, label=f"{name}: mean absolute error {error:.3g} {unit}", **style)
        axes.set(xlabel=f"true {target_name} ({unit})", ylabel=f"predicted {target_name} ({unit})", aspect="equal")
        axes.legend(fontsize=8)
        axes.grid(alpha=0.3)
    return figure


def fitted_curve(x, y, predict: Callable, *, x_name: str, y_name: str, label: str):
    """Draw points of one variable and the predictions of a model as a curve through them."""
    grid = np.linspace(np.min(x), np.max(x), 200, dtype="float32")[:, None]
    with drawing.new_figure(6, 4) as figure:
        axes = figure.subplots()
        axes.scatter(x, y, s=12, alpha=0.6, label="data")
        axes.plot(grid, keras.ops.convert_to_numpy(predict(grid)), color="crimson", label=label)
        axes.set(xlabel=x_name, ylabel=y_name)
        axes.legend()
        axes.grid(alpha=0.3)
    return figure


def forecast(y, predicted, baseline, dates: Sequence[str], *, baseline_name: str, y_name: str, unit: str):
    """Draw a series with one-step forecasts of a model and of a baseline, and below them the model's lead so far."""
    times = np.array(dates, "datetime64")
    lead = np.cumsum(np.abs(baseline - y) - np.abs(predicted - y))
    with drawing.new_figure(10, 5.8) as figure:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
        lines = {"truth": (y, "black"), "forecast": (predicted, "crimson"), baseline_name: (baseline, "tab:blue")}
        for name, (values, color) in lines.items():
            above.plot(times, values, color=color, linewidth=1, alpha=0.8, label=name)
        above.set(ylabel=f"{y_name} ({unit})")
        above.legend()
        below.plot(times, lead, color="crimson")
        below.axhline(0, color="black", linewidth=0.8)
        below.set(xlabel="date", ylabel=f"cumulative lead\nover {baseline_name} ({unit})")
        meaning = f"absolute errors so far, {baseline_name} minus forecast: rises while the forecast is better"
        below.set_title(meaning, fontsize=9, loc="left")
        for axes in (above, below):
            axes.grid(alpha=0.3)
    return figure
