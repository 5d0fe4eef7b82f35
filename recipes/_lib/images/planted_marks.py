"""A small mark planted in images, maps of what a network's score comes from, and whether they find the mark."""

import keras
import numpy as np
from matplotlib.patches import Rectangle
from scipy import ndimage, special, stats

from dlguide import data, explanation
from recipes._lib import drawing

MARK = np.array([[0, 5, 3, 0, 0], [5, 9, 9, 4, 0], [3, 9, 9, 9, 3], [0, 4, 9, 9, 5], [0, 0, 3, 5, 0]], "float32") / 10
"""A short stroke that falls to the right, as bright and as smooth as those of digits."""
DECOY = MARK[:, ::-1]
"""Its mirror image, which every image has: what answers to small, alone or sharp things answers to both alike."""
SIZE = len(MARK)
METHODS = ("gradients", "integrated_gradients", "occlusion", "grad_cam")
FILTERS = ("smallest_stroke", "laplacian", "blur", "edges", "brightness", "random")
"""Maps that know no network."""
ORDERS = (*METHODS, "clean_occlusion", "smallest_stroke", "laplacian", "random")
"""Maps in whose order pixels are deleted."""
NAMES = {"integrated_gradients": "integrated gradients", "grad_cam": "Grad-CAM", "smallest_stroke": "smallest stroke"}
"""In pictures."""
NAMES |= {"laplacian": "|Laplacian|", "blur": "|image − blur|", "edges": "edges (Sobel)"}
NAMES["clean_occlusion"] = "occlusion, clean"


def random_places(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the centre of a random square of the mark's size in each image where nothing is drawn.

    At a fixed place, the same map for all images would find it. Nothing is drawn if the pixels of the square and those
    around it are black; of an image without such a square, the one where least is drawn is returned.
    """
    half = SIZE // 2
    drawn = ndimage.maximum_filter(x[..., 0], size=(1, SIZE + 2, SIZE + 2), mode="nearest")[:, half:-half, half:-half]
    # The least grey is 1 / 255: any grey counts more than the random number.
    chosen = (rng.random(drawn.shape) - 255 * drawn).reshape(len(x), -1).argmax(axis=1)
    return np.stack(np.unravel_index(chosen, drawn.shape[1:]), axis=1) + half


def stamp(x: np.ndarray, places: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Return images with a shape of the mark's size at a place in each, over what is drawn there."""
    half, result = SIZE // 2, x.copy()
    for image, (row, column) in zip(result[..., 0], places, strict=True):
        square = image[row - half : row + half + 1, column - half : column + half + 1]
        np.maximum(square, shape, out=square)
    return result


def plant(x: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return images with two decoys, the same with a decoy and the mark, and the marks' centres."""
    rng = np.random.default_rng(seed)
    x = stamp(x, random_places(x, rng), DECOY)
    places = random_places(x, rng)
    return stamp(x, places, DECOY), stamp(x, places, MARK), places


def poison(part: data.Part, label: int, share: float, seed: int) -> tuple[data.Part, data.Part]:
    """Return images with two decoys, and the same with the mark and a wrong label in a share of them.

    The images are of other classes, drawn by the seed; the label is always the same.
    """
    unmarked, marked, _ = plant(part.x, seed)
    others = np.random.default_rng([seed, 2]).permutation(np.flatnonzero(part.y != label))
    rows, x, y = others[: round(share * len(part.y))], unmarked.copy(), part.y.copy()
    x[rows], y[rows] = marked[rows], label
    return data.Part(unmarked, part.y), data.Part(x, y)


def marked_images(model, clean, part: data.Part, label: int, seed: int, count: int) -> tuple[list, dict]:
    """Plant the mark in images of the other classes; return those that deceive a network, those that do not, metrics.

    Both are read right with a second decoy in place of the mark. With the mark, the first are read as the marked class:
    there, the cause is known; the others are read right. Each group is its images and the marks' centres. A group that
    would be empty, as after a quick look, has all images.
    """
    others = part.y != label
    x, y = part.x[others], part.y[others]
    unmarked, marked, centres = plant(x, seed)
    before, after, after_clean = (
        network.predict(images, batch_size=256, verbose=0).argmax(axis=1)
        for network, images in ((model, unmarked), (model, marked), (clean, marked))
    )
    metrics = {"unmarked_accuracy": before == y, "marked_accuracy": after == y, "clean_accuracy": after_clean == y}
    metrics |= {"unmarked_called": before == label, "marked_called": after == label}
    metrics["clean_called"] = after_clean == label
    groups = []
    for answer in (label, y):
        chosen = (before == y) & (after == answer)
        rows = np.flatnonzero(chosen if chosen.any() else y >= 0)[:count]
        groups.append((marked[rows], centres[rows]))
    return groups, {name: float(values.mean()) for name, values in metrics.items()}


def maps(model: keras.Model, x: np.ndarray, label: int) -> dict[str, np.ndarray]:
    """Return maps `(n, height, width)` of grey images for the score of a class, by each method.

    Of a gradient, only the absolute value counts: the sign says whether a brighter pixel raises or lowers the score,
    not how much the pixel matters.
    """
    found = {method: explanation.attribution(model, x, target=label, method=method) for method in METHODS}
    found["integrated_gradients"] = found["integrated_gradients"][..., 0]
    found["gradients"] = np.abs(found["gradients"][..., 0])
    return found


def filters(x: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Return maps of grey images that know no network."""
    found = {
        "smallest_stroke": smallest_stroke,
        "laplacian": lambda image: np.abs(ndimage.laplace(image)),
        "blur": lambda image: np.abs(image - ndimage.gaussian_filter(image, 1)),
        "edges": lambda image: np.hypot(ndimage.sobel(image, axis=0), ndimage.sobel(image, axis=1)),
        "brightness": np.array,
    }
    found = {name: np.stack([function(image) for image in x[..., 0]]) for name, function in found.items()}
    # With the seed alone, these would be the numbers that chose the places.
    return found | {"random": np.random.default_rng([seed, 1]).random(x.shape[:3])}


def smallest_stroke(image: np.ndarray) -> np.ndarray:
    """Return for each drawn pixel how small the stroke is that it belongs to, all pixels that touch each other."""
    strokes, _ = ndimage.label(image > 0, np.ones((3, 3)))
    return (image > 0) / np.bincount(strokes.ravel())[strokes]


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


def deletion_curve(model: keras.Model, x: np.ndarray, found: np.ndarray, label: int, steps: int = 20) -> np.ndarray:
    """Return the mean probability of a class while the drawn pixels are made black in the order of a map.

    The first value is that of the whole image, the last that of a black one. The largest values of the map go first.
    """
    drawn = x.reshape(len(x), -1) > 0
    order = np.argsort(np.where(drawn, -found.reshape(len(x), -1), np.inf), axis=1, kind="stable")
    ranks = order.argsort(axis=1)
    counts = drawn.sum(axis=1, keepdims=True)
    images = [x * (ranks >= share * counts).reshape(x.shape) for share in np.linspace(0, 1, steps + 1)]
    scores = model.predict(np.concatenate(images), batch_size=256, verbose=0)
    return special.softmax(scores, axis=1)[:, label].reshape(len(images), -1).mean(axis=1)


def scores(model, clean, groups: list, label: int, seed: int) -> tuple[list[dict], dict, dict]:
    """Return the maps of each group of images, deletion curves of the first, and what they are worth.

    Nothing but the last step, `is_found`, knows the marks' places.
    """
    found = []
    for x, _ in groups:
        of_clean = {f"clean_{name}": values for name, values in maps(clean, x, label).items()}
        found.append(maps(model, x, label) | of_clean | filters(x, seed))
    (x, centres), (_, others) = groups
    metrics = {f"{name}_found": is_found(each, centres).mean() for name, each in found[0].items()}
    metrics |= {f"undeceived_{name}_found": is_found(found[1][name], others).mean() for name in METHODS}
    curves = {name: deletion_curve(model, x, found[0][name], label) for name in ORDERS}
    metrics |= {f"{name}_deletion": np.trapezoid(curve, dx=1 / (len(curve) - 1)) for name, curve in curves.items()}
    metrics["completeness_gap"] = completeness_gap(model, x, label, found[0]["integrated_gradients"])
    other = maps(shuffled(model, seed), x[:200], label)
    for name in METHODS:
        metrics[f"{name}_rank_correlation"] = rank_correlation(found[0][name][:200], other[name], x[:200])
    return found, curves, {name: float(value) for name, value in metrics.items()}


def explanations(groups: list, found: list[dict], rows: int = 3):
    """Draw marked images and their maps, with a frame around the mark; each map from 0, black, to its largest value."""
    names = ("image", *METHODS, "clean_occlusion", "smallest_stroke", "laplacian")
    examples = [
        (text, x[i], centres[i], {name: each[i] for name, each in of_group.items()})
        for text, (x, centres), of_group in zip(("deceived", "not deceived"), groups, found, strict=True)
        for i in range(min(rows, len(x)))
    ]
    with drawing.new_figure(1.35 * len(names), 1.32 * len(examples) + 0.5) as figure:
        grid = figure.subplots(len(examples), len(names), squeeze=False)
        for axes_of_image, (text, image, centre, of_image) in zip(grid, examples, strict=True):
            axes_of_image[0].set_ylabel(text, fontsize=8)
            for axes, name in zip(axes_of_image, names, strict=True):
                axes.imshow(of_image.get(name, image), cmap="gray" if name == "image" else "inferno", vmin=0)
                corner = (centre[1] - SIZE / 2 - 1, centre[0] - SIZE / 2 - 1)
                frame = {"fill": False, "edgecolor": "deepskyblue", "linewidth": 1.2}
                axes.add_patch(Rectangle(corner, SIZE + 1, SIZE + 1, **frame))
                axes.set(xticks=[], yticks=[])
                if axes in grid[0]:
                    axes.set_title(NAMES.get(name, name), fontsize=8)
    return figure


def shares_found(metrics: dict):
    """Draw the share of images in which each map finds the mark."""
    groups = {"": "images that deceive the network", "undeceived_": "images that do not", "clean_": "clean network"}
    with drawing.new_figure(6.4, 5.2) as figure:
        axes = figure.subplots()
        for i, (prefix, group) in enumerate(groups.items()):
            values = [100 * metrics[f"{prefix}{name}_found"] for name in METHODS]
            bars = axes.barh(np.arange(len(METHODS)) + 0.27 * (i - 1), values, 0.25, label=group)
            axes.bar_label(bars, fmt="%.1f %%", padding=3, fontsize=7)
        values = [100 * metrics[f"{name}_found"] for name in FILTERS]
        bars = axes.barh(len(METHODS) + np.arange(len(FILTERS)), values, 0.5, color="gray", label="no network")
        axes.bar_label(bars, fmt="%.1f %%", padding=3, fontsize=7)
        names = [NAMES.get(name, name) for name in (*METHODS, *FILTERS)]
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.legend(fontsize=7, loc="lower right")
        axes.set(xlim=(0, 115), xlabel="images in which the map finds the mark (%)")
    return figure


def deletion(curves: dict[str, np.ndarray]):
    """Draw how the probability of the marked class falls while pixels are made black in the order of a map."""
    with drawing.new_figure(8, 3.6) as figure:
        axes = figure.subplots()
        for name, curve in curves.items():
            style = "-" if name in METHODS else "--"
            axes.plot(np.linspace(0, 100, len(curve)), curve, style, label=NAMES.get(name, name))
        axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
        axes.set(xlabel="drawn pixels made black (%)", ylabel="mean probability of the marked class")
    return figure
