"""Transformers: a classifier of token sequences, and a language model that writes text."""

import keras
import numpy as np
from keras import ops

from dlguide import _checks, _data_checks
from dlguide.attention_layers import MaskedMean, PositionEmbedding, SelfAttention


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

    Token and learned position embeddings, `num_layers` blocks of self-attention and two dense layers (ReLU
    between them), each with normalisation before it and the input added after it, a last normalisation, and
    the mean over the sequence. The normalisation has no weights of its own. Padding (id 0) is neither attended to
    nor part of the mean; a sequence that is all padding gets the answer of a mean of zero.

    Args:
        vocab_size: Number of token ids, padding included, at least 2.
        max_length: Longest sequence, at least 1; shorter ones need no padding up to it.
        num_outputs: Number of outputs, at least 1: one per class or label (logits), one logit for two
            classes, or one per number of a regression.
        embed_dim: Width of the model, a multiple of `num_heads`.
        num_heads: Number of attention heads, at least 1, each `embed_dim / num_heads` wide.
        ff_dim: Width of the hidden dense layer of each block, at least 1.
        num_layers: Number of blocks, at least 1.
        dropout: Share dropped in training of the embeddings and of what each half of a block adds,
            in [0, 1). Attention weights are not dropped, which leaves a backend its fast kernel.
        name: Name of the model.

    Returns:
        An uncompiled `keras.Model` from `(batch, length)` integers to `(batch, num_outputs)`: logits,
        to train with `from_logits=True`, or plain numbers. `attention_weights` shows what it attends to.

    Raises:
        ValueError: If an argument is out of range, or `embed_dim` no multiple of `num_heads`.

    Example:
        >>> transformer_classifier(60, max_length=14, num_outputs=15).output_shape
        (None, 15)

    Reference:
        Vaswani et al., "Attention is all you need" (2017); normalisation first: Xiong et al., "On
        layer normalization in the transformer architecture" (2020); without weights: Groeneveld et al., "OLMo:
        accelerating the science of language models" (2024).
    """
    num_outputs = _checks.integer("num_outputs", num_outputs)
    inputs, x = _blocks(vocab_size, max_length, embed_dim, num_heads, ff_dim, num_layers, dropout, is_causal=False)
    x = MaskedMean(name="mean")(x)
    outputs = keras.layers.Dense(num_outputs, name="output")(x)
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
    name: str = "transformer_language_model",
) -> keras.Model:
    """Build a transformer decoder that predicts each next token from those before it.

    The blocks are those of `transformer_classifier`, with attention that never looks ahead, so that
    padding behind a sequence changes nothing and needs no mask. `generate` writes text with it.

    Args:
        vocab_size: Number of token ids, padding included, at least 2.
        max_length: Longest sequence, at least 1.
        embed_dim: Width of the model, a multiple of `num_heads`.
        num_heads: Number of attention heads, at least 1, each `embed_dim / num_heads` wide.
        ff_dim: Width of the hidden dense layer of each block, at least 1.
        num_layers: Number of blocks, at least 1.
        dropout: Share dropped in training of the embeddings and of what each half of a block adds,
            in [0, 1).
        name: Name of the model.

    Returns:
        An uncompiled `keras.Model` from `(batch, length)` integers to `(batch, length, vocab_size)`
        logits of the token after each. Train it with `from_logits=True`, on targets that are the
        input one token on, and `ignore_class=0` where some of them are padding.

    Raises:
        ValueError: If an argument is out of range, or `embed_dim` no multiple of `num_heads`.

    Example:
        >>> transformer_language_model(66, max_length=128).output_shape
        (None, None, 66)

    Reference:
        Vaswani et al., "Attention is all you need" (2017); Radford et al., "Improving language
        understanding by generative pre-training" (2018).
    """
    vocab_size = _checks.integer("vocab_size", vocab_size, at_least=2)
    inputs, x = _blocks(vocab_size, max_length, embed_dim, num_heads, ff_dim, num_layers, dropout, is_causal=True)
    outputs = keras.layers.Dense(vocab_size, name="logits")(x)
    return keras.Model(inputs, outputs, name=name)


def _blocks(vocab_size, max_length, embed_dim, num_heads, ff_dim, num_layers, dropout, is_causal: bool):
    """Check what both transformers share and build it: `(batch, length)` ids to `(batch, length, embed_dim)`."""
    vocab_size = _checks.integer("vocab_size", vocab_size, at_least=2)
    max_length = _checks.integer("max_length", max_length)
    embed_dim = _checks.integer("embed_dim", embed_dim)
    num_heads = _checks.integer("num_heads", num_heads)
    ff_dim = _checks.integer("ff_dim", ff_dim)
    num_layers = _checks.integer("num_layers", num_layers)
    dropout = _checks.rate("dropout", dropout)
    if embed_dim % num_heads:
        raise ValueError(
            f"`embed_dim` must be a multiple of `num_heads`. Received: embed_dim={embed_dim}, num_heads={num_heads}"
        )

    def dropped(x):
        return keras.layers.Dropout(dropout)(x) if dropout else x

    def normalised(x, name=None):
        # The dense layers after it can learn the scale; a shift is left out, as in OLMo.
        return keras.layers.LayerNormalization(center=False, scale=False, name=name)(x)

    inputs = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(vocab_size, embed_dim, mask_zero=not is_causal, name="token_embedding")(inputs)
    x = dropped(PositionEmbedding(max_length, name="position_embedding")(x))
    for i in range(num_layers):
        normed = normalised(x, f"attention_norm_{i}")
        attention = SelfAttention(num_heads, is_causal, name=f"attention_{i}")
        x = keras.layers.Add()([x, dropped(attention(normed))])
        hidden = keras.layers.Dense(ff_dim, activation="relu")(normalised(x))
        x = keras.layers.Add()([x, dropped(keras.layers.Dense(embed_dim)(hidden))])
    return inputs, normalised(x, "final_norm")


def attention_weights(model: keras.Model, tokens, *, layer: int = 0) -> np.ndarray:
    """Return how much each token attends to each other one, in one layer of a transformer.

    Args:
        model: A model of `transformer_classifier` or `transformer_language_model`.
        tokens: Token ids of shape `(batch, length)`, or `(length,)` for one sequence.
        layer: Number of the block, from 0.

    Returns:
        An array of shape `(batch, num_heads, length, length)`, without the first axis for one
        sequence; each row, one token's attention, sums to 1, but those of padding have no meaning.

    Raises:
        ValueError: If the model is another one, has no such layer, or cannot read the tokens.

    Example:
        >>> attention_weights(transformer_classifier(9, 5, 2), np.array([1, 2, 3])).shape
        (4, 3, 3)
    """
    names = [each.name for each in model.layers]
    num_layers = sum(name.startswith("attention_norm_") for name in names)
    if not num_layers or "position_embedding" not in names:
        raise _checks.error("model", "made by a transformer builder", model.name)
    layer = _checks.integer("layer", layer, at_least=0)
    if layer >= num_layers:
        raise _checks.error("layer", f"an integer in [0, {num_layers})", layer)
    tokens = _data_checks.array("tokens", tokens, (1, 2))
    batch = np.atleast_2d(tokens)
    _data_checks.tokens("tokens", batch, model)

    normed = keras.Model(model.input, model.get_layer(f"attention_norm_{layer}").output).predict(batch, verbose=0)
    attention = model.get_layer(f"attention_{layer}")
    weights = ops.convert_to_numpy(attention.attention_weights(normed, None if attention.is_causal else batch != 0))
    return weights if tokens.ndim == 2 else weights[0]


def generate(
    model: keras.Model,
    prompt,
    num_tokens: int,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    seed: int = 0,
) -> np.ndarray:
    """Let a language model write on, one token after the other.

    Every token is one call of the model on a sequence of `max_length` tokens, so that nothing is
    compiled again. Keys and values are not kept: past `max_length` every token's position changes,
    and with it all of them. Padding is never drawn.

    Args:
        model: A model of `transformer_language_model`.
        prompt: Token ids of shape `(length,)`, at least one; of a long one the last `max_length` count.
        num_tokens: Number of tokens to write, at least 1.
        temperature: Divides the logits: below 1 likely tokens become likelier; 0 takes the likeliest.
        top_k: Draw from the `top_k` likeliest tokens alone, at least 1; None for all.
        seed: Seed of the draws, at least 0: the same tokens wherever the logits are the same.

    Returns:
        The new tokens, an int32 array of shape `(num_tokens,)`.

    Raises:
        ValueError: If an argument is out of range, or the model is another one.

    Example:
        >>> generate(transformer_language_model(9, max_length=5), [1, 2], 3).shape
        (3,)
    """
    if "position_embedding" not in [layer.name for layer in model.layers] or len(model.output_shape) != 3:
        raise _checks.error("model", "made by `transformer_language_model`", model.name)
    num_tokens = _checks.integer("num_tokens", num_tokens)
    temperature = _checks.number("temperature", temperature, at_least=0)
    top_k = _checks.integer("top_k", top_k, optional=True)
    rng = np.random.default_rng(_checks.integer("seed", seed, at_least=0))
    max_length = model.get_layer("position_embedding").max_length
    if not np.size(prompt):
        raise _checks.error("prompt", "at least one token", prompt)
    prompt = _data_checks.array("prompt", prompt, (1,))[-max_length:]
    _data_checks.tokens("prompt", prompt, model)

    window, length, written = np.zeros((1, max_length), "int32"), len(prompt), []
    window[0, :length] = prompt
    for _ in range(num_tokens):
        logits = np.asarray(model.predict_on_batch(window)[0, length - 1], "float64")
        token = _drawn(logits, temperature, top_k, rng)
        written.append(token)
        if length == max_length:
            window[0, :-1] = window[0, 1:].copy()
            length -= 1
        window[0, length] = token
        length += 1
    return np.array(written, "int32")


def _drawn(logits: np.ndarray, temperature: float, top_k: int | None, rng) -> int:
    logits[0] = -np.inf  # Padding.
    if temperature == 0:
        return int(logits.argmax())
    if top_k is not None and top_k < len(logits):
        logits[np.argsort(-logits, kind="stable")[top_k:]] = -np.inf
    # The largest of the logits with Gumbel noise is a draw from their softmax.
    return int(((logits - logits.max()) / temperature + rng.gumbel(size=len(logits))).argmax())
