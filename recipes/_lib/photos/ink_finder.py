"""Find the ink of a digit in a grey picture, dark on light or light on dark. `find_digit` goes through these steps:

1. The ground is the median of a pixel's row and column, as far as a quarter of the picture on each side. It keeps the
   edge of a shadow or of a table, and leaves out strokes. The contrast is the difference from it, as a share of light.
2. Straight thin lines that run through the whole picture are printed on the paper, and are removed.
3. Pixels with a contrast above the noise form connected shapes. A shape at the picture's border, a frame around another
   shape and a speck are no digit. The digit is the shape with the most ink and the pieces close to it. Another shape of
   about its size means that there are several digits.
"""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps
from scipy import ndimage

SIDE = 128
"""Pixels of the longer side at which a picture is searched: a digit that fills a quarter has strokes of 3 or 4."""


class Found(NamedTuple):
    """A digit: its ink in [0, 1], its contrast in all, 1 for dark on light or -1, and the number of its rivals."""

    ink: np.ndarray
    contrast: float
    sign: int
    rivals: int


def with_margin(grey: Image.Image) -> Image.Image:
    """Return a picture with a margin in the colour of its border, if ink but no table or shadow reaches the border."""
    pixels = np.asarray(grey.resize((48, 48), Image.Resampling.BOX), "float32") / 255
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    paper, corners = np.median(border), pixels[np.ix_([0, 1, -2, -1], [0, 1, -2, -1])]
    if np.ptp(border) < 0.4 or np.abs(corners - paper).max() > 0.15:
        return grey
    return ImageOps.expand(grey, max(grey.size) // 7, fill=round(255 * float(paper)))


def find_digit(grey: Image.Image, smoothing: float, signs=(1, -1), within: Image.Image | None = None) -> Found | None:
    """Return the digit, None if there is none; with `within`, only the ink close to that of an earlier look."""
    scale = SIDE / max(grey.size)
    size = [max(8, round(scale * side)) for side in grey.size]
    small = grey.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC)
    pixels = ndimage.gaussian_filter(np.asarray(small, "float32") / 255, smoothing)
    ground = _ground(pixels)
    near = 1.0 if within is None else ndimage.grey_dilation(np.asarray(within.resize(size)), 9) > 0.1
    # Ink takes away a share of the light, also in the shade; where it is very dark that share would be all noise.
    light = np.maximum(ground, max(0.15, 0.3 * ground.max()))
    threshold = np.maximum(4 * 1.4826 * np.median(np.abs(ground - pixels)) / light, 0.06)
    found = [_digit(near * _without_lines(sign * (ground - pixels) / light), threshold, sign) for sign in signs]
    return max(filter(None, found), key=lambda digit: digit.contrast, default=None)


def _ground(pixels: np.ndarray) -> np.ndarray:
    """Return the median along each row, then along each column, as far as a quarter of the picture on each side."""
    for _ in range(2):
        reach = min(SIDE // 4, pixels.shape[1] - 1)
        # Beyond the border, light that falls goes on falling, and an edge stays an edge.
        padded = np.pad(pixels, [(0, 0), (reach, reach)], "reflect", reflect_type="odd")
        # As one long row: SciPy has a fast filter for it, and no window reaches over the padding.
        pixels = ndimage.median_filter(padded.ravel(), 2 * reach + 1).reshape(padded.shape)[:, reach:-reach].T
    return pixels


def _without_lines(contrast: np.ndarray) -> np.ndarray:
    """Remove what runs from side to side as a thin straight line, or from top to bottom."""
    for _ in range(2):
        height, width = contrast.shape
        rows, columns = np.arange(height)[:, None], np.arange(width)
        lines, thick = np.zeros_like(contrast), ndimage.grey_dilation(contrast, (3, 1))
        for slope in np.linspace(-0.1, 0.1, 11):
            shift = np.rint(slope * (columns - width / 2)).astype(int)
            along = thick[np.clip(rows + shift, 0, height - 1), columns]
            level = np.partition(along, width // 4)[:, width // 4]  # Three quarters of a line have that much contrast.
            level -= ndimage.grey_opening(level, size=10)  # A thicker one is no line.
            lines = np.maximum(lines, level[np.clip(rows - shift, 0, height - 1)])
        contrast = np.where(contrast > 1.6 * lines, contrast, 0).T
    return contrast


def _digit(contrast: np.ndarray, threshold: np.ndarray, sign: int) -> Found | None:
    """Return the ink of the shapes that make up the digit, and the number of other shapes of such a size."""
    shapes = _shapes(contrast, contrast > threshold)
    if shapes:
        # Faint traces beside the ink (a shadow's soft edge, paper seen through) are below half of its contrast.
        mask = np.any(shapes, axis=0)
        stronger = np.maximum(threshold, 0.45 * np.quantile(contrast[mask], 0.8))
        shapes = _shapes(contrast, mask & (contrast > stronger))
    if not shapes or max(_size(shapes[0])) < 6 or contrast[shapes[0]].sum() < 3:  # A speck, or a trace.
        return None
    ink, size, gaps = contrast[shapes[0]].sum(), max(_size(shapes[0])), [_gap(shape, shapes[0]) for shape in shapes]
    parts = [shape for shape, gap in zip(shapes, gaps, strict=True) if gap < 0.1 * size]
    apart = [shape for shape, gap in zip(shapes, gaps, strict=True) if gap >= 0.1 * size]
    rivals = sum(max(_size(shape)) > 0.5 * size and contrast[shape].sum() > 0.2 * ink for shape in apart)
    mask = ndimage.binary_dilation(np.any(parts, axis=0), np.ones((3, 3)), iterations=2)
    level = np.quantile(contrast[shapes[0]], 0.7)
    return Found(mask * np.clip((contrast / level - 0.2) / 0.6, 0, 1), ink, sign, rivals)


def _shapes(contrast: np.ndarray, mask: np.ndarray) -> list[np.ndarray]:
    """Return the connected pieces of a mask that may belong to a digit, most ink first."""
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    ink = ndimage.sum_labels(contrast, labels, np.arange(1, count + 1))
    shapes = [labels == i + 1 for i in np.argsort(-ink, kind="stable")[:50]]  # A page of text has hundreds of them.
    shapes = [shape for shape in shapes if shape.sum() > 5 and not _is_at_border(shape)]
    large = [shape for shape in shapes if contrast[shape].sum() >= 3]
    return [shape for shape in shapes if not any(_is_frame(shape, other) for other in large)]


def _is_at_border(shape: np.ndarray) -> bool:
    """Tell whether a shape fills a corner, as a table does, hugs the border, or is long and thin and ends there."""
    inner, ends = shape[4:-4, 4:-4].sum(), [0, 1, 2, -3, -2, -1]
    if not inner or shape[np.ix_(ends, ends)].any():
        return True
    low, high = np.sqrt(np.abs(np.linalg.eigvalsh(np.cov(np.argwhere(shape).T))))
    return bool(shape.sum() > inner and high > 8 * low)


def _is_frame(shape: np.ndarray, other: np.ndarray) -> bool:
    """Tell whether a shape runs along the edge of its own box, with the other one inside."""
    rows, columns = (max(1, round(0.15 * side)) for side in _size(shape))
    is_inside = all(a.start < b.start and b.stop < a.stop for a, b in zip(_box(shape), _box(other), strict=True))
    return is_inside and shape[_box(shape)][rows:-rows, columns:-columns].sum() < 0.15 * shape.sum()


def _box(shape: np.ndarray) -> tuple[slice, slice]:
    return ndimage.find_objects(shape.astype(int))[0]


def _size(shape: np.ndarray) -> list[int]:
    return [side.stop - side.start for side in _box(shape)]


def _gap(shape: np.ndarray, other: np.ndarray) -> int:
    """Return how far the boxes of two shapes lie apart, 0 or less if they overlap."""
    return max(max(a.start, b.start) - min(a.stop, b.stop) for a, b in zip(_box(shape), _box(other), strict=True))


def surroundings(ink: np.ndarray, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the box, in pixels of a picture of that size, of the ink and of half its size around it."""
    (rows, columns), reach = _box(ink > 0.3), 0.5 * max(_size(ink > 0.3))
    ends = np.array([columns.start - reach, rows.start - reach, columns.stop + reach, rows.stop + reach])
    left, top, right, bottom = ends * max(size) / max(ink.shape)
    return max(0, int(left)), max(0, int(top)), min(size[0], round(right)), min(size[1], round(bottom))
