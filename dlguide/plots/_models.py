"""Pictures of a model: its learning curves, its confusion matrix, its attention."""

from collections.abc import Mapping, Sequence

import numpy as np

from dlguide import _checks
from dlguide.plots._figure import names_of_classes, new_figure


def learning_curves(history, *, metric_names: Mapping[str, str] | None = None):
    """Draw the loss and each metric over the epochs, training beside validation.

    Args:
        history: What `fit` returned, or its dict of lists: of numbers, or of arrays of one shape for a metric of
            several values, such as one for each class. NaN stands for an epoch without the metric, and is not
            drawn.
        metric_names: What the axis of a metric says instead of its own name, such as its meaning and
            unit: `{"loss": "mean squared error (mpg²)"}`. These metrics are drawn first, in this order.
            None for the names and the order of the history.

    Returns:
        A `matplotlib.figure.Figure`, one panel for the loss and one for each metric, three in a row at the
        most. A metric of several values has a thin line for each and a thick one for their mean. Of a single epoch
        each value is written beside its point, instead of a legend.

    Raises:
        ValueError: If the history has no epoch, lacks a metric that is named, or has a metric that is neither
            numbers nor arrays of one shape.

    Example:
        >>> figure = learning_curves({"loss": [2.0, 1.0], "accuracy": [0.5, 0.7]}, metric_names={"loss": "nats"})
        >>> [axes.get_ylabel() for axes in figure.axes]
        ['nats', 'accuracy']
    """
    history = getattr(history, "history", history)
    if not history or not all(len(values) for values in history.values()):
        raise _checks.error("history", "of at least one epoch", history)
    names = [name for name in history if not name.startswith("val_") and name != "learning_rate"]
    metric_names = dict(metric_names or {})
    if not set(metric_names) <= set(names):
        raise _checks.error("metric_names", f"of metrics in {names}", metric_names)
    names = list(dict.fromkeys([*metric_names, *names]))
    curves = {key: _components(key, history[key]) for key in history if key.removeprefix("val_") in names}

    rows = -(-len(names) // 3)
    columns = -(-len(names) // rows)  # Four in two rows of two.
    with new_figure(4.2 * columns, 3.3 * rows) as figure:
        for place, name in enumerate(names):
            axes = figure.add_subplot(rows, columns, place + 1)
            for color, (key, label) in enumerate(((name, "training"), (f"val_{name}", "validation"))):
                if key in curves:
                    _draw_curve(axes, curves[key], label, f"C{color}")
            epochs, size = curves[name].shape
            y_name = metric_names.get(name, name) + (f"\n(thick: mean of {size} values)" if size > 1 else "")
            axes.set(xlabel="epoch", ylabel=y_name, xlim=(0.5, epochs + 0.5))
            axes.grid(alpha=0.3)
            if epochs == 1:
                axes.set_xticks([1])
            else:
                axes.xaxis.get_major_locator().set_params(integer=True)
                axes.legend()
    return figure


def _components(name: str, values: Sequence) -> np.ndarray:
    """Return the numbers of a metric, of shape `(epochs, components)`; NaN alone stands for an epoch without it."""
    try:
        rows = [np.ravel(np.asarray(value, "float64")) for value in values]
        size = max(1, *map(len, rows))
        return np.stack([np.full(size, np.nan) if np.isnan(row).all() else row for row in rows])
    except (TypeError, ValueError):
        must_be = "of numbers, or of arrays of one shape for each metric"
        raise _checks.error("history", must_be, {name: values}) from None


def _draw_curve(axes, components: np.ndarray, label: str, color: str) -> None:
    """Draw a metric over the epochs; of several components each as a thin line, and their mean as a thick one."""
    mean = components.mean(axis=1)
    if components.shape[1] > 1:
        for values in components.T:
            _draw_line(axes, values, color=color, linewidth=0.7, alpha=0.4, markersize=3)
    line = _draw_line(axes, mean, color=color, label=label, linewidth=2.5 if components.shape[1] > 1 else None)
    if len(mean) == 1 and np.isfinite(mean[0]):
        # Two numbers on an axis of their own would look far apart however near they are, so it begins at 0.
        axes.update_datalim([(1, 0)])
        line.sticky_edges.y.append(0)
        axes.margins(y=0.15)
        left = label == "training"  # The two may be at the same height.
        axes.annotate(
            f"{label} {mean[0]:.3g}",
            (1, mean[0]),
            xytext=(-8 if left else 8, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
        )


def _draw_line(axes, values: np.ndarray, **style):
    """Draw the finite values at their epochs, each as a point too where they are few or epochs are left out."""
    epochs = 1 + np.flatnonzero(np.isfinite(values))
    marker = "." if len(epochs) < max(30, len(values)) else None
    [line] = axes.plot(epochs, values[epochs - 1], marker=marker, **style)
    return line


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
    names = names_of_classes(class_names, n)

    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    with new_figure(2.2 + 0.5 * n, 1.8 + 0.5 * n) as figure:
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
    return figure


def attention(weights, tokens: Sequence[str]):
    """Draw the attention of one sequence, a panel for each head.

    Args:
        weights: Attention of shape `(heads, length, length)`, such as `attention.attention_weights` gives for
            one sequence; what lies beyond `tokens` (padding) is left out.
        tokens: The symbol of each token, at least one.

    Returns:
        A `matplotlib.figure.Figure`; a row is what one token attends to, dark for much, on the same scale for
        each head.

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
    with new_figure((1 + 0.3 * n) * len(weights), 1.4 + 0.3 * n) as figure:
        for head, axes in enumerate(figure.subplots(1, len(weights), squeeze=False)[0]):
            axes.imshow(weights[head, :n, :n], cmap="Blues", vmin=0, vmax=weights[:, :n, :n].max())
            axes.set_xticks(range(n), list(tokens))
            axes.set_yticks(range(n), list(tokens))
            axes.set(xlabel="looks at", ylabel="" if head else "token", title=f"head {head}")
    return figure
