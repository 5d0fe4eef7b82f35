"""The files that a finished run leaves in its folder, beside those of `training.fit`."""

import time
from pathlib import Path

from recipes._lib import drawing
from recipes._lib.result import Result
from recipes._lib.runs import machine_facts, picture_words, recipe_list, results
from recipes._lib.words import LANGUAGES, read_words


def save(result: Result, folder: Path, recipe: str, options: dict, begin: float | None = None) -> dict:
    """Write model, description of an input, texts, pictures, machine and at last the metrics; return the metrics.

    `begin` is when the recipe began (`time.perf_counter`); None if an earlier process has trained a part.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if result.model is not None:
        result.model.save(folder / "model.keras")
    if result.input is not None:
        results.write_json(folder / "input.json", result.input)
    for name, text in result.texts.items():
        (folder / name).write_text(text(), encoding="utf-8")
    for name, draw in result.figures.items():
        figure = draw()
        own = figure.get_suptitle() or name.replace("_", " ")
        drawing.set_title(figure, f"{title(recipe, options, result.metrics)}\n{own}")
        for language, ending in LANGUAGES.items():
            picture_words.translate(figure, language)
            figure.savefig(folder / f"{name}{ending}.png", bbox_inches="tight")  # A title may be wider than the figure.
    metrics = dict(result.metrics)
    if begin is not None:
        metrics["evaluation_seconds"] = time.perf_counter() - begin - metrics["training_seconds"]
    results.write_json(folder / "machine.json", machine_facts.machine())
    results.write_json(folder / "metrics.json", metrics)
    return metrics


def title(recipe: str, options: dict, metrics: dict) -> str:
    """Return the title of a run's pictures: the recipe, its data and its result."""
    row = recipe_list.recipe(recipe_list.row_of(recipe, options))
    words = [recipe, Path(options["corpus"]).stem if options.get("corpus") else row.data]
    if row.metric in metrics:  # There is no Fréchet distance for few generated images.
        value = row.format.format(metrics[row.metric]).replace("%", " %")
        words.append(f"{read_words(recipe_list.FOLDER / 'names.csv', 'en')[row.metric]} {value}")
    return " · ".join(words)
