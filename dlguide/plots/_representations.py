"""Pictures of generated images, of codes and of anomaly scores; `plots` exports them."""

from collections.abc import Sequence

import numpy as np

from dlguide import _checks
from dlguide.plots._figure import new_figure


def image_grid(images, row_names: Sequence[str] = (), column_names: Sequence[str] = ()):
    """Draw images in rows: originals above reconstructions, samples of each epoch, a grid of codes.

    Args:
        images: Images in [0, 1] of shape `(rows, columns, height, width)`, with a last axis of 1 or 3
            for grey or colour where there is one.
        row_names: A name for each row; none where it is empty.
        column_names: A name for each column; none where it is empty.

    Returns:
        A `matplotlib.figure.Figure` with one image of them all.

    Raises:
        ValueError: If `images` is no grid of images or the names do not fit.

    Example:
        >>> image_grid(np.zeros((2, 3, 8, 8)), ["original", "decoded"]).axes[0].get_images()[0].get_size()
        (17, 26)
    """
    images = np.asarray(images)
    if images.ndim == 4:
        images = images[..., None]
    if images.ndim != 5 or images.shape[-1] not in (1, 3) or not images.size:
        raise ValueError(
            "`images` must be of shape (rows, columns, height, width), with 1 or 3 channels behind where there are "
            f"any. Received: images of shape {images.shape}"
        )
    rows, columns, height, width, channels = images.shape
    for name, names, n in (("row_names", row_names, rows), ("column_names", column_names, columns)):
        if len(names) not in (0, n):
            raise _checks.error(name, f"one name for each of {n}, or none", names)
    # One picture with a white line between the images: a thousand axes take long.
    canvas = np.ones((rows * (height + 1) - 1, columns * (width + 1) - 1, channels))
    for row, column in np.ndindex(rows, columns):
        top, left = row * (height + 1), column * (width + 1)
        canvas[top : top + height, left : left + width] = np.clip(images[row, column], 0, 1)
    long = max((len(str(name)) for name in row_names), default=0)
    with new_figure(
        0.3 + 0.6 * columns + 0.09 * long, 0.3 + 0.6 * rows * height / width + 0.2 * bool(len(column_names))
    ) as figure:
        axes = figure.subplots()
        axes.imshow(canvas.squeeze(-1) if channels == 1 else canvas, cmap="gray", vmin=0, vmax=1)
        axes.set_yticks([row * (height + 1) + height / 2 for row in range(len(row_names))], list(row_names))
        axes.set_xticks([column * (width + 1) + width / 2 for column in range(len(column_names))], list(column_names))
        axes.xaxis.tick_top()
        axes.tick_params(length=0, labelsize=8)
        axes.spines[:].set_visible(False)
    return figure


def codes(points, labels, class_names: Sequence[str] = (), *, label_name: str = "class"):
    """Draw codes in two dimensions, coloured by class; of more dimensions the first two principal components.

    Codes of one number are drawn in a row for each class.

    Args:
        points: Codes of shape `(n, dimensions)`, at least two of them.
        labels: Class of each, integers of shape `(n,)`.
        class_names: A name for each class; its number where it is empty.
        label_name: What the labels are, for the title and the legend, such as "digit" or "cluster".

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If the arrays do not fit together or there are fewer than two codes.

    Example:
        >>> figure = codes(np.eye(3), [0, 1, 1], label_name="cluster")
        >>> figure.get_suptitle(), figure.axes[0].get_legend().get_title().get_text()
        ('codes, coloured by cluster', 'cluster')
    """
    points, labels = np.asarray(points), np.asarray(labels)
    if points.ndim != 2 or not points.shape[1] or len(points) < 2 or labels.shape != (len(points),):
        raise ValueError(
            "`points` and `labels` must be two codes or more, of one number or more, and a class for each. "
            f"Received: points of shape {points.shape}, labels of shape {labels.shape}"
        )
    names = ["first number", "second number"]
    if points.shape[1] == 1:
        points, names = np.column_stack([points, labels]), ["number", label_name]
    if points.shape[1] > 2:
        from sklearn.decomposition import PCA

        pca = PCA(2).fit(points)
        points = pca.transform(points)
        names = [f"principal component {i + 1} ({share:.0%})" for i, share in enumerate(pca.explained_variance_ratio_)]
    with new_figure(6.4, 5.2) as figure:
        axes = figure.subplots()
        for i, label in enumerate(np.unique(labels)):
            chosen = points[labels == label]
            name = str(class_names[label] if len(class_names) else label)
            axes.scatter(*chosen.T, s=5, alpha=0.6, color=f"C{i}" if i < 10 else None, label=name)
        axes.set(xlabel=names[0], ylabel=names[1])
        axes.legend(title=label_name, markerscale=3, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
        figure.suptitle(f"codes, coloured by {label_name}", fontsize=10)
    return figure


def score_histogram(scores, labels, threshold: float | None = None, *, score_name: str = "anomaly score"):
    """Draw how anomaly scores are spread, of normal examples and of anomalies.

    Args:
        scores: Anomaly score of each example, above 0, of shape `(n,)`.
        labels: 1 for an anomaly, 0 for none, of shape `(n,)`.
        threshold: Score from which an example counts as an anomaly, above 0; None for no line.
        score_name: What the score is, for the axis.

    Returns:
        A `matplotlib.figure.Figure`; both axes are logarithmic.

    Raises:
        ValueError: If the arrays do not fit together or a score is not above 0.

    Example:
        >>> len(score_histogram([0.1, 0.2, 0.9], [0, 0, 1], threshold=0.5).axes[0].lines)
        1
    """
    scores, labels = np.asarray(scores, "float64"), np.asarray(labels)
    if scores.ndim != 1 or not len(scores) or scores.shape != labels.shape or scores.min() <= 0:
        raise ValueError(
            "`scores` and `labels` must be scores above 0 and a label for each. "
            f"Received: scores of shape {scores.shape}, labels of shape {labels.shape}"
        )
    bins = np.geomspace(scores.min(), scores.max() * 1.001, 60)
    with new_figure(6.4, 4) as figure:
        axes = figure.subplots()
        for label, name, colour in ((0, "normal", "tab:blue"), (1, "anomaly", "crimson")):
            axes.hist(scores[labels == label], bins=bins, alpha=0.6, label=name, color=colour)
        if threshold is not None:
            axes.axvline(threshold, color="black", linewidth=1, label=f"threshold {threshold:.3g}")
        axes.set(xscale="log", yscale="log", xlabel=score_name, ylabel="examples")
        axes.legend()
        axes.grid(alpha=0.3)
    return figure
