"""A picture of codes, coloured by class."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from dlguide import _checks, _extras
from dlguide.plots._figure import new_figure


def codes(points: ArrayLike, labels: ArrayLike, class_names: Sequence[str] = (), *, label_name: str = "class"):
    """Draw codes as points in the plane, coloured by class.

    More than two dimensions are reduced to two principal components; one dimension has a row for each class.

    Args:
        points: Codes of shape `(n, dimensions)`, at least two of them.
        labels: Class of each code, integers of shape `(n,)`; with `class_names`, in `[0, len(class_names))`.
        class_names: A name for each class. If empty, its number.
        label_name: What the labels are, such as "digit" or "cluster", for the title and the legend.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If the shapes do not match, there are fewer than two codes, or a label has no name.

    Example:
        >>> figure = codes(np.eye(3), [0, 1, 1], label_name="cluster")
        >>> figure.get_suptitle(), figure.axes[0].get_legend().get_title().get_text()
        ('codes, coloured by cluster', 'cluster')
    """
    points, labels = np.asarray(points), np.asarray(labels)
    if points.ndim != 2 or not points.shape[1] or len(points) < 2 or labels.shape != (len(points),):
        must = "`points` and `labels` must be at least two codes of shape (n, dimensions), and a class for each"
        raise _checks.shape_error(must, points=points, labels=labels)
    classes = np.unique(labels)
    if len(class_names) and not np.isin(classes, np.arange(len(class_names))).all():
        must_be = f"integers in [0, {len(class_names)}), one for each of `class_names`"
        raise _checks.error("labels", must_be, classes.tolist()[:12])
    colors = [f"C{i}" for i in range(10)]  # matplotlib's usual colours.
    if len(classes) > len(colors):
        colors = _extras.needed("matplotlib", "plots").colormaps["turbo"](np.linspace(0, 1, len(classes)))
    names = ["first number", "second number"]
    if points.shape[1] == 1:
        points, names = np.column_stack([points, labels]), ["number", label_name]
    if points.shape[1] > 2:
        pca = _extras.needed("sklearn.decomposition", "plots").PCA(2).fit(points)
        points = pca.transform(points)
        names = [f"principal component {i + 1} ({share:.0%})" for i, share in enumerate(pca.explained_variance_ratio_)]
    with new_figure(6.4, 5.2) as figure:
        axes = figure.subplots()
        for color, label in zip(colors, classes, strict=False):
            name = str(class_names[int(label)] if len(class_names) else label)
            axes.scatter(*points[labels == label].T, s=5, alpha=0.6, color=color, label=name)
        axes.set(xlabel=names[0], ylabel=names[1])
        axes.legend(title=label_name, markerscale=3, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
        figure.suptitle(f"codes, coloured by {label_name}", fontsize=10)
    return figure
