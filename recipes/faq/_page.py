"""The pages of the FAQ, `README.md` and `README.zh.md`: from what the experiments state and from the published numbers."""

import json
from pathlib import Path

from recipes._lib import results
from recipes.faq import _article, _glossary, _listings, _questions, _statistics, _tuning, _verdict
from recipes.faq._experiment import Experiment, Panel

HERE = Path(__file__).parent
LANGUAGES = {"en": "", "zh": ".zh"}
"""Language to what stands before the ending of its files."""

WORDS = {
    "en": {
        "title": "Questions and measured answers",
        "intro": "Each answer is computed from the numbers of an experiment that was run with several seeds. A difference "
        "is the mean of the differences on the same seeds, with its 95 % confidence interval (Student's t) in brackets; "
        "an interval that holds zero reads “no difference seen”. The tables also give the range in which the score of "
        "one more seed falls in 95 of 100 cases.",
        "other": "[中文](README.zh.md)",
        "contents": "Contents",
        "answer": "Answer",
        "explanation": "Why",
        "keras": "In Keras",
        "experiment": "The experiment",
        "setting": "**Setting.** {}",
        "limits": "**Limits.** {}",
        "titled": "**{}.** {}",
        "choice": "**Chosen on validation data**, {setting} out of {grid}: {best}.",
        "best": "{} for {}",
        "comma": ", ",
        "sources": "**Read on.**\n\n{}",
        "columns": "| | {score} | 95 % interval of the mean | one more seed |\n|---|---|---|---|",
        "range": "{} to {}",
        "direction": {True: "higher is better", False: "lower is better"},
        "interval": "{} ({} to {})",
        "command": "Command: `{command}` ({count} seeds, {seconds:.0f} s on {cores} cores of {cpu}, Keras {keras}, {date}).",
        "join": " ",
    },
    "zh": {
        "title": "问题与实测答案",
        "intro": "每个答案都由实验数据算出，每个实验都用多个随机种子运行。差异取相同种子下各差值的均值，括号内是它的 95% 置信区间"
        "（基于 t 分布）；区间包含零时写作“未见差异”。表中还给出再换一个种子时，成绩在 100 次中有 95 次会落入的范围。",
        "other": "[English](README.md)",
        "contents": "目录",
        "answer": "答案",
        "explanation": "原因",
        "keras": "用 Keras 实现",
        "experiment": "实验",
        "setting": "**设置。** {}",
        "limits": "**局限。** {}",
        "titled": "**{}。** {}",
        "choice": "**在验证集上选择**{setting}，候选值为 {grid}：{best}。",
        "best": "{1} 取 {0}",
        "comma": "，",
        "sources": "**延伸阅读。**\n\n{}",
        "columns": "| | {score} | 均值的 95% 置信区间 | 再换一个种子 |\n|---|---|---|---|",
        "range": "{} 至 {}",
        "direction": {True: "越高越好", False: "越低越好"},
        "interval": "{}（{} 至 {}）",
        "command": "命令：`{command}`（{count} 个种子，在 {cores} 核 {cpu} 上用时 {seconds:.0f} 秒，Keras {keras}，{date}）。",
        "join": "",
    },
}


def pages() -> dict[Path, str]:
    """Return the page of each language with its text."""
    return {HERE / f"README{suffix}.md": page(language) for language, suffix in LANGUAGES.items()}


def published(name: str) -> dict | None:
    """Return the published numbers of an experiment, None where there are none."""
    path = results.RESULTS / f"faq_{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def page(language: str) -> str:
    """Return the whole page in a language."""
    words = WORDS[language]
    contents, sections, answered = [], [], {}
    for number, question in enumerate(_questions.QUESTIONS, 1):
        numbers = published(question.module)
        if numbers:
            experiment = _questions.experiment(question.module)
            answered[question.module] = experiment.question.to(language)
            contents.append(f"{number}. [{answered[question.module]}](#{question.module})")
            sections += section(number, question.module, experiment, numbers, language)
    last = {
        "article": (_article.WORDS, _article.section(language, answered)),
        "listings": (_listings.WORDS, _listings.section(language)),
        "glossary": (_glossary.WORDS, _glossary.section(language)),
    }
    contents.append("")  # The numbered list ends here.
    for anchor, (own, paragraphs) in last.items():
        contents.append(f"- [{own[language]['title']}](#{anchor})")
        sections += [f'<a id="{anchor}"></a>', f"## {own[language]['title']}", *paragraphs]
    head = [f"# {words['title']}", words["other"], words["intro"], f"## {words['contents']}", "\n".join(contents)]
    return "\n\n".join([*head, *sections]) + "\n"


def section(number: int, name: str, experiment: Experiment, numbers: dict, language: str) -> list[str]:
    """Return the paragraphs of a question."""
    words, seeds, asked = WORDS[language], numbers["seeds"], experiment.question.to(language)
    compared = [_compared(name_, panel, seeds, language) for name_, panel in experiment.panels.items()]
    tables = [table(name_, panel, seeds, language) for name_, panel in experiment.panels.items()]
    facts = {**numbers, "keras": numbers["versions"]["keras"], "count": len(seeds)}
    return [
        f'<a id="{name}"></a>',
        f"## {number}. {asked}",
        f"### {words['answer']}",
        words["join"].join(_verdict.answers(experiment, seeds, language)),
        *filter(None, compared),
        f"### {words['explanation']}",
        experiment.explanation.to(language),
        f"### {words['keras']}",
        f"```python\n{experiment.keras_lines.to(language).strip()}\n```",
        f"### {words['experiment']}",
        f"![{asked}](../results/faq_{name}{LANGUAGES[language]}.png)",
        *tables,
        words["setting"].format(experiment.setting.to(language)),
        *chosen(experiment, numbers.get("choice"), language),
        words["limits"].format(experiment.limits.to(language)),
        words["sources"].format("\n".join(f"- {source}" for source in experiment.sources)),
        words["command"].format(**facts),
    ]


def _compared(name: str, panel: Panel, seeds: dict, language: str) -> str:
    """Return how the rows of a panel compare, after its title; an empty string where nothing is compared."""
    title, text = panel.title.to(language), _verdict.comparison(name, panel, seeds, language)
    return WORDS[language]["titled"].format(title, text) if title and text else text


def chosen(experiment: Experiment, choice: dict | None, language: str) -> list[str]:
    """Return the sentence on the settings that were chosen for the rows; none where none were."""
    if not choice:
        return []
    words = WORDS[language]
    names = {row: name.to(language) for panel in experiment.panels.values() for row, name in panel.rows.items()}
    best = []
    for key, tries in choice.items():
        row, _, place = key.partition("@")
        name = names.get(row, row) + (f" ({place})" if place else "")
        best.append(words["best"].format(f"{_tuning.best(tries, experiment.lower_is_chosen):g}", name))
    grid = words["comma"].join(sorted(next(iter(choice.values())), key=float))
    setting = experiment.chosen.to(language)
    return [words["choice"].format(setting=setting, grid=grid, best=words["comma"].join(best))]


def table(name: str, panel: Panel, seeds: dict, language: str) -> str:
    """Return the table of a panel, under its title."""
    head = [f"**{panel.title.to(language)}**", ""] if panel.title.to(language) else []
    return "\n".join([*head, *(_curve_rows if panel.curve else _rows)(name, panel, seeds, language)])


def _rows(name: str, panel: Panel, seeds: dict, language: str) -> list[str]:
    words, score = WORDS[language], panel.score
    lines = [words["columns"].format(score=_score_name(panel, language))]
    for row, row_name in panel.rows.items():
        values = _statistics.column(seeds, name, row)
        mean, *ends = _statistics.mean_interval(values)
        _, *new_ends = _statistics.new_seed_range(values)
        cells = [score.unit.value.to(language).format(score.number(mean))]
        cells += [words["range"].format(*map(score.number, pair)) for pair in (ends, new_ends)]
        lines.append(f"| {_cell(row_name.to(language))} | {' | '.join(cells)} |")
    return lines


def _curve_rows(name: str, panel: Panel, seeds: dict, language: str) -> list[str]:
    """A line a place on the curves, a column a row."""
    words, score = WORDS[language], panel.score
    places = {row: _statistics.places(seeds, name, row) for row in panel.rows}
    names = [_cell(words_.to(language)) for words_ in panel.rows.values()]
    lines = [f"{_score_name(panel, language)}", "", f"| {_cell(panel.curve.name.to(language))} | {' | '.join(names)} |"]
    lines.append("|---" * (len(names) + 1) + "|")
    for at in sorted({at for own in places.values() for at in own}, key=float):
        cells = []
        for row in panel.rows:
            if at in places[row]:
                interval = _statistics.mean_interval(_statistics.column(seeds, name, row, at))
                cells.append(words["interval"].format(*map(score.number, interval)))
            else:
                cells.append("")
        lines.append(f"| {at} | {' | '.join(cells)} |")
    return lines


def _score_name(panel: Panel, language: str) -> str:
    return panel.score.described(language, WORDS[language]["direction"][panel.score.higher_is_better])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")  # A bar would end the cell.
