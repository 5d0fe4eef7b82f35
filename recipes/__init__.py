"""Complete runs of dlguide's models on real data: `python -m recipes` lists them."""

import os
import time

START = time.perf_counter()
"""When the command started: this module is imported first, before Keras."""

# TensorFlow's start-up messages would come before a recipe's own first line.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
