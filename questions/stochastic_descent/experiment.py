"""Question 6: why stochastic gradient descent, how large a batch? `python -m questions stochastic_descent`"""

import math

import numpy as np

from questions import _network, _steps, _tuning
from questions._experiment import ACCURACY, SECONDS, Claim, Experiment, Panel, Score, Unit

BATCH_SIZES = {"1": 1, "8": 8, "64": 64, "512": 512, "all": 3500}
ROWS = tuple(BATCH_SIZES)
MOST_STEPS = {"1": 40_000, "8": 12_000, "64": 4000, "512": 2000, "all": 500}
"""A training ends after these where it has not reached the target loss."""
TIMED_STEPS = {"1": 1000, "8": 1000, "64": 500, "512": 100, "all": 40}
SIZES = (40, 64, 64, 10)  # Inputs, hidden units, classes.
GRID = (0.003, 0.0056, 0.01, 0.018, 0.03, 0.056, 0.1, 0.18, 0.3, 0.56, 1, 1.8, 3, 5.6)
TARGET = 1.1  # Training loss.
SMALL = 32  # Batch size of softmax regression.
PASSES = (1, 3, 10, 30, 100)
RATES = {"fast": (3, math.inf), "slow": (100, math.inf), "falling": (100, 10)}
RATES |= dict.fromkeys(("averaged", "to_zero"), RATES["slow"])
"""Row to the passes after which its learning rate is the best one, and those after which it is half as large."""


def measure(seed: int, best: dict, *, limit=None, most_steps=None, rows=ROWS, passes=PASSES, rounds: int = 5) -> dict:
    """Return what it takes to reach the target loss, the test accuracy then, and how near to a minimum a rate leads."""
    train, _, test = _network.mnist1d(seed, limit)
    sizes = {row: min(BATCH_SIZES[row], len(train[0])) for row in rows}
    found = {panel: {} for panel in ("seconds", "falling", "steps", "examples", "at_target")}
    for row, size in sizes.items():
        steps, accuracy = until_target(row, best[row], seed, train, test, most_steps)
        found["steps"][row], found["examples"][row], found["at_target"][row] = steps, steps * size, accuracy
    if rounds:
        timed = {size: min(TIMED_STEPS[row], most_steps or 10**9) for row, size in sizes.items()}
        seconds = _steps.seconds_a_step(SIZES, *train, timed, rounds)
        found["seconds"] = {row: found["steps"][row] * seconds[size] for row, size in sizes.items()}
    if passes:
        lowest = min(_network.quasi_newton(train, np.zeros(41 * 10))[0])
        for row in RATES:
            losses = linear_losses(row, best[row], seed, train, passes)
            found["falling"][row] = {str(n): loss - lowest for n, loss in losses.items()}
    return found


def choose(*, limit=None, most_steps=None, rows=ROWS, passes=PASSES, **_) -> dict:
    """Return with each learning rate the steps to the target loss, or the loss after a number of passes."""

    def score(row, rate, seed):
        train, valid, _ = _network.mnist1d(seed, limit)
        if row in BATCH_SIZES:
            return until_target(row, rate, seed, train, valid, most_steps)[0]
        losses = linear_losses(row, rate, seed, train, [n for n in passes if n <= RATES[row][0]])
        return min(losses[max(losses)], 100.0)  # JSON has no infinity.

    return _tuning.search([*rows, *RATES], GRID, score)


def until_target(row, rate, seed, train, scored, most_steps) -> tuple[float, float]:
    """Return the steps until the loss of the training set is at the target, and the accuracy on `scored` then."""
    settings = {"target": TARGET, "most": most_steps or MOST_STEPS[row], "seed": seed, "learning_rate": rate}
    size = min(BATCH_SIZES[row], len(train[0]))
    return _network.until_target(SIZES, train, train, scored, batch_size=size, **settings)


def linear_losses(row, rate, seed, train, passes) -> dict[int, float]:
    """Return the training loss of softmax regression after each number of passes."""
    size, half = min(SMALL, len(train[0])), RATES[row][1]
    ways = {"is_averaged": row == "averaged", "falls_to_zero": row == "to_zero"}
    return _network.linear_losses(train, size, rate, seed, passes, half, **ways)


STEPS = Score("steps", Unit("steps"), False, ",.0f", logarithmic=True, margin=0.1, is_ratio=True)
EXAMPLES = STEPS._replace(name="examples", unit=Unit("examples"))
TIME = Score("time", SECONDS, higher_is_better=False, format=".2g", logarithmic=True, is_ratio=True)
LOSS = Score("training loss above the minimum", higher_is_better=False, format=".2g", logarithmic=True, is_ratio=True)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "seconds": Panel(TIME, ROWS),
        "falling": Panel(LOSS, tuple(RATES), x_axis="passes over the training set (epochs)", logarithmic=True),
        "steps": Panel(STEPS, ROWS),
        "examples": Panel(EXAMPLES, ROWS),
        "at_target": Panel(ACCURACY, ROWS),
    },
    claims=(
        Claim("seconds", "64", "all", "yes"),
        Claim("falling", "falling", "slow", "yes", at="100"),
        Claim("falling", "averaged", "falling", "yes", at="100"),
        Claim("falling", "averaged", "to_zero", "no", at="100"),
        Claim("seconds", "64", "512", "yes"),
        Claim("seconds", "64", "1", "yes"),
        Claim("steps", "all", "512", "undecided"),
        Claim("at_target", "all", "64", "undecided", better=False),
    ),
    seeds=tuple(range(10)),
    main_panels=("seconds", "falling"),
    quick={"limit": 60, "most_steps": 8, "passes": (1, 3), "rounds": 1},
    recheck_options={"rows": ("64",), "passes": (), "rounds": 0},
    lower_is_chosen=True,
)
