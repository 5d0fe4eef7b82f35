"""Time `training.fit` against plain `model.fit` and a PyTorch loop, on three backends; or look at its memory.

    python -m recipes.benchmark fit      # 20 to 35 minutes on two cores, on a machine that does nothing else
    python -m recipes.benchmark memory   # training from a file of 4 GB
    python -m recipes.benchmark cnn      # the time to 99.22 % on MNIST, 15 to 30 minutes
    python -m recipes.benchmark export   # every builder in every format on every backend, 15 minutes
    python -m recipes.benchmark photos   # how well `recipes.predict` reads photos of digits, 3 minutes
    python -m recipes.benchmark search   # automated search against random search and settings by hand, 30 minutes

`fit` writes recipes/results/benchmark_fit.json, which `python -m recipes.table` turns into tables in recipes/README.md;
with some of the rows, or fewer rounds, it only prints.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro

from recipes._lib import (
    benchmark_cnn,
    benchmark_export,
    benchmark_models,
    benchmark_photos,
    benchmark_search,
    command_line,
    machine_facts,
    results,
)

ROUNDS = 5
PATH = results.RESULTS / "benchmark_fit.json"


def main(
    what: Annotated[Literal["fit", "memory", "cnn", "export", "photos", "search"], tyro.conf.Positional],
    *,
    rounds: int = ROUNDS,
    rows: tuple[str, ...] = tuple(benchmark_models.ROWS),
    seeds: tuple[int, ...] = benchmark_search.SEEDS,
) -> dict:
    """Run a benchmark.

    Args:
        what: fit for the speed of `training.fit`, memory for training from a file larger than it may hold, cnn for the
            time to an accuracy that is published elsewhere, export for what can be exported, photos for
            the accuracy on photos of digits, search for what a search finds.
        rounds: Rounds of `fit`; in each, every model is timed once in every way.
        rows: Models of `fit`.
        seeds: Seeds of `search`; with other ones than the published, it only prints.
    """
    unknown = [row for row in rows if row not in benchmark_models.ROWS]
    if unknown or rounds < 1:
        raise ValueError(
            f"`rows` must be out of {', '.join(benchmark_models.ROWS)} and `rounds` at least 1. "
            f"Received: rows={rows!r}, rounds={rounds!r}"
        )
    if what == "memory":
        return _memory()
    if what == "cnn":
        return benchmark_cnn.main()
    if what == "export":
        return benchmark_export.main()
    if what == "photos":
        return benchmark_photos.main()
    if what == "search":
        from recipes import automl_mnist1d

        return benchmark_search.main(automl_mnist1d, seeds)
    seconds: dict[str, dict[str, dict[str, list[float]]]] = {row: {} for row in rows}
    peaks: list[float] = []
    workers = {backend: _worker(backend) for backend in results.BACKENDS}
    try:
        for number in range(rounds):
            peaks.append(sgemm_peak())
            for row in rows:
                for name, backend, request in _requests(row, backwards=bool(number % 2)):
                    for metric, value in _ask(workers[backend], {"row": row, **request}).items():
                        seconds[row].setdefault(name, {}).setdefault(metric, []).append(value)
                times = "  ".join(
                    f"{name} {measured['epoch_seconds'][-1]:.3g}" for name, measured in seconds[row].items()
                )
                print(f"round {number + 1}/{rounds}  {row}  {times}  (s an epoch)", flush=True)
            content = {"command": "python -m recipes.benchmark fit", "rounds": number + 1, "sgemm_gflops": peaks}
            content |= {"rows": {row: {"seconds": seconds[row]} for row in rows}, **machine_facts.machine()}
            if rows == tuple(benchmark_models.ROWS) and number + 1 >= ROUNDS:
                PATH.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    finally:
        for worker in workers.values():
            worker.kill()
    print("\n\n".join(tables(content)))
    return {}


def _requests(row: str, backwards: bool):
    """Yield what to time in one round; every second round the other way round."""
    pairs = [("plain", {"how": "plain"}), ("fit", {"how": "fit"})]
    loops = [(f"PyTorch loop, {n} threads", {"how": f"loop{n}"}) for n in (1, 2)]
    has_loop = benchmark_models.ROWS[row].kind in ("mlp", "cnn", "lstm", "gru") and row != "mlp_512_xla"
    order = -1 if backwards else 1
    for name, request in [*pairs, *((name, {**request, "one_epoch": True}) for name, request in pairs)][::order]:
        yield f"tensorflow {name}", "tensorflow", request
    for backend in results.BACKENDS[1:] if row != "mlp_512_xla" else ():
        for name, request in pairs[::order]:
            yield f"{backend} {name}", backend, request
    for name, request in loops if has_loop else ():
        yield name, "torch", request


def _worker(backend: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "recipes._lib.benchmark_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "KERAS_BACKEND": backend},
    )


def _ask(worker: subprocess.Popen, request: dict) -> dict[str, float]:
    worker.stdin.write(json.dumps(request) + "\n")
    worker.stdin.flush()
    for line in worker.stdout:
        if line.startswith("result "):
            return json.loads(line.removeprefix("result "))
    raise OSError(f"a process of the benchmark ended at {request}")


def sgemm_peak(size: int = 1024, seconds: float = 1.0) -> float:
    """Return the best GFLOP/s of NumPy's product of two square float32 matrices."""
    a = np.ones((size, size), "float32")
    best, until = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < until:
        start = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best / 1e9


# Tables

AGAINST_PLAIN = (
    "| model | batch | step | epoch | against plain `fit` | one epoch, compilation included | against the PyTorch loop "
    "| of NumPy's sgemm |\n|---|---|---|---|---|---|---|---|"
)
BETWEEN_BACKENDS = (
    "| model | batch | TensorFlow | JAX | PyTorch | against plain `fit` on JAX | on PyTorch |\n"
    "|---|---|---|---|---|---|---|"
)


def tables(content: dict) -> list[str]:
    """Return the two tables: TensorFlow against plain `fit` and the PyTorch loop, and a step on each backend."""
    first, second = [AGAINST_PLAIN], [BETWEEN_BACKENDS]
    peak = statistics.median(content["sgemm_gflops"])
    for name, measured in content["rows"].items():
        row, seconds = benchmark_models.ROWS[name], measured["seconds"]
        steps = -(-row.examples // row.batch_size)

        def epoch(way, seconds=seconds):
            return statistics.median(seconds[way]["epoch_seconds"])

        def faster(other, ours, figure="epoch_seconds", seconds=seconds):
            return ratio(seconds[other][figure], seconds[ours][figure])

        ours, plain = "tensorflow fit", "tensorflow plain"
        loops = [way for way in seconds if way.startswith("PyTorch loop")]
        flops = benchmark_models.dense_flops(row)
        cells = [row.title, str(row.batch_size), f"{epoch(ours) / steps * 1e6:,.0f} µs", f"{epoch(ours):.2f} s"]
        cells += [faster(plain, ours), faster(plain, ours, "one_epoch_seconds")]
        cells += [faster(min(loops, key=epoch), ours) if loops else "-"]
        cells += [f"{flops / epoch(ours) / 1e9 / peak:.0%}" if flops else "-"]
        first.append(f"| {' | '.join(cells)} |")
        if "jax fit" in seconds:
            cells = [row.title, str(row.batch_size)]
            cells += [f"{epoch(f'{backend} fit') / steps * 1e6:,.0f} µs" for backend in results.BACKENDS]
            cells += [faster(f"{backend} plain", f"{backend} fit") for backend in results.BACKENDS[1:]]
            second.append(f"| {' | '.join(cells)} |")
    return ["\n".join(first), "\n".join(second)]


def published() -> str:
    """Return the part of recipes/README.md that the JSON gives."""
    if not PATH.exists():
        return "not measured yet"
    content = json.loads(PATH.read_text(encoding="utf-8"))
    versions = ", ".join(f"{name} {version}" for name, version in content["versions"].items())
    peaks = content["sgemm_gflops"]
    note = (
        f"{content['rounds']} rounds, {content['cores']} cores {content['cpu']}, NumPy's sgemm "
        f"{statistics.median(peaks):.0f} GFLOP/s ({min(peaks):.0f} to {max(peaks):.0f}), {versions}, "
        f"{content['date']}"
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


# Memory

_MEMORY_RUN = r"""
import re, sys, time
from pathlib import Path
import keras, numpy as np, tensorflow
from dlguide import mlp, training

def peak():  # Of this process alone; that of `getrusage` may be the parent's.
    return int(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1]) / 2**20

x = np.load(sys.argv[1], mmap_mode="r")
y = (np.arange(len(x)) % 10).astype("int32")
keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input(x.shape[1:]), keras.layers.Rescaling(1 / 255), mlp(x.shape[1:], 10)])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
before, start = peak(), time.perf_counter()
training.fit(model, x, y, epochs=1, batch_size=1024, run_dir=sys.argv[2], verbose=0)
print(f"file {x.nbytes / 1e9:.2f} GB, {len(x)} images; peak memory {before:.2f} GiB after the imports, "
      f"{peak():.2f} GiB at the end, {peak() - before:.2f} GiB more; {time.perf_counter() - start:.0f} s")
"""


def _memory() -> dict:
    n = 4_000_000_000 // 784
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images.npy"
        images = np.lib.format.open_memmap(path, "w+", "uint8", (n, 28, 28))
        rng = np.random.default_rng(0)
        for start in range(0, n, 100_000):
            part = images[start : start + 100_000]
            part[:] = rng.integers(0, 256, part.shape, "uint8")
        images.flush()
        del images, part
        subprocess.run([sys.executable, "-c", _MEMORY_RUN, str(path), str(Path(folder) / "run")], check=True)
    return {}


if __name__ == "__main__":
    command_line.run_tool(main)
