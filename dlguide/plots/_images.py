"""Pictures of images: with the predictions of a classifier, or in a grid."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from dlguide import _checks
from dlguide.plots._figure import names_of_classes, new_figure


def examples(
    x: ArrayLike,
    y: ArrayLike,
    scores: ArrayLike,
    class_names: Sequence[str] = (),
    *,
    worst: bool = False,
    count: int = 24,
):
    """Draw images with the predicted class above each; a mistake is red, with the confidence and the true class.

    Args:
        x: Images of shape `(n, height, width)`, optionally with 1 or 3 channels at the end, in [0, 1] or uint8.
        y: True classes, integers of shape `(n,)` or `(n, 1)`.
        scores: The model's outputs, of shape `(n, classes)`, or `(n, 1)` for two classes. They are read as
            probabilities if all are at least 0 and each row sums to 1 (or lies in [0, 1]), else as logits.
        class_names: A name for each class. If empty, its number.
        worst: If True, draw the examples with the largest cross-entropy of all, largest first.
        count: Largest number of images, at least 1.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If shapes or the number of names do not match, a class has no column in `scores`, or `count` < 1.

    Example:
        >>> figure = examples(np.zeros((2, 8, 8)), [0, 1], [[0.9, 0.1], [0.8, 0.2]], ["cat", "dog"])
        >>> [axes.get_title() for axes in figure.axes]
        ['cat', 'predicted cat (80 %),\\ntrue dog']
    """
    count = _checks.integer("count", count)
    x, y, scores = _unit_range(x), np.asarray(y), np.asarray(scores, "float64")
    if x.ndim not in (3, 4) or not len(x) or y.shape not in ((len(x),), (len(x), 1)) or scores.shape[:-1] != (len(x),):
        must = "`x`, `y` and `scores` must be images, classes and scores of the same length"
        raise _checks.shape_error(must, x=x, y=y, scores=scores)
    logs = _log_probabilities(scores)
    y, classes = y.ravel(), np.arange(logs.shape[1])
    if not np.isin(y, classes).all():
        raise _checks.error("y", f"integers from 0 to {len(classes) - 1}, one for each column of `scores`", y)
    y, names = y.astype(int), names_of_classes(class_names, len(classes))
    predicted, order = logs.argmax(axis=1), np.arange(len(x))
    if worst:
        order = np.argsort(logs[order, y], kind="stable")  # Lowest probability first.
    shown = order[:count]
    titles = [names[y[i]] if predicted[i] == y[i] else _mistake(names, predicted[i], logs[i], y[i]) for i in shown]

    # As wide as the longest line, so that long class names do not overlap.
    width = max(1.2, 0.066 * max(len(line) for title in titles for line in title.split("\n")))
    columns = min(8, len(shown), int(11.5 / width))
    rows = -(-len(shown) // columns)
    lines = max(title.count("\n") for title in titles) + 1
    with new_figure(width * columns, 0.3 + (1.25 + 0.16 * lines) * rows) as figure:
        for place, (i, title) in enumerate(zip(shown, titles, strict=True)):
            axes = figure.add_subplot(rows, columns, place + 1)
            axes.imshow(x[i].squeeze(), cmap="gray", vmin=0, vmax=1)
            axes.axis("off")
            axes.set_title(title, fontsize=8, color="black" if predicted[i] == y[i] else "crimson")
        which = "largest cross-entropy first; " if worst else ""
        figure.suptitle(f"{which}above each image the predicted class, mistakes in red", fontsize=9)
    return figure


def _unit_range(images: ArrayLike) -> np.ndarray:
    images = np.asarray(images)
    return images / 255 if images.dtype == "uint8" else images


def _log_probabilities(scores: np.ndarray) -> np.ndarray:
    """Return log probabilities of shape `(n, classes)` for probabilities or logits, also for those of one output."""
    if scores.shape[1] == 1:  # Of the second class: the first one has the rest, or the logit 0.
        are_probabilities = ((scores >= 0) & (scores <= 1)).all()
        scores = np.concatenate([1 - scores if are_probabilities else 0 * scores, scores], axis=1)
    if (scores < 0).any() or not np.allclose(scores.sum(axis=1), 1, atol=1e-2):  # In bfloat16 too.
        return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    with np.errstate(divide="ignore"):  # A probability of 0 is a cross-entropy of infinity.
        return np.log(scores)


def _mistake(names: Sequence[str], predicted: int, logs: np.ndarray, true: int) -> str:
    percent = 100 * np.exp(logs[predicted])
    confidence = ">99" if percent > 99.5 else f"{percent:.0f}"  # "100 %" would be certainty.
    return f"predicted {names[predicted]} ({confidence} %),\ntrue {names[true]}"


def image_grid(images: ArrayLike, row_names: Sequence[str] = (), column_names: Sequence[str] = ()):
    """Draw images in rows: originals above reconstructions, samples of each epoch, a grid of codes.

    Args:
        images: Images in [0, 1] or uint8, of shape `(rows, columns, height, width)`, optionally with 1 or 3 channels
            at the end.
        row_names: A name for each row, or none.
        column_names: A name for each column, or none.

    Returns:
        A `matplotlib.figure.Figure` with all images as one.

    Raises:
        ValueError: If `images` has another shape, or the number of names differs.

    Example:
        >>> image_grid(np.zeros((2, 3, 8, 8)), ["original", "decoded"]).axes[0].get_images()[0].get_size()
        (17, 26)
    """
    images = _unit_range(images)
    if images.ndim == 4:
        images = images[..., None]
    if images.ndim != 5 or images.shape[-1] not in (1, 3) or not images.size:
        must = "`images` must be of shape (rows, columns, height, width), optionally with 1 or 3 channels at the end"
        raise _checks.shape_error(must, images=images)
    rows, columns, height, width, channels = images.shape
    for name, names, n in (("row_names", row_names, rows), ("column_names", column_names, columns)):
        if len(names) not in (0, n):
            raise _checks.error(name, f"one name for each of {n}, or none", names)
    # One image with white lines between: a thousand axes are slow.
    canvas = np.ones((rows, height + 1, columns, width + 1, channels))
    canvas[:, :height, :, :width] = np.clip(images, 0, 1).swapaxes(1, 2)
    canvas = canvas.reshape(rows * (height + 1), columns * (width + 1), channels)[:-1, :-1]
    long = max((len(str(name)) for name in row_names), default=0)
    above = 0.2 * bool(len(column_names))
    with new_figure(0.3 + 0.6 * columns + 0.09 * long, 0.3 + 0.6 * rows * height / width + above) as figure:
        axes = figure.subplots()
        axes.imshow(canvas.squeeze(-1) if channels == 1 else canvas, cmap="gray", vmin=0, vmax=1)
        axes.set_yticks([row * (height + 1) + height / 2 for row in range(len(row_names))], list(row_names))
        axes.set_xticks([column * (width + 1) + width / 2 for column in range(len(column_names))], list(column_names))
        axes.xaxis.tick_top()
        axes.tick_params(length=0, labelsize=8)
        axes.spines[:].set_visible(False)
    return figure
