"""Question 36: how sure is a number? `python -m questions uncertainty`"""

import numpy as np
from scipy import stats

from questions import _network, _tuning
from questions._experiment import ACCURACY, PERCENT, Claim, Experiment, Panel, Score

INTERVALS = ("both", "seeds", "same_examples", "deviation", "one", "bootstrap")
SOURCES, WAYS = ("cut", "order", "weights", "split"), ("paired", "other_seeds", "other_examples")
UNITS, PASSES, BATCH = {"small": 48, "large": 64}, 20, 50


def train(row: str, rate: float, seed: int, **changes) -> dict:
    """Train, maybe with other seeds or batches cut in two; return hits, with averaged weights on the test set too."""
    own = dict.fromkeys(("split", "weights", "order"), seed) | {"cut": BATCH} | changes
    examples, valid, test = _network.mnist1d(own["split"])
    sizes, parts = (40, UNITS[row], 10), [part for part in np.split(np.arange(BATCH), [own["cut"]]) if len(part)]
    now = _network.new_weights(sizes, np.random.default_rng(own["weights"]))
    views, average = _network.layers(now, sizes), now.copy()
    with np.errstate(all="ignore"):  # A rate that is too large ends in infinity.
        for x, y in _network.batches(*examples, BATCH, own["order"], 0, PASSES * len(examples[0]) // BATCH):
            now -= sum(np.float32(rate * len(i) / BATCH) * _network.gradient(views, x[i], y[i]) for i in parts)
            average += np.float32(0.5) * (now - average)
        scored = {"valid": (views, valid), "test": (views, test), "averaged": (_network.layers(average, sizes), test)}
        return {name: _network.outputs(own, x)[-1].argmax(axis=1) == y for name, (own, (x, y)) in scored.items()}


def choose(*, rates=(0.3, 0.56, 1, 1.8, 3), **_) -> dict:
    """Return the validation accuracy of each network with each learning rate."""
    return _tuning.search(UNITS, rates, lambda *setting: train(*setting)["valid"])


def measure(seed: int, best: dict, *, sources=SOURCES, trainings=80, variants=20, draws=1000, **_) -> dict:
    """Return what a group of trainings shows: its spread, and what the numbers of a few of them are worth."""
    rng, seeds, hits = np.random.default_rng(seed), range(1000 * (seed + 1), 1000 * (seed + 1) + trainings), {}
    for row in sources:  # One thing alone changes; with the cut, only the rounding of the gradient.
        changes = [{row: i if row == "cut" else seeds.start + i} for i in range(1, variants + 1)]
        hits[row] = [train("small", best["small"], seeds.start, **change)["test"] for change in changes]
    small, large = ([train(row, best[row], one) for one in seeds] for row in UNITS)
    parts = ((small, "test"), (large, "test"), (small, "averaged"), (small, "valid"))
    hits["seed"], other, averaged, valid = (np.array([one[name] for one in found]) * 1.0 for found, name in parts)
    spread, one = {row: float(np.mean(found, axis=1).std(ddof=1)) for row, found in hits.items()}, hits["seed"]
    return {
        "number": curves((3, 5, 10), coverage, one, rng, draws),
        "width": curves((1, 3, 5, 10), wrong, one, other, rng, draws),
        "average": curves((1, 3, 5, 10), wrong, one, averaged, rng, draws),
        "difference": curves((3, 5, 10), coverage, other - one, rng, draws),
        "best": curves((1, 2, 5, 10, 20), lead, one, valid.mean(axis=1), rng, draws),
        "spread": spread | {"examples": float((one.mean() * (1 - one.mean()) / one.shape[1]) ** 0.5)},
        "accuracy": {"small": one.mean(axis=0), "large": other.mean(axis=0), "averaged": averaged.mean(axis=0)},
    }


def curves(counts, function, *arguments) -> dict:
    """Return `{row: {count: mean}}` from a function that gives each row's numbers in all draws."""
    found = {str(count): function(count, *arguments) for count in counts}
    return {row: {at: float(np.mean(numbers[row])) for at, numbers in found.items()} for row in found[str(counts[0])]}


def coverage(count: int, values: np.ndarray, rng, draws: int) -> dict:
    """Return which intervals from a few trainings (lines) and new examples (columns) contain the mean of all values."""
    found, (seeds, total) = {row: [] for row in INTERVALS}, values.shape
    by_example = rng.multinomial(total, [1 / total] * total, 200) / total
    for _ in range(draws):
        columns, by_seed = rng.integers(total, size=total), rng.multinomial(count, [1 / count] * count, 200) / count
        drawn = values[rng.integers(seeds, size=count)][:, columns]
        low, high = np.quantile(((by_seed @ drawn) * by_example).sum(axis=1), (0.025, 0.975))
        for row, (center, size) in (intervals(drawn) | {"bootstrap": ((low + high) / 2, (high - low) / 2)}).items():
            found[row].append(abs(center - np.mean(values[:, columns] if row == "same_examples" else values)) <= size)
    return found


def intervals(drawn: np.ndarray) -> dict:
    """Return the centre and half the width of intervals; that of the deviation does not claim to be one of 95 %."""
    (count, total), mean, one = drawn.shape, drawn.mean(), drawn[0]
    seeds, examples = drawn.mean(axis=1).var(ddof=1) / count, drawn.mean(axis=0).var(ddof=1) / total
    freedom = (seeds + examples) ** 2 / (seeds**2 / (count - 1) + examples**2 / (total - 1))
    both, few, many = stats.t.ppf(0.975, [freedom, count - 1, total - 1])
    found = dict.fromkeys(("seeds", "same_examples"), (mean, few * seeds**0.5))
    found |= {"both": (mean, both * (seeds + examples) ** 0.5), "deviation": (mean, (count * seeds) ** 0.5)}
    return found | {"one": (one.mean(), many * (one.var(ddof=1) / total) ** 0.5)}


def wrong(count: int, one: np.ndarray, other: np.ndarray, rng, draws: int) -> dict:
    """Return whether the worse of two methods has the higher mean of a few trainings; a tie counts half."""
    (worse, better), draw, total = sorted((one, other), key=np.mean), np.arange(draws)[:, None], one.shape[1]
    examples, others = rng.multinomial(total, [1 / total] * total, (2, draws)) / total
    rows, new = rng.integers(len(one), size=(2, draws, count))
    ways, low = ((rows, examples), (new, examples), (new, others)), (worse @ examples.T)[rows, draw].mean(axis=1)
    gaps = [(better @ mix.T)[lines, draw].mean(axis=1) - low for lines, mix in ways]
    return {way: (1 - np.sign(gap.round(9))) / 2 for way, gap in zip(WAYS, gaps, strict=True)}


def lead(count: int, hits: np.ndarray, valid: np.ndarray, rng, draws: int) -> dict:
    """Return how far the best of a few lies above the mean of all: where it was best, and on other test examples."""
    rows, draw = rng.integers(len(hits), size=(draws, count)), np.arange(draws)
    part = rng.permuted(np.arange(hits.shape[1]) % 2 + np.zeros((draws, 1)), axis=1).T
    half, rest = ((scores - scores.mean(axis=0)) / (len(part) / 2) for scores in (hits @ part, hits @ (1 - part)))
    best, checked = rows[draw, half[rows, draw[:, None]].argmax(axis=1)], rows[draw, valid[rows].argmax(axis=1)]
    return {"same": half[best, draw], "other": rest[best, draw], "validated": rest[checked, draw]}


COVERED = Score("intervals with the truth", PERCENT, format=".1f", margin=0.01, has_direction=False)
WRONG = Score("the worse is named", PERCENT, higher_is_better=False, format=".1f")
ABOVE = Score("above the mean of all", PERCENT, bounds=(-1, 1), has_direction=False)
SPREAD = Score("standard deviation", PERCENT, has_direction=False)
PANELS = {"number": (COVERED, INTERVALS), "width": (WRONG, WAYS), "average": (WRONG, WAYS)}
PANELS |= {"difference": (COVERED, INTERVALS), "best": (ABOVE, ("same", "other", "validated"))}
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={name: Panel(*panel, x_axis="trainings (seeds)", logarithmic=True) for name, panel in PANELS.items()}
    | {"spread": Panel(SPREAD, (*SOURCES, "seed", "examples")), "accuracy": Panel(ACCURACY, (*UNITS, "averaged"))},
    claims=(
        Claim("number", "seeds", 0.95, "yes", better=False, at="5"),
        Claim("difference", "both", 0.95, "yes", at="5"),
        Claim("average", "paired", "other_seeds", "yes", at="5"),
        Claim("width", "paired", "other_seeds", "undecided", at="5"),
        Claim("number", "one", "seeds", "undecided", at="5"),
        Claim("difference", "bootstrap", "both", "yes", better=False, at="5"),
        Claim("best", "other", 0.0, "yes", at="10"),
        Claim("spread", "cut", "seed", "yes", better=False),
        Claim("accuracy", "large", "small", "yes"),
    ),
    seeds=tuple(range(10)),
    quick={"trainings": 3, "variants": 3, "draws": 50, "rates": (1.8,)},
    recheck_options={"sources": ()},
    main_panels=("number", "width"),
)
