"""Layers of transformers: positions, self-attention, the mean of a sequence."""

import keras
import numpy as np
from keras import ops

from dlguide import _checks
from dlguide.errors import ArgumentError


def _sinusoids(shape, dtype=None):
    """Return the initial position embeddings: waves of many lengths, so that neighbours start with similar vectors."""
    length, features = shape
    angle = np.arange(length)[:, None] / 10_000 ** (2 * (np.arange(features) // 2) / features)
    # 0.05 is about the size of the token embeddings.
    return ops.convert_to_tensor(0.05 * np.where(np.arange(features) % 2, np.cos(angle), np.sin(angle)), dtype)


@keras.saving.register_keras_serializable(package="dlguide")
class PositionEmbedding(keras.layers.Layer):
    """Add a learned vector to each position of a sequence; the vectors start as sinusoids.

    Input and output: `(batch, length, features)`, with `length` at most `max_length`.
    """

    def __init__(self, max_length: int, **kwargs):
        super().__init__(**kwargs)
        self.max_length = _checks.integer("max_length", max_length)
        self.supports_masking = True

    def build(self, input_shape):
        shape = (self.max_length, input_shape[-1])
        self.embeddings = self.add_weight(shape=shape, initializer=_sinusoids, name="embeddings")

    def call(self, x):
        return x + self.embeddings[: ops.shape(x)[1]]

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "max_length": self.max_length}


@keras.saving.register_keras_serializable(package="dlguide")
class SelfAttention(keras.layers.Layer):
    """Self-attention of several heads, without biases; padding is not attended to.

    The output equals that of Keras's `MultiHeadAttention`, except at steps that may attend to nothing: there it has no
    meaning. Scaling the queries instead of the scores, and adding a number to the scores of padding, saves time on
    TensorFlow.

    Input and output: `(batch, length, features)`, with a number of features that is a multiple of `num_heads`. If
    `is_causal`, a step attends only to itself and to earlier steps.
    """

    def __init__(self, num_heads: int, is_causal: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.num_heads = _checks.integer("num_heads", num_heads)
        self.is_causal = _checks.flag("is_causal", is_causal)
        self.supports_masking = True

    def build(self, input_shape):
        features = input_shape[-1]
        if features % self.num_heads:
            raise ArgumentError(
                "the features of the input must be a multiple of `num_heads`. "
                f"Received: {features} features, num_heads={self.num_heads}"
            )
        for name in ("query", "key", "value", "projection"):
            # Small initial weights, as in GPT-2: larger scores fix the attention early, and it learns less.
            kernel = "glorot_uniform" if name == "projection" else keras.initializers.RandomNormal(stddev=0.02)
            options = {"use_bias": False, "kernel_initializer": kernel, "dtype": self.dtype_policy, "name": name}
            dense = keras.layers.Dense(features, **options)
            dense.build(input_shape)
            setattr(self, name, dense)

    def call(self, x, mask=None):
        if keras.backend.backend() == "torch":  # PyTorch has one kernel for all of this.
            parts = [self._split(dense(x)) for dense in (self.query, self.key, self.value)]
            mask = None if mask is None else mask[:, None, None, :]
            heads = ops.dot_product_attention(*parts, mask=mask, is_causal=self.is_causal)
        else:
            heads = ops.matmul(self.attention_weights(x, mask), self._heads(self.value(x)))
            heads = ops.transpose(heads, (0, 2, 1, 3))
        return self.projection(ops.reshape(heads, (ops.shape(x)[0], -1, x.shape[-1])))

    def attention_weights(self, x, mask=None):
        """Return how much each step attends to each other one: `(batch, num_heads, length, length)`, rows of sum 1."""
        queries = self._heads(self.query(x)) * (x.shape[-1] // self.num_heads) ** -0.5
        scores = ops.matmul(queries, ops.transpose(self._heads(self.key(x)), (0, 1, 3, 2)))
        if mask is not None:
            scores += self._hidden(ops.logical_not(mask), scores.dtype)[:, None, None, :]
        if self.is_causal:
            steps = ops.arange(ops.shape(x)[1])
            scores += self._hidden(steps[:, None] < steps, scores.dtype)
        # Keras warns of a softmax over one step.
        return ops.ones_like(scores) if scores.shape[-1] == 1 else ops.softmax(scores)

    def _split(self, x):
        # -1 instead of the length: with the length, ONNX Runtime cannot load an exported file.
        return ops.reshape(x, (ops.shape(x)[0], -1, self.num_heads, x.shape[-1] // self.num_heads))

    def _heads(self, x):
        return ops.transpose(self._split(x), (0, 2, 1, 3))

    def _hidden(self, is_hidden, dtype):
        return ops.cast(is_hidden, dtype) * -3e4  # Weight zero after the softmax; float16 has no -1e9.

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "num_heads": self.num_heads, "is_causal": self.is_causal}


@keras.saving.register_keras_serializable(package="dlguide")
class MaskedMean(keras.layers.Layer):
    """Mean over the steps that are not padding; for a fully padded sequence zero, where Keras's average gives NaN.

    Input: `(batch, length, features)`. Output: `(batch, features)`.
    """

    def call(self, x, mask=None):
        if mask is None:
            return ops.mean(x, axis=1)
        weights = ops.cast(mask, x.dtype)[:, :, None]
        return ops.sum(x * weights, axis=1) / ops.maximum(ops.sum(weights, axis=1), 1)

    def compute_mask(self, x, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[2])
