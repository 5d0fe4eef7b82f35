"""Question 23: when does one need a polynomial of several variables?

python -m recipes.faq polynomial
"""

import numpy as np

from recipes.faq import _retraining, _tuning
from recipes.faq._experiment import Claim, Experiment, Panel, Score, Unit

PENALTIES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100)
CARS = {"linear": 1, "quadratic": 2, "cubic": 3, "quadratic_penalty": 2, "cubic_penalty": 3}
DEGREES = tuple(range(1, 16))
SIZES = (8, 16, 24, 30, 36, 40, 44, 50, 60, 80, 120, 200, 330, 792)
REGIMES = {"few": "8", "equal": "40", "many": "792"}


def measure(seed: int, choice: dict, *, degrees=DEGREES, sizes=SIZES, bike_degree: int = 6, draws: int = 20) -> dict:
    """Return the test errors of polynomials of cars and of hours of bicycle hire."""
    penalty = {row: _tuning.best(tries, lower=True) for row, tries in choice.items()}
    mpg = _retraining.loaded("auto_mpg", None, seed)
    drawn = range(draws * seed, draws * (seed + 1))
    few = [few_errors(few_cars(mpg, 20, own), mpg.test, degrees, penalty["few_penalty"]) for own in drawn]
    strengths = {"many": 0.0, "many_penalty": penalty["many_penalty"]}
    forty = [size_errors(mpg, one, sizes, strengths) for one in drawn]
    many = {row: {at: median([one[row][at] for one in forty]) for at in forty[0][row]} for row in strengths}
    return {
        "cars": {row: cars_error(mpg, row, penalty.get(row, 0.0)) for row in CARS},
        "bikes": bikes_errors(_retraining.loaded("bikeshare", None, seed), bike_degree),
        "few": {row: {at: median([one[row][at] for one in few]) for at in few[0][row]} for row in few[0]},
        "many": many,
        "regimes": {row: many["many"][size] for row, size in REGIMES.items()},
    }


def choose(seed: int = 100, *, degrees=DEGREES, sizes=SIZES, **_) -> dict:
    """Return the validation error of each strength of the penalty; seeds that are not published draw the cars."""

    def score(row: str, penalty: float) -> float:
        errors = []
        for own in range(seed, seed + 5):
            mpg = _retraining.loaded("auto_mpg", None, own)
            if row in CARS:
                errors.append(cars_error(mpg, row, penalty, "valid"))
                continue
            if row == "few_penalty":
                curve = few_errors(few_cars(mpg, 20, 1000 * own), mpg.valid, degrees, penalty)[row]
            else:
                curve = size_errors(mpg, 1000 * own, sizes, {row: penalty}, "valid")[row]
            errors += [median([at]) for at in curve.values()]
        return float(np.mean(errors))

    return _tuning.search(("quadratic_penalty", "cubic_penalty", "few_penalty", "many_penalty"), PENALTIES, score)


def least_squares(train: np.ndarray, y: np.ndarray, test: np.ndarray, penalty: float = 0.0) -> np.ndarray:
    """Return the test predictions of least squares with a penalty on the squared weights of the standardised features.

    Without a penalty, and where many weights fit the training set exactly, they are those with the smallest norm.
    """
    centre, scale = train.mean(axis=0), train.std(axis=0)
    scale[scale < 1e-9] = 1
    z = (train - centre) / scale
    u, s, v = np.linalg.svd(z, full_matrices=False)
    kept = s > 1e-10 * s[0]
    u, s, v = u[:, kept], s[kept], v[kept]
    weights = v.T @ (s / (s**2 + penalty * len(z)) * (u.T @ (y - y.mean())))
    return y.mean() + (test - centre) / scale @ weights


def products(train: np.ndarray, test: np.ndarray, degree: int) -> tuple[np.ndarray, np.ndarray]:
    """Return every product of up to `degree` standardised variables, the lowest degrees first."""
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    scaler, features = StandardScaler().fit(train), PolynomialFeatures(degree, include_bias=False)
    return features.fit_transform(scaler.transform(train)), features.transform(scaler.transform(test))


def cars_error(mpg, row: str, penalty: float, part: str = "test") -> float:
    """Return the median absolute error of a polynomial of all seven variables."""
    held_out = getattr(mpg, part)
    train, test = products(mpg.train.x.astype("float64"), held_out.x.astype("float64"), CARS[row])
    return median([np.abs(least_squares(train, mpg.train.y, test, penalty) - held_out.y)])


def bikes_errors(bikes, most: int) -> dict:
    """Return the errors of polynomials of the hour and the weather on the training and the test set, by degree."""
    names = bikes.info.feature_names
    hours = [i for i, name in enumerate(names) if name.startswith("hr=")]
    weather = [names.index(name) for name in ("temp", "hum", "windspeed")]
    train, test = (
        np.column_stack([part.x[:, hours].argmax(axis=1), part.x[:, weather]]).astype("float64")
        for part in (bikes.train, bikes.test)
    )
    errors = {"bikes_train": {}, "bikes_test": {}}
    for degree in range(1, most + 1):
        features, test_features = products(train, test, degree)
        both = least_squares(features, bikes.train.y, np.concatenate([features, test_features]))
        errors["bikes_train"][str(degree)] = median([np.abs(both[: len(train)] - bikes.train.y)])
        errors["bikes_test"][str(degree)] = median([np.abs(both[len(train) :] - bikes.test.y)])
    return errors


def few_cars(mpg, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw a few cars of the training set."""
    drawn = np.random.default_rng(seed).permutation(len(mpg.train.x))[:count]
    return mpg.train.x[drawn].astype("float64"), mpg.train.y[drawn].astype("float64")


def few_errors(few: tuple, held_out, degrees, penalty: float) -> dict:
    """Return the errors of polynomials of the weight alone that are fitted to a few cars, by degree."""
    weight, y = few[0][:, 3], few[1]
    low, high = weight.min(), weight.max()
    errors = {"few_train": {}, "few_test": {}, "few_penalty": {}}
    for degree in degrees:
        train, test = (
            np.polynomial.legendre.legvander(2 * (x - low) / (high - low) - 1, degree)[:, 1:]
            for x in (weight, held_out.x[:, 3].astype("float64"))
        )
        errors["few_train"][str(degree)] = np.abs(least_squares(train, y, train) - y)
        errors["few_test"][str(degree)] = np.abs(least_squares(train, y, test) - held_out.y)
        errors["few_penalty"][str(degree)] = np.abs(least_squares(train, y, test, penalty) - held_out.y)
    return errors


def size_errors(mpg, seed: int, sizes, penalties: dict[str, float], part: str = "test") -> dict:
    """Return each row's errors with each number of coefficients: seven variables, fitted to 40 cars."""
    x, y = few_cars(mpg, 40, seed)
    held_out = getattr(mpg, part)
    train, test = products(x, held_out.x.astype("float64"), 5)

    def errors(count: int, penalty: float) -> np.ndarray:
        return np.abs(least_squares(train[:, : count - 1], y, test[:, : count - 1], penalty) - held_out.y)

    return {row: {str(size): errors(size, penalty) for size in sizes} for row, penalty in penalties.items()}


def median(errors: list[np.ndarray]) -> float:
    """Return the median of the errors of all draws: a polynomial may be wrong by any amount outside of its points."""
    return float(np.median(np.concatenate(errors)))


MILES = Score("median absolute error", Unit("mpg"), higher_is_better=False)
STEEP = MILES._replace(logarithmic=True)
HIRES = Score("median absolute error", Unit("hires an hour"), higher_is_better=False, format=".1f")
FEW = ("few_train", "few_test", "few_penalty")
MANY = Panel(STEEP, ("many", "many_penalty"), reference="many", logarithmic=True)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "cars": Panel(MILES, tuple(CARS), reference="linear"),
        "bikes": Panel(HIRES, ("bikes_train", "bikes_test"), reference="bikes_train", curve="degree"),
        "few": Panel(STEEP, FEW, reference="few_test", curve="degree"),
        "many": MANY._replace(curve="number of coefficients"),
        "regimes": Panel(MILES, tuple(REGIMES), reference="equal"),
    },
    claims=(
        Claim("cars", "quadratic", "linear", "yes"),
        Claim("cars", "cubic", "quadratic", "yes", better=False),
        Claim("few", "few_penalty", "few_test", "yes", at="15", known="yes"),
        Claim("regimes", "equal", "few", "yes", better=False, known="yes"),
        Claim("regimes", "many", "equal", "yes", known="yes"),
        Claim("regimes", "many", "few", "no"),
    ),
    quick={"degrees": (1, 2), "sizes": (8, 40, 792), "bike_degree": 2, "draws": 1},
    check={},
    seeds=tuple(range(10)),
    chosen="strength of the penalty λ",
    lower_is_chosen=True,
)
