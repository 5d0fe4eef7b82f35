"""Many steps in one call of TensorFlow's graph: how many, and when."""

import re

import keras
import numpy as np
import pytest

from dlguide.training import _speed
from tests.helpers.training_runs import classifier, dataset, fit, same, state

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others run one step a call")


def steps_a_call(folder=None, looks_at=None, **options):
    """Return the numbers of steps in a call, and of those that are unrolled, and the result."""
    model, seen = classifier(), set()

    def note(epoch, logs):
        seen.add((model.steps_per_execution, model.unrolled_steps_per_execution))

    callback = keras.callbacks.LambdaCallback(on_epoch_begin=note, on_train_batch_end=looks_at)
    history = fit(model, folder, callbacks=[callback], epochs=4, **options).history
    return seen, [np.array(list(history.values())), *state(model)]


def test_long_runs_do_many_steps_a_call_and_end_in_the_same_bits(monkeypatch):
    assert steps_a_call()[0] == {(1, 1)}
    monkeypatch.setattr(_speed, "LONG_RUN", 16)
    # A callback that looks at single steps sees them all.
    steps = []
    one, plain = steps_a_call(looks_at=lambda batch, logs: steps.append(batch))
    assert one == {(1, 1)} and steps == 4 * [*range(4)]
    many, history = steps_a_call()
    assert many == {(200, 1)} and same(history, plain)
    monkeypatch.setenv("DLGUIDE_TENSORFLOW_SPEED", "0")
    assert steps_a_call()[0] == {(1, 1)}


@pytest.mark.thorough
def test_of_a_data_set_of_unknown_size_many_steps_are_done_in_a_call(tmp_path):
    def unknown():
        return {"x": dataset().filter(lambda x, y, w: True), "y": None}

    many, history = steps_a_call(tmp_path / "many", **unknown())
    assert many == {(200, 1)}
    # Later epochs differ: one step a call draws once more at an epoch's end.
    one = steps_a_call(tmp_path / "one", lambda batch, logs: None, **unknown())[1]
    assert np.array_equal(history[0][:, 0], one[0][:, 0])


@pytest.mark.parametrize(
    ("steps", "batch_size", "numbers"),
    [(499, 64, (1, 1)), (500, 64, (200, 1)), (500, 65, (50, 1)), (20_000, 64, (200, 5))],
)
def test_the_steps_in_a_call_follow_from_those_of_the_run(steps, batch_size, numbers):
    model = classifier()
    with _speed.fast(model, [], steps, batch_size):
        assert (model.steps_per_execution, model.unrolled_steps_per_execution) == numbers


def test_the_bar_counts_no_more_steps_than_there_are_and_a_callback_is_told_how_much_is_shown(capsys, monkeypatch):
    monkeypatch.setattr(_speed, "LONG_RUN", 1)
    told, model = [], classifier()
    callback = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: told.append(callback.params["verbose"]))
    for verbose in (1, 0):
        fit(model, verbose=verbose, callbacks=callback)
    shown = set(re.findall(r"(\d+)/4", capsys.readouterr().out))
    assert "4" in shown and max(map(int, shown)) == 4
    assert told == [1, 0]


def test_steps_in_a_call_that_the_caller_chose_are_counted_as_keras_counts_them():
    seen = []

    def note(batch, logs):
        seen.append(batch)

    callback = keras.callbacks.LambdaCallback(on_train_batch_begin=note, on_train_batch_end=note)
    model = classifier(steps_per_execution=3)
    fit(model, epochs=1, callbacks=callback)
    assert seen == [0, 2, 3, 5]  # Of four steps.


def test_keras_s_own_limit_of_epochs_ends_a_training():
    keras.config.set_max_epochs(1)
    try:
        with pytest.warns(UserWarning, match="Limiting epochs to 1"):
            assert len(fit(classifier(), epochs=3).epoch) == 1
    finally:
        keras.config.set_max_epochs(None)


def test_a_callback_for_the_end_of_an_epoch_does_not_switch_off_many_steps_a_call(tmp_path):
    looks, path = _speed.looks_at_steps, str(tmp_path / "x.keras")
    checkpoint, board = keras.callbacks.ModelCheckpoint, keras.callbacks.TensorBoard
    assert not looks(checkpoint(path)) and looks(checkpoint(path, save_freq=3))
    assert not looks(board(path)) and looks(board(path, write_steps_per_second=True))
    assert looks(board(path, update_freq=3)) and looks(board(path, update_freq="batch"))
