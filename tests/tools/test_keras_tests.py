"""The command that runs Keras's own tests, on a folder with four made-up ones."""

from pathlib import Path

import pytest

from tools import keras_tests

TESTS = """
import keras
import numpy as np
import pytest

def fit(x, **options):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model.fit(x, np.zeros((len(x), 1)), batch_size=2, verbose=0, **options)

def test_by_dlguide(): fit(np.ones((4, 2)))
def test_by_keras(): fit(np.ones((4, 2)), validation_split=0.5)
def test_refused(): fit(np.full((4, 2), np.nan))
def test_of_keras_fails(): fit(np.ones((4, 3)))
"""


@pytest.mark.thorough
@pytest.mark.one_backend
def test_tests_that_pass_plainly_and_not_by_dlguide_are_named_with_their_reason(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(keras_tests.__file__).parents[1]))
    folder = tmp_path / "keras"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (folder / "some_test.py").write_text(TESTS)
    (folder / "other_test.py").write_text("def test_without_training(): pass\n")
    keras_tests.main(folder, (".",))
    first, calls, *failed = capsys.readouterr().out.splitlines()
    assert first == "3 tests of 1 files pass plainly, 2 of them by dlguide"
    assert calls == "calls of fit: by dlguide 4"
    [line] = failed
    assert "test_refused: ValueError: `x` must be free of NaN" in line
