"""What the tests of recipes share."""

import functools
import hashlib

import pytest

from dlguide.data import _sets


@functools.cache
def mnist_hashes() -> dict[str, str]:
    arrays = _sets.read_arrays("mnist.npz")
    return {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in arrays.items()}


@pytest.fixture
def no_download(monkeypatch):
    """Fashion-MNIST is the one set that is downloaded: here MNIST's arrays stand in for it."""
    import keras

    arrays = _sets.read_arrays("mnist.npz")
    monkeypatch.setattr(
        keras.datasets.fashion_mnist,
        "load_data",
        lambda: tuple((arrays[f"x_{part}"], arrays[f"y_{part}"]) for part in ("train", "test")),
    )
    monkeypatch.setattr(_sets, "FASHION_MNIST_ARRAYS", mnist_hashes())
