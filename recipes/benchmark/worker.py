"""One process of `recipes.benchmark`, for one backend: reads what to do from its input, a line of JSON each."""

import gc
import json
import os
import subprocess
import sys
import time

from recipes.benchmark import limit as benchmark_limit
from recipes.benchmark import models as benchmark_models

EPOCHS = 3  # The first one, with compilation, counts for itself; of the others the mean.
LIBRARIES = {"NumPy": "torch", "PyTorch": "torch", "TensorFlow": "tensorflow"}
"""Libraries whose matrix product may be the fastest, and the backend of the process that measures it."""


def start(backend: str) -> subprocess.Popen:
    """Start such a process."""
    return subprocess.Popen(
        [sys.executable, "-m", "recipes.benchmark.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "KERAS_BACKEND": backend},
    )


def ask(worker: subprocess.Popen, what: str, **request) -> dict[str, float] | float:
    """Let a process call one of `ANSWERS` and return what it returns."""
    worker.stdin.write(json.dumps({"what": what, **request}) + "\n")
    worker.stdin.flush()
    for line in worker.stdout:
        if line.startswith("result "):
            return json.loads(line.removeprefix("result "))
    raise OSError(f"a process of the benchmark ended at {what} {request}")


def main() -> None:
    """Answer each request with a line of JSON."""
    for line in sys.stdin:
        request = json.loads(line)
        if "row" in request:
            request["row"] = benchmark_models.Row(*request["row"])
        print("result " + json.dumps(ANSWERS[request.pop("what")](**request)), flush=True)


def timed(row: benchmark_models.Row, how: str, one_epoch: bool = False) -> dict[str, float]:
    """Return the seconds of a run up to the end of its first epoch, and of an epoch after it.

    Args:
        row: The model.
        how: "plain" for `model.fit`, "fit" for `training.fit`, "loop1" and "loop2" for a PyTorch loop with one and
            two threads.
        one_epoch: Time a run of one epoch instead.
    """
    x, y = benchmark_models.arrays(row)
    if how.startswith("loop"):
        return _timed_loop(row, x, y, threads=int(how[-1]))
    return _timed_keras(row, x, y, how, epochs=1 if one_epoch else EPOCHS)


def _timed_keras(row, x, y, how: str, epochs: int) -> dict[str, float]:
    import keras

    from dlguide import training

    class Timer(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.ends = []

        def on_epoch_end(self, epoch, logs=None):
            self.ends.append(time.perf_counter())
            if len(self.ends) == epochs:
                self.model.stop_training = True

    keras.utils.clear_session()
    gc.collect()
    keras.utils.set_random_seed(0)
    model, timer = benchmark_models.keras_model(row), Timer()
    options = {"batch_size": row.batch_size, "callbacks": [timer], "verbose": 0}
    start = time.perf_counter()
    # `training.fit` is told of a long run, which is what an epoch after the first one stands for.
    if how == "fit":
        training.fit(model, x, y, epochs=1 if epochs == 1 else 1000, **options)
    else:
        model.fit(x, y, epochs=epochs, **options)
    if epochs == 1:
        return {"one_epoch_seconds": time.perf_counter() - start}
    return {
        "first_epoch_seconds": timer.ends[0] - start,
        "epoch_seconds": (timer.ends[-1] - timer.ends[0]) / (epochs - 1),
    }


def _timed_loop(row, x, y, threads: int) -> dict[str, float]:
    import torch

    from recipes.benchmark import loops as benchmark_loops

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    x, y = map(benchmark_loops.tensor, (x, y))
    loop = benchmark_loops.Loop(row)
    start, ends = time.perf_counter(), []
    for _ in range(EPOCHS):
        total, measured = torch.zeros(()), torch.zeros(())
        for rows in torch.randperm(len(x)).split(row.batch_size):
            loss, values = loop.step(x[rows], None if y is None else y[rows])
            total += loss * len(rows)
            measured = measured + values
        float(total / len(x)), (measured / len(x)).tolist()
        ends.append(time.perf_counter())
    return {"first_epoch_seconds": ends[0] - start, "epoch_seconds": (ends[-1] - ends[0]) / (EPOCHS - 1)}


ANSWERS = {"timed": timed, "flops": benchmark_limit.flops, "sgemm_gflops": benchmark_limit.sgemm_gflops}


if __name__ == "__main__":
    main()
