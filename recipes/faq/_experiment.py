"""What every question's experiment shares: the seeds, the interval, the figure, the verdict, the page.

A question is one module: `NUMBER`, `REFERENCE` (the row that the others are compared with), `TEXT` in
two languages and `experiment(seed) -> {row: score}`, ended by `_experiment.run(...)`.
"""

import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recipes import _cli, _results

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Text:
    """One language's words for a question."""

    question: str
    setting: str
    """What was run, on which data, and what the score is."""
    score: str
    """Name of the score, for the table and the figure; a share is written in percent."""
    rows: dict[str, str]
    """Row of the experiment to its name."""


_WORDS = {
    "en": {
        "title": "Questions and measured answers",
        "intro": "Each answer is computed from the numbers of an experiment: the mean over the seeds, and the 95 % "
        "interval of the difference from the reference row on the same seeds (Student's t). An interval that holds "
        "zero reads “no difference seen”.",
        "better": "higher by {:.2f} points ({:.2f} to {:.2f})",
        "worse": "lower by {:.2f} points ({:.2f} to {:.2f})",
        "same": "no difference seen ({:+.2f} to {:+.2f} points)",
        "verdict": "Compared with “{reference}” ({mean:.2f} %): {rows}.",
        "header": "| | {score}, mean of {n} seeds | 95 % interval |\n|---|---|---|",
        "command": "Command: `{command}` ({seconds:.0f} s on {cores} cores of {cpu}, Keras {keras}, {date}).",
        "join": "; ",
        "pair": "{}: {}",
    },
    "zh": {
        "title": "问题与实测答案",
        "intro": "每个答案都由实验数字算出：各随机种子的平均值，以及在相同种子下与参照行之差的 95 % 置信区间"
        "（学生 t 分布）。区间包含零时写作“未见差异”。",
        "better": "高 {:.2f} 个百分点（{:.2f} 至 {:.2f}）",
        "worse": "低 {:.2f} 个百分点（{:.2f} 至 {:.2f}）",
        "same": "未见差异（{:+.2f} 至 {:+.2f} 个百分点）",
        "verdict": "与“{reference}”（{mean:.2f} %）相比：{rows}。",
        "header": "| | {score}，{n} 个种子的平均值 | 95 % 置信区间 |\n|---|---|---|",
        "command": "命令：`{command}`（{cores} 核 {cpu} 上 {seconds:.0f} 秒，Keras {keras}，{date}）。",
        "join": "；",
        "pair": "{}：{}",
    },
}


def run(experiment: Callable[[int], dict[str, float]]) -> None:
    """Run an experiment as a command; it writes the JSON, the figure and the pages."""
    module = experiment.__globals__["__spec__"].name

    def main(*, seeds: list[int] = [0, 1, 2, 3, 4]) -> dict:  # noqa: B006
        """Run the experiment, then renew its figure and the pages.

        Args:
            seeds: Seeds to run with, at least five.
        """
        measure(experiment, module, seeds)
        return {}

    _cli.run_tool(main, module)


def measure(experiment: Callable[[int], dict[str, float]], module: str, seeds: list[int]) -> None:
    """Run an experiment with several seeds, write its result as each comes, then the figure and the pages."""
    import time

    from recipes.measure import machine

    if len(set(seeds)) < 5:
        raise ValueError(f"`seeds` must be at least five different ones. Received: seeds={seeds!r}")
    name = module.removeprefix("recipes.faq.")
    scores: dict[str, dict[str, float]] = {}
    start = time.perf_counter()
    for seed in seeds:
        scores[str(seed)] = experiment(seed)
        print(f"seed {seed}", {row: round(score, 4) for row, score in scores[str(seed)].items()}, flush=True)
    content = {"command": f"python -m {module}", "seeds": scores, "seconds": time.perf_counter() - start, **machine()}
    path = _results.RESULTS / f"faq_{name}.json"
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    figure(scores, experiment.__globals__["TEXT"]["en"]).savefig(_results.RESULTS / f"faq_{name}.png")
    for page, text in pages().items():
        page.write_text(text, encoding="utf-8")


def interval(values: list[float]) -> tuple[float, float, float]:
    """Return mean, lower and upper end of the 95 % interval of the mean (Student's t)."""
    from scipy import stats

    mean, half = statistics.fmean(values), 0.0
    if len(values) > 1:
        half = stats.t.ppf(0.975, len(values) - 1) * statistics.stdev(values) / len(values) ** 0.5
    return mean, mean - half, mean + half


def verdict(scores: dict[str, dict[str, float]], reference: str, text: Text, language: str) -> str:
    """Say in words how each row differs from the reference on the same seeds."""
    words, sentences = _WORDS[language], []
    for row, row_name in text.rows.items():
        if row == reference:
            continue
        mean, low, high = interval([100 * (seed[row] - seed[reference]) for seed in scores.values()])
        if low > 0:
            sentence = words["better"].format(mean, low, high)
        elif high < 0:
            sentence = words["worse"].format(-mean, -high, -low)
        else:
            sentence = words["same"].format(low, high)
        sentences.append(words["pair"].format(row_name, sentence))
    mean = 100 * statistics.fmean(seed[reference] for seed in scores.values())
    return words["verdict"].format(reference=text.rows[reference], mean=mean, rows=words["join"].join(sentences))


def figure(scores: dict[str, dict[str, float]], text: Text):
    """Draw each row's mean with its interval, and every seed as a point."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(6, 0.6 + 0.5 * len(text.rows)), layout="constrained", dpi=120)
    axes = drawn.subplots()
    for place, row in enumerate(text.rows):
        values = [100 * seed[row] for seed in scores.values()]
        mean, low, high = interval(values)
        axes.plot(values, [place] * len(values), ".", color="gray", alpha=0.6)
        axes.errorbar(mean, place, xerr=[[mean - low], [high - mean]], fmt="o", color="tab:blue", capsize=4)
    axes.set_yticks(range(len(text.rows)), text.rows.values())
    axes.invert_yaxis()
    axes.set(xlabel=f"{text.score} (%): mean, 95 % interval, each seed")
    axes.grid(axis="x", alpha=0.3)
    return drawn


def pages() -> dict[Path, str]:
    """Return the FAQ page of each language, from the modules' texts and the JSON."""
    return {HERE / f"README{suffix}.md": _page(language) for suffix, language in (("", "en"), (".zh", "zh"))}


def questions() -> list:
    """Return the modules of all questions, in the order of their numbers."""
    import importlib

    names = sorted(path.stem for path in HERE.glob("[a-z]*.py"))
    return sorted((importlib.import_module(f"recipes.faq.{name}") for name in names), key=lambda m: m.NUMBER)


def _page(language: str) -> str:
    words = _WORDS[language]
    parts = [f"# {words['title']}", words["intro"]]
    for module in questions():
        name = module.__name__.removeprefix("recipes.faq.")
        path = _results.RESULTS / f"faq_{name}.json"
        if path.exists():
            parts += _section(module, json.loads(path.read_text(encoding="utf-8")), name, language)
    return "\n\n".join(parts) + "\n"


def _section(module, published: dict, name: str, language: str) -> list[str]:
    words, text, scores = _WORDS[language], module.TEXT[language], published["seeds"]
    rows = [words["header"].format(score=text.score, n=len(scores))]
    for row, row_name in text.rows.items():
        mean, low, high = interval([100 * seed[row] for seed in scores.values()])
        row_name = row_name.replace("|", "\\|")  # A bar would end the cell.
        rows.append(f"| {row_name} | {mean:.2f} % | {low:.2f} – {high:.2f} % |")
    facts = {**published, "keras": published["versions"]["keras"]}
    return [
        f"## {module.NUMBER}. {text.question}",
        verdict(scores, module.REFERENCE, text, language),
        f"![{text.question}](../results/faq_{name}.png)",
        "\n".join(rows),
        text.setting,
        words["command"].format(**facts),
    ]
