"""The published benchmarks: their files, and the Markdown that the pages show."""

import csv
import itertools
import json
import statistics
from collections.abc import Callable
from pathlib import Path

import numpy as np

from recipes._lib.runs import machine_facts, results, seed_intervals
from recipes.benchmark import models

RESULTS, WORDS = (Path(__file__).with_name(name) for name in ("results", "words.csv"))
TARGET, EXAMPLE_EPOCHS = 0.9922, 15
"""Of `cnn`: the accuracy that keras.io's example states, and its epochs."""


def published(language: str) -> dict[str, str]:
    """Return the Markdown of each published benchmark, in "en" or "zh", by the marker of its place in the pages.

    The paths of figures start at the root of the project: `recipes/benchmark/results/growth.png`.
    """
    phrases, texts = words(language), {}
    for marker, (name, paragraphs) in MARKERS.items():
        content = read(name)
        content["unit"] = phrases["core" if content["cores"] == 1 else "cores"]
        content["software"] = phrases["list_comma"].join(map(" ".join, content["versions"].items()))
        texts[marker] = "\n\n".join(paragraphs(content, phrases))
    return texts


def read(name: str) -> dict:
    """Return what a benchmark has measured."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def save(name: str, content: dict) -> None:
    """Write what a benchmark has measured, with its command and the machine."""
    content = {"command": f"python -m recipes.benchmark {name}", **content, **machine_facts.machine()}
    results.write_json(RESULTS / f"{name}.json", content)


def save_figures(name: str, draw: Callable, **options) -> None:
    """Draw the figure of a JSON file, `draw(content, words)`, in each language."""
    for language, suffix in (("en", ""), ("zh", ".zh")):
        figure = draw(read(name), words(language))
        figure.savefig(RESULTS / f"{name}{suffix}.png", **options)


def words(language: str, path: Path = WORDS) -> dict[str, str]:
    """Return the texts of figures and tables by key: in a language, or in English where both are the same."""
    with open(path, encoding="utf-8", newline="") as file:
        return {row["key"]: row[language] or row["en"] for row in csv.DictReader(file)}


def table(name: str, phrases: dict[str, str], rows: list[dict | str]) -> str:
    """Return a Markdown table; its head and its rows are texts of words.csv with " | " between the cells."""
    head, row_text = phrases[f"{name}_head"], phrases.get(f"{name}_row", "")
    lines = [row if isinstance(row, str) else row_text.format(**row) for row in rows]
    return "\n".join([f"| {head} |", "|" + "---|" * len(head.split(" | ")), *(f"| {line} |" for line in lines)])


def ratios(others: list[float], ours: list[float]) -> np.ndarray:
    """Return the lower quartile, the median and the upper quartile of the paired ratios."""
    return np.quantile(np.divide(others, ours), (0.25, 0.5, 0.75))


def fastest_product(content: dict) -> dict:
    """Return the library with the fastest matrix product, its GFLOP/s in the rounds, and their median, the peak."""
    library, speeds = max(content["sgemm_gflops"].items(), key=lambda pair: statistics.median(pair[1]))
    return {"library": library, "peak": statistics.median(speeds), "lowest": min(speeds), "highest": max(speeds)}


def speed_tables(content: dict, phrases: dict[str, str]) -> list[str]:
    """Return two tables: TensorFlow against plain `fit` and the PyTorch loop, and a step on each backend."""
    rows, peak = [], fastest_product(content)["peak"]
    for name, measured in content["rows"].items():
        model, seconds = models.ROWS[name], measured["seconds"]
        epochs = {way: statistics.median(times["epoch_seconds"]) for way, times in seconds.items()}
        loops = {way: epochs[way] for way in epochs if way.startswith("PyTorch loop")}
        steps = -(-model.examples // model.batch_size)
        # The last step of an epoch may have fewer examples.
        limit = measured["flops_per_step"] / peak / 1e9 * model.examples / model.batch_size
        ours = epochs["tensorflow fit"]

        def ratio(other, own="tensorflow fit", metric="epoch_seconds", seconds=seconds):
            return phrases["ratio"].format(*ratios(seconds[other][metric], seconds[own][metric]))

        row = {"title": phrases[name], "batch": model.batch_size, "epoch": ours}
        row |= {"limit": limit / steps * 1e6, "share": limit / ours}
        row["one_epoch"] = ratio("tensorflow plain", metric="one_epoch_seconds")
        row["loop"] = ratio(min(loops, key=loops.get)) if loops else "-"
        for backend in results.BACKENDS:
            if f"{backend} fit" in seconds:
                row[f"{backend}_step"] = epochs[f"{backend} fit"] / steps * 1e6
                row[backend] = ratio(f"{backend} plain", f"{backend} fit")
        rows.append(row)
    return [table("speed", phrases, rows), table("backends", phrases, [row for row in rows if "jax" in row])]


def _speed(content, phrases):
    note = phrases["speed_note"].format(**content, **fastest_product(content))
    return [*speed_tables(content, phrases), note, _time_to_target(read("cnn"), phrases)]


def _time_to_target(content, phrases):
    rows = content["rows"]
    first, ours = (np.mean([row[way] for row in rows], axis=0) for way in ("one_epoch", "ours"))
    examples = [np.array(row["example"]) for row in rows]  # Seconds and accuracy after each epoch.
    seconds = np.mean([scores[-1, 0] for scores in examples])
    facts = {"target": TARGET, "example_epochs": EXAMPLE_EPOCHS, "epochs": content["epochs"], "seeds": len(rows)}
    facts |= {"first": first, "ours": ours, "seconds": seconds, "times": seconds / ours[0]}
    facts["best"] = np.mean([scores[:EXAMPLE_EPOCHS, 1].max() for scores in examples])
    facts["all_epochs"] = phrases["comma"].join(str(len(scores)) for scores in examples)
    facts["reached"] = sum(scores[-1, 1] >= TARGET for scores in examples)
    return phrases["cnn_note"].format(**facts)


def _growth(content, phrases):
    seconds = {point["size"]: point["step_seconds"] for point in content["curves"]["batch"]}
    facts = {"factor": seconds[1024] / seconds[16], **fastest_product(content)}
    return [phrases["growth_figure"], phrases["growth_note"].format(**content, **facts)]


def _fits(content, phrases):
    rows = [{"backend": backend, **megabytes} for backend, megabytes in content["megabytes"].items()]
    return [table("fits", phrases, rows), phrases["fits_note"].format(**content)]


def _exports(content, phrases):
    rows = []
    for name, backends in content["models"].items():
        differences = [value for formats in backends.values() for value in formats.values()]
        # A text says why the export is refused.
        cells = [value if isinstance(value, str) else f"{value:.0e}".replace("e-0", "e-") for value in differences]
        rows.append(" | ".join([name, *cells]).replace("0e+00", "0"))
    return [table("export", phrases, rows), phrases["export_note"].format(**content)]


def _photos(content, phrases):
    paragraphs = []
    for name, measured in content["recipes"].items():
        before = content["before"]["accuracy"][name]
        conditions = measured["conditions"].items()
        rows = [{"title": phrases[key], "before": before[key], **scores} for key, scores in conditions]
        paragraphs += [phrases["photos_recipe"].format(name=name, **measured), table("photos", phrases, rows)]
    return [*paragraphs, phrases["photos_note"].format(**content)]


def _search(content, phrases):
    rows, accuracies = [], {}
    for method in ("tpe", "random", "random_twice", "by_hand"):
        scores = [seed[method] for seed in content["seeds"].values()]
        builders = [row["winner"]["builder"] for row in scores]
        winners = [f"`{name}` {builders.count(name)}" for name in sorted(set(builders), key=builders.count)[::-1]]
        accuracies[method] = [statistics.fmean(row["test_accuracies"]) for row in scores]
        interval = seed_intervals.clipped(seed_intervals.mean_interval(accuracies[method]), (0.0, 1.0))._asdict()
        row = {"title": phrases[method], "winners": phrases["comma"].join(winners), **interval}
        if method == "by_hand":
            rows.append(phrases["by_hand_row"].format(**row))
        else:
            keys = ("epochs", "trials", "stopped", "seconds", "validation_accuracy")
            rows.append({**row, **{key: statistics.fmean(score[key] for score in scores) for key in keys}})
    lines = [difference(pair, accuracies, phrases) for pair in itertools.combinations(accuracies, 2)]
    trainings = len(scores[0]["test_accuracies"])
    note = phrases["search_note"].format(**content, searches=len(scores), trainings=trainings)
    return [table("search", phrases, rows), "\n".join(lines), note, phrases["search_figure"]]


def difference(pair: tuple[str, str], accuracies: dict[str, list[float]], phrases: dict[str, str]) -> str:
    """Return which of two methods is better by more than the interval of the paired differences, or that none is."""
    first, second = pair
    differences = 100 * np.subtract(accuracies[first], accuracies[second])
    _, low, high = seed_intervals.mean_interval(list(differences))
    if high < 0:  # The better one first.
        first, second, low, high = second, first, -high, -low
    names = {"better": phrases[first], "worse": phrases[second]}
    return phrases["better" if low > 0 else "same"].format(**names, low=low, high=high).replace("（-", "（−")


def _dqn(content, phrases):
    rows = []
    for loss, runs in content["losses"].items():
        returns = [(max(run["val_returns"]), run["val_returns"][-1], run["mean_return"]) for run in runs.values()]
        columns = zip(*returns, strict=True)
        cells = [phrases["dqn_cell"].format(np.mean(column), min(column), max(column)) for column in columns]
        rows.append(" | ".join([phrases[loss], *cells]))
    note = phrases["dqn_note"].format(**content, runs=len(runs))
    return [table("dqn", phrases, rows), note, phrases["dqn_figure"]]


MARKERS = {
    "benchmark": ("fit", _speed),
    "growth": ("growth", _growth),
    "fits": ("fits", _fits),
    "exports": ("export", _exports),
    "photos": ("photos", _photos),
    "search": ("search", _search),
    "dqn": ("dqn", _dqn),
}
"""The file and the paragraphs of each place in the pages."""
