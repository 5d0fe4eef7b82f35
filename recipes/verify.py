"""Measure the questions' experiments with one new seed, and hold each score against the published range.

    python -m recipes.verify                      # all experiments, about two hours on two cores
    python -m recipes.verify activations dropout  # some of them
    python -m recipes.verify --quick              # the quickest part of each

Of the scores of a new seed, about one in twenty falls outside its 95 % range.
"""

from typing import Annotated

import tyro

from recipes._lib import command_line
from recipes.faq import _page, _questions, _recheck


def main(
    questions: Annotated[tuple[str, ...], tyro.conf.Positional] = (), *, seed: int = 12345, quick: bool = False
) -> dict:
    """Measure with a new seed, and say which scores fall outside the range of 95 %.

    Args:
        questions: Modules of `recipes.faq`, all that are answered by default.
        seed: The new seed.
        quick: Only the quickest part of each.
    """
    answered = [question.module for question in _questions.QUESTIONS if _page.published(question.module)]
    unknown = [name for name in questions if name not in answered]
    if unknown:
        raise ValueError(f"`questions` must be out of {', '.join(answered)}. Received: questions={questions!r}")
    outside = total = 0
    for name in questions or answered:
        experiment = _questions.experiment(name)
        if str(seed) in _page.published(name)["seeds"]:
            raise ValueError(f"`seed` must be none of the published ones. Received: seed={seed!r}")
        for one in _recheck.new_seed(name, seed, is_whole=not quick):
            score, is_outside = experiment.panels[one.panel].score, not one.low <= one.value <= one.high
            outside, total = outside + is_outside, total + 1
            place = f"{one.row}@{one.at}" if one.at else one.row
            numbers = f"{score.number(one.value)} in {score.number(one.low)} to {score.number(one.high)}"
            print(f"{name}  {one.panel}  {place}  {numbers}{'  OUTSIDE' if is_outside else ''}", flush=True)
    print(f"{outside} of {total} scores lie outside their 95 % range")
    return {}


if __name__ == "__main__":
    command_line.run_tool(main)
