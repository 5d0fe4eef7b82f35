"""Complete runs of dlguide's models on real data: `python -m recipes` lists them."""

import os
import time

START = time.perf_counter()
"""When the command started: this module is imported first, before Keras."""

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # Without TensorFlow's messages; errors are still raised.
