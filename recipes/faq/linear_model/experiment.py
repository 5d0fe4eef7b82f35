"""Question 22: what is a linear model of one variable good for?

python -m recipes.faq linear_model
"""

import numpy as np

from recipes.faq import _figure, _retraining
from recipes.faq._experiment import NUMBER, Claim, Experiment, Panel, Score, Unit

SCALES = ("standard", "thousands", "pounds")
STEPS = (1, 10, 100, 1000, 10_000)
CO2 = {"unchanged": (0, 1), "recent": (1, 10), "line": (1, 99), "parabola": (2, 99)}
"""Degree of the polynomial, and how many years back it looks."""
YEARS = (1, 2, 5, 10)
fit = np.polynomial.Polynomial.fit


def measure(seed: int, *, epochs: int = 30, steps=STEPS, origins: int = 10) -> dict:
    """Return the test scores of straight lines on cars, on hours of bicycle hire and on CO2."""
    from sklearn.linear_model import LinearRegression

    mpg = _retraining.loaded("auto_mpg", None, seed)
    column = mpg.info.feature_names.index("weight")
    (x, miles), (test_x, truth) = (
        (part.x.astype("float64"), part.y.astype("float64")) for part in (mpg.train, mpg.test)
    )
    weight, test_weight = x[:, column], test_x[:, column]
    slope = np.sum((weight - weight.mean()) * (miles - miles.mean())) / np.sum((weight - weight.mean()) ** 2)
    line = miles.mean() - slope * weight.mean() + slope * test_weight
    predictions = {
        "mean": np.full(len(truth), miles.mean()),
        "closed": line,
        "descent": keras_line(mpg, column, epochs, seed),
        "parabola": fit(weight, miles, 2)(test_weight),
        "seven": LinearRegression().fit(x, miles).predict(test_x),
    }
    return {
        # Rounded, so that single precision does not show.
        "cars": {row: round(float(np.abs(guess - truth).mean()), 3) for row, guess in predictions.items()},
        "steps": {row: descent(row, weight, miles, steps) for row in SCALES},
        "shape": {"weight": r2(line, mpg.test.y), **hires(_retraining.loaded("bikeshare", None, seed))},
        "co2": co2_errors(np.random.default_rng(seed), origins),
    }


def keras_line(mpg, column: int, epochs: int, seed: int) -> np.ndarray:
    """Return the test predictions of `linear_regression`, trained by gradient descent on the whole training set."""
    import keras

    from dlguide import linear_regression, training

    keras.utils.set_random_seed(seed)
    train, test = mpg.train.x[:, [column]], mpg.test.x[:, [column]]
    model = linear_regression((1,))
    model.get_layer("features").adapt(train)
    model.compile(keras.optimizers.SGD(0.25), "mse")
    training.fit(model, train, mpg.train.y[:, None], epochs=epochs, batch_size=len(train), seed=seed, verbose=0)
    return model.predict(test, verbose=0)[:, 0]


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
            errors[str(step)] = round(float(np.mean((columns @ weights - y) ** 2) ** 0.5), 3)
    return errors


def hires(bikes) -> dict[str, float]:
    """Return R² of a line of the temperature, of a line of the hour, and of the mean of each hour."""
    names = bikes.info.feature_names
    hours = [i for i, name in enumerate(names) if name.startswith("hr=")]
    temperature, hour = (
        [read(part.x) for part in (bikes.train, bikes.test)]
        for read in (lambda x: x[:, names.index("temp")], lambda x: x[:, hours].argmax(axis=1))
    )
    means = np.array([bikes.train.y[hour[0] == h].mean() for h in range(24)])
    return {
        "temperature": r2(fit(temperature[0], bikes.train.y, 1)(temperature[1]), bikes.test.y),
        "hour": r2(fit(hour[0], bikes.train.y, 1)(hour[1]), bikes.test.y),
        "hour_means": r2(means[hour[1]], bikes.test.y),
    }


def weekly_co2() -> tuple[np.ndarray, np.ndarray]:
    """Return the date of each measured week as a year with its fraction, and its concentration in ppm."""
    co2 = _retraining.loaded("co2", None, 0)
    windows = np.concatenate([part.x[:, :, 0] for part in co2[:3]])
    ppm = np.concatenate([part.y for part in co2[:3]]).astype("float64") * co2.info.scale + co2.info.mean
    # Missing weeks are no targets: two windows are as many weeks apart as it takes to lay one over the other.
    is_apart = [(windows[1:, :-weeks] == windows[:-1, weeks:]).all(axis=1) for weeks in range(1, 52)]
    weeks = np.concatenate([[0], np.cumsum(1 + np.argmax(is_apart, axis=0))])
    last = 1970 + np.datetime64(co2.info.test_dates[-1], "D").astype(int) / 365.25
    return last + (weeks - weeks[-1]) * 7 / 365.25, ppm


def forecast(row: str, years: np.ndarray, ppm: np.ndarray, now: float):
    """Return the polynomial that a row fits to the weeks before `now`."""
    degree, back = CO2[row]
    past = (years <= now) & (years > now - back)
    return fit(years[past], ppm[past], degree)


def co2_errors(rng: np.random.Generator, origins: int) -> dict:
    """Return the error of each row's yearly mean some years ahead, the mean over dates that are drawn."""
    years, ppm = weekly_co2()
    errors = {row: {str(ahead): [] for ahead in YEARS} for row in CO2}
    for now in rng.uniform(years[0] + 10, years[-1] - 10, origins):
        for row in CO2:
            polynomial = forecast(row, years, ppm, now)
            for ahead in YEARS:
                year = (years > now + ahead - 1) & (years <= now + ahead)
                errors[row][str(ahead)].append(abs(np.mean(polynomial(years[year]) - ppm[year])))
    return {row: {ahead: float(np.mean(values)) for ahead, values in own.items()} for row, own in errors.items()}


def r2(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Return the share of the variance that the predictions explain."""
    return float(1 - np.sum((truth - predicted) ** 2) / np.sum((truth - truth.mean()) ** 2))


def draw(seeds: dict, names):
    """Draw the usual panels, and below them what lines through the years up to 1981 say of the years after."""
    years, ppm = weekly_co2()

    def draw_below(part):
        axes = part.subplots()
        axes.plot(years, ppm, ".", color="lightgray", markersize=2, label=names("picture", "measured"))
        for row in EXPERIMENT.panels["co2"].rows:
            start = 1980 if row == "unchanged" else 1971 if row == "recent" else years[0]
            span = np.linspace(start, years[-1], 200)
            axes.plot(span, forecast(row, years, ppm, 1981)(span), label=names("row", "co2", row))
        axes.axvline(1981, color="gray", linestyle=":")
        axes.set(xlabel=names("picture", "year"), ylabel=names("picture", "co2"))
        axes.set_title(names("picture", "title"), fontsize=10)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)

    return _figure.with_part_below(EXPERIMENT.panels, seeds, names, 3.4, draw_below)


CARS = ("mean", "closed", "descent", "parabola", "seven")
SHAPES = ("weight", "temperature", "hour", "hour_means")
MILES = Score("mean absolute error", Unit("mpg"), higher_is_better=False)
DESCENT = Panel(MILES._replace(name="root mean squared error in training"), SCALES, reference="standard")
PPM = Score("error of the yearly mean", Unit("ppm"), higher_is_better=False)
EXPERIMENT = Experiment(
    measure=measure,
    panels={
        "cars": Panel(MILES, CARS, reference="closed"),
        "steps": DESCENT._replace(curve="steps of gradient descent", logarithmic=True),
        "shape": Panel(Score("R² on the test set", NUMBER, format=".3f"), SHAPES, reference="hour"),
        "co2": Panel(PPM, tuple(CO2), reference="line", curve="years ahead"),
    },
    claims=(
        Claim("cars", "closed", "mean", "yes"),
        Claim("cars", "descent", "closed", "same", known="same"),
        Claim("steps", "pounds", "standard", "yes", better=False, at="1000", known="yes"),
        Claim("shape", "hour", "hour_means", "yes", better=False),
        Claim("co2", "line", "unchanged", "yes", at="10"),
        Claim("co2", "recent", "parabola", "yes", at="10"),
    ),
    quick={"epochs": 1, "steps": (1, 10), "origins": 1},
    check={},
    seeds=tuple(range(10)),
    draw=draw,
)
