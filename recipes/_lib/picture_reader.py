"""Read a picture file as the images that a model was trained on: light on black, 28 pixels a side.

`digit_image` is for a photo of one digit alone, ink on paper or chalk on a board. `object_image` keeps the grey values,
for pictures of things, such as clothes. SciPy's image functions do the work.
"""

import numpy as np
from PIL import Image, ImageOps
from scipy import ndimage

SIDE = 96
"""Pixels of the longer side at which a digit is looked for."""


def grey_picture(path: str) -> Image.Image:
    """Return a picture in grey, upright as its camera was held, on white where it is transparent."""
    try:
        with Image.open(path) as image:
            image = ImageOps.exif_transpose(image).convert("RGBA")
            return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("L")
    except FileNotFoundError:
        message = f"`inputs` must be picture files that exist. Received: {path!r}, which is missing"
        raise ValueError(message) from None
    except (OSError, SyntaxError, Image.DecompressionBombError):  # Pillow's words for a damaged file are many.
        raise ValueError(f"`inputs` must be picture files. Received: {path!r}, which is no picture") from None


def digit_image(grey: Image.Image, shape, margin: int, name: str = "picture") -> np.ndarray:
    """Return the only digit of a picture as an image of that shape; raise where there is none, or more than one."""
    corners = np.asarray(grey.resize((24, 24), Image.Resampling.BOX))[[0, 0, -1, -1], [0, -1, 0, -1]]
    if np.ptp(corners) < 40:  # On even paper a digit may reach the border.
        grey = ImageOps.expand(grey, max(grey.size) // 7, fill=int(np.median(corners)))
    found = _digit(grey)
    if found is None:
        raise ValueError(f"`inputs` must be pictures with a digit on them. Received: {name!r}, where none was found")
    ink, box, others = found
    if others:
        received = f"Received: {name!r}, with {others + 1} separate shapes on it"
        raise ValueError(f"`inputs` must be pictures of one digit. {received}")
    closer = _digit(grey.crop(box))  # A small digit has more pixels there.
    return place_ink(ink if closer is None or closer[2] else closer[0], shape, margin)


def _digit(grey: Image.Image) -> tuple[np.ndarray, tuple, int] | None:
    """Return the ink of a digit, the box of its surroundings in pixels of the picture, and how many others there are.

    The ground is the median of a pixel's surroundings; what differs from it by more than the noise is ink. The digit is
    the connected shape with the most ink, and the pieces close to it; a shape at the border, as a table, is none.
    """
    scale = SIDE / max(grey.size)
    size = [max(8, round(scale * side)) for side in grey.size]
    small = grey.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC)
    pixels = ndimage.gaussian_filter(np.asarray(small, "float32") / 255, 0.8)
    ground = ndimage.median_filter(pixels[::2, ::2], SIDE // 4, mode="nearest")  # For time, of a quarter of the pixels.
    ground = ndimage.zoom(ground, np.divide(pixels.shape, ground.shape), order=1)
    contrast = (ground - pixels) / np.maximum(ground, 0.15)  # As a share of the light: the same in the shade.
    contrast *= np.sign((contrast**3).sum())  # Dark on light, or light on dark.
    noise = 1.4826 * np.median(np.abs(contrast))
    labels, count = ndimage.label(contrast > max(4 * noise, 0.4 * np.quantile(contrast, 0.99), 0.06), np.ones((3, 3)))
    boxes, numbers = ndimage.find_objects(labels), np.arange(1, count + 1)
    tops, lefts, bottoms, rights = np.array([(r.start, c.start, r.stop, c.stop) for r, c in boxes]).reshape(-1, 4).T
    sides, ink = np.maximum(bottoms - tops, rights - lefts), ndimage.sum_labels(contrast, labels, numbers)
    is_inside = (tops > 0) & (lefts > 0) & (bottoms < labels.shape[0]) & (rights < labels.shape[1])
    if not (is_digit := is_inside & (sides >= 5)).any():
        return None
    first = np.argmax(np.where(is_digit, ink, 0))
    gaps = np.max([tops - bottoms[first], tops[first] - bottoms, lefts - rights[first], lefts[first] - rights], axis=0)
    is_near = is_inside & (gaps < 0.1 * sides[first]) & (ink >= 1)
    others = is_digit & ~is_near & (sides > 0.5 * sides[first]) & (ink > 0.15 * ink[first])
    mask = ndimage.binary_dilation(np.isin(labels, numbers[is_near]), np.ones((3, 3)), iterations=2)
    level, reach = np.quantile(contrast[labels == numbers[first]], 0.7), 0.5 * sides[first]
    ends = np.array([lefts[first] - reach, tops[first] - reach, rights[first] + reach, bottoms[first] + reach]) / scale
    box = np.clip(ends.round().astype(int), 0, [*grey.size, *grey.size])
    return mask * np.clip((contrast / level - 0.2) / 0.6, 0, 1), tuple(box.tolist()), int(others.sum())


def object_image(grey: Image.Image, shape, margin: int, name: str = "picture") -> np.ndarray:
    """Return what stands out from the ground as an image of that shape."""
    grey = grey.copy()
    grey.thumbnail((512, 512))
    pixels = np.asarray(grey, "float32") / 255
    row, column = np.indices(pixels.shape) / max(pixels.shape)
    edge = np.ones(pixels.shape, bool)
    edge[1:-1, 1:-1] = False
    # The ground is taken to be a plane through the picture's edge, so that light from one side does no harm.
    terms = np.stack([np.ones_like(row), row, column], axis=-1)
    contrast = pixels - terms @ np.linalg.lstsq(terms[edge], pixels[edge], rcond=None)[0]
    contrast *= np.sign((contrast**3).sum())  # The object is light on black, whatever its ground was.
    strongest = np.quantile(contrast, 0.995)
    contrast = np.clip((contrast / max(strongest, 1e-6) - 0.15) / 0.75, 0, 1)
    if strongest < 0.05 or contrast.max() <= 0.1:
        raise ValueError(f"`inputs` must be pictures with something on them. Received: {name!r}, which is blank")
    return place_ink(contrast, shape, margin)


def place_ink(ink: np.ndarray, shape, margin: int) -> np.ndarray:
    """Return light on black cut to what is on it, as large as the margin allows, as an image of that shape."""
    ink = ink[ndimage.find_objects((ink > 0.1).astype(int))[0]].astype("float32")
    height, width, channels = shape
    fit = min((height - 2 * margin) / ink.shape[0], (width - 2 * margin) / ink.shape[1])
    size = [max(1, round(fit * n)) for n in ink.shape]
    small = np.asarray(Image.fromarray(ink).resize(size[::-1], Image.Resampling.BOX if fit < 1 else None))
    # The centre of mass goes to the middle if there is room, as in MNIST: pixel 14 of 28.
    places = zip((height, width), ndimage.center_of_mass(small), size, strict=True)
    top, left = (int(np.clip(round(whole / 2 - middle), 0, whole - n)) for whole, middle, n in places)
    result = np.zeros((height, width, channels), "float32")
    result[top : top + size[0], left : left + size[1]] = small[..., None]
    return result
