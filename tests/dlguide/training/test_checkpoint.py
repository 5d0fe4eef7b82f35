"""What a checkpoint and the history of a run keep: attributes of callbacks, metrics, logs."""

import importlib.util
import json
import warnings

import keras
import numpy as np
import pytest

from dlguide import training
from tests.helpers.training_runs import X, classifier, fit, history_rows

pytestmark = pytest.mark.each_backend
THREE = np.eye(3, dtype="float32")[np.arange(60) % 3]


class DictMetric(keras.metrics.Metric):
    def __init__(self, name="both"):
        super().__init__(name=name)
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.count.assign(self.count + 1.0)

    def result(self):
        return {"count": 1.0 * self.count, "twice": 2.0 * self.count}


def test_metrics_of_several_numbers_and_names_are_shown_and_kept(tmp_path, capsys):
    def history(folder, epochs, verbose):
        loss, metrics = keras.losses.CategoricalCrossentropy(from_logits=True), [keras.metrics.F1Score(), DictMetric()]
        model = classifier(loss, 3, metrics=metrics)
        options = {"validation_data": (X, THREE), "epochs": epochs, "verbose": verbose}
        return fit(model, folder, X, THREE, **options).history

    whole = history(None, 3, verbose=0)
    assert not capsys.readouterr().out
    history(tmp_path, 1, verbose=1)
    assert "f1_score" in capsys.readouterr().out
    resumed = history(tmp_path, 3, verbose=2)
    assert "f1_score" in capsys.readouterr().out
    assert resumed == whole and np.shape(resumed["f1_score"]) == (3, 3)
    assert json.dumps(resumed)
    assert resumed["count"] == [4] * 3 and resumed["twice"] == [8] * 3
    rows = history_rows(tmp_path)
    assert [[float(row[f"val_f1_score[{i}]"]) for i in range(3)] for row in rows] == resumed["val_f1_score"]
    assert [row["twice"] for row in rows] == ["8.0"] * 3


def test_a_log_of_some_epochs_leaves_empty_cells_and_none_replaces_a_column(tmp_path):
    def log(epoch, logs):
        logs.update({"seconds": -1.0, "epoch": -2.0, "name": "text"})
        logs.update({"now_and_then": float(epoch)} if epoch % 2 else {})

    callback, model = keras.callbacks.LambdaCallback(on_epoch_end=log), classifier()
    for epochs in (1, 3, 4):
        history = fit(model, tmp_path, epochs=epochs, callbacks=callback)
    assert isinstance(history, training.History) and history.seconds > 0
    rows, history = history_rows(tmp_path), history.history
    assert "name" not in history and "name" not in rows[0]  # A text is left out.
    assert [row["now_and_then"] for row in rows] == ["", "1.0", "", "3.0"]
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"] and all(float(row["seconds"]) >= 0 for row in rows)
    assert [row["seconds_log"] for row in rows] == ["-1.0"] * 4 and [row["epoch_log"] for row in rows] == ["-2.0"] * 4
    np.testing.assert_array_equal(history["now_and_then"], [np.nan, 1, np.nan, 3])
    assert [row["loss"] for row in rows] == [str(loss) for loss in history["loss"]]


class CannotBeKept(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.function, self.writer, self.fine = len, object(), 1


def test_tensors_and_variables_that_a_callback_logs_are_numbers_of_the_history(tmp_path, capsys):
    def log(epoch, logs):
        logs["norm"], logs["pair"] = keras.ops.norm(np.full(4, epoch + 1.0)), keras.ops.ones(2) * epoch
        logs["rate"] = keras.Variable(0.5)

    callback, seen, model = keras.callbacks.LambdaCallback(on_epoch_end=log), [], classifier()
    logger = training.Log(lambda values, step: seen.append(values))
    for epochs in (1, 3):
        options = {"epochs": epochs, "callbacks": [callback, logger], "verbose": 2}
        history = fit(model, tmp_path, **options).history
    assert history["norm"] == [2, 4, 6] and history["pair"] == [[0, 0], [1, 1], [2, 2]] and history["rate"] == [0.5] * 3
    assert [row["norm"] for row in history_rows(tmp_path)] == ["2.0", "4.0", "6.0"]
    assert seen[-1]["norm"] == 6 and seen[-1]["rate"] == 0.5
    assert "norm 6  pair [2. 2.]  rate 0.5" in capsys.readouterr().out


def test_files_of_keras_callbacks_go_on_where_they_are_now(tmp_path):
    model = classifier()
    for epochs, name in ((2, "first"), (4, "second")):
        callbacks = [
            keras.callbacks.CSVLogger(str(tmp_path / "log.csv"), append=True),
            keras.callbacks.ModelCheckpoint(str(tmp_path / f"{name}_{{epoch}}.keras")),
        ]
        fit(model, tmp_path / "run", epochs=epochs, callbacks=callbacks)
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["epoch", "0", "1", "2", "3"]
    assert sorted(path.stem for path in tmp_path.glob("*.keras")) == ["first_1", "first_2", "second_3", "second_4"]


def test_an_attribute_that_cannot_be_kept_is_named_once(tmp_path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit(classifier(), tmp_path / "a", callbacks=[CannotBeKept()])
    messages = [str(warning.message) for warning in caught if "checkpoint" in str(warning.message)]
    start = "a checkpoint cannot keep CannotBeKept.writer (object): a resumed run"
    assert len(messages) == 1 and messages[0].startswith(start)
    CannotBeKept.get_state = lambda self: {"fine": self.fine}
    CannotBeKept.set_state = lambda self, state: vars(self).update(state)
    fit(classifier(), tmp_path / "b", callbacks=[CannotBeKept()])


def test_keras_callbacks_with_files_and_functions_draw_no_warning(tmp_path):
    callbacks = [
        keras.callbacks.ModelCheckpoint(str(tmp_path / "best.keras"), monitor="loss", save_best_only=True),
        keras.callbacks.CSVLogger(str(tmp_path / "log.csv")),
        keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None),
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9),
        keras.callbacks.EarlyStopping("loss", patience=5),
    ]
    if keras.backend.backend() == "tensorflow" and importlib.util.find_spec("tensorboard"):
        callbacks.append(keras.callbacks.TensorBoard(str(tmp_path / "logs")))
    model = classifier()
    for epochs in (2, 3):
        fit(model, tmp_path / "run", epochs=epochs, callbacks=callbacks)
