"""The same call resumes, extends or finishes a run, and ends in the same bits."""

import os
import signal
import time

import keras
import numpy as np
import pytest

from tests.helpers import training_runs as runs
from tests.helpers.cases import CASES
from tests.helpers.contract import build, compiled, inputs, targets
from tests.helpers.training_runs import (
    At,
    X,
    Y,
    check_resumed,
    classifier,
    crash,
    fit,
    press_ctrl_c,
    same,
    state,
    train,
)

pytestmark = pytest.mark.each_backend
STOPS = ((0, 3), (2, 0))  # Within the first epoch, at the beginning of one.


class Rate(keras.callbacks.Callback):
    """A learning rate that follows from the number of the step."""

    def on_train_batch_begin(self, batch, logs=None):
        self.model.optimizer.learning_rate = 0.01 / (1 + batch)


class Noise(keras.layers.Layer):
    def call(self, x):
        return x + keras.random.normal(keras.ops.shape(x))


def sequential(*layers):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([*layers, keras.layers.Dense(5, "relu"), keras.layers.Dense(2)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


WEIGHTED = {"sample_weight": runs.WEIGHTS, "validation_data": (X, Y, runs.WEIGHTS)}
AVERAGE = {"use_ema": True, "ema_momentum": 0.5}
RUNS = {
    "patience": {"validation_data": (X[:20], 1 - Y[:20]), "patience": 9, "callbacks": [runs.plateau]},
    "a rate of its own for each step": {"callbacks": [Rate]},
    "an unbuilt model": {"model": sequential},
    "layers without a seed": {"model": lambda: sequential(keras.Input((4,)), Noise())},
    "weights": {**WEIGHTED, "model": lambda: classifier(weighted_metrics=["accuracy"])},
    "a moving average": {"model": lambda: classifier(optimizer=keras.optimizers.Adam(0.01, **AVERAGE))},
    "a function of the epoch": {
        "x": lambda: lambda epoch: runs.dataset(seed=epoch),
        "y": None,
        "validation_data": (X, Y),
    },
    "an object with a state": {"x": runs.Resumable, "y": None, "validation_data": (X, Y)},
}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.thorough] * (n == "a moving average")) for n in RUNS]
)
def test_a_run_that_was_stopped_ends_in_the_same_bits(name, tmp_path):
    if name == "layers without a seed" and keras.backend.backend() == "jax":
        pytest.skip("JAX refuses draws without a seed")
    whole = check_resumed(tmp_path, STOPS, **RUNS[name])
    assert same(train(tmp_path / "run", **RUNS[name]), whole)  # Finished: nothing is trained.
    train(tmp_path / "short", **{**RUNS[name], "epochs": 2})
    assert same(train(tmp_path / "short", **RUNS[name]), whole)


def test_each_epoch_of_a_function_reads_its_own_data_set_and_the_callbacks_see_one_training():
    seen, calls = [], []
    names = [f"on_{kind}_{end}" for kind in ("train", "epoch") for end in ("begin", "end")]
    note = keras.callbacks.LambdaCallback(**{name: lambda *args, name=name: calls.append(name) for name in names})
    train(
        None, x=lambda: lambda epoch: seen.append(epoch) or runs.dataset(seed=epoch), y=None, callbacks=[lambda: note]
    )
    assert list(dict.fromkeys(seen)) == [0, 1, 2, 3]
    assert calls == ["on_train_begin", *["on_epoch_begin", "on_epoch_end"] * 4, "on_train_end"]


@pytest.mark.parametrize("make", runs.DATA_SETS.values(), ids=runs.DATA_SETS)
def test_any_other_data_set_is_resumed_at_the_start_of_the_epoch_and_a_sentence_says_so(make, tmp_path, capsys):
    steps = []
    note = keras.callbacks.LambdaCallback(on_train_batch_begin=lambda step, logs: steps.append((At.epoch, step)))
    assert train(tmp_path, x=make, y=None, stop=(2, 3)) is None
    assert train(tmp_path, x=make, y=None, callbacks=[lambda: note], verbose=2)
    assert "is resumed after epoch 2 of 4, with the data set in an order of its own\n" in capsys.readouterr().out
    assert [step for _, step in steps] == [*range(6)] * 2


def test_models_of_bfloat16_end_in_the_same_bits(tmp_path):
    keras.config.set_dtype_policy("bfloat16")
    # The best weights are those of the first epoch, before the stop.
    check_resumed(tmp_path, epochs=3, validation_data=(X[:20], 1 - Y[:20]), patience=9)


# Every builder


def sequential_of(model):
    return keras.Sequential([keras.Input(model.input_shape[1:]), keras.layers.Rescaling(1.0), model])


KINDS = {
    **{name: (lambda name=name: build(name)) for name in CASES},
    "sequential of an mlp": lambda: sequential_of(build("mlp")),
    "functional of an autoencoder": lambda: keras.Model(
        (outside := keras.Input(CASES["autoencoder"].args[0])), build("autoencoder")(outside)
    ),
}
# For time, the test command leaves out those that differ from another one in their layers alone.
SOME = {("mlp", False), ("gan", False), ("vae", True), ("sequential of an mlp", True)}
ROWS = [(name, False) for name in KINDS]
ROWS += [(name, True) for name in ("mlp", "rnn", "vae", "gan", "sequential of an mlp")]


@pytest.mark.parametrize(
    ("name", "is_one_object"),
    [pytest.param(*row, marks=[pytest.mark.thorough] * (row not in SOME)) for row in ROWS],
)
def test_a_run_of_each_builder_is_extended_interrupted_and_resumed(name, is_one_object, tmp_path):
    kind = name.split()[-1]

    def new():
        return compiled(CASES[kind].kind, KINDS[name]())

    def run(model, folder, epochs, stop=None):
        At.when, At.what = stop, press_ctrl_c
        x = inputs(kind, model if model.built else build(kind))
        y = targets(CASES[kind].kind, model, x)
        history = fit(model, folder, x, y, epochs=epochs, batch_size=4, callbacks=[At()])
        return [*state(model), *history.history["loss"]]

    whole = run(new(), None, 3)
    model = new()
    run(model, tmp_path, 1)
    build("autoencoder")  # A cell further up: the numbers in the names of layers go on.
    model = model if is_one_object else new()
    with pytest.raises(KeyboardInterrupt):
        run(model, tmp_path, 3, stop=(1, 1))
    for _ in range(2):  # The second time the run is finished.
        model = model if is_one_object else new()
        assert same(run(model, tmp_path, 3), whole)


# Runs that are extended


def scheduled(steps, is_within=False):
    schedule = keras.optimizers.schedules.CosineDecay(0.01, steps)
    optimizer = keras.optimizers.Adam(schedule)
    if is_within:
        parts = keras.optimizers.OptimizerMap(keras.optimizers.Adam(0.01), {"output.*": optimizer})
        optimizer = keras.optimizers.MultiOptimizer(parts)
    return classifier(optimizer=optimizer)


@pytest.mark.parametrize("is_within", [False, pytest.param(True, marks=pytest.mark.thorough)])
def test_a_run_with_a_schedule_is_not_extended(is_within, tmp_path):
    whole = train(tmp_path, epochs=2, model=lambda: scheduled(8, is_within))
    reason = r"\. A run whose learning rate is a schedule cannot be extended: a schedule is made for a number of steps$"
    with pytest.raises(ValueError, match=r"with epochs 2 there, 3 here" + reason):
        train(tmp_path, epochs=3, model=lambda: scheduled(8, is_within))
    with pytest.raises(ValueError, match=r"with .*decay_steps 8 there, 12 here; epochs 2 there, 3 here" + reason):
        train(tmp_path, epochs=3, model=lambda: scheduled(12, is_within))
    assert same(train(tmp_path, epochs=2, model=lambda: scheduled(8, is_within)), whole)


def test_a_run_that_stopped_early_says_that_more_epochs_have_no_effect(tmp_path):
    options = {"validation_data": (X[:20], 1 - Y[:20]), "patience": 1}
    short = train(tmp_path, epochs=8, **options)
    stopped_after = len(short[0])
    assert stopped_after < 8
    message = rf"`epochs=20` has no effect: the run of 8 epochs was stopped after epoch {stopped_after} by `patience`"
    with pytest.warns(UserWarning, match=message):
        assert same(train(tmp_path, epochs=20, **options), short)
    assert same(train(None, epochs=20, **options), short)


def stop_early():
    return keras.callbacks.EarlyStopping("loss", patience=1, min_delta=9.0)


class CrashAt(keras.callbacks.Callback):
    """Ends a training at its beginning or its end, if `moment` of the class says so."""

    moment = None

    def on_train_begin(self, logs=None):
        if CrashAt.moment == "begin":
            crash()

    def on_train_end(self, logs=None):
        if CrashAt.moment == "end":
            crash()


@pytest.mark.parametrize("moment", ["begin", "end"])
def test_a_run_killed_before_its_first_checkpoint_or_after_its_last_one_ends_like_a_whole_one(moment, tmp_path):
    options = {"callbacks": [stop_early, CrashAt]}
    whole = train(None, **options)
    assert len(whole[0]) == 2
    CrashAt.moment = moment
    with pytest.raises(runs.Stopped):
        fit(classifier(), tmp_path, epochs=4, callbacks=[stop_early(), CrashAt(), At()])
    CrashAt.moment = None
    files = {path.name for path in tmp_path.glob("[!.]*")}
    assert (files == {"config.json"}) == (moment == "begin")
    assert same(train(tmp_path, **options), whole)


# Time


class Clock:
    """A clock that only the test moves, in place of the one that a run reads."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(time, "perf_counter", lambda: self.now)

    def wait(self, seconds):
        self.now += seconds


def test_the_seconds_of_a_run_and_of_its_epochs_include_those_before_a_stop_and_none_between(tmp_path, monkeypatch):
    clock = Clock(monkeypatch)

    def wait_and_crash_two_steps_later():
        clock.wait(7)
        At.what, At.when = crash, (2, 3)

    train(tmp_path, stop=(2, 1), what=wait_and_crash_two_steps_later)
    clock.wait(1000)
    train(tmp_path, stop=(3, 0), what=lambda: clock.wait(2))
    assert [float(row["seconds"]) for row in runs.history_rows(tmp_path)] == [0, 0, 7, 2]
    assert fit(classifier(), tmp_path, epochs=4, callbacks=[At()]).seconds == 9


def test_a_checkpoint_that_takes_a_second_is_written_every_34_seconds(tmp_path, monkeypatch):
    """Its share of the time is 3 %, as the docs say; a step takes 10 s here."""
    clock, replace, saved = Clock(monkeypatch), os.replace, []

    def slow(source, target):
        replace(source, target)
        if str(target).endswith("checkpoint.npz"):
            clock.wait(1)
            saved.append(clock.now)

    class Wait(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            clock.wait(10)

    monkeypatch.setattr(os, "replace", slow)
    fit(classifier(), tmp_path, epochs=4, checkpoint_seconds=1, callbacks=[Wait()])
    between = np.diff(saved)[:-1]  # The last one is written always.
    assert len(between) >= 2 and ((between >= 34) & (between <= 50)).all(), saved


# Signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_takes_effect_after_the_step_with_a_checkpoint(number, tmp_path):
    def handler(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(number, handler)
    try:
        train(tmp_path, stop=(2, 3), what=lambda: os.kill(os.getpid(), number), checkpoint_seconds=1e9)
        assert signal.getsignal(number) is handler
    finally:
        signal.signal(number, before)
    with np.load(tmp_path / "checkpoint.npz") as saved:
        assert '"epoch": 2, "step": 3' in str(saved["state"])
    assert same(train(tmp_path, checkpoint_seconds=1e9), runs.whole_run())


def test_a_signal_is_not_lost_where_the_last_step_raises(tmp_path):
    def both(batch, logs):
        press_ctrl_c()
        crash()

    with pytest.raises(KeyboardInterrupt):
        fit(classifier(), tmp_path, callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=both)])
