"""A deep network of residual blocks in NumPy: each adds two dense layers to its input, then standardises the sum.

This order, with the normalisation behind the sum, is that of the first Transformer (Vaswani et al., 2017). Weights and
layers are those of `_network`, with the sizes inputs, width, width twice for each block, classes.
"""

import numpy as np

from questions import _network


def outputs(layers: list, x: np.ndarray) -> list[np.ndarray]:
    """Return the output of each block, and the logits."""
    logits, _, blocks = _forward(layers, x)
    return [*(after for _, _, after, _ in blocks), logits]


def gradient(layers: list, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the derivative of the mean cross-entropy by each weight: back-propagation."""
    logits, last, blocks = _forward(layers, x)
    error = np.exp(_network.log_softmax(logits))
    error[np.arange(len(y)), y] -= 1
    error /= np.float32(len(y))
    parts = [error.sum(axis=0), (last.T @ error).ravel()]
    error = error @ layers[-1][0].T
    for number, (before, hidden, after, size) in reversed([*enumerate(blocks)]):
        (first, _), (second, _) = layers[1 + 2 * number : 3 + 2 * number]
        along = after * (error * after).mean(axis=1, keepdims=True)
        error = (error - error.mean(axis=1, keepdims=True) - along) / size
        inner = (error @ second.T) * (hidden > 0)
        parts += [error.sum(axis=0), (hidden.T @ error).ravel(), inner.sum(axis=0), (before.T @ inner).ravel()]
        error = error + inner @ first.T
    parts += [error.sum(axis=0), (x.T @ error).ravel()]
    return np.concatenate(parts[::-1])


def _forward(layers: list, x: np.ndarray) -> tuple:
    """Return the logits, the input of the last layer, and of each block what its derivative needs."""
    value, blocks = x @ layers[0][0] + layers[0][1], []
    for (first, first_bias), (second, second_bias) in zip(layers[1:-1:2], layers[2:-1:2], strict=True):
        hidden = np.maximum(value @ first + first_bias, 0)
        total = value + hidden @ second + second_bias
        centred = total - total.mean(axis=1, keepdims=True)
        size = np.sqrt((centred**2).mean(axis=1, keepdims=True) + np.float32(1e-5))
        blocks.append((value, hidden, centred / size, size))
        value = centred / size
    return value @ layers[-1][0] + layers[-1][1], value, blocks
