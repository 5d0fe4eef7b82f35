"""The sentences that are computed from the numbers: the answer to each claim."""

import math

from questions import _verdict
from questions._experiment import Claim, Experiment, Score
from questions._names import Names


def answers(experiment: Experiment, seeds: dict, names: Names) -> list[str]:
    """Return the answer to each claim in Markdown: yes or no in bold, the numbers, and what they show."""
    found = _verdict.findings(experiment, seeds)
    return [_answer(experiment, *pair, seeds, names) for pair in zip(experiment.claims, found, strict=True)]


def _answer(experiment: Experiment, claim: Claim, finding: _verdict.Finding, seeds: dict, names: Names) -> str:
    score, outcome = experiment.panels[claim.panel].score, finding.outcome
    facts = {"margin": margin(score, names), "score": measured(claim, score, names)}
    facts["levels"] = levels(claim, score, seeds, names)
    if claim.success is not None:
        facts["size"] = names("sentence", "fisher").format(f"{finding.p:.2g}")
    elif isinstance(claim.reference, str):
        facts["size"] = _size(finding, score, names)
    return names("sentence", f"{outcome}{'' if 'size' in facts else ' value'}").format(**facts)


def levels(claim: Claim, score: Score, seeds: dict, names: Names) -> str:
    """Return the numbers of the row and the reference: "ReLU: 93.2 %; none: 89.8 %"; of a row alone, with interval."""
    rows = [claim.row, claim.reference] if isinstance(claim.reference, str) else [claim.row]
    if claim.success is not None:
        texts = [names("sentence", "count").format(n, len(seeds)) for n in _verdict.successes(claim, score, seeds)]
    else:
        found = [_verdict.mean(score, _verdict.column(seeds, claim.panel, row, claim.at)) for row in rows]
        texts = [value(interval.mean, score, names) for interval in found]
        if len(rows) == 1 and len(seeds) >= _verdict.FEWEST:
            return names("sentence", "range").format(texts[0], score.number(found[0].low), score.number(found[0].high))
    named = (
        names("sentence", "level").format(names("row", claim.panel, row), text)
        for row, text in zip(rows, texts, strict=True)
    )
    return names("sentence", "semicolon").join(named)


def _size(finding: _verdict.Finding, score: Score, names: Names) -> str:
    """Return the size of a difference in the words of its unit: "49 fewer (18 to 79)", "higher by 3.4 points (…)"."""
    found, decided = finding.difference, finding.outcome.startswith(("yes", "no"))
    if score.is_ratio:
        center, low, high = (math.exp(number) for number in found)
        if decided and center < 1:
            center, low, high = 1 / center, 1 / high, 1 / low
        text = names("sentence", "factor" if decided else "ratio")
        return text.format(*map(_three_digits, (center, low, high)))
    unit = names("difference", score.unit.name)
    if not decided:
        ends = names("sentence", "signed range").format(score.number(found.low, "+"), score.number(found.high, "+"))
        return names("sentence", "a difference").format(unit.format(ends))
    low, high = sorted((abs(found.low), abs(found.high)))
    amount = unit.format(score.number(abs(found.mean)))
    amount = names("sentence", "range").format(amount, score.number(low), score.number(high))
    return names("more" if found.mean > 0 else "less", score.unit.name, "any unit").format(amount)


def _three_digits(number: float) -> str:
    return f"{number:.3g}" if number < 1000 else f"{float(f'{number:.3g}'):,.0f}"


def margin(score: Score, names: Names) -> str:
    """Return the margin of a score with its unit, an empty string where it has none."""
    if score.margin is None:
        return ""
    if score.is_ratio:
        return names("value", "percent").format(f"{100 * score.margin:g}")
    number = f"{score.margin * score.unit.factor:g}"
    text = names("difference", score.unit.name).format(number)
    return text.removesuffix("s") if number == "1" else text


def value(number: float, score: Score, names: Names) -> str:
    """Return a measured number with its unit."""
    return names("value", score.unit.name).format(score.number(number))


def measured(claim: Claim, score: Score, names: Names) -> str:
    """Return what the numbers of a claim are: the name of its score, or the seeds that succeed."""
    return spaced(score, names) if claim.success is None else names("sentence", "successes")


def spaced(score: Score, names: Names) -> str:
    """Return the name of a score, in Chinese with the space between a Latin letter and Chinese text."""
    name = names("score", score.name)
    return name + " " * (names.language == "zh" and name[-1].isascii())


def described(score: Score, names: Names, *more: str) -> str:
    """Return the name of a score with its unit, and more that is said of it, in brackets."""
    said = [text for text in (names("symbol", score.unit.name), *more) if text]
    brackets = names("sentence", "brackets").format(names("sentence", "comma").join(said)) if said else ""
    return names("score", score.name) + brackets
