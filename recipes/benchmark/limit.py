"""The least time that a training step can take: its operations in matrix products, at the speed of the fastest one."""

import time

import numpy as np

from recipes.benchmark import models as benchmark_models


def flops(row: benchmark_models.Row) -> int:
    """Return the floating point operations of a training step in matrix products and convolutions.

    PyTorch counts them, forwards and backwards, while its loop does a step: one for each multiplication and one for
    each addition.
    """
    import torch
    from torch.nn import attention
    from torch.utils.flop_counter import FlopCounterMode

    from recipes.benchmark import loops as benchmark_loops

    row = row._replace(examples=row.batch_size)
    x, y = map(benchmark_loops.tensor, benchmark_models.arrays(row))
    loop = benchmark_loops.Loop(row)
    enabled = torch.backends.mkldnn.enabled
    torch.backends.mkldnn.enabled = False  # Its recurrent layer is one kernel, which is not counted.
    try:
        with FlopCounterMode(display=False) as counter, attention.sdpa_kernel(attention.SDPBackend.MATH):
            loop.step(x, y)
    finally:
        torch.backends.mkldnn.enabled = enabled
    return counter.get_total_flops()


def sgemm_gflops(library: str, size: int = 2048, seconds: float = 1.0) -> float:
    """Return the best GFLOP/s of a library's product of two square float32 matrices.

    Args:
        library: "NumPy", "TensorFlow" or "PyTorch", whose kernels are oneDNN's or MKL's.
        size: Rows and columns of each matrix.
        seconds: For how long it is tried.
    """
    product = _product(library, np.ones((size, size), "float32"))
    best, until = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < until:
        start = time.perf_counter()
        product()
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best / 1e9


def _product(library: str, a: np.ndarray):
    """Return a function that multiplies `a` by itself, and ends when the product is there."""
    if library == "TensorFlow":
        import tensorflow as tf

        tensor = tf.constant(a)
        return lambda: tf.matmul(tensor, tensor).numpy()
    if library == "PyTorch":
        import torch

        tensor = torch.from_numpy(a)
        return lambda: tensor @ tensor
    return lambda: a @ a
