"""Train in the page: its network against Keras, what the controls do, the page by keyboard and on a phone."""


import keras
import numpy as np
import pytest

pytest.importorskip("playwright")

pytestmark = pytest.mark.thorough
SETTINGS = {
    "layers": 2, "units": 8, "activation": "relu", "batchNorm": False, "residual": False,
    "dropout": 0, "l2": 0, "initial": "glorot", "optimizer": "sgd", "rate": 0.1,
}  # fmt: skip
OPTIMIZERS = {
    "sgd": lambda rate: keras.optimizers.SGD(rate),
    "momentum": lambda rate: keras.optimizers.SGD(rate, momentum=0.9),
    "adam": lambda rate: keras.optimizers.Adam(rate),
}
CASES = {
    "plain": {},
    "tanh, Adam": {"activation": "tanh", "optimizer": "adam", "rate": 0.01},
    "batch normalisation": {"batchNorm": True},
    "L2, sigmoid, momentum": {"l2": 0.01, "activation": "sigmoid", "optimizer": "momentum"},
    "residual, SiLU": {"layers": 4, "residual": True, "activation": "silu", "rate": 0.03},
    "all at once": {"batchNorm": True, "residual": True, "l2": 0.001, "optimizer": "adam", "rate": 0.003, "layers": 6},
    "regression": {"regression": True, "optimizer": "momentum", "rate": 0.01},
    "no hidden layer": {"layers": 0},
}
TRAIN = """({inputs, regression, settings, weights, batches, x}) => {
    const network = new dlguide.trainer.Network(inputs, regression, settings, Math.random);
    const tables = network.layers.flatMap((layer) => layer.weights);
    tables.forEach(({value}, i) => value.set(weights[i]));
    const losses = batches.map(([x, y]) => network.step(Float64Array.from(x), Float64Array.from(y)));
    return [losses, tables.map(({value}) => [...value]), [...network.outputs(Float64Array.from(x), x.length / inputs)]];
}"""


def keras_network(inputs, settings):
    """Return the network of the page, of Keras's layers."""
    penalty = keras.regularizers.L2(settings["l2"]) if settings["l2"] else None
    x = start = keras.Input((inputs,))
    for _ in range(settings["layers"]):
        before, is_normalised = x, settings["batchNorm"]
        x = keras.layers.Dense(settings["units"], use_bias=not is_normalised, kernel_regularizer=penalty)(x)
        x = keras.layers.BatchNormalization(momentum=0.9)(x) if is_normalised else x
        x = keras.layers.Activation(settings["activation"])(x)
        is_shortcut = settings["residual"] and before.shape == x.shape
        x = keras.layers.Add()([before, x]) if is_shortcut else x
    return keras.Model(start, keras.layers.Dense(1, kernel_regularizer=penalty)(x))


def keras_training(case):
    """Train 100 steps; return what the page needs to do the same, and the losses, weights and outputs of Keras."""
    settings = SETTINGS | case
    is_regression, inputs = settings.pop("regression", False), 1 if "regression" in case else 2
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(100, 16, inputs)).astype("float32")
    y = np.sin(2 * x[:, :, 0]) if is_regression else (x[:, :, 0] * x[:, :, 1] > 0).astype("float32")
    model = keras_network(inputs, settings)
    trained = [weight.path for weight in model.trainable_weights]
    first = [np.ravel(weight).tolist() for weight in model.trainable_weights]
    loss = "mse" if is_regression else keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(OPTIMIZERS[settings["optimizer"]](settings["rate"]), loss, metrics=[loss])  # Without the penalty.
    losses = [model.train_on_batch(*batch)[1] for batch in zip(x, y[..., None], strict=True)]
    given = {
        "inputs": inputs, "regression": is_regression, "settings": settings, "weights": first,
        "batches": [[a.ravel().tolist(), b.tolist()] for a, b in zip(x, y, strict=True)], "x": x[0].ravel().tolist(),
    }  # fmt: skip
    assert trained == [weight.path for weight in model.trainable_weights]
    weights = [np.ravel(weight) for weight in model.trainable_weights]
    return given, (losses, weights, np.ravel(model.predict_on_batch(x[0])))
