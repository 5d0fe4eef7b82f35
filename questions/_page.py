"""The page of a question: prose is written by hand; what stands between markers is computed from `results.json`.

| marker | text |
|---|---|
| `<!-- claim 1 -->` | the answer to the first claim |
| `<!-- tables -->` | the numbers of each panel |
| `<!-- choice -->`, `<!-- command -->` | the settings that were chosen; the command, and where it ran |
| `<!-- accuracy: relu -->` | the mean of a row of the panel `accuracy` |
| `<!-- accuracy: relu - none -->` | the size of the difference of two rows |
| `<!-- passes: abs - relu @ 20 -->` | the same at a place on the curves |

Each ends in `<!-- end -->`. The marker of a figure that the learner moves, `<!-- figure NAME -->`, is the site's.
"""

import re
from pathlib import Path

import numpy as np

from questions import _sentences, _tuning, _verdict
from questions._experiment import Panel
from questions._names import Names
from questions._questions import Question
from recipes._lib.runs import arguments
from recipes._lib.words import LANGUAGES

BLOCK = re.compile(r"<!-- (?!end|figure )([^>]+) -->(.*?)<!-- end -->", re.DOTALL)
NUMBER = re.compile(r"(?P<panel>\w+): (?P<row>\S+)(?: - (?P<reference>\S+))?(?: @ (?P<at>\S+))?")


def pages(question: Question) -> dict[Path, str]:
    """Return each page of a question, with its computed blocks renewed."""
    return {question.page(language): page(question, language) for language in LANGUAGES}


def page(question: Question, language: str) -> str:
    """Return a page with its computed blocks renewed."""
    path, published = question.page(language), question.results()
    text = path.read_text(encoding="utf-8")
    if published is None:  # A question that was not measured yet.
        return text

    def renewed(found: re.Match) -> str:
        try:
            text = computed(question, found[1], published, question.names(language))
        except (KeyError, IndexError) as error:
            raise ValueError(f"{path} must have markers that the results know. Received: {found[1]!r}") from error
        is_block = found[2].startswith("\n")
        return f"<!-- {found[1]} -->\n{text}\n<!-- end -->" if is_block else f"<!-- {found[1]} -->{text}<!-- end -->"

    return BLOCK.sub(renewed, text)


def claims_asked(question: Question, language: str) -> dict[int, str]:
    """Return the question of yes or no that a page asks for each claim, by the claim's number."""
    text = question.page(language).read_text(encoding="utf-8")
    return {int(number): asked for asked, number in re.findall(r"^- (.+?) <!-- claim (\d+) -->", text, re.MULTILINE)}


def check(question: Question) -> None:
    """Refuse a page that does not ask each claim, and a table that lacks a name: before hours of measuring."""
    experiment = question.experiment
    for language in LANGUAGES:
        names, wanted = question.names(language), set(range(1, len(experiment.claims) + 1))
        asked = set(claims_asked(question, language))
        if asked != wanted:
            example = min(asked ^ wanted)
            raise arguments.error(
                "claims",
                f"asked on {question.page(language)}, each on a line `- QUESTION <!-- claim {example} --><!-- end -->`",
                sorted(asked),
                f", of {len(wanted)} claims in experiment.py",
            )
        for name, panel in experiment.panels.items():
            _score_name(panel, names)
            for row in panel.rows:
                names("row", name, row)
            if panel.x_axis:
                names("curve", panel.x_axis)
        if experiment.choose:
            names("setting", experiment.chosen)


def computed(question: Question, key: str, published: dict, names: Names) -> str:
    """Return the text of a block."""
    experiment, seeds = question.experiment, published["seeds"]
    kind, _, number = key.partition(" ")
    if kind == "claim":
        return _sentences.answers(experiment, seeds, names)[int(number) - 1]
    if kind == "tables":
        return "\n\n".join(table(name, panel, seeds, names) for name, panel in experiment.panels.items())
    if kind == "choice":
        return chosen(question, published["choice"], names)
    if kind == "command":
        return names("sentence", "command").format(**command_facts(published))
    found = NUMBER.fullmatch(key)
    if not found:
        raise KeyError(key)
    panel, row, reference, at = found.group("panel", "row", "reference", "at")
    score = experiment.panels[panel].score
    mean = _verdict.mean(score, _verdict.column(seeds, panel, row, at)).mean
    if reference:
        mean = abs(mean - _verdict.mean(score, _verdict.column(seeds, panel, reference, at)).mean)
    return score.number(mean)


def command_facts(published: dict) -> dict:
    """Return the command, with how many seeds, for how long and where it ran."""
    core = "core" if published["cores"] == 1 else "cores"
    return {**published, "count": len(published["seeds"]), "core": core, "keras": published["versions"]["keras"]}


def chosen(question: Question, choice: dict, names: Names) -> str:
    """Return the table of the settings that were chosen: a line a row, a column for each place on curves."""
    experiment, lines = question.experiment, {}
    for key, tries in choice.items():
        row, _, place = key.partition("@")
        name = _cell(_row_name(question, row, place, names))
        lines.setdefault(name, {})[place] = _decimal(_tuning.best(tries, experiment.lower_is_chosen))
    setting = names("setting", experiment.chosen)
    grids = dict.fromkeys(
        names("sentence", "places").join(map(_decimal, sorted(map(float, tries)))) for tries in choice.values()
    )
    grid = names("sentence", "semicolon").join(grids)
    places = list(dict.fromkeys(place for line in lines.values() for place in line))
    head = [_place(question, place, names) if place else setting for place in places]
    texts = [names("sentence", "choice").format(setting=setting, grid=grid), "", f"| | {' | '.join(head)} |"]
    texts.append("|---" * (len(head) + 1) + "|")
    texts += [f"| {name} | {' | '.join(line.get(place, '') for place in places)} |" for name, line in lines.items()]
    return "\n".join(texts)


def _decimal(number: float) -> str:
    """Return a number without an exponent."""
    return np.format_float_positional(number, trim="-")


def _place(question: Question, place: str, names: Names) -> str:
    """Return how a place is called: "steps, 100" by the panel and its curve, others by a name of their own."""
    panel, _, at = place.partition(", ")
    panels = question.experiment.panels
    if panel in panels:
        curve = panels[panel].x_axis
        title = names.title(panel) or (names("curve", curve) if curve else panel)
        return _cell(names("sentence", "comma").join(filter(None, [title, at])))
    return _cell(names.own("place", place) or place)


def _row_name(question: Question, row: str, place: str, names: Names) -> str:
    """Return the name of a row of the choice: in the panel of its place, else in the last one with it, else its own."""
    panels = [name for name, panel in question.experiment.panels.items() if row in panel.rows]
    panel = place.partition(", ")[0]
    if not panels:
        return names.own("row", row) or row
    return names("row", panel if panel in panels else panels[-1], row)


def table(name: str, panel: Panel, seeds: dict, names: Names) -> str:
    """Return the table of a panel, under its title."""
    title, lines = names.title(name), (_curves if panel.x_axis else _rows)(name, panel, seeds, names)
    return "\n".join([*([f"**{title}**", ""] if title else []), *lines])


def _rows(name: str, panel: Panel, seeds: dict, names: Names) -> list[str]:
    """A line a row."""
    score = panel.score
    columns = names("sentence", "columns").split(" | ")
    lines = [f"| {_score_name(panel, names)} | {' | '.join(columns)} |", "|---|---|---|"]
    for row in panel.rows:
        values = _verdict.column(seeds, name, row)
        mean, *ends = _verdict.mean(score, values)
        _, *one_more = _verdict.prediction(score, values)
        known = names("sentence", "range").format(_sentences.value(mean, score, names), *map(score.number, ends))
        interval = names("sentence", "interval").format(*map(score.number, one_more))
        lines.append(f"| {_cell(names('row', name, row))} | {known} | {interval} |")
    return lines


def _curves(name: str, panel: Panel, seeds: dict, names: Names) -> list[str]:
    """A line a place on the curves, a column a row."""
    score, places = panel.score, {row: _verdict.places(seeds, name, row) for row in panel.rows}
    head = [_cell(text) for text in (names("curve", panel.x_axis), *(names("row", name, row) for row in panel.rows))]
    lines = [_score_name(panel, names), "", f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for at in sorted({at for own in places.values() for at in own}, key=float):
        cells = []
        for row in panel.rows:
            if at in places[row]:
                interval = _verdict.mean(score, _verdict.column(seeds, name, row, at))
                cells.append(names("sentence", "range").format(*map(score.number, interval)))
            else:
                cells.append("")
        lines.append(f"| {at} | {' | '.join(cells)} |")
    return lines


def _score_name(panel: Panel, names: Names) -> str:
    direction = "higher is better" if panel.score.higher_is_better else "lower is better"
    more = [names(direction, panel.score.unit.name, "any unit")] if panel.score.has_direction else []
    return _sentences.described(panel.score, names, *more)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")  # A bar would end the cell.
