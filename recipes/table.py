"""Write the tables of the READMEs, and the result line of each recipe, from recipes/results/*.json.

python -m recipes.table
"""

import itertools
from pathlib import Path

from recipes._lib.runs import command_line, results, statements
from recipes.benchmark import dqn as benchmark_dqn
from recipes.benchmark import export as benchmark_export
from recipes.benchmark import fits as benchmark_fits
from recipes.benchmark import growth as benchmark_growth
from recipes.benchmark import photos as benchmark_photos
from recipes.benchmark import search as benchmark_search
from recipes.benchmark import tables as benchmark_tables
from recipes.faq import _page as faq_page
from recipes.faq import _questions

ROOT = statements.HERE.parent
# fmt: off
WORDS = {
    "en": (
        "recipe", "data", "result on the test set", "a new seed", "baseline", "training", "the rest", "seeds",
        "“A new seed” is the range in which the result of one more seed falls in 95 of 100 cases; “the rest” are the "
        "seconds for data, metrics, baselines and pictures",
        {False: "cores", True: "core"},
    ),
    "zh": (
        "示例（recipe）", "数据", "测试集结果", "新种子", "基线", "训练时间", "其余时间", "种子数",
        "“新种子”为再取一个种子时，结果在 100 次中有 95 次落入的范围；“其余时间”用于读取数据、计算指标与基线、绘图",
        {False: "核", True: "核"},
    ),
}
# fmt: on


def main() -> dict:
    """Rewrite all that is generated; nothing changes when run again."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
    return {}


def pages() -> dict[Path, str]:
    """Return each file with generated text, as it should be."""
    texts = {ROOT / f"README{suffix}.md": _page(f"README{suffix}.md", language) for suffix, language in SUFFIXES}
    for suffix, language in SUFFIXES:
        texts[statements.HERE / f"README{suffix}.md"] = _page(f"recipes/README{suffix}.md", language)
    for name in statements.recipe_names():
        texts[statements.HERE / f"{name}.py"] = _with_result_line(name)
    return texts | faq_page.pages()


SUFFIXES = (("", "en"), (".zh", "zh"))


def results_table(language: str) -> str:
    """Return the table of all recipes with a published result."""
    *head, meaning, cores = WORDS[language]
    comma, semicolon, full_stop, to = ("，", "；", "。", " 至 ") if language == "zh" else (", ", "; ", ".", " to ")
    rows = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    dates: dict[str, list[str]] = {}
    for name, backend in itertools.product(statements.recipe_names(), results.BACKENDS):
        published = results.result(name, backend)
        if published is None:
            continue
        stated = statements.statement(name)
        metric, form = stated.metric, stated.format
        mean, versions = published["mean"], published["versions"]
        cells = [
            f"[`{name}`](recipes/{name}.py)" + ("" if backend == "tensorflow" else f", {backend}"),
            stated.data,
            f"{metric} {form.format(mean[metric])}",
            results.written_range(name, published).replace(" to ", to),
            form.format(mean[stated.baseline]),
            f"{mean['training_seconds']:.1f} s",
            f"{mean['evaluation_seconds']:.0f} s" if "evaluation_seconds" in mean else "–",
            str(len(published["seeds"])),
        ]
        rows.append(f"| {' | '.join(cells)} |")
        facts = [
            f"{published['cores']} {cores[published['cores'] == 1]} {published['cpu']}",
            f"Keras {versions['keras']}",
        ]
        facts += [f"{backend} {versions[backend]}", f"NumPy {versions['numpy']}"]
        machine = comma.join(facts)
        dates.setdefault(machine, []).append(published["date"])
    notes = [machine + comma + " – ".join(dict.fromkeys([min(days), max(days)])) for machine, days in dates.items()]
    return "\n".join([*rows, "", semicolon.join([meaning, *notes]) + full_stop])


def replaced(text: str, marker: str, content: str) -> str:
    """Return `text` with `content` between a marker and its end."""
    start, end = f"<!-- {marker} -->", f"<!-- end {marker} -->"
    if text.count(start) != 1 or text.count(end) != 1:
        raise ValueError(f"the page must have {start} and {end} once each")
    before, rest = text.split(start)
    return f"{before}{start}\n{content}\n{end}{rest.split(end)[1]}"


def _page(name: str, language: str) -> str:
    content = results_table(language)
    text = (ROOT / name).read_text(encoding="utf-8")
    if name.startswith("recipes/"):
        content = content.replace("](recipes/", "](")
        text = replaced(text, "growth", benchmark_growth.published(language))
        text = replaced(text, "fits", benchmark_fits.published(language))
        text = replaced(text, "search", benchmark_search.published(language))
        text = replaced(text, "dqn", benchmark_dqn.published(language))
        if language == "zh":  # The other tables are numbers, and stand on the English page.
            return replaced(text, "results", content)
        text = replaced(text, "benchmark", benchmark_tables.published())
        text = replaced(text, "exports", benchmark_export.published())
        text = replaced(text, "photos", benchmark_photos.published())
    else:
        text = replaced(text, "questions", _questions.table(language))
    return replaced(text, "results", content)


def _with_result_line(name: str) -> str:
    """Return a recipe's source with the lines `Result:` and `Training:` of its docstring renewed."""
    lines = (statements.HERE / f"{name}.py").read_text(encoding="utf-8").splitlines()
    published = results.result(name)
    if published:
        cores = WORDS["en"][-1][published["cores"] == 1]
        seconds = f"{published['mean']['training_seconds']:.1f} s on {published['cores']} {cores} of {published['cpu']}"
        at = next(i for i, text in enumerate(lines) if text.startswith("Baseline:")) + 1
        while lines[at].startswith(("Result:", "Training:")):
            del lines[at]
        lines[at:at] = [f"Result: {results.headline(name)}.", f"Training: {seconds}."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    command_line.run_tool(main)
