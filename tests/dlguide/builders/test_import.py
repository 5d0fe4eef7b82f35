"""`import dlguide`: builders at once, other modules when they are first used, other packages when they are needed."""

import pkgutil

import keras
import pytest

import dlguide
from tests.helpers.calls import python

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


@pytest.mark.one_backend
def test_it_imports_no_package_and_no_module_that_is_not_needed_yet():
    printed = python("-c", _IMPORT, KERAS_BACKEND="tensorflow").splitlines()
    first, second, third = (set(line.split()) for line in printed)
    assert {"dlguide", "dlguide.feedforward"} <= first and {"dlguide.data", "dlguide.training"} <= second
    assert not {name for name in third if not name.startswith("dlguide")}
    assert not first & {f"dlguide.{name}" for name in ("training", "plots", "evaluation", "generation", "data")}
    assert not second & {"dlguide.plots", "dlguide.deployment"}


_WITHOUT_EXTRAS = """
import sys
import tempfile
import keras
ABSENT = {"matplotlib", "sklearn", "scipy", "tensorflow"} - {keras.backend.backend()}
for name in list(sys.modules):  # JAX and PyTorch bring some of them along.
    if name.split(".")[0] in ABSENT:
        del sys.modules[name]
class Absent:
    def find_spec(self, name, *_):
        if name in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())

import numpy as np
import dlguide
from dlguide import data, evaluation, explanation, generation, plots, training
mnist = data.load("mnist", limit=60)
model = dlguide.cnn((28, 28, 1), 10, filters=(4,), augment={"shift": 0.1})
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
with tempfile.TemporaryDirectory() as folder:
    run = {"validation_data": mnist.valid, "verbose": 0, "run_dir": f"{folder}/run"}
    for epochs in (1, 2):
        training.fit(model, *mnist.train, epochs=epochs, **run)
    keras.saving.load_model(f"{folder}/run/model.keras")
explanation.attribution(model, mnist.test.x[:2], steps=2)
vae = dlguide.vae((28, 28, 1), latent_dim=2)
generation.sample(dlguide.gan((28, 28, 1), filters=(4,)), 2)
evaluation.log_likelihood(vae, mnist.test.x[:5], samples=2)
for call in (
    lambda: generation.sample(vae, 2),
    lambda: evaluation.evaluate(model, *mnist.test),
    lambda: plots.image_grid(np.zeros((2, 3, 8, 8))),
    lambda: plots.examples(mnist.test.x[:1], [0], [[2.0, 0.0]]),
    lambda: plots.codes(np.eye(3), [0, 1, 1]),
):
    try:
        call()
    except ModuleNotFoundError as error:
        print(error)
"""


def test_without_the_extras_models_are_built_and_trained_and_an_error_names_the_extra():
    printed = python("-c", _WITHOUT_EXTRAS, KERAS_BACKEND=keras.backend.backend())
    message = '{} is needed here: pip install "dlguide[{}]"'
    pairs = [("scipy", "evaluation"), ("sklearn", "evaluation"), ("matplotlib", "plots")]
    pairs += [("matplotlib", "plots"), ("sklearn", "plots")]
    assert printed.splitlines() == [message.format(*pair) for pair in pairs]


_WITHOUT_BACKEND = """
import sys
sys.modules["jax"] = None
try:
    import dlguide
except ModuleNotFoundError as error:
    print(error)
"""


def test_without_a_backend_the_error_names_its_extra():
    assert python("-c", _WITHOUT_BACKEND, KERAS_BACKEND="jax") == (
        'Keras needs jax here: pip install "dlguide[jax]". '
        "The variable KERAS_BACKEND chooses tensorflow (the default), jax or torch.\n"
    )


@pytest.mark.one_backend
@pytest.mark.parametrize("name", sorted(MODULES))
def test_each_module_is_an_attribute_and_listed(name):
    assert getattr(dlguide, name).__name__ == f"dlguide.{name}"
    assert dlguide.__getattr__(name) is getattr(dlguide, name)  # Also where it was imported before.
    assert name in dir(dlguide)


@pytest.mark.one_backend
def test_builders_are_listed_and_other_names_are_unknown():
    assert {*dlguide.__all__, "__version__"} <= set(dir(dlguide))
    with pytest.raises(AttributeError, match="module 'dlguide' has no attribute 'trainning'"):
        dlguide.trainning  # noqa: B018
