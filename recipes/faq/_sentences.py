"""The sentences that are computed from the numbers: the answer to each claim, and how the rows of a panel compare."""

from recipes.faq import _verdict
from recipes.faq._experiment import Claim, Panel, Score
from recipes.faq._names import Names


def answer(claim: Claim, panel: Panel, seeds: dict, names: Names) -> str:
    """Return the answer to a claim in Markdown: the verdict in bold, then whether the sources agree."""
    outcome, found = _verdict.answer(claim, panel, seeds)
    score, key = panel.score, outcome
    if isinstance(claim.reference, str):
        size = _signed(found, score, names) if outcome == "same" else _size(found, score, names)
    else:  # Against a number, the value itself says more than the difference.
        key = f"{outcome} value"
        mean, *ends = _verdict.mean(score, _verdict.column(seeds, claim.panel, claim.row, claim.at))
        size = names("sentence", "range").format(value(mean, score, names), *map(score.number, ends))
    direction = names("sentence", "up" if found.mean > 0 else "down")
    name = names("score", score.name)
    name += " " * (names.language == "zh" and name[-1].isascii())  # Between a Latin letter and Chinese text.
    sentence = names("sentence", key).format(score=name, size=size, direction=direction)
    stop = "。" if names.language == "zh" else ""  # Inside, it would keep Markdown from closing the bold text.
    agrees = "agrees" if outcome in (claim.known or "").split() else "disagrees"
    return f"**{sentence}**{stop}" + (names("sentence", agrees) if claim.known else "")


def value(number: float, score: Score, names: Names) -> str:
    """Return a measured number with its unit."""
    return names("value", score.unit.name).format(score.number(number))


def described(score: Score, names: Names, *more: str) -> str:
    """Return the name of a score with its unit, and more that is said of it, in brackets."""
    said = [text for text in (names("symbol", score.unit.name), *more) if text]
    brackets = names("sentence", "brackets").format(names("sentence", "comma").join(said)) if said else ""
    return names("score", score.name) + brackets


def comparison(panel_name: str, panel: Panel, seeds: dict, names: Names) -> str:
    """Say how each row differs from the reference; an empty string where there is no reference."""
    if panel.reference is None:
        return ""
    rows = [row for row in panel.rows if row != panel.reference]
    reference = names("row", panel_name, panel.reference)
    if panel.curve:
        parts = [_curve(panel_name, panel, row, seeds, names) for row in rows]
        text = names("sentence", "compared curves").format(reference, names("curve", panel.curve), _list(parts, names))
    else:
        parts = [_row(panel_name, panel, row, seeds, names) for row in rows]
        mean = _verdict.mean(panel.score, _verdict.column(seeds, panel_name, panel.reference)).mean
        text = names("sentence", "compared").format(reference, value(mean, panel.score, names), _list(parts, names))
    title = names.title(panel_name)
    return names("sentence", "titled").format(title, text) if title else text


def _list(parts: list[str], names: Names) -> str:
    """Return a Markdown list of the rows."""
    return f"{names('sentence', 'item')}\n".join(f"- {part}" for part in parts) + names("sentence", "last item")


def _row(panel_name: str, panel: Panel, row: str, seeds: dict, names: Names) -> str:
    found = _verdict.difference(seeds, panel_name, row, panel.reference)
    outcome = _outcome(found)
    size = (_signed if outcome == "no difference" else _size)(found, panel.score, names)
    return names("sentence", outcome).format(names("row", panel_name, row), size)


def _curve(panel_name: str, panel: Panel, row: str, seeds: dict, names: Names) -> str:
    common = set(_verdict.places(seeds, panel_name, panel.reference))
    outcomes: dict[str, list[str]] = {"higher": [], "lower": [], "no difference": []}
    for at in _verdict.places(seeds, panel_name, row):
        if at in common:
            outcomes[_outcome(_verdict.difference(seeds, panel_name, row, panel.reference, at))].append(at)
    said = [
        names("sentence", f"{outcome} at").format(names("sentence", "places").join(found))
        for outcome, found in outcomes.items()
        if found
    ]
    return names("sentence", "curve").format(names("row", panel_name, row), names("sentence", "comma").join(said))


def _outcome(found: _verdict.Interval) -> str:
    if found.low > 0:
        return "higher"
    return "lower" if found.high < 0 else "no difference"


def _size(found: _verdict.Interval, score: Score, names: Names) -> str:
    """Write the size of a difference, "4.29 points (3.90 to 4.68)": the sentence around it says which way it goes."""
    low, high = sorted((abs(found.low), abs(found.high)))
    mean = names("difference", score.unit.name).format(score.number(abs(found.mean)))
    return names("sentence", "range").format(mean, score.number(low), score.number(high))


def _signed(found: _verdict.Interval, score: Score, names: Names) -> str:
    ends = names("sentence", "signed range").format(score.number(found.low, "+"), score.number(found.high, "+"))
    return names("difference", score.unit.name).format(ends)
