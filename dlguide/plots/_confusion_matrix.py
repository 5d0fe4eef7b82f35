"""A picture of a confusion matrix."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from dlguide.errors import ArgumentError
from dlguide.plots._figure import names_of_classes, new_figure


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
        raise ArgumentError(f"`matrix` must be a square array. Received: matrix of shape {matrix.shape}")
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
