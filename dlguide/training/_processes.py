"""Training on several machines: one process each, joined by Keras's `KERAS_DISTRIBUTION_*` variables (JAX backend)."""

import contextlib
import os

import keras
import numpy as np

from dlguide import _keras


def is_wanted() -> bool:
    """Tell whether the environment asks for several processes."""
    return "KERAS_DISTRIBUTION_JOB_ADDRESSES" in os.environ or os.environ.get(
        "KERAS_DISTRIBUTION_NUM_PROCESSES"
    ) not in (
        None,
        "1",
    )


def join() -> None:
    """Wait for the other processes; JAX must not have computed anything before."""
    if is_wanted() and keras.backend.backend() == "jax":
        keras.distribution.initialize()


def place() -> tuple[int, int]:
    """Return the number of this process and how many there are."""
    if not is_wanted():
        return 0, 1
    if keras.backend.backend() != "jax":
        raise ValueError(
            "`KERAS_BACKEND` must be jax where `KERAS_DISTRIBUTION_*` asks for several processes. "
            f"Received: KERAS_BACKEND={keras.backend.backend()!r}"
        )
    import jax

    return jax.process_index(), jax.process_count()


def check_shares(processes: int, batch_size: int, **data) -> None:
    """Refuse batches that cannot be shared out evenly: each process takes as many examples of every step."""
    if batch_size % processes:
        raise ValueError(
            f"`batch_size` must be a multiple of the {processes} processes. Received: batch_size={batch_size}"
        )
    for name, part in data.items():
        if part is None:
            continue
        if not part.is_arrays:
            raise ValueError(f"`{name}` must be arrays where {processes} processes share it. Received: a {part.kind}")
        n = part.num_examples
        if n % batch_size % processes:
            raise ValueError(
                f"`{name}` must end in a batch that {processes} processes can share. "
                f"Received: {n} examples, {n % batch_size} in the last batch"
            )


def broadcast(content: bytes | None) -> bytes | None:
    """Return what process 0 gives."""
    from jax.experimental import multihost_utils

    size = -1 if content is None else len(content)
    # JAX has 32 bits an integer.
    high, low = (int(part) for part in multihost_utils.broadcast_one_to_all(np.array(divmod(size, 2**20), "int32")))
    size = high * 2**20 + low
    if size <= 0:
        return None if size < 0 else b""
    array = np.frombuffer(content or b"", "uint8")
    array = array if len(array) == size else np.zeros(size, "uint8")
    return np.asarray(multihost_utils.broadcast_one_to_all(array)).tobytes()


@contextlib.contextmanager
def shared(model):
    """Train the model on all processes' devices inside; outside, each process has the whole model for itself."""
    if keras.distribution.distribution() is not None:
        raise ValueError("`keras.distribution` must be unset where `fit` shares the work out. Received: a distribution")
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
        _keras.forget_functions(model)
        _move(model, lambda variable: None)


def _move(model, layout) -> None:
    for variable in (*model.variables, *model.optimizer.variables, *model.metrics_variables):
        value = np.asarray(variable.value)
        _keras.set_layout(variable, layout)
        variable.assign(value)
