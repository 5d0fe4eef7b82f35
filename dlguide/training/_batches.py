"""The batches of `fit`: of arrays in the order of `epoch_order`, of a function of the epoch, of any other data set."""

import functools
from collections.abc import Callable

import keras
import numpy as np

from dlguide import _private_apis
from dlguide._data_checks import floatx_of, rows_of


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


class OtherBatches:
    """A data set that Keras reads as it is, in an order of its own."""

    steps = None  # Number of batches in an epoch, if `fit` needs to know it.

    def __init__(self, content):
        self._content = content

    def source(self, epoch: int):
        """Return what Keras reads from an epoch on."""
        return self._content

    def begin(self, epoch: int) -> None:
        """Begin an epoch."""


class EpochBatches(OtherBatches):
    """Data sets that are a function of the epoch; each is read in a `model.fit` of its own."""

    def source(self, epoch: int):
        return self._content(epoch)


class ArrayBatches(OtherBatches, keras.utils.PyDataset):
    """Batches of arrays, in the order of `epoch_order`, or as they are.

    On JAX and PyTorch Keras reads this object, on TensorFlow a `tf.data.Dataset` with the same batches. Of several
    processes, each reads its share of a batch.
    """

    def __init__(self, arrays, batch_size: int, order: Callable | None = None, rank: int = 0, processes: int = 1):
        keras.utils.PyDataset.__init__(self)
        self._arrays = arrays
        self.size = len(next(array for array in keras.tree.flatten(arrays) if array is not None))
        self._batch_size, self._order_of, self._rank, self._processes = batch_size, order, rank, processes
        self.steps, self._order = -(-self.size // batch_size), np.arange(self.size)
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            with tf.device("CPU"):
                self._order = tf.Variable(self._order)
                self._arrays = keras.tree.map_structure(
                    lambda a: a if a is None or isinstance(a, np.memmap) else tf.constant(a), self._arrays
                )

    def source(self, epoch: int = 0):
        if keras.backend.backend() == "tensorflow":
            return self._as_dataset()
        return self if isinstance(self._arrays, tuple | dict) else _private_apis.source_of_arrays(self) or self

    def begin(self, epoch: int) -> None:
        if self._order_of is not None:
            order = self._order_of(self.size, epoch=epoch)
            if keras.backend.backend() == "tensorflow":
                self._order.assign(order)
            else:
                self._order = order

    def __len__(self):
        return self.steps

    def __getitem__(self, step):
        rows = self._order[step * self._batch_size : (step + 1) * self._batch_size]
        if self._processes > 1:
            rows = np.split(rows, self._processes)[self._rank]
        return keras.tree.map_structure(lambda a: a if a is None else rows_of(a, rows), self._arrays)

    def _as_dataset(self):
        """Return the batches as TensorFlow reads them: its threads fetch the next ones during a step."""
        import tensorflow as tf

        order, size = self._order, self._batch_size

        def batch(step):
            rows = order[step * size : tf.minimum((step + 1) * size, self.size)]
            return keras.tree.map_structure(lambda array: tensor_of(array, rows), self._arrays)

        def tensor_of(array, rows):
            if array is None:  # Of an input that may be left out.
                return None
            if isinstance(array, np.memmap):
                read = functools.partial(rows_of, array)
                found = tf.numpy_function(read, [rows], floatx_of(array.dtype), stateful=False)
            else:
                found = tf.gather(array, rows)
            # Where all batches are of one size, TensorFlow may know: tracing and some steps are faster.
            found.set_shape((None if self.size % size else size, *array.shape[1:]))
            return found

        batches = tf.data.Dataset.range(self.steps).map(batch, num_parallel_calls=2, deterministic=True).prefetch(4)
        # TensorFlow's tuning of these two numbers held up every second epoch or so by half a second.
        options = tf.data.Options()
        options.autotune.enabled = False
        return batches.with_options(options)
