"""The call of `training.fit`: what it takes, what it refuses, what it leaves as it was."""

import inspect

import keras
import numpy as np
import pytest

from dlguide import data, evaluation, mlp, training
from dlguide.attention_layers import PositionEmbedding, SelfAttention
from dlguide.training import _fit, _speed
from tests.helpers.calls import refusal
from tests.helpers.training_runs import WEIGHTS, Shuffled, X, Y, classifier, dataset, fit, same

pytestmark = pytest.mark.each_backend


class Endless(Shuffled):
    num_batches = None


NAN_BATCHES = Shuffled((X * np.nan, Y))
TWO_BAD = X.copy()
TWO_BAD[[7, 9], [1, 0]] = np.nan, np.inf
GENERATOR = (
    "must be arrays or a data set, which can be read again from its start: make a `tf.data.Dataset.from_generator` or "
    "a `keras.utils.PyDataset` of a generator. Received: {} of type list_iterator"
)
NAN = "must be free of NaN and infinity. Received: {} with {} values wrong, the first in row {}: nan"
TARGETS = "must be the targets of the loss that the model was compiled with. Received: None"
ENDS = "`x` must be a data set of one batch or more that ends. Received: a {} of batches without end"
BAD = [
    ({"epochs": 0}, "`epochs` must be an integer of at least 1. Received: epochs=0"),
    ({"batch_size": -1}, "`batch_size` must be an integer of at least 1. Received: batch_size=-1"),
    ({"seed": -1}, "`seed` must be an integer of at least 0. Received: seed=-1"),
    ({"patience": 0}, "`patience` must be an integer of at least 1 or None. Received: patience=0"),
    ({"patience": 2}, "`patience` must be None without `validation_data`. Received: patience=2"),
    ({"verbose": 5}, '`verbose` must be "auto", 0, 1 or 2. Received: verbose=5'),
    ({"y": Y[:59]}, "`x` and `y` must have the same length. Received: x of length 60, y of length 59"),
    ({"x": X[:0], "y": Y[:0]}, "`x` must have at least one example. Received: x of shape (0, 4)"),
    ({"x": TWO_BAD}, "`x` " + NAN.format("x", "2 of 240", 7)),
    ({"y": np.array([*Y[:57], -1, 2, 3])}, "`y` must be labels in [0, 2): the model has 2 outputs. Received: y with "
                                           "3 of 60 values wrong, the first in row 57: -1"),
    ({"x": X.astype(str)}, "`x` must be an array of numbers: a model that reads texts takes them from "
                           "`tf.data.Dataset.from_tensor_slices((x, y)).batch(32)`. Received: x of dtype <U32"),
    ({"x": list(X)}, "`x` must be an array; `np.stack(x)` makes one of a list of them. "
                     "Received: x, a list of 60 arrays"),
    ({"x": [[1.0, 2.0], [1.0]]}, "`x` must be an array of numbers. Received: x, a list of lists of different lengths"),
    ({"y": None}, f"`y` {TARGETS}"),
    ({"validation_data": (X,)}, f"`validation_data[1]` {TARGETS}"),
    ({"validation_data": X}, "`validation_data` must be a tuple (x, y) or (x, y, sample_weight), or (x,) for a model "
                             "without targets. Received: ndarray"),
    ({"x": Shuffled()}, "`y` must be None where `x` is a PyDataset. Received: y of type ndarray"),
    ({"x": Shuffled(), "y": None, "class_weight": {0: 1.0}},
     "`class_weight` must be None where `x` is a PyDataset (let the data set give (x, y, sample_weight)). "
     "Received: class_weight of type dict"),
    ({"x": Endless(), "y": None}, ENDS.format("PyDataset")),
    ({"x": lambda: dataset().repeat(), "y": None}, ENDS.format("tf.data.Dataset")),
    ({"x": NAN_BATCHES, "y": None}, "`x` " + NAN.format("x", "40 of 40", 0)),
    ({"validation_data": NAN_BATCHES}, "`validation_data[0]` " + NAN.format("validation_data[0]", "40 of 40", 0)),
    ({"x": iter([]), "y": None}, f"`x` {GENERATOR.format('x')}"),
    ({"validation_data": iter([])}, f"`validation_data` {GENERATOR.format('validation_data')}"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "message"), BAD, ids=[message[:60] for _, message in BAD])
def test_bad_input_is_refused_before_the_first_step(options, message, tmp_path):
    model = classifier()
    before = model.get_weights()
    options = {name: value() if inspect.isfunction(value) else value for name, value in options.items()}
    assert refusal(fit, model, tmp_path / "run", **options) == message
    assert same(before, model.get_weights())
    assert not (tmp_path / "run").exists()


def test_the_row_of_a_bad_value_is_counted_from_the_start_where_an_array_is_read_in_parts():
    x = np.zeros((2**20 + 60, 4), "float32")  # The first part has 16 MB.
    x[2**20 + 7, 1] = np.nan
    message = f"x with 1 of {x.size} values wrong, the first in row {2**20 + 7}: nan"
    assert message in refusal(fit, classifier(), x=x, y=np.zeros(len(x), "int32"))


def test_features_of_more_numbers_than_a_layer_takes_steps_are_no_tokens():
    layers = [keras.Input((6, 8)), PositionEmbedding(6), SelfAttention(2, rotary_length=6), keras.layers.Dense(1)]
    model = keras.Sequential([*layers, keras.layers.Flatten(), keras.layers.Dense(2)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    assert np.isfinite(fit(model, x=np.zeros((60, 6, 8), "float32")).history["loss"]).all()


def test_data_of_bfloat16_are_trained_on_and_compared(tmp_path):
    x, model = X.astype("bfloat16"), classifier()
    histories = [fit(model, tmp_path, x=x, epochs=epochs).history for epochs in (1, 2)]
    assert histories[1]["loss"][:1] == histories[0]["loss"]
    with pytest.raises(ValueError, match="other values in x"):
        fit(classifier(), tmp_path, x=x * 2)


@pytest.mark.one_backend
def test_a_data_set_of_sparse_tensors_is_trained_on_and_evaluated():
    import tensorflow as tf

    dense = tf.data.Dataset.from_tensor_slices((X, Y)).batch(10)
    sparse = dense.map(lambda x, y: (tf.sparse.from_dense(x), y))
    histories, metrics = [], []
    for data_set in (dense, sparse):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((4,), sparse=data_set is sparse), keras.layers.Dense(2)])
        model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        histories.append(fit(model, x=data_set, y=None).history["loss"])
        metrics.append(evaluation.evaluate(model, data_set))
    assert histories[1] == pytest.approx(histories[0], rel=1e-5)
    assert metrics[1]["confusion_matrix"] == metrics[0]["confusion_matrix"]


def test_each_argument_of_keras_is_taken_or_refused_with_the_way_to_do_it():
    taken = inspect.signature(training.fit).parameters
    assert set(inspect.signature(keras.Model.fit).parameters) - set(taken) == {"self", *_fit.REFUSED}
    assert set(_fit.REFUSED) == set(_fit.KerasDefaults.__annotations__) and taken["epochs"].default == 1
    for name, (default, way) in _fit.REFUSED.items():
        assert default == inspect.signature(keras.Model.fit).parameters[name].default
        assert refusal(fit, classifier(), **{name: 3}) == f"`{name}` must be left out: {way}. Received: {name}=3"
    with pytest.raises(TypeError, match="unexpected keyword argument 'epoch'"):
        fit(classifier(), epoch=3)


def test_a_model_that_is_not_compiled_is_refused():
    with pytest.raises(ValueError, match="`model` must be compiled before `fit`"):
        fit(mlp((4,), 2))


def test_the_test_set_as_validation_data_draws_a_warning():
    mpg = data.load("auto_mpg")
    model = keras.Sequential([keras.Input((7,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1e-9), "mse")
    for valid in (mpg.test, (mpg.test.x, mpg.test.y)):
        with pytest.warns(UserWarning, match="is the test set of `data.load`"):
            fit(model, None, *mpg.train, validation_data=valid, epochs=1)
    fit(model, None, *mpg.train, validation_data=mpg.valid, epochs=1)


def test_arguments_at_the_defaults_of_keras_are_taken():
    defaults = {name: default for name, (default, _) in _fit.REFUSED.items()}
    default = classifier()
    assert len(fit(default, epochs=1, batch_size=None, **defaults).history["loss"]) == 1
    whole = classifier()  # After the first training, which PyTorch's own generator has served.
    fit(whole, epochs=1, batch_size=128)
    assert same(default.get_weights(), whole.get_weights())


def test_what_the_caller_compiled_is_left_as_it_was(monkeypatch):
    for steps, long_run in ((1, 500), (1, 4), (3, 4)):
        if steps == 3 and keras.backend.backend() == "torch":  # PyTorch has no other number than 1.
            continue
        monkeypatch.setattr(_speed, "LONG_RUN", long_run)
        model = classifier(steps_per_execution=steps)
        model.predict(X, verbose=0)
        predicts = model.predict_function
        fit(model, epochs=1)
        assert model.steps_per_execution == steps
        assert getattr(model, "unrolled_steps_per_execution", 1) == 1  # TensorFlow's alone.
        assert model.predict_function is predicts and model.predict(X, verbose=0).shape == (60, 2)


def test_several_processes_need_the_jax_backend_and_a_call_that_connects_them(monkeypatch):
    monkeypatch.setenv("KERAS_DISTRIBUTION_JOB_ADDRESSES", "127.0.0.1:1,127.0.0.1:2")
    message = r"`KERAS_BACKEND` must be jax where `KERAS_DISTRIBUTION_\*` asks for several"
    if keras.backend.backend() == "jax":
        message = r"`keras.distribution.initialize\(\)` must be called before the model is built"
    with pytest.raises(ValueError, match=message):
        fit(classifier(), sample_weight=WEIGHTS)
