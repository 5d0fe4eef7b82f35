"""99.0 %: a smaller network, since convolutions without padding leave less to compute; all 60,000 training images.

python -m recipes.benchmark.records.valid_padding 0  # The seed.
"""

# ruff: noqa: E402

import sys

# Keras imports them where they are installed, which takes a second; nothing here needs them.
sys.modules |= {"matplotlib": None, "sklearn": None}

import keras
import numpy as np
from keras import layers

from dlguide import data, training
from recipes._lib import schedules

seed = int(sys.argv[1])
keras.utils.set_random_seed(seed)
mnist = data.load("mnist", seed=seed)
x, y = (np.concatenate(pair) for pair in zip(mnist.train, mnist.valid, strict=True))
blocks = []
for filters, kernel_size, is_last in ((16, 5, False), (32, 3, False), (64, 3, True)):
    blocks.append(layers.Conv2D(filters, kernel_size, use_bias=False))
    blocks += [] if is_last else [layers.MaxPooling2D()]
    blocks += [layers.BatchNormalization(momentum=0.9), layers.Activation("relu")]
model = keras.Sequential([keras.Input((28, 28, 1)), *blocks, layers.GlobalMaxPooling2D(), layers.Dense(10)])
model.compile(
    optimizer=keras.optimizers.AdamW(schedules.one_cycle(4e-2, -(-len(x) // 64)), weight_decay=0.05),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
training.fit(model, x, y, epochs=1, batch_size=64, seed=seed, verbose=0)
print((model.predict(mnist.test.x, batch_size=1000, verbose=0).argmax(1) == mnist.test.y).mean())
