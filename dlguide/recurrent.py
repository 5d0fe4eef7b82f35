"""Recurrent networks for sequences: the simple cell, LSTM and GRU."""

from collections.abc import Sequence
from typing import Literal

import keras

from dlguide import _checks, _layer_names
from dlguide._dense_layers import dropped

CELLS = {"simple": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


def rnn(
    input_shape: Sequence[int | None],
    num_outputs: int,
    *,
    cell: Literal["simple", "lstm", "gru"] = "lstm",
    units: Sequence[int] = (128,),
    bidirectional: bool = False,
    dropout: float = 0.0,
    vocab_size: int | None = None,
    return_sequences: bool = False,
    mask_zero: bool = True,
    name: str = "rnn",
) -> keras.Model:
    """Build a recurrent network over feature vectors or token ids.

    One recurrent layer per entry of `units`, each followed by dropout, and a dense layer. Token ids first go through
    an embedding as wide as the first layer. With `mask_zero`, steps of padding are skipped: id 0, or a feature vector
    of zeros; this costs up to a fifth of a step on TensorFlow and two fifths on PyTorch (2 CPU cores).

    Args:
        input_shape: `(length, features)`, or `(length,)` with `vocab_size`; None as the length allows any.
        num_outputs: Number of outputs: one per class, or 1 for one number; at least 1.
        cell: `"simple"`, `"lstm"` or `"gru"`.
        units: Width of each recurrent layer, input side first, at least one entry.
        bidirectional: Read each sequence backwards too, with other weights; an output then depends on later steps.
        dropout: Share of the embedding's and of each recurrent layer's outputs dropped in training, in [0, 1).
        vocab_size: Number of token ids, padding included, at least 2; None for feature vectors.
        return_sequences: One output per step. With `mask_zero`, steps of padding do not count in the loss.
        mask_zero: Skip padding. If False, which saves time, zeros are read like any other values.
        name: Name of the model.

    Returns:
        An uncompiled `keras.Model` from `(batch, length, features)` floats or `(batch, length)` integers to
        `(batch, num_outputs)`, or `(batch, length, num_outputs)` with `return_sequences`: logits, to train with
        `from_logits=True`, or values.

    Raises:
        ValueError: If an argument is out of range, or `input_shape` does not fit `vocab_size`.

    Example:
        >>> rnn((None,), num_outputs=15, cell="gru", vocab_size=60).output_shape
        (None, 15)

    Reference:
        Elman, "Finding structure in time" (1990); Hochreiter & Schmidhuber, "Long short-term memory" (1997); Cho et
        al., "Learning phrase representations using RNN encoder-decoder" (2014); Schuster & Paliwal, "Bidirectional
        recurrent neural networks" (1997).
    """
    vocab_size = _checks.integer("vocab_size", vocab_size, at_least=2, optional=True)
    input_shape = _sequence_shape(input_shape, vocab_size)
    num_outputs = _checks.integer("num_outputs", num_outputs)
    cell = _checks.choice("cell", cell, tuple(CELLS))
    units = _checks.integers("units", units, at_least_one=True)
    bidirectional = _checks.flag("bidirectional", bidirectional)
    dropout = _checks.rate("dropout", dropout)
    return_sequences = _checks.flag("return_sequences", return_sequences)
    mask_zero = _checks.flag("mask_zero", mask_zero)

    inputs = keras.Input(input_shape, dtype="int32" if vocab_size else None)
    if vocab_size:
        x = keras.layers.Embedding(vocab_size, units[0], mask_zero=mask_zero, name="token_embedding")(inputs)
        x = dropped(x, dropout)
    else:
        x = keras.layers.Masking()(inputs) if mask_zero else inputs
    for i, n in enumerate(units):
        layer = CELLS[cell](n, return_sequences=return_sequences or i < len(units) - 1)
        x = keras.layers.Bidirectional(layer)(x) if bidirectional else layer(x)
        x = dropped(x, dropout)
    outputs = keras.layers.Dense(num_outputs, name=_layer_names.OUTPUT)(x)

    return keras.Model(inputs, outputs, name=name)


def _sequence_shape(value, vocab_size: int | None) -> tuple[int | None, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != (1 if vocab_size else 2):
        shape = "(length,) with `vocab_size`" if vocab_size else "(length, features) without `vocab_size`"
        received = f"input_shape={value!r}, vocab_size={vocab_size!r}"
        raise ValueError(f"`input_shape` must be {shape}. Received: {received}")
    length, *rest = value
    sizes = _checks.shape("input_shape", value if length is not None else (1, *rest))
    return (length if length is None else sizes[0], *sizes[1:])
