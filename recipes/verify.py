"""Run recipes and experiments with a new seed: do the results lie in the prediction intervals of the published ones?

    python -m recipes.verify                           # all of them, some hours on two cores
    python -m recipes.verify perceptron_mnist dropout  # a recipe and a question
    python -m recipes.verify --quick                   # the quickest recipes, and the quickest part of each question

The last line says how many results lie outside their 95 % interval, and how many would by chance. If so many are
improbable (less than 1 in 100), the exit status is 1. Seconds depend on the machine, and do not count.
"""

import re
import subprocess
import sys

from recipes import measure
from recipes._lib.runs import arguments, command_line, recipe_list, results
from recipes.faq import _questions, _recheck

QUICK_SECONDS = 25
SHARE = 0.95
IMPROBABLE = 0.01


def main(names: tuple[str, ...] = (), *, seed: int = 12345, quick: bool = False) -> dict:
    """Run recipes and experiments with a new seed, and say which results lie outside their 95 % interval.

    Args:
        names: Recipes, and questions (folders of recipes/faq); all by default.
        seed: The new seed.
        quick: Without names, only recipes of up to 25 s of training; of each experiment the quickest part.
    """
    recipes = {name: results.result(name) for name in recipe_list.names()}
    recipes = {name: published for name, published in recipes.items() if published and "range" in published}
    questions = {name: _questions.question(name).results() for name in _questions.names()}
    known = recipes | {name: published for name, published in questions.items() if published}
    if not set(names) <= set(known):
        raise arguments.error("names", f"out of {', '.join(known)}", names)
    if any(str(seed) in known[name]["seeds"] for name in names or known):
        raise arguments.error("seed", "none of the published ones", seed)
    are_outside = []
    for name in names or known:
        if name not in recipes:
            are_outside += _question(name, seed, quick)
        elif names or not quick or recipes[name]["mean"]["training_seconds"] <= QUICK_SECONDS:
            are_outside.append(_recipe(name, recipes[name], seed))
    sentences, is_improbable = conclusion(sum(are_outside), len(are_outside))
    print(sentences)
    if is_improbable:
        sys.exit(1)
    return {}


def conclusion(outside: int, count: int) -> tuple[str, bool]:
    """Return how many results lie outside their interval and how many would by chance; and whether it is improbable."""
    from scipy import stats

    expected = (1 - SHARE) * count
    by_chance = f"{expected:.0f}" if expected >= 1 else f"{expected:.1g}"
    probability = float(stats.binom.sf(outside - 1, count, 1 - SHARE))
    sentence = f"{outside} of {count} results lie outside their 95 % interval; by chance about {by_chance} would"
    if probability >= IMPROBABLE:
        return sentence, False
    return (
        f"{sentence}\nThe probability of so many or more is {probability:.1g}, if the results are independent: "
        "something other than the seed has probably changed",
        True,
    )


def _recipe(name: str, published: dict, seed: int) -> bool:
    """Print the result of a recipe and its interval; return whether it lies outside."""
    recipe = recipe_list.recipe(name)
    value = measure.run(name, seed, stdout=subprocess.DEVNULL)[recipe.metric]
    _, low, high = results.new_seed_range(recipe, published, SHARE)
    text = line(value, low, high, lambda number, more: with_digits(recipe.format, more).format(number))
    print(f"{name}  {recipe.metric}  {text}", flush=True)
    return not low <= value <= high


def _question(name: str, seed: int, quick: bool) -> list[bool]:
    """Print the scores of an experiment and their intervals; return which lie outside."""
    question, are_outside = _questions.question(name), []
    for one in _recheck.new_seed(question, seed, is_whole=not quick, share=SHARE):
        place, score = f"{one.row}@{one.at}" if one.at else one.row, question.experiment.panels[one.panel].score

        def written(number: float, more: int, score=score) -> str:
            return score._replace(format=with_digits(score.format, more)).number(number)

        is_time = score.unit.name in ("seconds", "milliseconds")
        note = "  (not counted)" if is_time else ""
        print(f"{name}  {one.panel}  {place}  {line(one.value, one.low, one.high, written)}{note}", flush=True)
        if not is_time:
            are_outside.append(not one.low <= one.value <= one.high)
    return are_outside


def line(value: float, low: float, high: float, written) -> str:
    """Return a value, its interval and the verdict, with enough digits to see that it lies outside."""
    is_outside = not low <= value <= high
    for more in range(12):
        texts = [written(number, more) for number in (value, low, high)]
        if not is_outside or texts[0] not in texts[1:]:
            break
    return "{} in {} to {}  {}".format(*texts, "OUTSIDE" if is_outside else "inside")


def with_digits(form: str, more: int) -> str:
    """Return a format such as ".2f" or "{:.2%}" with more digits."""
    return re.sub(r"\.(\d+)(?=[a-z%])", lambda found: f".{int(found[1]) + more}", form)


if __name__ == "__main__":
    command_line.run_tool(main)
