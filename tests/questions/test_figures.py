"""Each figure of a question, read back from its axes: values, intervals, units, labels, and which row is which."""

import itertools
import math
import statistics

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PolyCollection
from scipy import stats

from questions import _figure, _questions
from tests.helpers.switches import quick

FACTORS = {"percent": 100, "milliseconds": 1000, "megabytes": 1e-6}
"""From the measured number to the written one, by unit."""
OWN = {"linear_model": {"weight": (1.5, 5.5), "mpg": (-10, 60)}, "multilayer": {"$x$": (0, 1), "$y$": (-0.5, 1.5)}}
"""Axes of a question's own figure that show no panel: a word of each label, and the range of the numbers there."""
NAMES = [n for i, n in enumerate(_questions.names()) if i % 6 == 0 or _questions.question(n).experiment.draw]
ROWS = [(name, "en" if name in OWN or place % 2 else "zh") for place, name in enumerate(NAMES)]
"""All questions with a figure of their own, and every sixth one of the others, which one function draws."""


def interval(score, values: list[float]) -> np.ndarray:
    """Return the mean and the ends of its 95 % interval as they are written; of a ratio, of the logarithms."""
    inside, outside = (np.log, np.exp) if score.is_ratio else (np.asarray, np.asarray)
    numbers = [float(inside(value)) for value in values]
    mean, error = statistics.fmean(numbers), statistics.stdev(numbers) / math.sqrt(len(numbers))
    size = stats.t.ppf(0.975, len(numbers) - 1) * error
    return FACTORS.get(score.unit.name, 1) * np.clip(outside([mean, mean - size, mean + size]), *score.limits())


def curve(panel, rows: dict[str, list]) -> tuple[np.ndarray, np.ndarray]:
    """Return the places that each seed has, and the mean and the interval at each."""
    places = sorted(set.intersection(*(set(one) for one in rows)), key=float)
    return np.array([float(at) for at in places]), np.array(
        [interval(panel.score, [one[at] for one in rows]) for at in places]
    )


def lines(axes) -> list:
    """Return the lines with data along both axes."""
    return [line for line in axes.lines if line.get_transform() is axes.transData]


def has(points, x: float, y: float) -> bool:
    return any(np.allclose(point, (x, y), rtol=1e-6, atol=1e-9) for point in points)


def shown_rows(axes, key: str, panel, seeds: dict) -> dict | None:
    """Return a line of each row if the axes show a panel in the units that are written; else None."""
    found = {}
    for place, row in enumerate(panel.rows):
        values = [scores[key][row] for scores in seeds.values()]
        for line in lines(axes):
            if panel.x_axis:
                x, means = curve(panel, values)
                is_row = line.get_xydata().shape == (len(x), 2)
                is_row = is_row and np.allclose(line.get_xydata(), np.column_stack([x, means[:, 0]]), rtol=1e-6)
            else:
                is_row = has(line.get_xydata(), interval(panel.score, values)[0], place)
            if is_row:
                found[row] = line
    return found if len(found) == len(panel.rows) else None


def check_labels(question, names, key: str, panel, axes, is_label_shared: bool) -> None:
    """Compare the labels, the scales and the title of axes with what the panel states."""
    value_axis, value_label = ("y", axes.get_ylabel()) if panel.x_axis else ("x", axes.get_xlabel())
    for text in (names("score", panel.score.name), names("symbol", panel.score.unit.name)):
        assert text in value_label or is_label_shared, (key, value_axis, value_label)
    scales = {"x": axes.get_xscale(), "y": axes.get_yscale()}
    assert (scales[value_axis] == "log") == panel.score.logarithmic, key
    assert axes.get_title().endswith(names.title(key)), key
    if panel.x_axis:
        assert axes.get_xlabel() == names("curve", panel.x_axis), key
        assert (scales["x"] == "log") == panel.logarithmic, key
    else:
        assert list(axes.get_yticks()) == list(range(len(panel.rows)))
        ticks = [label.get_text() for label in axes.get_yticklabels()]
        assert ticks == [names("row", key, row) for row in panel.rows], key


def check_values(names, key: str, panel, axes, rows: dict, seeds: dict) -> None:
    """Compare intervals, seeds and the names of the lines; nothing lies outside of what the axes show."""
    (left, right), (bottom, top) = sorted(axes.get_xlim()), sorted(axes.get_ylim())
    factor = FACTORS.get(panel.score.unit.name, 1)
    for place, row in enumerate(panel.rows):
        values = [scores[key][row] for scores in seeds.values()]
        if panel.x_axis:
            x, ends = curve(panel, values)
            corners = [(at, y) for at, (_, *both) in zip(x, ends, strict=True) for y in both]
            bands = [c.get_paths()[0].vertices for c in axes.collections if isinstance(c, PolyCollection)]
            assert any(all(has(band, *corner) for corner in corners) for band in bands), (key, row, "band")
            assert rows[row].get_label() == names("row", key, row)
            drawn = [(at, mean) for at, (mean, *_) in zip(x, ends, strict=True)]
        else:
            _, low, high = interval(panel.score, values)
            bars = [c.get_segments() for c in axes.collections if isinstance(c, LineCollection)]
            segments = [sorted(map(tuple, segment)) for bar in bars for segment in bar]
            assert any(np.allclose(s, [(low, place), (high, place)], rtol=1e-6) for s in segments), (key, row, "bar")
            points = [xy for line in lines(axes) for xy in line.get_xydata() if 0.1 < abs(xy[1] - place) < 0.5]
            drawn = [(factor * value, place) for value in values]
            for value, _ in drawn:
                assert any(np.isclose(value, x, rtol=1e-6, atol=1e-9) for x, _ in points), (key, row, "a seed")
        for x, y in drawn:
            assert left <= x <= right and bottom <= y <= top, (key, row, "lies outside of the axes")
    if panel.x_axis:
        assert [text.get_text() for text in axes.get_legend().get_texts()] == [names("row", key, r) for r in panel.rows]


def check_own(name: str, axes) -> None:
    """Hold the numbers of axes that show no panel against the ranges of what their labels name."""
    for label, column in ((axes.get_xlabel(), 0), (axes.get_ylabel(), 1)):
        named = [limits for word, limits in OWN.get(name, {}).items() if word in label]
        assert len(named) == 1, f"which panel, or which numbers, do these axes show? {label!r}"
        numbers = np.concatenate([line.get_xydata()[:, column] for line in lines(axes)])
        assert named[0][0] <= numbers.min() and numbers.max() <= named[0][1], label


def check_places(figure) -> None:
    """No title leaves the figure or lies over another; no legend lies over a curve."""
    figure.draw_without_rendering()
    titles = {axes.get_title(): axes.title.get_window_extent() for axes in figure.axes if axes.get_title()}
    for title, box in titles.items():
        assert box.x0 >= 0 and box.x1 <= figure.bbox.x1, f"{title!r} leaves the figure"
    for (first, box), (second, other) in itertools.combinations(titles.items(), 2):
        assert not box.overlaps(other), f"{first!r} and {second!r} meet"
    for axes in filter(lambda axes: axes.get_legend(), figure.axes):
        box = axes.get_legend().get_window_extent()
        for line in axes.lines:
            path = line.get_transform().transform_path(line.get_path()).interpolated(50)
            assert not box.count_contains(path.vertices), f"{axes.get_title()!r}: its legend hides {line.get_label()!r}"


@pytest.mark.parametrize(("name", "language"), quick(ROWS, ROWS[1]))
def test_each_figure_shows_the_published_numbers_in_the_units_of_its_labels(name, language):
    question = _questions.question(name)
    experiment, names, seeds = question.experiment, question.names(language), question.results()["seeds"]
    for is_whole in _figure.files(experiment).values():
        figure = _figure.draw(question, seeds, language, is_whole=is_whole)
        check_places(figure)
        is_own = experiment.draw_panels if is_whole else experiment.draw
        wanted = set(experiment.panels if is_whole else () if is_own else _figure.main_panels(experiment))
        measured = [axes for axes in figure.axes if axes.axison and lines(axes) and len(axes.get_xticks())]
        shown = {}
        for axes in measured:
            found = [(key, shown_rows(axes, key, panel, seeds)) for key, panel in experiment.panels.items()]
            keys = [(key, rows) for key, rows in found if rows]
            if not keys and language == "en":
                check_own(question.name, axes)
            for key, rows in keys[:1]:
                shown[key] = axes
                check_values(names, key, experiment.panels[key], axes, rows, seeds)
        labels = {axes.get_xlabel() for axes in shown.values()}
        for key, axes in shown.items():
            # A figure of one's own may name the numbers of axes above each other once.
            is_shared = bool(is_own) and axes.get_xlabel() == "" and any(labels)
            check_labels(question, names, key, experiment.panels[key], axes, is_shared)
        assert wanted <= set(shown), f"{wanted - set(shown)} not drawn, or not from the published numbers in its unit"
        for axes in figure.axes:
            for label, limits in ((axes.get_xlabel(), axes.get_xlim()), (axes.get_ylabel(), axes.get_ylim())):
                assert "%" not in label or max(limits) > 1.5, f"{label!r} needs numbers up to 100. Received: {limits}"
