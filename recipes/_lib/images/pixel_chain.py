"""The baseline of `diffusion_mnist` and `vae_mnist`: logistic regressions in a row, one for each pixel."""

import keras

from dlguide import data
from recipes._lib import schedules
from recipes._lib.images import vae_model


@keras.saving.register_keras_serializable(package="recipes")
class Earlier(keras.constraints.Constraint):
    """Lets an output of a dense layer read only the inputs before it."""

    def __call__(self, kernel):
        return keras.ops.triu(kernel, 1)


def test_nll(splits: data.Splits, epochs: int, batch_size: int, seed: int, learning_rate: float = 1e-2) -> float:
    """Return the test set's exact negative log-likelihood, in nats, under logistic regressions in a row.

    Each pixel is predicted from all pixels above it and on its left: a fully visible sigmoid belief network (Frey,
    Hinton & Dayan, 1996). Sets Keras's global seed to `seed`.
    """
    keras.utils.set_random_seed(seed)
    shape, size = splits.train.x.shape[1:], splits.train.x[0].size
    inputs = keras.Input(shape)
    logits = keras.layers.Dense(size, kernel_initializer="zeros", kernel_constraint=Earlier())
    outputs = keras.layers.Reshape(shape)(logits(keras.layers.Flatten()(inputs)))
    model = keras.Model(inputs, outputs)
    steps = epochs * -(-len(splits.train.x) // batch_size)
    rate = schedules.one_cycle(learning_rate, steps)
    model.compile(keras.optimizers.Adam(rate), keras.losses.BinaryCrossentropy(from_logits=True))
    vae_model.fit(model, splits.train.x, batch_size=batch_size, seed=seed, epochs=epochs, verbose=0)
    x = vae_model.binarised(splits.test.x, seed)
    return size * float(model.evaluate(x, x, batch_size=1000, verbose=0))
