"""What an experiment of its own rule chooses its settings by."""

import pytest

from questions.lstm import experiment as lstm


@pytest.mark.parametrize(("steps", "score"), [(100, 100), (lstm.STEPS, 4 * lstm.STEPS)])
def test_a_learning_rate_with_more_failures_is_worse_than_any_with_fewer(steps, score, monkeypatch):
    """Three seeds: one failure and two trainings of a step count more than three trainings that just learn."""
    monkeypatch.setattr(lstm, "trained", lambda *tried, **options: (None, steps))
    [tries] = {tuple(tries.values()) for tries in lstm.choose(lengths=(4,), rates=(0.1,)).values()}
    assert tries == (score,) and 4 * lstm.STEPS + 2 > 3 * lstm.STEPS
