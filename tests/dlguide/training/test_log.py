"""`Log`: floats and steps, one curve of a run that was killed and resumed, a logger that fails, real loggers."""

import importlib
import inspect
import json
import math
import multiprocessing
import os
import re
import shutil
import signal
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from dlguide import training
from dlguide.training import Log, Run
from tests.helpers.calls import python, refusals
from tests.helpers.training_runs import X, Y, classifier, fit, same, train, whole_run

pytestmark = pytest.mark.one_backend  # Resuming on each backend is in test_resume.py.


def logged_by(curve: list, **options):
    """Return a `Log` that appends each step and its values to `curve`."""
    return Log(lambda values, step: curve.append((step, values)), **options)


def curve_of(history) -> list:
    return [(i, {name: values[i] for name, values in history.history.items()}) for i in history.epoch]


def test_a_logger_gets_each_epoch_of_the_history_as_plain_floats():
    curve = []
    history = fit(classifier(metrics=["accuracy"]), validation_data=(X, Y), epochs=3, callbacks=logged_by(curve))
    assert curve == curve_of(history) and [step for step, _ in curve] == [0, 1, 2]
    assert set(curve[0][1]) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert {type(part) for step, values in curve for part in (step, *values.values())} == {int, float}


def test_vectors_are_split_and_what_is_no_number_is_left_out():
    curve = []
    vectors = {"array": np.array([1.5, math.nan]), "tensor": keras.ops.convert_to_tensor([2.0, 3.0]), "list": [4, 5]}
    scalars = {"loss": np.float32(0.5), "count": 3, "missing": math.nan, "much": math.inf, "text": "7", "none": None}
    logged_by(curve).on_epoch_end(0, vectors | scalars)
    expected = {"array[0]": 1.5, "tensor[0]": 2.0, "tensor[1]": 3.0, "list[0]": 4.0, "list[1]": 5.0}
    assert curve == [(0, expected | {"loss": 0.5, "count": 3.0, "much": math.inf})]


def test_plain_keras_calls_it_too_and_each_call_begins_anew():
    curve, model = [], classifier()
    log = logged_by(curve)
    histories = [model.fit(X, Y, epochs=2, verbose=0, callbacks=[log]) for _ in range(2)]
    assert curve == [pair for history in histories for pair in curve_of(history)]


def test_each_call_logs_the_whole_curve_of_a_resumed_run_or_the_epochs_that_are_not_logged(tmp_path):
    whole, first, again = [], [], []
    train(None, callbacks=[lambda: logged_by(whole)])
    assert train(tmp_path / "run", stop=(2, 3), callbacks=[lambda: logged_by(first)]) is None
    assert [step for step, _ in whole] == [0, 1, 2, 3] and first == whole[:2]
    # Epoch 2 is trained in both processes: the logger may have lost epochs that are done, or have one that is not.
    for count in (0, 2, 3):
        rest, folder = [], shutil.copytree(tmp_path / "run", tmp_path / str(count))
        train(folder, callbacks=[lambda rest=rest, count=count: logged_by(rest, logged=count)])
        assert whole[:count] + rest == whole
    train(folder, callbacks=[lambda: logged_by(again)])  # It is finished.
    assert again == whole


def test_it_is_no_part_of_the_run(tmp_path):
    curve = []
    assert train(tmp_path, stop=(1, 3)) is None
    # Others stand before and behind it: what they keep must find its place.
    assert train(tmp_path, stop=(2, 3), callbacks=[lambda: logged_by(curve), lambda: logged_by([])]) is None
    assert same(train(tmp_path), whole_run())
    assert len(curve) == 2


def test_a_logger_that_fails_does_not_end_the_run_and_gets_the_missing_epochs_later():
    curve, calls = [], []

    def log(values, step):
        calls.append(step)
        if len(calls) in (2, 3, 6):
            values.clear()
            raise ConnectionError("no network")
        curve.append((step, values))

    with pytest.warns(UserWarning) as seen:
        history = fit(classifier(), epochs=5, callbacks=[Log(log)])
    assert curve == curve_of(history)
    assert calls == [0, 1, 1, 1, 2, 3, 3, 4]
    first, second = (str(w.message) for w in seen if w.category is UserWarning)
    assert first.startswith("`log` failed at step 1 (ConnectionError: no network). Training")
    assert second.startswith("`log` failed at step 3 (")


def test_a_logger_that_fails_to_the_end_is_said_and_the_same_call_logs_what_is_missing(tmp_path):
    def log(values, step):
        if step:
            raise OSError("no room")

    model = classifier()
    with pytest.warns(UserWarning) as seen:
        history = fit(model, tmp_path, epochs=3, callbacks=[Log(log)])
    first, last = (str(w.message) for w in seen if w.category is UserWarning)
    assert first.startswith("`log` failed at step 1 (OSError: no room).")
    assert last == ("`log` has not got 2 epochs, from step 1 on. With a `run_dir`, the same call of `fit` logs them.")
    curve = []
    fit(model, tmp_path, epochs=3, callbacks=[logged_by(curve, logged=1)])
    assert curve == curve_of(history)[1:]


def test_a_loop_of_your_own_logs_its_history(tmp_path):
    curves = [], []
    for curve, epochs in zip(curves, (2, 3), strict=True):
        log = logged_by(curve)
        with Run(tmp_path, epochs=epochs) as run:
            for epoch in run.epochs():
                run.end_epoch({"loss": epoch / 4})
                log.update(run.history)
    assert curves == (
        [(0, {"loss": 0.0}), (1, {"loss": 0.25})],
        [(0, {"loss": 0.0}), (1, {"loss": 0.25}), (2, {"loss": 0.5})],
    )


LOGGED = "`logged` must be an integer of at least 0. Received: logged="
BAD = [(lambda: Log(None), "`log` must be a function of a dict and a step. Received: log=None")]
BAD += [(lambda bad=bad: Log(print, logged=bad), f"{LOGGED}{bad}") for bad in (-1, None)]
test_a_bad_argument_is_named = refusals(BAD)


@pytest.mark.parametrize("documented", [Log, Log.update])
def test_documented_arguments_equal_the_signature(documented):
    text = inspect.getdoc(documented).partition("Warns:")[0]
    names = re.findall(r"^    (\w+): ", text, re.M)
    assert names == [name for name in inspect.signature(documented).parameters if name != "self"]


# Real loggers, by the lines of the page. Two processes are killed, each at another moment; the last one ends.
EPOCHS, KILLS = 7, ("after the log", "after the checkpoint", None)
PAGE = Path(__file__).parents[3] / "docs/loggers.md"
FINISH = {"tensorboardX": "writer.close()", "trackio": "trackio.finish()"}  # A forked process does not do it by itself.


def logger_of_the_page(name: str) -> tuple[Log, Callable]:
    """Return the callback that the page makes, and what the logger does at the end of its process."""
    names = {"training": training, name: importlib.import_module(name)}
    [lines] = re.findall(rf"`pip install {name}`:\n\n```py\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    exec(lines, names)
    return names["log"], lambda: exec(FINISH[name], names)


def logger_of_lines() -> tuple[Log, Callable]:
    """Return a callback that appends to a file, which only grows."""
    path = Path("lines")
    count = len(path.read_text().splitlines()) if path.exists() else 0

    def append(values, step):
        with open(path, "a") as file:
            file.write(json.dumps([step, values]) + "\n")

    return Log(append, logged=count), list


def curve_in(name: str, folder: Path) -> list:
    """Return each step and its values, as the logger's own page would draw them."""
    if name == "lines":
        return [tuple(json.loads(line)) for line in (folder / "lines").read_text().splitlines()]
    if name == "trackio":
        code = "import json; from trackio.sqlite_storage import SQLiteStorage as store; "
        code += "print(json.dumps(store.get_logs('digits', 'first')))"
        rows = json.loads(python("-c", code, TRACKIO_DIR=str(folder)).splitlines()[-1])
        return [(row.pop("step"), {key: row[key] for key in row if key != "timestamp"}) for row in rows]
    import tensorflow as tf
    from tensorboardX.proto.event_pb2 import Event, SessionLog

    rows = []
    for path in sorted((folder / "logs").glob("events.*")):
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            event = Event.FromString(record)
            if event.session_log.status == SessionLog.START:  # What TensorBoard does with `purge_step`.
                rows = [row for row in rows if row[0] < event.step]
            rows += [(event.step, {value.tag: value.simple_value}) for value in event.summary.value]
    return [(step, {k: v for other, row in rows if other == step for k, v in row.items()}) for step, _ in rows[::2]]


def run(name: str, folder: str, kill: str | None) -> None:
    """Train in this process, which dies at the end of its third epoch, or later ends."""
    os.chdir(folder)
    os.environ["TRACKIO_DIR"] = folder
    save_epoch, epochs = Run.save_epoch, []

    def save_or_die(run, stop):
        epochs.append(run.progress.epoch)
        if kill == "after the log" and len(epochs) == 3:  # The logger may not have written it.
            os.kill(os.getpid(), signal.SIGKILL)
        save_epoch(run, stop)
        if kill == "after the checkpoint" and len(epochs) == 3:
            finish()
            os.kill(os.getpid(), signal.SIGKILL)

    Run.save_epoch = save_or_die
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "__array__ implementation doesn")
        log, finish = logger_of_lines() if name == "lines" else logger_of_the_page(name)
        fit(classifier(metrics=["accuracy"]), "run", epochs=EPOCHS, checkpoint_seconds=0, callbacks=[log])
        finish()


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["lines", "tensorboardX", "trackio"])
def test_a_run_that_was_killed_and_resumed_is_one_curve(name, tmp_path):
    if name != "lines":
        pytest.importorskip(name)
    ends = python(__file__, name, tmp_path, OMP_NUM_THREADS="1").splitlines()[-1]
    assert json.loads(ends) == [-signal.SIGKILL, -signal.SIGKILL, 0]
    expected = curve_of(fit(classifier(metrics=["accuracy"]), epochs=EPOCHS))
    found = curve_in(name, tmp_path)
    assert [step for step, _ in found] == list(range(EPOCHS))
    for (_, values), (_, wanted) in zip(found, expected, strict=True):
        assert values == pytest.approx(wanted, rel=1e-6)


if __name__ == "__main__":
    fork, ends = multiprocessing.get_context("fork"), []
    for moment in KILLS:
        process = fork.Process(target=run, args=(*sys.argv[1:], moment))
        process.start()
        process.join()
        ends.append(process.exitcode)
        time.sleep(1)  # tensorboardX names its files by the second.
    print(json.dumps(ends))
