"""Question 23: when does one need a polynomial of several variables? `python -m questions polynomial`"""

import numpy as np
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from questions import _retraining, _tuning
from questions._experiment import Claim, Experiment, Panel, Score, Unit

PENALTIES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100)
CARS = {"linear": 1, "logarithm": 1, "squares": 2, "quadratic": 2, "cubic": 3}
PENALISED = {"linear_penalty": 1, "squares_penalty": 2, "quadratic_penalty": 2, "cubic_penalty": 3}
DEGREES = (1, 2, 3, 4, 5, 6, 9, 12)
SIZES = (8, 16, 40, 80, 200, 792)
NOISE = 0.5


def measure(seed: int, best: dict, *, degrees=DEGREES, sizes=SIZES, draws: int = 20) -> dict:
    """Return the errors of polynomials on the test cars, and bias and variance on made data."""
    mpg = _retraining.loaded("auto_mpg", None, seed)
    strengths = {"many": 0.0, "many_penalty": best["many_penalty"]}
    return {
        "cars": {row: cars_errors(mpg, row, best.get(row, 0.0)) for row in CARS | PENALISED},
        "tradeoff": bias_and_variance(degrees, best["total_penalty"], 10 * draws, seed),
        "many": {row: size_errors(mpg, strength, sizes, draws, seed) for row, strength in strengths.items()},
    }


def choose(*, degrees=DEGREES, sizes=SIZES, draws: int = 20) -> dict:
    """Return the validation error of each strength of the penalty: of curves, the mean over their places."""

    def errors(row: str, penalty: float, seed: int):
        if row == "total_penalty":
            return list(bias_and_variance(degrees, penalty, 10 * draws, seed)[row].values())
        mpg = _retraining.loaded("auto_mpg", None, seed)
        if row == "many_penalty":
            return [own.mean() for own in size_errors(mpg, penalty, sizes, 5, seed, "valid").values()]
        return cars_errors(mpg, row, penalty, "valid")

    return _tuning.search((*PENALISED, "total_penalty", "many_penalty"), PENALTIES, errors)


def least_squares(train: np.ndarray, y: np.ndarray, test: np.ndarray, penalty: float = 0.0) -> np.ndarray:
    """Return the test predictions of least squares with a penalty on the squared weights of the standardised features.

    `y` may have a column for each of several fits. Without a penalty, and where many weights fit the training set
    exactly, they are those with the smallest norm.
    """
    centre, scale = train.mean(axis=0), train.std(axis=0)
    scale[scale < 1e-9] = 1
    z = (train - centre) / scale
    u, s, v = np.linalg.svd(z, full_matrices=False)
    kept = s > 1e-10 * s[0]
    u, s, v = u[:, kept], s[kept], v[kept]
    mean = y.mean(axis=0)
    weights = v.T @ (s / (s**2 + penalty * len(z)) * (u.T @ (y - mean)).T).T
    return mean + (test - centre) / scale @ weights


def products(train: np.ndarray, test: np.ndarray, degree: int) -> tuple[np.ndarray, np.ndarray]:
    """Return every product of up to `degree` standardised variables, the lowest degrees first."""
    scaler, features = StandardScaler().fit(train), PolynomialFeatures(degree, include_bias=False)
    return features.fit_transform(scaler.transform(train)), features.transform(scaler.transform(test))


def cars_errors(mpg, row: str, penalty: float, part: str = "test") -> np.ndarray:
    """Return the absolute error on each car of a part, of a polynomial of all seven variables."""
    held_out, degree = getattr(mpg, part), (CARS | PENALISED)[row]
    train, other = products(mpg.train.x.astype("float64"), held_out.x.astype("float64"), degree)
    if row == "logarithm":
        predicted = np.exp(least_squares(train, np.log(mpg.train.y), other))
        return absolute_errors(predicted, mpg.train.y, held_out.y)
    if row.startswith("squares"):
        powers = PolynomialFeatures(degree, include_bias=False).fit(mpg.train.x).powers_
        is_of_one_variable = (powers > 0).sum(axis=1) == 1
        train, other = train[:, is_of_one_variable], other[:, is_of_one_variable]
    return absolute_errors(least_squares(train, mpg.train.y, other, penalty), mpg.train.y, held_out.y)


def absolute_errors(predicted: np.ndarray, y: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the absolute errors of predictions that are limited to the range of the training targets `y`.

    Outside of its points a polynomial may be wrong by any amount, and one car would decide the mean.
    """
    return np.abs(np.clip(predicted, y.min(), y.max()) - truth)


def size_errors(mpg, penalty: float, sizes, draws: int, seed: int, part: str = "test") -> dict[str, np.ndarray]:
    """Return the error on each car of a part, the mean over draws of 40 cars, by the number of coefficients."""
    held_out, errors = getattr(mpg, part), {str(size): [] for size in sizes}
    for i in range(draws):
        drawn = np.random.default_rng(1000 * seed + i).permutation(len(mpg.train.x))[:40]
        x, y = mpg.train.x[drawn].astype("float64"), mpg.train.y[drawn].astype("float64")
        train, other = products(x, held_out.x.astype("float64"), 5)
        for size in sizes:
            predicted = least_squares(train[:, : size - 1], y, other[:, : size - 1], penalty)
            errors[str(size)].append(absolute_errors(predicted, y, held_out.y))
    return {size: np.mean(own, axis=0) for size, own in errors.items()}


def bias_and_variance(degrees, penalty: float, draws: int, seed: int) -> dict:
    """Return squared bias, variance and their sum, the error against the true curve, of fits to many draws of noise.

    The true curve is sin(πx + 1). Each draw has the same 20 points, with new noise.
    """
    rng, x, between = np.random.default_rng(seed), np.linspace(-1, 1, 20), np.linspace(-1, 1, 201)
    y, truth = np.sin(np.pi * x + 1) + NOISE * rng.standard_normal((draws, 20)), np.sin(np.pi * between + 1)
    found = {"bias": {}, "variance": {}, "total": {}, "total_penalty": {}}
    for degree in degrees:
        train, other = (np.polynomial.legendre.legvander(points, degree)[:, 1:] for points in (x, between))
        fits, held = (least_squares(train, y.T, other, strength).T for strength in (0.0, penalty))
        found["bias"][str(degree)] = float(np.mean((fits.mean(axis=0) - truth) ** 2))
        found["variance"][str(degree)] = float(fits.var(axis=0).mean())
        found["total"][str(degree)] = float(np.mean((fits - truth) ** 2))
        found["total_penalty"][str(degree)] = float(np.mean((held - truth) ** 2))
    return found


MILES = Score("mean absolute error", Unit("mpg"), higher_is_better=False, margin=0.1)
SQUARED = Score("mean squared error", higher_is_better=False, format=".3f", logarithmic=True, is_ratio=True)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "cars": Panel(MILES, (*CARS, *PENALISED)),
        "tradeoff": Panel(SQUARED, ("bias", "variance", "total", "total_penalty"), x_axis="degree"),
        "many": Panel(MILES, ("many", "many_penalty"), x_axis="number of coefficients", logarithmic=True),
    },
    claims=(
        Claim("cars", "quadratic_penalty", "linear", "yes"),
        Claim("cars", "quadratic_penalty", "logarithm", "undecided"),
        Claim("cars", "cubic", "quadratic", "yes", better=False),
        Claim("cars", "quadratic_penalty", "squares_penalty", "undecided"),
        Claim("cars", "cubic_penalty", "cubic", "yes"),
        Claim("cars", "cubic_penalty", "quadratic_penalty", "undecided"),
        Claim("tradeoff", "total_penalty", "total", "yes", at="12"),
        Claim("many", "many_penalty", "many", "yes", at="40"),
        Claim("many", "many_penalty", "many", "undecided", at="8"),
    ),
    quick={"degrees": (1, 2, 12), "sizes": (8, 40, 792), "draws": 1},
    recheck_options={},
    seeds=tuple(range(10)),
    chosen="strength of the penalty λ",
    lower_is_chosen=True,
)
