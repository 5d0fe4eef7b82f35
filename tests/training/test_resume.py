"""The same call resumes, extends or finishes a run: in the same process, with every builder, metric and callback."""

import collections
import csv
import importlib.util
import json
import os
import signal
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
from cases import CASES
from contract import build, compiled, inputs, targets

from dlguide import autoencoder, mlp, training

pytestmark = pytest.mark.each_backend
RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 4)).astype("float32")
Y = (X[:, 0] > 0).astype("int32")
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def state(model) -> list[np.ndarray]:
    return [np.array(keras.ops.convert_to_numpy(v)) for v in (*model.variables, *model.optimizer.variables)]


def same(a, b) -> bool:
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def classifier(**options):
    keras.utils.set_random_seed(0)
    model = mlp((4,), 2, hidden_units=(5,), dropout=0.3)
    model.compile(keras.optimizers.Adam(0.01), LOSS, **options)
    return model


def fit(model, folder, epochs=3, **options):
    return training.fit(model, X, Y, **{"batch_size": 8, "verbose": 0, "run_dir": folder, "epochs": epochs, **options})


class Interrupt(keras.callbacks.Callback):
    """Ctrl-C in an epoch, once."""

    pressed = True  # Of the class: a run's own attributes would come back with the rest.

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1 and not Interrupt.pressed:
            Interrupt.pressed = True
            signal.raise_signal(signal.SIGINT)


def sequential_of(model):
    return keras.Sequential([keras.Input(model.input_shape[1:]), keras.layers.Rescaling(1.0), model])


KINDS = {
    **{name: (lambda name=name: build(name)) for name in CASES},
    "sequential of an mlp": lambda: sequential_of(build("mlp")),
    "functional of an autoencoder": lambda: keras.Model(
        (outside := keras.Input(CASES["autoencoder"].args[0])), build("autoencoder")(outside)
    ),
}


def kind_of(name):
    return name.split()[-1]


def new_model(name):
    model = KINDS[name]()
    return compiled(CASES[kind_of(name)].kind, model)


def data_of(name, model):
    x = inputs(kind_of(name), model if model.built else build(kind_of(name)))
    y = targets(CASES[kind_of(name)].kind, model, x)
    return (tuple(x) if isinstance(x, list) else x), y


@pytest.mark.parametrize("name", KINDS)
def test_the_same_call_resumes_and_extends_a_run_whatever_was_built_before(name, tmp_path):
    def run(folder, epochs):
        model = new_model(name)
        x, y = data_of(name, model)
        Interrupt.pressed = folder != "interrupted"
        history = training.fit(
            model, x, y, epochs=epochs, batch_size=4, verbose=0, run_dir=tmp_path / folder, callbacks=[Interrupt()]
        )
        return [*state(model), *history.history["loss"]]

    whole = run("whole", 3)
    run("extended", 1)
    build("autoencoder")  # A cell further up: names of layers count on.
    assert same(run("extended", 3), whole)
    assert same(run("extended", 3), whole)  # Finished.
    with pytest.raises(KeyboardInterrupt):
        run("interrupted", 3)
    Interrupt.pressed = True
    model = new_model(name)
    history = training.fit(
        model, *data_of(name, model), epochs=3, batch_size=4, verbose=0, run_dir=tmp_path / "interrupted",
        callbacks=[Interrupt()],
    )  # fmt: skip
    assert same([*state(model), *history.history["loss"]], whole)


# For time, the test command leaves out those that differ from another one in their layers alone.
SOME = {"mlp", "rnn", "vae", "gan", "sequential of an mlp"}


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.thorough] * (n not in SOME)) for n in KINDS])
def test_the_same_model_object_is_trained_on(name, tmp_path):
    model = new_model(name)
    x, y = data_of(name, model)
    options = {"batch_size": 4, "verbose": 0}
    training.fit(model, x, y, epochs=3, run_dir=tmp_path / "whole", **options)
    whole = state(model)
    model = new_model(name)
    Interrupt.pressed = False
    for epochs in (1, 3, 3):
        callbacks = [Interrupt()]
        try:
            training.fit(model, x, y, epochs=epochs, run_dir=tmp_path / "run", callbacks=callbacks, **options)
        except KeyboardInterrupt:
            assert epochs == 3
    assert Interrupt.pressed
    assert same(state(model), whole)


def test_a_sequential_without_an_input_is_resumed_by_the_same_object_and_by_a_new_one(tmp_path):
    def new():
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.layers.Dense(5, "relu"), keras.layers.Dense(2)])
        model.compile("adam", LOSS)
        return model

    model = new()
    fit(model, tmp_path / "whole")
    whole = state(model)
    model = new()
    fit(model, tmp_path / "run", epochs=1)
    fit(model, tmp_path / "run", epochs=2)
    model = new()
    fit(model, tmp_path / "run")
    assert same(state(model), whole)


def plateau():
    return keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=10.0)


@pytest.mark.parametrize("are_new", [False, True])
def test_a_run_is_extended_after_a_callback_has_changed_the_learning_rate(are_new, tmp_path):
    model, callback = classifier(), plateau()
    fit(model, tmp_path / "whole", 6, callbacks=[callback])
    whole = state(model)
    assert float(model.optimizer.learning_rate) < 0.009
    model, callback = classifier(), plateau()
    for epochs in (2, 4, 6):
        if are_new:
            model, callback = classifier(), plateau()
        fit(model, tmp_path / "run", epochs, callbacks=[callback])
    assert same(state(model), whole)


def test_an_option_that_its_author_changed_since_is_named(tmp_path):
    model = classifier()
    fit(model, tmp_path, 2, callbacks=[plateau()])
    model.optimizer.learning_rate = 0.5
    with pytest.raises(ValueError, match=r"with optimizer: learning_rate 0\.01 there, 0\.5 here$"):
        fit(model, tmp_path, 3, callbacks=[plateau()])
    other = keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=2, min_delta=10.0)
    with pytest.raises(ValueError, match=r"with callback 0 \(ReduceLROnPlateau\): patience 1 there, 2 here$"):
        fit(classifier(), tmp_path, 3, callbacks=[other])


class Threshold(keras.callbacks.Callback):
    def __init__(self, threshold):
        super().__init__()
        self.threshold = threshold

    def on_epoch_end(self, epoch, logs=None):
        self.threshold *= 0.5


def test_options_of_callbacks_of_ones_own_are_compared_as_they_were_given(tmp_path):
    callback = Threshold(1.0)
    fit(classifier(), tmp_path, 1, callbacks=[callback])
    fit(classifier(), tmp_path, 2, callbacks=[callback])
    assert callback.threshold == 0.25
    callback = Threshold(1.0)
    fit(classifier(), tmp_path, 3, callbacks=[callback])
    assert callback.threshold == 0.125
    with pytest.raises(ValueError, match=r"with callback 0 \(Threshold\): threshold 1 there, 2 here$"):
        fit(classifier(), tmp_path, 4, callbacks=[Threshold(2.0)])


def network(units=32, inner_units=6, activation="relu", layers=2):
    inner = keras.Sequential([keras.Input((units,)), keras.layers.Dense(inner_units, activation)])
    inputs = keras.Input((4,))
    x = keras.layers.Dense(units)(inputs)
    for _ in range(layers - 1):
        x = keras.layers.Dense(units)(x)
    model = keras.Model(inputs, keras.layers.Dense(2)(inner(x)))
    model.compile(keras.optimizers.Adam(0.01), LOSS)
    return model


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"units": 64}, r"layer 1 \(dense\): units 32 there, 64 here; layer 2 \(dense\): units 32 there, 64 here"),
        ({"inner_units": 5}, r"layer 3 \(sequential\), layer 0 \(dense\): units 6 there, 5 here"),
        ({"activation": "tanh"}, r"layer 3 \(sequential\), layer 0 \(dense\): activation 'relu' there, 'tanh' here"),
        ({"layers": 3}, r"layer 3: sequential there, dense here"),
    ],
    ids=str,
)
def test_a_model_that_differs_is_told_by_its_layer_and_field(options, message, tmp_path):
    fit(network(), tmp_path, 1)
    with pytest.raises(ValueError, match=f"with {message}$") as error:
        fit(network(**options), tmp_path, 1)
    assert not any(len(word) == 16 and not word.strip("0123456789abcdef") for word in str(error.value).split("'"))


def test_data_that_differ_are_told_by_shape_or_as_other_values(tmp_path):
    fit(classifier(), tmp_path, 1)
    options = {"batch_size": 8, "verbose": 0, "run_dir": tmp_path, "epochs": 1}
    with pytest.raises(ValueError, match=r"with other values in x; other values in y$"):
        training.fit(classifier(), X + 1, 1 - Y, **options)
    with pytest.raises(ValueError, match=r"with data.x.shape\[0\] 40 there, 30 here"):
        training.fit(classifier(), X[:30], Y[:30], **options)
    with pytest.raises(ValueError, match=r"validation_data None there, an array of shape \(40, 4\) and an array"):
        training.fit(classifier(), X, Y, validation_data=(X, Y), **options)


def test_mixed_precision_is_another_run(tmp_path):
    fit(classifier(), tmp_path, 1)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        with pytest.raises(ValueError, match=r"dtype 'float32' there, 'mixed_bfloat16' here"):
            fit(classifier(), tmp_path, 1)
    finally:
        keras.config.set_dtype_policy(before)


class DictMetric(keras.metrics.Metric):
    def __init__(self, name="both"):
        super().__init__(name=name)
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.count.assign(self.count + 1.0)

    def result(self):
        return {"count": 1.0 * self.count, "twice": 2.0 * self.count}


def scored(metric):
    keras.utils.set_random_seed(0)
    model = mlp((4,), 3, hidden_units=(5,), dropout=0.3)
    model.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True), metrics=[metric])
    return model


THREE = np.eye(3, dtype="float32")[np.arange(40) % 3]


@pytest.mark.parametrize("verbose", [0, 1, 2, "auto"])
def test_a_metric_of_several_numbers_is_shown_and_kept(verbose, tmp_path, capsys):
    options = {"batch_size": 8, "run_dir": tmp_path, "validation_data": (X, THREE)}
    training.fit(scored(keras.metrics.F1Score()), X, THREE, epochs=1, verbose=verbose, **options)
    history = training.fit(scored(keras.metrics.F1Score()), X, THREE, epochs=3, verbose=verbose, **options).history
    options["run_dir"] = None
    whole = training.fit(scored(keras.metrics.F1Score()), X, THREE, epochs=3, verbose=verbose, **options).history
    assert history == whole and np.shape(history["f1_score"]) == (3, 3)
    assert json.dumps(history)
    rows = history_rows(tmp_path)
    assert [[float(row[f"val_f1_score[{i}]"]) for i in range(3)] for row in rows] == history["val_f1_score"]
    assert not verbose or "f1_score" in capsys.readouterr().out


def test_a_metric_of_several_names_is_kept(tmp_path):
    options = {"batch_size": 8, "run_dir": tmp_path, "verbose": 2}
    training.fit(scored(DictMetric()), X, THREE, epochs=1, **options)
    history = training.fit(scored(DictMetric()), X, THREE, epochs=2, **options).history
    assert history["count"] == [5, 5] and history["twice"] == [10, 10]
    assert [row["twice"] for row in history_rows(tmp_path)] == ["10.0", "10.0"]


def history_rows(folder) -> list[dict]:
    with open(folder / "history.csv", encoding="utf-8") as file:
        return list(csv.DictReader(file))


class LogsNowAndThen(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        logs |= {"seconds": -1.0, "epoch": -2.0}
        if epoch % 2:
            logs["now_and_then"] = float(epoch)


def test_a_log_of_some_epochs_leaves_empty_cells_and_none_replaces_a_column(tmp_path):
    for epochs in (1, 3, 4):
        history = fit(classifier(), tmp_path, epochs, callbacks=[LogsNowAndThen()]).history
    rows = history_rows(tmp_path)
    assert [row["now_and_then"] for row in rows] == ["", "1.0", "", "3.0"]
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"] and all(float(row["seconds"]) >= 0 for row in rows)
    assert [row["seconds_log"] for row in rows] == ["-1.0"] * 4 and [row["epoch_log"] for row in rows] == ["-2.0"] * 4
    np.testing.assert_array_equal(history["now_and_then"], [np.nan, 1, np.nan, 3])
    assert [row["loss"] for row in rows] == [str(loss) for loss in history["loss"]]


class Remembers(keras.callbacks.Callback):
    """State of every kind that is kept; each epoch changes all of it."""

    def __init__(self):
        super().__init__()
        self.pair, self.by_number, self.array = (0, "a"), {1: 0.5, (2, "b"): [1]}, np.arange(3)
        self.scalar, self.scalars, self.seen = np.float32(0.1), [np.float32(1.5)], {1, 2}
        self.last, self.counts = collections.deque([0], maxlen=2), collections.defaultdict(list)
        self.generator, self.drawn = np.random.default_rng(0), 0.0
        self.mean = keras.metrics.Mean()

    def on_epoch_end(self, epoch, logs=None):
        self.pair = (epoch, *self.pair)
        self.by_number[epoch + 10] = (epoch,)
        self.array = self.array * 2
        self.scalar = self.scalar * np.float32(1.7)
        self.scalars.append(self.scalar)
        self.seen.add(epoch + 5)
        self.last.append(epoch)
        self.counts[epoch].append(epoch)
        self.drawn = self.generator.random()
        self.mean.update_state(epoch)

    def content(self):
        names = ["pair", "by_number", "array", "scalar", "scalars", "seen", "last", "counts", "drawn"]
        rest = list(self.generator.random(3))
        return repr([getattr(self, name) for name in names] + [float(self.mean.result()), rest])


def test_attributes_of_a_callback_are_kept_as_they_are(tmp_path):
    whole = Remembers()
    fit(classifier(), None, 5, callbacks=[whole])
    fit(classifier(), tmp_path, 2, callbacks=[Remembers()])
    resumed = Remembers()
    fit(classifier(), tmp_path, 5, callbacks=[resumed])
    assert resumed.content() == whole.content()
    assert resumed.last.maxlen == 2 and resumed.counts["new"] == []


class CannotBeKept(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.function, self.writer, self.fine = len, object(), 1


class KeepsSome(CannotBeKept):
    checkpoint_attributes = ("fine",)


def test_an_attribute_that_cannot_be_kept_is_named_once(tmp_path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit(classifier(), tmp_path / "a", 4, callbacks=[CannotBeKept()])
    said = [str(warning.message) for warning in caught if "checkpoint" in str(warning.message)]
    assert len(said) == 1 and said[0].startswith("a checkpoint cannot keep CannotBeKept.writer (object): a resumed run")
    fit(classifier(), tmp_path / "b", 4, callbacks=[KeepsSome()])


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
    fit(classifier(), tmp_path / "run", 2, callbacks=callbacks)
    fit(classifier(), tmp_path / "run", 3, callbacks=callbacks)


def test_where_a_callback_writes_makes_no_other_run(tmp_path):
    for name in ("first", "second"):
        callback = keras.callbacks.ModelCheckpoint(str(tmp_path / f"{name}.keras"))
        fit(classifier(), tmp_path / "run", 1, callbacks=[callback])


class Raises(keras.callbacks.Callback):
    checkpoint_attributes = ()

    def __init__(self, error):
        super().__init__()
        self._error = error

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise self._error


def test_an_error_of_a_callback_leaves_the_last_weights_in_place(tmp_path):
    model = classifier()
    with pytest.raises(FloatingPointError, match="mine"):
        fit(model, tmp_path, 4, callbacks=[Raises(FloatingPointError("mine"))], validation_data=(X, Y), patience=3)
    two = classifier()
    fit(two, None, 2, validation_data=(X, Y), patience=3)
    assert same(state(model), state(two))
    assert not (tmp_path / "model.keras").exists()


def test_a_signal_is_not_lost_where_the_last_step_raises(tmp_path):
    code = textwrap.dedent(
        """
        import signal, sys
        sys.path[:0] = sys.argv[2:]
        from test_resume import *
        class Both(keras.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                signal.raise_signal(signal.SIGTERM)
                raise RuntimeError("the step failed")
        try:
            fit(classifier(), sys.argv[1], 2, callbacks=[Both()])
        except RuntimeError:
            print("goes on", flush=True)
        """
    )
    tests = Path(__file__).parents[1]
    command = [sys.executable, "-c", code, str(tmp_path / "run"), str(tests), str(tests / "training")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert done.returncode == -signal.SIGTERM, done.stderr
    assert "goes on" not in done.stdout


@pytest.mark.parametrize("verbose", [1, 2])
def test_what_a_call_does_with_an_old_run_is_said_in_a_line(verbose, tmp_path, capsys):
    def said(epochs):
        fit(classifier(), tmp_path / "run", epochs, verbose=verbose)
        lines = capsys.readouterr().out.splitlines()
        return [line for line in lines if line.startswith("run ")]

    name = f"run {str(tmp_path / 'run')!r}"
    assert said(2) == []
    assert said(2) == [f"{name} is finished: 2 epochs, nothing to train"]
    assert said(3) == [f"{name} is extended from 2 to 3 epochs, after epoch 2"]


def test_a_callback_for_the_end_of_an_epoch_does_not_switch_off_many_steps_a_call(tmp_path):
    from dlguide.training import _steps

    looks = _steps.looks_at_steps
    path = str(tmp_path / "x.keras")
    assert not looks(keras.callbacks.ModelCheckpoint(path)) and looks(
        keras.callbacks.ModelCheckpoint(path, save_freq=3)
    )
    assert not looks(keras.callbacks.TensorBoard(path)) and looks(keras.callbacks.TensorBoard(path, update_freq=3))
    assert looks(keras.callbacks.TensorBoard(path, update_freq="batch"))
    assert looks(keras.callbacks.TensorBoard(path, write_steps_per_second=True))


def test_a_run_of_one_call_an_epoch_has_the_default_of_one_epoch(tmp_path):
    assert len(training.fit(classifier(), X, Y, verbose=0).history["loss"]) == 1


@pytest.mark.thorough
def test_the_recipe_of_the_mlp_is_run_twice_in_one_process(tmp_path, monkeypatch):
    from recipes import mlp_mnist

    first = mlp_mnist.main(epochs=1, limit=600, run_dir=str(tmp_path / "run"))
    again = mlp_mnist.main(epochs=1, limit=600, run_dir=str(tmp_path / "run"))
    assert first["accuracy"] == again["accuracy"]


def test_moving_a_line_up_in_a_script_makes_no_other_run(tmp_path):
    def new(with_another):
        if with_another:
            mlp((3,), 2)
        model = autoencoder((6, 6, 1), hidden_units=(8,))
        model.compile("adam", "mse")
        return model

    images = RNG.random((20, 6, 6, 1)).astype("float32")
    for with_another, epochs in ((False, 1), (True, 2)):
        keras.utils.clear_session()
        model = new(with_another)
        training.fit(model, images, images, epochs=epochs, verbose=0, run_dir=tmp_path)
