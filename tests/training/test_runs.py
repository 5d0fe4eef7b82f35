"""Runs that are interrupted, and what is said when something goes wrong."""

import contextlib
import csv
import json
import os
import resource
import signal
import subprocess
import sys
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from dlguide import _rows, mlp, training
from dlguide.training import _batches, _folder, _run, _steps


def example_data(n=60):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 4)).astype("float32")
    return x, (x[:, 0] > 0).astype("int32")


X, Y = example_data()
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
pytestmark = pytest.mark.each_backend


def run(folder, *, callbacks=(), learning_rate=0.01, x=X, y=Y, **options):
    """Train; return the history, the weights and the optimizer's state as one list of arrays."""
    keras.utils.set_random_seed(0)
    model = mlp((4,), 2, hidden_units=(6,), dropout=0.5, batch_norm=True)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(learning_rate), loss, metrics=["accuracy"])
    plateau = keras.callbacks.ReduceLROnPlateau("loss", patience=1, factor=0.5, min_delta=1.0)
    defaults = {"epochs": 4, "batch_size": 8, "run_dir": folder, "checkpoint_seconds": 0, "verbose": 0}
    history = training.fit(model, x, y, callbacks=[plateau, *callbacks], **{**defaults, **options})
    variables = (*model.variables, *model.optimizer.variables)
    return [np.array(list(history.history.values())), *map(keras.ops.convert_to_numpy, variables)]


def same(a, b):
    return all(np.array_equal(one, other) for one, other in zip(a, b, strict=True))


class At(keras.callbacks.Callback):
    """Does something at one step of one epoch, once."""

    what, when = None, (2, 3)  # Of the class: a run's own state would be given back with the rest.

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if At.what and (self._epoch, batch) == At.when:
            what, At.what = At.what, None
            what()


@pytest.fixture(autouse=True)
def every_step(monkeypatch):
    """A checkpoint at each step, whatever it costs."""
    monkeypatch.setattr(_run, "CHECKPOINT_SHARE", 1e9)
    monkeypatch.setattr(At, "when", (2, 3))


@pytest.fixture
def whole(tmp_path):
    At.what = None
    return run(tmp_path / "whole", callbacks=[At()])


def crash():
    raise RuntimeError("stopped")


def stopped(folder, epoch=2):
    At.what, At.when = crash, (epoch, 3)
    with pytest.raises(RuntimeError, match="stopped"):
        run(folder, callbacks=[At()])


def test_a_run_stopped_within_an_epoch_goes_on_to_the_same_bits(tmp_path, whole):
    stopped(tmp_path / "run")
    assert same(run(tmp_path / "run", callbacks=[At()]), whole)


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="JAX refuses draws without a seed")
def test_layers_without_a_seed_of_their_own_go_on_where_they_were(tmp_path):
    class Noise(keras.layers.Layer):
        def call(self, x):
            return x + keras.random.normal(keras.ops.shape(x))

    def fit(folder, what=None):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((4,)), Noise(), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        At.what = what
        options = {"epochs": 4, "batch_size": 8, "run_dir": folder, "callbacks": [At()], "verbose": 0}
        training.fit(model, X, X[:, :1], checkpoint_seconds=0, **options)
        return model.get_weights()

    whole = fit(tmp_path / "whole")
    with pytest.raises(RuntimeError, match="stopped"):
        fit(tmp_path / "run", crash)
    assert same(fit(tmp_path / "run"), whole)


def test_the_seconds_of_a_run_and_of_its_epochs_include_those_before_a_stop_and_none_between(tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(_run, "time", SimpleNamespace(perf_counter=lambda: clock[0]))

    def wait(seconds):
        clock[0] += seconds

    def wait_and_crash_two_steps_later():
        wait(7)
        At.what, At.when = crash, (2, 3)

    At.what, At.when = wait_and_crash_two_steps_later, (2, 1)
    with pytest.raises(RuntimeError, match="stopped"):
        run(tmp_path, callbacks=[At()])
    wait(1000)
    At.what, At.when = lambda: wait(2), (3, 0)
    run(tmp_path, callbacks=[At()])
    with open(tmp_path / "history.csv") as file:
        seconds = [float(row["seconds"]) for row in csv.DictReader(file)]
    with np.load(tmp_path / "checkpoint.npz") as saved:
        whole = json.loads(str(saved["state"]))["progress"]["seconds"]
    assert seconds == [0, 0, 7, 2] and whole == 9


def test_checkpoints_take_no_more_than_their_share_of_the_time(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(_run, "CHECKPOINT_SHARE", 1e-9)
    monkeypatch.setattr(_folder.RunFolder, "save", lambda self, arrays, history: written.append(arrays))
    run(tmp_path)
    assert len(written) == 2  # The first, which tells what one costs, and the end.


def test_a_run_killed_as_it_stopped_early_trains_no_further(tmp_path):
    class Stop(keras.callbacks.Callback):
        crashes = False

        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

        def on_train_end(self, logs=None):
            if Stop.crashes:
                crash()

    whole = run(tmp_path / "whole", callbacks=[Stop()])
    Stop.crashes = True
    with pytest.raises(RuntimeError, match="stopped"):
        run(tmp_path / "run", callbacks=[Stop()])
    Stop.crashes = False
    assert same(run(tmp_path / "run", callbacks=[Stop()]), whole)
    assert whole[0].shape[1] == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_takes_effect_after_the_step_with_a_checkpoint(number, tmp_path, whole):
    def handler(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(number, handler)
    try:
        At.what = lambda: os.kill(os.getpid(), number)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path, callbacks=[At()], checkpoint_seconds=1e9)
        assert signal.getsignal(number) is handler
    finally:
        signal.signal(number, before)
    with np.load(tmp_path / "checkpoint.npz") as saved:
        assert '"epoch": 2, "step": 3' in str(saved["state"])
    assert same(run(tmp_path, callbacks=[At()], checkpoint_seconds=1e9), whole)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-100])


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)


def empty(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [truncate, flip_a_bit, empty])
def test_a_damaged_checkpoint_is_said_and_the_one_before_it_used(damage, tmp_path, whole):
    stopped(tmp_path / "run")
    damage(tmp_path / "run" / "checkpoint.npz")
    with pytest.warns(
        UserWarning, match=r"checkpoint.npz damaged \(\w+\): the run is resumed from .*, epoch 3, step [12]\."
    ):
        stopped(tmp_path / "run", epoch=3)
    assert (tmp_path / "run" / "checkpoint.damaged.npz").exists()
    assert same(run(tmp_path / "run", callbacks=[At()]), whole)


def test_no_good_checkpoint_is_an_error_and_no_fresh_start(tmp_path):
    stopped(tmp_path)
    for name in ("checkpoint.npz", "checkpoint.previous.npz"):
        truncate(tmp_path / name)
    message = r"`run_dir` must have a checkpoint that can be read, or be new. Received: run_dir=.* with checkpoint.npz"
    with pytest.raises(ValueError, match=message + r" damaged \(\w+\), checkpoint.previous.npz damaged \(\w+\)"):
        run(tmp_path, callbacks=[At()])
    for name in ("checkpoint.npz", "checkpoint.previous.npz"):
        (tmp_path / name).unlink()
    with pytest.raises(ValueError, match="with no checkpoint"):
        run(tmp_path, callbacks=[At()])


def test_a_run_killed_before_its_first_checkpoint_starts_anew(tmp_path, whole):
    def stop():
        raise RuntimeError("stopped")

    class Stop(At):
        def on_train_begin(self, logs=None):
            if At.what:
                At.what()

    At.what = stop
    with pytest.raises(RuntimeError, match="stopped"):
        run(tmp_path / "run", callbacks=[type("At", (Stop,), {})()])
    At.what = None
    assert [path.name for path in (tmp_path / "run").glob("[!.]*")] == ["config.json"]
    assert same(run(tmp_path / "run", callbacks=[At()]), whole)


@contextlib.contextmanager
def files_of_at_most(size):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_is_said_and_the_checkpoint_before_it_is_good(tmp_path, whole):
    with contextlib.ExitStack() as stack:
        At.what = lambda: stack.enter_context(files_of_at_most(2000))
        message = r"`run_dir` must have room for a checkpoint. Received: run_dir=.* \(File too large\); the checkpoint"
        with pytest.raises(OSError, match=message):
            run(tmp_path / "run", callbacks=[At()])
    assert not list((tmp_path / "run").glob("*.tmp*"))
    assert same(run(tmp_path / "run", callbacks=[At()]), whole)


def test_a_second_run_in_the_folder_of_a_living_one_is_refused(tmp_path):
    def second():
        with pytest.raises(ValueError, match=r"`run_dir` must not be in use by another process. Received: run_dir='/"):
            run(tmp_path, callbacks=[At()])

    At.what = second
    run(tmp_path, callbacks=[At()])
    assert At.what is None


@pytest.mark.parametrize("patience", [None, 3])
def test_a_loss_that_is_not_finite_ends_the_run_with_the_best_weights(patience, tmp_path):
    best = []

    class Explode(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                best.extend(self.model.get_weights())
                self.model.optimizer.learning_rate = 1e30

    options = {"epochs": 6, "patience": patience, "validation_data": (X, Y) if patience else None}
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(6, "relu"), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1e-3), "mse")
    message = (
        r"`loss` must be finite. Received: loss=(nan|inf) in epoch 3, between steps \d and .*The model has its best "
    )
    with pytest.raises(FloatingPointError, match=message + "weights so far, of epoch 2") as error:
        fit = {"batch_size": 8, "run_dir": tmp_path, "verbose": 0, "checkpoint_seconds": 0}
        training.fit(model, X, Y.astype("float32"), callbacks=[Explode()], **fit, **options)
    assert "Try a smaller learning rate, `clipnorm=1` in the optimizer, or inputs scaled" in str(error.value)
    assert same(model.get_weights(), best)
    assert same(keras.saving.load_model(tmp_path / "model.keras").get_weights(), best)


def test_a_loss_that_is_not_finite_from_the_start_leaves_the_weights_of_the_start():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1e30), "mse")
    before = model.get_weights()
    with pytest.raises(FloatingPointError, match="The model has its weights of the start"):
        training.fit(model, X, Y.astype("float32"), epochs=3, batch_size=8, verbose=0)
    assert same(model.get_weights(), before)


def test_a_validation_loss_that_is_not_finite_ends_the_run_too():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    message = r"`val_loss` must be finite. Received: val_loss=inf in epoch 1\. .*The model has its weights of the start"
    with pytest.raises(FloatingPointError, match=message):
        training.fit(model, X, Y, validation_data=(X, np.full(60, 1e30)), epochs=2, verbose=0)


def batches_of(arrays, epochs, first_step=0, batch_size=8, seed=0):
    """Return the rows that each step sees, as the backend's own training loop gets them."""
    batches, set_epoch = _batches.from_arrays(arrays, batch_size)
    rows = []
    n = len(keras.tree.flatten(arrays)[0])
    for epoch in range(epochs):
        set_epoch(training.epoch_order(n, seed, epoch), first_step)
        steps = batches if hasattr(batches, "cardinality") else (batches[i] for i in range(len(batches)))
        rows += [keras.tree.map_structure(np.asarray, batch) for batch in steps]
    return rows


def test_arrays_tuples_and_files_give_the_same_batches(tmp_path):
    numbers = np.arange(43 * 2).reshape(43, 2).astype("uint8")
    np.save(tmp_path / "numbers.npy", numbers)
    mapped = np.load(tmp_path / "numbers.npy", mmap_mode="r")
    expected = [
        numbers[training.epoch_order(43, 0, epoch)[8 * step : 8 * step + 8]] for epoch in range(2) for step in range(6)
    ]
    assert [len(batch) for batch in expected[:6]] == [8, 8, 8, 8, 8, 3]
    for arrays in ((numbers,), (mapped,), (mapped[:],)):
        assert same([batch for (batch,) in batches_of(arrays, 2)], expected)
    for pair in ((numbers, numbers), (mapped, mapped)):
        for (left, right), label in batches_of((pair, numbers[:, 0]), 1)[:1]:
            assert same([left, right, label], [expected[0], expected[0], expected[0][:, 0]])
    assert same([batch for (batch,) in batches_of((mapped,), 1, first_step=4)], expected[4:6])


def test_rows_of_a_file_are_those_of_the_map(tmp_path):
    numbers = np.arange(60000).reshape(3000, 20)
    np.save(tmp_path / "numbers.npy", numbers)
    for mode in ("r", "r+", "c"):
        mapped = np.load(tmp_path / "numbers.npy", mmap_mode=mode)
        if mode != "r":
            mapped[5] = -1
        for view in (mapped, mapped[3:], mapped[::-2], mapped[:, ::3], mapped[:, 0]):
            rows = _rows.Rows(view)
            assert np.array_equal(rows[np.array([2, 0, 1, 2])], view[[2, 0, 1, 2]])
            assert np.array_equal(rows[1:7], view[1:7])
    assert _rows.Rows(mapped)._file is None and _rows.Rows(np.load(tmp_path / "numbers.npy", "r"))._file
    os.replace(tmp_path / "numbers.npy", tmp_path / "other.npy")
    np.save(tmp_path / "numbers.npy", -numbers)
    for file in ("another", "none"):
        assert np.array_equal(_rows.Rows(mapped[:5])[np.arange(5)], mapped[:5]), file
        (tmp_path / "numbers.npy").unlink(missing_ok=True)


@pytest.mark.thorough
def test_a_file_does_not_become_part_of_the_memory(tmp_path):
    """A file of 200 MB; `recipes.benchmark memory` does it with 4 GB."""
    images = np.lib.format.open_memmap(tmp_path / "images.npy", "w+", "uint8", (200_000, 1000))
    images[:] = np.arange(200_000)[:, None] % 251
    images.flush()
    code = (
        "import re, sys, pathlib; import numpy as np; from dlguide.training import _batches; import tensorflow\n"
        "status = pathlib.Path('/proc/self/status')\n"
        "def peak(): return int(re.search(r'VmHWM:\\s*(\\d+)', status.read_text())[1]) / 1024\n"
        "x = np.load(sys.argv[1], mmap_mode='r'); batches, set_epoch = _batches.from_arrays((x,), 512)\n"
        "before = peak(); set_epoch(np.random.default_rng(0).permutation(len(x)), 0)\n"
        "steps = batches if hasattr(batches, 'cardinality') else (batches[i] for i in range(len(batches)))\n"
        "print(sum(len(batch[0]) for batch in steps), peak() - before)"
    )
    if not os.path.exists("/proc/self/status"):
        pytest.skip("the peak of memory is read from /proc")
    command = [sys.executable, "-c", code, str(tmp_path / "images.npy")]
    output = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    rows, megabytes = output.split()[-2:]
    assert rows == "200000"
    assert float(megabytes) < 100


def test_a_shuffled_dataset_goes_on_in_the_same_order(tmp_path):
    import tensorflow as tf

    def dataset():
        return tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(60, seed=1).batch(8)

    expected = run(tmp_path / "whole", callbacks=[At()], x=dataset(), y=None)
    At.what = crash
    with pytest.raises(RuntimeError, match="stopped"):
        run(tmp_path / "run", callbacks=[At()], x=dataset(), y=None)
    assert same(run(tmp_path / "run", callbacks=[At()], x=dataset(), y=None), expected)


def test_datasets_that_cannot_be_trained_on_are_refused():
    import tensorflow as tf

    dataset = tf.data.Dataset.from_tensor_slices((X, Y)).batch(8)
    with pytest.raises(
        ValueError, match=r"`x` must be a data set of one batch or more that ends. Received: .* of batches w"
    ):
        run(None, x=dataset.repeat(), y=None)
    with pytest.raises(
        ValueError, match=r"`y` must be None where `x` is a tf.data.Dataset. Received: y of type ndarray"
    ):
        run(None, x=dataset)


def test_other_options_of_a_callback_or_the_optimizer_are_named(tmp_path):
    stopped(tmp_path)
    with pytest.raises(ValueError, match=r"with optimizer: learning_rate 0\.01 there, 0\.5 here$"):
        run(tmp_path, callbacks=[At()], learning_rate=0.5)
    with pytest.raises(ValueError, match=r"with other values in y$"):
        run(tmp_path, callbacks=[At()], y=1 - Y)


def test_a_run_with_less_than_before_is_refused_too(tmp_path):
    At.what, At.when = crash, (2, 3)
    with pytest.raises(RuntimeError, match="stopped"):
        run(tmp_path, callbacks=[At()], validation_data=(X, Y))
    with pytest.raises(ValueError, match=r"with data.validation_data an array of .* there, None here$"):
        run(tmp_path, callbacks=[At()])


def test_callbacks_see_the_true_numbers_of_steps_after_a_stop(tmp_path):
    class Rate(keras.callbacks.Callback):
        seen = []  # noqa: RUF012

        def on_train_batch_begin(self, batch, logs=None):
            self.model.optimizer.learning_rate = 0.01 / (1 + batch)
            self.seen.append(batch)

    whole = run(tmp_path / "whole", callbacks=[At(), Rate()])
    At.what = crash
    with pytest.raises(RuntimeError, match="stopped"):
        run(tmp_path / "run", callbacks=[At(), Rate()])
    Rate.seen.clear()
    assert same(run(tmp_path / "run", callbacks=[At(), Rate()]), whole)
    assert Rate.seen == [*range(2, 8), *range(8)]


@pytest.mark.parametrize("dtype", ["bfloat16", pytest.param("mixed_bfloat16", marks=pytest.mark.thorough)])
def test_models_of_bfloat16_go_on_too(dtype, tmp_path):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        whole = run(tmp_path / "whole", callbacks=[At()])
        stopped(tmp_path / "run")
        assert same(run(tmp_path / "run", callbacks=[At()]), whole)
    finally:
        keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("has_folder", [False, True])
def test_weights_that_no_finite_loss_came_from_are_not_the_best(has_folder, tmp_path):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1e30), "mse")
    before = model.get_weights()
    with pytest.raises(FloatingPointError, match=r"in epoch 2, .*The model has its weights of the start"):
        # One step an epoch.
        folder = tmp_path / "run" if has_folder else None
        training.fit(model, X, Y.astype("float32"), epochs=3, batch_size=60, run_dir=folder, verbose=0)
    assert same(model.get_weights(), before)


def test_an_unbuilt_model_goes_on_too(tmp_path):
    def fit(stop):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.layers.Dense(5, "relu"), keras.layers.Dense(1)])
        model.compile("adam", "mse", metrics=["mae"])
        At.what = crash if stop else None
        training.fit(
            model, X, X[:, :1], epochs=4, batch_size=8, run_dir=tmp_path / str(stop), callbacks=[At()], verbose=0
        )
        return model.get_weights()

    whole = fit(False)
    with pytest.raises(RuntimeError, match="stopped"):
        fit(True)
    At.what = None
    (tmp_path / "False").rename(tmp_path / "other")
    (tmp_path / "True").rename(tmp_path / "False")
    assert same(fit(False), whole)


def test_several_processes_need_the_jax_backend(monkeypatch):
    if keras.backend.backend() == "jax":
        pytest.skip("JAX is the backend that has them")
    monkeypatch.setenv("KERAS_DISTRIBUTION_JOB_ADDRESSES", "127.0.0.1:1,127.0.0.1:2")
    with pytest.raises(ValueError, match=r"`KERAS_BACKEND` must be jax where `KERAS_DISTRIBUTION_\*` asks for several"):
        run(None)


@pytest.mark.thorough
def test_long_runs_do_many_steps_a_call_and_end_in_the_same_bits(tmp_path, monkeypatch):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("other backends run one step a call")
    calls = []
    plain = run(None)

    class Note(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            calls.append((self.model.steps_per_execution, self.model.unrolled_steps_per_execution))

    class NoteSteps(Note):
        def on_train_batch_end(self, batch, logs=None):
            steps.append(batch)

    monkeypatch.setattr(_steps, "LONG_RUN", 10)
    assert same(run(None, callbacks=[Note()]), plain)
    assert set(calls) == {(200, 1)}
    calls.clear()
    run(None, callbacks=[Note()], x=np.tile(X, (20, 1)), y=np.tile(Y, 20), batch_size=100)
    assert set(calls) == {(50, 1)}
    calls.clear()
    steps = []
    run(None, callbacks=[NoteSteps()], epochs=1)  # A callback that looks at single steps sees them all.
    assert set(calls) == {(1, 1)} and steps == list(range(8))
    calls.clear()
    import tensorflow as tf

    unknown = tf.data.Dataset.from_tensor_slices((X, Y)).batch(8).filter(lambda x, y: True)
    many = run(tmp_path / "many", callbacks=[Note()], x=unknown, y=None)
    assert set(calls) == {(200, 1)}
    # Later epochs differ: one step a call draws once more at an epoch's end.
    one = run(tmp_path / "one", callbacks=[NoteSteps()], x=unknown, y=None)
    assert np.array_equal(many[0][:, 0], one[0][:, 0])
    calls.clear()
    monkeypatch.setattr(_steps, "VERY_LONG_RUN", 10)
    assert same(run(None, callbacks=[Note()]), plain)
    assert set(calls) == {(200, 5)}
