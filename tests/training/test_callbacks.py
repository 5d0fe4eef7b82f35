"""The callbacks of `fit`: their order, early stopping, a non-finite loss, errors of the caller's, the report."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from training_runs import X, Y, classifier, fit, line, same, state

from dlguide import mlp
from dlguide.training import Run, _callbacks

pytestmark = pytest.mark.each_backend


class Note(keras.callbacks.Callback):
    """Notes that it is called."""

    def __init__(self, name, calls):
        super().__init__()
        self.name, self.calls = name, calls

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(self.name)


def test_the_callbacks_are_called_in_the_order_of_the_contract():
    calls, run = [], Run(None, epochs=1, model=line())
    run.history, guard = Note("history", calls), Note("guard", calls)
    guard.check = None
    batches = SimpleNamespace(steps=1, begin=lambda epoch, step: calls.append("batches"))
    own = Note("own", calls)
    own.on_epoch_begin = lambda epoch, logs: calls.append("own begins")
    run.save_epoch = lambda stop: calls.append("checkpoint")
    run.resume_at = (0, 0)
    stopping, report = Note("stopping", calls), Note("report", calls)
    listed = _callbacks.Callbacks(run, batches, [], [own], [stopping], guard, [report])
    listed.on_epoch_begin(0)
    listed.on_epoch_end(0, {})
    order = ["batches", "own begins", "own", "stopping", "history", "guard", "report", "checkpoint"]
    assert calls == order


class LogsMetric(keras.callbacks.Callback):
    """Logs a `val_loss` of its own, which is best after the second epoch."""

    def on_epoch_end(self, epoch, logs=None):
        logs["val_loss"] = abs(epoch - 1.0)


def test_all_callbacks_behind_the_callers_use_what_it_logs(tmp_path, capsys):
    model = classifier()
    options = {"validation_data": (X, Y), "patience": 2, "epochs": 9}
    history = fit(model, tmp_path, callbacks=[LogsMetric()], verbose=2, **options).history
    assert history["val_loss"] == [1, 0, 1, 2]
    two = classifier()
    fit(two, epochs=2)
    assert same(model.get_weights(), two.get_weights())
    assert "val_loss 2" in capsys.readouterr().out.splitlines()[-1]


def test_callbacks_may_be_one_or_none_as_in_keras():
    calls = []
    one = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: calls.append(epoch))
    for callbacks in (None, one, [one]):
        fit(classifier(), epochs=1, callbacks=callbacks)
    assert calls == [0, 0]


class Explode(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.weights_before = None

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            self.weights_before = self.model.get_weights()
            self.model.optimizer.learning_rate = 1e30


@pytest.mark.parametrize("patience", [None, 3])
def test_a_loss_that_is_not_finite_ends_the_run_with_the_best_weights(patience, tmp_path):
    options = {"epochs": 6, "patience": patience, "validation_data": (X, Y) if patience else None}
    model, explode = mlp((4,), 1, hidden_units=(6,)), Explode()
    model.compile(keras.optimizers.SGD(1e-3), "mse")
    message = (
        r"`loss` must be finite. Received: loss=(nan|inf) in epoch 3(, at step \d or before)?\. Try a smaller learning "
        r"rate, `clipnorm=1` in the optimizer, or inputs scaled to .*The model has its best weights so far, of epoch 2"
    )
    with pytest.raises(FloatingPointError, match=message):
        fit(model, tmp_path, y=Y.astype("float32"), callbacks=[explode], checkpoint_seconds=0, **options)
    assert same(model.get_weights(), explode.weights_before)
    assert same(keras.saving.load_model(tmp_path / "model.keras").get_weights(), explode.weights_before)


HUGE = {"validation_data": (X, np.full(60, 1e30)), "epochs": 2}


@pytest.mark.parametrize(
    ("rate", "options", "message"),
    [
        (1e30, {}, r"`loss` must be finite. .*"),
        # One step an epoch: no finite loss came from the weights of the first one.
        (1e30, {"batch_size": 60, "epochs": 3}, r"in epoch 2(, at step \d or before)?\. .*"),
        (1e30, {"batch_size": 60, "epochs": 3, "has_folder": True}, r"in epoch 2(, at step \d or before)?\. .*"),
        (0.01, HUGE, r"`val_loss` must be finite. Received: val_loss=inf in epoch 1\. .*"),
    ],
)
def test_a_loss_that_is_never_finite_leaves_the_initial_weights(rate, options, message, tmp_path):
    options = dict(options)
    folder = tmp_path / "run" if options.pop("has_folder", False) else None
    model = line(keras.optimizers.SGD(rate))
    before = model.get_weights()
    with pytest.raises(FloatingPointError, match=message + "The model has its initial weights"):
        fit(model, folder, y=Y.astype("float32"), **options)
    assert same(model.get_weights(), before)


class Raises(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise FloatingPointError("mine")


def test_an_error_of_a_callback_leaves_the_last_weights_in_place(tmp_path):
    model, options = classifier(), {"validation_data": (X, Y), "patience": 3}
    with pytest.raises(FloatingPointError, match="mine"):
        fit(model, tmp_path, epochs=4, callbacks=[Raises()], **options)
    two = classifier()
    fit(two, epochs=2, **options)
    assert same(state(model), state(two))
    assert not (tmp_path / "model.keras").exists()


def test_one_line_an_epoch_where_there_is_no_terminal(capsys):
    fit(classifier(), verbose="auto")
    lines = capsys.readouterr().out.strip().splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("epoch 1/2  ")
