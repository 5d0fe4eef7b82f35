"""Training on several machines (JAX backend), a process on each: Keras spreads the steps, each reads its rows.

`keras.distribution.initialize()` connects the processes. All of them see the run folder; process 0 writes it.
"""

import contextlib
import os

import keras
import numpy as np

from dlguide import _private_apis


def rank_and_size() -> tuple[int, int]:
    """Return the rank of this process, and how many processes share a run."""
    size = os.environ.get("KERAS_DISTRIBUTION_NUM_PROCESSES", "1")
    if "KERAS_DISTRIBUTION_JOB_ADDRESSES" not in os.environ and size == "1":
        return 0, 1
    if keras.backend.backend() != "jax":
        must = "`KERAS_BACKEND` must be jax where `KERAS_DISTRIBUTION_*` asks for several processes"
        raise ValueError(f"{must}. Received: KERAS_BACKEND={keras.backend.backend()!r}")
    import jax

    return jax.process_index(), jax.process_count()


def check_shares(processes: int, batch_size: int, n: int) -> None:
    """Refuse batches that several processes cannot share."""
    if not n or batch_size % processes or n % batch_size % processes:
        must = f"`x` must be arrays in batches that {processes} processes can share, the last one too"
        raise ValueError(f"{must}. Received: {n} examples, batch_size={batch_size}")


def wait(name: str) -> None:
    """Wait until every process has come here."""
    from jax.experimental import multihost_utils

    multihost_utils.sync_global_devices(name)


@contextlib.contextmanager
def data_parallel(model: keras.Model, size: int):
    """Inside, train the model on the devices of all processes; outside, each process has a whole model of its own."""
    if size == 1:
        yield
        return
    distribution = keras.distribution.DataParallel(auto_shard_dataset=False)
    _spread(model, distribution.get_variable_layout)
    keras.distribution.set_distribution(distribution)
    try:
        yield
    finally:
        keras.distribution.set_distribution(None)
        _private_apis.set_functions(model, None, None)
        _spread(model, lambda variable: None)


def _spread(model: keras.Model, layout) -> None:
    for variable in (*model.variables, *model.optimizer.variables, *model.metrics_variables):
        value = np.asarray(variable.value)
        _private_apis.set_layout(variable, layout)
        variable.assign(value)
