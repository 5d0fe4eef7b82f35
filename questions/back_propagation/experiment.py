"""Question 25: why can back-propagation compute all gradients at once? `python -m questions back_propagation`"""

import statistics
import time
import tracemalloc

import numpy as np

from questions import _network, _tuning
from questions._experiment import ACCURACY, NATS, NUMBER, Claim, Experiment, Panel, Score, Unit

HIDDEN = (2, 8, 32, 128, 512)  # Units of the one hidden layer where the time is measured.
SIZES = (40, 32, 10)  # Inputs, hidden units, classes where the error and the training are.
STEPS = tuple(f"1e-{k}" for k in range(1, 13))  # Of the differences.
DEPTHS = (1, 2, 4, 8, 16, 32)
TRAINED = ("together", "backward")
GRID = (0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10)
PASSES = 3000
COST = {"together": 2, "backward": 3}  # Losses that a step of training takes as long as.


def measure(seed: int, best: dict, *, hidden=HIDDEN, steps=STEPS, depths=DEPTHS, passes=PASSES, limit=1500) -> dict:
    """Return the time of all derivatives, the error of differences, the memory, and the results of two trainings."""
    train, _, (x, y) = _network.mnist1d(seed, limit)
    few = train[0][:100].astype(float), train[1][:100]
    scores = {"time": {"differences": {}, "backward": {}, "loss": {}}, "memory": {"backward": {}, "loss": {}}}
    for units in hidden:
        weights, sizes = drawn((40, units, 10), seed)
        scores["time"]["loss"][str(len(weights))] = processor_seconds(loss, weights, sizes, few)
        scores["time"]["backward"][str(len(weights))] = processor_seconds(backward, weights, sizes, few)
        scores["time"]["differences"][str(len(weights))] = processor_seconds(differences, weights, sizes, few, 1e-6)
    scores["error"] = errors(few, seed, steps)
    for depth in depths:
        weights, sizes = drawn((40, *[64] * depth, 10), seed)
        for row, function in (("loss", loss), ("backward", backward)):
            scores["memory"][row][str(depth)] = peak(function, weights, sizes, few)
    ends = {row: trained(row, best[row], train, passes, seed) for row in TRAINED if passes}
    scores["training"] = {row: _network.scores(_network.layers(w, SIZES), *train)[0] for row, w in ends.items()}
    hits = {row: _network.outputs(_network.layers(w, SIZES), x)[-1].argmax(axis=1) == y for row, w in ends.items()}
    return {**scores, "accuracy": hits}


def choose(*, passes: int = PASSES, limit: int = 1500, **_) -> dict:
    """Return the lowest training loss, which is what is compared, with each learning rate."""

    def training_loss(row, rate, seed):
        train = _network.mnist1d(seed, limit)[0]
        return min(_network.scores(_network.layers(trained(row, rate, train, passes, seed), SIZES), *train)[0], 100.0)

    return _tuning.search(TRAINED, GRID, training_loss)


def drawn(sizes: tuple, seed: int) -> tuple[np.ndarray, tuple]:
    """Return first weights in double precision, and the sizes of their layers."""
    return _network.new_weights(sizes, np.random.default_rng(seed)).astype(float), sizes


def loss(weights: np.ndarray, sizes: tuple, part: tuple) -> float:
    """Return the cross-entropy; each layer's output replaces the one before."""
    (x, y), layers = part, _network.layers(weights, sizes)
    for kernel, bias in layers[:-1]:
        x = x @ kernel
        x += bias
        np.maximum(x, 0, out=x)
    return -_network.log_softmax(x @ layers[-1][0] + layers[-1][1])[np.arange(len(y)), y].mean()


def backward(weights: np.ndarray, sizes: tuple, part: tuple) -> np.ndarray:
    """Return all derivatives by back-propagation."""
    return _network.gradient(_network.layers(weights, sizes), *part)


def differences(weights: np.ndarray, sizes: tuple, part: tuple, step: float, places=None) -> np.ndarray:
    """Return (L(w + step) - L(w)) / step for each weight, or for those at some places."""
    now, changed, found = loss(weights, sizes, part), weights.copy(), []
    for place in range(len(weights)) if places is None else places:
        changed[place] += weights.dtype.type(step)
        found.append((loss(changed, sizes, part) - now) / step)
        changed[place] = weights[place]
    return np.array(found)


def processor_seconds(function, *arguments) -> float:
    """Return the median processor time of a call: one of more than 0.2 s, or as many as take 0.2 s."""
    times, start = [], time.process_time()
    while time.process_time() - start < 0.2:
        before = time.process_time()
        function(*arguments)
        times.append(time.process_time() - before)
    return statistics.median(times)


def peak(function, *arguments) -> float:
    """Return the most memory that a call holds at once, in bytes."""
    tracemalloc.start()
    function(*arguments)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return float(most)


def errors(part: tuple, seed: int, steps) -> dict:
    """Return the error of 100 derivatives relative to back-propagation in double precision, by the step."""
    weights, sizes = drawn(SIZES, seed)
    places = np.random.default_rng(seed).choice(len(weights), 100, replace=False)
    exact = backward(weights, sizes, part)[places]
    single = weights.astype("float32"), sizes, (part[0].astype("float32"), part[1])

    def relative(found: np.ndarray) -> float:
        return max(float(np.linalg.norm(found - exact) / np.linalg.norm(exact)), 1e-16)

    def both_sides(values, step):
        return (differences(*values, step, places) + differences(*values, -step, places)) / 2

    found = {row: {} for row in ("single", "one_side", "both_sides", "backward")}
    for step in steps:
        found["single"][step] = relative(differences(*single, float(step), places))
        found["one_side"][step] = relative(differences(weights, sizes, part, float(step), places))
        found["both_sides"][step] = relative(both_sides((weights, sizes, part), float(step)))
        found["backward"][step] = relative(backward(*single)[places])
    return found


def trained(row: str, rate: float, train: tuple, passes: int, seed: int) -> np.ndarray:
    """Return the weights with the lowest loss among as many steps as fit into a number of passes.

    `together` changes all weights at once by random signs, forwards and backwards: two losses (Spall, 1992).
    """
    rng = np.random.default_rng(seed)
    weights = _network.new_weights(SIZES, rng)
    best, lowest = weights.copy(), _network.scores(_network.layers(weights, SIZES), *train)[0]
    for _ in range(passes // COST[row]):
        if row == "backward":
            _network.descend(weights, SIZES, [train], rate)
        else:
            signs = rng.choice(np.array([-0.01, 0.01], "float32"), len(weights))
            change = (loss(weights + signs, SIZES, train) - loss(weights - signs, SIZES, train)) / 2
            if not np.isfinite(change):  # The learning rate is too large.
                break
            weights -= np.float32(rate * change) / signs
        found = _network.scores(_network.layers(weights, SIZES), *train)[0]
        if found < lowest:
            best, lowest = weights.copy(), found
    return best


TIME = Score("time", Unit("milliseconds", 1000.0), False, ",.3g", logarithmic=True, margin=0.1, is_ratio=True)
ERROR = Score("relative error", NUMBER, False, ".1e", logarithmic=True, is_ratio=True)
MEMORY = Score("memory", Unit("megabytes", 1e-6), False, ".3g", is_ratio=True)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "time": Panel(TIME, ("differences", "backward", "loss"), x_axis="number of weights", logarithmic=True),
        "error": Panel(ERROR, ("single", "one_side", "both_sides", "backward"), x_axis="step h", logarithmic=True),
        "memory": Panel(MEMORY, ("backward", "loss"), x_axis="hidden layers", logarithmic=True),
        "training": Panel(Score("training loss", NATS, higher_is_better=False, margin=0.05), TRAINED),
        "accuracy": Panel(ACCURACY, TRAINED),
    },
    claims=(
        Claim("time", "backward", "differences", "given", at="26122"),
        Claim("error", "backward", "single", "yes", at="1e-3"),
        Claim("memory", "backward", "loss", "given", at="32", better=False),
        Claim("training", "backward", "together", "yes"),
        Claim("time", "backward", "loss", "given", at="26122", better=False),
        Claim("accuracy", "backward", "together", "yes"),
        Claim("error", "both_sides", "backward", "yes", at="1e-5"),
    ),
    quick={"hidden": (2,), "steps": ("1e-2", "1e-6"), "depths": (1, 4), "passes": 12, "limit": 100},
    recheck_options={"hidden": (), "steps": ("1e-3", "1e-2"), "depths": (), "passes": 0},
    seeds=tuple(range(10)),
    main_panels=("time", "error"),
    lower_is_chosen=True,
)
