"""Whatever a page or a docstring states is run or compared here."""

import contextlib
import doctest
import importlib
import inspect
import io
import pkgutil
import re
import tomllib
from pathlib import Path

import pytest
from contract import check_docstring

import dlguide

ROOT = Path(__file__).parents[2]
MODULES = [dlguide] + [
    importlib.import_module(m.name)
    for m in pkgutil.walk_packages(dlguide.__path__, "dlguide.")
    if "worker" not in m.name
]
PUBLIC = [
    value
    for module in MODULES
    if not module.__name__.split(".")[-1].startswith("_")
    for name, value in vars(module).items()
    if inspect.isroutine(value)
    and not name.startswith("_")
    and (value.__module__ == module.__name__ or (module is not dlguide and name in getattr(module, "__all__", ())))
]


def test_the_snippets_print_what_the_page_says():
    text = (ROOT / "README.md").read_text(encoding="utf-8")  # The Chinese page has the same ones, see below.
    pairs = re.findall(r"```python\n(.*?)```\n\n```\n(.*?)```", text, re.S)
    assert len(pairs) == text.count("```python")
    assert len(pairs[0][0].splitlines()) <= 10
    for code, output in pairs:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, {"__name__": "readme"})
        assert printed.getvalue() == output


def test_both_pages_have_the_same_commands_snippets_and_builders():
    blocks = [
        re.findall(r"```.*?```|`[a-z_]+\([^`]*\)`", (ROOT / page).read_text(encoding="utf-8"), re.S)
        for page in ("README.md", "README.zh.md")
    ]
    assert blocks[0] == blocks[1]
    for name in dlguide.__all__:
        assert any(block.startswith(f"`{name}(") for block in blocks[0])


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "README.zh.md",
        "recipes/README.md",
        "recipes/README.zh.md",
        "CONTRIBUTING.md",
        "data/README.md",
        "data/README.zh.md",
    ],
)
def test_links_and_modules_that_a_page_names_exist(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        path, _, anchor = target.partition("#")
        there = (ROOT / page).parent / path
        assert there.exists(), target
        if anchor:
            lines = there.read_text(encoding="utf-8").splitlines()
            assert {f"## {anchor.replace('-', ' ').capitalize()}", f'<a id="{anchor}"></a>'} & set(lines), target
    for module in re.findall(r"python -m (recipes[\w.]*)", text):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


def test_the_commands_of_the_readme_are_those_that_ci_runs():
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert 'pip install -e ".[test]" && pytest\n' in readme
    assert """bash -c 'pip install -e ".[test]" && pytest'\n""" in ci
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert set(re.findall(r'-e "\.\[(\w+)\]', readme)) <= set(extras)


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__)
def test_the_examples_of_docstrings_give_what_they_say(module):
    flags = doctest.NORMALIZE_WHITESPACE
    assert doctest.testmod(module, optionflags=flags, report=True).failed == 0


@pytest.mark.parametrize("function", PUBLIC, ids=lambda f: f"{f.__module__}.{f.__name__}")
def test_documented_arguments_equal_the_signature(function):
    check_docstring(function)


@pytest.mark.parametrize("name", ["keep", "restore", "steps", "end_epoch", "save_model", "epochs", "status"])
def test_documented_arguments_of_a_run_equal_the_signature(name):
    method = getattr(dlguide.training.Run, name)
    documented = re.findall(r"^    (?:    )?(\*?\w+): ", inspect.getdoc(method), re.M)
    assert documented == [p.replace("objects", "*objects") for p in list(inspect.signature(method).parameters)[1:]]
    documented = re.findall(r"^    (\w+): ", inspect.getdoc(dlguide.training.Run).partition("Attributes:")[0], re.M)
    assert documented == list(inspect.signature(dlguide.training.Run).parameters)


def test_the_list_of_public_functions_is_found():
    assert {"load", "fit", "epoch_order", "evaluate", "learning_curves", "mlp"} <= {
        function.__name__ for function in PUBLIC
    }
