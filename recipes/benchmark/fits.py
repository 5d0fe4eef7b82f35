"""How much memory a process has gained after 200 fits of new small models: `training.fit` and plain `model.fit`."""

import json
import os
import subprocess
import sys

from recipes._lib.runs import machine_facts, results

FITS = 200
PATH = results.RESULTS / "benchmark_fits.json"
WORDS = {
    "en": (
        "| backend | `training.fit` | `model.fit` |\n|---|---|---|",
        "Memory that a process has gained after {fits} fits of a new `mlp` of 370 weights, two epochs each (MB; from "
        "the tenth fit on, after a garbage collection). `{command}`, {date}.",
    ),
    "zh": (
        "| 后端 | `training.fit` | `model.fit` |\n|---|---|---|",
        "同一进程中连续训练 {fits} 个新建的 `mlp`（370 个权重，各训练两轮）后进程内存的增加量（MB，从第十次训练后算起，"
        "测量前进行一次垃圾回收）。`{command}`，{date}。",
    ),
}
RUN = r"""
import gc, pathlib, re, sys
import keras, numpy as np
from dlguide import mlp, training

def megabytes():
    gc.collect()
    return int(re.search(r"VmRSS:\s*(\d+)", pathlib.Path("/proc/self/status").read_text())[1]) / 1000

x = np.random.default_rng(0).normal(size=(200, 20)).astype("float32")
y = (x[:, 0] > 0).astype("int32")
for number in range(10 + int(sys.argv[2])):
    if number == 10:
        before = megabytes()
    model = mlp((20,), 2, hidden_units=(16,))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    options = {"epochs": 2, "batch_size": 32, "verbose": 0}
    training.fit(model, x, y, **options) if sys.argv[1] == "fit" else model.fit(x, y, **options)
print(megabytes() - before)
"""


def growth(how: str, backend: str, fits: int = FITS) -> float:
    """Return by how many megabytes a new process grows; `how` is "fit", or "plain" for `model.fit`."""
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", RUN, how, str(fits)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.split()[-1])


def main() -> dict:
    """Measure each backend both ways, then write the JSON."""
    megabytes: dict[str, dict[str, float]] = {}
    for backend in results.BACKENDS:
        megabytes[backend] = {how: round(growth(how, backend), 1) for how in ("fit", "plain")}
        print(backend, megabytes[backend], flush=True)
    content = {"command": "python -m recipes.benchmark fits", "fits": FITS, "megabytes": megabytes}
    results.write_json(PATH, content | machine_facts.machine())
    return {}


def published(language: str) -> str:
    """Return the published table in a language."""
    content = json.loads(PATH.read_text(encoding="utf-8"))
    head, note = WORDS[language]
    rows = [f"| {name} | {m['fit']:.0f} | {m['plain']:.0f} |" for name, m in content["megabytes"].items()]
    return "\n".join([head, *rows, "", note.format(**content)])
