"""`training.fit`: order, early stopping, run folder, going on, errors."""

import csv
import hashlib
import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from dlguide import _rows, data, mlp, training
from dlguide.training import _run, _steps

CROSSENTROPY = "sparse_categorical_crossentropy"


def example_data(n=50):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 4)).astype("float32")
    return x, (x[:, 0] > 0).astype("int32")


def compiled(dropout=0.5, **options):
    keras.utils.set_random_seed(0)
    model = mlp((4,), 2, hidden_units=(6,), dropout=dropout, batch_norm=True)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"], **options)
    return model


def fit(model, x=None, y=None, **options):
    if x is None:
        x, y = example_data()
    return training.fit(model, x, y, **{"epochs": 2, "batch_size": 16, "verbose": 0, **options})


class Crash(keras.callbacks.Callback):
    """Stops a run the way a crash does."""

    at = None  # Of the class: a run's own state would be given back with the rest.

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.at:
            raise RuntimeError("stopped")


def test_the_model_sees_the_batches_of_that_order_the_last_partial_one_included():
    class Store(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.seen = self.add_weight(shape=(2, 50), initializer="zeros", trainable=False)
            self.step = self.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False)
            self.factor = self.add_weight(shape=(), initializer="ones")

        def call(self, x):
            n = keras.ops.shape(x)[0]
            row, place = self.step // 4, (self.step % 4) * 16 + keras.ops.arange(n)
            index = keras.ops.stack([keras.ops.zeros_like(place) + row, place], axis=1)
            self.seen.assign(keras.ops.scatter_update(self.seen, index, x[:, 0]))
            self.step.assign(self.step + 1)
            return x * self.factor

    x = np.arange(50, dtype="float32")[:, None]
    inputs = keras.Input((1,))
    layer = Store()
    model = keras.Model(inputs, layer(inputs))
    model.compile(keras.optimizers.SGD(0.0), "mse")
    layer.seen.assign(np.zeros((2, 50)))
    layer.step.assign(0)
    fit(model, x, x, seed=3)
    seen = keras.ops.convert_to_numpy(layer.seen)
    assert np.array_equal(seen, [training.epoch_order(50, 3, 0), training.epoch_order(50, 3, 1)])


def test_tuples_dicts_and_datasets_are_taken():
    import tensorflow as tf

    x, y = example_data()
    left, right = keras.Input((2,), name="left"), keras.Input((2,), name="right")
    outputs = keras.layers.Dense(2)(keras.layers.Concatenate()([left, right]))
    for inputs in ((x[:, :2], x[:, 2:]), {"left": x[:, :2], "right": x[:, 2:]}):
        model = keras.Model({"left": left, "right": right} if isinstance(inputs, dict) else [left, right], outputs)
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        assert len(fit(model, inputs, y).history["loss"]) == 2
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(16)
    assert len(fit(compiled(), dataset, None, validation_data=dataset).history["val_loss"]) == 2


def test_patience_stops_and_goes_back_to_the_best_weights():
    x, y = example_data()
    valid = (x[:20], 1 - y[:20])  # Wrong labels: what training learns makes it worse.
    model = compiled(dropout=0.0)
    history = fit(model, validation_data=valid, epochs=30, patience=2)
    losses = history.history["val_loss"]
    assert len(losses) == np.argmin(losses) + 1 + 2 < 30
    assert model.evaluate(*valid, batch_size=16, verbose=0)[0] == pytest.approx(min(losses), rel=1e-4)


def test_what_the_caller_compiled_is_left_as_it_was(monkeypatch):
    for steps in (1,) if keras.backend.backend() == "torch" else (1, 3):  # PyTorch has no other number.
        model = compiled(steps_per_execution=steps)
        fit(model)
        assert model.steps_per_execution == steps
        assert model.predict(example_data()[0], verbose=0).shape == (50, 2)
    monkeypatch.setattr(_steps, "LONG_RUN", 1)
    monkeypatch.setattr(_steps, "VERY_LONG_RUN", 1)
    model = compiled()
    fit(model)
    assert model.steps_per_execution == 1
    assert getattr(model, "unrolled_steps_per_execution", 1) == 1  # TensorFlow's alone.


def test_a_run_that_was_stopped_goes_on_to_the_same_bits(tmp_path):
    x, y = example_data()

    def run(folder, stop=None):
        model = compiled()
        options = {"epochs": 6, "validation_data": (x[:20], y[:20]), "patience": 4, "run_dir": tmp_path / folder}
        plateau = keras.callbacks.ReduceLROnPlateau(patience=1, factor=0.5, min_delta=1.0)
        Crash.at = stop
        history = fit(model, callbacks=[plateau, Crash()], **options)
        return history.history, model.get_weights(), [np.asarray(v) for v in model.optimizer.variables]

    whole = run("whole")
    for stop in (1, 3):
        with pytest.raises(RuntimeError, match="stopped"):
            run("stopped", stop=stop)
    resumed = run("stopped")
    assert resumed[0] == whole[0]
    for a, b in zip(whole[1] + whole[2], resumed[1] + resumed[2], strict=True):
        assert np.array_equal(a, b)
    again = run("stopped")  # Finished: nothing is trained.
    assert again[0] == whole[0]
    assert all(np.array_equal(a, b) for a, b in zip(whole[1], again[1], strict=True))


def test_the_run_folder_has_what_the_readme_says(tmp_path, monkeypatch):
    monkeypatch.setattr(_run, "CHECKPOINT_SHARE", 1e9)  # A checkpoint at each epoch's end, whatever it costs.
    model = compiled()
    history = fit(model, run_dir=tmp_path / "run")
    assert sorted(path.name for path in (tmp_path / "run").glob("[!.]*")) == [
        "checkpoint.npz",
        "checkpoint.previous.npz",
        "config.json",
        "history.csv",
        "model.keras",
    ]
    with open(tmp_path / "run" / "history.csv") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == history.history["loss"]
    loaded = keras.saving.load_model(tmp_path / "run" / "model.keras")
    x, _ = example_data()
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-5)
    assert json.loads((tmp_path / "run" / "config.json").read_text())["epochs"] == 2


def test_another_run_in_the_folder_is_refused_and_left_alone(tmp_path):
    fit(compiled(), run_dir=tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.glob("[!.]*")}
    with pytest.raises(ValueError, match="epochs 2 there, 1 here; seed 0 there, 1 here"):
        fit(compiled(), run_dir=tmp_path, epochs=1, seed=1)
    x, y = example_data()
    with pytest.raises(ValueError, match=r"with other values in x$"):
        fit(compiled(), x + 1, y, run_dir=tmp_path)
    with pytest.raises(ValueError, match=r"with layer 5 \(dropout\): rate 0\.5 there, 0\.25 here$"):
        fit(compiled(dropout=0.25), run_dir=tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.glob("[!.]*")} == before


def test_a_folder_with_files_of_the_same_names_is_refused(tmp_path):
    (tmp_path / "history.csv").write_text("mine")
    with pytest.raises(ValueError, match=r"`run_dir` must be new.*with history\.csv"):
        fit(compiled(), run_dir=tmp_path)
    assert (tmp_path / "history.csv").read_text() == "mine"
    assert len(list(tmp_path.glob("[!.]*"))) == 1


def test_a_run_dir_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", "/proc/none"):
        with pytest.raises(ValueError, match=r"`run_dir` must be a folder that can be written. Received: run_dir="):
            fit(compiled(), run_dir=folder)


def test_the_test_part_as_validation_data_draws_a_warning():
    mpg = data.load("auto_mpg")
    model = keras.Sequential([keras.Input((7,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1e-9), "mse")
    for valid in (mpg.test, (mpg.test.x, mpg.test.y)):
        with pytest.warns(UserWarning, match="is the test set of `data.load`"):
            fit(model, *mpg.train, validation_data=valid, epochs=1)
    fit(model, *mpg.train, validation_data=mpg.valid, epochs=1)


def with_bad(values):
    x, y = example_data()
    x = x.copy()
    for place, value in values:
        x[place] = value
    return x, y


X, Y = example_data()
TWO_BAD = [((7, 1), np.nan), ((9, 0), np.inf)]
BAD = [
    ({"epochs": 0}, "`epochs` must be an integer of at least 1. Received: epochs=0"),
    ({"epochs": 1.5}, "`epochs` must be an integer of at least 1. Received: epochs=1.5"),
    ({"batch_size": -1}, "`batch_size` must be an integer of at least 1. Received: batch_size=-1"),
    ({"seed": -1}, "`seed` must be an integer of at least 0. Received: seed=-1"),
    ({"patience": 0}, "`patience` must be an integer of at least 1 or None. Received: patience=0"),
    ({"patience": 2}, "`patience` must be None without `validation_data`. Received: patience=2"),
    ({"verbose": 5}, '`verbose` must be "auto", 0, 1 or 2. Received: verbose=5'),
    ({"y": Y[:49]}, "`x` and `y` must have the same length. Received: x of length 50, y of length 49"),
    ({"x": X[:0], "y": Y[:0]}, "`x` must have at least one example. Received: x of shape (0, 4)"),
    (
        {"x": with_bad(TWO_BAD)[0]},
        "`x` must be free of NaN and infinity. Received: x with 2 of 200 values wrong, the first in row 7: nan",
    ),
    (
        {"y": np.where(np.arange(50) > 46, 2, Y)},
        "`y` must be labels in [0, 2), as many as the model has outputs. "
        "Received: y with 3 of 50 values wrong, the first in row 47: 2",
    ),
    (
        {"y": np.where(np.arange(50) == 3, -1, Y)},
        "`y` must be labels in [0, 2), as many as the model has outputs. "
        "Received: y with 1 of 50 values wrong, the first in row 3: -1",
    ),
    ({"x": X.astype(str)}, "`x` must be an array of numbers. Received: x of dtype <U32"),
    (
        {"validation_data": (X, Y[:3])},
        "`validation_data[0]` and `validation_data[1]` must have the same length. "
        "Received: validation_data[0] of length 50, validation_data[1] of length 3",
    ),
    (
        {"validation_data": X},
        "`validation_data` must be a tuple (x, y) or (x, y, sample_weight), or (x,) for a model without targets. "
        "Received: ndarray",
    ),
    ({"y": None}, "`y` must be the targets of the loss that the model was compiled with. Received: None"),
    (
        {"validation_data": (X,)},
        "`validation_data[1]` must be the targets of the loss that the model was compiled with. Received: None",
    ),
]


@pytest.mark.parametrize(("options", "message"), BAD, ids=[message[:60] for _, message in BAD])
def test_bad_input_is_refused_before_the_first_step(options, message, tmp_path):
    model = compiled()
    before = model.get_weights()
    with pytest.raises(ValueError) as error:
        fit(model, **{"x": X, "y": Y, "run_dir": tmp_path / "run", **options})
    assert str(error.value) == message
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert not (tmp_path / "run").exists()


def test_the_row_of_a_bad_value_is_counted_from_the_start_where_an_array_is_read_in_parts(monkeypatch):
    monkeypatch.setattr(_rows.blocks, "__defaults__", (64,))  # Four rows a part.
    with pytest.raises(ValueError, match="x with 2 of 200 values wrong, the first in row 7: nan"):
        fit(compiled(), *with_bad(TWO_BAD))


def test_callbacks_may_be_one_or_none_as_in_keras():
    calls = []
    one = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: calls.append(epoch))
    for callbacks in (None, one, [one]):
        fit(compiled(), epochs=1, callbacks=callbacks)
    assert calls == [0, 0]


def test_a_model_that_is_not_compiled_is_refused():
    with pytest.raises(ValueError, match="`model` must be compiled before `fit`"):
        fit(mlp((4,), 2))


def digest():
    model = compiled()
    losses = fit(model, epochs=3).history["loss"]
    return hashlib.sha256(b"".join(w.tobytes() for w in model.get_weights())).hexdigest(), losses


@pytest.mark.thorough
def test_the_same_seed_in_another_process_gives_the_same_bits():
    code = "import sys; sys.path.insert(0, sys.argv[1]); import test_fit; print(test_fit.digest())"
    command = [sys.executable, "-c", code, os.path.dirname(__file__)]
    there = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert there == str(digest())


def test_one_line_an_epoch_where_there_is_no_terminal(capsys):
    fit(compiled(), verbose="auto")
    lines = capsys.readouterr().out.strip().splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("epoch 1/2  ")
