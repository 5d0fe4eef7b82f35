"""The network in NumPy: its initial weights and its training are Keras's."""

import keras
import numpy as np
import pytest

from dlguide import data, mlp, training
from recipes import mlp_by_hand_mnist as by_hand


def test_training_by_hand_ends_in_the_weights_of_keras(capsys):
    mnist = data.load("mnist", limit=300)
    start = by_hand.initial_weights(784, 16, 10, seed=3)
    settings = {"epochs": 3, "batch_size": 32, "seed": 5}
    weights = [weight.copy() for weight in start]
    parts = [(part.x.reshape(len(part.x), -1), part.y) for part in (mnist.train, mnist.valid)]
    history = by_hand.train(weights, *parts, learning_rate=0.2, **settings)
    model = mlp((28, 28, 1), 10, hidden_units=(16,))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.2), loss, metrics=["accuracy"])
    model.set_weights(start)
    fitted = training.fit(model, *mnist.train, validation_data=mnist.valid, verbose=0, **settings)
    for before, ours, theirs in zip(start, weights, model.get_weights(), strict=True):
        assert ours.dtype == "float32" and np.abs(ours - before).max() > 1e-2
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)
    for name in ("val_loss", "val_accuracy"):
        assert history[name] == pytest.approx(fitted.history[name], abs=1e-4)
    assert history["loss"][2] < history["loss"][0] < 2.3
    assert capsys.readouterr().out.count("val_accuracy") == 3


def test_initial_weights_have_keras_s_scale():
    w1, b1, w2, b2 = by_hand.initial_weights(784, 256, 10, seed=0)
    assert (w1.shape, b1.shape, w2.shape, b2.shape) == ((784, 256), (256,), (256, 10), (10,))
    assert w1.std() == pytest.approx(np.sqrt(2 / (784 + 256)), rel=0.01) and not b1.any() and not b2.any()
    assert not np.array_equal(w1, by_hand.initial_weights(784, 256, 10, seed=1)[0])
