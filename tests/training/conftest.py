"""For every test of training: checkpoints as often as asked for, whatever they cost; afterwards float32 again."""

import keras
import pytest

from dlguide.training import _run

pytest.register_assert_rewrite("training_runs")


@pytest.fixture(autouse=True)
def checkpoints_cost_nothing(monkeypatch):
    monkeypatch.setattr(_run, "CHECKPOINT_SHARE", 1e9)
    yield
    keras.config.set_dtype_policy("float32")
