"""Settings that make the start of a record's program faster: to be imported before all else."""

import gc
import os
import sys

gc.disable()  # Imports make many objects, and none is garbage.
os.environ["TF_NUM_INTEROP_THREADS"] = "1"  # Each operation uses all cores, so two at once only wait for one another.
sys.modules |= {"jax": None, "matplotlib": None, "sklearn": None}  # TensorFlow and Keras import them if they are there.
