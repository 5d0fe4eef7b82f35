"""Question 32: how many layers and units? `python -m questions network_size`"""

import itertools

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier as Trees

from questions import _network, _schedules, _tuning
from questions._experiment import ACCURACY, Claim, Experiment, Panel

BATCH, STEPS, ALL, WRONG = 100, 700, 3500, 0.15  # All examples; share of wrong labels.
COUNTS, RATES = (500, 2000, 10_000, 50_000), (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)  # Weights at most, biases included.
WIDTHS = {"1_layer": (9, 39, 195, 980), "2_layers": (8, 25, 77, 199), "4_layers": (6, 18, 49, 120)}  # Of each layer.
UNITS, SIZES = (4, 16, 64, 256), (8, 16, 32, 64, 128, 256)  # Of two hidden layers; the last one is the large network.
NETWORKS = {f"{k}@weights, {n}": (int(k[0]) * [WIDTHS[k][i]], ALL) for k in WIDTHS for i, n in enumerate(COUNTS)}
NETWORKS |= {f"units_{n}@amount, {count}": ([n, n], count) for n in UNITS for count in (100, 1000, ALL)}
NETWORKS |= {f"wrong_{n}": ([n, n], ALL) for n in SIZES}
FEATURES, FEW = (10, 50, 100, 200, 400, 500, 1000, 5000), 500  # Random features; their training examples.
FITS = ("train", "none", "ridge", "stopped")
GRIDS = {"ridge": (0.0001, 0.001, 0.01, 0.1, 1, 10), "stopped": (10, 100, 1000, 1e4, 1e5, 1e6), "early": RATES}
GRIDS |= {"penalty": (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03), "trees": (2, 5, 10, 20, 30, 40)}
GRIDS |= {"few": (10, 25, 50, 100, 200, 400)}


def parts(seed: int, count: int, has_wrong: bool) -> dict:
    """Return the sets, so many training examples; wrong labels are in the training and in the validation set."""
    rng, (train, valid, test) = np.random.default_rng(seed), _network.mnist1d(seed)
    rows = rng.permutation(len(train[1]))[:count]
    found = {"train": (train[0][rows], train[1][rows]), "valid": valid, "test": test}
    for name, (x, y) in [*found.items()][: 2 * has_wrong]:
        found[name] = x, np.where(rng.random(len(y)) < WRONG, (y + rng.integers(1, 10, len(y))) % 10, y)
    return found


def network_answers(units: list, sets: dict, x, seed: int, rate: float, steps: int, penalty: float, is_early: bool):
    """Train with Adam and a falling rate; early stopping takes the weights with the most validation hits."""
    sizes, looks, number, a_pass = (40, *units, 10), [], itertools.count(), len(sets["train"][1]) // BATCH
    weights = _network.new_weights(sizes, np.random.default_rng(seed))
    views = _network.layers(weights, sizes)

    def gradient(views, x, y):
        if is_early and next(number) % a_pass == 0:  # After each pass.
            looks.append((_network.scores(views, *sets["valid"])[1], weights.copy()))
        return _network.gradient(views, x, y) + 2 * penalty * weights

    options = {"optimizer": "adam", "schedule": "cosine", "rate": rate, "batch_size": BATCH, "seed": seed}
    _schedules.train(weights, views, gradient, (sets["train"], sets["valid"]), passes=steps // a_pass, **options)
    weights[:] = max(looks, key=lambda look: look[0])[1] if is_early else weights
    return _network.outputs(views, x)[-1].argmax(axis=1)


def feature_answers(row: str, count: int, setting: float, sets: dict, x, seed: int):
    """Fit weights of random features: the smallest of least squares, with a penalty, or after steps of descent."""
    rng, (train, y) = np.random.default_rng((seed, count)), sets["train"]
    kernel, bias = rng.normal(size=(40, count)) / 40**0.5, rng.uniform(-1, 1, count)
    train, x = (np.maximum(inputs @ kernel + bias, 0) / count**0.5 for inputs in (train, x))
    left, values, right = np.linalg.svd(train, full_matrices=False)
    stopped = (1 - (1 - (values / values[0]) ** 2) ** setting) / values
    factors = {"ridge": values / (values**2 + setting), "stopped": stopped}.get(row, 1 / values)
    return (x @ (right.T @ (factors[:, None] * (left.T @ (np.eye(10)[y] - 0.1))))).argmax(axis=1)


def hits(key: str, setting: float, seed: int, part: str, best=None, limit: int = ALL, steps: int = STEPS):
    """Fit what a key names with a setting; return which examples of a part are right."""
    (row, _, place), large = key.partition("@"), f"wrong_{SIZES[-1]}"
    name = {"size": f"wrong_{setting:g}", "penalty": large, "early": large}.get(row, key)
    units, count = NETWORKS.get(name, ([], ALL if row == "trees" else FEW))
    sets = parts(seed, min(count, limit), not place or "features" in place)
    x, y = sets["train" if row == "train" else part]
    if key in ("ridge", "stopped"):
        return np.concatenate([hits(f"{key}@features, {n}", setting, seed, part, limit=limit) for n in FEATURES])
    if row == "trees":
        return Trees(200, max_features=int(setting), random_state=seed).fit(*sets["train"]).predict(x) == y
    if not units:
        return feature_answers(row, int(place.split(", ")[1] if place else setting), setting, sets, x, seed) == y
    rate, penalty = best[name] if row in ("size", "penalty") else setting, setting if row == "penalty" else 0
    return network_answers(units, sets, x, seed, rate, steps, penalty, row == "early") == y


def choose(*, tries: int = 6, **options) -> dict:
    """Return the validation accuracy of each network, number of features and rival with each of its settings."""
    found = _tuning.search(NETWORKS, RATES[:tries], hits, "valid", **options)
    found["size"] = {str(units): max(found[f"wrong_{units}"].values()) for units in SIZES}
    for key, grid in GRIDS.items():
        found |= _tuning.search([key], grid[:tries], hits, "valid", _tuning.all_best(found), **options)
    return found


def measure(seed: int, best: dict, *, panels=("weights", "amount", "features", "choice"), tries=0, **options) -> dict:
    """Return the hits on the test set, and in one row on the training set."""
    scores = {name: {row: {} for row in panel.rows if panel.x_axis} for name, panel in EXPERIMENT.panels.items()}
    features = {f"{row}@features, {n}": best.get(row, 0) for row in FITS for n in FEATURES}
    for key, setting in (best | features).items():
        row, _, place = key.partition("@")
        panel, _, at = place.partition(", ")
        if panel in panels:
            scores[panel][row][at] = hits(key, setting, seed, "test", **options)
    if "features" in panels:
        none, few = scores["features"]["none"], hits("few", best["few"], seed, "test", **options)
        scores["peak"] = {"few": few, "none_500": none["500"], "none_5000": none["5000"]}
    for row in EXPERIMENT.panels["choice"].rows if "choice" in panels else ():
        scores["choice"][row] = hits(row, best[row], seed, "test", best, **options)
    return scores


EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "amount": Panel(ACCURACY, tuple(f"units_{n}" for n in UNITS), x_axis="training examples", logarithmic=True),
        "features": Panel(ACCURACY._replace(name="accuracy"), FITS, x_axis="features", logarithmic=True),
        "weights": Panel(ACCURACY, tuple(WIDTHS), x_axis="weights", logarithmic=True),
        "peak": Panel(ACCURACY, ("few", "none_500", "none_5000")),
        "choice": Panel(ACCURACY, ("size", "penalty", "early", "trees")),
    },
    claims=(
        Claim("amount", "units_256", "units_16", "yes", at="3500"),
        Claim("peak", "none_500", "none_5000", "yes", better=False),
        Claim("choice", "penalty", "size", "yes"),
        Claim("amount", "units_256", "units_16", "no", better=False, at="100"),
        Claim("weights", "2_layers", "1_layer", "no", at="50000"),
        Claim("weights", "4_layers", "2_layers", "undecided", at="50000"),
        Claim("peak", "none_5000", "few", "yes"),
        Claim("choice", "trees", "penalty", "yes"),
    ),
    seeds=tuple(range(10)),
    quick={"limit": 100, "steps": 1, "tries": 1},
    recheck_options={"panels": ("amount",)},
    chosen="setting",
    rows_allowed_at_grid_edge=("size", "trees"),  # Larger takes long; 40 are all inputs.
    main_panels=("amount", "features"),
    adjust=lambda figure, _: figure.axes[1].get_xticklabels()[4].set_visible(False),  # 400 would lie on 500.
)
