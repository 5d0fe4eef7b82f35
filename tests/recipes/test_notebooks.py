"""The notebooks that the site offers: each question's program, and each recipe."""

import contextlib
import io
import json
import re

import nbclient
import nbformat
import pytest

from questions import _questions
from recipes._lib.runs import recipe_list
from tools.site import _notebooks

IN_JUPYTER = ("automl", "polynomial_regression_mpg")
"""The first trains in new processes, which must find the functions of the notebook."""
IN_THIS_PROCESS = ("explanation_mnist", "mlp_by_hand_mnist")
"""Each notebook has the source of its recipe, which `test_recipes.py` runs; these two have helpers of several kinds."""


def cells(notebook: str, kind: str) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(notebook)["cells"] if cell["cell_type"] == kind]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_notebook_of_a_question_has_its_title_its_reason_and_its_program(language):
    for name in _questions.names():
        page = _questions.question(name).page(language)
        notebook = _notebooks.question(page)
        [text], [program] = cells(notebook, "markdown"), cells(notebook, "code")
        assert text == "\n\n".join(page.read_text("utf-8").split("\n\n")[:3:2])
        assert f"```python\n{program}\n```" in page.read_text("utf-8")  # `test_programs.py` runs it.
        assert notebook == _notebooks.question(page)


def test_the_notebook_of_a_recipe_has_all_of_its_source():
    for name in recipe_list.names():
        notebook = _notebooks.recipe(name)
        source = (recipe_list.FOLDER / f"{name}.py").read_text("utf-8")
        [text], [named, *code, call] = cells(notebook, "markdown"), cells(notebook, "code")
        assert text == f"# {name}\n\n{recipe_list.docstring(name)}" and named.startswith("__file__ = ")
        body = re.search(r'"""\n\n((?:import|from) .+?)\n*if __name__', source, re.DOTALL)[1]
        assert "".join("".join(code).split()) == "".join(body.split()) and call.startswith("main(")


@pytest.mark.thorough
@pytest.mark.parametrize("name", IN_THIS_PROCESS)
def test_the_notebook_of_a_recipe_runs(name, no_download, tmp_path, monkeypatch):
    *setup, call = cells(_notebooks.recipe(name), "code")
    space = {"__name__": "notebook"}
    monkeypatch.chdir(tmp_path)
    with contextlib.redirect_stdout(io.StringIO()):
        for code in setup:
            exec(code, space)
        metrics = eval(call.partition("#")[0], space)
    assert recipe_list.recipe(name).metric in metrics
    assert list(tmp_path.iterdir()) == []


@pytest.mark.thorough(seconds=20)
@pytest.mark.parametrize("name", IN_JUPYTER)
def test_a_notebook_runs_in_jupyter(name, monkeypatch):
    monkeypatch.chdir(recipe_list.FOLDER.parent)
    notebook = nbformat.reads(_notebooks.recipe(name), as_version=4)
    nbclient.NotebookClient(notebook, timeout=900, startup_timeout=300, kernel_name="python3").execute()
    assert notebook.cells[-1].outputs[-1]["data"]["text/plain"].startswith("{")
    assert recipe_list.recipe(name).metric in notebook.cells[-1].outputs[-1]["data"]["text/plain"]
