"""Pictures of a run, made small enough to stand in its report."""

import base64
import bisect
import functools
import io
from pathlib import Path

from PIL import Image, features

FORMAT = "avif" if features.check("avif") else "webp"  # AVIF has two thirds of the size.
STEPS = ((1000, 60), (900, 55), (800, 50), (720, 45), (640, 40), (640, 30), (560, 30), (480, 30), (400, 25), (320, 20))
"""Largest width in pixels and quality: the first pair with which the pictures fit is taken."""


def fitting(files: list[Path], room: int) -> list[dict]:
    """Return pictures as data of a page, together at most `room` bytes; what does not fit is left out at the end."""
    images = [Image.open(file).convert("RGB") for file in files]

    @functools.cache
    def made(step: tuple[int, int]) -> list[dict]:
        return [_picture(image, *step) for image in images]

    first = bisect.bisect_left(STEPS, True, key=lambda step: _size(made(step)) <= room)
    pictures = made(STEPS[min(first, len(STEPS) - 1)])
    while pictures and _size(pictures) > room:
        pictures = pictures[:-1]
    return pictures


def _size(pictures: list[dict]) -> int:
    return sum(len(picture["data"]) for picture in pictures)


def _picture(image: Image.Image, width: int, quality: int) -> dict:
    if image.width > width:
        image = image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)
    content = io.BytesIO()
    image.save(content, FORMAT, quality=quality, speed=8)  # Of 10: slower ones take seconds.
    data = f"data:image/{FORMAT};base64,{base64.b64encode(content.getvalue()).decode()}"
    return {"data": data, "width": image.width, "height": image.height}
