"""The recipes, as `recipes.toml` and their docstrings state them. No recipe is imported, so that the list is quick."""

import ast
import functools
import math
import tomllib
from pathlib import Path
from typing import NamedTuple

from recipes._lib.runs import arguments

FOLDER = Path(__file__).parents[2]


class Recipe(NamedTuple):
    """The row of a recipe in `recipes.toml`, or a further row with other options."""

    recipe: str
    """The file of the recipe, without its ending."""
    options: dict
    """Of a further row, the options that are not the recipe's defaults; of a recipe, none."""
    data: str
    metric: str
    format: str
    higher_is_better: bool
    baseline: str
    quick: dict
    data_set: str | None = None
    """Name for `data.load`; an agent has none."""
    bounds: tuple[float, float] | None = None
    published_parts: tuple[str, ...] = ()
    """Parts of the model that `recipes/published` has as ONNX files, "model" for the whole."""
    published_attention: int | None = None
    """Layer of the published model whose attention weights are its second output."""

    def limits(self) -> tuple[float, float]:
        """Return the bounds of the metric: 0 and 1 in percent, infinite where it has none."""
        return tuple(self.bounds or ((0, 1) if "%" in self.format else (-math.inf, math.inf)))

    def written_options(self) -> str:
        """Return the options of a further row as its command has them, such as "--env Acrobot-v1"."""
        return " ".join(f"--{name.replace('_', '-')} {value}" for name, value in self.options.items())


@functools.cache
def content() -> dict:
    return tomllib.loads((FOLDER / "recipes.toml").read_text(encoding="utf-8"))


def names() -> list[str]:
    return sorted(content()["recipe"])


def rows(*recipes: str) -> list[str]:
    """Return the names of published rows, by default of all recipes: below a recipe, its rows with other options."""
    further = sorted(content()["row"])
    found = {name: [row for row in further if content()["row"][row]["recipe"] == name] for name in recipes or names()}
    return [row for name, own in found.items() for row in (name, *own)]


def recipe(name: str) -> Recipe:
    """Return what `recipes.toml` says of a recipe, or of a further row, which replaces some of what its recipe has."""
    if name not in rows():
        must_be, note = f"a recipe that recipes.toml has: {', '.join(rows())}", arguments.did_you_mean(name, rows())
        raise arguments.error("name", must_be, name, note)
    own = {"recipe": name, "options": {}, **content()["row"].get(name, {})}
    return Recipe(**content()["recipe"][own["recipe"]] | own)


def row_of(name: str, options: dict) -> str:
    """Return the row of a recipe that a run with these options belongs to."""
    # The first option of a further row tells; the others are its defaults, as those of `main` are the recipe's.
    further = {row: next(iter(recipe(row).options.items()), None) for row in rows(name)}
    return next((row for row, first in further.items() if first in options.items()), name)


def command(name: str) -> str:
    """Return the command of a row, without a seed."""
    row = recipe(name)
    return f"python -m recipes.{row.recipe} {row.written_options()}".strip()


def docstring(name: str) -> str:
    return ast.get_docstring(ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8")))
