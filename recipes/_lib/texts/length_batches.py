"""Batches of texts of similar length, so that a recurrent network reads little padding."""

import keras
import numpy as np


class PairBatches(keras.utils.PyDataset):
    """Batches `((source, target so far), next tokens)` for an encoder-decoder, with little padding.

    The ids of sources and targets have shapes `(n, length)` and are right-padded with 0. Seed and epoch decide which
    pairs share a batch, and the order of the batches; validation sets keep theirs.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, *, batch_size: int, seed: int, is_shuffled: bool = True):
        super().__init__()
        # `__getitem__` adds one at the most to the longest one.
        self.x, self.y = np.pad(x, [(0, 0), (0, 1)]), np.pad(y, [(0, 0), (0, 2)])
        self.sizes = (x != 0).sum(axis=1), (y != 0).sum(axis=1) - 1
        self.batch_size, self.seed, self.epoch, self.is_shuffled = batch_size, seed, 0, is_shuffled
        self._draw()

    def _draw(self) -> None:
        rng = np.random.default_rng((self.seed, self.epoch))
        order = rng.permutation(len(self.x))
        lengths = 1000 * self.sizes[0] + self.sizes[1]  # First by the source.
        order = order[np.argsort(lengths[order], kind="stable")]
        self.batches = np.split(order, range(self.batch_size, len(order), self.batch_size))
        rng.shuffle(self.batches)

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int):
        rows = self.batches[index]
        # Even lengths in every second batch, odd ones in the others: if the first two batches have the same length,
        # Keras assumes that all have it. Multiples of 4 would cost more than they save without XLA.
        source, target = (size + (size + index) % 2 for size in (int(lengths[rows].max()) for lengths in self.sizes))
        return (self.x[rows, :source], self.y[rows, :target]), self.y[rows, 1 : target + 1]

    def get_state(self) -> dict:
        return {"epoch": self.epoch}

    def set_state(self, state: dict) -> None:
        self.epoch = state["epoch"]
        self._draw()

    def on_epoch_end(self) -> None:
        if self.is_shuffled:
            self.epoch += 1
            self._draw()
