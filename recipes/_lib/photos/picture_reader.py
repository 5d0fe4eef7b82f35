"""Read a picture file as the images that a model was trained on: light on black, 28 pixels a side.

`digit_image` is for a photo of a digit, ink on paper or chalk on a board: it looks for the digit in the whole picture,
looks again at the surroundings of what it found, where a small digit has enough pixels, and brings the ink to the size
and place that digits have in MNIST. `object_image` keeps the grey values, for pictures of things, such as clothes.
"""

import numpy as np
from PIL import Image, ImageOps
from scipy import ndimage

from recipes._lib.photos import ink_finder


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
    grey = ink_finder.with_margin(grey)
    digit = ink_finder.find_digit(grey, smoothing=0.8)
    if digit is None:
        raise ValueError(f"`inputs` must be pictures with a digit on them. Received: {name!r}, where none was found")
    if digit.rivals:
        received = f"Received: {name!r}, with {digit.rivals + 1} separate shapes on it"
        raise ValueError(f"`inputs` must be pictures of one digit. {received}")
    box, within = ink_finder.surroundings(digit.ink, grey.size), Image.fromarray(digit.ink).resize(grey.size)
    closer = ink_finder.find_digit(grey.crop(box), smoothing=1.5, signs=(digit.sign,), within=within.crop(box))
    return place_ink((closer or digit).ink, shape, margin)


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
