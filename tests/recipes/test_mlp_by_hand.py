"""The network in NumPy: its gradients and its training are Keras's."""

import keras
import numpy as np
import pytest

from dlguide import data, mlp, training
from recipes import mlp_by_hand_mnist as by_hand


@pytest.fixture
def float64():
    """Keras computes with 64 bits."""
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_dtype_policy("float32")
    keras.config.set_floatx("float32")


def keras_twin(weights, learning_rate):
    model = mlp((28, 28, 1), 10, hidden_units=(len(weights[1]),))
    model.compile(
        keras.optimizers.SGD(learning_rate),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.set_weights(weights)
    return model


def test_the_gradients_equal_keras_s(float64):
    """A step of gradient descent with learning rate 1 changes each weight by its gradient."""
    x, y = data.load("mnist", limit=100).train
    x, rng = x.astype("float64"), np.random.default_rng(0)
    weights = [weight + rng.normal(0, 0.1, weight.shape) for weight in by_hand.initial_weights(784, 32, 10, seed=0)]
    model = keras_twin(weights, learning_rate=1.0)
    model.train_on_batch(x, y)
    ours = by_hand.gradients(x.reshape(100, 784), y, *weights)
    for before, after, gradient in zip(weights, model.get_weights(), ours, strict=True):
        assert gradient.dtype == after.dtype == "float64" and np.abs(gradient).max() > 1e-3
        np.testing.assert_allclose(gradient, before - after, rtol=0, atol=1e-9)


def test_training_by_hand_ends_in_the_weights_of_keras(capsys):
    mnist = data.load("mnist", limit=300)
    start = by_hand.initial_weights(784, 16, 10, seed=3)
    settings = {"epochs": 3, "batch_size": 32, "seed": 5}
    weights = [weight.copy() for weight in start]
    parts = [(part.x.reshape(len(part.x), -1), part.y) for part in (mnist.train, mnist.valid)]
    history = by_hand.train(weights, *parts, learning_rate=0.2, **settings)
    model = keras_twin(start, learning_rate=0.2)
    fitted = training.fit(model, *mnist.train, validation_data=mnist.valid, verbose=0, **settings)
    for ours, theirs in zip(weights, model.get_weights(), strict=True):
        assert ours.dtype == "float32"
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4)
    for name in ("val_loss", "val_accuracy"):
        assert history[name] == pytest.approx(fitted.history[name], abs=1e-4)
    assert history["loss"][2] < history["loss"][0] < 2.3
    assert capsys.readouterr().out.count("val_accuracy") == 3


def test_initial_weights_have_keras_s_scale():
    w1, b1, w2, b2 = by_hand.initial_weights(784, 256, 10, seed=0)
    assert (w1.shape, b1.shape, w2.shape, b2.shape) == ((784, 256), (256,), (256, 10), (10,))
    theirs = keras.initializers.GlorotUniform(seed=0)((784, 256))
    assert w1.std() == pytest.approx(float(keras.ops.std(theirs)), rel=0.01)
    assert not b1.any() and not b2.any()
    assert not np.array_equal(w1, by_hand.initial_weights(784, 256, 10, seed=1)[0])
