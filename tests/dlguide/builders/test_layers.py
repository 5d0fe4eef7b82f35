"""The public layers and models of parts: what their docstrings say of arguments and shapes."""

import importlib
import pkgutil

import keras
import pytest

import dlguide
from tests.helpers.contract import check_docstring

pytestmark = pytest.mark.one_backend
NAMES = [module.name for module in pkgutil.iter_modules(dlguide.__path__) if module.name[0] != "_"]
MODULES = [importlib.import_module(f"dlguide.{name}") for name in NAMES]
CLASSES = [
    value
    for module in MODULES
    for name, value in vars(module).items()
    if name[0] != "_"
    and isinstance(value, type)
    and issubclass(value, keras.layers.Layer)
    and value.__module__ == module.__name__
]


@pytest.mark.parametrize("layer", CLASSES, ids=lambda layer: layer.__name__)
def test_the_docstring_of_a_layer_has_its_arguments_and_the_shapes_of_input_and_output(layer):
    if "__init__" in vars(layer):
        check_docstring(layer)
    text = layer.__doc__
    assert "Input and output: " in text or ("Input" in text and "Output" in text)
    assert "`(batch, " in text
