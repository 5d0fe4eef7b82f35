"""The published results: what `measure` writes, and `table`, the list and the tests read. Imports nothing heavy."""

import json
import statistics
from pathlib import Path

from recipes._lib.runs import intervals, statements

RESULTS = statements.HERE / "results"
BACKENDS = ("tensorflow", "jax", "torch")


def path(name: str, backend: str = "tensorflow") -> Path:
    """Return where a recipe's published result lies; TensorFlow's without a suffix."""
    return RESULTS / f"{name}{'' if backend == 'tensorflow' else f'_{backend}'}.json"


def result(name: str, backend: str = "tensorflow") -> dict | None:
    """Return a recipe's published result, None where there is none."""
    file = path(name, backend)
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None


def write_json(file: Path, content: dict) -> None:
    """Write a file whole or not at all."""
    beside = file.with_name(f"{file.name}.tmp")
    beside.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    beside.replace(file)


def summarised(seeds: dict[str, dict[str, float]]) -> dict[str, dict]:
    """Return mean, standard deviation and range of each metric over the seeds.

    In the range a new seed falls in 95 of 100 cases, if the scores of seeds are normal; one seed has no range.
    """
    columns = {name: [metrics[name] for metrics in seeds.values()] for name in next(iter(seeds.values()))}
    found = {"mean": {name: statistics.fmean(values) for name, values in columns.items()}}
    if len(seeds) > 1:
        found["std"] = {name: statistics.stdev(values) for name, values in columns.items()}
        found["range"] = {name: list(intervals.new_seed_range(values)[1:]) for name, values in columns.items()}
    return found


def new_seed_range(stated: statements.Statement, published: dict, share: float = 0.95) -> intervals.Interval:
    """Return the range in which the metric of one more seed falls in that share of the cases, within its bounds."""
    values = [metrics[stated.metric] for metrics in published["seeds"].values()]
    return intervals.clipped(intervals.new_seed_range(values, share), stated.limits())


def written_range(name: str, published: dict) -> str:
    """Return the range of a recipe's metric as it is written, such as "12.7 to 13.0 mpg", a dash for one seed."""
    if "range" not in published:
        return "–"
    stated = statements.statement(name)
    metric = stated.metric
    interval = intervals.Interval(published["mean"][metric], *published["range"][metric])
    low, high = map(stated.format.format, intervals.clipped(interval, stated.limits())[1:])
    return f"{low.removesuffix(stated.format.partition('}')[2])} to {high}"  # The unit once.


def written_seconds(published: dict) -> str:
    """Return how long a recipe takes, such as "11 s of training, 10 s for the rest, on 2 cores"."""
    mean, cores = published["mean"], published["cores"]
    rest = f", {mean['evaluation_seconds']:.0f} s for the rest" if "evaluation_seconds" in mean else ""
    return f"{mean['training_seconds']:.0f} s of training{rest}, on {cores} {'core' if cores == 1 else 'cores'}"


def headline(name: str, backend: str = "tensorflow") -> str:
    """Return a recipe's result in a few words, from its JSON."""
    published = result(name, backend)
    if published is None:
        return "not measured yet"
    stated, mean = statements.statement(name), published["mean"]
    direction = "higher" if stated.higher_is_better else "lower"
    value, baseline = map(stated.format.format, (mean[stated.metric], mean[stated.baseline]))
    new_seed = f", a new seed {written_range(name, published)}" if "range" in published else ""
    return f"{stated.metric} {value} ({direction} is better){new_seed}, baseline {baseline}"
