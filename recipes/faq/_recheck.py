"""Measure an experiment with a new seed, and hold each score against the range that the published seeds give."""

from typing import NamedTuple

from recipes.faq import _page, _questions, _run, _statistics


class Recheck(NamedTuple):
    """A score of the new seed, and the range in which it was to fall."""

    panel: str
    row: str
    at: str | None
    value: float
    low: float
    high: float


def new_seed(name: str, seed: int, *, is_whole: bool, share: float = 0.95) -> list[Recheck]:
    """Return each score that a new seed gives: of the whole experiment, or of its quickest part."""
    experiment, published = _questions.experiment(name), _page.published(name)
    settings = (published["choice"],) if experiment.choose else ()
    scores = experiment.measure(seed, *settings, **({} if is_whole else experiment.check))
    _run.check(experiment, scores, part=True)
    found = []
    for panel_name, panel in experiment.panels.items():
        for row, value in scores.get(panel_name, {}).items():
            for at, number in value.items() if panel.curve else [(None, value)]:
                column = _statistics.column(published["seeds"], panel_name, row, at)
                _, low, high = _statistics.new_seed_of(panel.score, column, share)
                found.append(Recheck(panel_name, row, at, number, low, high))
    return found
