"""Pictures of matrices: attention weights, and a confusion matrix."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from dlguide import _checks
from dlguide.plots._figure import names_of_classes, new_figure


def attention(weights: ArrayLike, tokens: Sequence[str], attended: Sequence[str] | None = None):
    """Draw the attention weights of one sequence, a panel for each head.

    Args:
        weights: Attention weights of shape `(heads, length, length)`, such as `attention.attention_weights` returns,
            or `(length, length)` of one head. Rows and columns beyond the tokens (padding) are left out.
        tokens: The symbol of each token, at least one.
        attended: The same of another sequence that they attend to, as in `sequence_to_sequence.alignment`; `weights` is
            then of shape `(heads, length, other length)` or `(length, other length)`. None for the same sequence.

    Returns:
        A `matplotlib.figure.Figure`. A row shows what one token attends to: the darker, the more.

    Raises:
        ValueError: If the weights have another shape, or there are more tokens than rows or columns.

    Example:
        >>> len(attention(np.full((2, 3, 3), 1 / 3), "abc").axes)
        2
    """
    weights, is_within = np.asarray(weights), attended is None
    weights = weights[None] if weights.ndim == 2 else weights
    attended = tokens if is_within else attended
    rows, columns = len(tokens), len(attended)
    fits = weights.ndim == 3 and 0 < rows <= weights.shape[1] and 0 < columns <= weights.shape[2]
    if not fits or (is_within and weights.shape[1] != weights.shape[2]):
        must = "`weights` must be of shape (heads, length, attended length), each of at least the length of its tokens"
        raise ValueError(f"{must}. Received: weights of shape {weights.shape}, {rows} and {columns} tokens")
    weights = weights[:, :rows, :columns]
    with new_figure((1 + 0.3 * columns) * len(weights), 1.4 + 0.3 * rows) as figure:
        for head, axes in enumerate(figure.subplots(1, len(weights), squeeze=False)[0]):
            axes.imshow(weights[head], cmap="Blues", vmin=0, vmax=weights.max())
            axes.set_xticks(range(columns), list(attended))
            axes.set_yticks(range(rows), list(tokens))
            title = f"head {head}" if is_within or len(weights) > 1 else ""
            axes.set(xlabel="attends to", ylabel="" if head else "token", title=title)
    return figure


def confusion_matrix(matrix: ArrayLike, class_names: Sequence[str] = ()):
    """Draw a confusion matrix: counts, coloured by their share of the true class.

    Args:
        matrix: Counts of shape `(classes, classes)`, a row for each true class, as `evaluation.evaluate` returns.
        class_names: A name for each class. If empty, its number.

    Returns:
        A `matplotlib.figure.Figure`. Zeros are left out.

    Raises:
        ValueError: If the matrix is not square, or the number of names differs.

    Example:
        >>> len(confusion_matrix([[3, 1], [0, 4]], ["cat", "dog"]).axes[0].texts)
        3
    """
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or len(matrix) != matrix.shape[-1] or not len(matrix):
        raise _checks.shape_error("`matrix` must be a square array", matrix=matrix)
    n = len(matrix)
    names = names_of_classes(class_names, n)

    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    with new_figure(2.2 + 0.5 * n, 1.8 + 0.5 * n) as figure:
        axes = figure.subplots()
        axes.imshow(np.sqrt(share), cmap="Blues", vmin=0, vmax=1)  # The root makes rare mistakes visible.
        for (row, column), count in np.ndenumerate(matrix):
            if count:
                colour = "white" if share[row, column] > 0.4 else "black"
                text = f"{count:.0f}" if count == round(count) else f"{count:g}"
                axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
        long = max(map(len, names)) > 3
        axes.set_xticks(range(n), names, rotation=45 if long else 0, ha="right" if long else "center")
        axes.set_yticks(range(n), names)
        axes.set(xlabel="predicted", ylabel="true")
    return figure
