"""Time `training.fit` against plain `model.fit` and a PyTorch loop, on three backends; or look at its memory.

    python -m recipes.benchmark fit      # 30 minutes on two cores, on a machine that does nothing else
    python -m recipes.benchmark growth   # how a step grows with batch, width and length, 5 minutes
    python -m recipes.benchmark memory   # training from a file of 4 GB
    python -m recipes.benchmark fits     # the memory of a process after 200 fits, 10 minutes
    python -m recipes.benchmark cnn      # the time to 99.22 % on MNIST, 15 to 30 minutes
    python -m recipes.benchmark export   # every builder in every format on every backend, 25 minutes
    python -m recipes.benchmark photos   # how well `recipes.predict` reads photos of digits, 3 minutes
    python -m recipes.benchmark search   # automated search against random search and settings by hand, 30 minutes
    python -m recipes.benchmark dqn      # deep Q-learning with the squared error and with the Huber loss, 15 minutes

`fit` writes recipes/results/benchmark_fit.json, which `python -m recipes.table` turns into tables in recipes/README.md;
with some of the rows, or fewer rounds, it only prints. `growth` writes benchmark_growth.json and two figures there.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro

from recipes._lib.runs import command_line, machine_facts, results
from recipes.benchmark import cnn as benchmark_cnn
from recipes.benchmark import dqn as benchmark_dqn
from recipes.benchmark import export as benchmark_export
from recipes.benchmark import fits as benchmark_fits
from recipes.benchmark import growth as benchmark_growth
from recipes.benchmark import models as benchmark_models
from recipes.benchmark import photos as benchmark_photos
from recipes.benchmark import search as benchmark_search
from recipes.benchmark import tables as benchmark_tables
from recipes.benchmark import worker as benchmark_worker

ROUNDS = 5
PATH = benchmark_tables.PATH


def main(
    what: Annotated[
        Literal["fit", "growth", "memory", "fits", "cnn", "export", "photos", "search", "dqn"], tyro.conf.Positional
    ],
    *,
    rounds: int = ROUNDS,
    rows: tuple[str, ...] = tuple(benchmark_models.ROWS),
    seeds: tuple[int, ...] = benchmark_search.SEEDS,
) -> dict:
    """Run a benchmark.

    Args:
        what: fit for the speed of `training.fit`, growth for how a step grows with batch, width and length, memory
            for training from a file larger than it may hold, fits for the memory after many fits, cnn for the time to
            an accuracy that is published elsewhere, export for what can be exported, photos for the accuracy on photos
            of digits, search for what an automated search finds, dqn for two losses in deep Q-learning.
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
    if what == "fits":
        return benchmark_fits.main()
    if what == "cnn":
        return benchmark_cnn.main()
    if what == "export":
        return benchmark_export.main()
    if what == "photos":
        return benchmark_photos.main()
    if what == "growth":
        return benchmark_growth.main()
    if what == "dqn":
        return benchmark_dqn.main()
    if what == "search":
        from recipes import automl_mnist1d

        return benchmark_search.main(automl_mnist1d, seeds)
    measured: dict[str, dict] = {row: {"seconds": {}} for row in rows}
    peaks: dict[str, list[float]] = {library: [] for library in benchmark_worker.LIBRARIES}
    workers = {backend: benchmark_worker.start(backend) for backend in results.BACKENDS}
    try:
        for row in rows:
            flops = benchmark_worker.ask(workers["torch"], "flops", row=benchmark_models.ROWS[row])
            measured[row]["flops_per_step"] = flops
        for number in range(rounds):
            for library, backend in benchmark_worker.LIBRARIES.items():
                peaks[library].append(benchmark_worker.ask(workers[backend], "sgemm_gflops", library=library))
            for row in rows:
                _time_row(row, measured[row]["seconds"], workers, backwards=bool(number % 2))
                times = "  ".join(
                    f"{name} {seconds['epoch_seconds'][-1]:.3g}" for name, seconds in measured[row]["seconds"].items()
                )
                print(f"round {number + 1}/{rounds}  {row}  {times}  (s an epoch)", flush=True)
            content = {"command": "python -m recipes.benchmark fit", "rounds": number + 1, "sgemm_gflops": peaks}
            content |= {"rows": measured, **machine_facts.machine()}
            if rows == tuple(benchmark_models.ROWS) and number + 1 >= ROUNDS:
                PATH.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    finally:
        for worker in workers.values():
            worker.kill()
    print("\n\n".join(benchmark_tables.tables(content)))
    return {}


def _time_row(row: str, seconds: dict, workers: dict, backwards: bool) -> None:
    """Time a model once in every way, and add the seconds to those of earlier rounds."""
    for name, backend, request in _requests(row, backwards):
        found = benchmark_worker.ask(workers[backend], "timed", row=benchmark_models.ROWS[row], **request)
        for metric, value in found.items():
            seconds.setdefault(name, {}).setdefault(metric, []).append(value)


def _requests(row: str, backwards: bool):
    """Yield what to time in one round; every second round the other way round."""
    pairs = [("plain", {"how": "plain"}), ("fit", {"how": "fit"})]
    loops = [(f"PyTorch loop, {n} threads", {"how": f"loop{n}"}) for n in (1, 2)]
    order = -1 if backwards else 1
    for name, request in [*pairs, *((name, {**request, "one_epoch": True}) for name, request in pairs)][::order]:
        yield f"tensorflow {name}", "tensorflow", request
    for backend in results.BACKENDS[1:] if row != "mlp_512_xla" else ():
        for name, request in pairs[::order]:
            yield f"{backend} {name}", backend, request
    for name, request in loops if row != "mlp_512_xla" else ():
        yield name, "torch", request


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
