"""The page of a question: prose is written by hand; what stands between markers is computed from `results.json`.

| marker | text |
|---|---|
| `<!-- claim 1 -->` | the answer to the first claim |
| `<!-- compared -->`, `<!-- tables -->` | how the rows of each panel compare; their numbers |
| `<!-- choice -->`, `<!-- command -->` | the settings that were chosen; the command, and where it ran |
| `<!-- accuracy: relu -->` | the mean of a row of the panel `accuracy` |
| `<!-- accuracy: relu - none -->` | the size of the difference of two rows |
| `<!-- passes: abs - relu @ 20 -->` | the same at a place on the curves |

Each ends in `<!-- end -->`.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from recipes.faq import _sentences, _tuning, _verdict
from recipes.faq._experiment import Panel
from recipes.faq._names import LANGUAGES, Names
from recipes.faq._questions import Question

BLOCK = re.compile(r"<!-- (?!end)([^>]+) -->(.*?)<!-- end -->", re.DOTALL)
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


def computed(question: Question, key: str, published: dict, names: Names) -> str:
    """Return the text of a block."""
    experiment, seeds = question.experiment, published["seeds"]
    kind, _, number = key.partition(" ")
    if kind == "claim":
        claim = experiment.claims[int(number) - 1]
        return _sentences.answer(claim, experiment.panels[claim.panel], seeds, names)
    if kind == "compared":
        return compared(experiment.panels, seeds, names)
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
    if reference:
        mean = abs(_verdict.difference(seeds, panel, row, reference, at).mean)
    else:
        mean = _verdict.mean(experiment.panels[panel].score, _verdict.column(seeds, panel, row, at)).mean
    return experiment.panels[panel].score.number(mean)


def compared(panels: dict[str, Panel], seeds: dict, names: Names) -> str:
    """Return how the rows of each panel with a reference compare."""
    texts = [_sentences.comparison(name, panel, seeds, names) for name, panel in panels.items()]
    return "\n\n".join(filter(None, texts))


def command_facts(published: dict) -> dict:
    """Return the command, with how many seeds, for how long and where it ran."""
    core = "core" if published["cores"] == 1 else "cores"
    return {**published, "count": len(published["seeds"]), "core": core, "keras": published["versions"]["keras"]}


def chosen(question: Question, choice: dict, names: Names) -> str:
    """Return the sentence on the settings that were chosen for the rows."""
    experiment, rows = question.experiment, {}
    for key, tries in choice.items():
        row, _, place = key.partition("@")
        setting = f"{_tuning.best(tries, experiment.lower_is_chosen):g}"
        rows.setdefault((setting, _row_name(question, row, names)), []).append(place)
    comma, best = names("sentence", "comma"), []
    for (value, row), found in rows.items():
        places = _places(question, filter(None, found), names)
        best.append(names("sentence", "best").format(value=value, row=row, places=places))
    grid = comma.join(sorted(next(iter(choice.values())), key=float))
    setting = names("setting", experiment.chosen)
    return names("sentence", "choice").format(setting=setting, grid=grid, best=comma.join(best))


def _places(question: Question, places: Iterable[str], names: Names) -> str:
    """Write the places on curves of a setting in brackets: of a panel that is named with them, "steps 100, 300"."""
    panels, said = question.experiment.panels, {}
    for place in places:
        panel, _, at = place.partition(", ")
        curve = panels[panel].curve if panel in panels else None
        said.setdefault(f"{names('curve', curve)} " if curve else place, []).append(at if curve else "")
    texts = [name + names("sentence", "comma").join(filter(None, ats)) for name, ats in said.items()]
    joined = names("sentence", "semicolon").join(texts)
    return names("sentence", "brackets").format(joined) if joined else ""


def _row_name(question: Question, row: str, names: Names) -> str:
    """Return the name of a row of the choice: that of the last panel which has it, else the key itself."""
    panels = [name for name, panel in question.experiment.panels.items() if row in panel.rows]
    return names("row", panels[-1], row) if panels else row


def table(name: str, panel: Panel, seeds: dict, names: Names) -> str:
    """Return the table of a panel, under its title."""
    title, lines = names.title(name), (_curves if panel.curve else _rows)(name, panel, seeds, names)
    return "\n".join([*([f"**{title}**", ""] if title else []), *lines])


def _rows(name: str, panel: Panel, seeds: dict, names: Names) -> list[str]:
    score, interval = panel.score, names("sentence", "interval")
    lines = [f"| | {_score_name(panel, names)} | {names('sentence', 'columns')} |", "|---|---|---|---|"]
    for row in panel.rows:
        values = _verdict.column(seeds, name, row)
        mean, *ends = _verdict.mean(score, values)
        _, *one_more = _verdict.prediction(score, values)
        cells = [interval.format(*map(score.number, pair)) for pair in (ends, one_more)]
        value = _sentences.value(mean, score, names)
        lines.append(f"| {_cell(names('row', name, row))} | {value} | {' | '.join(cells)} |")
    return lines


def _curves(name: str, panel: Panel, seeds: dict, names: Names) -> list[str]:
    """A line a place on the curves, a column a row."""
    score, places = panel.score, {row: _verdict.places(seeds, name, row) for row in panel.rows}
    head = [_cell(text) for text in (names("curve", panel.curve), *(names("row", name, row) for row in panel.rows))]
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
    return _sentences.described(panel.score, names, names("sentence", direction))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")  # A bar would end the cell.
