"""Batches of texts of similar length, for recurrent networks: each step of padding takes as long as one of text."""

import keras
import numpy as np


class LengthBatches(keras.utils.PyDataset):
    """Batches of token ids, each of texts of similar length, with few steps that are padding in all of them.

    Which texts are together, and the order of the batches, is drawn for each epoch from the seed and its number.

    Args:
        x: Token ids of shape `(n, length)`, padded with 0 at the end.
        y: Targets, first axis the text.
        batch_size: Texts a batch, at least 1; the batch of the longest texts has what is left.
        seed: Seed of the order, at least 0.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, *, batch_size: int, seed: int):
        super().__init__()
        longer = -x.shape[1] % 4 + 1  # What `__getitem__` adds to the longest text at most.
        self.x, self.y, self.lengths = np.pad(x, [(0, 0), (0, longer)]), y, (x != 0).sum(axis=1)
        self.batch_size, self.seed, self.epoch = batch_size, seed, 0
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
        # Multiples of 4, so that a backend that compiles for each shape compiles few times. One more in every second
        # batch, because Keras takes a length that the first two batches share for that of all.
        length = -(-self.lengths[rows].max() // 4) * 4 + index % 2
        return self.x[rows, :length], self.y[rows]

    def on_epoch_end(self) -> None:
        self.epoch += 1
        self._draw()
