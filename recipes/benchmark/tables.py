"""The tables of `python -m recipes.benchmark fit`: from the seconds in its JSON to ratios and shares."""

import json
import statistics

import numpy as np

from recipes._lib.runs import results
from recipes.benchmark import cnn as benchmark_cnn
from recipes.benchmark import models as benchmark_models

PATH = results.RESULTS / "benchmark_fit.json"
AGAINST_PLAIN = (
    "| model | batch | step | epoch | against plain `fit` | one epoch, compilation included | against the PyTorch loop "
    "| limit | share of the limit |\n|---|---|---|---|---|---|---|---|---|"
)
BETWEEN_BACKENDS = (
    "| model | batch | TensorFlow | JAX | PyTorch | against plain `fit` on JAX | on PyTorch |\n"
    "|---|---|---|---|---|---|---|"
)


def tables(content: dict) -> list[str]:
    """Return the two tables: TensorFlow against plain `fit` and the PyTorch loop, and a step on each backend."""
    first, second = [AGAINST_PLAIN], [BETWEEN_BACKENDS]
    _, peak = fastest_sgemm(content)
    for name, measured in content["rows"].items():
        row, seconds = benchmark_models.ROWS[name], measured["seconds"]
        steps = -(-row.examples // row.batch_size)

        def epoch(way, seconds=seconds):
            return statistics.median(seconds[way]["epoch_seconds"])

        def faster(other, ours, figure="epoch_seconds", seconds=seconds):
            return ratio(seconds[other][figure], seconds[ours][figure])

        ours, plain = "tensorflow fit", "tensorflow plain"
        loops = [way for way in seconds if way.startswith("PyTorch loop")]
        # The last step of an epoch may have fewer examples.
        limit = measured["flops_per_step"] / peak / 1e9 * row.examples / (steps * row.batch_size)
        cells = [row.title, str(row.batch_size), f"{epoch(ours) / steps * 1e6:,.0f} µs", f"{epoch(ours):.2f} s"]
        cells += [faster(plain, ours), faster(plain, ours, "one_epoch_seconds")]
        cells += [faster(min(loops, key=epoch), ours) if loops else "-"]
        cells += [f"{limit * 1e6:,.0f} µs", f"{limit * steps / epoch(ours):.0%}"]
        first.append(f"| {' | '.join(cells)} |")
        if "jax fit" in seconds:
            cells = [row.title, str(row.batch_size)]
            cells += [f"{epoch(f'{backend} fit') / steps * 1e6:,.0f} µs" for backend in results.BACKENDS]
            cells += [faster(f"{backend} plain", f"{backend} fit") for backend in results.BACKENDS[1:]]
            second.append(f"| {' | '.join(cells)} |")
    return ["\n".join(first), "\n".join(second)]


def fastest_sgemm(content: dict) -> tuple[str, float]:
    """Return the library with the fastest matrix product, and its GFLOP/s, the median of the rounds."""
    medians = {library: statistics.median(peaks) for library, peaks in content["sgemm_gflops"].items()}
    return max(medians.items(), key=lambda pair: pair[1])


def published() -> str:
    """Return the part of recipes/README.md that the JSON gives."""
    if not PATH.exists():
        return "not measured yet"
    content = json.loads(PATH.read_text(encoding="utf-8"))
    versions = ", ".join(f"{name} {version}" for name, version in content["versions"].items())
    library, peak = fastest_sgemm(content)
    peaks = content["sgemm_gflops"][library]
    note = (
        f"{content['rounds']} rounds, {content['cores']} cores {content['cpu']}, sgemm of {library} "
        f"{peak:.0f} GFLOP/s ({min(peaks):.0f} to {max(peaks):.0f}), {versions}, {content['date']}"
    )
    parts = [*tables(content), note]
    if benchmark_cnn.PATH.exists():
        parts.append(benchmark_cnn.sentence(json.loads(benchmark_cnn.PATH.read_text(encoding="utf-8"))))
    return "\n\n".join(parts)


def ratio(others: list[float], ours: list[float]) -> str:
    """Return the median of the paired ratios, and their quartiles."""
    ratios = [other / our for other, our in zip(others, ours, strict=True)]
    low, middle, high = np.quantile(ratios, (0.25, 0.5, 0.75))
    return f"{middle:.2f} × ({low:.2f} to {high:.2f})"
