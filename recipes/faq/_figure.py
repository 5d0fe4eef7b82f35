"""The usual figure of an experiment: a panel of points with intervals, or of curves with bands, each below the other."""

from recipes.faq import _statistics
from recipes.faq._experiment import Experiment, Panel

WORDS = {
    "en": {"points": "{}\nblue: mean, 95 % interval; grey: each seed", "band": "{}\nmean, 95 % interval"},
    "zh": {"points": "{}\n蓝色：均值与 95% 置信区间；灰点：各种子", "band": "{}\n均值与 95% 置信区间"},
}


def draw(experiment: Experiment, seeds: dict, language: str):
    """Return the figure in a language."""
    from dlguide import plots

    if experiment.draw:
        return experiment.draw(seeds, language)
    with plots.new_figure(6.4, sum(heights(experiment))) as figure:
        draw_panels(figure, experiment, seeds, language)
    return figure


def heights(experiment: Experiment) -> list[float]:
    """Return the height of each panel in inches."""
    return [3.4 if panel.curve else 0.9 + 0.42 * len(panel.rows) for panel in experiment.panels.values()]


def draw_panels(figure, experiment: Experiment, seeds: dict, language: str) -> None:
    """Draw the panels into a figure or a part of one."""
    all_axes = figure.subplots(len(experiment.panels), height_ratios=heights(experiment), squeeze=False)[:, 0]
    for axes, (name, panel) in zip(all_axes, experiment.panels.items(), strict=True):
        (draw_curves if panel.curve else draw_points)(axes, name, panel, seeds, language)
        if panel.score.logarithmic:
            (axes.set_yscale if panel.curve else axes.set_xscale)("log")
            _write_plainly(axes.yaxis if panel.curve else axes.xaxis)
        axes.set_title(panel.title.to(language), fontsize=10)
        axes.grid(axis="both" if panel.curve else "x", alpha=0.3)


def _write_plainly(axis) -> None:
    """Write 2, 5, 10, 20 at a logarithmic axis of less than three decades, in place of powers of ten."""
    from matplotlib import ticker

    low, high = axis.get_view_interval()
    if high / low < 1000:
        axis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter(ticker.NullFormatter())


def draw_points(axes, name: str, panel: Panel, seeds: dict, language: str) -> None:
    """Draw a row for each way that was measured: its mean with an interval, and each seed."""
    factor = panel.score.unit.factor
    for place, row in enumerate(panel.rows):
        values = _statistics.column(seeds, name, row)
        mean, low, high = (factor * end for end in _statistics.mean_of(panel.score, values))
        values = [factor * value for value in values]
        axes.plot(values, [place + 0.22] * len(values), ".", color="gray", alpha=0.6)
        axes.errorbar(mean, place, xerr=[[mean - low], [high - mean]], fmt="o", color="tab:blue", capsize=4)
    axes.set_yticks(range(len(panel.rows)), [words.to(language) for words in panel.rows.values()])
    axes.set_ylim(len(panel.rows) - 0.5, -0.5)
    axes.set_xlabel(WORDS[language]["points"].format(panel.score.described(language)))


def draw_curves(axes, name: str, panel: Panel, seeds: dict, language: str) -> None:
    """Draw a curve for each way that was measured: its mean with a band."""
    factor = panel.score.unit.factor
    for row, words in panel.rows.items():
        places = _statistics.places(seeds, name, row)
        columns = [_statistics.column(seeds, name, row, at) for at in places]
        found = [_statistics.mean_of(panel.score, values) for values in columns]
        means, lows, highs = ([factor * interval[i] for interval in found] for i in range(3))
        x = [float(at) for at in places]
        axes.plot(x, means, ".-", label=words.to(language))
        axes.fill_between(x, lows, highs, alpha=0.2)
    if panel.curve.logarithmic:
        axes.set_xscale("log")
        measured = sorted({float(at) for row in panel.rows for at in _statistics.places(seeds, name, row)})
        if len(measured) <= 8:
            axes.set_xticks(measured, [f"{value:g}" for value in measured])
            axes.minorticks_off()
    axes.set(
        xlabel=panel.curve.name.to(language), ylabel=WORDS[language]["band"].format(panel.score.described(language))
    )
    axes.legend()
