"""A picture of attention weights."""

from collections.abc import Sequence

import numpy as np

from dlguide.errors import ArgumentError
from dlguide.plots._figure import new_figure


def attention(weights, tokens: Sequence[str]):
    """Draw the attention weights of one sequence, a panel for each head.

    Args:
        weights: Attention weights of shape `(heads, length, length)`, such as `attention.attention_weights` returns.
            Rows and columns beyond `tokens` (padding) are left out.
        tokens: The symbol of each token, at least one.

    Returns:
        A `matplotlib.figure.Figure`. A row shows what one token attends to: the darker, the more.

    Raises:
        ValueError: If the weights have another shape, or there are more tokens than rows.

    Example:
        >>> len(attention(np.full((2, 3, 3), 1 / 3), "abc").axes)
        2
    """
    weights, n = np.asarray(weights), len(tokens)
    if weights.ndim != 3 or weights.shape[1] != weights.shape[2] or not 0 < n <= weights.shape[1]:
        raise ArgumentError(
            "`weights` must be of shape (heads, length, length), with a length of at least that of `tokens`. "
            f"Received: weights of shape {weights.shape}, tokens={tokens!r}"
        )
    weights = weights[:, :n, :n]
    with new_figure((1 + 0.3 * n) * len(weights), 1.4 + 0.3 * n) as figure:
        for head, axes in enumerate(figure.subplots(1, len(weights), squeeze=False)[0]):
            axes.imshow(weights[head], cmap="Blues", vmin=0, vmax=weights.max())
            axes.set_xticks(range(n), list(tokens))
            axes.set_yticks(range(n), list(tokens))
            axes.set(xlabel="attends to", ylabel="" if head else "token", title=f"head {head}")
    return figure
