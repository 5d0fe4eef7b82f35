"""The published results: `measure` writes them; the list, the tables and the tests read them."""

import json
import statistics
from pathlib import Path

from recipes._lib.runs import recipe_list, seed_intervals

RESULTS = recipe_list.FOLDER / "results"
BACKENDS = ("tensorflow", "jax", "torch")


def path(name: str, backend: str = "tensorflow") -> Path:
    """Return the file of a recipe's published result; that of TensorFlow has no suffix."""
    return RESULTS / f"{name}{'' if backend == 'tensorflow' else f'_{backend}'}.json"


def result(name: str, backend: str = "tensorflow") -> dict | None:
    """Return a recipe's published result, None where there is none."""
    file = path(name, backend)
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None


def write_json(file: Path, content: dict) -> None:
    """Write a file whole or not at all."""
    beside = file.with_name(f"{file.name}.tmp")
    beside.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    beside.replace(file)


def summarised(seeds: dict[str, dict[str, float]]) -> dict[str, dict]:
    """Return mean, standard deviation and 95 % prediction interval (`range`) of each metric; of one seed, the mean."""
    columns = {name: [metrics[name] for metrics in seeds.values()] for name in next(iter(seeds.values()))}
    found = {"mean": {name: statistics.fmean(values) for name, values in columns.items()}}
    if len(seeds) > 1:
        found["std"] = {name: statistics.stdev(values) for name, values in columns.items()}
        intervals = {name: seed_intervals.prediction_interval(values) for name, values in columns.items()}
        found["range"] = {name: [low, high] for name, (_, low, high) in intervals.items()}
    return found


def prediction_interval(recipe: recipe_list.Recipe, published: dict, share: float = 0.95) -> seed_intervals.Interval:
    """Return the prediction interval of a recipe's metric, within the bounds of the metric."""
    values = [metrics[recipe.metric] for metrics in published["seeds"].values()]
    return seed_intervals.clipped(seed_intervals.prediction_interval(values, share), recipe.limits())


def written_range(name: str, published: dict) -> str:
    """Return the prediction interval of a recipe's metric as text, such as "12.7 to 13.0 mpg", a dash for one seed."""
    if "range" not in published:
        return "–"
    recipe = recipe_list.recipe(name)
    metric = recipe.metric  # SciPy is not imported here: it takes time.
    interval = seed_intervals.Interval(published["mean"][metric], *published["range"][metric])
    low, high = map(recipe.format.format, seed_intervals.clipped(interval, recipe.limits())[1:])
    return f"{low.removesuffix(recipe.format.partition('}')[2])} to {high}"  # The unit once.


def written_seconds(published: dict) -> str:
    """Return how long a recipe takes, such as "11 s of training, 10 s of other time, on 2 cores"."""
    mean, cores = published["mean"], published["cores"]
    other = f", {mean['evaluation_seconds']:.0f} s of other time" if "evaluation_seconds" in mean else ""
    return f"{mean['training_seconds']:.0f} s of training{other}, on {cores} {'core' if cores == 1 else 'cores'}"


def headline(name: str, backend: str = "tensorflow") -> str:
    """Return a recipe's published result in a few words."""
    published = result(name, backend)
    if published is None:
        return "not measured yet"
    recipe, mean = recipe_list.recipe(name), published["mean"]
    direction = "higher" if recipe.higher_is_better else "lower"
    value, baseline = map(recipe.format.format, (mean[recipe.metric], mean[recipe.baseline]))
    interval = f", 95 % prediction interval {written_range(name, published)}" if "range" in published else ""
    return f"{recipe.metric} {value} ({direction} is better){interval}, baseline {baseline}"
