"""Fixtures of the tests of recipes."""

import contextlib

import pytest

from dlguide import data
from recipes._lib.search import trial_process


@pytest.fixture
def no_download(monkeypatch):
    """Fashion-MNIST is the only downloaded data set: here it is MNIST."""
    load = data.load
    monkeypatch.setattr(data, "load", lambda name, **more: load(name.replace("fashion_", ""), **more))


@pytest.fixture
def trials_in_this_process(monkeypatch):
    """For time, a search trains its trials in this process; `test_automl.py` tests the processes."""
    call = contextlib.nullcontext(lambda function, *args: function(*args))
    monkeypatch.setattr(trial_process, "opened", lambda: call)


def without_graphs():
    """For time: a few steps or predictions take less than to trace one."""
    import tensorflow as tf  # Here, because it takes seconds to import.

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


eagerly = pytest.fixture(without_graphs)
file_eagerly = pytest.fixture(without_graphs, scope="module")
