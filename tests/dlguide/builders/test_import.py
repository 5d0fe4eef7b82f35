"""`import dlguide`: builders at once, other modules when they are first used, other packages when they are needed."""

import pkgutil

import keras
import pytest

import dlguide
from tests.helpers.commands import python

_IMPORT = """
import sys
import keras
LATER = ("matplotlib", "sklearn", "scipy", "pandas")
for name in list(sys.modules):  # Keras and its backend import them if they are installed.
    if name.split(".")[0] in LATER:
        del sys.modules[name]
import dlguide
print(*(name for name in sys.modules if name.startswith("dlguide.") and "._" not in name))
from dlguide import data, evaluation, generation, plots, training
print(*(name for name in sys.modules if name.split(".")[0] in LATER))
"""


@pytest.mark.thorough
@pytest.mark.one_backend
def test_it_imports_no_package_and_no_module_that_is_not_needed_yet():
    modules, packages = python("-c", _IMPORT, KERAS_BACKEND="tensorflow").splitlines()
    builders = {getattr(dlguide, name).__module__ for name in dlguide.__all__}
    assert set(modules.split()) == builders | {"dlguide.attention_layers", "dlguide.augmentation"} and not packages


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


@pytest.mark.thorough
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
def test_modules_and_builders_are_attributes_and_listed_and_other_names_are_unknown():
    modules = {module.name for module in pkgutil.iter_modules(dlguide.__path__) if module.name[0] != "_"}
    for name in modules:
        assert dlguide.__getattr__(name) is getattr(dlguide, name) and getattr(dlguide, name).__name__.endswith(name)
    assert modules | {*dlguide.__all__, "__version__"} <= set(dir(dlguide))
    with pytest.raises(AttributeError, match="module 'dlguide' has no attribute 'trainning'"):
        dlguide.trainning  # noqa: B018
