"""Question 22: what is a linear model of one variable good for? `python -m questions linear_model`"""

import numpy as np
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from questions import _figure, _retraining
from questions._experiment import Claim, Experiment, Panel, Score, Unit

COUNTS = (10, 20, 40, 80, 160)
SCALES = ("standard", "thousands", "pounds")
STEPS = (1, 10, 100, 1000, 10_000)
PENALTIES = np.logspace(-3, 3, 13)


def measure(seed: int, *, counts=COUNTS, draws: int = 100, resamples: int = 200, steps=STEPS) -> dict:
    """Return the errors of straight lines on cars and on hours of bicycle hire, and the standard error of a slope."""
    mpg = _retraining.loaded("auto_mpg", None, seed)
    column = mpg.info.feature_names.index("weight")
    (x, miles), (test_x, truth) = (
        (part.x.astype("float64"), part.y.astype("float64")) for part in (mpg.train, mpg.test)
    )
    weight, test_weight = x[:, column], test_x[:, column]
    slope, intercept = line(weight, miles)
    predictions = {
        "mean": miles.mean(),
        "line": intercept + slope * test_weight,
        "parabola": np.polynomial.Polynomial.fit(weight, miles, 2)(test_weight),
        "seven": LinearRegression().fit(x, miles).predict(test_x),
    }
    return {
        "cars": {row: np.abs(guess - truth) for row, guess in predictions.items()},
        "slope": standard_errors(weight / 1000, miles, counts, draws, resamples, seed),
        "few": few_errors(mpg, column, counts, draws, seed),
        "hours": hires(_retraining.loaded("bikeshare", None, seed)),
        "steps": {row: descent(row, weight, miles, steps) for row in SCALES},
    }


def line(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return slope and intercept of the least-squares line; of several samples at once, one a row of `x` and `y`."""
    x_mean, y_mean = x.mean(axis=-1, keepdims=True), y.mean(axis=-1, keepdims=True)
    slope = ((x - x_mean) * (y - y_mean)).sum(axis=-1) / ((x - x_mean) ** 2).sum(axis=-1)
    return slope, y_mean[..., 0] - slope * x_mean[..., 0]


def standard_errors(x, y, counts, draws: int, resamples: int, seed: int) -> dict:
    """Return the standard error of the slope for samples of some cars, drawn with replacement, in three ways."""
    rng = np.random.default_rng(seed)
    errors = {row: {} for row in ("formula", "bootstrap", "fresh")}
    for n in counts:
        drawn = rng.integers(len(x), size=(draws, n))
        own_x, own_y = x[drawn], y[drawn]
        slope, intercept = line(own_x, own_y)
        rest = own_y - intercept[:, None] - slope[:, None] * own_x
        spread = ((own_x - own_x.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        again = rng.integers(n, size=(draws, resamples, n))
        boot = line(np.take_along_axis(own_x[:, None], again, 2), np.take_along_axis(own_y[:, None], again, 2))[0]
        fresh = rng.integers(len(x), size=(5 * resamples, n))
        errors["formula"][str(n)] = float(np.mean(((rest**2).sum(axis=1) / (n - 2) / spread) ** 0.5))
        errors["bootstrap"][str(n)] = float(boot.std(axis=1, ddof=1).mean())
        errors["fresh"][str(n)] = float(line(x[fresh], y[fresh])[0].std(ddof=1))
    return errors


def few_errors(mpg, column: int, counts, draws: int, seed: int) -> dict:
    """Return the error on each test car of models of a few cars: the median over several draws."""
    rng = np.random.default_rng(seed)
    x, y = mpg.train.x.astype("float64"), mpg.train.y.astype("float64")
    errors = {row: {} for row in ("mean", "line", "seven", "seven_penalty")}
    # The penalty is chosen inside the few cars: each is left out once.
    ridge = make_pipeline(StandardScaler(), RidgeCV(PENALTIES))
    for n in counts:
        guesses = {row: [] for row in errors}
        for _ in range(draws):
            own = rng.permutation(len(x))[:n]
            slope, intercept = line(x[own, column], y[own])
            guesses["mean"].append(np.full(len(mpg.test.y), y[own].mean()))
            guesses["line"].append(intercept + slope * mpg.test.x[:, column])
            for row, model in {"seven": LinearRegression(), "seven_penalty": ridge}.items():
                guesses[row].append(model.fit(x[own], y[own]).predict(mpg.test.x))
        for row, own in guesses.items():
            errors[row][str(n)] = np.median(np.abs(np.stack(own) - mpg.test.y), axis=0)
    return errors


def hires(bikes) -> dict[str, np.ndarray]:
    """Return the error on each test day, the mean of its hours, of a line of the hour and of the mean of each hour."""
    names = bikes.info.feature_names
    hours = [i for i, name in enumerate(names) if name.startswith("hr=")]
    hour, test_hour = (part.x[:, hours].argmax(axis=1) for part in (bikes.train, bikes.test))
    slope, intercept = line(hour.astype("float64"), bikes.train.y.astype("float64"))
    means = np.array([bikes.train.y[hour == h].mean() for h in range(24)])
    guesses = {"hour_line": intercept + slope * test_hour, "hour_means": means[test_hour]}
    # The hours of a day are alike, so days are the examples: one begins where the hour falls.
    starts = np.concatenate([[0], 1 + np.flatnonzero(np.diff(test_hour) < 0)])
    lengths = np.diff([*starts, len(test_hour)])
    return {row: np.add.reduceat(np.abs(guess - bikes.test.y), starts) / lengths for row, guess in guesses.items()}


def descent(scale: str, x: np.ndarray, y: np.ndarray, steps) -> dict[str, float]:
    """Return the training error after each number of steps of gradient descent, with the weight in one unit."""
    centre, divisor = {"standard": (x.mean(), x.std()), "thousands": (0, 1000), "pounds": (0, 1)}[scale]
    columns = np.column_stack([np.ones(len(x)), (x - centre) / divisor])
    second, first = 2 * columns.T @ columns / len(x), 2 * columns.T @ y / len(x)
    learning_rate = 1 / np.linalg.eigvalsh(second)[-1]
    errors, weights = {}, np.zeros(2)
    for step in range(1, max(steps) + 1):
        weights = weights - learning_rate * (second @ weights - first)
        if step in steps:
            errors[str(step)] = float(np.mean((columns @ weights - y) ** 2) ** 0.5)
    return errors


@_figure.of_size(6.4, 2.5)
def draw(figure, seeds: dict, names) -> None:
    """Draw the cars, the line through all of them, lines through ten cars each, and the mean."""
    mpg = _retraining.loaded("auto_mpg", None, 0)
    column = mpg.info.feature_names.index("weight")
    x, y = mpg.train.x[:, column].astype("float64") / 1000, mpg.train.y.astype("float64")
    ends, rng = np.array([x.min(), x.max()]), np.random.default_rng(0)
    axes = figure.subplots()
    axes.plot(x, y, ".", color="gray", markersize=4, label=names("picture", "cars"))
    for i in range(20):
        own = rng.permutation(len(x))[:10]
        slope, intercept = line(x[own], y[own])
        label = None if i else names("picture", "few")
        axes.plot(ends, intercept + slope * ends, color="tab:orange", alpha=0.4, linewidth=0.8, label=label)
    slope, intercept = line(x, y)
    axes.plot(ends, intercept + slope * ends, color="tab:blue", linewidth=2.5, label=names("row", "cars", "line"))
    axes.axhline(y.mean(), color="black", linestyle="--", label=names("row", "cars", "mean"))
    axes.set(xlabel=names("picture", "weight"), ylabel=names("picture", "mpg"), ylim=(0, 50))
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)


MILES = Score("mean absolute error", Unit("mpg"), higher_is_better=False, margin=0.1)
PER_TON = Unit("mpg a thousand pounds")
SLOPE = Score(
    "standard error of the slope", PER_TON, False, margin=0.1, is_ratio=True, logarithmic=True, has_direction=False
)
DESCENT = Score("root mean squared error in training", Unit("mpg"), higher_is_better=False)
HIRES = Score("error of an hour, mean absolute", Unit("hires"), higher_is_better=False, format=".0f")
EXPERIMENT = Experiment(
    measure=measure,
    panels={
        "cars": Panel(MILES, ("mean", "line", "parabola", "seven")),
        "slope": Panel(SLOPE, ("formula", "bootstrap", "fresh"), x_axis="cars in the sample", logarithmic=True),
        "few": Panel(MILES, ("mean", "line", "seven", "seven_penalty"), x_axis="cars in the sample", logarithmic=True),
        "hours": Panel(HIRES, ("hour_line", "hour_means")),
        "steps": Panel(DESCENT, SCALES, x_axis="steps of gradient descent", logarithmic=True),
    },
    claims=(
        Claim("cars", "line", "mean", "yes"),
        Claim("few", "seven_penalty", "line", "undecided", at="10"),
        Claim("slope", "bootstrap", "fresh", "within", at="40"),
        Claim("slope", "formula", "fresh", "yes", better=False, at="40"),
        Claim("few", "line", "seven", "yes", at="10"),
        Claim("few", "seven_penalty", "seven", "yes", at="10"),
        Claim("few", "seven", "line", "undecided", at="20"),
        Claim("cars", "seven", "line", "yes"),
        Claim("cars", "parabola", "line", "undecided"),
        Claim("hours", "hour_line", "hour_means", "yes", better=False),
        Claim("steps", "pounds", "standard", "given", better=False, at="1000"),
    ),
    quick={"counts": (10, 40), "draws": 3, "resamples": 5, "steps": (1, 1000)},
    recheck_options={},
    seeds=tuple(range(10)),
    draw=draw,
)
