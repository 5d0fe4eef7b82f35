"""Question 3: why does a network need a loss function, and which one? `python -m questions loss_functions`"""

import functools

import keras
import numpy as np

from dlguide import data, mlp
from questions import _retraining, _tuning
from questions._experiment import ACCURACY, Claim, Experiment, Panel, Score, Unit

SETS = {
    "mnist": ("cross_entropy", "squared", "absolute_softmax"),
    "mnist1d": ("cross_entropy", "squared", "squared_softmax", "absolute", "absolute_softmax"),
}
SHAPES = {"mnist": (28, 28, 1), "mnist1d": (40, 1)}
EPOCHS = {"mnist": 8, "mnist1d": 15}
TITLES = {"mnist": "MNIST", "mnist1d": "MNIST-1D"}
KEYS = {f"{row}@{TITLES[name]}": (name, row) for name, rows in SETS.items() for row in rows}
LOSSES = {"squared": "mse", "absolute": "mae", "cross": keras.losses.CategoricalCrossentropy(from_logits=True)}
RATES = (0.0001, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016)
SHARES = (0, 0.05, 0.1, 0.2, 0.3)
NOISES = ("normal", "laplace")
PULLS = {
    "squared": lambda distance: 1 + 0 * distance,
    "huber": lambda distance: 1 / distance.clip(1),
    "absolute": lambda distance: 1 / distance.clip(1e-4),
}
"""Loss to the weight of an example in least squares: its derivative by the residual, divided by the residual."""
SPOILED_ROWS = (*PULLS, "removed")


def choose(*, rates=RATES, **options) -> dict:
    """Return the validation accuracy of each loss with each learning rate, on each data set."""
    return _tuning.search(KEYS, rates, hits, "valid", **options)


def measure(seed: int, best: dict, *, rows=SETS["mnist1d"], sets=tuple(SETS), draws: int = 200, **options) -> dict:
    """Return the test hits with each loss, and the errors of linear models with wrong targets and with noise.

    `draws` is the number of lines with noise.
    """
    scores = {"spoiled": spoiled_errors(seed), "noise": slope_errors(seed, draws)}
    for key, (name, row) in KEYS.items():
        if name in sets and row in rows:
            scores.setdefault(name, {})[row] = hits(key, best[key], seed, "test", **options)
    return scores


def hits(key, rate, seed, part, *, limit: int = 5000, epochs: dict = EPOCHS, eager: bool = False, **_) -> np.ndarray:
    """Train on one-hot targets with one loss, and return for each example of a part whether the class is right."""
    name, row = KEYS[key]
    train = _retraining.trainer(network, name, row, loss=LOSSES[row.split("_")[0]], metrics=(), run_eagerly=eager)
    options = {"learning_rate": rate, "epochs": epochs[name], "batch_size": 125, "seed": seed}
    return _retraining.hits_after(train, with_one_hot_targets(name, limit, seed), part, **options)


@functools.lru_cache(maxsize=6)
def with_one_hot_targets(name: str, limit: int, seed: int):
    """Return a data set whose training set has one-hot targets; the trainings of a seed read it only once."""
    splits = data.load(name, limit=limit, seed=seed)
    train = data.Part(splits.train.x, keras.utils.to_categorical(splits.train.y, 10))
    return splits._replace(train=train, test=data.load(name).test)  # The same test examples for all seeds.


def network(name: str, row: str):
    """Return a new network, with a softmax where the row's name says so."""
    model = mlp(SHAPES[name], 10)  # Its default width, for every loss and both data sets.
    return keras.Sequential([model, keras.layers.Softmax()]) if row.endswith("softmax") else model


def spoiled_errors(seed: int) -> dict:
    """Return the error on each test car of the linear model with the least loss, by loss and share of wrong targets.

    The row "removed" has the squared error without the targets that are far from the median of all.
    """
    cars = data.load("auto_mpg", seed=seed)
    order = np.random.default_rng(seed).permutation(len(cars.train.y))
    errors = {row: {} for row in SPOILED_ROWS}
    for share in SHARES:
        y = cars.train.y.astype("float64")
        y[order[: round(share * len(y))]] *= 10
        distance = np.abs(y - np.median(y))
        for row in SPOILED_ROWS:
            kept = distance <= (3.5 * np.median(distance) if row == "removed" else np.inf)
            predicted = linear_model(cars.train.x[kept], y[kept], PULLS.get(row, PULLS["squared"]))(cars.test.x)
            errors[row][f"{share:g}"] = np.abs(predicted - cars.test.y)
    return errors


def slope_errors(seed: int, draws: int) -> dict[str, float]:
    """Return the root mean squared error of the slope of lines through 100 points with noise of two kinds."""
    rng, x = np.random.default_rng(seed), np.linspace(-1, 1, 100)[:, None]
    ends, found = np.array([[-1.0], [1.0]]), {}
    for noise in NOISES:
        slopes = {row: [] for row in ("squared", "absolute")}
        for _ in range(draws):
            # Both kinds of noise have the variance 1; the true slope is 0, as good as any other one.
            y = rng.normal(0, 1, 100) if noise == "normal" else rng.laplace(0, 0.5**0.5, 100)
            for row, own in slopes.items():
                own.append(np.diff(linear_model(x, y, PULLS[row], steps=100)(ends)) / 2)
        found |= {f"{noise}_{row}": float(np.mean(np.square(own)) ** 0.5) for row, own in slopes.items()}
    return found


def linear_model(x, y, pull, steps: int = 300):
    """Return the linear model with the least loss: weighted least squares, weighted anew by each step's residuals."""
    mean, scale = x.mean(axis=0), x.std(axis=0)

    def columns(x):
        return np.column_stack([np.ones(len(x)), (x - mean) / scale]).astype("float64")

    z, weights = columns(x), np.ones(len(y))
    for _ in range(steps):
        root = np.sqrt(weights)
        coefficients = np.linalg.lstsq(z * root[:, None], y * root)[0]
        weights = pull(np.abs(y - z @ coefficients))
    return lambda x: columns(x) @ coefficients


SPOILED = "share of training targets that are wrong (× 10)"
ERROR = Score("mean absolute test error", Unit("mpg"), higher_is_better=False, logarithmic=True)
SLOPE = Score("error of the slope", higher_is_better=False, format=".3f", is_ratio=True)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "spoiled": Panel(ERROR, SPOILED_ROWS, x_axis=SPOILED),
        "noise": Panel(SLOPE, tuple(f"{noise}_{row}" for noise in NOISES for row in ("squared", "absolute"))),
        "mnist": Panel(ACCURACY, SETS["mnist"]),
        "mnist1d": Panel(ACCURACY, SETS["mnist1d"]),
    },
    claims=(
        Claim("spoiled", "absolute", "squared", "given", at="0.1"),
        Claim("mnist1d", "squared_softmax", "cross_entropy", "undecided", better=False),
        Claim("mnist", "squared", "cross_entropy", "no within", better=False),
        Claim("mnist1d", "squared", "cross_entropy", "undecided", better=False),
        Claim("mnist1d", "absolute_softmax", "cross_entropy", "yes", better=False),
        Claim("noise", "laplace_absolute", "laplace_squared", "given"),
        Claim("noise", "normal_absolute", "normal_squared", "given", better=False),
    ),
    quick={"rates": (0.003,), "limit": 20, "epochs": {"mnist": 1, "mnist1d": 1}, "draws": 2, "eager": True},
    recheck_options={"sets": ("mnist1d",), "rows": ("cross_entropy", "squared")},
    seeds=tuple(range(10)),
    # Absolute error: all outputs near 0 are best, with any rate; no claim compares this row. Cross-entropy: in an
    # earlier run its validation accuracy was 0.08 lower with the rate 0.03 than with 0.01.
    rows_allowed_at_grid_edge=("absolute@MNIST-1D", "cross_entropy@MNIST-1D"),
    main_panels=("spoiled", "mnist1d"),
)
