"""A question that is made up: rows and curves whose scores are known."""

from questions._experiment import ACCURACY, NATS, Claim, Experiment, Panel, Score

LOSS = Score("training loss", NATS, higher_is_better=False)
PANELS = {
    "rows": Panel(ACCURACY, ("a", "b", "c", "d")),
    "curves": Panel(LOSS, ("a", "b"), x_axis="rate", logarithmic=True),
}
CLAIMS = (
    Claim("rows", "b", "a", "yes"),
    Claim("rows", "c", "a", "no"),
    Claim("rows", "d", "a", "undecided"),
    Claim("rows", "b", 0.1, "no", better=False),
    Claim("curves", "b", "a", "yes", at="0.1"),
)
NAMES = [("key", "en", "zh"), *((f"row: {row}", row.upper(), f"{row.upper()}字") for row in "abcd")]
NAMES += [("curve: rate", "rate", "速率"), ("title: curves", "losses", "损失")]
PAGE = """# 1. Why x?

[中文](README.zh.md)

Because of a. It is higher by <!-- rows: b - a -->?<!-- end --> points, from <!-- rows: a -->?<!-- end --> %, and at
0.1 it is <!-- curves: b @ 0.1 --><!-- end --> nats.

- b above a? <!-- claim 1 -->**?**<!-- end -->
- c above a? <!-- claim 2 --><!-- end -->
- d above a? <!-- claim 3 --><!-- end -->
- b worse than chance? <!-- claim 4 --><!-- end -->
- b better at 0.1? <!-- claim 5 --><!-- end -->
"""


def scores_of(seed: int) -> dict:
    """Return scores with B above A by 20 points, C below it by 20, D on both sides of it, and two curves."""
    rows = {"a": 0.5 + seed / 100, "b": 0.7 + seed / 90, "c": 0.3 + seed / 110, "d": 0.5 + (2 - seed) / 50}
    loss = {"a": {"0.1": 1.0, "1": 2.0 + seed / 10}, "b": {"0.01": 3.0, "0.1": 0.4 + seed / 50, "1": 2.9}}
    return {"rows": rows, "curves": loss, "extra": [seed]}


SEEDS = {str(seed): scores_of(seed) for seed in range(5)}


def experiment(measure=scores_of, **changes) -> Experiment:
    return Experiment(measure, PANELS, CLAIMS, quick={}, recheck_options={})._replace(**changes)
