"""Layers of attention: positions, and self-attention."""

import keras
import numpy as np
from keras import ops

from dlguide import _checks

HIDDEN = -3e4
"""Added to a score, it leaves weight zero after the softmax; float16 has no -1e9."""
ROTARY_BASE = 1024
"""The slowest pair of features turns by one radian in about as many steps; texts here are shorter."""
ROTARY_SCALE = 10.0


def _check_length(shape, max_length: int | None) -> None:
    """Refuse a sequence longer than the positions: a single one would be repeated in silence."""
    if max_length is not None and shape[1] is not None and shape[1] > max_length:
        raise ValueError(f"sequences must have at most {max_length} steps. Received: {shape[1]} steps")


def _softmax(scores):
    """Return a softmax over the last axis, without Keras's warning of one step."""
    return ops.ones_like(scores) if scores.shape[-1] == 1 else ops.softmax(scores)


def _sinusoids(shape, dtype=None):
    """Return the initial position embeddings: waves of many lengths, so that neighbours start with similar vectors."""
    length, features = shape
    angle = np.arange(length)[:, None] / 10_000 ** (2 * (np.arange(features) // 2) / features)
    # 0.05 is about the size of the token embeddings.
    return ops.convert_to_tensor(0.05 * np.where(np.arange(features) % 2, np.cos(angle), np.sin(angle)), dtype)


@keras.saving.register_keras_serializable(package="dlguide")
class PositionEmbedding(keras.layers.Layer):
    """Add a learned vector to each position of a sequence; the vectors start as sinusoids.

    Input and output: floats of shape `(batch, length, features)`, with `length` at most `max_length`.

    Args:
        max_length: Number of positions, at least 1. The weights are of shape `(max_length, features)`.
        **kwargs: Of `keras.layers.Layer`.

    Example:
        >>> PositionEmbedding(5)(np.zeros((2, 3, 8))).shape == (2, 3, 8)
        True
    """

    def __init__(self, max_length: int, **kwargs):
        super().__init__(**kwargs)
        self.max_length = _checks.integer("max_length", max_length)
        self.supports_masking = True

    def build(self, input_shape):
        shape = (self.max_length, input_shape[-1])
        self.embeddings = self.add_weight(shape=shape, initializer=_sinusoids, name="embeddings")

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        _check_length(x.shape, self.max_length)
        return x + self.embeddings[: ops.shape(x)[1]]

    def compute_output_shape(self, input_shape):
        _check_length(input_shape, self.max_length)
        return input_shape

    def get_config(self):
        return {**super().get_config(), "max_length": self.max_length}


@keras.saving.register_keras_serializable(package="dlguide")
class SelfAttention(keras.layers.Layer):
    """Self-attention of several heads, without biases; padding is not attended to.

    Keras's `MultiHeadAttention` gives the same output without `max_length`, but has no rotary positions, and its steps
    take up to 1.10 times as long (2 CPU cores). Steps that may attend to nothing have no meaning.

    Input and output: floats of shape `(batch, length, features)`, with a number of features that is a multiple of
    `num_heads`. The mask, if there is one, is of shape `(batch, length)`, False for padding.

    Args:
        num_heads: Number of heads, at least 1, each of `features / num_heads` features.
        is_causal: Whether a step attends only to itself and to earlier steps.
        max_length: Length of the longest sequence, at least 1, for rotary attention: queries and keys of each head get
            the length 1, so that a score is 10 times a cosine, and each pair of their features is rotated by an angle
            that grows with the position, so that scores depend on distances. None for plain attention.
        **kwargs: Of `keras.layers.Layer`.

    Example:
        >>> SelfAttention(num_heads=2, is_causal=True)(np.zeros((3, 5, 8))).shape == (3, 5, 8)
        True
    """

    def __init__(self, num_heads: int, is_causal: bool = False, max_length: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.num_heads = _checks.integer("num_heads", num_heads)
        self.is_causal = _checks.flag("is_causal", is_causal)
        self.max_length = _checks.integer("max_length", max_length, optional=True)
        self.supports_masking = True

    def build(self, input_shape):
        features = input_shape[-1]
        if features % (self.num_heads * (2 if self.max_length else 1)):
            must = "the features of the input must be a multiple of `num_heads`, with `max_length` of twice `num_heads`"
            raise ValueError(f"{must}. Received: {features} features, num_heads={self.num_heads}")
        for name in ("query", "key", "value", "projection"):
            # Small initial weights, as in GPT-2: larger scores fix the attention early, and it learns less.
            is_small = name != "projection" and self.max_length is None
            kernel = keras.initializers.RandomNormal(stddev=0.02) if is_small else "glorot_uniform"
            options = {"use_bias": False, "kernel_initializer": kernel, "dtype": self.dtype_policy, "name": name}
            dense = keras.layers.Dense(features, **options)
            dense.build(input_shape)
            setattr(self, name, dense)

    def call(self, x: keras.KerasTensor, mask: keras.KerasTensor | None = None) -> keras.KerasTensor:
        if keras.backend.backend() == "torch":  # PyTorch has one kernel for all of this.
            _check_length(x.shape, self.max_length)
            queries, keys = (self._placed(self._split(dense(x))) for dense in (self.query, self.key))
            mask = None if mask is None else mask[:, None, None, :]
            values, scale = self._split(self.value(x)), self._scale(x)
            heads = ops.dot_product_attention(queries, keys, values, mask=mask, scale=scale, is_causal=self.is_causal)
        else:
            values = ops.transpose(self._split(self.value(x)), (0, 2, 1, 3))
            heads = ops.matmul(self.attention_weights(x, mask), values)
            heads = ops.transpose(heads, (0, 2, 1, 3))
        return self.projection(ops.reshape(heads, (ops.shape(x)[0], -1, x.shape[-1])))

    def attention_weights(self, x: keras.KerasTensor, mask: keras.KerasTensor | None = None) -> keras.KerasTensor:
        """Return how much each step attends to each other one: rows of sum 1, `(batch, num_heads, length, length)`."""
        _check_length(x.shape, self.max_length)
        queries, keys = (self._placed(self._split(dense(x))) for dense in (self.query, self.key))
        queries = ops.transpose(queries, (0, 2, 1, 3)) * self._scale(x)
        scores = ops.matmul(queries, ops.transpose(keys, (0, 2, 3, 1)))
        if mask is not None:
            scores += (ops.cast(ops.logical_not(mask), scores.dtype) * HIDDEN)[:, None, None, :]
        if self.is_causal:
            steps = ops.arange(ops.shape(x)[1])
            scores += ops.cast(steps[:, None] < steps, scores.dtype) * HIDDEN
        return _softmax(scores)

    def _scale(self, x) -> float:
        return (x.shape[-1] // self.num_heads) ** -0.5 if self.max_length is None else ROTARY_SCALE

    def _placed(self, x):
        """With `max_length`, normalise and rotate queries or keys `(batch, length, num_heads, features)`."""
        if self.max_length is None:
            return x
        half = x.shape[-1] // 2
        angles = np.arange(self.max_length)[:, None] * ROTARY_BASE ** (-np.arange(half) / half)
        cosines, sines = (ops.convert_to_tensor(f(angles), x.dtype)[: ops.shape(x)[1], None] for f in (np.cos, np.sin))
        x = x * ops.rsqrt(ops.sum(ops.square(x), axis=-1, keepdims=True) + 1e-6)
        first, second = x[..., :half], x[..., half:]
        rotated = [first * cosines - second * sines, first * sines + second * cosines]
        return ops.concatenate(rotated, axis=-1)

    def _split(self, x):
        # -1 instead of the length: with the length, ONNX Runtime cannot load an exported file.
        return ops.reshape(x, (ops.shape(x)[0], -1, self.num_heads, x.shape[-1] // self.num_heads))

    def compute_output_shape(self, input_shape):
        _check_length(input_shape, self.max_length)
        return input_shape

    def get_config(self):
        config = {"num_heads": self.num_heads, "is_causal": self.is_causal, "max_length": self.max_length}
        return {**super().get_config(), **config}
