"""Write the tables of the READMEs, and the result line of each recipe, from recipes/results/*.json.

python -m recipes.table
"""

import itertools
from pathlib import Path

from recipes import benchmark
from recipes._lib import benchmark_export, benchmark_photos, command_line, results, statements
from recipes.faq import _page as faq_page
from recipes.faq import _questions

ROOT = statements.HERE.parent
WORDS = {
    "en": ("recipe", "data", "result on the test set", "baseline", "training", "seeds", "± is one std", "cores"),
    "zh": ("示例（recipe）", "数据", "测试集结果", "基线", "训练时间", "种子数", "± 为标准差", "核"),
}


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
    *head, deviation, cores = WORDS[language]
    comma, semicolon, full_stop = ("，", "；", "。") if language == "zh" else (", ", "; ", ".")
    rows = [f"| {' | '.join(head)} |", "|---|---|---|---|---|---|"]
    dates: dict[str, list[str]] = {}
    for name, backend in itertools.product(statements.recipe_names(), results.BACKENDS):
        published = results.result(name, backend)
        if published is None:
            continue
        stated = statements.statement(name)
        metric, form = stated.metric, stated.format
        mean, count, versions = published["mean"], len(published["seeds"]), published["versions"]
        cells = [
            f"[`{name}`](recipes/{name}.py)" + ("" if backend == "tensorflow" else f", {backend}"),
            stated.data,
            f"{metric} {form.format(mean[metric])}" + (f" ± {form.format(published['std'][metric])}" * (count > 1)),
            form.format(mean[stated.baseline]),
            f"{mean['training_seconds']:.1f} s",
            str(count),
        ]
        rows.append(f"| {' | '.join(cells)} |")
        facts = [f"{published['cores']} {cores} {published['cpu']}", f"Keras {versions['keras']}"]
        facts += [f"{backend} {versions[backend]}", f"NumPy {versions['numpy']}"]
        machine = comma.join(facts)
        dates.setdefault(machine, []).append(published["date"])
    notes = [machine + comma + " – ".join(dict.fromkeys([min(days), max(days)])) for machine, days in dates.items()]
    return "\n".join([*rows, "", semicolon.join([deviation, *notes]) + full_stop])


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
        if language == "zh":  # The other tables are numbers, and stand on the English page.
            return replaced(text, "results", content)
        text = replaced(text, "benchmark", benchmark.published())
        text = replaced(text, "exports", benchmark_export.published())
        text = replaced(text, "photos", benchmark_photos.published())
    else:
        text = replaced(text, "questions", _questions.table(language))
    return replaced(text, "results", content)


def _with_result_line(name: str) -> str:
    """Return a recipe's source with the `Result:` line of its docstring renewed."""
    lines = (statements.HERE / f"{name}.py").read_text(encoding="utf-8").splitlines()
    published = results.result(name)
    if published:
        line = f"Result: {results.headline(name)} on {published['cores']} cores of {published['cpu']}."
        at = next(i for i, text in enumerate(lines) if text.startswith("Baseline:")) + 1
        lines[at : at + lines[at].startswith("Result:")] = [line]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    command_line.run_tool(main)
