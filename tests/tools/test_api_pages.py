"""The pages of the API: one for each public name of the package."""

import importlib
import inspect
import pkgutil

import pytest

pytest.importorskip("griffe")
import dlguide
from tools.site import _api


def public_names():
    """Yield the public functions and classes of each public module, those of the package itself once."""
    yield from (f"dlguide.{name}" for name in dlguide.__all__)
    builders = {getattr(dlguide, name) for name in dlguide.__all__}
    for info in pkgutil.iter_modules(dlguide.__path__):
        module = importlib.import_module(f"dlguide.{info.name}")
        names = getattr(module, "__all__", [name for name in vars(module) if name[0] != "_"])
        for name, item in ((name, getattr(module, name)) for name in names):
            is_here = hasattr(module, "__all__") or getattr(item, "__module__", "") == module.__name__
            if info.name[0] != "_" and is_here and not inspect.ismodule(item) and item not in builders:
                yield f"{module.__name__}.{name}"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_public_name_has_a_page_and_a_line_of_the_index(language):
    pages = _api.pages(language)
    expected = set(public_names())
    assert {"dlguide.cnn", "dlguide.attention.attention_weights", "dlguide.training.fit"} <= expected
    assert {path[4:-3] for path in pages} == expected | {"index"}
    assert all(f"({name}.md)" in pages["api/index.md"] for name in expected)
    assert all(page.startswith(f"# {path[4:-3]}\n") for path, page in pages.items() if path != "api/index.md")
