"""Keras 3.15.1: a stateful LSTM cannot be trained on PyTorch: its state is changed in place before the gradient.

Run with KERAS_BACKEND=torch.
"""

import keras
import numpy as np

inputs = keras.Input(batch_shape=(4, 3, 1))
model = keras.Sequential([inputs, keras.layers.LSTM(2, stateful=True), keras.layers.Dense(1)])
model.compile("sgd", "mse")
try:
    model.fit(np.zeros((8, 3, 1)), np.zeros((8, 1)), batch_size=4, shuffle=False, verbose=0)
    print("trained")
except RuntimeError as error:
    print(error)
