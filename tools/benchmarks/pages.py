"""What the pages show of the published benchmarks, as Markdown."""

import collections
import itertools
import math
import statistics

import numpy as np

from questions import _verdict
from recipes._lib.runs import recipe_list, results, seed_intervals
from recipes._lib.words import read_words
from tools.benchmarks import connect_four, models, rivals
from tools.benchmarks.diagnosis import TOOLS, agreement, summary
from tools.benchmarks.tables import EXAMPLE_EPOCHS, TARGET, WORDS, fastest_product, ratios, read, table


def published(language: str) -> dict[str, str]:
    """Return the Markdown of each published benchmark, in "en" or "zh"; paths start at the root of the project."""
    phrases = {"language": language, **read_words(WORDS, language)}
    found = {name: "\n\n".join(paragraphs(_content(name, phrases), phrases)) for name, paragraphs in MARKERS.items()}
    return found | _rivals(_content("rivals", phrases), phrases)


def _content(name: str, phrases: dict[str, str]) -> dict:
    """Return what a benchmark has measured, and its machine in words."""
    content = read(name)
    unit = phrases["core" if content["cores"] == 1 else "cores"]
    return {**content, "unit": unit, "software": phrases["list_comma"].join(map(" ".join, content["versions"].items()))}


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

        def ratio(other, own="tensorflow fit", metric="epoch_seconds", seconds=seconds):
            return phrases["ratio"].format(*ratios(seconds[other][metric], seconds[own][metric]))

        row = {"title": phrases[name], "batch": model.batch_size, "epoch": epochs["tensorflow fit"]}
        row |= {"limit": limit / steps * 1e6, "share": limit / row["epoch"]}
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
    return [*speed_tables(content, phrases), note, _time_to_target(_content("keras_example", phrases), phrases)]


def _time_to_target(content, phrases):
    rows = content["rows"]
    first, ours = (np.mean([row[way] for row in rows], axis=0) for way in ("one_epoch", "ours"))
    examples = [np.array(row["example"]) for row in rows]  # Seconds and accuracy after each epoch.
    seconds = np.mean([scores[-1, 0] for scores in examples])
    facts = {"target": TARGET, "example_epochs": EXAMPLE_EPOCHS, "seeds": len(rows), "first": first, "ours": ours}
    facts |= {"seconds": seconds, "times": seconds / ours[0]}
    facts["best"] = np.mean([scores[:EXAMPLE_EPOCHS, 1].max() for scores in examples])
    facts["all_epochs"] = phrases["comma"].join(str(len(scores)) for scores in examples)
    facts["reached"] = sum(scores[-1, 1] >= TARGET for scores in examples)
    return phrases["keras_example_note"].format(**content, **facts)


def _growth(content, phrases):
    seconds = {point["size"]: point["step_seconds"] for point in content["curves"]["batch"]}
    facts = {"factor": seconds[1024] / seconds[16], **fastest_product(content)}
    return [phrases["growth_figure"], phrases["growth_note"].format(**content, **facts)]


def _memory(content, phrases):
    rows = [{"backend": backend, **megabytes} for backend, megabytes in content["megabytes"].items()]
    return [table("memory", phrases, rows), phrases["memory_note"].format(**content)]


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
        winners = [f"`{name}` {count}" for name, count in collections.Counter(builders).most_common()]
        accuracies[method] = [statistics.fmean(row["test_accuracies"]) for row in scores]
        interval = seed_intervals.clipped(seed_intervals.mean_interval(accuracies[method]), (0.0, 1.0))
        row = {"title": phrases[method], "winners": phrases["comma"].join(winners), **interval._asdict()}
        if method == "by_hand":
            rows.append(phrases["by_hand_row"].format(**row))
        else:
            keys = ("epochs", "trials", "stopped", "seconds", "validation_accuracy")
            rows.append({**row, **{key: statistics.fmean(score[key] for score in scores) for key in keys}})
    facts = {"searches": len(scores), "trainings": len(scores[0]["test_accuracies"])}
    lines, note = differences(accuracies, phrases), phrases["search_note"].format(**content, **facts)
    return [table("search", phrases, rows), "\n".join(lines), note, phrases["search_figure"]]


def differences(accuracies: dict[str, list[float]], phrases: dict[str, str]) -> list[str]:
    """Return for each pair of methods which one is better, or that none is: paired t tests, corrected by Holm."""
    from scipy import stats  # Here, because it takes time.

    pairs = list(itertools.combinations(accuracies, 2))
    p_values = [float(stats.ttest_rel(accuracies[first], accuracies[second]).pvalue) for first, second in pairs]
    lines = []
    for (first, second), p in zip(pairs, _verdict.holm(p_values), strict=True):
        found = 100 * np.subtract(accuracies[first], accuracies[second])
        _, low, high = seed_intervals.mean_interval(list(found))
        if found.mean() < 0:  # The better one first.
            first, second, low, high = second, first, -high, -low
        facts = {"better": phrases[first], "worse": phrases[second], "low": low, "high": high}
        lines.append(phrases["better" if p < _verdict.ERROR else "same"].format(**facts).replace("（-", "（−"))
    return lines


def _dqn(content, phrases):
    rows = []
    for loss, runs in content["losses"].items():
        returns = [(max(run["val_returns"]), run["val_returns"][-1], run["mean_return"]) for run in runs.values()]
        columns = zip(*returns, strict=True)
        cells = [phrases["dqn_cell"].format(np.mean(column), min(column), max(column)) for column in columns]
        rows.append(" | ".join([phrases[loss], *cells]))
    note = phrases["dqn_note"].format(**content, runs=len(runs))
    return [table("dqn", phrases, rows), note, phrases["dqn_figure"]]


def _peers(content, phrases):
    names, rows = read_words(recipe_list.FOLDER / "names.csv", phrases["language"]), []
    for name, ways in content["rows"].items():
        recipe = recipe_list.recipe(name)
        for way, runs in ways.items():
            # A peer that is behind by rounds is compared with the same rounds of the recipe.
            own = [ways[name][seed]["seconds"] for seed in runs]
            seconds, values = ([run[key] for run in runs.values()] for key in ("seconds", "value"))
            quality = recipe.format.format(statistics.median(values)).replace("nats", names["nats"])
            title = f"**[`{name}`](recipes/{recipe.recipe}.py)**" if way == name else phrases[way]
            row = {"title": title, "metric": names[recipe.metric], "quality": quality, "rounds": len(runs)}
            row |= {"seconds": statistics.median(seconds), "times": statistics.median(np.divide(seconds, own))}
            rows.append(row)
    every = [run for ways in content["rows"].values() for runs in ways.values() for run in runs.values()]
    facts = {"cpus": {run["cpu"] for run in every}, "dates": {run["date"] for run in every}}
    facts["packages"] = {f"{run['package']} {run['version']}" for run in every}
    joined = {key: phrases["list_comma"].join(sorted(values, key=str.lower)) for key, values in facts.items()}
    return [table("peers", phrases, rows), phrases["peers_note"].format(**content, **joined)]


def _cartpole(content, phrases):
    rows = []
    for name, found in content["rows"].items():
        learned = [run for run in found if run]
        row = {"title": phrases[f"cartpole_{name}"], "seeds": len(found), "learned": len(learned)}
        for key in ("steps", "seconds"):  # A seed that did not learn takes longer than any other.
            values = [run[key] if run else math.inf for run in found]
            row |= {key: statistics.median(values), f"{key}_low": min(values), f"{key}_high": max(values)}
        rows.append(phrases["cartpole_row"].format(**row).replace("inf", "–"))
    return [table("cartpole", phrases, rows), phrases["cartpole_note"].format(**content, count=len(found))]


def _operations(content, phrases):
    rows = []
    for name, times in content["rows"].items():
        row = {"title": phrases[name], "batch": models.ROWS[name].batch_size, "all": sum(times.values())}
        rows.append(row | {kind: time / row["all"] for kind, time in times.items()})
    return [table("operations", phrases, rows), phrases["operations_note"].format(**content)]


def _time_to_accuracy(content, phrases):
    tables = []
    for target, goal in content["targets"].items():
        first, rows = next(iter(goal["rows"].values()))["seconds"], []
        for name, measured in goal["rows"].items():
            seconds, accuracies = measured["seconds"], measured["accuracy"]
            row = {"name": name, "file": name.split()[0], **_beside_target(accuracies, float(target))}
            row |= {"seconds": statistics.median(seconds), "share": statistics.median(np.divide(seconds, first))}
            rows.append(row)
        tables.append(phrases["time_to_accuracy_title"].format(target=float(target)))
        tables.append(table("time_to_accuracy", phrases, rows))
    return [*tables, phrases["time_to_accuracy_note"].format(**content, count=len(goal["seeds"]))]


def _fewest_weights(content, phrases):
    seeds = results.result("compression_mnist")["seeds"].values()
    student = {"weights": int(next(iter(seeds))["weights"]), "accuracy": [metrics["accuracy"] for metrics in seeds]}
    rows = []
    for name, measured in {"compression_mnist": student, **content["rows"]}.items():
        folder = "recipes" if name == "compression_mnist" else "tools/benchmarks/programs"
        accuracies = measured["accuracy"]
        row = {"name": name, "file": f"{folder}/{name}", "weights": measured["weights"], "seeds": len(accuracies)}
        rows.append({**row, **_beside_target(accuracies, content["target"])})
    return [table("fewest_weights", phrases, rows), phrases["fewest_weights_note"].format(**content)]


def _beside_target(accuracies: list[float], target: float) -> dict[str, float]:
    """Return what a table says of the accuracies of a program."""
    found = {"mean": statistics.fmean(accuracies), "low": min(accuracies), "high": max(accuracies)}
    return {**found, "p": p_value_above(accuracies, target)}


def p_value_above(accuracies: list[float], target: float) -> float:
    """Return how probable such a mean or a higher one is if that of all seeds is the target; NaN without a spread."""
    if min(accuracies) == max(accuracies):
        return math.nan
    from scipy import stats  # Here, because it takes time.

    return float(stats.ttest_1samp(accuracies, target, alternative="greater").pvalue)


def _rivals(content, phrases) -> dict[str, str]:
    """Return a table of the cheap rivals of each recipe, by a marker for its page."""
    names, parts = read_words(recipe_list.FOLDER / "names.csv", phrases["language"]), {}
    for name, measured in content["rows"].items():
        recipe, metric, mean = recipe_list.recipe(name), rivals.metric(name), results.result(name)["mean"]
        title = f"**`{recipe.recipe} {recipe.written_options()}".strip() + "`**"
        rows = [(title, mean[metric], mean["training_seconds"], "")]
        for rival, found in measured.items():
            scores = found["seeds"]
            ahead = phrases["rivals_ahead"].format(rivals.ahead(name, scores), len(scores))
            rows.append((phrases[f"rival_{rival}"], statistics.fmean(scores.values()), found["seconds"], ahead))
        cells = []
        for title, value, seconds, ahead in rows:
            number = " ".join(names.get(part, part) for part in recipe.format.format(value).split())
            row = {"title": title, "mean": number, "ahead": ahead}
            cells.append({**row, "seconds": f"{seconds:,.{int(seconds < 10)}f}"})
        shown = table("rivals", phrases, cells).replace("METRIC", names.get(metric) or names[f"metric {metric}"], 1)
        parts.setdefault(f"rivals_{recipe.recipe}", []).append(shown)
    note = phrases["rivals_note"].format(**content)
    return {name: "\n\n".join([*tables, note]) for name, tables in parts.items()}


def _connect_four(content, phrases):
    published = results.result("selfplay_connect4")
    keys, rows = ("score", "score_against_count", "score_against_random"), []
    for name, prefix in connect_four.PREFIXES.items():
        scores = {key: published["mean"].get(f"{prefix}{key}", math.nan) for key in keys}
        row = {"title": phrases[f"connect_four_{name}"], **scores, "kept": content["kept"][name]}
        rows.append(phrases["connect_four_row"].format(**row).replace("nan%", "–"))
    note = phrases["connect_four_note"].format(**content, seeds=len(published["seeds"]))
    return [table("connect_four", phrases, rows), note]


def _upstream(content, phrases):
    rows = []
    for name, ways in content["rows"].items():
        before, after = ({key: [way[key] for way in ways[when]] for key in ways[when][0]} for when in ways)
        row = {"name": name, "model": phrases[f"upstream_{name}"], "before": 1e3 * statistics.median(before["step"])}
        row |= {"after": 1e3 * statistics.median(after["step"])}
        row["ratio"] = phrases["ratio"].format(*ratios(before["step"], after["step"]))
        rows.append({**row, "first": ratios(before["first_epoch"], after["first_epoch"])[1]})
    return [table("upstream", phrases, rows), phrases["upstream_note"].format(**content)]


def _diagnosis(content, phrases):
    rows = []
    for backend, judged in content["rows"].items():
        shares = summary(judged)
        counts = {f"num_{kind}": sum(row["kind"] == kind for row in judged) for kind in ("buggy", "fixed", "healthy")}
        same = "–" if backend == "tensorflow" else f"{agreement(judged, content['rows']['tensorflow']):.0%}"
        rows.append({"backend": phrases[backend], **counts, **shares, "same": same})
    buggy = [row for row in content["rows"]["tensorflow"] if row["kind"] == "buggy"]
    lists = {tool: [row for row in buggy if tool in row["sources"]] for tool in TOOLS}
    parts = [
        {"tool": tool, "count": len({row["name"] for row in own}), **summary(own)} for tool, own in lists.items() if own
    ]
    note = phrases["diagnosis_note"].format(**content)
    return [table("diagnosis", phrases, rows), note, table("diagnosis_lists", phrases, parts)]


MARKERS = {"speed": _speed, "growth": _growth, "memory": _memory, "export": _exports, "photos": _photos, "dqn": _dqn}
MARKERS |= {"search": _search, "peers": _peers, "cartpole": _cartpole, "operations": _operations, "upstream": _upstream}
MARKERS |= {"connect_four": _connect_four}
MARKERS |= {"time_to_accuracy": _time_to_accuracy, "fewest_weights": _fewest_weights, "diagnosis": _diagnosis}
"""The paragraphs of each place in the pages, by the name of the benchmark."""
