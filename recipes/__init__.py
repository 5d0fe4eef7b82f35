"""Complete runs of dlguide's models on real data: `python -m recipes` lists them."""

import importlib.util
import os
import sys
import time

START = time.perf_counter()
"""When the command started: this module is imported first, before Keras."""

if importlib.util.find_spec("tyro") is None:
    sys.exit('The recipes need the extra "recipes": pip install -e ".[recipes]"')

# TensorFlow's information would come before a recipe's own first line; its warnings and errors are shown.
if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1") != "0":
    from recipes._lib.runs.quiet_import import QuietImport

    sys.meta_path.insert(0, QuietImport())
