"""The sentences that are computed from the numbers: the answer to each claim, and how the rows compare."""

from recipes.faq import _statistics
from recipes.faq._experiment import Claim, Experiment, Panel, Score

WORDS = {
    "en": {
        "yes": "Yes: {score} {direction} by {size}.",
        "no": "No: {score} {direction} by {size}.",
        "same": "No difference seen: {score} {size}.",
        "yes value": "Yes: {score} {size}.",
        "no value": "No: {score} {size}.",
        "same value": "No difference seen: {score} {size}.",
        "agrees": " This agrees with the sources.",
        "disagrees": " The sources report otherwise; see the limits.",
        "up": "higher",
        "down": "lower",
        "ask": "- {} **{}**",
        "range": "{} ({} to {})",
        "signed_range": "{} to {}",
        "compared": "Compared with “{}” ({}):\n\n{}",
        "higher": "“{}” is higher by {}",
        "lower": "“{}” is lower by {}",
        "no_difference": "“{}” shows no difference ({})",
        "compared_curves": "Compared with “{}”, by {}:\n\n{}",
        "curve": "“{}” {}",
        "higher_at": "is higher at {}",
        "lower_at": "is lower at {}",
        "no_difference_at": "shows no difference at {}",
        "comma": ", ",
    },
    "zh": {
        "yes": "是，{score}{direction} {size}",
        "no": "否，{score}反而{direction} {size}",
        "same": "未见差异，{score}之差为 {size}",
        "yes value": "是，{score}为 {size}",
        "no value": "否，{score}为 {size}",
        "same value": "未见差异，{score}为 {size}",
        "agrees": "这与文献一致。",
        "disagrees": "这与文献不同，见“局限”。",
        "up": "高",
        "down": "低",
        "ask": "- {}**{}**。",  # The full stop inside would keep Markdown from closing the bold text.
        "range": "{}（{} 至 {}）",
        "signed_range": "{} 至 {}",
        "compared": "与“{}”（{}）相比：\n\n{}",
        "higher": "“{}”高 {}",
        "lower": "“{}”低 {}",
        "no_difference": "“{}”未见差异（{}）",
        "compared_curves": "与“{}”相比，按{}：\n\n{}",
        "curve": "“{}”{}",
        "higher_at": "在 {} 处较高",
        "lower_at": "在 {} 处较低",
        "no_difference_at": "在 {} 处未见差异",
        "comma": "、",
    },
}


def answers(experiment: Experiment, seeds: dict, language: str) -> list[str]:
    """Return each claim with its answer."""
    words, sentences = WORDS[language], []
    for claim in experiment.claims:
        panel = experiment.panels[claim.panel]
        outcome, found = _statistics.answer(claim, panel, seeds)
        score, key = panel.score, outcome
        if isinstance(claim.reference, str):
            size = _signed(found, score, language) if outcome == "same" else _size(found, score, language)
        else:  # Against a number, the value itself says more than the difference.
            key, size = f"{outcome} value", _value(claim, score, seeds, language)
        direction = words["up" if found.mean > 0 else "down"]
        sentence = words[key].format(score=score.name.to(language), size=size, direction=direction)
        sentence = words["ask"].format(claim.asks.to(language), sentence)
        if claim.known:
            sentence += words["agrees" if outcome in claim.known.split() else "disagrees"]
        sentences.append(sentence)
    return sentences


def comparison(panel_name: str, panel: Panel, seeds: dict, language: str) -> str:
    """Say how each row differs from the reference; an empty string where there is no reference."""
    if panel.reference is None:
        return ""
    words = WORDS[language]
    rows = [row for row in panel.rows if row != panel.reference]
    name = panel.rows[panel.reference].to(language)
    if panel.curve:
        parts = [_curve_part(panel_name, panel, row, seeds, language) for row in rows]
        return words["compared_curves"].format(name, panel.curve.name.to(language), _listed(parts, language))
    parts = []
    for row in rows:
        found = _statistics.difference(seeds, panel_name, row, panel.reference)
        outcome = _outcome(found)
        size = (_signed if outcome == "no_difference" else _size)(found, panel.score, language)
        parts.append(words[outcome].format(panel.rows[row].to(language), size))
    mean = _statistics.mean_interval(_statistics.column(seeds, panel_name, panel.reference)).mean
    value = panel.score.unit.value.to(language).format(panel.score.number(mean))
    return words["compared"].format(name, value, _listed(parts, language))


def _listed(parts: list[str], language: str) -> str:
    """Return a Markdown list of the rows."""
    semicolon, stop = {"en": (";", "."), "zh": ("；", "。")}[language]
    return f"{semicolon}\n".join(f"- {part}" for part in parts) + stop


def _curve_part(panel_name: str, panel: Panel, row: str, seeds: dict, language: str) -> str:
    words = WORDS[language]
    there = set(_statistics.places(seeds, panel_name, panel.reference))
    outcomes: dict[str, list[str]] = {"higher": [], "lower": [], "no_difference": []}
    for at in _statistics.places(seeds, panel_name, row):
        if at in there:
            outcomes[_outcome(_statistics.difference(seeds, panel_name, row, panel.reference, at))].append(at)
    said = [words[f"{outcome}_at"].format(words["comma"].join(found)) for outcome, found in outcomes.items() if found]
    joined = {"en": ", ", "zh": "，"}[language].join(said)
    return words["curve"].format(panel.rows[row].to(language), joined)


def _outcome(found: _statistics.Interval) -> str:
    if found.low > 0:
        return "higher"
    return "lower" if found.high < 0 else "no_difference"


def _value(claim: Claim, score: Score, seeds: dict, language: str) -> str:
    """Write the mean of a row and its interval, "88.7 % (81.7 to 95.6)"."""
    mean, *ends = _statistics.mean_of(score, _statistics.column(seeds, claim.panel, claim.row, claim.at))
    value = score.unit.value.to(language).format(score.number(mean))
    return WORDS[language]["range"].format(value, *map(score.number, ends))


def _size(found: _statistics.Interval, score: Score, language: str) -> str:
    """Write the size of a difference, "4.29 points (3.90 to 4.68)": the sentence around it says which way it goes."""
    low, high = sorted((abs(found.low), abs(found.high)))
    mean = score.unit.difference.to(language).format(score.number(abs(found.mean)))
    return WORDS[language]["range"].format(mean, score.number(low), score.number(high))


def _signed(found: _statistics.Interval, score: Score, language: str) -> str:
    ends = WORDS[language]["signed_range"].format(score.number(found.low, "+"), score.number(found.high, "+"))
    return score.unit.difference.to(language).format(ends)
