"""Question 5: why batch gradient descent, each step with the whole training set? `python -m questions batch_descent`"""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from questions import _network, _steps, _tuning
from questions._experiment import ACCURACY, Claim, Experiment, Panel, Score, Unit

ROWS = ("small", "all")
LINEAR_ROWS = (*ROWS, "lbfgs", "falling", "sag")  # The first three as in the other panels, for their colours.
SMALL = 32
SIZES = (40, 64, 64, 10)  # Inputs, hidden units, classes.
GRID = (0.018, 0.03, 0.056, 0.1, 0.18, 0.3, 0.56, 1, 1.8, 3, 5.6)
PASSES = (1, 3, 10, 30)
STEPS = (10, 30, 100, 300)
LINEAR_PASSES = (3, 10, 30, 100)


def measure(seed: int, best: dict, *, limit=None, passes=PASSES, steps=STEPS, linear=LINEAR_PASSES, rounds=5) -> dict:
    """Return the hits on the test set after equal passes, times and steps, a pass's time, and how near a minimum is."""
    train, _, test = _network.mnist1d(seed, limit)
    sizes = batch_sizes(train)
    seconds = pass_seconds(*train, sizes, rounds) if rounds else {}
    found = {"passes": {}, "time": {}, "steps": {}, "linear": {}, "seconds": seconds}
    for row, size in sizes.items():
        for key, number in step_counts(row, len(train[0]), sizes, seconds, passes, steps).items():
            panel, place = key.split(", ")
            rate = best[f"{row}@{key}"]
            found[panel].setdefault(row, {})[place] = hits(train, test, size, rate, seed, {number})[number]
    first = _network.new_weights(SIZES, np.random.default_rng(seed))
    most = round(max(passes) * seconds["small"] / seconds["all"]) if seconds else max(passes)
    losses, tried, own = _network.quasi_newton(train, first, SIZES, maxfun=most)
    if seconds:
        seconds["lbfgs"] = seconds["all"] + own
    for key, number in step_counts("lbfgs", 1, {"lbfgs": 1}, seconds, passes, ()).items():
        panel, place = key.split(", ")
        found[panel].setdefault("lbfgs", {})[place] = right(tried[int(np.argmin(losses[:number]))], test)
    first = _network.new_weights(_network.LINEAR, np.random.default_rng(seed)).astype(float)
    losses = _network.quasi_newton(train, first)[0]
    minimum = min(losses)
    for row, (size, falls) in linear_rows(train).items():
        rates = {n: best[f"{row}@linear, {n}"] for n in linear}
        ends = {n: _network.linear_losses(train, size, r, seed, (n,), falls_to_zero=falls)[n] for n, r in rates.items()}
        found["linear"][row] = {str(n): loss - minimum for n, loss in ends.items()}
    found["linear"]["lbfgs"] = {str(n): min(losses[:n]) - minimum for n in linear}
    found["linear"]["sag"] = {str(n): sag_loss(*train, n, seed) - minimum for n in linear}
    found["linear"] = {row: found["linear"][row] for row in LINEAR_ROWS}
    return found


def sag_loss(x, y, passes: int, seed: int) -> float:
    """Return the training loss of softmax regression after some passes of SAG, one example in a step."""
    model = LogisticRegression(C=np.inf, solver="sag", max_iter=passes, tol=0, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # It ends after so many passes.
        model.fit(x, y)
    return _network.scores([(model.coef_.T, model.intercept_)], x, y)[0]


def choose(*, limit=None, passes=PASSES, steps=STEPS, linear=LINEAR_PASSES, rounds=5) -> dict:
    """Return for each place of the panels a score with each learning rate, the mean of three seeds.

    It is the validation accuracy, and in the panel that measures the training loss, that loss with a minus.
    """
    tries, seconds = {}, None
    for seed in _tuning.SEEDS:
        train, valid, _ = _network.mnist1d(seed, limit)
        sizes = batch_sizes(train)
        seconds = seconds or pass_seconds(*train, sizes, max(1, rounds))
        for row, size in sizes.items():
            counts = step_counts(row, len(train[0]), sizes, seconds, passes, steps)
            for rate in GRID:
                found = hits(train, valid, size, rate, seed, set(counts.values()))
                add(tries, row, rate, {key: float(found[number].mean()) for key, number in counts.items()})
        for row, (size, falls) in linear_rows(train).items():
            for rate in GRID:
                losses = _network.linear_losses(train, size, rate, seed, linear, falls_to_zero=falls)
                # JSON has no infinity.
                add(tries, row, rate, {f"linear, {n}": -min(loss, 100.0) for n, loss in losses.items()})
    return tries


def add(tries: dict, row: str, rate: float, scores: dict[str, float]) -> None:
    """Add the scores of a seed to the means of a row's learning rate at each place."""
    for key, score in scores.items():
        means = tries.setdefault(f"{row}@{key}", dict.fromkeys(map("{:g}".format, GRID), 0.0))
        means[f"{rate:g}"] += score / len(_tuning.SEEDS)


def linear_rows(train: tuple) -> dict[str, tuple[int, bool]]:
    """Return for each row of softmax regression the batch size, and whether the rate falls in a straight line to 0."""
    sizes = batch_sizes(train)
    return {"small": (sizes["small"], False), "falling": (sizes["small"], True), "all": (sizes["all"], False)}


def batch_sizes(train: tuple) -> dict[str, int]:
    """Return the batch size of each row."""
    return {"small": min(SMALL, len(train[0])), "all": len(train[0])}


def step_counts(row: str, examples: int, sizes: dict, seconds: dict, passes, steps) -> dict[str, int]:
    """Return a row's number of steps at each "panel, place"; `seconds` are those of a pass."""
    steps_a_pass = examples / sizes[row]
    counts = {f"passes, {n}": n * steps_a_pass for n in passes}
    if seconds:  # The time that batches of 32 take for so many passes.
        speed = steps_a_pass * seconds["small"] / seconds[row]
        counts |= {f"time, {n}": n * speed for n in passes}
    counts |= {f"steps, {n}": n for n in steps}
    return {key: max(1, round(number)) for key, number in counts.items()}


def hits(train: tuple, scored: tuple, size: int, rate: float, seed: int, steps: set[int]) -> dict[int, np.ndarray]:
    """Return which examples are right after each number of steps of one training."""
    weights, done, found = _network.new_weights(SIZES, np.random.default_rng(seed)), 0, {}
    for number in sorted(steps):
        _network.descend(weights, SIZES, _network.batches(*train, size, seed, done, number), rate)
        done, found[number] = number, right(weights, scored)
    return found


def right(weights: np.ndarray, scored: tuple) -> np.ndarray:
    """Return which examples are right; weights that are not finite count as guessing the first class."""
    with np.errstate(all="ignore"):
        logits = _network.outputs(_network.layers(weights, SIZES), scored[0])[-1]
    return logits.argmax(axis=1) == scored[1]


def pass_seconds(x, y, sizes: dict[str, int], rounds: int) -> dict[str, float]:
    """Return the time that Keras takes for the steps of one pass, with the batch size of each row."""
    steps = {size: 40 if row == "all" else 2 * len(x) // size for row, size in sizes.items()}
    seconds = _steps.seconds_a_step(SIZES, x, y, steps, rounds)
    return {row: seconds[size] * len(x) / size for row, size in sizes.items()}


def after(equal: str) -> Panel:
    """Return the panel of the accuracy after what is equal for all rows."""
    return Panel(ACCURACY._replace(name=f"test accuracy after equal {equal}"), (*ROWS, "lbfgs"), logarithmic=True)


MILLISECONDS = Unit("milliseconds", 1000.0)
TIME = Score("time of a pass over the training set", MILLISECONDS, higher_is_better=False, format=".1f", is_ratio=True)
LOSS = Score("training loss above the minimum", higher_is_better=False, format=".2g", logarithmic=True, is_ratio=True)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "passes": after("passes")._replace(x_axis="passes over the training set (epochs)"),
        "linear": Panel(LOSS, LINEAR_ROWS, x_axis="passes over the training set (epochs)", logarithmic=True),
        "time": after("times")._replace(x_axis="time, in passes with batches of 32"),
        "steps": after("steps")._replace(rows=ROWS, x_axis="steps"),
        "seconds": Panel(TIME, (*ROWS, "lbfgs")),
    },
    claims=(
        Claim("time", "small", "all", "yes", at="10"),
        Claim("linear", "lbfgs", "falling", "yes", at="100"),
        Claim("linear", "lbfgs", "sag", "no", at="100"),
        Claim("passes", "small", "all", "yes", at="10"),
        Claim("linear", "lbfgs", "falling", "no", at="30"),
        Claim("passes", "small", "lbfgs", "yes", at="10"),
        Claim("time", "small", "lbfgs", "undecided", at="10"),
        Claim("steps", "all", "small", "yes", at="100"),
        Claim("time", "small", "all", "undecided", at="30"),
    ),
    seeds=tuple(range(10)),
    main_panels=("passes", "linear"),
    quick={"limit": 60, "passes": (1,), "steps": (1, 2), "linear": (1, 3), "rounds": 1},
    recheck_options={"passes": (1,), "steps": (10, 30, 100), "rounds": 0},
)
