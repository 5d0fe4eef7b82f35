"""`fit` gives the numbers of Keras's own `fit`; what a step gets; what is left as it was."""

import os

import keras
import numpy as np
import pytest

from dlguide import data, rnn, training
from dlguide.attention_layers import PositionEmbedding, SelfAttention
from tests.helpers import training_runs as runs
from tests.helpers.commands import python
from tests.helpers.switches import quick
from tests.helpers.training_runs import RNG, SPARSE, WEIGHTS, X, Y, classifier, fit, same, state

BACKEND, THOROUGH = keras.backend.backend(), pytest.mark.thorough
JIT = "auto" if BACKEND == "jax" else False  # For time.


def classes():
    return classifier(dropout=0.0, metrics=["accuracy"], weighted_metrics=["accuracy"], jit_compile=JIT)


def compiled(inputs, outputs, loss=SPARSE):
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.01), loss, jit_compile=JIT)
    return model


def one_hot():
    return classifier(keras.losses.CategoricalCrossentropy(from_logits=True), dropout=0.0, jit_compile=JIT)


def two_outputs():
    inputs = keras.Input((4,))
    outputs = {name: keras.layers.Dense(2, name=name)(inputs) for name in "ab"}
    return compiled(inputs, outputs, {"a": SPARSE, "b": SPARSE})


def sequences():
    model = rnn((5, 4), 2, cell="simple", units=(4,), return_sequences=True)
    model.compile(keras.optimizers.Adam(0.01), SPARSE, jit_compile=JIT)
    return model


def attention():
    """Reads six numbers a step, more than a position embedding for tokens has steps: they are no token ids."""
    x = SelfAttention(2, max_length=3)(PositionEmbedding(3)(inputs := keras.Input((3, 8))))
    return compiled(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(x)))


def sparse():
    return compiled(inputs := keras.Input((4,), sparse=True), keras.layers.Dense(2)(inputs))


def sparse_batches():
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices((X, Y)).batch(10).map(lambda x, y: (tf.sparse.from_dense(x), y))


VALID = {"validation_data": (X, Y)}
ONES = np.flatnonzero(Y == 1)
STEPS = {"model": sequences, "x": np.repeat(X[:, None], 5, axis=1), "y": np.repeat(Y[:, None], 5, axis=1)}
TWO = {"model": two_outputs, "y": {"a": Y, "b": 1 - Y}}
DATA_SETS = {
    **runs.DATA_SETS,
    "DataLoader": lambda: runs.loader(shuffle=False),  # Keras draws from these two once more or less.
    "Dataset": lambda: runs.dataset(shuffle=False),
}
NUMBERS = {
    "32 a batch": {"batch_size": None, **VALID},
    "validation_split": {"validation_split": 0.3},  # 0.3 of 60 are 17 in binary arithmetic, 18 in Keras's.
    "validation_freq": {**VALID, "validation_freq": 2},
    "validation_batch_size": {"validation_data": (X, Y, WEIGHTS), "validation_batch_size": 7},
    "validation_steps": {**VALID, "validation_steps": 2},
    "steps_per_epoch": {"steps_per_epoch": 2, "class_weight": {0: 3.0, 1: 0.5}},
    "initial_epoch": {"initial_epoch": 1},
    # With the weight, `val_loss` would be a thousand times as large.
    "class_weight": {"class_weight": {0: 0.5, 1: 1000.0}, "validation_data": (X[ONES], Y[ONES])},
    "class_weight, split": {"class_weight": {0: 0.5, 1: 1000.0}, "validation_split": 0.3},
    "a class left out": {"class_weight": {1: 4}},
    "classes, one-hot": {"model": one_hot, "y": np.eye(2, dtype="float32")[Y], "class_weight": {0: 3.0}},
    "sample_weight": {"sample_weight": WEIGHTS},
    "a column": {"sample_weight": WEIGHTS[:, None]},
    "a list": {"sample_weight": WEIGHTS.tolist()},
    "a weight for each step": {**STEPS, "sample_weight": RNG.random((60, 5)).astype("float32")},
    "a weight for all outputs": {**TWO, "sample_weight": WEIGHTS},
    "weights for each output": {**TWO, "sample_weight": {"a": WEIGHTS, "b": WEIGHTS[::-1].copy()}},
    "no token ids": {"model": attention, "x": RNG.normal(size=(60, 3, 8)).astype("float32")},
    **{name: {"x": make, "y": None, "validation_data": make} for name, make in DATA_SETS.items()},
}
NUMBERS |= {"sparse": {"model": sparse, "x": sparse_batches, "y": None}} if BACKEND == "tensorflow" else {}
QUICK = ("32 a batch", "class_weight", "sample_weight", "Dataset")


@pytest.mark.parametrize("name", quick(NUMBERS, *QUICK))
def test_the_losses_and_the_weights_are_those_of_keras(name):
    histories, states = [], []
    for train in (training.fit, keras.Model.fit):
        keras.utils.set_random_seed(0)
        given = {"model": classes, "x": X, "y": Y, "epochs": 3, "batch_size": 16, "verbose": 0, **NUMBERS[name]}
        given = {key: value() if callable(value) else value for key, value in given.items()}
        if train is keras.Model.fit and isinstance(given.get("sample_weight"), list):
            given["sample_weight"] = WEIGHTS
        histories.append(train(model := given.pop("model"), shuffle=False, **given))
        states.append(state(model))
    found, expected = (history.history for history in histories)
    assert histories[0].epoch == histories[1].epoch and found.keys() == expected.keys()
    for key, values in expected.items():  # Where there was no validation, the value is NaN.
        np.testing.assert_allclose([value for value in found[key] if not np.isnan(value)], values, rtol=1e-5)
    for a, b in zip(*states, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_classes_of_a_loss_that_names_none_are_those_of_the_targets():
    y = Y * 2 - 1
    by_class = fit(classifier("hinge", 1), y=y, class_weight={1: 3.0}).history
    assert by_class == fit(classifier("hinge", 1), y=y, sample_weight=np.where(y == 1, 3.0, 1.0)).history


# What a step gets


class Noting(keras.Model):
    """Notes the batches that its steps get, and learns nothing."""

    def __init__(self):
        super().__init__()
        self.seen = []
        self.compile("sgd", run_eagerly=True)

    def call(self, x):
        return keras.ops.cast(keras.tree.flatten(x)[0], "float32")

    def note(self, *state_and_data):
        # Keras's lists become tuples on TensorFlow.
        self.seen.append(keras.tree.map_structure(np.array, keras.tree.lists_to_tuples(state_and_data[-1])))
        return {"loss": 0.0} if len(state_and_data) == 1 else ({"loss": 0.0}, state_and_data[0])

    train_step = test_step = note


FORMS = {"x": X, "(x,)": (X,), "[x, x]": [X, X], "(x, x)": (X, X), "dict": {"a": X, "b": X}}


def check_steps(x, y=None, weights=None):
    n, model, reference = len(keras.tree.flatten(x)[0]), Noting(), Noting()
    valid = tuple(part for part in (x, y, weights) if part is not None)
    training.fit(model, x, y, sample_weight=weights, validation_data=valid, batch_size=16, epochs=4, verbose=0)
    for epoch in range(4):
        order, options = training.epoch_order(n, 0, epoch), {"batch_size": 16, "verbose": 0}
        rows = keras.tree.map_structure(lambda a, order=order: a if a is None else np.array(a)[order], (x, y, weights))
        reference.fit(*rows[:2], sample_weight=rows[2], shuffle=False, **options)
        reference.evaluate(*valid[:2], sample_weight=weights, **options)
    assert len(model.seen) == len(reference.seen) == 8 * -(-n // 16)
    for found, expected in zip(model.seen, reference.seen, strict=True):
        keras.tree.assert_same_structure(found, expected)
        assert same(keras.tree.flatten(found), keras.tree.flatten(expected))


@pytest.mark.parametrize("name", quick(FORMS, "dict"))
def test_a_step_gets_the_rows_of_the_order_in_the_form_that_keras_gives_them(name):
    y = np.arange(60)
    for targets in ((), (y,), (y, WEIGHTS)):
        check_steps(FORMS[name], *targets)


@pytest.mark.parametrize("part", [np.s_[::-2], *(pytest.param(p, marks=THOROUGH) for p in (np.s_[:], np.s_[:, 0]))])
def test_a_step_gets_the_rows_of_a_file(part, tmp_path):
    np.save(tmp_path / "x.npy", np.arange(240, dtype="float64").reshape(60, 4))
    x = np.load(tmp_path / "x.npy", mmap_mode="r")[part]
    check_steps((x, np.array(x)))


MEMORY = """
import gc, pathlib, re
from tests.helpers.training_runs import classifier, fit

def kilobytes():
    gc.collect()
    return int(re.search(r"VmRSS:\\s*(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])

def growth(fits):
    before = kilobytes()
    for _ in range(fits):
        fit(classifier())
    return (kilobytes() - before) / 1000

growth(15)
print(growth(25))
"""


@pytest.mark.thorough(seconds=20)
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="only Linux says it there")
def test_fits_of_new_models_do_not_stay_in_memory():
    """In megabytes; without `_speed`, TensorFlow keeps 1.2 of each fit."""
    assert float(python("-c", MEMORY).split()[-1]) < 10


# What is left as it was


def test_the_test_set_as_validation_data_draws_a_warning():
    mpg = data.load("auto_mpg")
    model = keras.Sequential([keras.Input((7,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1e-9), "mse")
    for valid in (mpg.test, (mpg.test.x, mpg.test.y)):
        with pytest.warns(UserWarning, match="is the test set of `data.load`"):
            fit(model, x=mpg.train.x, y=mpg.train.y, epochs=1, validation_data=valid)
    fit(model, x=mpg.train.x, y=mpg.train.y, epochs=1, validation_data=mpg.valid)


@pytest.mark.parametrize("make", runs.DATA_SETS.values(), ids=runs.DATA_SETS)
def test_a_data_set_is_handed_to_keras_as_it_is(make, monkeypatch):
    seen, plain = [], keras.Model.fit
    monkeypatch.setattr(keras.Model, "fit", lambda model, x, **options: seen.append(x) or plain(model, x, **options))
    fit(classifier(), x=(data_set := make()), y=None, epochs=1)
    assert seen == [data_set]


def test_what_the_caller_compiled_is_left_as_it_was():
    for steps in (1,) if BACKEND == "torch" else (1, 3):  # PyTorch has no other number than 1.
        model = classifier(steps_per_execution=steps)
        model.predict(X, verbose=0)
        predicts = model.predict_function
        fit(model, epochs=1)
        assert model.steps_per_execution == steps and model.predict_function is predicts
        losses = model.fit(X, Y, batch_size=16, validation_data=(X, Y), verbose=0).history
        assert model.evaluate(X, Y, verbose=0) == pytest.approx(losses["val_loss"][0], rel=1e-5)
