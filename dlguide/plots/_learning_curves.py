"""A picture of the loss and the metrics over the epochs."""

from collections.abc import Mapping

import numpy as np

from dlguide import _checks
from dlguide.plots._figure import new_figure


def learning_curves(history, *, metric_names: Mapping[str, str] | None = None):
    """Draw the loss and each metric over the epochs, training beside validation.

    Args:
        history: The result of `fit`, or its dict of lists. An entry of a list is a number, or an array for a metric of
            several values, such as one per class, of which the mean is drawn. NaN and texts are not drawn.
        metric_names: Labels of the metrics' axes, such as `{"loss": "mean squared error (mpg²)"}`. These metrics come
            first, in this order. If None, names and order are those of the history.

    Returns:
        A `matplotlib.figure.Figure` with a panel for each metric, at most three in a row. A single epoch has its values
        beside their points.

    Raises:
        ValueError: If the history has no metric or no epoch, or `metric_names` an unknown metric.

    Example:
        >>> figure = learning_curves({"loss": [2.0, 1.0], "accuracy": [0.5, 0.7]}, metric_names={"loss": "nats"})
        >>> [axes.get_ylabel() for axes in figure.axes]
        ['nats', 'accuracy']
    """
    history = getattr(history, "history", history)
    history = {name: values for name, values in history.items() if not any(isinstance(value, str) for value in values)}
    # A metric of the validation alone comes last.
    names = [name.removeprefix("val_") for name in sorted(history, key=lambda name: name.startswith("val_"))]
    names = [name for name in dict.fromkeys(names) if name != "learning_rate"]
    lengths = {name: len(values) for name, values in history.items()}
    if not names or not all(lengths.values()) or len(set(lengths.values())) > 1:
        must_be = "of one metric and one epoch at least, with NaN for an epoch without a metric"
        raise _checks.error("history", must_be, lengths)
    metric_names = dict(metric_names or {})
    if not set(metric_names) <= set(names):
        raise _checks.error("metric_names", f"of metrics in {names}", metric_names)
    names = list(dict.fromkeys([*metric_names, *names]))
    curves = {key: np.array([np.mean(value) for value in values], "float64") for key, values in history.items()}

    rows = -(-len(names) // 3)
    columns = -(-len(names) // rows)  # Four panels are two rows of two.
    with new_figure(4.2 * columns, 3.3 * rows) as figure:
        for place, name in enumerate(names):
            axes = figure.add_subplot(rows, columns, place + 1)
            for color, (key, label) in enumerate(((name, "training"), (f"val_{name}", "validation"))):
                if key in curves:
                    _draw_curve(axes, curves[key], label, f"C{color}")
            epochs = len(curves.get(name, curves.get(f"val_{name}")))
            axes.set(xlabel="epoch", ylabel=metric_names.get(name, name), xlim=(0.5, epochs + 0.5))
            axes.grid(alpha=0.3)
            if epochs == 1:
                axes.set_xticks([1])
            else:
                axes.xaxis.get_major_locator().set_params(integer=True)
                axes.legend()
    return figure


def _draw_curve(axes, values: np.ndarray, label: str, color: str) -> None:
    """Draw the finite values at their epochs, with markers if they are few or epochs are missing."""
    epochs = 1 + np.flatnonzero(np.isfinite(values))
    marker = "." if len(epochs) < max(30, len(values)) else None
    [line] = axes.plot(epochs, values[epochs - 1], marker=marker, color=color, label=label)
    if len(values) == 1 and len(epochs):
        # The axis begins at 0: on an axis of their own, two values look far apart however near they are.
        axes.update_datalim([(1, 0)])
        line.sticky_edges.y.append(0)
        axes.margins(y=0.15)
        # On two sides: both values may be at the same height.
        place = {"xytext": (-8, 0), "ha": "right"} if label == "training" else {"xytext": (8, 0), "ha": "left"}
        axes.annotate(f"{label} {values[0]:.3g}", (1, values[0]), textcoords="offset points", va="center", **place)
