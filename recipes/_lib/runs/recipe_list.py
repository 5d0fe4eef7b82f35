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
    """The row of a recipe in `recipes.toml`."""

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


@functools.cache
def content() -> dict:
    return tomllib.loads((FOLDER / "recipes.toml").read_text(encoding="utf-8"))


def names() -> list[str]:
    return sorted(content()["recipe"])


def recipe(name: str) -> Recipe:
    if name not in names():
        raise arguments.error("name", f"a recipe that recipes.toml has: {', '.join(names())}", name)
    return Recipe(**content()["recipe"][name])


def docstring(name: str) -> str:
    return ast.get_docstring(ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8")))
