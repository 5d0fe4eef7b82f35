"""What an experiment of the FAQ states about itself: plain values, and one function that measures a seed.

A module of this folder ends in `EXPERIMENT = Experiment(...)`; `activations.py` is the model to copy. Its number, its
title and its place in the README's table stand in `_questions.QUESTIONS`.
"""

import math
from collections.abc import Callable
from typing import NamedTuple


class Words(NamedTuple):
    """The same text in both languages."""

    en: str
    zh: str

    def to(self, language: str) -> str:
        """Return the text in "en" or "zh"."""
        return getattr(self, language)


class Unit(NamedTuple):
    """How a number is written."""

    value: Words
    """Template of a value, such as "{} %"."""
    difference: Words
    """Template of a difference, such as "{} points"."""
    symbol: Words = Words("", "")
    """What stands in brackets at an axis and in the head of a table."""
    factor: float = 1.0
    """From the measured number to the written one."""


NUMBER = Unit(Words("{}", "{}"), Words("{}", "{}"))
PERCENT = Unit(Words("{} %", "{}%"), Words("{} points", "{} 个百分点"), Words("%", "%"), 100.0)
NATS = Unit(Words("{} nats", "{} 奈特"), Words("{} nats", "{} 奈特"), Words("nats", "奈特"))
SECONDS = Unit(Words("{} s", "{} 秒"), Words("{} s", "{} 秒"), Words("s", "秒"))


class Score(NamedTuple):
    """What is measured, and which way is better."""

    name: Words
    unit: Unit
    higher_is_better: bool
    format: str = ".2f"
    """How the number is written, such as ".3g"."""
    logarithmic: bool = False
    """Whether its axis is."""
    bounds: tuple[float, float] | None = None
    """The lowest and the highest number that can be measured; without it, 0 and 1 for a score in percent."""

    def limits(self) -> tuple[float, float]:
        """Return the bounds, infinite ones where there are none: shown ranges end there."""
        return self.bounds or ((0.0, 1.0) if self.unit is PERCENT else (-math.inf, math.inf))

    def number(self, value: float, sign: str = "") -> str:
        """Return a measured number as it is written; `sign="+"` writes the sign always."""
        return f"{value * self.unit.factor:{sign}{self.format}}"

    def described(self, language: str, *more: str) -> str:
        """Return the name with its unit, and more that is said of it, in brackets."""
        said = [text for text in (self.unit.symbol.to(language), *more) if text]
        brackets, comma = Words(" ({})", "（{}）").to(language), Words(", ", "，").to(language)
        return self.name.to(language) + (brackets.format(comma.join(said)) if said else "")


class Curve(NamedTuple):
    """What a score is drawn over, such as the learning rate or the number of labels."""

    name: Words
    logarithmic: bool = False


class Panel(NamedTuple):
    """One comparison of rows by one score: one number a row, or one curve a row."""

    score: Score
    rows: dict[str, Words]
    """Key of each row in the measured scores, and its name."""
    reference: str | None = None
    """Row that the others are compared with, None for no comparison."""
    curve: Curve | None = None
    title: Words = Words("", "")
    """Heading where an experiment has several panels."""


class Claim(NamedTuple):
    """A question of yes or no, answered by the difference of two rows over the seeds."""

    asks: Words
    panel: str
    row: str
    reference: str | float
    """A row, or a number such as the accuracy of guessing."""
    better: bool = True
    """Whether "yes" means that `row` is better than the reference; False: that it is worse."""
    at: str | None = None
    """Of a panel of curves: the place on the curve, as the scores have it."""
    known: str | None = None
    """What the sources report: "yes", "no", "same", or two of them such as "no same".

    The page says whether the experiment agrees.
    """


class Experiment(NamedTuple):
    """A question with everything that its page shows."""

    question: Words
    measure: Callable[..., dict]
    """From a seed to `{panel: {row: score}}`, or `{panel: {row: {place: score}}}` for curves; all numbers are finite.

    More keys are kept in the JSON, for the experiment's own `draw`. With a `choose`, its result is the second argument.
    """
    panels: dict[str, Panel]
    claims: tuple[Claim, ...]
    explanation: Words
    """Markdown, with formulas between `$` and `$$`."""
    keras_lines: Words
    """A program that a test runs; the same in both languages but for its comments."""
    setting: Words
    limits: Words
    sources: tuple[str, ...]
    """Primary sources in Markdown."""
    quick: dict
    """Options of `measure` (and `choose`) for a look of a few seconds."""
    check: dict
    """Options of `measure` for its quickest part at full size: a test holds a new seed's scores against the published."""
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    """Of the published numbers: five at least, ten where a seed takes seconds."""
    choose: Callable[..., dict] | None = None
    """Chooses settings on validation data, once before the seeds: returns `{row: {setting: validation score}}`.

    Each row tries the same number of settings. A key may be "row@place" for a place on a curve.
    """
    chosen: Words = Words("learning rate", "学习率")
    """Name of the setting."""
    lower_is_chosen: bool = False
    """Whether the validation score is a loss or an error."""
    edge_reasons: dict[str, str] = {}  # noqa: RUF012 - read only
    """Key of `choose`'s result to the reason why its best setting may lie at an end of the grid."""
    draw: Callable | None = None
    """From `(seeds, language)` to a figure, where the usual one does not do."""
    summary: Words | None = None
    """The answer in a sentence or two of plain words, above the computed ones; it holds for these `outcomes`."""
    outcomes: tuple[str, ...] = ()
    """What the claims came out as when `summary` was written: "yes", "no" or "same"; a test compares them."""
