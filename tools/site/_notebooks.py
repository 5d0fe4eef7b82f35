"""Notebooks: the program of each question, and each recipe as its own script in cells."""

import ast
import re
from pathlib import Path

import jupytext

from recipes._lib.runs import recipe_list

METADATA = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def question(page: Path) -> str:
    """Return a notebook in JSON: a question's title and reason, and its program."""
    text = page.read_text(encoding="utf-8")
    title, _, reason = text.split("\n\n")[:3]
    program = re.search(r"^```python\n(.+?)^```$", text, re.DOTALL | re.MULTILINE)[1]
    return _written([_markdown(f"{title}\n\n{reason}"), f"# %%\n{program}"])


def recipe(name: str) -> str:
    """Return a notebook for a checkout, in JSON: a recipe's docstring, its source in cells, a call for a quick look."""
    source = (recipe_list.FOLDER / f"{name}.py").read_text(encoding="utf-8")
    lines, tree = source.splitlines(), ast.parse(source)
    text, *statements, _ = tree.body  # Last: what the script does as a command.
    starts = [text.end_lineno, *(part.lineno - 1 for part in statements if isinstance(part, ast.FunctionDef))]
    ends = [*starts[1:], statements[-1].end_lineno]
    cells = [
        _markdown(f"# {name}\n\n{ast.get_docstring(tree)}"),
        f'# %%\n__file__ = "recipes/{name}.py"  # A notebook has none.',
    ]
    cells += ["# %%\n" + "\n".join(lines[start:end]).strip("\n") for start, end in zip(starts, ends, strict=True)]
    options = ", ".join(f"{key}={value!r}" for key, value in recipe_list.recipe(name).quick.items())
    return _written([*cells, f"# %%\nmain({options}).metrics  # A quick look; without options, the published run."])


def _markdown(text: str) -> str:
    return "# %% [markdown]\n" + "\n".join(f"# {line}".rstrip() for line in text.splitlines())


def _written(cells: list[str]) -> str:
    notebook = jupytext.reads("\n\n".join(cells) + "\n", fmt="py:percent")
    notebook.metadata = METADATA
    for number, cell in enumerate(notebook.cells):
        cell.update(id=f"cell{number}", metadata={})  # The id is random otherwise.
    return jupytext.writes(notebook, fmt="ipynb")
