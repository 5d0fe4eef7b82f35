"""The usual figure of an experiment: panels of points with intervals, or of curves with bands."""

import functools
from collections.abc import Callable

import numpy as np

from questions import _sentences, _verdict
from questions._experiment import Experiment, Panel
from questions._names import Names
from questions._questions import Question
from recipes._lib import drawing

LEGEND = {"fontsize": 8, "framealpha": 0.6}


def files(experiment: Experiment) -> dict[str, bool]:
    """Return the figures of a question by name, and whether each has all panels: one is enough if it shows them all."""
    is_one_enough = not experiment.draw and set(main_panels(experiment)) == set(experiment.panels)
    return {"figure": False} if is_one_enough else {"figure": False, "panels": True}


def main_panels(experiment: Experiment) -> tuple[str, ...]:
    """Return the panels of the page's figure."""
    return experiment.main_panels or (experiment.claims[0].panel,)


def draw(question: Question, seeds: dict, language: str, *, is_whole=False, is_usual=False, kind: str = ""):
    """Return the figure of the page, or the one with all panels, in a language.

    `is_usual` draws no figure of the experiment's own. `kind` is "quick", "class" or empty: a title says so. A quick
    look has no titles of panels, because they name the published settings.
    """
    experiment, names = question.experiment, question.names(language)
    own = experiment.draw_panels if is_whole else experiment.draw
    is_own = own and not (is_usual or kind == "quick")
    figure = own(seeds, names) if is_own else _usual(question, seeds, names, is_whole, kind == "quick")
    if kind == "quick":
        drawing.set_title(figure, _quick_title(experiment, names))
    elif kind == "class":
        counts = len(seeds), len(question.results()["seeds"])
        drawing.set_title(figure, names("sentence", "class").format(*counts))
    return figure


def _usual(question: Question, seeds: dict, names: Names, is_whole: bool, is_quick: bool):
    experiment = question.experiment
    shown, measured = (experiment.panels if is_whole else main_panels(experiment)), next(iter(seeds.values()))
    panels = {name: experiment.panels[name] for name in shown if any(row != {} for row in measured[name].values())}
    draw_all, size = draw_panels, (6.4, height(panels))
    if len(panels) == 2 and not is_whole:
        draw_all, size = _draw_beside, (9, max(_heights(panels)) + 0.1)
    elif len(panels) == 1 and not is_whole:
        size = experiment.figure_size or (6.4, 0.8 * height(panels))  # It stands in the text, and may be low.

    @of_size(*size)
    def drawn(figure):
        draw_all(figure, panels, seeds, names)
        if is_quick:
            for axes in figure.axes:
                axes.set_title("")
        elif experiment.adjust:
            experiment.adjust(figure, panels)

    return drawn()


def _quick_title(experiment: Experiment, names: Names) -> str:
    """Return what a quick look is, with its numbers of examples, epochs and so on."""
    numbers = {key: value for key, value in experiment.quick.items() if type(value) is int}
    sizes = [
        names("sentence", "examples").format(value) if key == "limit" else f"{key} {value}"
        for key, value in numbers.items()
    ]
    return names("sentence", "quick").format(names("sentence", "comma").join(sizes) or "--quick")


def of_size(width: float, height: float) -> Callable:
    """Return a decorator for a function that draws into a figure, its first argument: it makes and returns that.

    A title that would leave the figure, and a legend over a curve, get a better place.
    """

    def decorated(draw_into: Callable) -> Callable:
        @functools.wraps(draw_into)
        def drawn(*args):
            with drawing.new_figure(width, height) as figure:
                draw_into(figure, *args)
                _mend(figure)
            return figure

        return drawn

    return decorated


def _mend(figure) -> None:
    figure.draw_without_rendering()  # Only now it is known where everything is.
    for axes in figure.axes:
        label = axes.yaxis.label
        if label.get_window_extent().height > 1.15 * axes.bbox.height:
            label.set_text(label.get_text().replace(" (", "\n("))
            figure.draw_without_rendering()
    for axes in figure.axes:
        if axes.title.get_window_extent().x1 > figure.bbox.x1:
            axes.title.set(x=1, horizontalalignment="right")
        if axes.get_legend() and covered(axes):
            _make_room(figure, axes)


def covered(axes) -> bool:
    """Return whether the legend of axes lies over one of their lines."""
    box = axes.get_legend().get_window_extent()
    return any(line.get_transform().transform_path(line.get_path()).intersects_bbox(box, False) for line in axes.lines)


def _make_room(figure, axes) -> None:
    """Put the legend above or below all lines and bands, at the place for which y must be enlarged least."""
    is_narrow = axes.get_legend().get_window_extent().width < 0.45 * axes.bbox.width
    if is_narrow and len(axes.get_legend().get_texts()) > 3:
        axes.legend(**LEGEND, ncols=2)
        figure.draw_without_rendering()
    legend, scale, shown = axes.get_legend(), axes.yaxis.get_transform(), axes.get_ylim()
    paths = [(line.get_transform(), line.get_path()) for line in axes.lines]
    paths += [(band.get_transform(), path) for band in axes.collections for path in band.get_paths()]
    paths = [(transform - axes.transAxes).transform_path(path).interpolated(50) for transform, path in paths]
    x, y = np.concatenate([path.vertices for path in paths]).T
    box = legend.get_window_extent().transformed(axes.transAxes.inverted())
    width, room = box.width + 0.04, 0.96 - box.height
    places = []
    for side, left in (("left", 0), ("center", (1 - width) / 2), ("right", 1 - width)):
        near = y[(left <= x) & (x <= left + width)]
        places += [(near.max(initial=0), f"upper {side}"), (1 - near.min(initial=1), f"lower {side}")]
    needed, place = min(places)
    legend.set_loc(place)
    low, high = scale.transform(shown)
    more = max(0, needed / room - 1) * (high - low)
    low, high = (low, high + more) if "upper" in place else (low - more, high)
    axes.set_ylim(*scale.inverted().transform([low, high]))
    axes.set_yticks([tick for tick in axes.get_yticks() if shown[0] <= tick <= shown[1]])  # No accuracy above 100 %.


def _draw_beside(figure, panels: dict[str, Panel], seeds: dict, names: Names) -> None:
    for part, (name, panel) in zip(figure.subfigures(1, 2), panels.items(), strict=True):
        draw_panels(part, {name: panel}, seeds, names)


def draw_curves_beside(figure, panels: dict[str, Panel], seeds: dict, names: Names) -> dict:
    """Draw panels of curves beside each other, with a letter each; return the axes by panel."""
    all_axes = dict(zip(panels, figure.subplots(1, len(panels)), strict=True))
    for letter, (name, axes) in zip("abcdef", all_axes.items(), strict=False):
        draw_curves(axes, name, panels[name], seeds, names)
        axes.set_title(f"({letter}) {names.title(name)}", fontsize=10)
        axes.grid(alpha=0.3)
    figure.supxlabel(names("sentence", "drawn curves"), fontsize=8, color="gray")
    return all_axes


def height(panels: dict[str, Panel]) -> float:
    """Return the height of the panels in inches."""
    return sum(_heights(panels))


def _heights(panels: dict[str, Panel]) -> list[float]:
    return [3.2 if panel.x_axis else 0.9 + 0.4 * len(panel.rows) for panel in panels.values()]


def draw_panels(figure, panels: dict[str, Panel], seeds: dict, names: Names) -> None:
    """Draw the panels into a figure or a part of one."""
    all_axes = figure.subplots(len(panels), height_ratios=_heights(panels), squeeze=False)[:, 0]
    letters = [f"({letter}) " for letter in "abcdefghijklmn"] if len(panels) > 1 else [""]
    for axes, letter, (name, panel) in zip(all_axes, letters, panels.items(), strict=False):
        (draw_curves if panel.x_axis else draw_points)(axes, name, panel, seeds, names)
        if panel.score.logarithmic:
            (axes.set_yscale if panel.x_axis else axes.set_xscale)("log")
            _write_plainly(axes.yaxis if panel.x_axis else axes.xaxis)
        axes.set_title(letter + names.title(name), fontsize=10)
        axes.grid(axis="both" if panel.x_axis else "x", alpha=0.3)
    drawn = "drawn curves" if all(panel.x_axis for panel in panels.values()) else "drawn"
    drawn = drawn if len(seeds) >= _verdict.FEWEST else "drawn few"
    figure.supxlabel(names("sentence", drawn), fontsize=8, color="gray")


def with_part_below(panels: dict[str, Panel], seeds: dict, names: Names, inches: float, draw_below: Callable):
    """Return a figure with the panels, and below them a part of some inches that `draw_below` draws."""

    @of_size(6.4, height(panels) + inches)
    def drawn(figure):
        above, below = figure.subfigures(2, height_ratios=[height(panels), inches])
        draw_panels(above, panels, seeds, names)
        draw_below(below)

    return drawn()


def _write_plainly(axis) -> None:
    """Write 2, 5, 10, 20 at a logarithmic axis of less than three decades, in place of powers of ten."""
    from matplotlib import ticker

    low, high = axis.get_view_interval()
    if high / low < 1000:
        axis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter(ticker.NullFormatter())


def draw_points(axes, name: str, panel: Panel, seeds: dict, names: Names) -> None:
    """Draw a row for each way that was measured: its mean with an interval, and each seed."""
    factor = panel.score.unit.factor
    for place, row in enumerate(panel.rows):
        values = _verdict.column(seeds, name, row)
        mean, low, high = (factor * end for end in _verdict.mean(panel.score, values))
        axes.plot([factor * value for value in values], [place + 0.22] * len(values), ".", color="gray", alpha=0.6)
        axes.errorbar(mean, place, xerr=[[mean - low], [high - mean]], fmt="o", color="tab:blue", capsize=4)
    axes.set_yticks(range(len(panel.rows)), [names("row", name, row) for row in panel.rows])
    axes.set_ylim(len(panel.rows) - 0.5, -0.5)
    axes.set_xlabel(_sentences.described(panel.score, names))


def draw_curves(axes, name: str, panel: Panel, seeds: dict, names: Names) -> None:
    """Draw a curve for each way that was measured: its mean with a band."""
    factor = panel.score.unit.factor
    for row in panel.rows:
        places = _verdict.places(seeds, name, row)
        found = [_verdict.mean(panel.score, _verdict.column(seeds, name, row, at)) for at in places]
        means, lows, highs = ([factor * interval[i] for interval in found] for i in range(3))
        x = [float(at) for at in places]
        axes.plot(x, means, ".-", label=names("row", name, row))
        axes.fill_between(x, lows, highs, alpha=0.2)
    if panel.logarithmic:
        axes.set_xscale("log")
        measured = sorted({float(at) for row in panel.rows for at in _verdict.places(seeds, name, row)})
        if len(measured) <= 8:
            axes.set_xticks(measured, [f"{value:g}" for value in measured])
            axes.minorticks_off()
    elif np.all(axes.lines[0].get_xdata() % 1 == 0):
        axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel=names("curve", panel.x_axis), ylabel=_sentences.described(panel.score, names))
    axes.legend(**LEGEND)
