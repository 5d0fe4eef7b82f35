"""Transformers: a classifier of token sequences, and a language model for `generation.generate`."""

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from dlguide import _checks, _data_checks, _layer_names
from dlguide._dense_layers import dropped
from dlguide.attention_layers import PositionEmbedding, SelfAttention


def transformer_classifier(
    vocab_size: int,
    max_length: int,
    num_outputs: int,
    *,
    embed_dim: int = 64,
    num_heads: int = 4,
    ff_dim: int = 256,
    num_layers: int = 2,
    dropout: float = 0.1,
    name: str = "transformer_classifier",
) -> keras.Model:
    """Build a transformer encoder with `num_outputs` outputs for token sequences.

    The sum of token and learned position embeddings goes through `num_layers` blocks, a last normalisation and the
    mean over the sequence. A block is self-attention and two dense layers (ReLU between them); each of the two halves
    normalises its input, without weights, and its output is added to this input. Padding (id 0) is neither attended to
    nor part of the mean; for a fully padded sequence the mean is zero.

    Args:
        vocab_size: Number of token ids, padding included, at least 2.
        max_length: Longest sequence, at least 1; shorter ones need no padding.
        num_outputs: As in `mlp`.
        embed_dim: Width of the model, a multiple of `num_heads`.
        num_heads: Number of attention heads, at least 1, each `embed_dim / num_heads` wide.
        ff_dim: Width of the hidden dense layer of each block, at least 1.
        num_layers: Number of blocks, at least 1.
        dropout: Share of the embeddings and of the output of each half of a block dropped in training, in [0, 1).
        name: Name of the model.

    Returns:
        An uncompiled `keras.Model` from `(batch, length)` integers to `(batch, num_outputs)`: logits, to train with
        `from_logits=True`, or values.

    Raises:
        ValueError: If an argument is out of range, or `embed_dim` is not a multiple of `num_heads`.

    Example:
        >>> transformer_classifier(60, max_length=14, num_outputs=15).output_shape
        (None, 15)

    Reference:
        Vaswani et al., "Attention is all you need" (2017); normalisation first: Xiong et al., "On layer normalization
        in the transformer architecture" (2020); without weights: Groeneveld et al., "OLMo: accelerating the science of
        language models" (2024).
    """
    num_outputs = _checks.integer("num_outputs", num_outputs)
    inputs, x = _blocks(vocab_size, max_length, embed_dim, num_heads, ff_dim, num_layers, dropout, is_causal=False)
    # Keras's average would give NaN for a sequence that is all padding, and with it NaN for every weight.
    kept = ops.expand_dims(ops.cast(ops.not_equal(inputs, 0), x.dtype), -1)
    x = ops.sum(x * kept, axis=1) / ops.maximum(ops.sum(kept, axis=1), 1)
    outputs = keras.layers.Dense(num_outputs, name=_layer_names.OUTPUT)(x)
    return keras.Model(inputs, outputs, name=name)


def transformer_language_model(
    vocab_size: int,
    max_length: int,
    *,
    embed_dim: int = 128,
    num_heads: int = 4,
    ff_dim: int = 512,
    num_layers: int = 4,
    dropout: float = 0.1,
    modern: bool = False,
    name: str = "transformer_language_model",
) -> keras.Model:
    """Build a transformer decoder that predicts each next token from the tokens before it.

    The blocks are those of `transformer_classifier`, with causal attention: a token attends only to itself and to
    earlier ones. So right-padding needs no mask. A `modern` one learns faster: its attention is rotary and has
    normalised queries and keys, in place of the learned positions; its dense layers have squared ReLU; and a causal
    convolution per feature mixes each token's vector with those of the three tokens before it, after the embedding and
    before each attention.

    Args:
        vocab_size: Number of token ids, padding included, at least 2.
        max_length: Longest sequence, at least 1.
        embed_dim: As in `transformer_classifier`, and so are the next four.
        num_heads: Number of attention heads.
        ff_dim: Width of the hidden dense layer of each block.
        num_layers: Number of blocks.
        dropout: Share dropped in training.
        modern: Whether the blocks are changed as above. `embed_dim / num_heads` must then be even.
        name: Name of the model.

    Returns:
        An uncompiled `keras.Model` from `(batch, length)` integers to `(batch, length, vocab_size)` logits of the
        next token at each step. Train it with `from_logits=True`, on targets that are the input shifted by one token,
        and `ignore_class=0` if some of them are padding.

    Example:
        >>> transformer_language_model(66, max_length=128).output_shape
        (None, None, 66)

    Reference:
        Vaswani et al., "Attention is all you need" (2017); Radford et al., "Improving language understanding by
        generative pre-training" (2018). `modern`: So et al., "Primer: Searching for efficient transformers" (2021); Su
        et al., "RoFormer" (2021); Henry et al., "Query-key normalization for transformers" (2020).
    """
    sizes = embed_dim, num_heads, ff_dim, num_layers
    inputs, x = _blocks(vocab_size, max_length, *sizes, dropout, is_causal=True, modern=modern)
    outputs = keras.layers.Dense(int(vocab_size), name="logits")(x)
    return keras.Model(inputs, outputs, name=name)


def _blocks(
    vocab_size, max_length, embed_dim, num_heads, ff_dim, num_layers, dropout, is_causal: bool, modern: bool = False
):
    """Check the arguments of both transformers; return the input `(batch, length)` and the last block's output."""
    vocab_size = _checks.integer("vocab_size", vocab_size, at_least=2)
    max_length = _checks.integer("max_length", max_length)
    embed_dim = _checks.integer("embed_dim", embed_dim)
    num_heads = _checks.integer("num_heads", num_heads)
    ff_dim = _checks.integer("ff_dim", ff_dim)
    num_layers = _checks.integer("num_layers", num_layers)
    dropout = _checks.rate("dropout", dropout)
    modern = _checks.flag("modern", modern)
    if embed_dim % (num_heads * (2 if modern else 1)):
        must = f"`embed_dim` must be a multiple of {'twice ' * modern}`num_heads`"
        raise ValueError(f"{must}. Received: embed_dim={embed_dim}, num_heads={num_heads}")

    def normalised(x, name=None):
        # The dense layers after it can learn the scale; a shift is left out, as in OLMo.
        return keras.layers.LayerNormalization(center=False, scale=False, name=name)(x)

    def mixed(x):
        return _CausalConvolution()(x) if modern else x

    rotary_length = max_length if modern else None
    inputs = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(vocab_size, embed_dim, mask_zero=not is_causal, name="token_embedding")(inputs)
    x = mixed(x) if modern else PositionEmbedding(max_length, name=_layer_names.POSITIONS)(x)
    x = dropped(x, dropout)
    for i in range(num_layers):
        normed = mixed(normalised(x, f"{_layer_names.ATTENTION_NORM}{i}"))
        attention = SelfAttention(num_heads, is_causal, rotary_length, name=f"{_layer_names.ATTENTION}{i}")
        x = keras.layers.Add()([x, dropped(attention(normed), dropout)])
        hidden = keras.layers.Dense(ff_dim, activation="relu")(normalised(x))
        hidden = ops.square(hidden) if modern else hidden
        x = keras.layers.Add()([x, dropped(keras.layers.Dense(embed_dim)(hidden), dropout)])
    return inputs, normalised(x, "final_norm")


@keras.saving.register_keras_serializable(package="dlguide")
class _CausalConvolution(keras.layers.Layer):
    """Mix each feature with its values at the last three steps, without a bias; it starts as the identity.

    Keras's `DepthwiseConv1D` adds in another order: published numbers would differ in the last bits. The kernel is of
    shape `(4, features)`, the present step first.
    """

    def build(self, input_shape):
        def identity(shape, dtype=None):
            return ops.convert_to_tensor(np.eye(4, 1) * np.ones(shape), dtype)

        self.kernel = self.add_weight(shape=(4, input_shape[-1]), initializer=identity, name="kernel")

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        length = ops.shape(x)[1]
        padded = ops.pad(x, [(0, 0), (3, 0), (0, 0)])
        return sum(padded[:, 3 - i : 3 - i + length] * self.kernel[i] for i in range(4))

    def compute_output_shape(self, input_shape):
        return input_shape


def attention_weights(model: keras.Model, tokens: ArrayLike, *, layer: int = 0) -> np.ndarray:
    """Return how much each token attends to each other one, in one layer of a transformer.

    Args:
        model: A model of `transformer_classifier` or `transformer_language_model`.
        tokens: Token ids of shape `(batch, length)`, or `(length,)` for one sequence.
        layer: Number of the block, from 0.

    Returns:
        An array of shape `(batch, num_heads, length, length)`, without the first axis for one sequence. Each row is
        the attention of one token and sums to 1; the rows of padding have no meaning.

    Raises:
        ValueError: If the model is another one or has no such layer, or if the tokens do not fit it.

    Example:
        >>> attention_weights(transformer_classifier(9, 5, 2), np.array([1, 2, 3])).shape
        (4, 3, 3)
    """
    num_layers = sum(each.name.startswith(_layer_names.ATTENTION_NORM) for each in model.layers)
    if not num_layers:
        raise _checks.error("model", "made by a transformer builder", model.name)
    layer = _checks.integer("layer", layer, at_least=0)
    if layer >= num_layers:
        raise _checks.error("layer", f"an integer in [0, {num_layers})", layer)
    tokens = _data_checks.array("tokens", tokens, (1, 2))
    batch = np.atleast_2d(tokens)
    _data_checks.tokens("tokens", batch, model)

    attention = model.get_layer(f"{_layer_names.ATTENTION}{layer}")
    normed, *_ = keras.tree.flatten(attention.input)  # The mask of padding comes after it.
    normed = keras.Model(model.input, normed).predict(batch, verbose=0)
    weights = ops.convert_to_numpy(attention.attention_weights(normed, None if attention.is_causal else batch != 0))
    return weights if tokens.ndim == 2 else weights[0]
