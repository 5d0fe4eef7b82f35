"""The callbacks of `fit`: their order, early stopping, a non-finite loss, errors of the caller's, the report."""

import io
import sys

import keras
import numpy as np
import pytest
from keras.callbacks import LambdaCallback

from dlguide import mlp, training
from tests.helpers.training_runs import At, Shuffled, Stopped, X, Y, classifier, crash, fit, history_rows, same, state

pytestmark = pytest.mark.each_backend


class Counted(Shuffled):
    """Notes when an epoch of it begins."""

    def __init__(self, calls):
        super().__init__()
        self.calls = calls

    def on_epoch_end(self):
        super().on_epoch_end()
        self.calls.append("data")


def test_the_callbacks_are_called_in_the_order_of_the_contract(tmp_path):
    calls = []

    def note(name):
        return LambdaCallback(*(lambda epoch, logs, when=when: calls.append(name + when) for when in (" begins", "")))

    def log(values, step):
        rows = history_rows(tmp_path) if (tmp_path / "history.csv").exists() else []
        calls.append(f"log, {len(rows)} epochs in the checkpoint")

    fit(classifier(), tmp_path, x=Counted(calls), y=None, callbacks=[training.Log(log), note("one"), note("two")])
    first = ["data", "one begins", "two begins", "data", "one", "two"]  # Keras ends an epoch before validation.
    assert calls[:7] == [*first, "log, 0 epochs in the checkpoint"]
    assert calls[7:] == [*first[1:], "log, 1 epochs in the checkpoint"]


def test_all_callbacks_behind_the_callers_use_what_it_logs(tmp_path, capsys):
    model, own = classifier(), LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(val_loss=abs(epoch - 1.0)))
    options = {"validation_data": (X, Y), "patience": 2, "epochs": 9}
    history = fit(model, tmp_path, callbacks=[own], verbose=2, **options).history
    assert history["val_loss"] == [1, 0, 1, 2]
    two = classifier()
    fit(two)
    assert same(model.get_weights(), two.get_weights())
    assert "val_loss 2" in capsys.readouterr().out.splitlines()[-1]


def test_callbacks_may_be_one_or_none_as_in_keras():
    calls, model = [], classifier()
    one = LambdaCallback(on_epoch_end=lambda epoch, logs: calls.append(epoch))
    for callbacks in (None, one, [one]):
        fit(model, epochs=1, callbacks=callbacks)
    assert calls == [0, 0]


@pytest.mark.parametrize("patience", [None, 3])
def test_a_loss_that_is_not_finite_ends_the_run_with_the_best_weights(patience, tmp_path):
    def explode(epoch, logs):
        if epoch == 2:
            weights.extend(model.get_weights())
            model.optimizer.learning_rate = 1e30

    options = {"epochs": 6, "patience": patience, "validation_data": (X, Y) if patience else None}
    model, weights = mlp((4,), 1, hidden_units=(6,)), []
    model.compile(keras.optimizers.SGD(1e-3), "mse")
    message = (
        r"`loss` must be finite. Received: loss=(nan|inf) in epoch 3(, at step \d or before)?\. Try a smaller learning "
        r"rate, `clipnorm=1` in the optimizer, or inputs scaled to .*The model has its best weights so far, of epoch 2"
    )
    with pytest.raises(FloatingPointError, match=message):
        fit(model, tmp_path, y=Y.astype("float32"), callbacks=[LambdaCallback(explode)], **options)
    assert same(model.get_weights(), weights)
    assert same(keras.saving.load_model(tmp_path / "model.keras").get_weights(), weights)
    with np.load(tmp_path / "checkpoint.npz") as saved:
        assert all(np.isfinite(saved[name]).all() for name in saved.files if name.startswith("variable_"))


HUGE = {"validation_data": (X, np.full(60, 1e30)), "epochs": 2}


@pytest.mark.parametrize(
    ("rate", "options", "message"),
    [
        (1e30, {}, r"`loss` must be finite. .*"),
        # One step an epoch: no finite loss came from the weights of the first one.
        (1e30, {"batch_size": 60, "epochs": 3, "run_dir": "run"}, r"in epoch 2(, at step \d or before)?\. .*"),
        (0.01, HUGE, r"`val_loss` must be finite. Received: val_loss=inf in epoch 1\. .*"),
    ],
)
def test_a_loss_that_is_never_finite_leaves_the_initial_weights(rate, options, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = classifier("mse", 1, keras.optimizers.SGD(rate))
    before = model.get_weights()
    with pytest.raises(FloatingPointError, match=message + "The model has its initial weights"):
        fit(model, y=Y.astype("float32"), **options)
    assert same(model.get_weights(), before)


@pytest.mark.parametrize("patience", [None, 2])
def test_a_model_that_is_not_built_ends_with_its_initial_weights_too(patience):
    model = keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1e25), "mse")
    options = {"validation_data": (np.ones((5, 3)), np.ones((5, 1))) if patience else None, "patience": patience}
    with pytest.raises(FloatingPointError, match="The model has its initial weights"):
        fit(model, x=np.ones((10, 3)), y=np.ones((10, 1)), epochs=5, batch_size=10, **options)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_an_error_of_a_callback_leaves_the_last_weights_in_place(tmp_path):
    model, options = classifier(), {"validation_data": (X, Y), "patience": 3}
    At.when, At.what = (2, 0), crash
    with pytest.raises(Stopped):
        fit(model, tmp_path, epochs=4, callbacks=[At()], **options)
    two = classifier()
    fit(two, epochs=2, **options)
    assert same(state(model), state(two))
    assert not (tmp_path / "model.keras").exists()


def test_one_line_an_epoch_where_there_is_no_terminal(capsys):
    fit(classifier(), verbose="auto")
    lines = capsys.readouterr().out.strip().splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("epoch 1/2  ")


class NotebookStream(io.StringIO):
    """What a notebook prints to, as far as a name tells."""

    __module__ = "ipykernel.iostream"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("stream", [NotebookStream, Terminal])
def test_a_bar_where_it_can_be_drawn(stream, monkeypatch):
    monkeypatch.setattr(sys, "stdout", stream())
    fit(classifier(), epochs=1, verbose="auto")
    assert "4/4" in sys.stdout.getvalue()
