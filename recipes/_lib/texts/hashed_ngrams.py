"""Vectors of n-grams for a network that reads characters."""

import keras
from keras import ops

CODES = 3_000_017
"""A prime. It is small, so that all products fit into 32 bits."""


def ngram_vectors(dim: int, *, longest: int, buckets: int, dropout: float) -> keras.Model:
    """Build an embedding: a character's vector is the sum of the vectors of the n-grams that end with it.

    The vector of an n-gram of 1 to `longest` characters is found by its hash in a table of `buckets` vectors, so there
    is no vocabulary to fit or to save. `dropout` drops whole n-grams in training. The model maps ids of characters
    `(batch, length)`, padded with 0, to `(batch, length, dim)`, with zeros at the padding.

    Bojanowski, Grave, Joulin & Mikolov, "Enriching word vectors with subword information", Transactions of the ACL 5
    (2017).
    """
    ids = keras.Input((None,), dtype="int32")
    numbers = ops.stack([ops.mod(code, buckets) for code in _codes(ids, longest)], axis=-1)
    vectors = keras.layers.Embedding(buckets, dim)(numbers)
    vectors = keras.layers.Dropout(dropout, noise_shape=(None, None, None, 1))(vectors)
    is_character = ops.cast(ops.expand_dims(ops.not_equal(ids, 0), -1), "float32")
    return keras.Model(ids, ops.sum(vectors, axis=2) * is_character, name="ngram_vectors")


def _codes(ids, longest: int):
    """Yield a code for each character's n-gram of 1, 2, ... `longest` characters."""
    code, shifted = ops.zeros_like(ids), ids
    for n in range(longest):
        code = ops.mod(code * 613 + shifted + 1, CODES)
        yield code * 587 + n * 7919
        shifted = ops.pad(shifted, [(0, 0), (1, 0)])[:, :-1]
