"""The pages of the FAQ, `README.md` and `README.zh.md`: from what the experiments state and from the published numbers."""

import json
from pathlib import Path

from recipes._lib.runs import results
from recipes.faq import _article, _glossary, _listings, _questions, _statistics, _tuning, _verdict
from recipes.faq._experiment import Experiment, Panel

HERE = Path(__file__).parent
LANGUAGES = {"en": "", "zh": ".zh"}
"""Language to what stands before the ending of its files."""

WORDS = {
    "en": {
        "title": "Questions and measured answers",
        "intro": """
Each question is from the appendix of an article on deep learning with Keras ([what it says and what is so](#article)). Each answer is computed from the numbers of an experiment. `dlguide` is this project's package ([how to install it](../../README.md)); the commands run in the project's folder.

**How to read the numbers.** A seed fixes the first weights, the order of the examples and all else that is random in a training. A difference is the mean of the differences on the same seeds, with its 95 % confidence interval (Student's t) in brackets; an interval that holds zero reads “no difference seen”. Since seeds are compared one by one, two rows may differ although their own intervals overlap. “One more seed” is the range in which the score of one more training falls in 95 of 100 cases.

What the intervals do not say: the test set and the chosen settings are the same for all seeds, so another test set or another choice of the learning rate may change the scores by more. Of a hundred comparisons without a true difference, about five read higher or lower: an interval that ends close to zero is weak evidence. An interval that ends at a bound of its score, such as 0 or 100 %, is cut there: Student's t does not fit well near a bound, so look at the single seeds in the picture. “This agrees with the sources” means that the sources under “Read on” report the same direction, or no difference either; the size may be another.

**Data.** MNIST: handwritten digits, 28 × 28 grey pixels, 10 classes. MNIST-1D: artificial series of 40 numbers in 10 classes, 4,000 for training and 1,000 for the test. Auto MPG: 392 cars, their fuel economy in miles per gallon (mpg) and seven other measures. `bikeshare`: bicycles hired in each hour, and the weather. Networks and lengths of training differ between the questions, so scores on the same data cannot be compared across questions. A word that you do not know may stand in the [glossary](#glossary).
""".strip(),
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
        "best": "{} for “{}”{}",
        "places": " ({})",
        "comma": ", ",
        "semicolon": "; ",
        "sources": "**Read on.**\n\n{}",
        "columns": "| | {score} | 95 % interval of the mean | one more seed |\n|---|---|---|---|",
        "range": "{} to {}",
        "direction": {True: "higher is better", False: "lower is better"},
        "interval": "{} ({} to {})",
        "command": "Command: `{command}` ({facts}).",
        "facts": "{count} seeds, {seconds:.0f} s on {cores} {core} of {cpu}, Keras {keras}, {date}",
    },
    "zh": {
        "title": "问题与实测答案",
        "intro": """
本页的问题取自一篇介绍深度学习与 Keras 的文章的附录（[原文的说法与实际情况](#article)）。每个答案都由实验数据算出。`dlguide` 是本项目的软件包（[安装方法](../../README.zh.md)），各命令在项目目录下运行。

**如何阅读数字。** 随机种子决定初始权重、样本次序等训练中的一切随机选择。差异取相同种子下各差值的均值，括号内是它的 95% 置信区间（基于 t 分布）；区间包含零时写作“未见差异”。由于比较的是同一种子下的两个结果，两行各自的区间即使重叠，也可能有差异。“再换一个种子”一栏表示：再训练一次，成绩在 100 次中有 95 次会落入的范围。

区间没有反映的因素：所有种子都使用同一测试集和同样选定的设置；换一个测试集，或选中另一个学习率，成绩的变化可能更大。即使实际上没有差异，一百次比较中也约有五次会显示“高”或“低”，因此端点接近零的区间只是较弱的证据。端点恰为成绩上下界（如 0 或 100%）的区间是在该处截断的：t 分布在边界附近并不适用，应查看图中各个种子的成绩。“与文献一致”指“延伸阅读”中的文献报告了同样的方向，或同样没有发现差异；数值不一定相同。

**数据。** MNIST：手写数字图像，28×28 个灰度像素，10 类。MNIST-1D：人工生成的序列，每条 40 个数，10 类，训练 4,000 条，测试 1,000 条。Auto MPG：392 辆汽车每加仑汽油行驶的英里数（mpg）及其他七项数据。`bikeshare`：每小时的自行车租用数与天气。各问题所用的网络和训练时间不同，因此同一数据上的成绩不能跨问题比较。不认识的术语可查[术语表](#glossary)。
""".strip(),
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
        "best": "“{1}”{2}取 {0}",
        "places": "（{}）",
        "comma": "，",
        "semicolon": "；",
        "sources": "**延伸阅读。**\n\n{}",
        "columns": "| | {score} | 均值的 95% 置信区间 | 再换一个种子 |\n|---|---|---|---|",
        "range": "{} 至 {}",
        "direction": {True: "越高越好", False: "越低越好"},
        "interval": "{}（{} 至 {}）",
        "command": "命令：`{command}`（{facts}）。",
        "facts": "{count} 个种子，在 {cores} 核 {cpu} 上用时 {seconds:.0f} 秒，Keras {keras}，{date}",
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
    comparisons = [compared(name_, panel, seeds, language) for name_, panel in experiment.panels.items()]
    tables = [table(name_, panel, seeds, language) for name_, panel in experiment.panels.items()]
    return [
        f'<a id="{name}"></a>',
        f"## {number}. {asked}",
        f"### {words['answer']}",
        *([experiment.summary.to(language)] if experiment.summary else []),
        "\n".join(_verdict.answers(experiment, seeds, language)),
        *filter(None, comparisons),
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
        words["command"].format(command=numbers["command"], facts=command_facts(numbers, language)),
    ]


def command_facts(numbers: dict, language: str) -> str:
    """Return with how many seeds, for how long and where an experiment ran."""
    core = "core" if numbers["cores"] == 1 else "cores"
    facts = {**numbers, "keras": numbers["versions"]["keras"], "count": len(numbers["seeds"]), "core": core}
    return WORDS[language]["facts"].format(**facts)


def compared(name: str, panel: Panel, seeds: dict, language: str) -> str:
    """Return how the rows of a panel compare, after its title; an empty string where nothing is compared."""
    title, text = panel.title.to(language), _verdict.comparison(name, panel, seeds, language)
    return WORDS[language]["titled"].format(title, text) if title and text else text


def _places(experiment: Experiment, places: list[str], language: str) -> str:
    """Write the places on curves of a setting in brackets: of a panel that is named with them, "steps 100, 300"."""
    words, said = WORDS[language], {}
    for place in filter(None, places):
        panel, _, at = place.partition(", ")
        curve = experiment.panels[panel].curve if panel in experiment.panels else None
        said.setdefault(f"{curve.name.to(language)} " if curve else place, []).append(at if curve else "")
    joined = words["semicolon"].join(name + words["comma"].join(filter(None, ats)) for name, ats in said.items())
    return words["places"].format(joined) if joined else ""


def chosen(experiment: Experiment, choice: dict | None, language: str) -> list[str]:
    """Return the sentence on the settings that were chosen for the rows; none where none were."""
    if not choice:
        return []
    words = WORDS[language]
    names = {row: name.to(language) for panel in experiment.panels.values() for row, name in panel.rows.items()}
    places: dict[tuple[str, str], list[str]] = {}  # Of each row and its setting.
    for key, tries in choice.items():
        row, _, place = key.partition("@")
        setting = f"{_tuning.best(tries, experiment.lower_is_chosen):g}"
        places.setdefault((setting, names.get(row, row)), []).append(place)
    best = [
        words["best"].format(setting, name, _places(experiment, found, language))
        for (setting, name), found in places.items()
    ]
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
        mean, *ends = _statistics.mean_of(score, values)
        _, *new_ends = _statistics.new_seed_of(score, values)
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
                interval = _statistics.mean_of(score, _statistics.column(seeds, name, row, at))
                cells.append(words["interval"].format(*map(score.number, interval)))
            else:
                cells.append("")
        lines.append(f"| {at} | {' | '.join(cells)} |")
    return lines


def _score_name(panel: Panel, language: str) -> str:
    return panel.score.described(language, WORDS[language]["direction"][panel.score.higher_is_better])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")  # A bar would end the cell.
