"""The batches of arrays: their order in each epoch, and the step at which an epoch begins."""

import functools

import keras
import numpy as np

from dlguide import _private_apis
from dlguide._data_checks import Rows
from dlguide.training import _processes


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


class ArrayBatches(keras.utils.PyDataset):
    """Batches of arrays, in the order of `epoch_order`.

    On JAX and PyTorch Keras reads this object, on TensorFlow a `tf.data.Dataset` with the same batches.

    Attributes:
        steps: Number of batches in a whole epoch.
        can_begin_within_epoch: Whether `source` takes another step than 0.
    """

    can_begin_within_epoch = True

    def __init__(self, arrays, batch_size: int, seed: int = 0, rank: int = 0, processes: int = 1):
        super().__init__()
        self._arrays = keras.tree.map_structure(lambda a: Rows(a) if isinstance(a, np.memmap) else a, arrays)
        self._n = len(next(array for array in keras.tree.flatten(arrays) if array is not None))
        self._batch_size, self._seed = batch_size, seed
        self._rank, self._processes = rank, processes
        self.steps = -(-self._n // batch_size)
        self._order, self._first_step = np.arange(self._n), 0
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            with tf.device("CPU"):
                self._order = tf.Variable(self._order)
                self._arrays = keras.tree.map_structure(
                    lambda a: a if a is None or isinstance(a, Rows) else tf.constant(a), self._arrays
                )

    def source(self, first_step: int = 0):
        """Return what Keras reads in each epoch, from a step on."""
        self._first_step = first_step
        if keras.backend.backend() == "tensorflow":
            return self._as_dataset(first_step)
        return self if isinstance(self._arrays, tuple | dict) else _private_apis.source_of_arrays(self) or self

    def begin(self, epoch: int) -> None:
        """Set the order of an epoch."""
        order = epoch_order(self._n, self._seed, epoch)
        if keras.backend.backend() == "tensorflow":
            self._order.assign(order)
        else:
            self._order = order

    def end(self) -> None:
        """Do nothing: an epoch follows from its number."""

    def __len__(self):
        return self.steps - self._first_step

    def __getitem__(self, step):
        first = (self._first_step + step) * self._batch_size
        batch = self._order[first : first + self._batch_size]
        rows = _processes.rows_of_rank(batch, self._rank, self._processes)
        # `take` is faster than indexing, and a short step on JAX shows it.
        return keras.tree.map_structure(
            lambda a: a if a is None else a[rows] if isinstance(a, Rows) else a.take(rows, axis=0), self._arrays
        )

    def _as_dataset(self, first_step: int):
        """Return the batches as TensorFlow reads them: its threads fetch the next ones during a step."""
        import tensorflow as tf

        take = functools.partial(_take, self._arrays, self._order, self._batch_size)
        steps = tf.data.Dataset.range(first_step, self.steps)
        batches = steps.map(take, num_parallel_calls=2, deterministic=True).prefetch(4)
        # TensorFlow's tuning of these two numbers held up every second epoch or so by half a second.
        options = tf.data.Options()
        options.autotune.enabled = False
        return batches.with_options(options)


def _take(arrays, order, batch_size: int, step):
    """Return the batch of a step in TensorFlow's graph."""
    import tensorflow as tf

    n = order.shape[0]
    rows = order[step * batch_size : tf.minimum((step + 1) * batch_size, n)]

    def rows_of(array):
        if array is None:  # Of an input that may be left out.
            return None
        if isinstance(array, Rows):
            batch = tf.numpy_function(array.__getitem__, [rows], array.dtype, stateful=False)
        else:
            batch = tf.gather(array, rows)
        # Where all batches are of one size, TensorFlow may know: tracing and some steps are faster.
        batch.set_shape((None if n % batch_size else batch_size, *array.shape[1:]))
        return batch

    return keras.tree.map_structure(rows_of, arrays)
