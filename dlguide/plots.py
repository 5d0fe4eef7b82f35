"""Pictures: each function returns a matplotlib figure, opens no window and needs no display.

Save one with `figure.savefig("name.png")`; a notebook shows it as the last value of a cell.
"""

from collections.abc import Callable, Sequence

import numpy as np

from dlguide import _checks
from dlguide._code_plots import codes, image_grid, score_histogram
from dlguide._figures import figure_of, finished

__all__ = [
    "attention",
    "codes",
    "confusion_matrix",
    "examples",
    "feature_maps",
    "fitted_curve",
    "forecast",
    "image_grid",
    "learning_curves",
    "prediction_against_truth",
    "score_histogram",
]


def learning_curves(history):
    """Draw the loss and each metric over the epochs, training beside validation.

    Args:
        history: What `fit` returned, or its dict of lists.

    Returns:
        A `matplotlib.figure.Figure`, one panel for the loss and one for each metric.

    Raises:
        ValueError: If the history has no epoch.

    Example:
        >>> len(learning_curves({"loss": [2.0, 1.0], "accuracy": [0.5, 0.7]}).axes)
        2
    """
    history = getattr(history, "history", history)
    if not history or not all(len(values) for values in history.values()):
        raise _checks.error("history", "of at least one epoch", history)
    names = [name for name in history if not name.startswith("val_") and name != "learning_rate"]

    figure = figure_of(5 * len(names), 3.6)
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        for key, label in ((name, "training"), (f"val_{name}", "validation")):
            if key in history:
                epochs = np.arange(1, len(history[key]) + 1)
                axes.plot(epochs, history[key], label=label, marker="." if len(epochs) < 30 else None)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set(xlabel="epoch", ylabel=name)
        axes.grid(alpha=0.3)
        axes.legend()
    return finished(figure)


def confusion_matrix(matrix, class_names: Sequence[str] = ()):
    """Draw a confusion matrix: counts, coloured by their share of the true class.

    Args:
        matrix: Counts of shape `(classes, classes)`, a row for each true class, as
            `evaluation.evaluate` gives it.
        class_names: A name for each class; its number where it is empty.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If the matrix is not square or the names do not fit.

    Example:
        >>> len(confusion_matrix([[3, 1], [0, 4]], ["cat", "dog"]).axes[0].texts)  # Zeros are left out.
        3
    """
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or len(matrix) != matrix.shape[-1] or not len(matrix):
        raise ValueError(f"`matrix` must be a square array. Received: matrix of shape {matrix.shape}")
    n = len(matrix)
    names = list(class_names) or [str(i) for i in range(n)]
    if len(names) != n:
        raise _checks.error("class_names", f"one name for each of {n} classes", class_names)

    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    figure = figure_of(2.2 + 0.5 * n, 1.6 + 0.5 * n)
    axes = figure.subplots()
    # The root brings out the few mistakes beside the many that are right.
    axes.imshow(np.sqrt(share), cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            colour = "white" if share[row, column] > 0.4 else "black"
            axes.text(column, row, f"{count:g}", ha="center", va="center", color=colour, fontsize=8)
    long = max(map(len, names)) > 3
    axes.set_xticks(range(n), names, rotation=45 if long else 0, ha="right" if long else "center")
    axes.set_yticks(range(n), names)
    axes.set(xlabel="predicted", ylabel="true")
    return finished(figure)


def examples(x, y, scores, class_names: Sequence[str] = (), *, worst: bool = False, count: int = 24):
    """Draw images with their prediction: the first ones, or the worst mistakes first.

    Args:
        x: Images of shape `(n, height, width)`, `(n, height, width, 1)` or `(n, height, width, 3)`,
            in [0, 1].
        y: True classes, integers of shape `(n,)`.
        scores: The model's logits or probabilities, of shape `(n, classes)`.
        class_names: A name for each class; its number where it is empty.
        worst: Draw the examples with the largest cross-entropy instead of the first ones.
        count: Number of images at the most, at least 1.

    Returns:
        A `matplotlib.figure.Figure`; a wrong prediction stands in red, with the true class behind it.

    Raises:
        ValueError: If the arrays do not fit together or `count` is below 1.

    Example:
        >>> len(examples(np.zeros((3, 8, 8)), np.array([0, 1, 1]), np.eye(3)[:, :2]).axes)
        3
    """
    count = _checks.integer("count", count)
    x, y, scores = np.asarray(x), np.asarray(y), np.asarray(scores, "float64")
    if x.ndim not in (3, 4) or not len(x) or not len(x) == len(y) == len(scores) or scores.ndim != 2:
        raise ValueError(
            f"`x`, `y` and `scores` must be images, classes and scores of the same length. "
            f"Received: x of shape {x.shape}, y of shape {y.shape}, scores of shape {scores.shape}"
        )
    names = list(class_names) or [str(i) for i in range(scores.shape[1])]
    predicted = scores.argmax(axis=1)
    # How far the true class lies behind the best; the order is the same for logits and probabilities of one row's sum.
    behind = scores.max(axis=1) - scores[np.arange(len(y)), y]
    shown = np.argsort(-behind, kind="stable")[:count] if worst else np.arange(min(count, len(x)))

    columns = min(8, len(shown))
    rows = -(-len(shown) // columns)
    figure = figure_of(1.3 * columns, 1.65 * rows)
    for place, i in enumerate(shown):
        axes = figure.add_subplot(rows, columns, place + 1)
        axes.imshow(x[i].squeeze(), cmap="gray", vmin=0, vmax=1)
        axes.axis("off")
        right = predicted[i] == y[i]
        title = names[predicted[i]] if right else f"{names[predicted[i]]}, not {names[y[i]]}"
        axes.set_title(title, fontsize=9, color="black" if right else "crimson")
    return finished(figure)


def prediction_against_truth(y, predicted, target_name: str = "y"):
    """Draw predictions against true values, with the line where they agree.

    Args:
        y: True values, of shape `(n,)` or `(n, 1)`.
        predicted: Predicted values, the same number.
        target_name: Name of the value, for the axes.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If the numbers of values differ or there is none.

    Example:
        >>> prediction_against_truth([1, 2], [1.1, 1.9], "mpg").axes[0].get_xlabel()
        'true mpg'
    """
    y, predicted = np.ravel(y), np.ravel(predicted)
    if len(y) != len(predicted) or not len(y):
        raise ValueError(
            f"`y` and `predicted` must have the same length, at least 1. "
            f"Received: y of length {len(y)}, predicted of length {len(predicted)}"
        )
    figure = figure_of(4.6, 4.4)
    axes = figure.subplots()
    ends = [min(y.min(), predicted.min()), max(y.max(), predicted.max())]
    axes.plot(ends, ends, color="gray", linewidth=1, label="equal")
    axes.scatter(y, predicted, s=14, alpha=0.7)
    axes.set(xlabel=f"true {target_name}", ylabel=f"predicted {target_name}", aspect="equal")
    axes.legend()
    axes.grid(alpha=0.3)
    return finished(figure)


def fitted_curve(x, y, predict: Callable, *, x_name: str = "x", y_name: str = "y", label: str = "model"):
    """Draw points of one variable and the curve that a model puts through them.

    Args:
        x: The variable, of shape `(n,)` or `(n, 1)`.
        y: True values, the same number.
        predict: Function from `(m, 1)` float32 values of the variable to `m` predictions, such as
            a model.
        x_name: Name of the variable.
        y_name: Name of the value.
        label: What the legend calls the curve, such as its formula.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If the numbers of values differ or there is none.

    Example:
        >>> fitted_curve([0, 1], [0, 2], lambda x: 2 * x).axes[0].get_ylabel()
        'y'
    """
    x, y = np.ravel(x), np.ravel(y)
    if len(x) != len(y) or not len(x):
        raise ValueError(
            f"`x` and `y` must have the same length, at least 1. Received: x of length {len(x)}, y of length {len(y)}"
        )
    grid = np.linspace(x.min(), x.max(), 200, dtype="float32")[:, None]
    curve = predict(grid)
    curve = np.ravel(curve.detach().cpu() if hasattr(curve, "detach") else curve)

    figure = figure_of(6, 4)
    axes = figure.subplots()
    axes.scatter(x, y, s=12, alpha=0.6, label="data")
    axes.plot(grid[:, 0], curve, color="crimson", label=label)
    axes.set(xlabel=x_name, ylabel=y_name)
    axes.legend()
    axes.grid(alpha=0.3)
    return finished(figure)


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
    figure = figure_of(1.2 * columns, 1.35 * -(-len(shown) // columns))
    for place, picture in enumerate(shown):
        axes = figure.add_subplot(-(-len(shown) // columns), columns, place + 1)
        axes.imshow(picture, cmap="gray", vmin=0)
        axes.axis("off")
        axes.set_title("image" if place == 0 else f"filter {place - 1}", fontsize=8)
    return finished(figure)


def forecast(y, predicted, baseline=None, *, baseline_name: str = "baseline", y_name: str = "y"):
    """Draw a series beside its one-step forecasts, and a baseline's.

    Args:
        y: True values in their order, of shape `(n,)`.
        predicted: Forecasts, the same number.
        baseline: Another model's forecasts, the same number; None for none.
        baseline_name: What the legend calls them.
        y_name: Name of the value, for the axis.

    Returns:
        A `matplotlib.figure.Figure`: the series above; below, how far the baseline's sum of absolute errors
        so far is ahead of the forecast's (rising where the forecast is the better one), or without a baseline
        the forecast's own sum.

    Raises:
        ValueError: If the numbers of values differ or there is none.

    Example:
        >>> len(forecast([1, 2, 3], [1, 2, 2], [1, 1, 2]).axes)
        2
    """
    lines = {"forecast": np.ravel(predicted)} | ({} if baseline is None else {baseline_name: np.ravel(baseline)})
    y = np.ravel(y)
    for name, values in lines.items():
        if len(values) != len(y) or not len(y):
            raise ValueError(
                f"`y` and every forecast must have the same length, at least 1. "
                f"Received: y of length {len(y)}, {name} of length {len(values)}"
            )
    figure = figure_of(10, 5.4)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    above.plot(y, color="black", linewidth=1, label="truth")
    for (name, values), colour in zip(lines.items(), ("crimson", "tab:blue"), strict=False):
        above.plot(values, color=colour, linewidth=1, alpha=0.8, label=name)
    errors = [np.cumsum(np.abs(values - y)) for values in lines.values()]
    below.plot(errors[0] if baseline is None else errors[1] - errors[0], color="crimson")
    below.axhline(0, color="black", linewidth=0.8)
    above.set(ylabel=y_name)
    above.legend()
    below.set(
        xlabel="step of the test part",
        ylabel="sum of errors so far" if baseline is None else f"errors of {baseline_name}\nbeyond the forecast's",
    )
    for axes in (above, below):
        axes.grid(alpha=0.3)
    return finished(figure)


def attention(weights, tokens: Sequence[str]):
    """Draw the attention of one sequence, a panel for each head.

    Args:
        weights: Attention of shape `(heads, length, length)`, such as `attention.attention_weights` gives for
            one sequence; what lies beyond `tokens` (padding) is left out.
        tokens: The symbol of each token, at least one.

    Returns:
        A `matplotlib.figure.Figure`; a row is what one token attends to, dark for much.

    Raises:
        ValueError: If the weights are no stack of squares of at least that many tokens.

    Example:
        >>> len(attention(np.full((2, 3, 3), 1 / 3), "abc").axes)
        2
    """
    weights, n = np.asarray(weights), len(tokens)
    if weights.ndim != 3 or weights.shape[1] != weights.shape[2] or not 0 < n <= weights.shape[1]:
        raise ValueError(
            "`weights` must be of shape (heads, length, length), with a length of at least that of `tokens`. "
            f"Received: weights of shape {weights.shape}, tokens={tokens!r}"
        )
    figure = figure_of((1 + 0.3 * n) * len(weights), 1.8 + 0.3 * n)
    for head, axes in enumerate(figure.subplots(1, len(weights), squeeze=False)[0]):
        axes.imshow(weights[head, :n, :n], cmap="Blues", vmin=0)
        axes.set_xticks(range(n), list(tokens))
        axes.set_yticks(range(n), list(tokens))
        axes.set(xlabel="looks at", title=f"head {head}")
    return finished(figure)
