"""Calibration of an image classifier: the temperature that divides its logits, fitted on validation images."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from dlguide import data
from recipes._lib.photos import made_photos, picture_reader

PHOTOS = 8
"""Photos of each condition if there are enough validation digits: 112 in all, some four seconds."""


def temperature(logits: np.ndarray, y: np.ndarray) -> float:
    """Return the temperature with the smallest cross-entropy of `softmax(logits / temperature)`.

    Guo et al., "On calibration of modern neural networks" (2017).
    """

    def cross_entropy(log_temperature):
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return -scaled[np.arange(len(y)), y].mean()

    # Between 1/3 and 3: a few images that are all right would give a temperature of 0.
    return float(np.exp(minimize_scalar(cross_entropy, bounds=(-np.log(3), np.log(3)), method="bounded").x))


def image_temperature(model, kind: str, splits: data.Splits, margin: int) -> float:
    """Return the temperature on validation images; for digits, on photos of them, which `recipes predict` gets."""
    x, y = splits.valid.x[:2000], splits.valid.y[:2000]
    if kind == "digit":
        photos = list(made_photos.photos(*splits.valid, seed=2, count=min(PHOTOS, -(-len(y) // 100))))
        images = [image_of(photo, x.shape[1:], margin) for photo in photos]
        x = np.array([image for image in images if image is not None])
        y = np.array([photo.digit for photo, image in zip(photos, images, strict=True) if image is not None], int)
    return temperature(model.predict(x, batch_size=256, verbose=0), y) if len(y) else 1.0


def image_of(photo: made_photos.Photo, shape, margin: int) -> np.ndarray | None:
    """Return the image that the reader makes of a photo, None if it refuses the photo."""
    try:
        return picture_reader.digit_image(photo.image.convert("L"), shape, margin)
    except ValueError:
        return None
