"""Measure with one new seed: each recipe and each question's experiment, held against the published range.

    python -m recipes.verify                           # all of them, some hours on two cores
    python -m recipes.verify perceptron_mnist dropout  # a recipe and a question
    python -m recipes.verify --quick                   # the quickest recipes, and the quickest part of each question

About one in twenty results of a new seed falls outside its 95 % range.
"""

import subprocess
from typing import Annotated

import tyro

from recipes import measure
from recipes._lib import command_line, intervals, results, statements
from recipes.faq import _page, _questions, _recheck

QUICK_SECONDS = 25


def main(
    names: Annotated[tuple[str, ...], tyro.conf.Positional] = (), *, seed: int = 12345, quick: bool = False
) -> dict:
    """Run recipes and experiments with a new seed, and say which results fall outside the range of 95 %.

    Args:
        names: Recipes, and modules of `recipes.faq`; all by default.
        seed: The new seed.
        quick: Without names, only recipes of up to 25 s of training; of each experiment the quickest part.
    """
    published = {name: results.result(name) for name in statements.recipe_names()}
    recipes = [name for name, found in published.items() if found and "range" in found]
    questions = [question.module for question in _questions.QUESTIONS if _page.published(question.module)]
    known = [*recipes, *questions]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"`names` must be out of {', '.join(known)}. Received: names={names!r}")
    if not names and quick:
        recipes = [name for name in recipes if published[name]["mean"]["training_seconds"] <= QUICK_SECONDS]
    chosen = names or (*recipes, *questions)
    for name in chosen:
        seeds = (published.get(name) or _page.published(name))["seeds"]
        if str(seed) in seeds:
            raise ValueError(f"`seed` must be none of the published ones. Received: seed={seed!r}")
    verdicts = []
    for name in chosen:
        verdicts += _recipe(name, published[name], seed) if name in published else _question(name, seed, quick)
    print(f"{sum(verdicts)} of {len(verdicts)} results lie outside their 95 % range")
    return {}


def _recipe(name: str, published: dict, seed: int) -> list[bool]:
    """Print the result of a recipe and its range; return whether it lies outside."""
    stated = statements.statement(name)
    value = measure.run(name, seed, stdout=subprocess.DEVNULL)[stated.metric]
    values = [metrics[stated.metric] for metrics in published["seeds"].values()]
    _, low, high = intervals.new_seed_range(values)
    written = stated.format.format
    return [_said(f"{name}  {stated.metric}", value, low, high, written)]


def _question(name: str, seed: int, quick: bool) -> list[bool]:
    """Print the scores of an experiment and their ranges; return which lie outside."""
    panels, found = _questions.experiment(name).panels, []
    for one in _recheck.new_seed(name, seed, is_whole=not quick):
        place = f"{one.row}@{one.at}" if one.at else one.row
        found.append(
            _said(f"{name}  {one.panel}  {place}", one.value, one.low, one.high, panels[one.panel].score.number)
        )
    return found


def _said(what: str, value: float, low: float, high: float, written) -> bool:
    is_outside = not low <= value <= high
    verdict = "OUTSIDE" if is_outside else "inside"
    print(f"{what}  {written(value)} in {written(low)} to {written(high)}  {verdict}", flush=True)
    return is_outside


if __name__ == "__main__":
    command_line.run_tool(main)
