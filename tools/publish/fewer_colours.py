"""Pictures with fewer colours, where the eye sees no difference."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

PALETTES = ((256, 32), (64, 6))
"""Number of colours, and by how much of 255 they may change, but for one pixel in a thousand: 64 do for grey images."""


def write(source: Path, target: Path) -> None:
    """Copy a picture with fewer colours if it is smaller then and looks the same."""
    with Image.open(source) as file:
        image = file.convert("RGB")
    best = source.read_bytes()
    for colours, permitted in PALETTES:
        reduced = image.quantize(colours, dither=Image.Dither.NONE)
        change = np.abs(np.asarray(reduced.convert("RGB"), "int16") - np.asarray(image, "int16")).max(axis=-1)
        box = io.BytesIO()
        reduced.save(box, "PNG", optimize=True)
        if np.quantile(change, 0.999) <= permitted and len(box.getvalue()) < len(best):
            best = box.getvalue()
    target.write_bytes(best)
