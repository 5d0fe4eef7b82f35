"""Photos of digits made by rule: MNIST digits as ink on paper, then light, paper and camera by condition.

They stand in for real photos, which would need a licence and a label each. The same seed makes the same photos.
A digit is enlarged, smoothed to a stroke with an edge, turned a little, and put anywhere in a picture of 200 to 420
pixels a side. `MILD` and `HARD` are the conditions; each is a function from the ink to a picture in [0, 1].
"""

import io
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage
from scipy.special import expit

PAPERS = np.array([(0.95, 0.9, 0.6), (0.95, 0.8, 0.85), (0.75, 0.9, 0.8), (0.8, 0.75, 0.65)])
PENS = np.array([(0.1, 0.15, 0.6), (0.75, 0.1, 0.1), (0.05, 0.4, 0.15), (0.4, 0.1, 0.5)])


class Photo(NamedTuple):
    """One picture, the digit on it, and the name of its condition."""

    image: Image.Image
    digit: int
    condition: str


def photos(x: np.ndarray, y: np.ndarray, *, seed: int, count: int) -> Iterator[Photo]:
    """Yield `count` photos a condition, of digits drawn by `seed` from MNIST images `x` with classes `y`."""
    order = np.random.default_rng(seed).permutation(len(x))
    for number, (name, condition) in enumerate((MILD | HARD).items()):
        for i in range(count):
            rng = np.random.default_rng((seed, number, i))
            digit = order[(number * count + i) % len(x)]
            ink = ink_on_sheet(x[digit].squeeze(), rng, (0.12, 0.22) if name == "small" else (0.35, 0.7))
            image = Image.fromarray((255 * np.clip(condition(ink, rng), 0, 1)).round().astype("uint8"))
            if name == "jpeg":
                file = io.BytesIO()
                image.save(file, "JPEG", quality=int(rng.integers(8, 26)))
                image = Image.open(file)
            yield Photo(image, int(y[digit]), name)


def ink_on_sheet(digit: np.ndarray, rng, share: tuple[float, float]) -> np.ndarray:
    """Return how much ink each pixel has, in [0, 1]: the digit, `share` of the shorter side high, anywhere."""
    sheet = np.zeros(rng.integers(200, 421, 2))
    side = round(min(sheet.shape) * rng.uniform(*share) * 28 / 20)  # A digit fills 20 of its 28 pixels.
    big = Image.fromarray(digit.astype("float32")).resize((side, side), Image.Resampling.BICUBIC)
    big = big.rotate(rng.uniform(-10, 10), Image.Resampling.BICUBIC)
    stroke = expit((ndimage.gaussian_filter(np.asarray(big), side / 80) - 0.42) / 0.06)
    stroke = stroke[ndimage.find_objects((stroke > 0.5).astype(int))[0]]
    margin = 0.05 * min(sheet.shape)
    ends = [whole - size - margin for whole, size in zip(sheet.shape, stroke.shape, strict=True)]
    top, left = (int(rng.uniform(margin, end)) for end in ends)
    sheet[top : top + stroke.shape[0], left : left + stroke.shape[1]] = stroke
    return sheet


def _painted(share, ground, colour) -> np.ndarray:
    """Return the ground, covered by a share of a colour in each pixel."""
    return ground * (1 - share[..., None]) + colour * share[..., None]


def _grey(rng, low: float, high: float, tint: float = 0.03) -> np.ndarray:
    return rng.uniform(low, high) + rng.uniform(-tint, tint, 3)


def _written(ink, rng, *, lines=0) -> np.ndarray:
    """Return dark ink on light paper; `lines` is what is printed on the paper."""
    paper, pen = _grey(rng, 0.7, 0.97), _grey(rng, 0.05, 0.35)
    return _painted(ink, paper * (1 - np.asarray(lines)[..., None] * rng.uniform(0.2, 0.55, 3)), pen)


def _ruled(ink, rng, *, squared: bool = False) -> np.ndarray:
    along, across = _page(ink, rng)
    spacing = np.ptp(np.nonzero(ink > 0.5)[0]) * rng.uniform(0.3, 1.1)
    width = max(1.0, min(ink.shape) * rng.uniform(0.003, 0.008))
    lines = np.zeros(ink.shape)
    for axis in (across, along) if squared else (across,):
        off = np.abs((axis + rng.uniform(0, spacing)) % spacing - spacing / 2)
        lines = np.maximum(lines, np.clip(width / 2 + 0.5 - off, 0, 1))
    return _written(ink, rng, lines=lines)


def _framed(ink, rng) -> np.ndarray:
    along, across = _page(ink, rng)
    width, frame = min(ink.shape) * rng.uniform(0.006, 0.02), np.full(ink.shape, -np.inf)
    size = np.ptp(across[ink > 0.5])
    for axis in (along, across):
        inside = axis[ink > 0.5]
        low, high = inside.min() - size * rng.uniform(0.08, 0.3), inside.max() + size * rng.uniform(0.08, 0.3)
        frame = np.maximum(frame, np.maximum(low - axis, axis - high))  # Below 0 inside, above 0 outside.
    return _written(np.maximum(ink, np.clip(width / 2 + 0.5 - np.abs(frame), 0, 1)), rng)


def _page(ink, rng) -> tuple[np.ndarray, np.ndarray]:
    """Return the two coordinates of a page that lies a little askew."""
    row, column = np.indices(ink.shape)
    angle = np.deg2rad(rng.uniform(-3, 3))
    return np.cos(angle) * column + np.sin(angle) * row, np.cos(angle) * row - np.sin(angle) * column


def _direction(ink, rng) -> np.ndarray:
    """Return the coordinate of each pixel along a direction drawn at random, 0 in the middle of the picture."""
    angle = rng.uniform(0, 2 * np.pi)
    row, column = np.indices(ink.shape)
    return np.cos(angle) * (column - ink.shape[1] / 2) + np.sin(angle) * (row - ink.shape[0] / 2)


def _shaded(ink, rng, darkest: tuple[float, float]) -> np.ndarray:
    """Return writing under a light that falls off to one side, down to a share in the range `darkest`."""
    picture, across = _written(ink, rng), _direction(ink, rng)
    return picture * (1 - (1 - rng.uniform(*darkest)) * (across - across.min()) / np.ptp(across))[..., None]


def _in_a_shadow(ink, rng) -> np.ndarray:
    """Return writing with the edge of a shadow through the middle of the picture."""
    picture = _written(ink, rng)
    across = _direction(ink, rng) - min(ink.shape) * rng.uniform(-0.2, 0.2)
    return picture * (1 - rng.uniform(0.4, 0.65) * expit(across / rng.uniform(0.3, 3)))[..., None]


def _on_a_table(ink, rng) -> np.ndarray:
    """Return writing with a dark table on one side, up to the digit at the most."""
    picture, across = _written(ink, rng), _direction(ink, rng)
    end = across[ink > 0.05].max()
    edge = rng.uniform(end + 0.2 * (across.max() - end), across.max())
    wood = rng.uniform(0.05, 0.3) * np.array([1, rng.uniform(0.6, 1), rng.uniform(0.4, 1)])
    grain = ndimage.gaussian_filter(rng.normal(size=ink.shape), (1, 6)) * rng.uniform(0, 0.3)
    return _painted(expit((across - edge) / 0.5), picture, wood + grain[..., None])


def _noisy(picture, rng, spread: tuple[float, float]) -> np.ndarray:
    return picture + rng.normal(scale=rng.uniform(*spread), size=picture.shape)


def _blurred(ink, rng) -> np.ndarray:
    picture, width = _written(ink, rng), np.ptp(np.nonzero(ink > 0.5)[0]) * rng.uniform(0.03, 0.06)
    return ndimage.gaussian_filter(picture, (width, width, 0))


MILD = {
    "clean": _written,
    "shade": lambda ink, rng: _shaded(ink, rng, (0.4, 0.7)),
    "noise": lambda ink, rng: _noisy(_written(ink, rng), rng, (0.03, 0.1)),
    "small": _written,
    "lined paper": _ruled,
    "colour": lambda ink, rng: _painted(ink, PAPERS[rng.integers(4)], PENS[rng.integers(4)]),
    "light on dark": lambda ink, rng: _painted(ink, _grey(rng, 0.05, 0.3, 0.04), rng.uniform(0.7, 1)),
    "jpeg": _written,
}
HARD = {
    "strong shade, noise": lambda ink, rng: _noisy(_shaded(ink, rng, (0.15, 0.35)), rng, (0.06, 0.12)),
    "shadow edge": _in_a_shadow,
    "table edge": _on_a_table,
    "frame": _framed,
    "squared paper": lambda ink, rng: _ruled(ink, rng, squared=True),
    "blur, noise": lambda ink, rng: _noisy(_blurred(ink, rng), rng, (0.04, 0.1)),
}
