"""A command begins without TensorFlow's lines of information; its warnings and errors are shown."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from recipes._lib.runs import quiet_import

ROOT = Path(__file__).parents[2]


def errors_of(*command, path=ROOT, **more) -> str:
    """Return what a Python process, with the settings of a user, writes to standard error."""
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    environment |= {"PYTHONPATH": str(path), "KERAS_BACKEND": "tensorflow", **more}
    done = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, check=False)
    return done.stderr


def test_help_comes_without_information():
    assert errors_of("-m", "recipes.mlp_mnist", "--help") == ""


WARNED = """
import recipes, tensorflow as tf
iterator = iter(tf.data.Dataset.range(10).cache())
next(iterator)
del iterator
"""


@pytest.mark.thorough
def test_a_warning_is_shown():
    shown = errors_of("-c", WARNED)
    assert shown.startswith("W") and "did not fully read the dataset being cached" in shown and "\nI" not in shown


@pytest.mark.thorough
def test_information_is_shown_where_it_is_wanted():
    assert "oneDNN custom operations are on" in errors_of("-c", WARNED, TF_CPP_MIN_LOG_LEVEL="0")


LINES = """WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1 1 port.cc:153] oneDNN custom operations are on.
E0000 00:00:1 1 cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error: UNKNOWN ERROR (303)
E0000 00:00:1 1 cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error: system not yet initialized (802)
W0000 00:00:1 1 x.cc:1] a warning
WARNING: another
"""


def test_the_last_words_of_an_import_that_crashes_are_shown(tmp_path):
    folder = tmp_path / "tensorflow"
    folder.mkdir()
    (folder / "__init__.py").write_text(f"import os\nos.write(2, {LINES!r}.encode())\nos.abort()\n")
    shown = errors_of("-c", "import recipes, tensorflow", path=f"{tmp_path}{os.pathsep}{ROOT}")
    assert shown.splitlines() == LINES.splitlines()[3:]


def test_an_error_of_the_import_is_raised_and_standard_error_is_put_back(tmp_path):
    folder = tmp_path / "tensorflow"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise ImportError('broken')\n")
    code = "import recipes, sys\ntry: import tensorflow\nexcept ImportError as e: print(e, file=sys.stderr)"
    assert errors_of("-c", code, path=f"{tmp_path}{os.pathsep}{ROOT}") == "broken\n"


def test_the_finder_leaves_other_imports_alone():
    assert quiet_import.QuietImport().find_spec("keras") is None
