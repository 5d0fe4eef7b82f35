"""For every test of training: a checkpoint before each step if it is asked for, whatever it costs."""

import pytest

from dlguide.training import _run

pytest.register_assert_rewrite("training_runs")


@pytest.fixture(autouse=True)
def checkpoints_cost_nothing(monkeypatch):
    monkeypatch.setattr(_run, "CHECKPOINT_SHARE", 1e9)
