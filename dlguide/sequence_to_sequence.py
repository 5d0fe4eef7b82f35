"""An encoder and a decoder with attention between them: sequences to sequences of another length and vocabulary."""

from collections.abc import Sequence
from typing import Literal

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from dlguide import _checks, _data_checks, _layer_names
from dlguide._dense_layers import dropped
from dlguide.attention_layers import HIDDEN, _softmax
from dlguide.recurrent import CELLS

NGRAMS = [(-1, 1), (-2, 0), (0, 2), (-2, 2)]
"""The n-grams that the encoder reads with `ngram_buckets`: first and last place, seen from the token."""
# A hash is a polynomial with this factor, modulo this prime; each of its terms fits into int32.
FACTOR, PRIME = 571, 3_145_739


def encoder_decoder(
    source_vocab_size: int,
    target_vocab_size: int,
    *,
    cell: Literal["simple", "lstm", "gru"] = "gru",
    units: Sequence[int] = (256,),
    embed_dim: int = 64,
    dropout: float = 0.0,
    ngram_buckets: int | None = None,
    name: str = "encoder_decoder",
) -> keras.Model:
    """Build a recurrent encoder and decoder with attention, for targets such as a translation of the source.

    The encoder reads the source in both directions, one bidirectional layer per entry of `units`. A dense layer turns
    the two outputs at each step into one vector; these vectors are the memory. The decoder has one layer per entry of
    `units`, which starts from a dense layer (tanh) of the last states of the encoder's layer. Each of its outputs
    attends to the memory by scalar products. A dense layer (tanh) of output and attended vector, and one more, give the
    logits of the next token. Dropout follows each embedding, each recurrent layer and the dense layer before the
    logits. Padding of the source (id 0) is skipped and not attended to.

    With `ngram_buckets`, the encoder also reads the vectors of four n-grams at each token of the source: the token with
    its two neighbours, with the two tokens before it, with the two after it, and with all four. A hash finds them in a
    table. In training half of the n-grams are dropped, each as a whole.

    In training the decoder reads the true target, right-padded with 0: all but its last token as input, all but its
    first as what it has to predict (teacher forcing).

    Args:
        source_vocab_size: Number of token ids of a source, padding included, at least 2.
        target_vocab_size: The same of a target, with a token for its start and one for its end.
        cell: `"simple"`, `"lstm"` or `"gru"`.
        units: Width of each recurrent layer of the encoder, in each direction, and of the decoder; input side first,
            at least one entry.
        embed_dim: Width of the token embeddings, at least 1. For a small vocabulary a small one saves time.
        dropout: Share of the values dropped in training, in [0, 1).
        ngram_buckets: Rows in the table of n-grams for each of the four, at least 1, each of `embed_dim / 2` numbers;
            None for no table.
        name: Name of the model.

    Returns:
        An uncompiled `keras.Model` from two arrays of integers, the source `(batch, source length)` and the target so
        far `(batch, target length)`, to logits of the next token `(batch, target length, target_vocab_size)`. Train it
        with `from_logits=True` and `ignore_class=0`. Its parts are `get_layer("encoder")`, from the source to the
        memory and the states, and `get_layer("decoder")`, from target, source, memory and states to logits, attention
        weights and states, for any number of steps.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> encoder_decoder(29, 43).output_shape
        (None, None, 43)

    Reference:
        Sutskever, Vinyals & Le, "Sequence to sequence learning with neural networks" (2014); this attention: Luong,
        Pham & Manning, "Effective approaches to attention-based neural machine translation" (2015). `ngram_buckets`:
        Svenstrup, Hansen & Winther, "Hash embeddings for efficient word representations" (2017).
    """
    source_vocab_size = _checks.integer("source_vocab_size", source_vocab_size, at_least=2)
    target_vocab_size = _checks.integer("target_vocab_size", target_vocab_size, at_least=2)
    cell = _checks.choice("cell", cell, tuple(CELLS))
    units = _checks.integers("units", units, at_least_one=True)
    embed_dim = _checks.integer("embed_dim", embed_dim)
    dropout = _checks.rate("dropout", dropout)
    ngram_buckets = _checks.integer("ngram_buckets", ngram_buckets, optional=True)

    encoder = _encoder(source_vocab_size, cell, units, embed_dim, dropout, ngram_buckets)
    decoder = _decoder(target_vocab_size, cell, units, embed_dim, dropout)
    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    memory, *states = encoder(source)
    logits, *_ = decoder([target, source, memory, *states])
    return keras.Model([source, target], logits, name=name)


def _encoder(
    vocab_size: int, cell: str, units: Sequence[int], embed_dim: int, dropout: float, ngram_buckets: int | None
) -> keras.Model:
    source = keras.Input((None,), dtype="int32", name="source")
    # Not the decoder's name: on PyTorch, Keras clears the gradient of only one of two variables with the same path.
    x = keras.layers.Embedding(vocab_size, embed_dim, name="source_embedding")(source)
    x, states = dropped(x, dropout), []
    if ngram_buckets:
        x = keras.layers.Concatenate()([x, _ngram_vectors(source, ngram_buckets, max(1, embed_dim // 2))])
    for n in units:
        layer = CELLS[cell](n, return_sequences=True, return_state=True)
        x, *last = keras.layers.Bidirectional(layer)(x, mask=ops.not_equal(source, 0))
        x = dropped(x, dropout)
        for forward, backward in zip(last[: len(last) // 2], last[len(last) // 2 :], strict=True):
            both = keras.layers.Concatenate()([forward, backward])
            states.append(keras.layers.Dense(n, activation="tanh", name=f"state_{len(states)}")(both))
    memory = keras.layers.Dense(units[-1], use_bias=False, name="memory")(x)
    return keras.Model(source, [memory, *states], name=_layer_names.ENCODER)


@keras.saving.register_keras_serializable(package="dlguide")
class _HashedNgrams(keras.layers.Layer):
    """Number the n-grams around each token by a hash: a row of a table with `buckets` rows for each of `NGRAMS`.

    Outside of the sequence all tokens count as 0. From token ids `(batch, length)` to numbers `(batch, length, 4)`.
    """

    def __init__(self, buckets: int, **kwargs):
        super().__init__(**kwargs)
        self.buckets = buckets

    def call(self, tokens: keras.KerasTensor) -> keras.KerasTensor:
        tokens, length = ops.cast(tokens, "int32"), ops.shape(tokens)[1]
        padded = ops.pad(tokens, [(0, 0), (2, 2)])

        def numbers(i, first, last):
            code = ops.zeros_like(tokens)
            for place in range(2 + first, 3 + last):
                code = ops.mod(code * FACTOR + padded[:, place : place + length] + 1, PRIME)
            return i * self.buckets + ops.mod(code, self.buckets)

        return ops.stack([numbers(i, *window) for i, window in enumerate(NGRAMS)], axis=-1)

    def compute_output_spec(self, tokens):
        return keras.KerasTensor((*tokens.shape, len(NGRAMS)), "int32")

    def get_config(self):
        return {**super().get_config(), "buckets": self.buckets}


def _ngram_vectors(source, buckets: int, dim: int):
    """Return the vectors of the n-grams at each token, side by side."""
    numbers = _HashedNgrams(buckets, name="ngram_numbers")(source)
    vectors = keras.layers.Embedding(len(NGRAMS) * buckets, dim, name="ngram_embedding")(numbers)
    vectors = keras.layers.Dropout(0.5, noise_shape=(None, None, len(NGRAMS), 1))(vectors)
    return keras.layers.Reshape((-1, len(NGRAMS) * dim))(vectors)


def _decoder(vocab_size: int, cell: str, units: Sequence[int], embed_dim: int, dropout: float) -> keras.Model:
    target = keras.Input((None,), dtype="int32", name="target")
    source = keras.Input((None,), dtype="int32", name="source")
    memory = keras.Input((None, units[-1]), name="memory")
    # No mask: right-padding comes after all that counts, and skipping it costs time.
    x = keras.layers.Embedding(vocab_size, embed_dim, name="target_embedding")(target)
    x, states, last = dropped(x, dropout), [], []
    for n in units:
        initial = [keras.Input((n,)) for _ in range(2 if cell == "lstm" else 1)]
        states += initial
        x, *final = CELLS[cell](n, return_sequences=True, return_state=True)(x, initial_state=initial)
        x = dropped(x, dropout)
        last += final
    scores = ops.matmul(x, ops.transpose(memory, (0, 2, 1)))
    weights = _SourceSoftmax(name=_layer_names.SOURCE_ATTENTION)(scores, source)
    x = keras.layers.Concatenate()([x, ops.matmul(weights, memory)])
    x = dropped(keras.layers.Dense(units[-1], activation="tanh")(x), dropout)
    logits = keras.layers.Dense(vocab_size, name="logits")(x)
    return keras.Model([target, source, memory, *states], [logits, weights, *last], name=_layer_names.DECODER)


@keras.saving.register_keras_serializable(package="dlguide")
class _SourceSoftmax(keras.layers.Layer):
    """Softmax of scores `(batch, length, source length)` over a source's token ids `(batch, source length)`."""

    def call(self, scores: keras.KerasTensor, source: keras.KerasTensor) -> keras.KerasTensor:
        return _softmax(scores + (ops.cast(ops.equal(source, 0), scores.dtype) * HIDDEN)[:, None, :])


def _encoder_and_decoder(model) -> tuple[keras.Model, keras.Model]:
    """Return the encoder and the decoder of an `encoder_decoder`, or raise."""
    models = _layer_names.layers_by_name(model, keras.Model)
    decoder = models.get(_layer_names.DECODER)
    if _layer_names.SOURCE_ATTENTION not in _layer_names.layers_by_name(decoder):
        raise _checks.error("model", "made by `encoder_decoder`", getattr(model, "name", model))
    encoder = models[_layer_names.ENCODER]
    if keras.backend.backend() == "tensorflow":  # XLA would compile again for each length.
        encoder.jit_compile = decoder.jit_compile = False
    return encoder, decoder


def alignment(model: keras.Model, source: ArrayLike, target: ArrayLike) -> np.ndarray:
    """Return how much each step of the decoder attends to each token of the source.

    Args:
        model: A model of `encoder_decoder`.
        source: Token ids of shape `(batch, source length)`, or `(source length,)` for one source.
        target: Token ids that the decoder reads, of shape `(batch, target length)`, or `(target length,)`: the first
            one is the start, and row t of the result belongs to the prediction of the token after `target[:, t]`.

    Returns:
        An array of shape `(batch, target length, source length)`, without the first axis for one source. Each row
        sums to 1, and padding of the source gets 0; for a source of padding alone all are 0.

    Raises:
        ValueError: If the model is another one, or if the tokens do not fit it or each other.

    Example:
        >>> alignment(encoder_decoder(9, 7), [1, 2, 3], [2, 4]).shape
        (2, 3)

    Reference:
        Bahdanau, Cho & Bengio, "Neural machine translation by jointly learning to align and translate" (2015).
    """
    encoder, decoder = _encoder_and_decoder(model)
    source = _data_checks.array("source", source, (1, 2))
    target = _data_checks.array("target", target, (1, 2))
    if source.shape[:-1] != target.shape[:-1]:
        must = "`source` and `target` must have the same number of sequences"
        raise _checks.shape_error(must, source=source, target=target)
    _data_checks.tokens("source", source, encoder)
    _data_checks.tokens("target", target, decoder)

    sources, targets = np.atleast_2d(source).astype("int32"), np.atleast_2d(target).astype("int32")
    weights = decoder.predict([targets, sources, *encoder.predict(sources, verbose=0)], verbose=0)[1]
    weights = weights * (sources != 0)[:, None, :].astype(weights.dtype)
    return weights if source.ndim == 2 else weights[0]
