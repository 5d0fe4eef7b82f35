"""Fixtures of the tests of recipes."""

import contextlib
import hashlib

import pytest

from dlguide.data import _sets
from recipes._lib.search import trial_process


@pytest.fixture
def no_download(monkeypatch):
    """Fashion-MNIST is the only downloaded data set: here it has MNIST's arrays."""
    import keras

    arrays = _sets.read_arrays("mnist.npz")
    parts = tuple((arrays[f"x_{part}"], arrays[f"y_{part}"]) for part in ("train", "test"))
    hashes = {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in arrays.items()}
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", lambda: parts)
    monkeypatch.setattr(_sets, "FASHION_MNIST_ARRAYS", hashes)


@pytest.fixture
def trials_in_this_process(monkeypatch):
    """For time, a search trains its trials in this process; `test_automl.py` tests the processes."""
    call = contextlib.nullcontext(lambda function, *args: function(*args))
    monkeypatch.setattr(trial_process, "opened", lambda: call)
