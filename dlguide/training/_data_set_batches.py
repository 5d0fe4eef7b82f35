"""The batches of data sets, which have an order of their own: they are brought to the epoch where a run is.

A data set may have been read before, by an earlier call of `fit`. `offset` is how many epochs of it lay behind a run
when it began; the run keeps it, so that an equal data set in another process is brought to the same place.
"""

import keras
import numpy as np

from dlguide._data_checks import Data
from dlguide._identity import ByIdentity

# Of each tf.data.Dataset, a variable that counts how often it was begun; of each PyDataset, how many calls of
# `on_epoch_end` and `on_epoch_begin` it got, which take turns.
_POSITIONS = ByIdentity()


def of(data: Data):
    """Return the batches of a data set: they have `source`, `begin` and `end`, as `ArrayBatches`, and a state."""
    kinds = {"tf.data.Dataset": DatasetBatches, "PyDataset": PyDatasetBatches, "DataLoader": LoaderBatches}
    return kinds.get(data.kind, OtherBatches)(data.content, data.num_batches)


class OtherBatches:
    """Batches of a data set that is the same in each epoch, such as Grain's; of others, it is where they differ."""

    can_begin_within_epoch = False

    def __init__(self, content, steps: int | None):
        self._content, self.steps, self._offset = content, steps, None

    def source(self, first_step: int = 0):
        """Return what Keras reads in each epoch, from a step on."""
        return self._content

    def begin(self, epoch: int) -> None:
        """Bring the data set to the start of an epoch."""

    def get_state(self) -> dict:
        return {"offset": self._offset}

    def set_state(self, state: dict) -> None:
        self._offset = state["offset"]

    def end(self) -> None:
        """Do nothing when an epoch has ended."""

    def _refuse(self, epoch: int) -> None:
        raise ValueError(
            f"`x` must be a data set at the start of epoch {epoch + 1}, or before it: this object was read further and "
            "cannot be set back. Make it again, as a new process would. "
            f"Received: x of type {type(self._content).__name__}"
        )


class DatasetBatches(OtherBatches):
    """Batches of a `tf.data.Dataset`, which may draw another order each time it is begun."""

    def __init__(self, content, steps: int | None):
        super().__init__(content, steps)
        import tensorflow as tf

        self.can_begin_within_epoch = steps is not None
        self._begun = _POSITIONS.get(content)
        if self._begun is None:
            with tf.device("CPU"):
                self._begun = _POSITIONS.set(content, tf.Variable(0, dtype="int64"))

    def source(self, first_step: int = 0):
        import tensorflow as tf

        def from_step(_):
            self._begun.assign_add(1)
            return self._content.skip(first_step)

        batches = tf.data.Dataset.from_tensors(0).flat_map(from_step)
        if self.steps is not None:
            batches = batches.apply(tf.data.experimental.assert_cardinality(self.steps - first_step))
        return batches

    def begin(self, epoch: int) -> None:
        if self._offset is None:  # Of a new run.
            self._offset = int(self._begun)
        if self._begun > self._offset + epoch:
            self._refuse(epoch)
        while self._begun < self._offset + epoch:
            next(iter(self._content))
            self._begun.assign_add(1)


class PyDatasetBatches(OtherBatches, keras.utils.PyDataset):
    """Batches of a `PyDataset`, which may count the calls of `on_epoch_end` and `on_epoch_begin`.

    Keras calls `on_epoch_end` once before the first epoch. The number of calls is odd between two epochs, even within.
    """

    can_begin_within_epoch = True

    def __init__(self, content: keras.utils.PyDataset, steps: int):
        OtherBatches.__init__(self, content, steps)
        options = ("workers", "use_multiprocessing", "max_queue_size")
        keras.utils.PyDataset.__init__(self, **{name: getattr(content, name) for name in options})
        self._calls, self._first_step, self._epoch = _POSITIONS.get(content, 0), 0, None

    def source(self, first_step: int = 0):
        self._first_step, self._epoch = first_step, None
        return self

    def begin(self, epoch: int) -> None:
        if self._offset is None:
            self._offset = self._calls // 2
        calls = 2 * (self._offset + epoch) + 1
        if self._calls > calls + 1:
            self._refuse(epoch)
        while self._calls < calls:
            self._call()
        self._epoch = epoch

    def _call(self) -> None:
        """Begin or end an epoch, whichever comes next."""
        method = self._content.on_epoch_begin if self._calls % 2 else self._content.on_epoch_end
        method()
        self._calls = _POSITIONS.set(self._content, self._calls + 1)

    def on_epoch_begin(self):
        if self._epoch is not None and self._calls % 2:
            self._call()

    def on_epoch_end(self):
        if self._epoch is not None and not self._calls % 2:
            self._call()

    def __len__(self):
        return self.steps - self._first_step

    def __getitem__(self, step):
        return self._content[self._first_step + step]


class LoaderBatches(OtherBatches):
    """Batches of PyTorch's `DataLoader`; its generators are set in each epoch to where they were after the last one."""

    def __init__(self, content, steps: int | None):
        super().__init__(content, steps)
        self.generators, self._states = generators([content]), []

    def get_state(self) -> dict:
        return {"generators": self._states}

    def set_state(self, state: dict) -> None:
        self._states = state["generators"]

    def begin(self, epoch: int) -> None:
        import torch

        for generator, state in zip(self.generators, self._states, strict=bool(self._states)):
            generator.set_state(torch.from_numpy(np.array(state)))

    def end(self) -> None:
        self._states = [generator.get_state().numpy() for generator in self.generators]


def generators(loaders: list) -> list:
    """Return the generators from which PyTorch's data loaders draw their order."""
    import torch

    owners = [o for x in loaders for o in (x, x.sampler, x.batch_sampler, getattr(x.batch_sampler, "sampler", x))]
    own = {id(o.generator): o.generator for o in owners if getattr(o, "generator", None) is not None}
    return [torch.default_generator, *own.values()]
