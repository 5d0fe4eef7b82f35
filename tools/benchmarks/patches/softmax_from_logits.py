"""Keras 3.15.1: a softmax before a loss with `from_logits=True` is applied twice on JAX and PyTorch, without a word.

The logits are 5, 0, 0, so the cross-entropy of class 0 is 0.013. TensorFlow finds them behind the softmax, and warns;
JAX and PyTorch print 0.560. Run with KERAS_BACKEND=jax or torch.
"""

import keras
import numpy as np

model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(3, "softmax")])
model.layers[0].set_weights([np.zeros((1, 3)), np.array([5.0, 0.0, 0.0])])
model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
print(f"{model.evaluate(np.ones((1, 1)), np.zeros(1), verbose=0):.3f}")
