"""Pictures of predicted numbers: against the truth, as a curve, over time; `plots` exports them."""

from collections.abc import Callable, Sequence

import numpy as np

from dlguide.plots._figure import new_figure


def prediction_against_truth(
    y, predicted, target_name: str = "y", *, unit: str = "", baseline=None, baseline_name: str = "baseline"
):
    """Draw predictions against true values, with the line where they agree and the mean absolute error.

    Args:
        y: True values, of shape `(n,)` or `(n, 1)`.
        predicted: Predicted values, the same number.
        target_name: Name of the value, for the axes.
        unit: Its unit, for the axes and the errors; none where it is empty.
        baseline: Another model's predictions, the same number, drawn as grey rings; None for none.
        baseline_name: What the legend calls them.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If the numbers of values differ or there is none.

    Example:
        >>> figure = prediction_against_truth([1, 2], [1.1, 1.9], "consumption", unit="mpg", baseline=[1.5, 1.5])
        >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
        ['equal', 'baseline: mean absolute error 0.5 mpg', 'model: mean absolute error 0.1 mpg']
    """
    y, given = np.ravel(y), {"predicted": np.ravel(predicted)}
    if baseline is not None:
        given = {"baseline": np.ravel(baseline), **given}  # Drawn first, so below the model's.
    for argument, values in given.items():
        if len(y) != len(values) or not len(y):
            raise ValueError(
                f"`y` and `{argument}` must have the same length, at least 1. "
                f"Received: y of length {len(y)}, {argument} of length {len(values)}"
            )
    everything = np.concatenate([y, *given.values()])
    ends = [everything.min(), everything.max()]
    styles = {
        "baseline": (baseline_name, {"facecolors": "none", "edgecolors": "gray"}),
        "predicted": ("model", {"color": "C0", "alpha": 0.7}),
    }
    with new_figure(5, 5) as figure:
        axes = figure.subplots()
        axes.plot(ends, ends, color="gray", linewidth=1, label="equal")
        for argument, values in given.items():
            name, style = styles[argument]
            error = f"{np.abs(values - y).mean():.3g} {unit}".strip()
            axes.scatter(y, values, s=14, label=f"{name}: mean absolute error {error}", **style)
        axes.set(
            xlabel=_with_unit(f"true {target_name}", unit),
            ylabel=_with_unit(f"predicted {target_name}", unit),
            aspect="equal",
        )
        axes.legend(fontsize=8)
        axes.grid(alpha=0.3)
    return figure


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

    with new_figure(6, 4) as figure:
        axes = figure.subplots()
        axes.scatter(x, y, s=12, alpha=0.6, label="data")
        axes.plot(grid[:, 0], curve, color="crimson", label=label)
        axes.set(xlabel=x_name, ylabel=y_name)
        axes.legend()
        axes.grid(alpha=0.3)
    return figure


def forecast(
    y,
    predicted,
    baseline=None,
    *,
    baseline_name: str = "baseline",
    y_name: str = "y",
    unit: str = "",
    dates: Sequence = (),
):
    """Draw a series beside its one-step forecasts, and a baseline's.

    Args:
        y: True values in their order, of shape `(n,)`.
        predicted: Forecasts, the same number.
        baseline: Another model's forecasts, the same number; None for none.
        baseline_name: What the legend calls them.
        y_name: Name of the value, for the axis.
        unit: Its unit, for both axes; none where it is empty.
        dates: Date of each value, such as `"2008-12"` or `"2008-12-31"` (whatever `numpy.datetime64`
            reads); the values are counted from 1 where it is empty.

    Returns:
        A `matplotlib.figure.Figure`: the series above; below, how far the forecast leads so far (the
        baseline's sum of absolute errors less its own: it rises where the forecast is better), or without a
        baseline the forecast's own sum.

    Raises:
        ValueError: If the numbers of values or dates differ, there is no value, or a date cannot be read.

    Example:
        >>> above, below = forecast([1, 2, 3], [1, 2, 2], [1, 1, 2], dates=["2008-10", "2008-11", "2008-12"]).axes
        >>> below.get_ylabel(), below.lines[0].get_ydata().tolist()
        ('cumulative lead\\nover baseline', [0, 1, 1])
    """
    lines = {"forecast": np.ravel(predicted)} | ({} if baseline is None else {baseline_name: np.ravel(baseline)})
    y = np.ravel(y)
    for name, values in lines.items():
        if len(values) != len(y) or not len(y):
            raise ValueError(
                f"`y` and every forecast must have the same length, at least 1. "
                f"Received: y of length {len(y)}, {name} of length {len(values)}"
            )
    times = _times(dates, len(y))

    errors = [np.cumsum(np.abs(values - y)) for values in lines.values()]
    below_name, sense = "cumulative\nabsolute error", "sum of absolute errors so far; lower is better"
    if baseline is not None:
        below_name = f"cumulative lead\nover {baseline_name}"
        sense = (
            f"sum of absolute errors so far, {baseline_name}'s less the forecast's: it rises where the forecast is "
            "better, and falls where it is worse"
        )
    with new_figure(10, 5.8) as figure:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
        above.plot(times, y, color="black", linewidth=1, label="truth")
        for (name, values), colour in zip(lines.items(), ("crimson", "tab:blue"), strict=False):
            above.plot(times, values, color=colour, linewidth=1, alpha=0.8, label=name)
        above.set(ylabel=_with_unit(y_name, unit))
        above.legend()
        below.plot(times, errors[0] if baseline is None else errors[1] - errors[0], color="crimson")
        below.axhline(0, color="black", linewidth=0.8)
        below.set(xlabel="date" if len(dates) else "step", ylabel=_with_unit(below_name, unit))
        below.set_title(sense, fontsize=9, loc="left")
        for axes in (above, below):
            axes.grid(alpha=0.3)
    return figure


def _with_unit(name: str, unit: str) -> str:
    """Return the words at an axis."""
    return f"{name} ({unit})" if unit else name


def _times(dates: Sequence, n: int) -> np.ndarray:
    if not len(dates):
        return np.arange(1, n + 1)
    message = f"`dates` must be a date for each of {n} values, such as '2008-12'. Received: dates={dates!r}"
    if len(dates) != n:
        raise ValueError(message)
    try:
        return np.array(dates, "datetime64")
    except ValueError:
        raise ValueError(message) from None
