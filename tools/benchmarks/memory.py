"""How much memory a process gains by 200 fits of new small models: `training.fit` and plain `model.fit`."""

import gc
import re
from pathlib import Path

import keras
import numpy as np

from dlguide import mlp, training
from recipes._lib.runs import results
from tools.benchmarks import processes, tables


def main(*, backends: tuple[str, ...] = results.BACKENDS, fits: int = 200) -> None:
    """Measure each backend both ways."""
    megabytes: dict[str, dict[str, float]] = {}
    for backend in backends:
        megabytes[backend] = {how: round(growth(how, backend, fits), 1) for how in ("fit", "plain")}
        print(backend, megabytes[backend], flush=True)
    tables.save("memory", {"fits": fits, "megabytes": megabytes})


def growth(how: str, backend: str, fits: int, first: int = 10) -> float:
    """Return by how many MB a new process grows in fits after the first ones; `how` is "plain" for `model.fit`."""
    with processes.start(backend) as call:
        return call(_growth, how, fits, first)


def _growth(how: str, fits: int, first: int) -> float:
    x = np.random.default_rng(0).normal(size=(200, 20)).astype("float32")
    y = (x[:, 0] > 0).astype("int32")
    for number in range(first + fits):
        if number == first:
            before = _kilobytes()
        model = mlp((20,), 2, hidden_units=(16,))
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        options = {"epochs": 2, "batch_size": 32, "verbose": 0}
        training.fit(model, x, y, **options) if how == "fit" else model.fit(x, y, **options)
    return (_kilobytes() - before) / 1000


def _kilobytes() -> int:
    gc.collect()
    return int(re.search(r"VmRSS:\s*(\d+)", Path("/proc/self/status").read_text())[1])
