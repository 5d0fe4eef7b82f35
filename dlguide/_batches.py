"""The batches that `fit` goes through: in which order, from which step on, and which share of each is read here."""

import os
import weakref

import keras
import numpy as np


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


def from_arrays(arrays, batch_size: int, process: int = 0, processes: int = 1):
    """Return the batches of `arrays`, and a function that sets the order and the first step of the next epoch."""
    n = len(keras.tree.flatten(arrays)[0])
    if keras.backend.backend() != "tensorflow":
        batches = _Batches(arrays, n, batch_size, process, processes)
        return batches, batches.set

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
    batches = _with_cardinality(batches.with_options(options), steps)

    def set_epoch(new_order, first_step):
        order.assign(new_order)
        start.assign(first_step)

    return batches, set_epoch


def from_dataset(dataset, epoch: int):
    """Return a data set that can begin an epoch at any step, as if `epoch` epochs of it had been taken."""
    import tensorflow as tf

    with tf.device("CPU"):
        start = tf.Variable(0, dtype="int64")
    batches = _with_cardinality(_from(dataset, start), dataset)
    for _ in range(epoch):  # A `shuffle` draws its next order each time that it is gone through.
        next(iter(batches))
    return batches, lambda order, first_step: start.assign(first_step)


def _from(dataset, start):
    import tensorflow as tf

    return tf.data.Dataset.from_tensors(0).flat_map(lambda _: dataset.skip(start))


def _with_cardinality(batches, like):
    # An epoch that begins at its first step, and no other, has this many; `flat_map` has lost it.
    batches.cardinality = like.cardinality
    return batches


class _Batches(keras.utils.PyDataset):
    def __init__(self, arrays, n: int, batch_size: int, process: int, processes: int):
        super().__init__()
        self.arrays = keras.tree.map_structure(lambda a: Rows(a) if isinstance(a, np.memmap) else a, arrays)
        self.n, self.batch_size, self.process, self.processes = n, batch_size, process, processes
        self.set(np.arange(n), 0)

    def set(self, order, first_step: int) -> None:
        self.order, self.first_step = order, first_step

    def __len__(self):
        return -(-self.n // self.batch_size) - self.first_step

    def __getitem__(self, step):
        step += self.first_step
        rows = self.order[step * self.batch_size : (step + 1) * self.batch_size]
        share = len(rows) // self.processes
        rows = rows[self.process * share : (self.process + 1) * share]
        # `take` is faster than indexing, of which a short step on JAX is aware.
        return keras.tree.map_structure(lambda a: a[rows] if isinstance(a, Rows) else a.take(rows, axis=0), self.arrays)


class Rows:
    """Rows of an array that lies in a file, read without the file's becoming part of the process's memory.

    A page of a mapped file stays in memory once it was looked at, with its neighbours: so rows are
    read from the file itself. A private copy (mode "c") is not what is in the file and stays mapped.
    """

    def __init__(self, array: np.memmap):
        self._array, self._file = array, None
        self.dtype, self.shape = array.dtype, array.shape
        root = array
        while isinstance(root.base, np.ndarray):
            root = root.base
        filename = getattr(root, "filename", None)
        if filename is None or array.mode == "c" or not array[0].flags.c_contiguous or not hasattr(os, "pread"):
            return
        try:
            self._file = os.open(filename, os.O_RDONLY)
        except OSError:  # Deleted since; the map still has it.
            return
        weakref.finalize(self, os.close, self._file)
        address = [a.__array_interface__["data"][0] for a in (array, root)]
        self._start, self._bytes = root.offset + address[0] - address[1], array[0].nbytes
        ends = np.array([0, len(array) - 1])
        if not np.array_equal(self[ends], array[ends]):  # Another file took the name.
            self._file = None

    def __getitem__(self, rows):
        if self._file is None:
            return np.asarray(self._array[rows])
        if isinstance(rows, slice):
            rows = np.arange(len(self._array))[rows]
        starts = (self._start + rows * self._array.strides[0]).tolist()
        content = b"".join([os.pread(self._file, self._bytes, start) for start in starts])
        return np.frombuffer(content, self.dtype).reshape(len(starts), *self.shape[1:])


def blocks(array, size: int = 2**24):
    """Yield the index of the first row and the rows of consecutive parts of about `size` bytes."""
    rows = Rows(array) if isinstance(array, np.memmap) else array
    step = max(1, size // max(1, array[:1].nbytes))
    for start in range(0, len(array), step):
        yield start, rows[start : start + step]
