"""Digits that a network has made: their pictures in a result, a strip of them, and what autoencoders share."""

import base64

import numpy as np
from scipy.special import expit


def packed(values: np.ndarray, factor: float = 255, dtype: str = "uint8") -> str:
    """Return numbers, such as images of shape `(n, 28, 28, 1)` in [0, 1], as text for a JSON file."""
    return base64.b64encode((factor * values).round().astype(dtype).tobytes()).decode()


def unpacked(text: str) -> np.ndarray:
    """Return the images that `packed` was given, with values from 0 to 255 and without the last axis."""
    return np.frombuffer(base64.b64decode(text), "uint8").reshape(-1, 28, 28)


def draw_strips(figure, strips: dict[str, str], length: int | None = None) -> None:
    """Draw packed images beside each name, in lines of a length or all in one, into a figure or a part of one."""
    images = {name: unpacked(text) for name, text in strips.items()}
    lines = [len(each) // (length or len(each)) for each in images.values()]
    all_axes = figure.subplots(len(strips), height_ratios=lines, squeeze=False)[:, 0]
    for axes, count, (name, each) in zip(all_axes, lines, images.items(), strict=True):
        axes.imshow(np.concatenate([np.concatenate(line, axis=1) for line in np.split(each, count)]), cmap="gray")
        words = name.replace(": ", ":\n").replace("：", "：\n")
        axes.set_ylabel(words, fontsize=9, rotation=0, ha="right", va="center")
        axes.set(xticks=[], yticks=[], frame_on=False, anchor="E")


def decoded(model, codes: np.ndarray) -> np.ndarray:
    """Return the images that the decoder of an autoencoder, which gives logits, makes of codes."""
    return expit(np.asarray(model.get_layer("decoder")(codes.astype("float32"))))


def principal_components(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean image, and the principal components as columns, that of the largest variance first."""
    x = images.reshape(len(images), -1)
    return images.mean(axis=0), np.linalg.eigh(np.cov(x, rowvar=False))[1][:, ::-1]
