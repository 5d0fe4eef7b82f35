"""Question 5: why batch gradient descent, with the whole training set in each step?

python -m recipes.faq batch_descent
"""

import numpy as np

from recipes.faq import _network, _steps, _tuning
from recipes.faq._experiment import ACCURACY, Claim, Experiment, Panel, Score, Unit

ROWS = ("small", "all")
SMALL = 32
SIZES = (40, 64, 64, 10)  # Inputs, hidden units, classes.
GRID = (0.01, 0.03, 0.1, 0.3, 1, 3, 10)
PASSES = (1, 3, 10, 30)
STEPS = (10, 30, 100, 300, 1000)
CHOOSING_SEEDS = (100, 101, 102)


def measure(seed: int, choice: dict, *, limit=None, passes=PASSES, steps=STEPS, rounds: int = 5) -> dict:
    """Return the test accuracy after equal passes, equal times and equal steps, and the time of a pass."""
    train, _, test = _network.mnist1d(seed, limit)
    sizes = batch_sizes(train)
    seconds = pass_seconds(*train, sizes, rounds) if rounds else {}
    found = {"passes": {}, "time": {}, "steps": {}, "seconds": seconds}
    for row, size in sizes.items():
        for key, number in step_counts(row, len(train[0]), sizes, seconds, passes, steps).items():
            panel, place = key.split(", ")
            rate = _tuning.best(choice[f"{row}@{key}"])
            accuracy = accuracies(train, test, size, rate, seed, {number})[number]
            found[panel].setdefault(row, {})[place] = accuracy
    return found


def choose(*, limit=None, passes=PASSES, steps=STEPS, rounds: int = 5) -> dict:
    """Return the validation accuracy with each learning rate, the mean of three seeds, for each place of the panels."""
    tries, seconds = {}, None
    for seed in CHOOSING_SEEDS:
        train, valid, _ = _network.mnist1d(seed, limit)
        sizes = batch_sizes(train)
        seconds = seconds or pass_seconds(*train, sizes, max(1, rounds))
        for row, size in sizes.items():
            counts = step_counts(row, len(train[0]), sizes, seconds, passes, steps)
            for rate in GRID:
                found = accuracies(train, valid, size, rate, seed, set(counts.values()))
                for key, number in counts.items():
                    scores = tries.setdefault(f"{row}@{key}", dict.fromkeys(map("{:g}".format, GRID), 0.0))
                    scores[f"{rate:g}"] += found[number] / len(CHOOSING_SEEDS)
    return tries


def batch_sizes(train: tuple) -> dict[str, int]:
    """Return the batch size of each row."""
    return {"small": min(SMALL, len(train[0])), "all": len(train[0])}


def step_counts(row: str, examples: int, sizes: dict, seconds: dict, passes, steps) -> dict[str, int]:
    """Return a row's number of steps at each "panel, place"; `seconds` are those of a pass."""
    steps_a_pass = examples / sizes[row]
    counts = {f"passes, {n}": n * steps_a_pass for n in passes} | {f"steps, {n}": n for n in steps}
    if seconds:  # The time that batches of 32 take for so many passes.
        speed = steps_a_pass * seconds["small"] / seconds[row]
        counts |= {f"time, {n}": n * speed for n in passes}
    return {key: max(1, round(number)) for key, number in counts.items()}


def accuracies(train: tuple, scored: tuple, size: int, rate: float, seed: int, steps: set[int]) -> dict[int, float]:
    """Return the accuracy after each number of steps of one training."""
    weights, done, found = _network.new_weights(SIZES, np.random.default_rng(seed)), 0, {}
    for number in sorted(steps):
        _network.descend(weights, SIZES, _network.batches(*train, size, seed, done, number), rate)
        found[number] = _network.scores(_network.layers(weights, SIZES), *scored)[1]
        done = number
    return found


def pass_seconds(x, y, sizes: dict[str, int], rounds: int) -> dict[str, float]:
    """Return the time that Keras takes for the steps of one pass, with the batch size of each row."""
    steps = {size: 40 if row == "all" else 2 * len(x) // size for row, size in sizes.items()}
    seconds = _steps.seconds_a_step(SIZES, x, y, steps, rounds)
    return {row: seconds[size] * len(x) / size for row, size in sizes.items()}


CURVES = Panel(ACCURACY, ROWS, reference="all", logarithmic=True)
MILLISECONDS = Unit("milliseconds", 1000.0)
TIME = Score("time of a pass over the training set", MILLISECONDS, higher_is_better=False, format=".1f")
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "passes": CURVES._replace(curve="passes over the training set (epochs)"),
        "time": CURVES._replace(curve="time, in passes with batches of 32"),
        "steps": CURVES._replace(curve="steps"),
        "seconds": Panel(TIME, ROWS, reference="all"),
    },
    claims=(
        Claim("passes", "small", "all", "yes", at="10", known="yes"),
        Claim("time", "small", "all", "yes", at="10", known="yes"),
        Claim("seconds", "all", "small", "yes"),
        Claim("steps", "all", "small", "yes", at="100"),
    ),
    quick={"limit": 60, "passes": (1,), "steps": (1, 2), "rounds": 1},
    check={"steps": (10, 30, 100), "rounds": 0},
)
