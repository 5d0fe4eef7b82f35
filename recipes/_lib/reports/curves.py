"""Learning curves as drawings in a page: SVG that takes the page's colours."""

import math
from collections.abc import Callable, Sequence

import markupsafe
from matplotlib import ticker

WIDTH, HEIGHT = 340, 220
LEFT, RIGHT, TOP, BOTTOM = 52, 328, 12, 184
"""The ends of the axes; around them is the room of the numbers."""
POINTS = 150
"""At most so many points of a curve are drawn: no screen shows more, and the page stays small."""


def panels(history: dict[str, list[float]], name: Callable[[str], str], epoch: str) -> list[dict]:
    """Return a title and a drawing for each metric of a history, training beside validation.

    `name` gives the title of a metric; `epoch` is the word below the axis.
    """
    metrics = dict.fromkeys(key.removeprefix("val_") for key in history if key not in ("epoch", "seconds"))
    found = []
    for metric in sorted(metrics, key=lambda key: key != "loss"):  # The loss comes first.
        lines = {kind: history.get(f"{prefix}{metric}", []) for kind, prefix in (("training", ""), ("valid", "val_"))}
        lines = {kind: _points(values) for kind, values in lines.items()}
        lines = {kind: points for kind, points in lines.items() if points}
        if lines:
            found.append({"title": name(metric), "kinds": list(lines), "svg": _drawing(lines, name(metric), epoch)})
    return found


def _points(values: Sequence[float]) -> list[tuple[int, float]]:
    """Return epochs and finite values, thinned out evenly to at most `POINTS` and the last."""
    points = [(epoch, value) for epoch, value in enumerate(values, 1) if math.isfinite(value)]
    step = -(-len(points) // POINTS)
    return points[:-1:step] + points[-1:] if points else []


def _drawing(lines: dict[str, list[tuple[int, float]]], title: str, epoch: str) -> markupsafe.Markup:
    epochs, values = zip(*(point for points in lines.values() for point in points), strict=True)
    margin = 0.06 * (max(values) - min(values)) or 0.5 * abs(max(values)) or 1  # A constant has no range of its own.
    bottom, top = min(values) - margin, max(values) + margin
    x_ticks, y_ticks = _ticks(1, max(epochs), 6, integer=True), _ticks(bottom, top, 5)

    def x(at: float) -> float:
        return LEFT + 6 + (RIGHT - LEFT - 12) * ((at - 1) / (max(epochs) - 1) if max(epochs) > 1 else 0.5)

    def y(at: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (at - bottom) / (top - bottom)

    parts = []
    for tick in y_ticks:
        parts.append(f'<path class="grid" d="M{LEFT} {y(tick):.1f}H{RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for tick in x_ticks:
        parts.append(f'<text x="{x(tick):.1f}" y="{BOTTOM + 16}" text-anchor="middle">{tick:g}</text>')
    for kind, points in lines.items():
        path = "L".join(f"{x(at):.1f} {y(value):.1f}" for at, value in points)
        parts.append(f'<path class="line {kind}" d="M{path}"/>')
        if len(points) <= 20:
            parts += [f'<circle class="{kind}" cx="{x(at):.1f}" cy="{y(v):.1f}" r="3"/>' for at, v in points]
        if len(points) == 1:
            parts.append(f'<text x="{x(points[0][0]) + 8:.1f}" y="{y(points[0][1]) + 4:.1f}">{points[0][1]:.4g}</text>')
    middle = (LEFT + RIGHT) / 2
    label = markupsafe.Markup('<text x="{}" y="{}" text-anchor="middle">{}</text>').format(middle, HEIGHT - 4, epoch)
    head = markupsafe.Markup('<svg viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">')
    head = head.format(WIDTH, HEIGHT, WIDTH, HEIGHT, title)
    return head + markupsafe.Markup("".join(parts)) + label + markupsafe.Markup("</svg>")


def _ticks(low: float, high: float, count: int, integer: bool = False) -> list[float]:
    """Return round numbers from `low` to `high`."""
    ticks = ticker.MaxNLocator(count, integer=integer).tick_values(low, high)
    return [tick for tick in ticks if low <= tick <= high]
