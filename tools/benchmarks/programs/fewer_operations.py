"""A network with fewer operations, larger batches, and a faster start.

python -m tools.benchmarks.programs.fewer_operations 0  # The seed.
"""

# isort: off
import tools.benchmarks.programs.fast_start  # noqa: F401

# isort: on
import sys

import keras
from keras import layers

from dlguide import data, training
from recipes._lib import schedules

seed = int(sys.argv[1])
keras.utils.set_random_seed(seed)
mnist = data.load("mnist", seed=seed)

blocks = [layers.Conv2D(16, 5), layers.MaxPooling2D(), layers.Activation("relu")]
blocks += [layers.Conv2D(32, 3, use_bias=False), layers.MaxPooling2D()]
blocks += [layers.BatchNormalization(momentum=0.9), layers.Activation("relu"), layers.Conv2D(64, 3, use_bias=False)]
blocks += [layers.BatchNormalization(momentum=0.9), layers.Activation("relu"), layers.GlobalMaxPooling2D()]
model = keras.Sequential([keras.Input((28, 28, 1)), *blocks, layers.Dense(10)])
steps = -(-len(mnist.train.x) // 128)
model.compile(
    optimizer=keras.optimizers.AdamW(schedules.one_cycle(4e-2, steps), weight_decay=0.05),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
training.fit(model, *mnist.train, epochs=1, batch_size=128, seed=seed, verbose=0)

print((model.predict(mnist.test.x, batch_size=1000, verbose=0).argmax(axis=1) == mnist.test.y).mean(), flush=True)
