"""The callbacks of `fit`: their order, those that are not kept, the history, a non-finite loss, errors, the report."""

import datetime
import enum
import io
import sys
import warnings
from unittest import mock

import keras
import numpy as np
import pytest
from keras.callbacks import LambdaCallback

from dlguide import mlp
from tests.helpers import training_runs as runs
from tests.helpers.switches import quick
from tests.helpers.training_runs import At, Stopped, X, Y, classifier, crash, fit, history_rows, same, state, train


class Counted(runs.Shuffled):
    """Notes when an epoch of it ends."""

    def on_epoch_end(self):
        super().on_epoch_end()
        self.calls.append("data")


def test_the_callbacks_are_called_in_the_order_of_the_contract(tmp_path):
    def note(name):
        return LambdaCallback(*(lambda epoch, logs, when=when: calls.append(name + when) for when in (" begins", "")))

    def log(epoch, logs):
        calls.append(f"{len(history_rows(tmp_path)) if (tmp_path / 'history.csv').exists() else 0} epochs kept")

    x = Counted()
    x.calls = calls = []
    fit(classifier(), tmp_path, x=x, y=None, callbacks=[note("one"), note("two"), LambdaCallback(on_epoch_end=log)])
    first = ["data", "one begins", "two begins", "data", "one", "two"]  # Keras ends an epoch before validation.
    assert calls == [*first, "0 epochs kept", *first[1:], "1 epochs kept"]


def test_each_epoch_of_a_function_reads_its_own_data_set_and_the_callbacks_see_one_training(tmp_path):
    seen, calls = [], []
    names = [f"on_{kind}_{end}" for kind in ("train", "epoch") for end in ("begin", "end")]
    note = LambdaCallback(**{name: lambda *args, name=name: calls.append(name) for name in names})
    data = lambda epoch: seen.append(epoch) or runs.dataset(seed=epoch)  # noqa: E731
    train(tmp_path, x=lambda: data, y=None, callbacks=[lambda: note])
    assert list(dict.fromkeys(seen)) == [0, 1, 2, 3]
    train(tmp_path, x=lambda: data, y=None)
    assert max(seen) == 3
    assert calls == ["on_train_begin", *["on_epoch_begin", "on_epoch_end"] * 4, "on_train_end"]


@pytest.mark.thorough
def test_all_callbacks_behind_the_callers_use_what_it_logs(tmp_path):
    model, own = classifier(), LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(val_loss=abs(epoch - 1.0)))
    history = fit(model, tmp_path, callbacks=own, validation_data=(X, Y), patience=2, epochs=9).history
    assert history["val_loss"] == [1, 0, 1, 2]
    fit(two := classifier())
    assert same(model.get_weights(), two.get_weights())


@pytest.mark.parametrize("with_folder", quick([False, True], True))
def test_callbacks_may_be_none_one_or_any_object_with_their_methods(with_folder, tmp_path):
    methods = [name for name in dir(keras.callbacks.Callback) if name.startswith(("on_", "set_"))]
    one = mock.Mock(spec=methods)  # No subclass of a callback, which Keras does not ask for.
    for i, callbacks in enumerate((None, one, [one])):
        fit(classifier(), tmp_path / str(i) if with_folder else None, epochs=1, callbacks=callbacks)
    assert one.on_epoch_end.call_count == 2 and one.on_train_batch_begin.call_count == 8


# What is kept; the rows of test_resume.py have those with a state


class Collect(keras.callbacks.Callback):
    """Has no protocol: its attributes are the caller's, each of a kind that no file could keep."""

    def __init__(self):
        super().__init__()
        self.results, self.writer, self.folder = [], object(), io.StringIO()

    def on_epoch_end(self, epoch, logs=None):
        self.results.append(epoch)


def test_nothing_of_a_callback_without_the_protocol_is_touched_and_one_warning_says_so(tmp_path):
    for epochs, expected in ((2, [0, 1]), (5, [2, 3, 4]), (5, [])):
        callback = Collect()
        before = {name: vars(callback)[name] for name in ("results", "writer", "folder")}
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fit(classifier(), tmp_path, epochs=epochs, callbacks=[callback])
        messages = [str(each.message) for each in caught if "attributes of Collect" in str(each.message)]
        assert len(messages) == (epochs == 5 and bool(expected)) and all("get_state" in text for text in messages)
        assert callback.results == expected and all(vars(callback)[name] is before[name] for name in before)


def test_keras_callbacks_with_files_and_functions_draw_no_warning_and_go_on_where_they_were(tmp_path):
    def score(epoch, logs):
        logs["score"] = float(epoch)  # The first epoch is the best.

    def callbacks():
        best = {"monitor": "score", "save_best_only": True, "mode": "min"}
        return [
            LambdaCallback(on_epoch_end=score),
            keras.callbacks.ModelCheckpoint(str(tmp_path / "all-{epoch}.keras")),
            keras.callbacks.ModelCheckpoint(str(tmp_path / "best-{epoch}.keras"), **best),
            keras.callbacks.CSVLogger(str(tmp_path / "log.csv"), append=True),
            keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9),
            keras.callbacks.TerminateOnNaN(),
        ]

    for epochs in (2, 4):
        fit(classifier(), tmp_path / "run", epochs=epochs, callbacks=callbacks())
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["epoch", "0", "1", "2", "3"]
    names = sorted(path.stem for path in tmp_path.glob("*.keras"))
    assert names == ["all-1", "all-2", "all-3", "all-4", "best-1"]


# The history


class Grade(enum.IntEnum):
    GOOD = 3


@pytest.mark.thorough
def test_whatever_a_callback_logs_numbers_and_vectors_are_kept_and_the_rest_is_left_out(tmp_path):
    def log(epoch, logs):
        logs.update({"seconds": -1.0, "epoch": -2, "name": "text", "at": datetime.datetime.now(), "grade": Grade.GOOD})
        logs.update({"norm": keras.ops.norm(np.full(4, epoch + 1.0)), "pair": keras.ops.ones(2) * epoch})
        logs.update({"rate": keras.Variable(0.5), "some": np.float32(epoch)} if epoch % 2 else {})

    for epochs in (1, 3, 4):
        history = fit(classifier(), tmp_path, epochs=epochs, callbacks=LambdaCallback(on_epoch_end=log))
    rows, found = history_rows(tmp_path), history.history
    assert list(found) == ["loss", "seconds", "epoch", "grade", "norm", "pair", "rate", "some"]
    assert found["norm"] == [2, 4, 6, 8] and found["pair"] == [[0, 0], [1, 1], [2, 2], [3, 3]]
    assert found["grade"] == [3] * 4 and {type(value) for value in found["grade"]} == {float}
    np.testing.assert_array_equal(found["some"], [np.nan, 1, np.nan, 3])
    assert [row["some"] for row in rows] == ["nan", "1.0", "nan", "3.0"] and rows[3]["pair"] == "[3.0, 3.0]"
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert history.seconds > 0 and all(float(row["seconds"]) >= 0 for row in rows)
    assert [row["loss"] for row in rows] == [str(loss) for loss in found["loss"]]


# A non-finite loss, and errors


NOT_FINITE = {
    "loss": ({"epochs": 6, "rate": 1e-3}, r"loss=(nan|inf) in epoch 4"),
    "validated": ({"epochs": 6, "rate": 1e-3, "validation_data": (X, Y), "patience": 3}, r"loss=(nan|inf) in epoch 4"),
    "at once": ({"rate": 1e30}, r"loss=(nan|inf) in epoch 1"),
    # One step an epoch: no finite loss came from the weights of the first one.
    "from the first step": ({"rate": 1e30, "batch_size": 60, "epochs": 3}, r"loss=(nan|inf) in epoch 2"),
    "val_loss": ({"rate": 0.01, "validation_data": (X, np.full(60, 1e30))}, r"val_loss=inf in epoch 1"),
}


@pytest.mark.parametrize("folder", ["run", pytest.param(None, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("name", quick(NOT_FINITE, "validated", "from the first step"))
def test_a_non_finite_loss_ends_the_run(name, folder, tmp_path):
    options, received = NOT_FINITE[name]

    def explode(epoch, logs):
        if epoch == 3:
            model.optimizer.learning_rate = 1e30

    options = {"epochs": 2, **options}
    model = mlp((4,), 1, hidden_units=(6,))
    model.compile(keras.optimizers.SGD(options.pop("rate"), momentum=0.1), "mse")
    name = received.partition("=")[0]
    with pytest.raises(FloatingPointError, match=rf"^`{name}` must be finite\. Received: {received}\. Try a smaller "):
        fit(model, folder and tmp_path, y=Y.astype("float32"), callbacks=[LambdaCallback(explode)], **options)
    assert not (tmp_path / "model.keras").exists()


def test_an_error_of_a_callback_leaves_the_last_weights_in_place(tmp_path):
    model, options = classifier(), {"validation_data": (X, Y), "patience": 3}
    At.when, At.what = (2, 0), crash
    with pytest.raises(Stopped):
        fit(model, tmp_path, epochs=4, callbacks=[At()], **options)
    fit(two := classifier(), epochs=2, **options)
    assert same(state(model), state(two)) and not (tmp_path / "model.keras").exists()


# The report


def stream(module="io", is_terminal=False):
    return type("Stream", (io.StringIO,), {"__module__": module, "isatty": lambda self: is_terminal})()


SHOWN = {"notebook": (stream("ipykernel.iostream"), True), "terminal": (stream(is_terminal=True), True)}
SHOWN |= {"file": (stream(), False), "none": (None, None)}  # The last as of `pythonw`, or of a service.


@pytest.mark.parametrize(("out", "has_bar"), SHOWN.values(), ids=SHOWN)
def test_verbose_auto_draws_a_bar_where_it_can_else_a_line_an_epoch_or_nothing(out, has_bar, monkeypatch):
    monkeypatch.setattr(sys, "stdout", out)
    fit(classifier(), verbose="auto")
    if out is not None:
        text = out.getvalue()
        assert text.count("Epoch ") == 2 and "2/2" in text and ("\r" in text or "\b" in text) == has_bar
        assert "4/4" in text
