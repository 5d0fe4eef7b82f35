"""`import dlguide`: builders at once, other modules when they are first used, other packages when they are needed."""

import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import dlguide

pytestmark = pytest.mark.one_backend
ROOT = Path(__file__).parents[3]
MODULES = {module.name for module in pkgutil.iter_modules(dlguide.__path__) if module.name[0] != "_"}

_IMPORT = """
import sys
import keras
LATER = ("matplotlib", "sklearn", "scipy", "pandas")
for name in list(sys.modules):  # Keras and its backend import them if they are installed.
    if name.split(".")[0] in LATER:
        del sys.modules[name]
def imported():
    return sorted(name for name in sys.modules if name.split(".")[0] in (*LATER, "dlguide"))
import dlguide
print(*imported())
from dlguide import data, evaluation, generation, training
mnist1d = data.load("mnist1d", limit=60)
model = dlguide.mlp((40, 1), 10, hidden_units=(4,))
model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
training.fit(model, *mnist1d.train, validation_data=mnist1d.valid, epochs=1, verbose=0)
print(*imported())
from dlguide import plots
print(*imported())
"""


def test_it_imports_no_package_and_no_module_that_is_not_needed_yet():
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": "tensorflow"}
    done = subprocess.run([sys.executable, "-c", _IMPORT], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    first, second, third = (set(line.split()) for line in done.stdout.splitlines())
    assert {"dlguide", "dlguide.feedforward"} <= first and {"dlguide.data", "dlguide.training"} <= second
    assert not {name for name in third if not name.startswith("dlguide")}
    assert not first & {f"dlguide.{name}" for name in ("training", "plots", "evaluation", "generation", "data")}
    assert not second & {"dlguide.plots", "dlguide.deployment"}


@pytest.mark.parametrize("name", sorted(MODULES))
def test_each_module_is_an_attribute_and_listed(name):
    assert getattr(dlguide, name).__name__ == f"dlguide.{name}"
    assert dlguide.__getattr__(name) is getattr(dlguide, name)  # Also where it was imported before.
    assert name in dir(dlguide)


def test_builders_are_listed_and_other_names_are_unknown():
    assert {*dlguide.__all__, "__version__"} <= set(dir(dlguide))
    with pytest.raises(AttributeError, match="module 'dlguide' has no attribute 'trainning'"):
        dlguide.trainning  # noqa: B018
