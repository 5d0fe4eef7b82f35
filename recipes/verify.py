"""Measure with one new seed: each recipe and each question's experiment, held against the published range.

    python -m recipes.verify                           # all of them, some hours on two cores
    python -m recipes.verify perceptron_mnist dropout  # a recipe and a question
    python -m recipes.verify --quick                   # the quickest recipes, and the quickest part of each question

About one in twenty results of a new seed falls outside its 95 % range. The last line says how many do, and how many
would by chance; where so many are improbable (less than 1 in 100), the exit status is 1. Seconds are shown, but do not
count: they are those of the machine.
"""

import re
import subprocess
import sys
from typing import Annotated

import tyro

from recipes import measure
from recipes._lib.runs import command_line, results, statements
from recipes.faq import _page, _questions, _recheck

QUICK_SECONDS = 25
SHARE = 0.95
IMPROBABLE = 0.01
"""With a lower probability, by chance, of so many results outside, the exit status is 1."""


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
    sentences, is_improbable = conclusion(sum(verdicts), len(verdicts))
    print(sentences)
    if is_improbable:
        sys.exit(1)
    return {}


def conclusion(outside: int, count: int) -> tuple[str, bool]:
    """Say how many results lie outside their range, and how many would by chance; tell whether it is improbable."""
    from scipy import stats

    expected = (1 - SHARE) * count
    by_chance = f"{expected:.0f}" if expected >= 1 else f"{expected:.1g}"
    probability = float(stats.binom.sf(outside - 1, count, 1 - SHARE))
    sentence = f"{outside} of {count} results lie outside their 95 % range; by chance about {by_chance} would"
    if probability >= IMPROBABLE:
        return sentence, False
    return (
        f"{sentence}\nThe probability of so many or more is {probability:.1g}, if the results are independent: "
        "something other than the seed has probably changed",
        True,
    )


def _recipe(name: str, published: dict, seed: int) -> list[bool]:
    """Print the result of a recipe and its range; return whether it lies outside."""
    stated = statements.statement(name)
    value = measure.run(name, seed, stdout=subprocess.DEVNULL)[stated.metric]
    _, low, high = results.new_seed_range(stated, published, SHARE)

    def written(number: float, more: int) -> str:
        return with_digits(stated.format, more).format(number)

    print(f"{name}  {stated.metric}  {line(value, low, high, written)}", flush=True)
    return [not low <= value <= high]


def _question(name: str, seed: int, quick: bool) -> list[bool]:
    """Print the scores of an experiment and their ranges; return which lie outside."""
    panels, verdicts = _questions.experiment(name).panels, []
    for one in _recheck.new_seed(name, seed, is_whole=not quick, share=SHARE):
        place, score = f"{one.row}@{one.at}" if one.at else one.row, panels[one.panel].score

        def written(number: float, more: int, score=score) -> str:
            return score._replace(format=with_digits(score.format, more)).number(number)

        is_time = score.unit.symbol.en in ("s", "ms")
        note = "  (not counted)" if is_time else ""
        print(f"{name}  {one.panel}  {place}  {line(one.value, one.low, one.high, written)}{note}", flush=True)
        if not is_time:
            verdicts.append(not one.low <= one.value <= one.high)
    return verdicts


def line(value: float, low: float, high: float, written) -> str:
    """Return a value, its range and the verdict, with as many more digits as it takes to see that it lies outside."""
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
