"""The batches of an epoch: their order, and the step at which the epoch begins."""

import functools

import keras
import numpy as np

from dlguide import _keras
from dlguide._data_sets import Data
from dlguide._rows import Rows
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

    Keras reads `source`: on JAX and PyTorch this object, on TensorFlow a `tf.data.Dataset` with the same order and
    the same first step.

    Attributes:
        source: What Keras reads in each epoch.
        steps: Number of batches in a whole epoch.
        can_begin_within_epoch: Whether `begin` takes another step than 0.
    """

    can_begin_within_epoch = True

    def __init__(self, arrays, batch_size: int, seed: int = 0):
        super().__init__()
        self._arrays = keras.tree.map_structure(lambda a: Rows(a) if isinstance(a, np.memmap) else a, arrays)
        self._n = len(next(array for array in keras.tree.flatten(arrays) if array is not None))
        self._batch_size, self._seed = batch_size, seed
        self._rank, self._processes = _processes.rank_and_size()
        self.steps = -(-self._n // batch_size)
        self._order, self._first_step = np.arange(self._n), 0
        if keras.backend.backend() == "tensorflow":
            self._dataset = self._as_dataset()

    @property
    def source(self):
        if keras.backend.backend() == "tensorflow":
            return self._dataset
        return self if isinstance(self._arrays, tuple | dict) else _keras.source_of_arrays(self)

    def begin(self, epoch: int, step: int = 0) -> None:
        """Set the order of an epoch, and the step at which it begins."""
        order = epoch_order(self._n, self._seed, epoch)
        if keras.backend.backend() == "tensorflow":
            self._order.assign(order)
            self._first_step.assign(step)
        else:
            self._order, self._first_step = order, step

    def __len__(self):
        return self.steps - self._first_step

    def __getitem__(self, step):
        first = (self._first_step + step) * self._batch_size
        rows = _processes.share(self._order[first : first + self._batch_size], self._rank, self._processes)
        # `take` is faster than indexing, and a short step on JAX shows it.
        return keras.tree.map_structure(
            lambda a: a if a is None else a[rows] if isinstance(a, Rows) else a.take(rows, axis=0), self._arrays
        )

    def _as_dataset(self):
        """Return the batches as TensorFlow reads them: its threads fetch the next ones during a step."""
        import tensorflow as tf

        with tf.device("CPU"):
            self._order, self._first_step = tf.Variable(self._order), tf.Variable(0, dtype="int64")
            self._arrays = keras.tree.map_structure(
                lambda a: a if a is None or isinstance(a, Rows) else tf.constant(a), self._arrays
            )
        steps = tf.data.Dataset.range(self.steps)
        take = functools.partial(_take, self._arrays, self._order, self._batch_size)
        batches = _from_step(steps, self._first_step).map(take, num_parallel_calls=2, deterministic=True).prefetch(4)
        # TensorFlow's tuning of these two numbers held up every second epoch or so by half a second.
        options = tf.data.Options()
        options.autotune.enabled = False
        batches = batches.with_options(options)
        _keras.set_cardinality(batches, like=steps)
        return batches


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


def _from_step(dataset, first_step):
    import tensorflow as tf

    return tf.data.Dataset.from_tensors(0).flat_map(lambda _: dataset.skip(first_step))


class DataSetBatches:
    """Batches of a data set, which has an order of its own; `steps` is None if it is not known."""

    def __init__(self, data: Data, epoch: int):
        """Bring the data set to where it is after `epoch` epochs: it may draw its next order at the end of each."""
        self.source, self.steps, self._first_step = data.content, data.num_batches, None
        self.can_begin_within_epoch = data.kind != "DataLoader" and data.num_batches is not None
        if data.kind == "tf.data.Dataset":
            import tensorflow as tf

            with tf.device("CPU"):
                self._first_step = tf.Variable(0, dtype="int64")
            self.source = _from_step(data.content, self._first_step)
            # `flat_map` has lost it. Only an epoch from step 0 has this many batches.
            _keras.set_cardinality(self.source, like=data.content)
            for _ in range(epoch):
                next(iter(self.source))
        if data.kind == "PyDataset":
            for _ in range(epoch):
                data.content.on_epoch_begin()
                data.content.on_epoch_end()
            self.source = self._first_step = _FromStep(data.content)

    def begin(self, epoch: int, step: int = 0) -> None:
        if self._first_step is not None:
            self._first_step.assign(step)


class _FromStep(keras.utils.PyDataset):
    """The batches of another `PyDataset` from one step on."""

    def __init__(self, batches: keras.utils.PyDataset):
        super().__init__(
            workers=batches.workers,
            use_multiprocessing=batches.use_multiprocessing,
            max_queue_size=batches.max_queue_size,
        )
        self.batches, self.first_step = batches, 0

    def assign(self, step: int) -> None:
        self.first_step = step

    def __len__(self):
        return self.batches.num_batches - self.first_step

    def __getitem__(self, step):
        return self.batches[self.first_step + step]

    def on_epoch_begin(self):
        self.batches.on_epoch_begin()

    def on_epoch_end(self):
        self.batches.on_epoch_end()
