"""Question 6: why stochastic gradient descent, and how large should a batch be?

python -m recipes.faq stochastic_descent
"""

import numpy as np

from recipes.faq import _network, _sentences, _steps, _tuning, _verdict
from recipes.faq._experiment import ACCURACY, SECONDS, Claim, Experiment, Panel, Score, Unit

BATCH_SIZES = {"1": 1, "8": 8, "64": 64, "512": 512, "all": 3500}
ROWS = tuple(BATCH_SIZES)
MOST_STEPS = {"1": 40_000, "8": 12_000, "64": 4000, "512": 2000, "all": 1000}
"""A training ends after these where it has not reached the target loss."""
TIMED_STEPS = {"1": 1000, "8": 1000, "64": 500, "512": 100, "all": 40}
SIZES = (40, 64, 64, 10)  # Inputs, hidden units, classes.
GRID = (0.003, 0.01, 0.03, 0.1, 0.3, 1, 3)
TARGETS = {"train": 1.1, "valid": 1.3}
"""Set to the loss at which a training has reached its target: the validation loss stays above the training loss."""
PASSES = 10
COMMON = 0.1  # Learning rate of all rows in the first panel: the middle of the grid.


def measure(seed: int, choice: dict, *, limit=None, most_steps=None, rows=ROWS, rounds: int = 5) -> dict:
    """Return the test accuracy after ten passes and at the target loss, and what it takes to reach that loss."""
    train, _, test = _network.mnist1d(seed, limit)
    sizes = {row: min(BATCH_SIZES[row], len(train[0])) for row in rows}
    found = {panel: {} for panel in ("common", "own", "at_target", "steps", "examples", "seconds")}
    for row, size in sizes.items():
        rate = _tuning.best(choice[row], lower=True)
        steps = min(max(1, round(PASSES * len(train[0]) / size)), most_steps or 10**9)
        found["common"][row] = accuracy_after(train, test, size, COMMON, seed, steps)
        found["own"][row] = accuracy_after(train, test, size, rate, seed, steps)
        steps, accuracy = until_target(row, rate, seed, train, train, test, TARGETS["train"], most_steps)
        found["at_target"][row], found["steps"][row], found["examples"][row] = accuracy, steps, steps * size
    if rounds:
        timed = {size: min(TIMED_STEPS[row], most_steps or 10**9) for row, size in sizes.items()}
        seconds = _steps.seconds_a_step(SIZES, *train, timed, rounds)
        found["seconds"] = {row: found["steps"][row] * seconds[size] for row, size in sizes.items()}
    return found


def choose(*, limit=None, most_steps=None, rows=ROWS, **_) -> dict:
    """Return the steps that each learning rate takes until the loss of the validation set is at the target."""
    train, valid, _ = _network.mnist1d(100, limit)

    def steps(row, rate):
        return until_target(row, rate, 100, train, valid, valid, TARGETS["valid"], most_steps)[0]

    return _tuning.search(rows, GRID, steps)


def until_target(row, rate, seed, train, watched, test, target, most_steps) -> tuple[float, float]:
    """Return the steps until the loss of `watched` is at the target, and the accuracy on `test` then."""
    settings = {"target": target, "most": most_steps or MOST_STEPS[row], "seed": seed, "learning_rate": rate}
    size = min(BATCH_SIZES[row], len(train[0]))
    return _network.until_target(SIZES, train, watched, test, batch_size=size, **settings)


def accuracy_after(train, test, size: int, rate: float, seed: int, steps: int) -> float:
    """Return the accuracy after some steps."""
    weights = _network.new_weights(SIZES, np.random.default_rng(seed))
    _network.descend(weights, SIZES, _network.batches(*train, size, seed, 0, steps), rate)
    return _network.scores(_network.layers(weights, SIZES), *test)[1]


def draw(seeds: dict, names):
    """Draw each score over the batch size."""
    from dlguide import plots

    sizes = list(BATCH_SIZES.values())
    with plots.new_figure(9.0, 8.6) as figure:
        for axes, (name, panel) in zip(figure.subplots(3, 2).flat, EXPERIMENT.panels.items(), strict=True):
            found = [_verdict.mean(panel.score, _verdict.column(seeds, name, row)) for row in panel.rows]
            means, lows, highs = panel.score.unit.factor * np.transpose(found)
            axes.plot(sizes, means, ".-")
            axes.fill_between(sizes, lows, highs, alpha=0.2)
            axes.set_xscale("log")
            axes.set_xticks(sizes, [str(size) for size in sizes])
            axes.minorticks_off()
            axes.set_yscale("log" if panel.score.logarithmic else "linear")
            axes.set_title(names.title(name), fontsize=10)
            axes.set_ylabel(_sentences.described(panel.score, names))
            axes.grid(alpha=0.3)
        for axes in figure.axes[-2:]:
            axes.set_xlabel(names("picture", "batch size"))
    return figure


STEPS = Score("steps", Unit("steps"), higher_is_better=False, format=",.0f", logarithmic=True)
EXAMPLES = STEPS._replace(name="examples", unit=Unit("examples"))
TIME = Score("time", SECONDS, higher_is_better=False, logarithmic=True)
SCORES = {"common": ACCURACY, "own": ACCURACY, "at_target": ACCURACY}
SCORES |= {"steps": STEPS, "examples": EXAMPLES, "seconds": TIME}
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={name: Panel(score, ROWS, reference="64") for name, score in SCORES.items()},
    claims=(
        Claim("common", "all", "64", "yes", better=False, known="yes"),
        Claim("at_target", "all", "64", "same", better=False),
        Claim("steps", "all", "64", "yes", known="yes"),
        Claim("examples", "64", "all", "yes", known="yes"),
        Claim("seconds", "64", "1", "yes"),
        Claim("seconds", "64", "all", "yes"),
    ),
    quick={"limit": 60, "most_steps": 3, "rounds": 1},
    check={"rows": ("64",), "rounds": 0},
    lower_is_chosen=True,
    draw=draw,
)
