"""One epoch of `cnn_mnist`, with the recipe's network and settings.

python -m recipes.benchmark.records.recipe 0  # The seed.
"""

import sys

import keras

from dlguide import cnn, data, training
from recipes._lib import schedules

seed = int(sys.argv[1])
keras.utils.set_random_seed(seed)
mnist = data.load("mnist", seed=seed)

model = cnn((28, 28, 1), 10, filters=(8, 16, 32, 64), kernel_size=5, augment={"shift": 0.07})
steps = -(-len(mnist.train.x) // 64)
model.compile(
    optimizer=keras.optimizers.AdamW(schedules.one_cycle(2e-2, steps), weight_decay=0.05),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
training.fit(model, *mnist.train, epochs=1, batch_size=64, seed=seed, verbose=0)

print((model.predict(mnist.test.x, batch_size=1000, verbose=0).argmax(axis=1) == mnist.test.y).mean(), flush=True)
