"""The report of a run: one page that needs no other file."""

import base64
import io
import math
import re
from pathlib import Path

import jinja2
from PIL import Image

from recipes._lib.reports import finished_runs
from recipes._lib.runs import recipe_list, results
from recipes._lib.words import LANGUAGES, read_words

HERE = Path(__file__).parent
LIMIT = 100_000
"""Size of the page in bytes, at most."""
SHARES = ("accuracy", "precision", "recall", "auroc")
"""The ends of the names of metrics from 0 to 1."""
WIDTH, QUALITY = 600, 30
"""Of a picture: with them, those of nearly every recipe fit."""
TEXT_LENGTH = 4000
MACHINE = ("backend", "python", "tensorflow", "keras", "numpy", "scikit-learn", "jax", "torch", "cpu", "cores", "date")


def write(folder: str | Path, language: str = "en") -> Path:
    """Write the report of a finished run into its folder, and return its path."""
    run = finished_runs.read(folder)
    path = run.folder / f"report{LANGUAGES[language]}.html"
    beside = path.with_name(f"{path.name}.tmp")
    beside.write_text(page(run, language), encoding="utf-8")
    beside.replace(path)
    return path


def page(run: finished_runs.FinishedRun, language: str) -> str:
    """Return the report as HTML."""
    row, words = recipe_list.row_of(run.recipe, run.options), Words(language)
    recipe = recipe_list.recipe(row)
    backend = run.machine.get("backend", "tensorflow")
    published_backend = backend if results.result(row, backend) else "tensorflow"
    published = results.result(row, published_backend)
    defaults = finished_runs.default_options(run.recipe) | recipe.options
    differing = [key for key, value in run.options.items() if key != "seed" and defaults.get(key, value) != value]
    seeds = list(published["seeds"]) if published else []
    rows = metric_rows(run, recipe, published, words)
    content = {
        "language": language,
        "words": words,
        "recipe": recipe,
        "name": run.recipe,
        "data": words.name(recipe.data) if run.options.get("corpus") is None else run.options["corpus"],
        "headline": rows[0],
        "purpose": words.recipe(run.recipe, "recipe"),
        "baseline": words.recipe(run.recipe, "baseline"),
        "verdict": verdict(run, recipe, published, differing, defaults, words),
        "backends": [] if published_backend == backend else [words[key] for key in (backend, published_backend)],
        "seed": run.options.get("seed") if str(run.options.get("seed")) in seeds else None,
        "rows": rows,
        "winner": {key: plain(value) for key, value in run.metrics.get("winner", {}).items()},
        "texts": [(words.file("text", file), shortened(file)) for file in sorted(run.folder.glob("*.txt"))],
        "options": [(name, value, defaults.get(name), name in differing) for name, value in run.options.items()],
        "seeds": words["list comma"].join(seeds),
        "machine": machine_rows(run, published or {}, words),
        "command": run.command,
    }
    # The curves come first.
    files = [file for file in run.folder.glob("*.png") if "." not in file.stem]  # A dot: the same in another language.
    files.sort(key=lambda file: (file.stem != "learning_curves", file))
    loader, options = jinja2.FileSystemLoader(HERE), {"undefined": jinja2.StrictUndefined, "trim_blocks": True}
    template = jinja2.Environment(loader=loader, autoescape=True, **options).get_template("run_report.html")
    shown, left_out = [], [words.file("picture", file) for file in files]
    text = template.render(content, pictures=shown, left_out=left_out)
    for file in files:
        name = words.file("picture", file)
        own = file.with_suffix(f"{LANGUAGES[language]}.png")
        more = [*shown, {"name": name, **small_picture(own if own.exists() else file)}]
        rest = [other for other in left_out if other != name]
        longer = template.render(content, pictures=more, left_out=rest)
        if len(longer.encode()) <= LIMIT:
            text, shown, left_out = longer, more, rest
    return text


def small_picture(file: Path) -> dict:
    """Return a picture as data of a page, at most `WIDTH` pixels wide."""
    image, content = Image.open(file).convert("RGB"), io.BytesIO()
    image.thumbnail((WIDTH, 4 * WIDTH))
    image.save(content, "WEBP", quality=QUALITY)
    data = base64.b64encode(content.getvalue()).decode()
    return {"data": f"data:image/webp;base64,{data}", "width": image.width, "height": image.height}


def verdict(run, recipe, published, differing: list[str], defaults: dict, words: "Words") -> str:
    """Return what the published numbers say of this run."""
    if not published:
        return words["not published"]
    if differing:
        pairs = [{"option": key, "value": run.options[key], "default": defaults.get(key)} for key in differing]
        options = words["list comma"].join(words["instead"].format(**pair) for pair in pairs)
        return words["other options"].format(options=options)
    if "range" not in published or recipe.metric not in run.metrics:
        return words["few seeds"]
    value, interval = run.metrics[recipe.metric], results.prediction_interval(recipe, published)
    return words["inside" if interval.low <= value <= interval.high else "outside"].format(
        metric=words.metric(recipe.metric),
        value=words.value(recipe.format.format(value)),
        interval=words.value(results.written_range(recipe_list.row_of(run.recipe, run.options), published)),
    )


def metric_rows(run, recipe, published: dict | None, words: "Words") -> list[dict]:
    """Return a row for each metric: the recipe's own and its baseline first; seconds are not among them."""
    rows, means, ranges = [], (published or {}).get("mean", {}), (published or {}).get("range", {})
    for key in dict.fromkeys([recipe.metric, recipe.baseline, *run.metrics]):
        value, interval = run.metrics.get(key), "–"
        if key.endswith("_seconds") or isinstance(value, dict | list):  # Pictures show these.
            continue
        if key in ranges:
            limits = bounds(key, recipe, [metrics[key] for metrics in published["seeds"].values()])
            low, high = (written(key, min(max(end, limits[0]), limits[1]), recipe, words) for end in ranges[key])
            interval = f"{low.partition(' ')[0]} {words.name('to')} {high}"  # The unit once.
        value, mean = (written(key, number, recipe, words) for number in (value, means.get(key)))
        is_main = key == recipe.metric
        rows.append({"name": words.metric(key), "is_main": is_main, "value": value, "mean": mean, "interval": interval})
    return rows


def written(key: str, value, recipe: recipe_list.Recipe, words: "Words") -> str:
    """Return a number as text: as the tables write it, others in four digits."""
    if value is None:
        return "–"
    if key in (recipe.metric, recipe.baseline):
        return words.value(recipe.format.format(value))
    return plain(value)


def plain(value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def bounds(key: str, recipe: recipe_list.Recipe, values: list[float]) -> tuple[float, float]:
    """Return the lowest and the highest value of a metric, for the ends of its interval."""
    if key.endswith(SHARES):
        return 0, 1
    if key.endswith(recipe.metric.rpartition("_")[2]):
        return recipe.limits()
    return 0 if min(values) >= 0 else -math.inf, math.inf  # Losses, distances and counts have no value below 0.


def machine_rows(run, published: dict, words: "Words") -> list[tuple[str, str, str]]:
    """Return versions, machine and seconds of this run and of the published ones."""
    facts = [{**machine, **machine.get("versions", {})} for machine in (run.machine, published)]
    for machine in facts:
        machine["backend"] = words[machine["backend"]] if "backend" in machine else None
    rows = [(words[key], *(machine.get(key) for machine in facts)) for key in MACHINE]
    for key in ("training_seconds", "evaluation_seconds", "baseline_seconds"):
        seconds = [metrics.get(key) for metrics in (run.metrics, published.get("mean", {}))]
        rows.append((words[key], *(None if value is None else f"{value:.1f}" for value in seconds)))
    return [(name, *("–" if part is None else str(part) for part in parts)) for name, *parts in rows if any(parts)]


def shortened(file: Path) -> str:
    text = file.read_text(encoding="utf-8")
    return text if len(text) <= TEXT_LENGTH else f"{text[:TEXT_LENGTH]} …"


class Words(dict):
    """The words of a report in one language, by key."""

    def __init__(self, language: str):
        table = read_words(recipe_list.FOLDER / "names.csv", language)
        super().__init__({key: text for key, text in table.items() if text})  # The docstrings have those in English.

    def name(self, key: str) -> str:
        return self.get(key, key)

    def value(self, text: str) -> str:
        """Return a number with the word or the unit that may stand behind it."""
        return " ".join(self.name(part) for part in text.split())

    def metric(self, key: str) -> str:
        """Return the name of a metric, or of the baseline's."""
        if f"metric {key}" in self or key in self:
            return self.get(f"metric {key}") or self[key]
        if key.startswith("baseline_"):
            return self["baseline"].format(self.metric(key.removeprefix("baseline_")))
        return key.replace("_", " ")

    def recipe(self, name: str, part: str) -> str:
        """Return the purpose of a recipe or its baseline; in English they are those of the docstring."""
        if f"{part} {name}" in self:
            return self[f"{part} {name}"]
        title, *_ = lines = recipe_list.docstring(name).splitlines()
        stated = [line.removeprefix("Baseline: ") for line in lines if line.startswith("Baseline: ")]
        return (title if part == "recipe" else stated[0]).replace("`", "")

    def file(self, kind: str, file: Path) -> str:
        """Return the name of a picture or a text; a number at the end stays."""
        stem, number = re.fullmatch(r"(.*?)((?:_\d+)?)", file.stem).groups()
        return f"{self.get(f'{kind} {stem}', stem.replace('_', ' '))} {number.removeprefix('_')}".strip()
