"""Run recipes and experiments with a new seed: do the results lie in the prediction intervals of the published ones?

    python -m tools.verify                           # all of them, some hours on two cores
    python -m tools.verify perceptron_mnist dropout  # a recipe and a question
    python -m tools.verify --quick                   # the quickest recipes, and the quickest part of each question
    KERAS_BACKEND=jax python -m tools.verify mlp_mnist --seeds 7 8

The result of a recipe is a check: a line of JSON, which is printed and, if new, appended to
`recipes/results/ledger.jsonl`; `tools.ledger` says what all checks of a result show. The last line says how many
results lie outside their 95 % interval, and how many would by chance. If so many are improbable (less than 1 in 100),
the exit status is 1. Seconds depend on the machine, and do not count. If a recipe's command fails, the others still
run; the status is then 2.
"""

import itertools
import random
import statistics
import subprocess
import sys
from typing import Literal

from questions import _questions, _recheck
from recipes._lib.runs import arguments, command_line, recipe_list, results
from tools import ledger, measure

QUICK_SECONDS = 25
SHARE = 0.95
IMPROBABLE = 0.01


def main(names: tuple[str, ...] = (), *, seeds: tuple[int, ...] | Literal["any"] = "any", quick: bool = False) -> None:
    """Run recipes and experiments with a new seed, and say which results lie outside their 95 % interval.

    Args:
        names: Recipes, further rows in recipes.toml, and questions (folders of questions); all by default.
        seeds: Seeds that are not published ones, each for a run of each name; any: one that is drawn now.
        quick: Without names, only recipes of up to 25 s of training; of each experiment the quickest part.
    """
    recipes = {name: results.result(name) for name in recipe_list.rows()}
    recipes = {name: published for name, published in recipes.items() if published and "range" in published}
    questions = {name: _questions.question(name).results() for name in _questions.names()}
    known = recipes | {name: published for name, published in questions.items() if published}
    if not set(names) <= set(known):
        raise arguments.error("names", f"out of {', '.join(known)}", names)
    seeds = (random.randrange(1000, 2**31),) if seeds == "any" else seeds  # Published seeds are below 1000.
    published_seeds = {seed for name in names or known for seed in known[name]["seeds"]}
    if not seeds or not published_seeds.isdisjoint(map(str, seeds)) or min(seeds) < 0 or len({*seeds}) < len(seeds):
        raise arguments.error("seeds", "different integers of at least 0, none of the published ones", seeds)
    are_outside, failed = [], []
    for name, seed in itertools.product(names or known, seeds):
        if name not in recipes:
            are_outside += _question(name, seed, quick)
        elif names or not quick or recipes[name]["mean"]["training_seconds"] <= QUICK_SECONDS:
            try:
                are_outside.append(_recipe(name, recipes[name], seed))
            except subprocess.CalledProcessError:  # The command has said why.
                failed.append(f"{name} with seed {seed}")
    sentences, is_improbable = conclusion(sum(are_outside), len(are_outside))
    print(sentences)
    if failed:
        print(f"failed: {', '.join(failed)}")
    if failed or is_improbable:
        sys.exit(2 if failed else 1)


def conclusion(outside: int, count: int) -> tuple[str, bool]:
    """Return how many results lie outside their interval and how many would by chance; and whether it is improbable."""
    from scipy import stats

    expected = (1 - SHARE) * count
    by_chance = f"{expected:.0f}" if expected >= 1 else f"{expected:.1g}"
    probability = float(stats.binom.sf(outside - 1, count, 1 - SHARE))
    sentence = f"{outside} of {count} results lie outside their 95 % interval; by chance about {by_chance} would"
    if probability < IMPROBABLE:
        sentence += f"\nThe probability of so many or more is {probability:.1g}, if the results are independent: "
        sentence += "something other than the seed has probably changed"
    return sentence, probability < IMPROBABLE


def _recipe(name: str, published: dict, seed: int) -> bool:
    """Print the result of a recipe and its interval, and add the check; return whether it lies outside."""
    recipe = recipe_list.recipe(name)
    check = ledger.check_of_run(name, published, seed, measure.run(name, seed, stdout=subprocess.DEVNULL))
    _, low, high = results.prediction_interval(recipe, published, SHARE)
    # By z, as in the ledger: where all published seeds gave one value, another one need not be improbable.
    is_outside = abs(check["z"]) > statistics.NormalDist().inv_cdf((1 + SHARE) / 2)
    _print_line(f"{name}  {recipe.metric}", check["value"], low, high, is_outside)
    if not any(ledger.are_same(check, other) for other in ledger.read()):
        ledger.append([check])
    print(ledger.to_json_line(check), flush=True)
    return is_outside


def _question(name: str, seed: int, quick: bool) -> list[bool]:
    """Print the scores of an experiment and their intervals; return for each row of a panel whether it lies outside."""
    question, are_outside = _questions.question(name), {}
    for one in _recheck.new_seed(question, seed, is_whole=not quick, share=SHARE):
        is_time = question.experiment.panels[one.panel].score.unit.name in ("seconds", "milliseconds")
        title = f"{name}  {one.panel}  {one.row}{f'@{one.at}' if one.at else ''}"
        is_outside = not one.low <= one.value <= one.high
        _print_line(title, one.value, one.low, one.high, is_outside, "  (not counted)" if is_time else "")
        if not is_time:  # All places of a curve are one result.
            are_outside[one.panel, one.row] = are_outside.get((one.panel, one.row), False) or is_outside
    return list(are_outside.values())


def _print_line(title: str, value: float, low: float, high: float, is_outside: bool, note: str = "") -> None:
    """Print a value beside its prediction interval."""
    verdict = "OUTSIDE" if is_outside else "inside"
    print(f"{title}  {value:.6g} in {low:.6g} to {high:.6g}  {verdict}{note}", flush=True)


if __name__ == "__main__":
    command_line.run_tool(main)
