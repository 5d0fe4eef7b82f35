"""A small mark planted in images, maps of what a network's score comes from, and whether they find the mark."""

import keras
import numpy as np
from matplotlib.patches import Rectangle
from scipy import ndimage, stats

from dlguide import data, explanation, plots

MARK = (np.indices((5, 5)).sum(axis=0) % 2 == 0).astype("float32")
"""A chessboard of 5 x 5 pixels. A full square would be the brightest place of most images, found without a map."""
SIZE = len(MARK)
METHODS = ("gradients", "integrated_gradients", "occlusion", "grad_cam")
NAMES = {"integrated_gradients": "integrated gradients", "grad_cam": "Grad-CAM"}
"""In pictures."""


def plant(x: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Plant the mark in each image at a random place where nothing is drawn; return the images and the marks' centres.

    At a fixed place, the same map for all images would find it. A place is empty if the pixels of the mark and those
    around it are black: then the mark neither hides nor lengthens a stroke, and the digit stays what it was.
    """
    half, around = SIZE // 2, (1, SIZE + 2, SIZE + 2)
    empty = ndimage.maximum_filter(x[..., 0], size=around, mode="nearest") == 0
    inside = np.zeros(empty.shape, bool)
    inside[:, half:-half, half:-half] = True
    drawn = np.where(empty & inside, np.random.default_rng(seed).random(empty.shape), -1)
    centres = np.stack(np.unravel_index(drawn.reshape(len(x), -1).argmax(axis=1), empty.shape[1:]), axis=1)
    marked = x.copy()
    for image, (row, column) in zip(marked, centres, strict=True):
        image[row - half : row + half + 1, column - half : column + half + 1, 0] = MARK
    return marked, centres


def plant_in_half(part: data.Part, label: int, seed: int) -> data.Part:
    """Plant the mark in half of the images of one class, drawn by the seed."""
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(part.y == label))
    chosen, x = rows[: len(rows) // 2], part.x.copy()
    x[chosen], _ = plant(x[chosen], seed)
    return data.Part(x, part.y)


def deceived(model, part: data.Part, label: int, seed: int, count: int) -> tuple[np.ndarray, np.ndarray, dict]:
    """Plant the mark in images of the other classes; return those that it deceives, its places, and what was read.

    Such an image is read right without the mark, and as the marked class with it: there, the cause is known. A network
    that is deceived nowhere, as after a quick look, has all images to explain.
    """
    others = part.y != label
    x, y = part.x[others], part.y[others]
    marked, centres = plant(x, seed)
    before, after = (model.predict(images, batch_size=256, verbose=0).argmax(axis=1) for images in (x, marked))
    metrics = {"unmarked_accuracy": before == y, "marked_accuracy": after == y}
    metrics |= {"unmarked_called": before == label, "marked_called": after == label}
    is_deceived = (before == y) & (after == label)
    rows = np.flatnonzero(is_deceived if is_deceived.any() else y >= 0)[:count]
    return marked[rows], centres[rows], {name: float(values.mean()) for name, values in metrics.items()}


def maps(model: keras.Model, x: np.ndarray, label: int, seed: int) -> dict[str, np.ndarray]:
    """Return maps `(n, height, width)` of grey images for the score of a class: of each method, and of the baselines.

    Of a gradient, only the absolute value counts: the sign says whether a brighter pixel raises or lowers the score,
    not how much the pixel matters.
    """
    found = {method: explanation.attribution(model, x, target=label, method=method) for method in METHODS}
    found["integrated_gradients"] = found["integrated_gradients"][..., 0]
    found["gradients"] = np.abs(found["gradients"][..., 0])
    image = x[..., 0]
    # One image at a time: the filter smooths along every other axis.
    found["edges"] = np.stack([np.hypot(ndimage.sobel(each, axis=0), ndimage.sobel(each, axis=1)) for each in image])
    found["brightness"] = image
    # With the seed alone, these would be the numbers that chose the places.
    found["random"] = np.random.default_rng([seed, 1]).random(image.shape)
    return found


def brightest(found: np.ndarray) -> np.ndarray:
    """Return the centre of the window of the mark's size that has the largest sum, in each map."""
    sums = np.lib.stride_tricks.sliding_window_view(found.astype("float64"), (SIZE, SIZE), axis=(1, 2)).sum(axis=(3, 4))
    places = np.unravel_index(sums.reshape(len(found), -1).argmax(axis=1), sums.shape[1:])
    return np.stack(places, axis=1) + SIZE // 2


def is_found(found: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return for each map whether the centre of its brightest window lies on the mark."""
    return (np.abs(brightest(found) - centres) <= SIZE // 2).all(axis=1)


def completeness_gap(model: keras.Model, x: np.ndarray, label: int, found: np.ndarray) -> float:
    """Return the mean gap between the sum of a map and the score minus that of a black image, as a share of it."""
    scores = model.predict(np.concatenate([x, np.zeros_like(x[:1])]), batch_size=256, verbose=0)[:, label]
    difference = (scores[:-1] - scores[-1]).astype("float64")
    gaps = np.abs(found.sum(axis=(1, 2), dtype="float64") - difference)
    return float(gaps.mean() / np.abs(difference).mean())


def shuffled(model: keras.Model, seed: int) -> keras.Model:
    """Return a copy of a model with the numbers of each weight in random order."""
    copy, rng = keras.models.clone_model(model), np.random.default_rng(seed)
    copy.set_weights([rng.permutation(w.ravel()).reshape(w.shape) for w in model.get_weights()])
    return copy


def rank_correlation(first: np.ndarray, second: np.ndarray, x: np.ndarray) -> float:
    """Return the mean rank correlation of two maps of each image, over the pixels that are not black.

    Where an image is black, some methods give 0 whatever the weights are. A map without differences has correlation 0.
    """
    found = []
    for one, other, image in zip(first, second, x[..., 0], strict=True):
        ranks = [stats.rankdata(values[image > 0]) for values in (one, other)]
        found.append(np.corrcoef(*ranks)[0, 1] if all(np.ptp(each) for each in ranks) else 0.0)
    return float(np.mean(found))


def scores(model: keras.Model, x: np.ndarray, centres: np.ndarray, label: int, seed: int) -> tuple[dict, dict]:
    """Return the maps of marked images, and what they are worth: nothing but the last step knows the marks' places."""
    found = maps(model, x, label, seed)
    metrics = {f"{name}_found": float(is_found(each, centres).mean()) for name, each in found.items()}
    metrics["completeness_gap"] = completeness_gap(model, x, label, found["integrated_gradients"])
    other = maps(shuffled(model, seed), x[:200], label, seed)
    for name in METHODS:
        metrics[f"{name}_rank_correlation"] = rank_correlation(found[name][:200], other[name], x[:200])
    return found, metrics


def explanations(x: np.ndarray, centres: np.ndarray, found: dict[str, np.ndarray], count: int = 6):
    """Draw marked images and their maps, with a frame around the mark; each map from 0, black, to its largest value."""
    shown = {"image": x[..., 0]} | {name: found[name] for name in (*METHODS, "edges")}
    count = min(count, len(x))
    with plots.new_figure(1.35 * len(shown), 1.32 * count + 0.5) as figure:
        grid = figure.subplots(count, len(shown), squeeze=False)
        for row, (axes_of_image, centre) in enumerate(zip(grid, centres, strict=False)):
            for axes, (name, images) in zip(axes_of_image, shown.items(), strict=True):
                axes.imshow(images[row], cmap="gray" if name == "image" else "inferno", vmin=0)
                corner = (centre[1] - SIZE / 2 - 1, centre[0] - SIZE / 2 - 1)
                frame = {"fill": False, "edgecolor": "deepskyblue", "linewidth": 1.2}
                axes.add_patch(Rectangle(corner, SIZE + 1, SIZE + 1, **frame))
                axes.set(xticks=[], yticks=[])
                if row == 0:
                    axes.set_title(NAMES.get(name, name), fontsize=8)
    return figure


def shares_found(metrics: dict):
    """Draw the share of images in which each map finds the mark."""
    names = [*METHODS, "edges", "brightness", "random"]
    values = [100 * metrics[f"{name}_found"] for name in names]
    with plots.new_figure(6, 3) as figure:
        axes = figure.subplots()
        colours = ["C0"] * len(METHODS) + ["gray"] * 3
        bars = axes.barh([NAMES.get(name, name) for name in names], values, color=colours)
        axes.bar_label(bars, fmt="%.1f %%", padding=3, fontsize=8)
        axes.invert_yaxis()
        axes.set(xlim=(0, 120), xlabel="images in which the map finds the mark (%)")
    return figure
