"""Hashed n-grams: a row number for the group of tokens around each token, for an embedding of such groups."""

from collections.abc import Sequence

import keras
from keras import ops

from dlguide import _checks

# A hash is a polynomial with this factor, modulo this prime; each of its terms fits into int32.
FACTOR, PRIME = 571, 3_145_739


@keras.saving.register_keras_serializable(package="dlguide", name="NgramNumbers")  # As in files of users.
class HashedNgrams(keras.layers.Layer):
    """Number the n-grams around each token by a hash, for an embedding of `len(windows) * buckets` rows.

    Each window has rows of its own. Rare n-grams may share one. Outside of the sequence all tokens count as 0.

    Input: token ids `(batch, length)`. Output: row numbers `(batch, length, windows)`.

    Args:
        buckets: Number of rows for each window, at least 1.
        windows: First and last place of each n-gram, seen from the token: `(-2, 0)` is the token and the two before.
        **kwargs: Keyword arguments of `keras.layers.Layer`, such as `name`.

    Raises:
        ValueError: If `buckets` is below 1, or `windows` are not one or more such pairs, the first place not after the
            last.

    Example:
        >>> HashedNgrams(100, [(-1, 0), (-2, 0)])(ops.array([[5, 6, 7]])).shape == (1, 3, 2)
        True

    Reference:
        Svenstrup, Hansen & Winther, "Hash embeddings for efficient word representations" (2017).
    """

    def __init__(self, buckets: int, windows: Sequence[tuple[int, int]], **kwargs):
        super().__init__(**kwargs)
        self.buckets = _checks.integer("buckets", buckets)
        self.windows = [tuple(window) for window in windows]
        if not self.windows or any(len(window) != 2 or window[0] > window[1] for window in self.windows):
            raise _checks.error("windows", "one or more pairs (first, last), the first not after the last", windows)

    def call(self, tokens: keras.KerasTensor) -> keras.KerasTensor:
        tokens, length = ops.cast(tokens, "int32"), ops.shape(tokens)[1]
        before, after = (max(0, *ends) for ends in zip(*((-first, last) for first, last in self.windows), strict=True))
        padded = ops.pad(tokens, [(0, 0), (before, after)])

        def numbers(i, first, last):
            code = ops.zeros_like(tokens)
            for place in range(before + first, before + last + 1):
                code = ops.mod(code * FACTOR + padded[:, place : place + length] + 1, PRIME)
            return i * self.buckets + ops.mod(code, self.buckets)

        return ops.stack([numbers(i, *window) for i, window in enumerate(self.windows)], axis=-1)

    def compute_output_spec(self, tokens):
        return keras.KerasTensor((*tokens.shape, len(self.windows)), "int32")

    def get_config(self):
        return {**super().get_config(), "buckets": self.buckets, "windows": self.windows}
