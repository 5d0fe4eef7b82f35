"""Question 3: why does a network need a loss function, and which one?

python -m recipes.faq loss_functions
"""

import functools

import numpy as np

from recipes.faq import _retraining, _tuning
from recipes.faq._experiment import ACCURACY, Claim, Experiment, Panel, Score, Unit

ROWS = ("cross_entropy", "squared", "squared_softmax", "absolute", "absolute_softmax")
HIDDEN_UNITS = {"mnist": (512,), "mnist1d": (256, 256)}
EPOCHS = {"mnist": 8, "mnist1d": 15}
TITLES = {"mnist": "MNIST", "mnist1d": "MNIST-1D"}
RATES = (0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03)
SHARES = (0, 0.05, 0.1, 0.2, 0.3)
PULLS = {
    "squared": lambda distance: 1 + 0 * distance,
    "huber": lambda distance: 1 / distance.clip(1),
    "absolute": lambda distance: 1 / distance.clip(1e-4),
}
"""Loss to the weight of an example in least squares: its derivative by the residual, divided by the residual."""


def choose(*, rates=RATES, **options) -> dict:
    """Return the validation accuracy of each loss with each learning rate, on each data set."""
    rows = {f"{row}@{title}": (name, row) for name, title in TITLES.items() for row in ROWS}
    return _tuning.search(rows, rates, lambda key, rate: accuracy(*rows[key], rate, "valid", 100, **options))


def measure(
    seed: int, choice: dict, *, rates=RATES, rows=ROWS, panels=("mnist", "mnist1d", "spoiled"), **options
) -> dict:
    """Return the test accuracy with each loss, and the error of linear models where some targets are spoiled.

    `rates` are those of `choose`, which has the same options.
    """
    scores = {}
    for name in [name for name in TITLES if name in panels]:
        best = {row: _tuning.best(choice[f"{row}@{TITLES[name]}"]) for row in rows}
        scores[name] = {row: accuracy(name, row, rate, "test", seed, **options) for row, rate in best.items()}
    return scores | ({"spoiled": spoiled_errors(seed)} if "spoiled" in panels else {})


def accuracy(name, row, rate, part, seed, *, limit: int = 5000, epochs: dict = EPOCHS, eager: bool = False) -> float:
    """Train on one-hot targets with one loss, and return the accuracy on a part."""
    options = {"learning_rate": rate, "epochs": epochs[name], "batch_size": 125, "seed": seed}
    return _retraining.accuracy_after(trainer(name, row, eager), one_hot(name, limit, seed), part, **options)


@functools.lru_cache(maxsize=2)
def one_hot(name: str, limit: int, seed: int):
    """Return a data set with one-hot targets, which the trainings of a seed read only once."""
    import keras

    from dlguide import data

    splits = data.load(name, limit=limit, seed=seed)
    parts = [data.Part(x, keras.utils.to_categorical(y, 10)) for x, y in splits[:3]]
    return data.Splits(*parts, splits.info)


@functools.cache
def trainer(name: str, row: str, eager: bool):
    """Return what trains a network with the row's loss, after a softmax where the row's name says so."""
    import keras

    from dlguide import mlp

    def build():
        model = mlp({"mnist": (28, 28, 1), "mnist1d": (40, 1)}[name], 10, hidden_units=HIDDEN_UNITS[name])
        return keras.Sequential([model, keras.layers.Softmax()]) if row.endswith("softmax") else model

    losses = {"squared": "mse", "absolute": "mae"}
    loss = losses.get(row.split("_")[0], keras.losses.CategoricalCrossentropy(from_logits=True))
    metric = keras.metrics.CategoricalAccuracy(name="accuracy")
    return _retraining.trainer(build, "adam", loss, metrics=(metric,), run_eagerly=eager)


def spoiled_errors(seed: int) -> dict:
    """Return the test error of the linear model with the least loss, for each loss and share of spoiled targets."""
    from dlguide import data

    cars = data.load("auto_mpg", seed=seed)
    order = np.random.default_rng(seed).permutation(len(cars.train.y))
    errors = {row: {} for row in PULLS}
    for share in SHARES:
        y = cars.train.y.astype("float64")
        y[order[: round(share * len(y))]] *= 10
        for row, pull in PULLS.items():
            predicted = linear_model(cars.train.x, y, pull)(cars.test.x)
            errors[row][f"{share:g}"] = float(np.abs(predicted - cars.test.y).mean())
    return errors


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


SPOILED = "share of training targets that are spoiled (× 10)"
ERROR = Score("mean absolute test error", Unit("mpg"), higher_is_better=False, logarithmic=True)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "spoiled": Panel(ERROR, tuple(PULLS), reference="squared", curve=SPOILED),
        "mnist": Panel(ACCURACY, ROWS, reference="cross_entropy"),
        "mnist1d": Panel(ACCURACY, ROWS, reference="cross_entropy"),
    },
    claims=(
        Claim("mnist", "squared", "cross_entropy", "no", better=False, known="same"),
        Claim("mnist1d", "squared", "cross_entropy", "same", better=False, known="no same"),
        Claim("mnist1d", "absolute_softmax", "cross_entropy", "yes", better=False, known="yes"),
        Claim("spoiled", "absolute", "squared", "yes", at="0.1", known="yes"),
    ),
    quick={"rates": (0.003,), "limit": 20, "epochs": {"mnist": 1, "mnist1d": 1}, "eager": True},
    check={"panels": ("mnist1d", "spoiled"), "rows": ("cross_entropy", "squared")},
)
