"""What an experiment of a question states: plain values, and one function that measures a seed.

`activations/experiment.py` is the model to copy. Names that a reader sees stand in `names.csv` beside it, in both
languages; its pages `README.md` and `README.zh.md` say all else.
"""

import math
from collections.abc import Callable
from typing import NamedTuple


class Unit(NamedTuple):
    """How a number is written; `words.csv` has the texts of a value, of a difference, and the symbol at an axis."""

    name: str
    factor: float = 1.0
    """From the measured number to the written one."""


NUMBER = Unit("number")
PERCENT = Unit("percent", 100.0)
NATS = Unit("nats")
SECONDS = Unit("seconds")


class Score(NamedTuple):
    """What is measured, and which way is better."""

    name: str
    unit: Unit = NUMBER
    higher_is_better: bool = True
    format: str = ".2f"
    """How the number is written, such as ".3g"."""
    logarithmic: bool = False
    """Whether its axis is."""
    bounds: tuple[float, float] | None = None
    """The lowest and the highest number that can be measured; without it, 0 and 1 for a score in percent, and no
    negative one where lower is better."""
    margin: float | None = None
    """A difference that is too small to matter, such as 0.01 for one point of accuracy; of a ratio, 0.1 for a tenth."""
    is_ratio: bool = False
    """Whether scores are compared by their ratio: means and intervals are those of the logarithms."""
    has_direction: bool = True
    """Whether a higher or a lower score is better. The table does not say it of a score that should be near another."""

    def limits(self) -> tuple[float, float]:
        """Return the bounds, infinite ones where there are none: intervals end there."""
        if self.bounds:
            return self.bounds
        return (0.0, 1.0) if self.unit is PERCENT else (-math.inf if self.higher_is_better else 0.0, math.inf)

    def number(self, value: float, sign: str = "") -> str:
        """Return a measured number as it is written: with −, 10ⁿ, no −0; `sign="+"` writes the sign always."""
        text = f"{value * self.unit.factor:{sign}{self.format}}"
        if not text.strip("+-0."):
            text = text.lstrip("+-")
        digits, _, exponent = text.partition("e")
        power = f"×10{str(int(exponent)).translate(_RAISED)}" if exponent else ""
        return digits.replace("-", "−") + power


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

ACCURACY = Score("test accuracy", PERCENT, margin=0.01)


class Panel(NamedTuple):
    """One comparison of rows by one score: one number a row, or one curve a row."""

    score: Score
    rows: tuple[str, ...]
    """Key of each row in the measured scores."""
    x_axis: str | None = None
    """Of a panel of curves: name of the horizontal axis, such as "learning rate"."""
    logarithmic: bool = False
    """Whether the horizontal axis is."""


class Claim(NamedTuple):
    """A question of yes or no, answered by comparing two rows; the page asks it in words.

    The answers: "yes" and "no" where a difference is shown ("yes within", "no within" by less than the margin of the
    score), "within" where none is shown and it lies within the margin, "undecided" where it is too small to show,
    "given" where it cannot come out otherwise.
    """

    panel: str
    row: str
    reference: str | float
    """A row, or a number such as the accuracy of guessing."""
    outcome: str
    """What it came out as when the page was written. A test compares."""
    better: bool = True
    """Whether "yes" means that `row` is better than the reference; False: that it is worse."""
    at: str | None = None
    """Of a panel of curves: the place on the curve, as the scores have it."""
    success: float | None = None
    """Compare how many seeds have a score at least as good as this, where outcomes come in two kinds."""


class Experiment(NamedTuple):
    """How a question is measured, and what its page compares."""

    measure: Callable[..., dict]
    """From a seed to `{panel: {row: score}}`, or `{panel: {row: {place: score}}}` for curves; all numbers are finite.

    A score may be the array of the scores of each test example, such as hits: their mean is the score, and the
    intervals of the claims cover the choice of the examples too. More keys are kept in the JSON, for the experiment's
    own `draw`. With a `choose`, the second argument is the best setting of each of its rows.
    """
    panels: dict[str, Panel]
    claims: tuple[Claim, ...]
    quick: dict
    """Options of `measure` (and `choose`) for a look of a few seconds."""
    recheck_options: dict
    """Options of `measure` for its quickest part at full size, which a test repeats with a new seed."""
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    """Of the published numbers: five at least, ten where a seed takes seconds."""
    choose: Callable[..., dict] | None = None
    """Chooses settings on validation data, once before the seeds: returns `{row: {setting: validation score}}`.

    Each row tries the same number of settings. A key may be "row@place" for a place on a curve.
    """
    chosen: str = "learning rate"
    """Name of the setting."""
    lower_is_chosen: bool = False
    """Whether the validation score is a loss or an error."""
    rows_allowed_at_grid_edge: tuple[str, ...] = ()
    """Keys of `choose`'s result whose best setting may lie at an end of the grid; a comment says why."""
    main_panels: tuple[str, ...] = ()
    """Panels of `figure.png`, without it the panel of the first claim; `panels.png` has all of them."""
    figure_size: tuple[float, float] | None = None
    """Width and height in inches of a `figure.png` with one panel, if not the usual ones."""
    adjust: Callable | None = None
    """Changes a usual figure after it is drawn: `adjust(figure, panels)`."""
    draw: Callable | None = None
    """From `(seeds, names)` to the figure of the page, where the usual one does not do."""
    draw_panels: Callable | None = None
    """The same for the figure of all panels."""
