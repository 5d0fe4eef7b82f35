"""The callbacks of `fit`: their order, what is kept of them, a non-finite loss, errors of the caller's, the report."""

import datetime
import enum
import io
import sys
import warnings

import keras
import numpy as np
import pytest
from keras.callbacks import LambdaCallback

from dlguide import mlp
from tests.helpers.training_runs import (
    At,
    Shuffled,
    Stopped,
    X,
    Y,
    check_resumed,
    classifier,
    crash,
    fit,
    history_rows,
    same,
    state,
    train,
    whole_run,
)

pytestmark = pytest.mark.each_backend


class Counted(Shuffled):
    """Notes when an epoch of it ends."""

    calls = ()

    def on_epoch_end(self):
        super().on_epoch_end()
        self.calls.append("data")


def test_the_callbacks_are_called_in_the_order_of_the_contract(tmp_path):
    calls = []

    def note(name):
        return LambdaCallback(*(lambda epoch, logs, when=when: calls.append(name + when) for when in (" begins", "")))

    def log(epoch, logs):
        calls.append(f"{len(history_rows(tmp_path)) if (tmp_path / 'history.csv').exists() else 0} epochs kept")

    x = Counted()
    x.calls = calls
    fit(classifier(), tmp_path, x=x, y=None, callbacks=[note("one"), note("two"), LambdaCallback(on_epoch_end=log)])
    first = ["data", "one begins", "two begins", "data", "one", "two"]  # Keras ends an epoch before validation.
    assert calls == [*first, "0 epochs kept", *first[1:], "1 epochs kept"]


def test_all_callbacks_behind_the_callers_use_what_it_logs(tmp_path):
    model, own = classifier(), LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(val_loss=abs(epoch - 1.0)))
    history = fit(model, tmp_path, callbacks=own, validation_data=(X, Y), patience=2, epochs=9).history
    assert history["val_loss"] == [1, 0, 1, 2]
    two = classifier()
    fit(two)
    assert same(model.get_weights(), two.get_weights())


class AnyObject:
    """What Keras takes as a callback, though it is no subclass of one."""

    def __init__(self, called):
        self.called = called

    def __getattr__(self, name):
        if not name.startswith(("on_", "set_")) or name == "set_state":
            raise AttributeError(name)
        return lambda *args, **options: self.called(name)


@pytest.mark.parametrize("with_folder", [False, True])
def test_callbacks_may_be_none_one_or_any_object_with_their_methods(with_folder, tmp_path):
    called = []
    one = AnyObject(called.append)
    for i, callbacks in enumerate((None, one, [one])):
        fit(classifier(), tmp_path / str(i) if with_folder else None, epochs=1, callbacks=callbacks)
    assert called.count("on_epoch_end") == 2 and called.count("on_train_batch_begin") == 8


# What is kept


class Collect(keras.callbacks.Callback):
    """Has no protocol: its attributes are the caller's, each of a kind that no file could keep."""

    def __init__(self, results):
        super().__init__()
        self.results, self.again, self.writer, self.folder = results, results, object(), io.StringIO()

    def on_epoch_end(self, epoch, logs=None):
        self.results.append(epoch)


def test_nothing_of_a_callback_without_the_protocol_is_touched_and_one_warning_says_so(tmp_path):
    for epochs, expected in ((2, [0, 1]), (5, [2, 3, 4]), (5, [])):
        callback = Collect([])
        before = {name: vars(callback)[name] for name in ("results", "again", "writer", "folder")}
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fit(classifier(), tmp_path, epochs=epochs, callbacks=[callback])
        messages = [str(each.message) for each in caught if "callback Collect" in str(each.message)]
        assert len(messages) == bool(expected) and all("results" in text and "get_state" in text for text in messages)
        assert callback.results == expected and all(vars(callback)[name] is before[name] for name in before)


class Keeps(keras.callbacks.Callback):
    """Changes the learning rate by numbers that it draws, and has the protocol."""

    def __init__(self):
        super().__init__()
        self.generator, self.drawn = np.random.default_rng(2), (0.5,)

    def get_state(self):
        return {"generator": self.generator.bit_generator.state, "drawn": self.drawn}

    def set_state(self, state):
        self.generator.bit_generator.state, self.drawn = state["generator"], state["drawn"]

    def on_epoch_end(self, epoch, logs=None):
        self.drawn = (*self.drawn, float(self.generator.uniform(0.3, 1.2)))
        self.model.optimizer.learning_rate = 0.05 * sum(self.drawn)


class Pauses(keras.callbacks.Callback):
    """Ends the training for a reason of its own, such as the time, after one epoch of this process."""

    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = True


def swap():
    return keras.callbacks.SwapEMAWeights(swap_on_epoch=True)


def average():
    return classifier(optimizer=keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.5))


KEPT = {
    "the protocol": {"callbacks": [Keeps]},
    "plateau": {
        "callbacks": [lambda: keras.callbacks.ReduceLROnPlateau("loss", patience=1, min_delta=1.0, cooldown=1)]
    },
    "stopping": {"callbacks": [lambda: keras.callbacks.EarlyStopping("loss", patience=2, min_delta=1.0)], "epochs": 6},
    "averages": {"callbacks": [swap], "model": average, "validation_data": (X, Y)},
}


@pytest.mark.parametrize("given", KEPT.values(), ids=KEPT)
def test_what_a_callback_carries_from_epoch_to_epoch_is_kept_also_if_a_logger_is_new(given, tmp_path):
    whole = check_resumed(tmp_path, ((1, 0), (2, 3)), **given)
    train(tmp_path / "other", stop=(2, 3), **given)
    logger = [lambda: keras.callbacks.CSVLogger(str(tmp_path / "log.csv"))]
    assert same(train(tmp_path / "other", **{**given, "callbacks": logger + given["callbacks"]}), whole)
    assert same(train(tmp_path / "other", **given), whole)


def test_a_callback_that_stops_for_another_reason_only_pauses_the_run(tmp_path):
    for epochs in (1, 2, 3):
        fit(classifier(), tmp_path, epochs=4, callbacks=[Pauses(), At()])
        assert len(history_rows(tmp_path)) == epochs
    assert same(train(tmp_path), whole_run())


def test_the_best_file_of_a_model_checkpoint_is_not_replaced_by_a_worse_one_after_a_stop(tmp_path):
    class Worse(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["score"] = float(epoch)

    def options():
        best = keras.callbacks.ModelCheckpoint(
            str(tmp_path / "{epoch}.keras"), "score", save_best_only=True, mode="min"
        )
        return {"callbacks": [Worse(), best]}

    for epochs in (2, 4):
        fit(classifier(), tmp_path / "run", epochs=epochs, **options())
    assert [path.name for path in tmp_path.glob("*.keras")] == ["1.keras"]


def test_keras_callbacks_with_files_and_functions_draw_no_warning_and_append(tmp_path):
    callbacks = [
        keras.callbacks.ModelCheckpoint(str(tmp_path / "{epoch}.keras")),
        keras.callbacks.CSVLogger(str(tmp_path / "log.csv"), append=True),
        LambdaCallback(on_epoch_end=lambda epoch, logs: None),
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9),
        keras.callbacks.TerminateOnNaN(),
    ]
    model = classifier()
    for epochs in (2, 4):
        fit(model, tmp_path / "run", epochs=epochs, callbacks=callbacks)
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["epoch", "0", "1", "2", "3"]
    assert sorted(path.stem for path in tmp_path.glob("*.keras")) == ["1", "2", "3", "4"]


# The history


class Grade(enum.IntEnum):
    GOOD = 3


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
    assert [row["some"] for row in rows] == ["", "1.0", "", "3.0"] and [row["pair[1]"] for row in rows][3] == "3.0"
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"] and [row["epoch_log"] for row in rows] == ["-2"] * 4
    assert history.seconds > 0 and all(float(row["seconds"]) >= 0 for row in rows)
    assert [row["loss"] for row in rows] == [str(loss) for loss in found["loss"]]


# A non-finite loss, and errors


@pytest.mark.parametrize("patience", [None, 3])
def test_a_non_finite_loss_ends_the_run_with_the_newest_good_weights(patience, tmp_path):
    def explode(epoch, logs):
        if epoch == 3:
            model.optimizer.learning_rate = 1e30
        if epoch == 3 - (not patience):  # Without validation data, the loss of the next epoch says that they are good.
            weights.extend(model.get_weights())

    options = {"epochs": 6, "patience": patience, "validation_data": (X, Y) if patience else None}
    model, weights = mlp((4,), 1, hidden_units=(6,)), []
    model.compile(keras.optimizers.SGD(1e-3), "mse")
    number = 3 if patience else 2
    message = rf"`loss` must be finite. Received: loss=(nan|inf) in epoch 4\. Try .* weights after epoch {number}\."
    with pytest.raises(FloatingPointError, match=message):
        fit(model, tmp_path, y=Y.astype("float32"), callbacks=[LambdaCallback(explode)], **options)
    assert same(model.get_weights(), weights)
    with np.load(tmp_path / "checkpoint.npz") as saved:
        assert all(np.isfinite(saved[name]).all() for name in saved.files if name != "state")


HUGE = {"validation_data": (X, np.full(60, 1e30)), "epochs": 2}


@pytest.mark.parametrize(
    ("rate", "options", "message"),
    [
        (1e30, {}, "`loss` must be finite. .*"),
        # One step an epoch: no finite loss came from the weights of the first one.
        (1e30, {"batch_size": 60, "epochs": 3, "folder": "run"}, r"in epoch 2\. .*"),
        (0.01, HUGE, r"`val_loss` must be finite. Received: val_loss=inf in epoch 1\. .*"),
    ],
)
def test_a_loss_that_is_never_finite_leaves_the_first_weights(rate, options, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = classifier("mse", 1, keras.optimizers.SGD(rate))
    before = model.get_weights()
    with pytest.raises(FloatingPointError, match=message + "The model has its first weights"):
        fit(model, y=Y.astype("float32"), **options)
    assert same(model.get_weights(), before)


def test_an_error_of_a_callback_leaves_the_last_weights_in_place(tmp_path):
    model, options = classifier(), {"validation_data": (X, Y), "patience": 3}
    At.when, At.what = (2, 0), crash
    with pytest.raises(Stopped):
        fit(model, tmp_path, epochs=4, callbacks=[At()], **options)
    two = classifier()
    fit(two, epochs=2, **options)
    assert same(state(model), state(two))
    assert not (tmp_path / "model.keras").exists()


# The report


def stream(module="io", is_terminal=False):
    return type("Stream", (io.StringIO,), {"__module__": module, "isatty": lambda self: is_terminal})()


SHOWN = {
    "notebook": (stream("ipykernel.iostream"), True),
    "terminal": (stream(is_terminal=True), True),
    "file": (stream(), False),
    "none": (None, None),  # As of `pythonw`, or of a service.
}


@pytest.mark.parametrize(("out", "has_bar"), SHOWN.values(), ids=SHOWN)
def test_verbose_auto_draws_a_bar_where_it_can_else_a_line_an_epoch_or_nothing(out, has_bar, monkeypatch):
    monkeypatch.setattr(sys, "stdout", out)
    fit(classifier(), verbose="auto")
    if out is not None:
        text = out.getvalue()
        assert text.count("Epoch ") == 2 and "2/2" in text and ("\r" in text or "\b" in text) == has_bar
        assert "4/4" in text
