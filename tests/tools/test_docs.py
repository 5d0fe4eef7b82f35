"""Whatever a page or a docstring states is run or compared here."""

import ast
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

import dlguide
from tests.helpers.contract import check_docstring
from tests.helpers.two_languages import differences

ROOT = Path(__file__).parents[2]
TRANSLATED = [ROOT / "README.md", ROOT / "recipes/README.md", ROOT / "data/README.md"]
TRANSLATED += sorted((ROOT / "recipes/published").glob("*/README.md"))
TRANSLATED += sorted(path for path in (ROOT / "docs").glob("*.md") if not path.name.endswith(".zh.md"))
PAGES = [ROOT / "CONTRIBUTING.md", ROOT / "tests/README.md", ROOT / "tools/README.md", *TRANSLATED]
PAGES += [path.with_suffix(".zh.md") for path in TRANSLATED]
PROGRAMS = [
    pytest.param(*pair, id=f"{path.relative_to(ROOT)}-{number}", marks=[pytest.mark.thorough] * (path.parent != ROOT))
    for path in TRANSLATED  # The Chinese pages have the same programs, see below.
    for number, pair in enumerate(re.findall(r"```python\n(.*?)```\n\n```\n(.*?)```", path.read_text("utf-8"), re.S), 1)
]
MODULES = [importlib.import_module(m.name) for m in pkgutil.walk_packages(dlguide.__path__, "dlguide.")]
PUBLIC = dict.fromkeys(
    value
    for module in MODULES
    for name, value in vars(module).items()
    if "._" not in module.__name__ and name[0] != "_" and inspect.isfunction(value)
    if re.match(r"dlguide\.[a-z]", value.__module__)  # No helper, for example a check.
)


@pytest.mark.parametrize(("code", "output"), PROGRAMS)
def test_a_program_of_a_page_prints_what_the_page_says(code, output, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {"__name__": "page"})
    assert printed.getvalue() == output


def test_each_program_has_its_output_below_it_and_the_first_one_is_short():
    assert sum(path.read_text("utf-8").count("```python") for path in TRANSLATED) == len(PROGRAMS)
    assert PROGRAMS[0].id == "README.md-1" and len(PROGRAMS[0].values[0].splitlines()) <= 10


@pytest.mark.parametrize("page", TRANSLATED, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_says_the_same_in_both_languages(page):
    assert differences(page.read_text("utf-8"), page.with_suffix(".zh.md").read_text("utf-8")) == []


def test_a_difference_between_two_languages_is_seen():
    page = "## One\n\n20 steps\n\n```python\nf(1)  # one\n```\n\n| a | b |\n|---|---|\n\n![x](x.png)\n"
    same = "## 一\n\n20 步\n\n```python\nf(1)  # 一\n```\n\n| 甲 | 乙 |\n|---|---|\n\n![图](x.zh.png)\n"
    assert differences(page, same) == differences("20,000 and two", "2 万和 2") == []
    for old, new in (("## 一", "一"), ("20 步", "30 步"), ("f(1)", "f(2)"), ("|---|---|", "|---|"), ("x.zh", "y")):
        assert differences(page, same.replace(old, new)), old


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_modules_and_files_that_a_page_names_exist(page):
    text = page.read_text("utf-8")
    assert page.stat().st_size <= (12_500 if page.parent == ROOT else 20_000)  # Short enough to be read.
    for target in re.findall(r"\]\(((?!http)[^)]+)\)", text):
        path, _, anchor = target.partition("#")
        there = page.parent / path if path else page
        assert there.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)", there.read_text("utf-8"), re.M)
            assert anchor in [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings], target
    for module in re.findall(r"python -m ((?:recipes|questions|tools)[\w.]*)", text):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists() or "NAME" in module, module
    for name in re.findall(r"`([a-z_/]+\.py)`", text):
        assert any(path.as_posix().endswith(f"/{name}") for path in ROOT.rglob(Path(name).name)), name


def test_the_pages_list_each_builder_and_its_defaults():
    builders = re.findall(r"^\| `([a-z_]+)` \| ", (ROOT / "README.md").read_text("utf-8"), re.M)
    rows = re.findall(r"^\| `([a-z_]+\(.*?\))` \| ", (ROOT / "docs/models.md").read_text("utf-8"), re.M)
    calls = {call.func.id: call for call in (ast.parse(row, mode="eval").body for row in rows)}
    assert set(builders) == set(calls) == set(dlguide.__all__)
    for name, call in calls.items():
        parameters = inspect.signature(getattr(dlguide, name)).parameters
        positional = [key for key, parameter in parameters.items() if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]
        assert [argument.id for argument in call.args] == positional
        for argument in call.keywords:
            default = parameters[argument.arg].default
            assert default in (ast.literal_eval(argument.value), inspect.Parameter.empty), name


def test_the_commands_of_the_readme_are_those_that_ci_runs():
    ci, readme = (path.read_text("utf-8") for path in (ROOT / ".ci/run", ROOT / "README.md"))
    command = 'pip install -e ".[test]" && pytest'
    assert f"{command}\n" in readme and f"bash -c '{command}'\n" in ci
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    for page in PAGES:
        assert set(re.findall(r'"(?:-e )?\.\[(\w+)\]"', page.read_text("utf-8"))) <= set(extras), page


@pytest.mark.parametrize("module", [dlguide, *MODULES], ids=lambda m: m.__name__)
def test_the_examples_of_docstrings_give_what_they_say(module):
    assert doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE, report=True).failed == 0


@pytest.mark.parametrize("function", PUBLIC, ids=lambda f: f"{f.__module__}.{f.__name__}")
def test_documented_arguments_equal_the_signature(function):
    check_docstring(function)


@pytest.mark.parametrize("name", ["keep", "restore", "end_epoch", "save_model", "epochs"])
def test_documented_arguments_of_a_run_equal_the_signature(name):
    method = getattr(dlguide.training.Run, name)
    documented = re.findall(r"^    (?:    )?(\*{0,2}\w+): ", inspect.getdoc(method).partition("Raises:")[0], re.M)
    assert documented == [p.replace("objects", "**objects") for p in list(inspect.signature(method).parameters)[1:]]
    documented = re.findall(r"^    (\w+): ", inspect.getdoc(dlguide.training.Run).partition("Attributes:")[0], re.M)
    assert documented == list(inspect.signature(dlguide.training.Run).parameters)


def test_the_version_and_the_day_that_are_cited_are_those_of_the_package_and_its_newest_changes():
    texts = {path.name: path.read_text("utf-8") for path in ROOT.iterdir() if path.suffix in (".md", ".cff")}
    version, day = dlguide.__version__, re.search(r"^date-released: (\S+)$", texts["CITATION.cff"], re.M)[1]
    bibtex = dict.fromkeys(("README.md", "README.zh.md"), f"\n  version = {{{version}}},\n")
    places = {"CITATION.cff": f"\nversion: {version}\n", "CONTRIBUTING.md": f"git tag -a v{version} ", **bibtex}
    assert [name for name, text in places.items() if text not in texts[name]] == []
    assert re.search(r"^## \d.*", texts["CHANGELOG.md"], re.M)[0] == f"## {version} ({day})"
