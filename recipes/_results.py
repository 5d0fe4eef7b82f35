"""The published results: what `measure` writes, and `table`, the list and the tests read. Imports nothing heavy."""

import ast
import functools
import json
import re
import statistics
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
RESULTS = HERE / "results"
BACKENDS = ("tensorflow", "jax", "torch")


class Statement(NamedTuple):
    """What a recipe says of itself in its `RECIPE`, a dict of plain values, read without importing the recipe."""

    data: str
    """Name of its data, as it stands in the tables and above the pictures."""
    metric: str
    """The metric of the tables, a key of the metrics that `main` returns."""
    format: str
    """How the metric and its baseline are written, such as "{:.2%}" or "{:.2f} mpg"."""
    higher_is_better: bool
    baseline: str
    """The metric's baseline, a key of the metrics too."""
    quick: dict
    """Options of `main` for a quick look."""


def recipe_names() -> list[str]:
    """Return the names of all recipes: the modules here that state a `RECIPE`."""
    return [path.stem for path in sorted(HERE.glob("[a-z]*.py")) if _stated(path.stem)]


def statement(name: str) -> Statement:
    """Return what a recipe says of itself."""
    found = _stated(name)
    if not found:
        raise ValueError(f"`name` must be a recipe out of {', '.join(recipe_names())}. Received: name={name!r}")
    return Statement(**found[0])


def _stated(name: str) -> list[dict]:
    return [
        ast.literal_eval(node.value)
        for node in _tree(name).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "RECIPE"
    ]


@functools.cache
def _tree(name: str) -> ast.Module:
    return ast.parse((HERE / f"{name}.py").read_text(encoding="utf-8"))


def docstring(name: str) -> str:
    """Return a recipe's docstring without importing it."""
    return ast.get_docstring(_tree(name)) or ""


def field(name: str, key: str) -> str:
    """Return what stands behind `key:` in a recipe's docstring."""
    lines = [line for line in docstring(name).splitlines() if line.startswith(f"{key}:")]
    return lines[0].removeprefix(f"{key}:").strip() if lines else ""


def data_set(name: str) -> str:
    """Return the name of the data set that a recipe loads."""
    return re.search(r"data\.load\(\"(\w+)\"", (HERE / f"{name}.py").read_text(encoding="utf-8"))[1]


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


def summarised(seeds: dict[str, dict[str, float]]) -> tuple[dict[str, float], dict[str, float]]:
    """Return mean and standard deviation of each metric over the seeds (0 where there is one seed)."""
    names = next(iter(seeds.values()))
    columns = {name: [metrics[name] for metrics in seeds.values()] for name in names}
    mean = {name: statistics.fmean(values) for name, values in columns.items()}
    std = {name: statistics.stdev(values) if len(values) > 1 else 0.0 for name, values in columns.items()}
    return mean, std


def title(recipe_file: str, metrics: dict, data_name: str | None = None) -> str:
    """Return what stands above each picture of a run: the recipe, its data and its result.

    `data_name` is the name of data that the recipe does not name, such as a text of one's own.
    """
    name = Path(recipe_file).stem
    stated = statement(name)
    words = [name, data_name or stated.data]
    if stated.metric in metrics:  # Of few generated images there is no Fréchet distance.
        value = stated.format.format(metrics[stated.metric]).replace("%", " %")
        words.append(f"{stated.metric.replace('_', ' ')} {value}")
    return " · ".join(words)


def headline(name: str, backend: str = "tensorflow") -> str:
    """Return a recipe's result in a few words, from its JSON."""
    published = result(name, backend)
    if published is None:
        return "not measured yet"
    stated, mean, std = statement(name), published["mean"], published["std"]
    direction = "higher" if stated.higher_is_better else "lower"
    value, spread, baseline = map(
        stated.format.format, (mean[stated.metric], std[stated.metric], mean[stated.baseline])
    )
    return (
        f"{stated.metric} {value} ± {spread} ({direction} is better), baseline {baseline}, "
        f"{mean['training_seconds']:.1f} s"
    )
