"""The speed of `training.fit`, plain `model.fit` and a PyTorch loop, in interleaved rounds on three backends."""

import contextlib
import gc
import time

import keras
import numpy as np

from dlguide import training
from recipes._lib.runs import arguments, results
from tools.benchmarks import models, pages, processes, tables

ROUNDS = 5
EPOCHS = 3  # The first has the compilation and counts for itself; of the others the mean.
LIBRARIES = {"NumPy": "torch", "PyTorch": "torch", "TensorFlow": "tensorflow"}
"""Libraries whose matrix product may be the fastest, and the backend of the process that measures it."""


def main(*, rows: tuple[str, ...] = (), rounds: int = ROUNDS) -> None:
    """Time each model once in every way in each round.

    Args:
        rows: Models; with some of them it only prints.
        rounds: With fewer than five it only prints.
    """
    rows = rows or tuple(models.ROWS)
    if set(rows) - set(models.ROWS):
        raise arguments.error("rows", f"of {', '.join(models.ROWS)}", rows)
    with contextlib.ExitStack() as stack:
        workers = {name: stack.enter_context(processes.start(name)) for name in results.BACKENDS}
        content = {"rounds": rounds, "sgemm_gflops": {library: [] for library in LIBRARIES}, "rows": {}}
        for row in rows:
            content["rows"][row] = {"seconds": {}, "flops_per_step": workers["torch"](flops, models.ROWS[row])}
        for number in range(rounds):
            for library, backend in LIBRARIES.items():
                content["sgemm_gflops"][library].append(workers[backend](sgemm_gflops, library))
            for row in rows:
                seconds = content["rows"][row]["seconds"]
                for way, backend, options in ways(row)[:: -1 if number % 2 else 1]:
                    for metric, value in workers[backend](timed, models.ROWS[row], *options).items():
                        seconds.setdefault(way, {}).setdefault(metric, []).append(value)
                epochs = "  ".join(f"{way} {times['epoch_seconds'][-1]:.3g}" for way, times in seconds.items())
                print(f"round {number + 1}/{rounds}  {row}  {epochs}  (seconds per epoch)", flush=True)
    if set(rows) == set(models.ROWS) and rounds >= ROUNDS:
        tables.save("speed", content)
    print("\n\n".join(pages.speed_tables(content, tables.read_words(tables.WORDS, "en"))))


def ways(row: str) -> list[tuple[str, str, tuple]]:
    """Return the ways to time a model: the name in the JSON, the backend, and the arguments of `timed`."""
    pair = ("plain", "fit")
    tensorflow = [(f"tensorflow {how}", "tensorflow", (how, epochs)) for epochs in (EPOCHS, 1) for how in pair]
    if models.ROWS[row].jit_compile:  # An option of TensorFlow.
        return tensorflow
    others = [(f"{backend} {how}", backend, (how,)) for backend in results.BACKENDS[1:] for how in pair]
    loops = [(f"PyTorch loop, {threads} threads", "torch", (f"loop{threads}",)) for threads in (1, 2)]
    return tensorflow + others + loops


def timed(row: models.Row, how: str, epochs: int = EPOCHS, build=models.keras_model) -> dict[str, float]:
    """Return the seconds of the first epoch and of a later one, or of the whole run if it has one epoch.

    `how` is "plain" for `model.fit`, "fit" for `training.fit`, "loop1" and "loop2" for a PyTorch loop with one and two
    threads. `build` makes the Keras model of a row.
    """
    if how.startswith("loop"):
        from tools.benchmarks import loops

        start, ends = loops.train(row, int(how[-1]), epochs)
    else:
        start, ends = _train(row, how, epochs, build)
    if epochs == 1:
        return {"one_epoch_seconds": time.perf_counter() - start}
    return {"first_epoch_seconds": ends[0] - start, "epoch_seconds": (ends[-1] - ends[0]) / (epochs - 1)}


def _train(row: models.Row, how: str, epochs: int, build) -> tuple[float, list[float]]:
    """Train a Keras model; return when the training began and when each epoch ended."""

    def end_epoch(epoch, logs):
        ends.append(time.perf_counter())
        model.stop_training = len(ends) == epochs

    keras.utils.clear_session()
    gc.collect()
    keras.utils.set_random_seed(0)
    (x, y), model, ends = models.arrays(row), build(row), []
    callbacks = [keras.callbacks.LambdaCallback(on_epoch_end=end_epoch)]
    options = {"batch_size": row.batch_size, "callbacks": callbacks, "verbose": 0}
    start = time.perf_counter()
    if how == "fit":  # With 1000 epochs, an epoch after the first is timed as one of a long run.
        training.fit(model, x, y, epochs=1 if epochs == 1 else 1000, **options)
    else:
        model.fit(x, y, epochs=epochs, **options)
    return start, ends


def flops(row: models.Row) -> int:
    """Return the floating point operations of a training step in matrix products and convolutions.

    PyTorch counts them, forwards and backwards, while its loop does a step: one for each multiplication and one for
    each addition.
    """
    import torch
    from torch.nn import attention
    from torch.utils.flop_counter import FlopCounterMode

    from tools.benchmarks import loops

    x, y = map(loops.tensor, models.arrays(row._replace(examples=row.batch_size)))
    loop, counter = loops.Loop(row), FlopCounterMode(display=False)
    enabled = torch.backends.mkldnn.enabled
    torch.backends.mkldnn.enabled = False  # Its recurrent layer is one kernel, which is not counted.
    try:
        with counter, attention.sdpa_kernel(attention.SDPBackend.MATH):
            loop.step(x, y)
    finally:
        torch.backends.mkldnn.enabled = enabled
    return counter.get_total_flops()


def sgemm_gflops(library: str, size: int = 2048, seconds: float = 1.0) -> float:
    """Return the best GFLOP/s of a library's product of two square float32 matrices, tried for some seconds."""
    matrix = np.ones((size, size), "float32")
    if library != "NumPy":
        matrix = keras.ops.convert_to_tensor(matrix)  # Of the backend of this process.
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        np.asarray(matrix @ matrix)  # It waits for the product.
        times.append(time.perf_counter() - start)
    return 2 * size**3 / min(times) / 1e9
