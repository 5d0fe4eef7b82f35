"""Many steps in one call of TensorFlow's graph: how many, and when."""

import keras
import numpy as np
import pytest

from dlguide import training
from dlguide.training import _steps
from tests.helpers.training_runs import X, Y, classifier, dataset, fit, same, state

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others run one step a call")


def steps_a_call(folder=None, looks_at=None, **options):
    """Return the numbers of steps in a call, and of those that are unrolled, and the result."""
    model, seen = classifier(), set()

    def note(epoch, logs):
        seen.add((model.steps_per_execution, model.unrolled_steps_per_execution))

    callback = keras.callbacks.LambdaCallback(on_epoch_begin=note, on_train_batch_end=looks_at)
    history = fit(model, folder, callbacks=[callback], **{"epochs": 4, **options}).history
    return seen, [np.array(list(history.values())), *state(model)]


def test_the_docstring_states_the_length_of_a_long_run():
    assert f"{_steps.LONG_RUN} steps" in " ".join(training.fit.__doc__.split())


@pytest.mark.thorough
def test_long_runs_do_many_steps_a_call_and_end_in_the_same_bits(tmp_path, monkeypatch):
    short, plain = steps_a_call()
    assert short == {(1, 1)}
    monkeypatch.setattr(_steps, "LONG_RUN", 10)
    many, history = steps_a_call()
    assert many == {(200, 1)} and same(history, plain)
    assert steps_a_call(x=np.tile(X, (20, 1)), y=np.tile(Y, 20), batch_size=100)[0] == {(50, 1)}
    # A callback that looks at single steps sees them all.
    steps = []
    assert steps_a_call(looks_at=lambda batch, logs: steps.append(batch))[0] == {(1, 1)}
    assert steps == 4 * [*range(8)]

    def unknown():
        return {"x": dataset().filter(lambda x, y, w: True), "y": None}

    many, history = steps_a_call(tmp_path / "many", **unknown())
    assert many == {(200, 1)}
    # Later epochs differ: one step a call draws once more at an epoch's end.
    one = steps_a_call(tmp_path / "one", lambda batch, logs: None, **unknown())[1]
    assert np.array_equal(history[0][:, 0], one[0][:, 0])
    monkeypatch.setattr(_steps, "VERY_LONG_RUN", 10)
    many, history = steps_a_call()
    assert many == {(200, 5)} and same(history, plain)


def test_a_callback_for_the_end_of_an_epoch_does_not_switch_off_many_steps_a_call(tmp_path):
    looks, path = _steps.looks_at_steps, str(tmp_path / "x.keras")
    checkpoint, board = keras.callbacks.ModelCheckpoint, keras.callbacks.TensorBoard
    assert not looks(checkpoint(path)) and looks(checkpoint(path, save_freq=3))
    assert not looks(board(path)) and looks(board(path, write_steps_per_second=True))
    assert looks(board(path, update_freq=3)) and looks(board(path, update_freq="batch"))
