"""The pictures that a run leaves in its folder, each under the title of the run."""

from pathlib import Path

import keras
import numpy as np
from scipy.special import log_softmax

from dlguide import data, generation, plots
from recipes._lib.images import reconstruction
from recipes._lib.runs import statements
from recipes._lib.texts import texts

CROSS_ENTROPY = "cross-entropy (nats)"
PIXEL_CROSS_ENTROPY = "cross-entropy (nats per pixel)"


def title(recipe_file: str, metrics: dict, data_name: str | None = None) -> str:
    """Return what stands above each picture of a run: the recipe, its data and its result.

    `data_name` is the name of data that the recipe does not name, such as a text of one's own.
    """
    name = Path(recipe_file).stem
    stated = statements.statement(name)
    words = [name, data_name or stated.data]
    if stated.metric in metrics:  # Of few generated images there is no Fréchet distance.
        value = stated.format.format(metrics[stated.metric]).replace("%", " %")
        words.append(f"{stated.metric.replace('_', ' ')} {value}")
    return " · ".join(words)


def save_figures(run_dir: str, title: str, **figures) -> None:
    """Save each figure in the run folder under its keyword, with `title` above it.

    Below the title stands what the figure says of itself, or its keyword.
    """
    for name, figure in figures.items():
        own = figure.get_suptitle() or name.replace("_", " ")
        plots.set_title(figure, f"{title}\n{own}")
        figure.savefig(Path(run_dir) / f"{name}.png", bbox_inches="tight")  # A title may be wider than the figure.


def scaled(history, factor: float) -> dict[str, list[float]]:
    """Return the losses and metrics of each epoch in another unit."""
    return {name: [factor * value for value in values] for name, values in history.history.items()}


def save_image_classifier_figures(run_dir, title: str, model, splits: data.Splits, history, metrics: dict) -> None:
    """Save the curves, the confusion matrix, the first and the worst examples of the test set."""
    names, scores = splits.info.class_names, model.predict(splits.test.x, batch_size=256, verbose=0)
    save_classifier_figures(run_dir, title, history, metrics, names)
    save_figures(
        run_dir,
        title,
        examples=plots.examples(*splits.test, scores, names),
        worst_examples=plots.examples(*splits.test, scores, names, worst=True),
    )


def save_text_classifier_figures(run_dir, title: str, model, splits: data.Splits, history, metrics: dict) -> None:
    """Save the curves, the confusion matrix and, in `mistakes.txt`, the names with the largest cross-entropy."""
    names, y = splits.info.class_names, splits.test.y
    logs = log_softmax(model.predict(splits.test.x, batch_size=256, verbose=0).astype("float64"), axis=1)
    save_classifier_figures(run_dir, title, history, metrics, names)
    words, predicted = texts.decoded(splits.test, splits.info), logs.argmax(axis=1)
    lines = []
    for i in np.argsort(logs[np.arange(len(y)), y], kind="stable")[:40]:  # The largest cross-entropy first.
        if predicted[i] != y[i]:
            percent = 100 * np.exp(logs[i].max())
            confidence = ">99" if percent > 99.5 else f"{percent:.0f}"  # "100 %" would be certainty.
            lines.append(f"{words[i]}: predicted {names[predicted[i]]} ({confidence} %), true {names[y[i]]}")
    (Path(run_dir) / "mistakes.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def save_classifier_figures(run_dir, title: str, history, metrics: dict, class_names) -> None:
    """Save the curves and the confusion matrix."""
    save_figures(
        run_dir,
        title,
        learning_curves=plots.learning_curves(history, metric_names={"loss": CROSS_ENTROPY}),
        confusion_matrix=plots.confusion_matrix(metrics["confusion_matrix"], class_names),
    )


def save_feature_maps(run_dir, title: str, model, splits: data.Splits) -> None:
    """Save the outputs of the first two convolutions for the first test image."""
    figures = {}
    for i in range(2):
        layer = keras.Model(model.input, model.get_layer(f"features_{i}").output)
        maps = layer.predict(splits.test.x[:1], verbose=0)[0]
        figures[f"feature_maps_{i}"] = plots.feature_maps(splits.test.x[0], maps)
    save_figures(run_dir, title, **figures)


def save_reconstructions(run_dir, title: str, model, x: np.ndarray, shown: np.ndarray, count: int = 12) -> None:
    """Save the inputs, the decoded images and, where they differ from the inputs, the originals."""
    rows = {"input": shown[:count], "decoded": reconstruction.decoded(model, shown[:count])}
    if shown is not x:
        rows["original"] = x[:count]
    save_figures(run_dir, title, reconstructions=plots.image_grid(np.stack(list(rows.values())), list(rows)))


def save_interpolations(run_dir, title: str, model, codes: np.ndarray, rows: int = 6) -> None:
    """Save images decoded from codes between the two codes of a pair, a pair in each row."""
    rows = min(rows, len(codes) // 2)
    pairs = codes[: 2 * rows].reshape(-1, 2, *codes.shape[1:])
    images = [generation.decode(model, generation.interpolate(*pair, steps=10)) for pair in pairs]
    save_figures(run_dir, title, interpolations=plots.image_grid(np.stack(images)))


def typical_members(codes: np.ndarray, clusters: np.ndarray, splits: data.Splits, count: int = 12):
    """Draw the images nearest to the mean code of each cluster, a row for each."""
    rows = []
    for cluster in np.unique(clusters):
        members = np.flatnonzero(clusters == cluster)
        distance = np.linalg.norm(codes[members] - codes[members].mean(axis=0), axis=1)
        nearest = members[np.argsort(distance)[:count]]
        rows.append(splits.test.x[np.resize(nearest, count)])
    return plots.image_grid(np.stack(rows), [f"cluster {cluster}" for cluster in np.unique(clusters)])


class SamplesByEpoch(keras.callbacks.Callback):
    """Keeps what a generator makes of the same codes after each epoch."""

    checkpoint_attributes = ()  # A resumed run restores nothing of this callback.

    def __init__(self, count: int = 12):
        super().__init__()
        self.count, self.images = count, {}

    def on_epoch_end(self, epoch, logs=None):
        self.images[epoch + 1] = generation.sample(self.model, self.count)

    def figure(self, model, epochs: int, rows: int = 8):
        """Draw the samples of up to `rows` of the epochs that this process trained, and of the model as it is."""
        shown = {**self.images, epochs: generation.sample(model, self.count)}
        numbers = sorted(shown)
        chosen = [numbers[i] for i in np.unique(np.linspace(0, len(numbers) - 1, rows).astype(int))]
        return plots.image_grid(np.stack([shown[e] for e in chosen]), [f"epoch {e}" for e in chosen])
