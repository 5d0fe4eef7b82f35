"""Training on several machines, a process on each: which rows a process reads, and what it gets from process 0.

`keras.distribution.initialize()` connects the processes (JAX backend).
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
        raise ValueError(
            "`KERAS_BACKEND` must be jax where `KERAS_DISTRIBUTION_*` asks for several processes. "
            f"Received: KERAS_BACKEND={keras.backend.backend()!r}"
        )
    import jax

    if not jax.distributed.is_initialized():
        raise ValueError(
            "`keras.distribution.initialize()` must be called before the model is built where `KERAS_DISTRIBUTION_*` "
            "asks for several processes. Received: no call"
        )
    return jax.process_index(), jax.process_count()


def rows_of_rank(rows: np.ndarray, rank: int, size: int) -> np.ndarray:
    """Return the part of a batch's rows that the process of this rank reads."""
    if size == 1:  # Of any rank: each of several processes may compute every batch whole.
        return rows
    count = len(rows) // size
    return rows[rank * count : (rank + 1) * count]


def broadcast(content: bytes | None) -> bytes | None:
    """Return the content that process 0 has, in every process."""
    from jax.experimental import multihost_utils

    size = -1 if content is None else len(content)
    # JAX's integers have 32 bits.
    high, low = (int(part) for part in multihost_utils.broadcast_one_to_all(np.array(divmod(size, 2**20), "int32")))
    size = high * 2**20 + low
    if size <= 0:
        return None if size < 0 else b""
    array = np.frombuffer(content or b"", "uint8")
    array = array if len(array) == size else np.zeros(size, "uint8")
    return np.asarray(multihost_utils.broadcast_one_to_all(array)).tobytes()


def of_run(model, batch_size: int, train, valid) -> tuple[int, int]:
    """Return the rank of this process and how many share each batch of a run: each reads as many examples of it."""
    rank, size = rank_and_size()
    if size == 1:
        return rank, size
    if batch_size % size:
        raise ValueError(f"`batch_size` must be a multiple of the {size} processes. Received: {batch_size=}")
    for name, part in ({"x": train} | ({} if valid is None else {"validation_data": valid})).items():
        if not part.is_arrays:
            raise ValueError(f"`{name}` must be arrays where {size} processes share it. Received: a {part.kind}")
        n = len(next(array for array in keras.tree.flatten(part.content) if array is not None))
        if n % batch_size % size:
            raise ValueError(
                f"`{name}` must end in a batch that {size} processes can share. "
                f"Received: {n} examples, {n % batch_size} in the last batch"
            )
    return rank, size if _private_apis.has_layout(model.variables[0]) else 1


@contextlib.contextmanager
def data_parallel(model, processes: int):
    """Inside, train the model on the devices of all processes; outside, each process has a whole model of its own."""
    if processes == 1:
        yield
        return
    if keras.distribution.distribution() is not None:
        raise ValueError(
            "`keras.distribution` must be unset where several processes share a `fit`. Received: a distribution"
        )
    distribution = keras.distribution.DataParallel(auto_shard_dataset=False)
    _move(model, distribution.get_variable_layout)
    keras.distribution.set_distribution(distribution)
    try:
        yield
    except (ValueError, RuntimeError) as error:
        if "Gloo" not in str(error):
            raise
        reason = str(error).splitlines()[0]
        raise ConnectionError(
            f"another process of the run has gone; start all of them again to resume the run ({reason})"
        ) from error
    finally:
        keras.distribution.set_distribution(None)
        _private_apis.set_functions(model)
        _move(model, lambda variable: None)


def _move(model, layout) -> None:
    for variable in (*model.variables, *model.optimizer.variables, *model.metrics_variables):
        value = np.asarray(variable.value)
        _private_apis.set_layout(variable, layout)
        variable.assign(value)
