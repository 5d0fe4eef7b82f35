"""The published results: what `measure` writes, and `table`, the list and the tests read. Imports nothing heavy."""

import json
import statistics
from pathlib import Path

from recipes._lib import statements

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


def summarised(seeds: dict[str, dict[str, float]]) -> tuple[dict[str, float], dict[str, float]]:
    """Return mean and standard deviation of each metric over the seeds (0 where there is one seed)."""
    names = next(iter(seeds.values()))
    columns = {name: [metrics[name] for metrics in seeds.values()] for name in names}
    mean = {name: statistics.fmean(values) for name, values in columns.items()}
    std = {name: statistics.stdev(values) if len(values) > 1 else 0.0 for name, values in columns.items()}
    return mean, std


def headline(name: str, backend: str = "tensorflow") -> str:
    """Return a recipe's result in a few words, from its JSON."""
    published = result(name, backend)
    if published is None:
        return "not measured yet"
    stated, mean, std = statements.statement(name), published["mean"], published["std"]
    direction = "higher" if stated.higher_is_better else "lower"
    value, spread, baseline = map(
        stated.format.format, (mean[stated.metric], std[stated.metric], mean[stated.baseline])
    )
    return (
        f"{stated.metric} {value} ± {spread} ({direction} is better), baseline {baseline}, "
        f"{mean['training_seconds']:.1f} s"
    )
