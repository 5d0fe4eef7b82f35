"""Batches of texts of similar length, so that a recurrent network reads little padding."""

import keras
import numpy as np


class LengthBatches(keras.utils.PyDataset):
    """Batches of token ids of shape `(n, length)`, right-padded with 0, and their targets.

    Seed and epoch decide which texts share a batch, and the order of the batches; validation sets keep theirs.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, *, batch_size: int, seed: int, is_shuffled: bool = True):
        super().__init__()
        longer = -x.shape[1] % 4 + 1  # `__getitem__` adds no more to the longest text.
        self.x, self.y, self.lengths = np.pad(x, [(0, 0), (0, longer)]), y, (x != 0).sum(axis=1)
        self.batch_size, self.seed, self.epoch, self.is_shuffled = batch_size, seed, 0, is_shuffled
        self._draw()

    def _draw(self) -> None:
        rng = np.random.default_rng((self.seed, self.epoch))
        order = rng.permutation(len(self.x))
        order = order[np.argsort(self.lengths[order], kind="stable")]
        self.batches = np.split(order, range(self.batch_size, len(order), self.batch_size))
        rng.shuffle(self.batches)

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rows = self.batches[index]
        # Multiples of 4, for few compilations. One more in every second batch: if the first two batches have the same
        # length, Keras assumes that all have it.
        length = -(-self.lengths[rows].max() // 4) * 4 + index % 2
        return self.x[rows, :length], self.y[rows]

    def on_epoch_end(self) -> None:
        if self.is_shuffled:
            self.epoch += 1
            self._draw()


class PairBatches(LengthBatches):
    """Batches `((source, target so far), next tokens)` of such ids for an encoder-decoder, with little padding."""

    def __init__(self, x: np.ndarray, y: np.ndarray, **options):
        super().__init__(x, np.pad(y, [(0, 0), (0, 2)]), **options)
        self.sizes = self.lengths, (y != 0).sum(axis=1) - 1
        self.lengths = 1000 * self.sizes[0] + self.sizes[1]  # First by the source.
        self._draw()

    def __getitem__(self, index: int):
        rows = self.batches[index]
        # Even lengths in every second batch, odd ones in the others: that two batches in a row differ is all that
        # Keras needs, and multiples of 4 would cost more than they save without XLA.
        source, target = (size + (size + index) % 2 for size in (int(lengths[rows].max()) for lengths in self.sizes))
        return (self.x[rows, :source], self.y[rows, :target]), self.y[rows, 1 : target + 1]
