"""The same call resumes, extends or finishes a run, and ends in the same bits."""

import os
import time

import keras
import numpy as np
import pytest

from dlguide import training
from tests.dlguide.training import own_steps
from tests.helpers import training_runs as runs
from tests.helpers.cases import CASES
from tests.helpers.contract import build, compiled, inputs, targets
from tests.helpers.switches import quick
from tests.helpers.training_runs import At, X, Y, classifier, crash, fit, press_ctrl_c, same, state, train

BACKEND = keras.backend.backend()


class Rate(keras.callbacks.Callback):
    """A learning rate that follows from the number of the step."""

    def on_train_batch_begin(self, batch, logs=None):
        self.model.optimizer.learning_rate = 0.01 / (1 + batch)


class Noise(keras.layers.Layer):
    def call(self, x):
        return x + keras.random.normal(keras.ops.shape(x))


class DictMetric(keras.metrics.Metric):
    def __init__(self, name="both"):
        super().__init__(name=name)
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.count.assign(self.count + 1.0)

    def result(self):
        return {"count": 1.0 * self.count, "twice": 2.0 * self.count}


def sequential(*layers):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([*layers, keras.layers.Dense(5, "relu"), keras.layers.Dense(2)])
    model.compile("adam", runs.SPARSE, metrics=["accuracy"])
    return model


def average():
    return classifier(optimizer=keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.5))


# What training learns makes it worse on these: the best weights are those of the first epoch, before a stop.
OTHER_LABELS = {"validation_data": (X[:20], 1 - Y[:20]), "patience": 9}
RUNS = {
    "patience": {**OTHER_LABELS, "callbacks": [runs.plateau]},
    "bfloat16": {**OTHER_LABELS, "dtype": "bfloat16"},
    "a rate of its own for each step": {"callbacks": [Rate]},
    "an unbuilt model": {"model": sequential},
    "weights": {
        "model": lambda: classifier(weighted_metrics=["accuracy"]),
        **{"sample_weight": runs.WEIGHTS, "validation_data": (X, Y, runs.WEIGHTS)},
    },
    "metrics of several numbers": {"model": lambda: classifier(metrics=[DictMetric()]), "validation_data": (X, Y)},
    "a moving average": {"model": average},
    "averages that are swapped": {
        "model": average,
        "callbacks": [lambda: keras.callbacks.SwapEMAWeights(swap_on_epoch=True)],
        **{"validation_data": (X, Y), "is_longer": False},  # This callback reads the number of epochs.
    },
    "a function of the epoch": {"x": lambda: lambda epoch: runs.dataset(seed=epoch), "y": None},
    "an object with a state": {"x": runs.Resumable, "y": None, "validation_data": (X, Y)},
    "a callback with a state": {"callbacks": [runs.Keeps]},
    "a plateau that cools down": {"callbacks": [lambda: runs.plateau(cooldown=2)]},
    "stopping": {
        "callbacks": [lambda: keras.callbacks.EarlyStopping("loss", patience=2, min_delta=1.0)],
        "epochs": 6,
    },
}
ARRAYS, FUNCTION = {"x": X, "y": Y.astype("float32")}, {"x": own_steps.data_set, "y": None}
RUNS |= {"a step of its own": {"model": own_steps.custom_model, **ARRAYS}}
RUNS |= {"a step of its own, a function": {"model": own_steps.custom_model, **FUNCTION}}
if BACKEND == "tensorflow":
    RUNS |= {"two players, a function": {"model": own_steps.two_players, **FUNCTION}}
    RUNS |= {"two players": {"model": own_steps.two_players, **ARRAYS}}
RUNS |= {} if BACKEND == "jax" else {"layers without a seed": {"model": lambda: sequential(keras.Input((4,)), Noise())}}
QUICK = ("patience", "a function of the epoch")
RARE = ("a rate of its own for each step", "metrics of several numbers", "a moving average", "a step of its own")


def check_resumed(tmp_path, stops, **given) -> list:
    """Compare a run that was stopped some times and resumed with one that was never stopped, bit for bit."""
    whole = train(None, **given)
    for stop in stops:
        assert train(tmp_path / "run", stop=stop, **given) is None
    assert same(train(tmp_path / "run", **given), whole)
    return whole


@pytest.mark.parametrize("name", [*quick([n for n in RUNS if n not in RARE], *QUICK), *quick(RARE, seconds=20)])
@pytest.mark.filterwarnings("ignore:You are saving a model that has not yet been built")  # The layers of it are.
def test_a_run_that_was_stopped_or_is_extended_ends_in_the_same_bits_also_if_a_logger_is_new(name, tmp_path):
    given = dict(RUNS[name])
    is_longer = given.pop("is_longer", True)
    keras.config.set_dtype_policy(given.pop("dtype", "float32"))
    whole = check_resumed(tmp_path, ((0, 3), (1, 0)), **given)
    assert any(len(np.unique(values)) == len(whole[0]) for values in whole[:3])  # It learns something in each epoch.
    own = given.pop("callbacks", [])
    train(tmp_path / "short", callbacks=own, **{**given, **({"epochs": 2} if is_longer else {"stop": (2, 3)})})
    logger = [lambda: keras.callbacks.CSVLogger(str(tmp_path / "log.csv"))]
    for callbacks in ([*logger, *own], own):  # Then it is finished.
        assert same(train(tmp_path / "short", callbacks=callbacks, **given), whole)


@pytest.mark.parametrize("make", quick(runs.DATA_SETS.values(), runs.DATA_SETS["Dataset"]))
def test_any_other_data_set_is_resumed_at_the_start_of_the_epoch_and_a_sentence_says_so(make, tmp_path, capsys):
    steps = []
    note = keras.callbacks.LambdaCallback(on_train_batch_begin=lambda step, logs: steps.append((At.epoch, step)))
    assert train(tmp_path, x=make, y=None, stop=(2, 3)) is None
    assert train(tmp_path, x=make, y=None, callbacks=[lambda: note], verbose=2)
    assert "is resumed after epoch 2 of 4, with the data set in an order of its own\n" in capsys.readouterr().out
    assert [step for _, step in steps] == [*range(6)] * 2


def noisy():
    return sequential(keras.Input((4,)), Noise() if BACKEND != "jax" else keras.layers.Dropout(0.5, seed=0))


@pytest.mark.parametrize("make", quick([classifier, noisy], classifier))
def test_the_same_model_goes_on_after_ctrl_c_in_any_epoch_and_may_be_trained_by_keras_then(make, tmp_path):
    given = {"callbacks": [lambda: keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)]}
    whole, model = train(None, model=make, **given), make()
    for stop in ((0, 2), (2, 0)):
        assert train(tmp_path, model=lambda: model, stop=stop, what=press_ctrl_c, **given) is None
    assert same(train(tmp_path, model=lambda: model, **given), whole)
    fit(model, callbacks=[At(), keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None)], epochs=1)
    At.when, At.what, before = (0, 0), press_ctrl_c, int(model.optimizer.iterations)
    with pytest.raises(KeyboardInterrupt):
        fit(model, callbacks=[keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: press_ctrl_c())])
    model.fit(X, Y, batch_size=10, verbose=0)
    assert int(model.optimizer.iterations) == before + 6


@pytest.mark.thorough
def test_a_run_without_a_finished_epoch_makes_room_for_another_one(tmp_path):
    assert train(tmp_path, stop=(0, 2)) is None
    other = {"model": lambda: classifier(optimizer=keras.optimizers.SGD(0.1))}
    assert same(train(tmp_path, **other), train(None, **other))


# Every builder

KINDS = {
    **{name: (lambda name=name: build(name)) for name in CASES},
    "sequential of an mlp": lambda: keras.Sequential([keras.Input((4, 3)), keras.layers.Rescaling(1.0), build("mlp")]),
    "functional of an autoencoder": lambda: keras.Model(
        (outside := keras.Input(CASES["autoencoder"].args[0])), build("autoencoder")(outside)
    ),
}
# For time, the test command leaves out those that differ from another one in their layers alone.
LIKE_OTHERS = ("linear_regression", "polynomial_regression", "perceptron", "autoencoder", "transformer_classifier")
SOME = ("mlp", False), ("vae", True)
ROWS = [(name, False) for name in KINDS if name not in LIKE_OTHERS]
ROWS += [(name, True) for name in ("mlp", "rnn", "vae", "gan", "sequential of an mlp")]


@pytest.mark.parametrize(("name", "is_one_object"), quick(ROWS, *SOME))
def test_a_run_of_each_kind_of_builder_is_extended_interrupted_and_resumed(name, is_one_object, tmp_path):
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


# More epochs


def scheduled(steps, is_within):
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.01, steps))
    if is_within:
        parts = keras.optimizers.OptimizerMap(keras.optimizers.Adam(0.01), {"output.*": optimizer})
        optimizer = keras.optimizers.MultiOptimizer(parts)
    return classifier(optimizer=optimizer)


@pytest.mark.parametrize("is_within", [False, pytest.param(True, marks=pytest.mark.thorough)])
def test_a_run_with_a_schedule_is_resumed_and_not_extended(is_within, tmp_path):
    given = {"epochs": 2, "model": lambda: scheduled(8, is_within)}
    whole = check_resumed(tmp_path, ((0, 3),), **given)
    reason = r"\. A run whose learning rate is a schedule cannot be extended: a schedule is made for a number of steps$"
    for steps, difference in ((8, ""), (12, ".*decay_steps 8 there, 12 here; ")):
        with pytest.raises(ValueError, match=f"with {difference}epochs 2 there, 3 here{reason}"):
            train(tmp_path / "run", epochs=3, model=lambda steps=steps: scheduled(steps, is_within))
    assert same(train(tmp_path / "run", **given), whole)


@pytest.mark.thorough
def test_a_run_that_stopped_early_says_that_more_epochs_have_no_effect(tmp_path, capsys):
    options = {**OTHER_LABELS, "patience": 1}
    short = train(tmp_path, epochs=8, **options)
    assert (epochs := len(short[0])) in (2, 3)  # By the backend's dropout.
    assert same(train(tmp_path, epochs=20, verbose=2, **options), short)
    assert capsys.readouterr().out.endswith(f" was stopped for good after epoch {epochs} of 8: nothing to train\n")
    assert same(train(None, epochs=20, **options), short)


@pytest.mark.thorough
def test_a_callback_that_stops_for_another_reason_only_pauses_the_run(tmp_path):
    for epochs in (1, 2, 3):
        model = classifier()
        pause = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_, own=model: setattr(own, "stop_training", True))
        fit(model, tmp_path, epochs=4, callbacks=[pause, At()])
        assert len(runs.history_rows(tmp_path)) == epochs
    assert same(train(tmp_path), runs.whole_run())


@pytest.mark.parametrize("moment", quick(["begin", "end"], "end"))
def test_a_run_killed_before_its_first_checkpoint_or_after_its_last_one_ends_like_a_whole_one(moment, tmp_path):
    stop_early = keras.callbacks.EarlyStopping("loss", patience=1, min_delta=9.0)
    options = {"callbacks": [lambda: stop_early]}
    whole = train(None, **options)
    assert len(whole[0]) == 2
    crashes = keras.callbacks.LambdaCallback(**{f"on_train_{moment}": lambda logs: crash()})
    with pytest.raises(runs.Stopped):
        fit(classifier(), tmp_path, epochs=4, callbacks=[stop_early, crashes, At()])
    files = {path.name for path in tmp_path.glob("[!.]*")}
    assert (files == {"config.json"}) == (moment == "begin")
    assert same(train(tmp_path, **options), whole)


# Time


@pytest.fixture
def wait(monkeypatch):
    """Return what moves the clock that a run reads; nothing else does."""
    seconds = []
    monkeypatch.setattr(time, "perf_counter", lambda: float(sum(seconds)))
    return seconds.append


@pytest.mark.thorough
def test_the_seconds_are_those_of_the_epochs_that_were_kept_and_none_between(tmp_path, wait):
    def wait_and_crash_two_steps_later():
        wait(7)
        At.what, At.when = crash, (2, 3)

    train(tmp_path, stop=(2, 1), what=wait_and_crash_two_steps_later)
    wait(1000)
    train(tmp_path, stop=(3, 0), what=lambda: wait(2))
    assert [float(row["seconds"]) for row in runs.history_rows(tmp_path)] == [0, 0, 0, 2]
    assert fit(classifier(), tmp_path, epochs=4, callbacks=[At()]).seconds == 2


@pytest.mark.parametrize(("cost", "epochs"), quick([(1, 1), (4, 1), (5, 2)], (5, 2)))
def test_checkpoints_take_3_percent_of_the_time(cost, epochs, tmp_path, wait, monkeypatch):
    """An epoch takes 150 s: one checkpoint of 4.5 s in it would be 3 %."""
    replace, saved = os.replace, []

    def slow(source, target):
        replace(source, target)
        if str(target).endswith("checkpoint.npz"):
            saved.append(time.perf_counter())
            wait(cost)

    monkeypatch.setattr(os, "replace", slow)
    step = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: wait(10))
    training.fit(classifier(), X, Y, epochs=7, batch_size=4, run_dir=tmp_path, callbacks=[step], verbose=0)
    assert set(np.diff(saved)[:-1]) == {150 * epochs + cost} and len(saved) == 1 + -(-7 // epochs), saved
