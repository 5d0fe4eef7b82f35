"""The call of `training.fit`: what it refuses, what it hands to Keras, what a step gets, what it leaves as it was."""

import keras
import numpy as np
import pytest

from dlguide import data, evaluation, mlp, training
from dlguide.attention_layers import PositionEmbedding, SelfAttention
from tests.helpers import training_runs as runs
from tests.helpers.calls import refusal
from tests.helpers.training_runs import SPARSE, WEIGHTS, X, Y, classifier, fit, same, state

pytestmark = pytest.mark.each_backend
BACKUP = keras.callbacks.BackupAndRestore("backup")
BAD = [
    ("epochs", {"epochs": 0}),
    ("batch_size", {"batch_size": -1}),
    ("seed", {"seed": -1}),
    ("patience", {"patience": 0}),
    ("patience", {"patience": 2}),  # Without validation data.
    ("verbose", {"verbose": 5}),
    ("checkpoint_seconds", {"checkpoint_seconds": -1}),
    ("x", {"x": X[:0], "y": Y[:0]}),
    ("y", {"y": np.array([*Y[:57], -1, 2, 3])}),
    ("validation_data[1]", {"validation_data": (X,)}),
    ("validation_data", {"validation_data": (X, Y, WEIGHTS, 1)}),
    ("validation_split", {"validation_split": 0.999}),
    ("initial_epoch", {"initial_epoch": 1}),  # These three would break a resumed run.
    ("shuffle", {"shuffle": False}),
    ("steps_per_epoch", {"steps_per_epoch": 2}),
    ("callbacks", {"callbacks": [keras.callbacks.TerminateOnNaN(), BACKUP]}),
    ("run_dir", {"folder": ""}),
    ("run_dir", {"folder": "gs://bucket/run"}),
]


@pytest.mark.parametrize(("name", "options"), BAD, ids=[f"{name}-{list(options)}" for name, options in BAD])
def test_a_bad_argument_is_named_before_the_first_step_and_nothing_is_written(name, options, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = classifier()
    before = model.get_weights()
    message = refusal(fit, model, **{"folder": "run", **options})
    assert message.startswith((f"`{name}` must ", f"`{name}={options.get(name)}"))
    assert same(before, model.get_weights()) and not list(tmp_path.iterdir())


def test_what_keras_does_not_know_and_a_model_that_is_not_compiled_are_refused():
    with pytest.raises(TypeError, match="unexpected keyword argument 'epoch'"):
        fit(classifier(), epoch=3)
    assert refusal(fit, mlp((4,), 2)).startswith("`model` must be compiled")


PASSED = {
    "shuffle": {},
    "validation_split": {"validation_split": 0.3},  # 0.3 of 60 are 17 in binary arithmetic, 18 in Keras's.
    "validation_freq": {"validation_data": (X, Y), "validation_freq": 2},
    "validation_batch_size": {"validation_data": (X, Y, WEIGHTS), "validation_batch_size": 7},
    "validation_steps": {"validation_data": (X, Y), "validation_steps": 2},
    "steps_per_epoch": {"steps_per_epoch": 2},
    "initial_epoch": {"initial_epoch": 1},
    "class_weight": {"steps_per_epoch": 2, "class_weight": {0: 3.0, 1: 0.5}},
}


@pytest.mark.parametrize("options", PASSED.values(), ids=PASSED)
def test_an_option_of_keras_gives_kerass_numbers(options):
    model, reference = (classifier(dropout=0.0, metrics=["accuracy"]) for _ in range(2))
    options = {"shuffle": False, "epochs": 3, "batch_size": 16, "verbose": 0, **options}
    history, expected = training.fit(model, X, Y, **options), reference.fit(X, Y, **options)
    assert history.epoch == expected.epoch
    for name, values in history.history.items():  # Where there was no validation, the value is NaN.
        found = [value for value in values if not np.isnan(value)]
        np.testing.assert_allclose(found, expected.history[name], rtol=1e-5)
    assert history.history.keys() == expected.history.keys()
    for found, wanted in zip(state(model), state(reference), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)


def test_thirty_two_examples_make_a_batch_and_the_last_partial_one_counts_in_validation_too():
    model, seen = classifier(dropout=0.0), []
    note = keras.callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs: seen.append(batch))
    history = fit(model, batch_size=None, epochs=1, validation_data=(X, Y), callbacks=note).history
    assert seen == [0, 1]
    whole, first = (model.evaluate(X[:n], Y[:n], batch_size=n, verbose=0) for n in (60, 32))
    assert history["val_loss"] == [pytest.approx(whole, rel=1e-5)] and abs(whole - first) > 1e-3


@pytest.mark.parametrize("make", runs.DATA_SETS.values(), ids=runs.DATA_SETS)
def test_a_data_set_is_handed_to_keras_as_it_is(make, monkeypatch):
    seen, plain = [], keras.Model.fit
    monkeypatch.setattr(keras.Model, "fit", lambda model, x, **options: seen.append(x) or plain(model, x, **options))
    data_set, valid = make(), make()
    history = fit(classifier(), x=data_set, y=None, validation_data=valid, epochs=1).history
    assert seen == [data_set] and history.keys() == {"loss", "val_loss"}


class Steps(keras.Model):
    """A model with a loss of its layers alone, which notes what its steps get."""

    def __init__(self):
        super().__init__()
        self.dense, self.penalty = keras.layers.Dense(2), keras.layers.ActivityRegularization(l2=0.1)
        self.seen = set()

    def call(self, x):
        arrays = keras.tree.flatten(x)
        return self.penalty(self.dense(sum(arrays[1:], arrays[0])))

    def note(self, data):
        ranks = keras.tree.map_structure(lambda array: len(array.shape), data)
        self.seen.add(str(keras.tree.lists_to_tuples(ranks)))  # Keras's lists become tuples on TensorFlow.

    def train_step(self, *state_and_data):
        self.note(state_and_data[-1])
        return super().train_step(*state_and_data)

    def test_step(self, *state_and_data):
        self.note(state_and_data[-1])
        return super().test_step(*state_and_data)


FORMS = {"x": X, "(x,)": (X,), "[x, x]": [X, X], "(x, x)": (X, X), "dict": {"a": X, "b": X}}


@pytest.mark.parametrize("x", FORMS.values(), ids=FORMS)
def test_a_step_gets_x_alone_in_the_form_that_keras_gives_it(x):
    models = Steps(), Steps()
    for model in models:
        model.compile("sgd", run_eagerly=keras.backend.backend() == "tensorflow")  # For time.
    training.fit(models[0], x, validation_data=(x,), batch_size=20, verbose=0)
    models[1].fit(x, batch_size=20, verbose=0)
    models[1].evaluate(x, batch_size=20, verbose=0)
    assert models[0].seen == models[1].seen != set()


def test_features_of_more_numbers_than_a_layer_takes_steps_are_no_tokens():
    layers = [keras.Input((6, 8)), PositionEmbedding(6), SelfAttention(2, max_length=6), keras.layers.Dense(1)]
    model = keras.Sequential([*layers, keras.layers.Flatten(), keras.layers.Dense(2)])
    model.compile("sgd", SPARSE)
    assert np.isfinite(fit(model, x=np.zeros((60, 6, 8), "float32")).history["loss"]).all()


def test_data_of_bfloat16_are_trained_on_and_compared(tmp_path):
    x, model = X.astype("bfloat16"), classifier()
    histories = [fit(model, tmp_path, x=x, epochs=epochs).history for epochs in (1, 2)]
    assert histories[1]["loss"][:1] == histories[0]["loss"]
    assert refusal(fit, classifier(), tmp_path, x=x * 2).endswith("with data['x'].values: other values")


@pytest.mark.one_backend
def test_a_data_set_of_sparse_tensors_is_trained_on_and_evaluated():
    import tensorflow as tf

    dense = tf.data.Dataset.from_tensor_slices((X, Y)).batch(10)
    sparse = dense.map(lambda x, y: (tf.sparse.from_dense(x), y))
    histories, metrics = [], []
    for data_set in (dense, sparse):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((4,), sparse=data_set is sparse), keras.layers.Dense(2)])
        model.compile("sgd", SPARSE)
        histories.append(fit(model, x=data_set, y=None).history["loss"])
        metrics.append(evaluation.evaluate(model, data_set))
    assert histories[1] == pytest.approx(histories[0], rel=1e-5)
    assert metrics[1]["confusion_matrix"] == metrics[0]["confusion_matrix"]


def test_the_test_set_as_validation_data_draws_a_warning():
    mpg = data.load("auto_mpg")
    model = keras.Sequential([keras.Input((7,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1e-9), "mse")
    for valid in (mpg.test, (mpg.test.x, mpg.test.y)):
        with pytest.warns(UserWarning, match="is the test set of `data.load`"):
            fit(model, x=mpg.train.x, y=mpg.train.y, epochs=1, validation_data=valid)
    fit(model, x=mpg.train.x, y=mpg.train.y, epochs=1, validation_data=mpg.valid)


def test_what_the_caller_compiled_is_left_as_it_was():
    for steps in (1,) if keras.backend.backend() == "torch" else (1, 3):  # PyTorch has no other number than 1.
        model = classifier(steps_per_execution=steps)
        model.predict(X, verbose=0)
        predicts = model.predict_function
        fit(model, epochs=1)
        assert model.steps_per_execution == steps and model.predict_function is predicts
        losses = model.fit(X, Y, batch_size=16, validation_data=(X, Y), verbose=0).history
        assert model.evaluate(X, Y, verbose=0) == pytest.approx(losses["val_loss"][0], rel=1e-5)


def test_several_processes_need_the_jax_backend(monkeypatch):
    monkeypatch.setenv("KERAS_DISTRIBUTION_JOB_ADDRESSES", "127.0.0.1:1,127.0.0.1:2")
    if keras.backend.backend() != "jax":
        assert refusal(fit, classifier()).startswith("`KERAS_BACKEND` must be jax")
