"""Training on several machines (JAX backend), a process on each: Keras spreads the steps, each reads its rows.

`keras.distribution.initialize()` connects the processes, and a `DataParallel(auto_shard_dataset=False)` that is set
before the model is built gives all of them its variables. All see the run folder; process 0 writes it.
"""

import contextlib

import keras
import numpy as np


def rank_and_size() -> tuple[int, int]:
    """Return the rank of this process, and how many processes share a run."""
    if keras.backend.backend() != "jax":
        return 0, 1
    import jax

    return jax.process_index(), jax.process_count()


def check_shares(processes: int, batch_size: int, n: int) -> None:
    """Refuse batches that several processes cannot share."""
    if processes > 1 and (not n or batch_size % processes or n % batch_size % processes):
        must = f"`x` must be arrays in batches that {processes} processes can share, the last one too"
        raise ValueError(f"{must}. Received: {n} examples, batch_size={batch_size}")


def process_0_succeeds(succeeds: bool) -> bool:
    """Wait until every process has come here; return what process 0 said."""
    from jax.experimental import multihost_utils

    return bool(multihost_utils.broadcast_one_to_all(np.array(succeeds)))


@contextlib.contextmanager
def shared_steps(processes: int):
    """Inside, Keras spreads a step over the processes; afterwards each of them uses the whole model by itself."""
    if processes > 1:
        keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))
    try:
        yield
    finally:
        if processes > 1:
            keras.distribution.set_distribution(None)
