"""`import dlguide`: builders at once, other modules when they are first used."""

import os
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import dlguide

pytestmark = pytest.mark.one_backend
ROOT = Path(__file__).parents[2]
MODULES = {module.name for module in pkgutil.iter_modules(dlguide.__path__) if module.name[0] != "_"}

_IMPORT = """
import sys
import keras
for name in list(sys.modules):  # Keras imports them where they are there; that is not dlguide's.
    if name.split(".")[0] in ("matplotlib", "sklearn", "scipy"):
        del sys.modules[name]
before = set(sys.modules)
import dlguide
print(*sorted({name for name in set(sys.modules) - before}))
print(dlguide.training.fit.__name__, dlguide.evaluation.evaluate.__name__, dlguide.data.load.__name__)
"""


def test_it_imports_no_package_and_no_module_that_is_not_needed_yet():
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": "tensorflow"}
    done = subprocess.run([sys.executable, "-c", _IMPORT], env=environment, capture_output=True, text=True, check=False)
    first, second = done.stdout.splitlines() or [done.stderr, ""]
    imported = set(first.split())
    assert "dlguide.feedforward" in imported
    assert not {name for name in imported if re.match(r"matplotlib|sklearn|scipy|pandas", name)}
    later = {"training", "plots", "evaluation", "generation", "deployment", "data"}
    assert not {name for name in imported if name.removeprefix("dlguide.").split(".")[0] in later}
    assert second == "fit evaluate load", done.stderr


@pytest.mark.parametrize("name", sorted(MODULES))
def test_each_module_is_an_attribute_and_listed(name):
    assert getattr(dlguide, name).__name__ == f"dlguide.{name}"
    assert dlguide.__getattr__(name) is getattr(dlguide, name)  # Also where it was imported before.
    assert name in dir(dlguide)


def test_builders_are_listed_and_other_names_are_unknown():
    assert {*dlguide.__all__, "__version__"} <= set(dir(dlguide))
    with pytest.raises(AttributeError, match="module 'dlguide' has no attribute 'trainning'"):
        dlguide.trainning  # noqa: B018


def test_the_version_is_stated_once():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["project"]["dynamic"] == ["version"] and "version" not in settings["project"]
    text = (ROOT / settings["tool"]["hatch"]["version"]["path"]).read_text(encoding="utf-8")
    assert f'__version__ = "{dlguide.__version__}"' in text and re.fullmatch(r"\d+\.\d+\.\d+", dlguide.__version__)
