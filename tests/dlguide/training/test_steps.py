"""Many steps in one call of TensorFlow's graph: the same bits, the true numbers of the steps, how long a call takes."""

import os
import re
import signal
import threading
import time

import keras
import numpy as np
import pytest

from dlguide.training import _speed
from tests.helpers.training_runs import SPARSE, X, Y, classifier, dataset, fit, same, state

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others run one step a call")


@pytest.fixture
def counts(monkeypatch):
    """Return the numbers of steps in each call for training and validation."""
    found, call = [], _speed.ManySteps.__call__

    def counted(steps, iterator):
        before = steps.done
        outputs = call(steps, iterator)
        found.append(steps.done - before if steps.left is not None else 1)
        return outputs

    monkeypatch.setattr(_speed.ManySteps, "__call__", counted)
    return found


def trained(looks_at=None, **options):
    model = classifier(metrics=["accuracy"])
    callback = keras.callbacks.LambdaCallback(on_train_batch_end=looks_at)
    history = fit(model, callbacks=[callback], epochs=4, validation_data=(X, Y), **options).history
    return [*map(np.array, history.values()), *state(model)]


def test_many_steps_a_call_end_in_the_bits_of_one_and_a_callback_that_looks_at_steps_sees_them_all(counts):
    steps = []
    one = trained(lambda batch, logs: steps.append(batch), batch_size=7)
    assert not counts and steps == 4 * [*range(9)]
    assert same(one, trained(batch_size=7))
    assert max(counts) > 1 and sum(counts) == 4 * (9 + 9)
    counts.clear()
    trained(x=dataset(), y=None)  # Of unknown size: one step a call in training.
    assert counts[:6] == [1] * 6


class Slow(keras.layers.Layer):
    """Waits in each step of the graph, and counts how often it is traced."""

    traces, seconds = 0, 0.0

    def call(self, x, training=False):
        import tensorflow as tf

        Slow.traces += bool(training)
        wait = tf.py_function(lambda: time.sleep(Slow.seconds) or 0.0, [], "float32")
        with tf.control_dependencies([wait]):
            return tf.identity(x)


def slow_model():
    model = keras.Sequential([keras.Input((4,)), Slow(), keras.layers.Dense(2)])
    model.compile("sgd", SPARSE, jit_compile=False)
    return model


def test_a_second_fit_of_a_model_traces_nothing(monkeypatch):
    model, traces = slow_model(), []
    for _ in range(3):
        monkeypatch.setattr(Slow, "traces", 0)
        fit(model, batch_size=10)
        traces.append(Slow.traces)
    assert traces[0] > 0 and traces[1:] == [0, 0]


@pytest.mark.thorough
def test_a_call_takes_about_half_a_second_and_ctrl_c_acts_within_a_second(tmp_path, counts, monkeypatch):
    pressed = []

    def press():
        pressed.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Slow, "seconds", 0.02)
    threading.Timer(2.5, press).start()
    with pytest.raises(KeyboardInterrupt):
        fit(slow_model(), tmp_path, np.tile(X, (20, 1)), np.tile(Y, 20), batch_size=1)
    assert time.perf_counter() - pressed[0] < 1.2
    assert 15 <= max(counts) <= 25  # 0.5 seconds at 20 ms.


def test_the_bar_counts_no_more_steps_than_there_are_and_a_callback_is_told_how_much_is_shown(capsys):
    told, model = [], classifier()
    callback = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: told.append(callback.params["verbose"]))
    for verbose in (1, 0):
        fit(model, verbose=verbose, callbacks=callback)
    shown = set(re.findall(r"(\d+)/4", capsys.readouterr().out))
    assert "4" in shown and max(map(int, shown)) == 4
    assert told == [1, 0]


@pytest.mark.thorough
def test_steps_in_a_call_that_the_caller_chose_are_counted_as_keras_counts_them(counts):
    seen, expected = [], []
    for found, train in ((seen, fit), (expected, lambda model, **options: model.fit(X, Y, batch_size=16, **options))):
        note = keras.callbacks.Callback()
        note.on_train_batch_begin = note.on_train_batch_end = lambda batch, logs=None, found=found: found.append(batch)
        train(classifier(steps_per_execution=3), epochs=1, callbacks=[note], verbose=0)
    assert seen == expected and not counts


def test_keras_s_own_limit_of_epochs_ends_a_training():
    keras.config.set_max_epochs(1)
    try:
        with pytest.warns(UserWarning, match="Limiting epochs to 1"):
            assert len(fit(classifier(), epochs=3).epoch) == 1
    finally:
        keras.config.set_max_epochs(None)


def test_a_callback_for_the_end_of_an_epoch_does_not_switch_off_many_steps_a_call(tmp_path):
    looks, path, checkpoint = _speed.looks_at_steps, str(tmp_path / "x.keras"), keras.callbacks.ModelCheckpoint
    assert not looks(checkpoint(path)) and looks(checkpoint(path, save_freq=3))
    assert looks(keras.callbacks.TensorBoard(str(tmp_path)))
