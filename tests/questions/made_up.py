"""A question that is made up: rows and curves whose scores are known."""

import pytest

from questions._experiment import ACCURACY, NATS, Claim, Experiment, Panel, Score
from questions._questions import Question

LOSS = Score("training loss", NATS, higher_is_better=False)
PANELS = {"rows": Panel(ACCURACY, tuple("abcd")), "curves": Panel(LOSS, tuple("ab"), x_axis="rate", logarithmic=True)}
CLAIMS = (
    *(Claim("rows", row, "a", outcome) for row, outcome in (("b", "yes"), ("c", "no"), ("d", "undecided"))),
    Claim("rows", "b", 0.1, "no", better=False),
    Claim("curves", "b", "a", "yes", at="0.1"),
)
NAMES = "key,en,zh\nrow: a,A,A字\nrow: b,B,B字\nrow: c,C,C字\nrow: d,D,D字\n"
NAMES += "curve: rate,rate,速率\ntitle: curves,losses,损失\n"
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


@pytest.fixture
def question(tmp_path):
    folder = tmp_path / "x"
    folder.mkdir()
    for name, text in {"names.csv": NAMES, "README.md": PAGE, "README.zh.md": PAGE}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return Question(folder, experiment())
