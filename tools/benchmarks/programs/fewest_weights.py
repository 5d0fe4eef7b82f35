"""Depthwise separable convolutions: few weights, trained for 20 epochs on images that are moved and turned.

In training, batch normalisation follows each convolution. Afterwards its scale moves into the kernel and its shift into
a bias: the same outputs with fewer weights. The logits of a test digit are the mean of those of 16 copies, moved and
turned at random. The last line has the number of weights and the accuracy.

python -m tools.benchmarks.programs.fewest_weights 0  # The seed.
"""

import sys

import keras
import numpy as np
from keras import layers

from dlguide import data, training
from dlguide.augmentation import Augmentation
from recipes._lib import schedules

seed = int(sys.argv[1])
keras.utils.set_random_seed(seed)
mnist = data.load("mnist", seed=seed)


def network(is_normalised: bool) -> list[layers.Layer]:
    """Return the layers with batch normalisation, or with a bias in its place."""

    def block(convolution, filters, size, pools=False):
        # With scales of at least 0, normalisation and max pooling may change places.
        norm = layers.BatchNormalization(momentum=0.9, gamma_constraint="non_neg")
        found = [convolution(filters, size, use_bias=not is_normalised)]
        return found + [layers.MaxPooling2D()] * pools + [norm] * is_normalised + [layers.Activation("silu")]

    found = block(layers.Conv2D, 12, 5, pools=True) + block(layers.SeparableConv2D, 24, 3)
    found += block(layers.SeparableConv2D, 24, 3, pools=True) + block(layers.SeparableConv2D, 32, 3)
    return [*found, layers.GlobalMaxPooling2D(), layers.Dense(10)]


def folded(normalised: list[layers.Layer]) -> keras.Model:
    """Return the network without normalisation that gives the same outputs."""
    weights = []
    for layer in normalised:
        if isinstance(layer, layers.BatchNormalization):
            gamma, beta, mean, variance = layer.get_weights()
            scale = gamma / np.sqrt(variance + layer.epsilon)
            weights[-1] = weights[-1] * scale  # Of a kernel, the filters are the last axis.
            weights.append(beta - mean * scale)
        else:
            weights += layer.get_weights()
    model = keras.Sequential([keras.Input((28, 28, 1)), *network(False)])
    model.set_weights(weights)
    return model


trained = network(True)
model = keras.Sequential([keras.Input((28, 28, 1)), Augmentation({"shift": 0.1, "rotation": 8}), *trained])
steps = 20 * -(-len(mnist.train.x) // 128)
model.compile(
    optimizer=keras.optimizers.AdamW(schedules.one_cycle(2e-2, steps), weight_decay=0.01),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
training.fit(model, *mnist.train, epochs=20, batch_size=128, seed=seed, verbose=0)

small = folded(trained)
np.testing.assert_allclose(small(mnist.train.x[:100]), model(mnist.train.x[:100]), atol=1e-3)
moved = Augmentation({"shift": 0.06, "rotation": 6})
logits = sum(small.predict(moved(mnist.test.x, training=True), batch_size=1000, verbose=0) for _ in range(16))
print(small.count_params(), (logits.argmax(axis=1) == mnist.test.y).mean(), flush=True)
