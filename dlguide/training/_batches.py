"""The batches of an epoch: their order, the step at which it begins, and the share of each that this process reads."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np

from dlguide import _keras
from dlguide._rows import Rows
from dlguide.training._data import Data


def epoch_order(n: int, seed: int, epoch: int) -> np.ndarray:
    """Return the order in which `fit` takes `n` examples in an epoch: a permutation.

    Args:
        n: Number of examples, at least 1.
        seed: Seed of the run, at least 0.
        epoch: Number of the epoch, from 0.

    Returns:
        An int64 array of shape `(n,)`.

    Example:
        >>> sorted(epoch_order(4, seed=0, epoch=1).tolist())
        [0, 1, 2, 3]
    """
    return np.random.default_rng((seed, epoch)).permutation(n)


class Batches(NamedTuple):
    """What Keras reads in each epoch."""

    source: Any
    steps: int | None
    """Number of batches; None where it is not known."""
    begin: Callable[[int, int], None]
    """Called with the number of an epoch and of its first step, before it is read."""


def training_batches(data: Data, batch_size: int, seed: int, epoch: int, process: int, processes: int) -> Batches:
    """Return the batches of a run that begins with `epoch`."""
    if data.is_arrays:
        n = data.num_examples
        source, set_order = from_arrays(data.content, batch_size, process, processes)
        return Batches(source, -(-n // batch_size), lambda e, step: set_order(epoch_order(n, seed, e), step))
    if data.kind == "tf.data.Dataset":
        source, set_first_step = _from_dataset(data.content, epoch)
    elif data.kind == "PyDataset":
        source, set_first_step = _from_py_dataset(data.content, epoch)
    else:
        source, set_first_step = data.content, lambda step: None
    return Batches(source, data.num_batches, lambda e, step: set_first_step(step))


def validation_batches(data: Data | None, batch_size: int, process: int, processes: int):
    """Return what Keras reads in each validation."""
    if data is None or not data.is_arrays:
        return data and data.content
    return from_arrays(data.content, batch_size, process, processes)[0]


def from_arrays(arrays, batch_size: int, process: int = 0, processes: int = 1):
    """Return the batches of `arrays`, and a function that sets the order and the first step of the next epoch."""
    n = len(keras.tree.flatten(arrays)[0])
    if keras.backend.backend() != "tensorflow":
        batches = _ArrayBatches(arrays, n, batch_size, process, processes)
        source = _FromStep(batches)

        def set_numpy_order(new_order, first_step):
            batches.order, source.first_step = new_order, first_step

        return source, set_numpy_order

    import tensorflow as tf

    with tf.device("CPU"):
        order, start = tf.Variable(np.arange(n)), tf.Variable(0, dtype="int64")
        arrays = keras.tree.map_structure(lambda a: Rows(a) if isinstance(a, np.memmap) else tf.constant(a), arrays)
    # Where all batches are of one size, TensorFlow may know: tracing and some steps are faster.
    size = None if n % batch_size else batch_size

    def gather(step):
        rows = order[step * batch_size : tf.minimum((step + 1) * batch_size, n)]

        def take(array):
            if isinstance(array, Rows):
                batch = tf.numpy_function(array.__getitem__, [rows], array.dtype, stateful=False)
            else:
                batch = tf.gather(array, rows)
            batch.set_shape((size, *array.shape[1:]))
            return batch

        return keras.tree.map_structure(take, arrays)

    steps = tf.data.Dataset.range(-(-n // batch_size))
    batches = _from(steps, start).map(gather, num_parallel_calls=2, deterministic=True).prefetch(4)
    # TensorFlow's tuning of these two numbers held up every second epoch or so by half a second.
    options = tf.data.Options()
    options.autotune.enabled = False
    batches = batches.with_options(options)
    _keras.set_cardinality(batches, like=steps)

    def set_order(new_order, first_step):
        order.assign(new_order)
        start.assign(first_step)

    return batches, set_order


def _from_dataset(dataset, epoch: int):
    """Return a data set that can begin an epoch at any step, as if `epoch` epochs of it had been taken."""
    import tensorflow as tf

    with tf.device("CPU"):
        start = tf.Variable(0, dtype="int64")
    batches = _from(dataset, start)
    # `flat_map` has lost it. Only an epoch from step 0 has this many batches.
    _keras.set_cardinality(batches, like=dataset)
    for _ in range(epoch):  # A `shuffle` draws its next order each time that it is gone through.
        next(iter(batches))
    return batches, start.assign


def _from(dataset, start):
    import tensorflow as tf

    return tf.data.Dataset.from_tensors(0).flat_map(lambda _: dataset.skip(start))


def _from_py_dataset(dataset, epoch: int):
    """Return a `PyDataset` that can begin an epoch at any step, as if `epoch` epochs of it had been taken."""
    for _ in range(epoch):  # It may draw its next order in these.
        dataset.on_epoch_begin()
        dataset.on_epoch_end()
    source = _FromStep(dataset)

    def set_first_step(step):
        source.first_step = step

    return source, set_first_step


class _FromStep(keras.utils.PyDataset):
    """The batches of another `PyDataset` from one step on."""

    def __init__(self, batches: keras.utils.PyDataset):
        super().__init__(
            workers=batches.workers,
            use_multiprocessing=batches.use_multiprocessing,
            max_queue_size=batches.max_queue_size,
        )
        self.batches, self.first_step = batches, 0

    def __len__(self):
        return self.batches.num_batches - self.first_step

    def __getitem__(self, step):
        return self.batches[self.first_step + step]

    def on_epoch_begin(self):
        self.batches.on_epoch_begin()

    def on_epoch_end(self):
        self.batches.on_epoch_end()


class _ArrayBatches(keras.utils.PyDataset):
    """Batches of arrays in the order `order`."""

    def __init__(self, arrays, n: int, batch_size: int, process: int, processes: int):
        super().__init__()
        self.arrays = keras.tree.map_structure(lambda a: Rows(a) if isinstance(a, np.memmap) else a, arrays)
        self.n, self.batch_size, self.process, self.processes = n, batch_size, process, processes
        self.order = np.arange(n)

    def __len__(self):
        return -(-self.n // self.batch_size)

    def __getitem__(self, step):
        rows = self.order[step * self.batch_size : (step + 1) * self.batch_size]
        share = len(rows) // self.processes
        rows = rows[self.process * share : (self.process + 1) * share]
        # `take` is faster than indexing, and a short step on JAX shows it.
        return keras.tree.map_structure(lambda a: a[rows] if isinstance(a, Rows) else a.take(rows, axis=0), self.arrays)
