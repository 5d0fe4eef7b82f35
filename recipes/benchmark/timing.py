"""What is measured of a model in a process: the seconds of its training, and the least time of a step."""

import gc
import time

import numpy as np

from recipes.benchmark import models

EPOCHS = 3  # The first has the compilation and counts for itself; of the others the mean.
LIBRARIES = {"NumPy": "torch", "PyTorch": "torch", "TensorFlow": "tensorflow"}
"""Libraries whose matrix product may be the fastest, and the backend of the process that measures it."""


def timed(row: models.Row, how: str, epochs: int = EPOCHS) -> dict[str, float]:
    """Return the seconds of the first epoch and of a later one, or of the whole run if it has one epoch.

    `how` is "plain" for `model.fit`, "fit" for `training.fit`, "loop1" and "loop2" for a PyTorch loop with one and two
    threads.
    """
    run = _run_loop if how.startswith("loop") else _run_keras
    start, ends = run(row, how, epochs)
    if epochs == 1:
        return {"one_epoch_seconds": time.perf_counter() - start}
    return {"first_epoch_seconds": ends[0] - start, "epoch_seconds": (ends[-1] - ends[0]) / (epochs - 1)}


def _run_keras(row: models.Row, how: str, epochs: int) -> tuple[float, list[float]]:
    import keras

    from dlguide import training

    def end_epoch(epoch, logs):
        ends.append(time.perf_counter())
        model.stop_training = len(ends) == epochs

    keras.utils.clear_session()
    gc.collect()
    keras.utils.set_random_seed(0)
    (x, y), model, ends = models.arrays(row), models.keras_model(row), []
    callbacks = [keras.callbacks.LambdaCallback(on_epoch_end=end_epoch)]
    options = {"batch_size": row.batch_size, "callbacks": callbacks, "verbose": 0}
    start = time.perf_counter()
    if how == "fit":  # With 1000 epochs, an epoch after the first is timed as one of a long run.
        training.fit(model, x, y, epochs=1 if epochs == 1 else 1000, **options)
    else:
        model.fit(x, y, epochs=epochs, **options)
    return start, ends


def _run_loop(row: models.Row, how: str, epochs: int) -> tuple[float, list[float]]:
    import torch

    from recipes.benchmark import loops

    torch.set_num_threads(int(how[-1]))
    torch.manual_seed(0)
    x, y = map(loops.tensor, models.arrays(row))
    loop = loops.Loop(row)
    start, ends = time.perf_counter(), []
    for _ in range(epochs):
        loss_sum, metric_sum = torch.zeros(()), torch.zeros(())
        for batch in torch.randperm(len(x)).split(row.batch_size):
            loss, metrics = loop.step(x[batch], None if y is None else y[batch])
            loss_sum += loss * len(batch)
            metric_sum = metric_sum + metrics
        float(loss_sum / len(x)), (metric_sum / len(x)).tolist()
        ends.append(time.perf_counter())
    return start, ends


def flops(row: models.Row) -> int:
    """Return the floating point operations of a training step in matrix products and convolutions.

    PyTorch counts them, forwards and backwards, while its loop does a step: one for each multiplication and one for
    each addition.
    """
    import torch
    from torch.nn import attention
    from torch.utils.flop_counter import FlopCounterMode

    from recipes.benchmark import loops

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
    if library == "TensorFlow":
        import tensorflow as tf

        matrix = tf.constant(matrix)
    elif library == "PyTorch":
        import torch

        matrix = torch.from_numpy(matrix)
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        np.asarray(matrix @ matrix)  # It waits for the product.
        times.append(time.perf_counter() - start)
    return 2 * size**3 / min(times) / 1e9
