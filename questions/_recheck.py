"""Measure an experiment with a new seed, and hold each score against the prediction interval of the published seeds."""

from typing import NamedTuple

from questions import _run, _verdict
from questions._questions import Question


class Recheck(NamedTuple):
    """A score of the new seed, and the prediction interval for it."""

    panel: str
    row: str
    at: str | None
    value: float
    low: float
    high: float


def new_seed(question: Question, seed: int, *, is_whole: bool, share: float = 0.95) -> list[Recheck]:
    """Return each score that a new seed gives: of the whole experiment, or of its quickest part.

    All places of a curve together lie inside with the probability `share` or more: each has an interval of its own,
    wider by their number (Bonferroni).
    """
    experiment, published = question.experiment, question.results()
    options = {} if is_whole else experiment.recheck_options
    scores = _run.seed_scores(experiment, seed, published.get("choice"), options)
    _run.check(experiment, scores, part=True)
    found = []
    for panel_name, panel in experiment.panels.items():
        for row, value in scores.get(panel_name, {}).items():
            curve = value if panel.x_axis else {None: value}
            for at, number in curve.items():
                column = _verdict.column(published["seeds"], panel_name, row, at)
                _, low, high = _verdict.prediction(panel.score, column, 1 - (1 - share) / len(curve))
                rounding = 1e-9 * abs(number)  # Equal scores of all seeds leave no room for that of a logarithm.
                found.append(Recheck(panel_name, row, at, number, low - rounding, high + rounding))
    return found
