"""Find the ink of a digit in a grey picture, dark on light or light on dark. `find_digit` goes through these steps:

1. The ground is the median of a pixel's row and column, as far as a quarter of the picture on each side. It keeps the
   edge of a shadow or of a table, and leaves out strokes. What differs from the ground, as a share of the light there,
   may be ink.
2. Straight thin lines that run through the whole picture are printed on the paper, and are taken away.
3. What stands out from the noise is cut into connected shapes. A shape at the picture's border, a frame around other
   shapes and a speck are no digit. The shape with the most ink is one, with the pieces close to it. Another shape of
   about its size means that there are several digits.
"""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps
from scipy import ndimage

SIDE = 128
"""Pixels of a picture's longer side while it is looked at: a digit that fills a quarter has strokes of 3 or 4."""
NEIGHBOURS = np.ones((3, 3))


class Shape(NamedTuple):
    """A connected piece of ink: its number, its box (two slices), its ink, and its number of pixels."""

    label: int
    box: tuple[slice, slice]
    ink: float
    pixels: int

    @property
    def size(self) -> tuple[int, int]:
        return tuple(side.stop - side.start for side in self.box)


def with_margin(grey: Image.Image) -> Image.Image:
    """Return a picture with a margin in the colour of its border, if ink but no table or shadow reaches the border."""
    pixels = np.asarray(grey.resize((48, 48), Image.Resampling.BOX), "float32") / 255
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    paper = np.median(border)
    corners = np.array([patch.mean() for patch in (pixels[:2, :2], pixels[:2, -2:], pixels[-2:, :2], pixels[-2:, -2:])])
    if np.ptp(border) < 0.4 or (np.abs(corners - paper) > 0.15).any():
        return grey
    return ImageOps.expand(grey, max(grey.size) // 7, fill=round(255 * float(paper)))


class Found(NamedTuple):
    """A digit's ink in [0, 1], its contrast in all, 1 for dark on light, -1 for light on dark, and its rivals."""

    ink: np.ndarray
    contrast: float
    sign: int
    rivals: int


def find_digit(grey: Image.Image, smoothing: float, signs=(1, -1), within: Image.Image | None = None) -> Found | None:
    """Return the digit, None where there is none; with `within`, only the ink close to that of an earlier look."""
    scale = SIDE / max(grey.size)
    size = [max(8, round(scale * side)) for side in grey.size]
    small = grey.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC)
    pixels = ndimage.gaussian_filter(np.asarray(small, "float32") / 255, smoothing)
    ground = _ground(pixels)
    near = 1.0 if within is None else ndimage.grey_dilation(np.asarray(within.resize(size)), 9) > 0.1
    # Ink takes away a share of the light, also in the shade; where it is very dark that share would be all noise.
    light = np.maximum(ground, max(0.15, 0.3 * ground.max()))
    noise = 1.4826 * np.median(np.abs(ground - pixels))
    threshold = np.maximum(4 * noise / light, 0.06)
    found = [_digit(near * _without_lines(sign * (ground - pixels) / light), threshold, sign) for sign in signs]
    return max(filter(None, found), key=lambda digit: digit.contrast, default=None)


def _ground(pixels: np.ndarray) -> np.ndarray:
    """Return the median along each row, then along each column, as far as a quarter of the picture on each side."""
    for _ in range(2):
        reach = min(SIDE // 4, pixels.shape[1] - 1)
        # Beyond the border, what was above the border's own value is below it, and the other way round: light that
        # falls goes on falling, and an edge stays an edge.
        first, last = (np.median(end, axis=1, keepdims=True) for end in (pixels[:, :5], pixels[:, -5:]))
        before, after = 2 * first - pixels[:, reach:0:-1], 2 * last - pixels[:, -2 : -reach - 2 : -1]
        padded = np.concatenate([before, pixels, after], axis=1).astype("float32")
        # As one long row: SciPy has a fast filter for it, and no window reaches over the padding.
        medians = ndimage.median_filter(padded.ravel(), 2 * reach + 1).reshape(padded.shape)
        pixels = medians[:, reach:-reach].T
    return pixels


def _without_lines(contrast: np.ndarray, steepest: float = 0.1) -> np.ndarray:
    """Take away what runs from side to side as a thin straight line, or from top to bottom."""
    for _ in range(2):
        height, width = contrast.shape
        rows, columns = np.arange(height)[:, None], np.arange(width)
        lines = np.zeros_like(contrast)
        thick = ndimage.grey_dilation(contrast, (3, 1))
        for slope in np.linspace(-steepest, steepest, 11):
            shift = np.rint(slope * (columns - width / 2)).astype(int)
            from_rows = rows + shift[::2]
            along = thick[np.clip(from_rows, 0, height - 1), columns[::2]]
            along[(from_rows < 0) | (from_rows >= height)] = np.inf  # Where a line has left the picture.
            level = np.partition(along, width // 8)[:, width // 8]  # Three quarters of a line have that much contrast.
            level[np.isinf(level)] = 0
            level -= ndimage.grey_opening(level, size=10)  # What is thicker is no line.
            if level.max() > 0.03:
                lines = np.maximum(lines, level[np.clip(rows - shift, 0, height - 1)])
        contrast = np.where(contrast > 1.6 * lines, contrast, 0).T
    return contrast


def _digit(contrast: np.ndarray, threshold: np.ndarray, sign: int) -> Found | None:
    """Return the ink of the shapes that make up the digit, and the number of other shapes of such a size."""
    labels, shapes = _shapes(contrast, contrast > threshold)
    if not shapes:
        return None
    # Faint traces beside the ink (a shadow's soft edge, paper seen through) are below half of its contrast.
    strongest = np.quantile(contrast[np.isin(labels, [shape.label for shape in shapes])], 0.8)
    labels, shapes = _shapes(contrast, (contrast > np.maximum(threshold, 0.45 * strongest)) & (labels > 0))
    if not shapes:
        return None
    main, *others = shapes  # The one with the most ink comes first.
    if max(main.size) < 6 or main.ink < 3:  # A speck, or a trace.
        return None
    parts, apart = [main], []
    for shape in others:
        (parts if _gap(shape, main) < 0.1 * max(main.size) else apart).append(shape)
    rivals = [shape for shape in apart if max(shape.size) > 0.5 * max(main.size) and shape.ink > 0.2 * main.ink]
    mask = ndimage.binary_dilation(np.isin(labels, [shape.label for shape in parts]), NEIGHBOURS, iterations=2)
    level = np.quantile(contrast[labels == main.label], 0.7)
    return Found(mask * np.clip((contrast / level - 0.2) / 0.6, 0, 1), main.ink, sign, len(rivals))


def _shapes(contrast: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, list[Shape]]:
    """Return the labels of a mask's connected pieces, and those that may belong to a digit, most ink first."""
    labels, count = ndimage.label(mask, NEIGHBOURS)
    numbers = np.arange(1, count + 1)
    ink, pixels = (ndimage.sum_labels(values, labels, numbers) for values in (contrast, mask))
    shapes = [Shape(*row) for row in zip(numbers, ndimage.find_objects(labels), ink, pixels, strict=True)]
    shapes = sorted(shapes, key=lambda shape: -shape.ink)[:50]  # A page of text has hundreds of them.
    shapes = [shape for shape in shapes if shape.pixels > 5 and not _is_border(labels, shape)]
    kept = [shape for shape in shapes if not any(_is_frame(labels, shape, other) for other in shapes)]
    return np.where(np.isin(labels, [shape.label for shape in kept]), labels, 0), kept


def _is_border(labels: np.ndarray, shape: Shape) -> bool:
    """Tell whether a shape fills a corner, as a table does, hugs the border, or is long and thin and ends there."""
    inner = np.zeros(labels.shape, bool)
    inner[4:-4, 4:-4] = True
    mask = labels[shape.box] == shape.label
    if not (mask & inner[shape.box]).any():
        return True
    corners = labels[:3, :3], labels[:3, -3:], labels[-3:, :3], labels[-3:, -3:]
    if any((corner == shape.label).any() for corner in corners):
        return True
    spreads = np.sqrt(np.abs(np.linalg.eigvalsh(np.cov(np.argwhere(mask).T))))
    return bool((mask & ~inner[shape.box]).any() and spreads[1] > 8 * spreads[0])


def _is_frame(labels: np.ndarray, shape: Shape, other: Shape) -> bool:
    """Tell whether a shape runs along the edge of its own box, with the other one inside."""
    is_inside = all(a.start < b.start and b.stop < a.stop for a, b in zip(shape.box, other.box, strict=True))
    if not is_inside or other.ink < 0.1 * shape.ink:
        return False
    mask = labels[shape.box] == shape.label
    rows, columns = (max(1, round(0.15 * side)) for side in shape.size)
    return mask[rows:-rows, columns:-columns].sum() < 0.15 * mask.sum()


def _gap(shape: Shape, other: Shape) -> int:
    """Return how far the boxes of two shapes lie apart, 0 or less where they overlap."""
    return max(max(a.start, b.start) - min(a.stop, b.stop) for a, b in zip(shape.box, other.box, strict=True))


def surroundings(ink: np.ndarray, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the box, in pixels of a picture of that size, of the ink and of half its size around it."""
    ends = []
    for axis, whole in zip((0, 1), size, strict=True):
        places = np.flatnonzero(ink.max(axis=axis) > 0.3) / ink.shape[1 - axis]
        ends.append((places[0], places[-1] + 1 / ink.shape[1 - axis], whole))
    reach = 0.5 * max((high - low) * whole for low, high, whole in ends)
    (left, right), (top, bottom) = (
        (max(0, int(low * whole - reach)), min(whole, round(high * whole + reach))) for low, high, whole in ends
    )
    return left, top, right, bottom
