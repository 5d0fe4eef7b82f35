"""Five epochs of a network without padding, with more filters than the recipe's; images are also turned a little.

The logits of a test digit are the mean of those of five copies, moved by a pixel to each side or not.

python -m tools.benchmarks.programs.more_filters 0  # The seed.
"""

# isort: off
import tools.benchmarks.programs.fast_start  # noqa: F401

# isort: on
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

blocks = [Augmentation({"shift": 0.07, "rotation": 6}), layers.Conv2D(16, 5), layers.MaxPooling2D()]
blocks += [layers.Activation("relu"), layers.Conv2D(64, 3, use_bias=False), layers.MaxPooling2D()]
blocks += [layers.BatchNormalization(momentum=0.9), layers.Activation("relu"), layers.Conv2D(128, 3, use_bias=False)]
blocks += [layers.BatchNormalization(momentum=0.9), layers.Activation("relu"), layers.GlobalMaxPooling2D()]
model = keras.Sequential([keras.Input((28, 28, 1)), *blocks, layers.Dense(10)])
steps = 5 * -(-len(mnist.train.x) // 128)
model.compile(
    optimizer=keras.optimizers.AdamW(schedules.one_cycle(2e-2, steps), weight_decay=0.05),
    loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
)
targets = np.eye(10, dtype="float32")[mnist.train.y]
training.fit(model, mnist.train.x, targets, epochs=5, batch_size=128, seed=seed, verbose=0)

moves = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
logits = sum(model.predict(np.roll(mnist.test.x, by, axis=(1, 2)), batch_size=1000, verbose=0) for by in moves)
print((logits.argmax(axis=1) == mnist.test.y).mean(), flush=True)
