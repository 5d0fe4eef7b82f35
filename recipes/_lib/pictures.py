"""Pictures that recipes leave in their run folder: of classifiers, predicted numbers, decoded images, clusters."""

from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
from scipy.special import log_softmax

from dlguide import data, generation, plots
from recipes._lib.images import reconstruction
from recipes._lib.runs import recipe_list
from recipes._lib.texts import token_texts

PIXEL_CROSS_ENTROPY = "cross-entropy (nats per pixel)"


def title(recipe_file: str, metrics: dict, data_name: str | None = None, row: str | None = None) -> str:
    """Return the title of a run's pictures: the recipe, its data and its result.

    `data_name` replaces the name of the data that the recipe states, for a text of one's own; a further `row` of
    recipes.toml states its own data and metric.
    """
    stated = recipe_list.recipe(row or Path(recipe_file).stem)
    words = [Path(recipe_file).stem, data_name or stated.data]
    if stated.metric in metrics:  # There is no Fréchet distance for few generated images.
        value = stated.format.format(metrics[stated.metric]).replace("%", " %")
        words.append(f"{stated.metric.replace('_', ' ')} {value}")
    return " · ".join(words)


def save_figures(run_dir: str, title: str, **figures) -> None:
    """Save each figure in the run folder under its keyword, with `title` and its own title (or keyword) above it."""
    for name, figure in figures.items():
        own = figure.get_suptitle() or name.replace("_", " ")
        plots.set_title(figure, f"{title}\n{own}")
        figure.savefig(Path(run_dir) / f"{name}.png", bbox_inches="tight")  # A title may be wider than the figure.


def scaled(history, factor: float) -> dict[str, list[float]]:
    """Return the losses and metrics of each epoch, multiplied by a factor, for another unit."""
    return {name: [factor * value for value in values] for name, values in history.history.items()}


def save_classifier_figures(run_dir, title: str, history, metrics: dict, class_names) -> None:
    """Save the learning curves and the confusion matrix."""
    curves = plots.learning_curves(history, metric_names={"loss": "cross-entropy (nats)"})
    confusion = plots.confusion_matrix(metrics["confusion_matrix"], class_names)
    save_figures(run_dir, title, learning_curves=curves, confusion_matrix=confusion)


def save_image_classifier_figures(run_dir, title: str, model, splits: data.Splits, history, metrics: dict) -> None:
    """Save the learning curves, the confusion matrix, and the first and the worst examples of the test set."""
    names, scores = splits.info.class_names, model.predict(splits.test.x, batch_size=256, verbose=0)
    save_classifier_figures(run_dir, title, history, metrics, names)
    first, worst = (plots.examples(*splits.test, scores, names, worst=worst) for worst in (False, True))
    save_figures(run_dir, title, examples=first, worst_examples=worst)


def save_text_classifier_figures(run_dir, title: str, model, splits: data.Splits, history, metrics: dict) -> None:
    """Save the learning curves, the confusion matrix and, in `mistakes.txt`, the texts with the worst predictions."""
    names, y = splits.info.class_names, splits.test.y
    logs = log_softmax(model.predict(splits.test.x, batch_size=256, verbose=0).astype("float64"), axis=1)
    save_classifier_figures(run_dir, title, history, metrics, names)
    words, predicted = token_texts.decoded(splits.test, splits.info), logs.argmax(axis=1)
    lines = []
    for i in np.argsort(logs[np.arange(len(y)), y], kind="stable")[:40]:  # Largest cross-entropy first.
        if predicted[i] != y[i]:
            percent = 100 * np.exp(logs[i].max())
            confidence = ">99" if percent > 99.5 else f"{percent:.0f}"  # "100 %" would be certainty.
            lines.append(f"{words[i]}: predicted {names[predicted[i]]} ({confidence} %), true {names[y[i]]}")
    (Path(run_dir) / "mistakes.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def save_feature_maps(run_dir, title: str, model, splits: data.Splits) -> None:
    """Save the outputs of the first two convolutions for the first test image."""
    image = splits.test.x[:1]
    for i in range(2):
        layer = keras.Model(model.input, model.get_layer(f"features_{i}").output)
        figure = feature_maps(image[0], layer.predict(image, verbose=0)[0])
        save_figures(run_dir, title, **{f"feature_maps_{i}": figure})


def feature_maps(image: np.ndarray, maps: np.ndarray):
    """Draw an image and the first 16 outputs of a convolution, each from black (0) to white (its largest value)."""
    shown = {"image": image} | {f"filter {i}": maps[..., i] for i in range(min(16, maps.shape[-1]))}
    columns = min(9, len(shown))
    rows = -(-len(shown) // columns)
    with plots.new_figure(1.2 * columns, 1.35 * rows) as figure:
        for place, (name, values) in enumerate(shown.items()):
            axes = figure.add_subplot(rows, columns, place + 1)
            axes.imshow(values, cmap="gray", vmin=0)
            axes.axis("off")
            axes.set_title(name, fontsize=8)
    return figure


def prediction_against_truth(y, predicted, target_name: str, *, unit: str, baseline, baseline_name: str):
    """Draw predictions against true values, for the model and for a baseline, with their mean absolute errors."""
    y = np.ravel(y)
    with plots.new_figure(5, 5) as figure:
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
    with plots.new_figure(6, 4) as figure:
        axes = figure.subplots()
        axes.scatter(x, y, s=12, alpha=0.6, label="data")
        axes.plot(grid, keras.ops.convert_to_numpy(predict(grid)), color="crimson", label=label)
        axes.set(xlabel=x_name, ylabel=y_name)
        axes.legend()
        axes.grid(alpha=0.3)
    return figure


def forecast(y, predicted, baseline, *, baseline_name: str, y_name: str, unit: str, dates: Sequence[str]):
    """Draw a series with one-step forecasts of a model and of a baseline, and below them the model's lead so far.

    The lead is the sum of the baseline's absolute errors so far minus that of the model's.
    """
    times = np.array(dates, "datetime64")
    lead = np.cumsum(np.abs(baseline - y) - np.abs(predicted - y))
    with plots.new_figure(10, 5.8) as figure:
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


def save_reconstructions(run_dir, title: str, model, x: np.ndarray, shown: np.ndarray, count: int = 12) -> None:
    """Save the inputs, the decoded images and, if they differ from the inputs, the originals."""
    rows = {"input": shown[:count], "decoded": reconstruction.decoded(model, shown[:count])}
    if shown is not x:
        rows["original"] = x[:count]
    save_figures(run_dir, title, reconstructions=plots.image_grid(np.stack(list(rows.values())), list(rows)))


def save_interpolations(run_dir, title: str, model, codes: np.ndarray, rows: int = 6) -> None:
    """Save images decoded from codes between two codes, a pair of codes in each row."""
    rows = min(rows, len(codes) // 2)
    pairs = codes[: 2 * rows].reshape(-1, 2, *codes.shape[1:])
    images = [generation.decode(model, generation.interpolate(*pair, steps=10)) for pair in pairs]
    save_figures(run_dir, title, interpolations=plots.image_grid(np.stack(images)))


class SamplesByEpoch(keras.callbacks.Callback):
    """After each epoch, keeps the images that the generator makes of the same codes."""

    def __init__(self, count: int = 12):
        super().__init__()
        self.count, self.images = count, {}

    def get_state(self) -> dict:
        return {}

    def set_state(self, state: dict) -> None:
        """Do nothing: a resumed run shows the epochs of this process."""

    def on_epoch_end(self, epoch, logs=None):
        self.images[epoch + 1] = generation.sample(self.model, self.count)

    def figure(self, model, epochs: int, rows: int = 8):
        """Draw the samples of up to `rows` of the epochs that this process trained, and those of the final model."""
        shown = {**self.images, epochs: generation.sample(model, self.count)}
        numbers = sorted(shown)
        chosen = [numbers[i] for i in np.unique(np.linspace(0, len(numbers) - 1, rows).astype(int))]
        return plots.image_grid(np.stack([shown[e] for e in chosen]), [f"epoch {e}" for e in chosen])
