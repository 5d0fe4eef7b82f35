"""Pictures of examples: images with their predictions, and feature maps of one image; `plots` exports them."""

from collections.abc import Sequence

import numpy as np

from dlguide import _checks
from dlguide.plots._figure import names_of_classes, new_figure


def examples(x, y, scores, class_names: Sequence[str] = (), *, worst: bool = False, count: int = 24):
    """Draw images with the predicted class above each: the first ones, or the worst mistakes first.

    Above a mistake stands in red how sure the model was and the true class: `predicted 5 (98 %), true 1`.

    Args:
        x: Images of shape `(n, height, width)`, `(n, height, width, 1)` or `(n, height, width, 3)`,
            in [0, 1].
        y: True classes, integers of shape `(n,)` or `(n, 1)`.
        scores: The model's outputs, of shape `(n, classes)`. They are read as probabilities if all are
            at least 0 and each row sums to 1, else as logits, whose softmax gives the probabilities.
        class_names: A name for each class; its number where it is empty.
        worst: Draw the examples with the largest cross-entropy (the lowest probability of the true
            class), largest first, instead of the first ones.
        count: Number of images at the most, at least 1.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If the arrays do not fit together, a class or its name is missing, or `count` is below 1.

    Example:
        >>> figure = examples(np.zeros((2, 8, 8)), [0, 1], [[0.9, 0.1], [0.8, 0.2]], ["cat", "dog"])
        >>> [axes.get_title() for axes in figure.axes]
        ['cat', 'predicted cat (80 %),\\ntrue dog']
    """
    count = _checks.integer("count", count)
    x, y, scores = np.asarray(x), np.asarray(y), np.asarray(scores, "float64")
    if x.ndim not in (3, 4) or not len(x) or y.shape not in ((len(x),), (len(x), 1)) or scores.shape[:-1] != (len(x),):
        raise ValueError(
            f"`x`, `y` and `scores` must be images, classes and scores of the same length. "
            f"Received: x of shape {x.shape}, y of shape {y.shape}, scores of shape {scores.shape}"
        )
    y, classes = y.ravel(), np.arange(scores.shape[1])
    if not np.isin(y, classes).all():
        raise _checks.error("y", f"integers from 0 to {len(classes) - 1}, one for each column of `scores`", y)
    y, names = y.astype(int), names_of_classes(class_names, len(classes))
    logs = _log_probabilities(scores)
    shown = np.arange(min(count, len(x)))
    if worst:
        shown = np.argsort(logs[np.arange(len(y)), y], kind="stable")[:count]  # Lowest probability first.
    predicted = logs.argmax(axis=1)
    titles = [names[y[i]] if predicted[i] == y[i] else _mistake(names, predicted[i], logs[i], y[i]) for i in shown]

    # As wide as its longest line, so that long class names do not run into each other.
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
        order = "largest cross-entropy first; " if worst else ""
        figure.suptitle(f"{order}above each image the predicted class, mistakes in red", fontsize=9)
    return figure


def _log_probabilities(scores: np.ndarray) -> np.ndarray:
    """Return the logarithms of the probabilities that `scores` of shape `(n, classes)` are or, as logits, stand for."""
    from scipy.special import log_softmax

    if (scores >= 0).all() and np.allclose(scores.sum(axis=1), 1, atol=1e-3):  # As wide as half precision needs.
        with np.errstate(divide="ignore"):  # A probability of 0 is a cross-entropy of infinity.
            return np.log(scores)
    return log_softmax(scores, axis=1)


def _mistake(names: Sequence[str], predicted: int, logs: np.ndarray, true: int) -> str:
    """Return a wrong prediction in words, with the model's probability of it."""
    percent = 100 * np.exp(logs[predicted])
    confidence = ">99" if percent > 99.5 else f"{percent:.0f}"  # "100 %" would be certainty.
    return f"predicted {names[predicted]} ({confidence} %),\ntrue {names[true]}"


def feature_maps(image, maps, *, count: int = 16):
    """Draw an image and what each filter of a convolution makes of it.

    Args:
        image: The image, `(height, width)`, `(height, width, 1)` or `(height, width, 3)`, in [0, 1].
        maps: Outputs of one layer for it, `(height, width, filters)`, such as those of
            `keras.Model(model.input, model.get_layer("features_0").output)`.
        count: Number of maps at the most, at least 1; the first ones are drawn.

    Returns:
        A `matplotlib.figure.Figure`; black is 0, white the largest value of each map.

    Raises:
        ValueError: If `maps` is no stack of maps or `count` is below 1.

    Example:
        >>> len(feature_maps(np.zeros((8, 8)), np.ones((4, 4, 3))).axes)
        4
    """
    count = _checks.integer("count", count)
    image, maps = np.asarray(image), np.asarray(maps)
    if maps.ndim != 3 or image.ndim not in (2, 3):
        raise ValueError(
            "`image` and `maps` must be an image and maps of shape (height, width, filters). "
            f"Received: image of shape {image.shape}, maps of shape {maps.shape}"
        )
    shown = [image.squeeze(), *np.moveaxis(maps, -1, 0)[:count]]
    columns = min(9, len(shown))
    rows = -(-len(shown) // columns)
    with new_figure(1.2 * columns, 1.35 * rows) as figure:
        for place, picture in enumerate(shown):
            axes = figure.add_subplot(rows, columns, place + 1)
            axes.imshow(picture, cmap="gray", vmin=0)
            axes.axis("off")
            axes.set_title("image" if place == 0 else f"filter {place - 1}", fontsize=8)
    return figure
