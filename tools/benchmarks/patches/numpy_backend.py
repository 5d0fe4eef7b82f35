"""Keras 3.15.1: the NumPy backend cannot be imported without JAX.

`backend/numpy/nn.py` and `backend/numpy/math.py` import `jax` at their heads, although this backend is for machines
without one.
"""

import os
import sys

os.environ["KERAS_BACKEND"] = "numpy"
sys.modules["jax"] = None  # As if JAX were not installed.
try:
    import keras  # noqa: F401
except ImportError as error:
    print(error)
