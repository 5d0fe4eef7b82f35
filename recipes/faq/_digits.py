"""Digits that a network has made: their pictures in a result, and a strip of them."""

import base64

import numpy as np


def packed(images: np.ndarray) -> str:
    """Return images of shape `(n, 28, 28, 1)` in [0, 1] as text for a JSON file."""
    return base64.b64encode((255 * images).round().astype("uint8").tobytes()).decode()


def unpacked(text: str) -> np.ndarray:
    """Return the images that `packed` was given, with values from 0 to 255 and without the last axis."""
    return np.frombuffer(base64.b64decode(text), "uint8").reshape(-1, 28, 28)


def draw_strips(figure, strips: dict[str, str]) -> None:
    """Draw a line of packed images for each name into a figure or a part of one."""
    all_axes = figure.subplots(len(strips), squeeze=False)[:, 0]
    for axes, (name, text) in zip(all_axes, strips.items(), strict=True):
        axes.imshow(np.concatenate(unpacked(text), axis=1), cmap="gray")
        axes.set_title(name, fontsize=9)
        axes.axis("off")
