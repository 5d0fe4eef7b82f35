"""`cnn_mnist` without its baseline and pictures, with the recipe's network and settings.

python -m tools.benchmarks.programs.recipe 0 --epochs 1  # The seed, and the epochs.
"""

import sys

import keras

from dlguide import cnn, data, training
from recipes._lib import schedules

seed, epochs = int(sys.argv[1]), int(sys.argv[3])
keras.utils.set_random_seed(seed)
mnist = data.load("mnist", seed=seed)

model = cnn((28, 28, 1), 10, filters=(8, 16, 32, 64), kernel_size=5, augment={"shift": 0.07})
steps = epochs * -(-len(mnist.train.x) // 64)
model.compile(
    optimizer=keras.optimizers.AdamW(schedules.one_cycle(2e-2, steps), weight_decay=0.05),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
training.fit(model, *mnist.train, epochs=epochs, batch_size=64, seed=seed, verbose=0)

print((model.predict(mnist.test.x, batch_size=1000, verbose=0).argmax(axis=1) == mnist.test.y).mean(), flush=True)
