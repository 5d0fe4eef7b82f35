"""Write the computed parts of the pages and the result lines of the recipes, from the published JSON files.

    python -m tools.table

A part stands between `<!-- NAME -->` and `<!-- end NAME -->`. Of `results` and `machines`, the page has the head of the
table; `names.csv` has the names of metrics, data and units in both languages.
"""

import csv
import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import dlguide
from questions import _index
from recipes._lib.published import published_runs
from recipes._lib.runs import command_line, recipe_list, results, seed_intervals
from recipes._lib.words import LANGUAGES, read_words
from tools import ROOT, ledger
from tools.benchmarks import pages as benchmark_pages

SHORT_LIST = ("polynomial_regression_mpg", "mlp_mnist", "cnn_mnist", "seq2seq_pronounce")
SHORT_LIST += ("transformer_recall", "vae_mnist", "gan_mnist", "contrastive_mnist")
"""The recipes in the README's table."""


def main() -> None:
    """Rewrite all that is generated; nothing changes when run again."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


def pages() -> dict[Path, str]:
    """Return each file with generated text, as it should be."""
    texts = {recipe_list.FOLDER / f"{name}.py": with_result_line(name) for name in recipe_list.names()}
    for language, suffix in LANGUAGES.items():
        parts = benchmark_pages.published(language) | result_rows(recipe_list.rows(), language) | model_rows(language)
        parts |= {"checks": check_rows(), "spread": spread_rows(language), "diagnosis_checks": diagnosis_rows(language)}
        parts["aims"] = _index.aims(language)
        readme = result_rows(SHORT_LIST, language, ["tensorflow"])
        readme["questions"] = _index.table(language, "questions/", columns=1)
        for folder in ("recipes", "docs"):
            for path in sorted((ROOT / folder).glob(f"[!.]*{suffix}.md")):
                if suffix or ".zh" not in path.name:
                    texts[path] = renewed(path.read_text(encoding="utf-8"), parts, folder)
        path = ROOT / f"README{suffix}.md"
        texts[path] = renewed(path.read_text(encoding="utf-8"), readme)
        for path in sorted(recipe_list.FOLDER.glob(f"published/*/README{suffix}.md")):
            rows = parts | result_rows(recipe_list.rows(path.parent.name), language)
            texts[path] = renewed(path.read_text(encoding="utf-8"), rows, str(path.parent.relative_to(ROOT)))
    return texts | _index.pages()


def renewed(text: str, parts: dict[str, str | list], folder: str = "") -> str:
    """Return a page with its computed parts renewed: Markdown, or rows of cells for the columns of the page's own head.

    Links in `parts` start at the root of the project; `folder` is that of the page.
    """

    def part(found: re.Match) -> str:
        new = parts[found[1]]
        if not isinstance(new, str):
            head = found[2].splitlines()[:2]
            columns = head[1].count("|") - 1
            new = "\n".join([*head, *(f"| {' | '.join(cells[:columns])} |" for cells in new)])
        if folder:
            up = "../" * len(Path(folder).parts)
            new = re.sub(r"\]\((?!http)", f"]({up}", new).replace(f"]({up}{folder}/", "](")
        return f"<!-- {found[1]} -->\n{new}\n<!-- end {found[1]} -->"

    return re.sub(r"<!-- (\w+) -->\n(.*?)<!-- end \1 -->", part, text, flags=re.DOTALL)


def result_rows(names: Sequence[str], language: str, backends: Sequence[str] = results.BACKENDS) -> dict[str, list]:
    """Return the rows of the published results, and those of the machines that they come from."""
    names_of, rows, dates = read_words(recipe_list.FOLDER / "names.csv", language), [], {}
    for name, backend in itertools.product(names, backends):
        published = results.result(name, backend)
        if published is None:
            continue
        recipe, mean, versions = recipe_list.recipe(name), published["mean"], published["versions"]
        shown = [recipe.format.format(mean[key]) for key in (recipe.metric, recipe.baseline)]
        shown.append(results.written_range(name, published))
        # A number may have a unit behind it, a range the word between its ends.
        shown = [" ".join(names_of.get(part, part) for part in text.split()) for text in shown]
        cells = [
            _linked(name) + ("" if backend == "tensorflow" else f", {names_of[backend]}"),
            names_of.get(recipe.data, recipe.data),
            f"{names_of[recipe.metric]} {'↑' if recipe.higher_is_better else '↓'} {shown[0]}",
            shown[2],
            shown[1],
            f"{mean['training_seconds']:.1f} s",
            f"{mean['evaluation_seconds']:.0f} s" if "evaluation_seconds" in mean else "–",
            str(len(published["seeds"])),
        ]
        rows.append(cells)
        software = [f"{names_of[backend]} {versions[backend]}", *(versions[key] for key in ("keras", "numpy"))]
        machine = (str(published["cores"]), published["cpu"], *software)
        dates.setdefault(machine, set()).add(published["date"])
    machines = [(*machine, " – ".join(sorted({min(days), max(days)}))) for machine, days in dates.items()]
    return {"results": rows, "machines": machines}


def diagnosis_rows(language: str) -> list[list[str]]:
    """Return a row for each fault that a diagnosis can name: what it says, and the change that it proposes."""
    page, rows = f"docs/faults{LANGUAGES[language]}.md", []
    with open(Path(dlguide.__file__).parent / "diagnosis/texts.csv", encoding="utf-8", newline="") as file:
        found = [row for row in csv.DictReader(file) if row["fault"]]
    for row in found:
        said = (re.sub(r"{(\w+)[^}]*}", r"*\1*", row[column]) for column in (language, f"evidence_{language}"))
        rows.append([f"[`{row['fault']}`]({page}#{row['fault']})", *said, f"`{row['change']}`"])
    return rows


def check_rows() -> list[list[str]]:
    """Return a row for each published row: its last check by backend, newest and lowest versions, and its CUSUM."""
    rows = []
    for name in recipe_list.rows():
        last, found = {}, ledger.valid(name)
        for check in found:
            last[check["backend"], ledger.has_lowest_versions(check)] = f"{check['z']:+.1f} {check['date']}"
        cells = [last.get(key, "–") for key in itertools.product(results.BACKENDS, (False, True))]
        sums = ledger.cusum(check["z"] for check in found)
        state = f"{sums.largest:+.1f}" + ("" if sums.alarm is None else " ⚠")
        rows.append([_linked(name), str(len(found)), state if found else "–", *cells])
    return rows


def spread_rows(language: str) -> list[list[str]]:
    """Return a row for each published row: how its result differs from seed to seed, and what that hides."""
    names_of, rows = read_words(recipe_list.FOLDER / "names.csv", language), []
    for name in recipe_list.rows():
        recipe, published = recipe_list.recipe(name), results.result(name)
        if published is None or "std" not in published:
            continue
        values = [metrics[recipe.metric] for metrics in published["seeds"].values()]
        unit = recipe.format.partition("}")[2]
        factor, unit = (100, " points") if "%" in recipe.format else (1, unit)
        spreads = (published["std"][recipe.metric], seed_intervals.detectable(values, 5))
        shown = [recipe.format.format(number) for number in (min(values), max(values))]
        written = [np.format_float_positional(float(f"{factor * s:.2g}"), trim="-") + unit for s in spreads]
        # Where each seed is at the top of its metric, nothing is known of differences.
        shown += written if spreads[0] else ["0" + unit, "–"]
        shown = [" ".join(names_of.get(part, part) for part in text.split()) for text in shown]
        rows.append([_linked(name), names_of[recipe.metric], *shown])
    return rows


def _linked(name: str) -> str:
    """Return a row's recipe, linked, with the options that the row has."""
    recipe = recipe_list.recipe(name)
    options = f" `{recipe.written_options()}`" if recipe.options else ""
    return f"[`{recipe.recipe}`](recipes/{recipe.recipe}.py){options}"


def model_rows(language: str) -> dict[str, list]:
    """Return the rows of the published models: parts, size, and the score of the run beside that of the files."""
    names_of, rows = read_words(recipe_list.FOLDER / "names.csv", language), []
    for name in published_runs.models():
        run = published_runs.run(name)
        model, files = run["model"], run["files"]
        size = sum(files[part]["size"] for part in model["parts"]) / 1e6
        cells = [", ".join(f"`{part}`" for part in model["parts"]), f"{size:.2f}", str(run["seed"])]
        for metric in model["score"] or {recipe_list.recipe(name).metric: None}:
            scores = [f"{model[key][metric]:.6g}" if model[key] else "–" for key in ("score_of_run", "score")]
            rows.append([_linked(name), *cells, names_of[metric], *scores])
    return {"models": rows}


def with_result_line(name: str) -> str:
    """Return a recipe's source with the computed lines of its docstring renewed: `Result:`, `Training:`, `With --`."""
    lines = (recipe_list.FOLDER / f"{name}.py").read_text(encoding="utf-8").splitlines()
    published = results.result(name)
    if published:
        _, *further = recipe_list.rows(name)
        cores = f"{published['cores']} core{'s' if published['cores'] > 1 else ''} of {published['cpu']}"
        at = next(i for i, text in enumerate(lines) if text.startswith("Baseline:")) + 1
        while lines[at].startswith(("Result:", "Training:", "With --")):
            del lines[at]
        seconds = f"Training: {published['mean']['training_seconds']:.1f} s on {cores}."
        lines[at:at] = [f"Result: {results.headline(name)}.", seconds]
        for row in filter(results.result, reversed(further)):
            line = f"With {recipe_list.recipe(row).written_options()}: {results.headline(row)}."
            lines.insert(at + 2, re.sub(r" \((higher|lower) is better\)", "", line))  # As above, and there is no room.
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    command_line.run_tool(main)
