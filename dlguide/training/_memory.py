"""Memory of models that are gone, given back: TensorFlow kept 800 MB of 200 small ones (`tools.benchmarks fits`)."""

import contextlib
import gc

import keras

from dlguide import _keras
from dlguide.training import _adam


@contextlib.contextmanager
def given_back(model):
    """Trace nothing inside that TensorFlow keeps for ever; at the end, let it forget the functions that are gone."""
    backend = keras.backend.backend()
    if backend == "jax" and _keras.training_function(model) is None:
        gc.collect()  # The programs that JAX compiled for earlier models are garbage, and this model needs others.
    with contextlib.ExitStack() as stack:
        for optimizer in _adam.single_optimizers(model):
            stack.enter_context(_keras.without_all_reduce(optimizer))
        yield
    if backend == "tensorflow":
        _keras.forget_kernels()
