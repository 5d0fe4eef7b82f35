"""Keras 3.15.1: a copy of an adapted `Normalization` layer with its weights does not normalise.

`set_weights` gives the copy its mean and variance, but `call` reads `layer.mean` and `layer.variance`: only `adapt`,
`build` and loading from a file compute these (`finalize_state`).
"""

import keras
import numpy as np

x = np.array([[10.0], [20.0], [30.0]])
scale = keras.layers.Normalization()
scale.adapt(x)
model = keras.Sequential([keras.Input((1,)), scale])
copy = keras.models.clone_model(model)
copy.set_weights(model.get_weights())
print(model.predict(x, verbose=0).ravel(), copy.predict(x, verbose=0).ravel())
