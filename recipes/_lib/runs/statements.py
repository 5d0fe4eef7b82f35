"""What the recipes state about themselves, read from their source: nothing is imported."""

import ast
import functools
import math
import re
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parents[2]
"""The folder of the recipes."""


class Statement(NamedTuple):
    """What a recipe says of itself in its `RECIPE`, a dict of plain values, read without importing the recipe."""

    data: str
    """Name of its data, as it stands in the tables and above the pictures."""
    metric: str
    """The metric of the tables, a key of the metrics that `main` returns."""
    format: str
    """How the metric and its baseline are written, such as "{:.2%}" or "{:.2f} mpg"."""
    higher_is_better: bool
    baseline: str
    """The metric's baseline, a key of the metrics too."""
    quick: dict
    """Options of `main` for a quick look."""
    bounds: tuple[float, float] | None = None
    """The lowest and the highest value that the metric can have; a metric in percent has 0 and 1 without it."""

    def limits(self) -> tuple[float, float]:
        """Return the bounds of the metric, infinite ones where it has none."""
        return self.bounds or ((0.0, 1.0) if "%" in self.format else (-math.inf, math.inf))


def recipe_names() -> list[str]:
    """Return the names of all recipes: the modules here that state a `RECIPE`."""
    return [path.stem for path in sorted(HERE.glob("[a-z]*.py")) if _stated(path.stem)]


def statement(name: str) -> Statement:
    """Return what a recipe says of itself."""
    found = _stated(name)
    if not found:
        raise ValueError(f"`name` must be a recipe out of {', '.join(recipe_names())}. Received: name={name!r}")
    return Statement(**found[0])


def _stated(name: str) -> list[dict]:
    return [
        ast.literal_eval(node.value)
        for node in _tree(name).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "RECIPE"
    ]


@functools.cache
def _tree(name: str) -> ast.Module:
    return ast.parse((HERE / f"{name}.py").read_text(encoding="utf-8"))


def docstring(name: str) -> str:
    """Return a recipe's docstring without importing it."""
    return ast.get_docstring(_tree(name)) or ""


def field(name: str, key: str) -> str:
    """Return what stands behind `key:` in a recipe's docstring."""
    lines = [line for line in docstring(name).splitlines() if line.startswith(f"{key}:")]
    return lines[0].removeprefix(f"{key}:").strip() if lines else ""


def data_set(name: str) -> str | None:
    """Return the name of the data set that a recipe loads, None where it loads none."""
    found = re.search(r"data\.load\(\"(\w+)\"", (HERE / f"{name}.py").read_text(encoding="utf-8"))
    return found and found[1]
