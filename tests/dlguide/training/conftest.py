"""For every test of training: checkpoints as often as asked for, whatever they cost; afterwards float32 again."""

import pytest


@pytest.fixture(autouse=True)
def checkpoints_cost_nothing(monkeypatch):
    import keras  # Here: pytest reads this file before `tests/conftest.py` has imported Keras without its warnings.

    from dlguide.training import _run

    monkeypatch.setattr(_run, "CHECKPOINT_SHARE", 1e9)
    yield
    keras.config.set_dtype_policy("float32")
