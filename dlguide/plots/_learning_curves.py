"""A picture of the loss and the metrics over the epochs."""

from collections.abc import Mapping, Sequence

import numpy as np

from dlguide import _checks
from dlguide.plots._figure import new_figure


def learning_curves(history, *, metric_names: Mapping[str, str] | None = None):
    """Draw the loss and each metric over the epochs, training beside validation.

    Args:
        history: The result of `fit`, or its dict of lists. An entry of a list is a number, or an array for a metric of
            several values, such as one per class. NaN marks an epoch without the metric: it is not drawn. Neither is a
            log of texts.
        metric_names: Labels of the metrics' axes, such as meaning and unit: `{"loss": "mean squared error (mpg²)"}`.
            These metrics come first, in this order. If None, names and order are those of the history.

    Returns:
        A `matplotlib.figure.Figure` with a panel for each metric, at most three in a row. A metric of several values
        has a thin line for each and a thick line for their mean. A single epoch has its values beside their points.

    Raises:
        ValueError: If the history has no epoch or a metric of several shapes, or `metric_names` an unknown metric.

    Example:
        >>> figure = learning_curves({"loss": [2.0, 1.0], "accuracy": [0.5, 0.7]}, metric_names={"loss": "nats"})
        >>> [axes.get_ylabel() for axes in figure.axes]
        ['nats', 'accuracy']
    """
    history = getattr(history, "history", history)
    if not history or not all(len(values) for values in history.values()):
        raise _checks.error("history", "of at least one epoch", history)
    history = {name: values for name, values in history.items() if not any(isinstance(value, str) for value in values)}
    # A metric of the validation alone comes last.
    names = [name.removeprefix("val_") for name in sorted(history, key=lambda name: name.startswith("val_"))]
    names = [name for name in dict.fromkeys(names) if name != "learning_rate"]
    if not names:
        raise _checks.error("history", "with a metric", list(history))
    lengths = {name: len(values) for name, values in history.items()}
    if len(set(lengths.values())) > 1:
        raise _checks.error("history", "of as many values for each metric, NaN for an epoch without one", lengths)
    metric_names = dict(metric_names or {})
    if not set(metric_names) <= set(names):
        raise _checks.error("metric_names", f"of metrics in {names}", metric_names)
    names = list(dict.fromkeys([*metric_names, *names]))
    curves = {key: _components(key, history[key]) for key in history if key.removeprefix("val_") in names}

    rows = -(-len(names) // 3)
    columns = -(-len(names) // rows)  # Four panels are two rows of two.
    with new_figure(4.2 * columns, 3.3 * rows) as figure:
        for place, name in enumerate(names):
            axes = figure.add_subplot(rows, columns, place + 1)
            for color, (key, label) in enumerate(((name, "training"), (f"val_{name}", "validation"))):
                if key in curves:
                    _draw_curve(axes, curves[key], label, f"C{color}")
            epochs, size = curves.get(name, curves.get(f"val_{name}")).shape
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
    """Return a metric as an array of shape `(epochs, values)`, with rows of NaN for epochs without it."""
    try:
        rows = [np.ravel(np.asarray(value, "float64")) for value in values]
        size = max(1, *map(len, rows))
        return np.stack([np.full(size, np.nan) if np.isnan(row).all() else row for row in rows])
    except (TypeError, ValueError):
        raise _checks.error("history", "numbers, or arrays of one shape for each metric", {name: values}) from None


def _draw_curve(axes, components: np.ndarray, label: str, color: str) -> None:
    """Draw a metric over the epochs: one line, or thin lines and a thick one for their mean."""
    mean, has_several = components.mean(axis=1), components.shape[1] > 1
    if has_several:
        for values in components.T:
            _draw_line(axes, values, color=color, linewidth=0.7, alpha=0.4, markersize=3)
    line = _draw_line(axes, mean, color=color, label=label, linewidth=2.5 if has_several else None)
    if len(mean) == 1 and np.isfinite(mean[0]):
        # The axis begins at 0: on an axis of their own, two values look far apart however near they are.
        axes.update_datalim([(1, 0)])
        line.sticky_edges.y.append(0)
        axes.margins(y=0.15)
        place = {"xytext": (8, 0), "ha": "left"}
        if label == "training":  # On the other side: both values may be at the same height.
            place = {"xytext": (-8, 0), "ha": "right"}
        axes.annotate(f"{label} {mean[0]:.3g}", (1, mean[0]), textcoords="offset points", va="center", **place)


def _draw_line(axes, values: np.ndarray, **style):
    """Draw the finite values at their epochs, with markers if they are few or epochs are missing."""
    epochs = 1 + np.flatnonzero(np.isfinite(values))
    marker = "." if len(epochs) < max(30, len(values)) else None
    [line] = axes.plot(epochs, values[epochs - 1], marker=marker, **style)
    return line
