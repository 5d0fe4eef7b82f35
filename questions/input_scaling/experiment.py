"""Question 28: why scale the inputs? `python -m questions input_scaling`"""

import keras
import numpy as np
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import LinearRegression

from dlguide import data, mlp
from questions import _retraining, _tuning
from questions._experiment import ACCURACY, Claim, Experiment, Panel, Score, Unit

SCALINGS = ("raw", "centred", "divided", "standardised", "decorrelated")
OPTIMIZERS = {"sgd": lambda: keras.optimizers.SGD(momentum=0.9), "adam": keras.optimizers.Adam}
CARS, HALVES, IMAGES = (
    tuple(f"{optimizer}_{kind}" for optimizer in OPTIMIZERS for kind in kinds)
    for kinds in (SCALINGS[0::3], (*SCALINGS[1:4], "normalised", "tamed"), ("bytes", "small", "unit"))
)
ROWS = (*dict.fromkeys((*CARS, *HALVES, *IMAGES)),)
RIVALS = {
    "least_squares": lambda seed: LinearRegression(),
    "trees": lambda seed: ExtraTreesRegressor(random_state=seed),
}
RATES = tuple(float(f"{digit}e{power}") for power in range(-8, 0) for digit in (1, 3))
STEPS = tuple(10**power for power in (0, 1, 2, 3, 4, 5, 6, 8, 10))


def choose(*, rates=RATES, **options) -> dict:
    """Return the validation error of each row with each learning rate: in mpg, or the share of wrong images."""
    return _tuning.search(ROWS, rates, errors, "valid", **options)


def measure(seed: int, best: dict, *, rows=ROWS, **options) -> dict:
    """Return the errors on the test cars, the hits on the test images, and the descent of a linear layer."""
    found = {row: errors(row, best[row], seed, "test", **options) for row in rows}
    train, _, (x, y), _ = _retraining.loaded("auto_mpg", None, seed)
    rivals = {row: np.abs(kind(seed).fit(*train).predict(x) - y) for row, kind in RIVALS.items()}
    condition, descent = linear_layer(*(array.astype("float64") for array in train))
    cars, halves = ({row: found[row] for row in names if row in found} for names in (CARS, HALVES))
    hits = {row: ~found[row] for row in IMAGES if row in found}
    return {"descent": descent, "cars": cars | rivals, "halves": halves, "condition": condition, "images": hits}


def errors(row, rate, seed, part, *, limit: int = 1000, passes: int = 100, eager: bool = False, **_):
    """Train a row; return the error on each example of a part. One that diverges says the mean, or the first class."""
    optimizer, kind = row.split("_")
    splits = _retraining.loaded(*(("mnist", limit) if row in IMAGES else ("auto_mpg", None)), seed)
    scale, (x, y) = scaler(kind, splits.train.x), splits.train
    given, truth = scale(getattr(splits, part).x), getattr(splits, part).y
    options = {"learning_rate": rate, "epochs": 1, "batch_size": 100 if row in IMAGES else 59, "seed": seed}
    of_model = {"optimizer": OPTIMIZERS[optimizer], "metrics": (), "run_eagerly": eager}
    if row in IMAGES:  # A fifth of the passes, with more steps in each.
        train = _retraining.trainer(network, kind.replace("bytes", "unit"), **of_model)
        examples = data.Part(*_retraining.repeated((scale(x), y), -(-passes // 5)))
        splits = splits._replace(train=examples, **{part: data.Part(given, truth)})
        return ~_retraining.hits_after(train, splits, part, **options)
    own = kind if kind in ("normalised", "tamed") else "cars"
    train = _retraining.trainer(network, own, loss="mse", **of_model)
    mean, spread = y.mean(), y.std()  # The targets are standardised in each row.
    try:
        model = train(*_retraining.repeated((scale(x), (y - mean) / spread), passes), **options)
        found = np.nan_to_num(_retraining.outputs(model, given)[:, 0].astype("float64"), posinf=0, neginf=0)
    except FloatingPointError:
        found = np.zeros(len(truth))
    return np.abs(np.clip(mean + spread * found, y.min(), y.max()) - truth)  # No row predicts beyond all known cars.


def scaler(kind: str, x: np.ndarray):
    """Return the function that scales inputs as a row does, with means and standard deviations of the training set."""
    if kind in IMAGE_FACTORS:
        return lambda x: IMAGE_FACTORS[kind] * x
    is_centred, is_divided = (kind in (half, *SCALINGS[3:]) for half in ("centred", "divided"))
    mean, spread = is_centred * x.mean(axis=0), x.std(axis=0) if is_divided else 1
    sizes, directions = np.linalg.eigh(np.corrcoef(x.T)) if kind == "decorrelated" else (1, np.eye(x.shape[1]))
    return lambda x: ((x - mean) / spread @ directions / sizes**0.5).astype(x.dtype)


def linear_layer(x: np.ndarray, y: np.ndarray) -> tuple[dict, dict]:
    """Return for each scaling the condition number, and the training error after steps at the rate 1 / λ_max.

    Along an eigenvector each step multiplies the distance to the minimum by one factor, so a power gives all steps.
    """
    condition, descent = {}, {}
    for kind in SCALINGS:
        columns = np.column_stack([np.ones(len(x)), scaler(kind, x)(x)])
        curvatures, directions = np.linalg.eigh(columns.T @ columns / len(x))
        gains = (directions.T @ columns.T @ (y - y.mean()) / len(x)) ** 2 / curvatures
        factors = 1 - curvatures / curvatures[-1]
        left = {str(n): y.var() - gains.sum() + (gains * factors ** (2.0 * n)).sum() for n in STEPS}
        descent[kind] = {n: float(square**0.5) for n, square in left.items()}
        condition[kind] = float(curvatures[-1] / curvatures[0])
    return condition, descent


def network(kind: str):
    """Return a new network for cars, with batch normalisation of the inputs or without, or for images.

    For "small" its first weights are divided as the pixels are multiplied, for "tamed" by 1,000.
    """
    if kind in IMAGE_FACTORS:
        model = mlp((28, 28, 1), 10, hidden_units=(64, 64))
        model.weights[0].assign(model.weights[0] / (255 if kind == "small" else 1))
        return model
    first = [keras.layers.BatchNormalization(momentum=0.9)] if kind == "normalised" else []
    perceptron = mlp((7,), 1, hidden_units=(64, 64))
    perceptron.weights[0].assign(perceptron.weights[0] / (1000 if kind == "tamed" else 1))
    return keras.Sequential([keras.Input((7,)), *first, perceptron])


IMAGE_FACTORS = {"bytes": 255, "small": 255, "unit": 1}  # The data set has pixels from 0 to 1.
MILES = Score("mean absolute test error", Unit("mpg"), higher_is_better=False, margin=0.1)
DESCENT = Score("root mean squared training error", Unit("mpg"), higher_is_better=False)
CONDITION = Score("condition number κ", higher_is_better=False, format=".3g", logarithmic=True, is_ratio=True)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "descent": Panel(DESCENT, SCALINGS, x_axis="steps of gradient descent", logarithmic=True),
        "cars": Panel(MILES, (*CARS, *RIVALS)),
        "halves": Panel(MILES, HALVES),
        "condition": Panel(CONDITION, SCALINGS),
        "images": Panel(ACCURACY._replace(format=".1f"), IMAGES),
    },
    claims=(
        Claim("cars", "sgd_standardised", "sgd_raw", "yes"),
        Claim("cars", "adam_standardised", "adam_raw", "yes"),
        Claim("condition", "standardised", "raw", "given"),
        Claim("cars", "adam_standardised", "trees", "undecided"),
        Claim("halves", "sgd_divided", "sgd_centred", "yes"),
        Claim("halves", "sgd_normalised", "sgd_standardised", "within"),
        Claim("images", "adam_unit", "adam_bytes", "yes"),
        Claim("images", "adam_unit", "adam_small", "yes"),
    ),
    seeds=tuple(range(10)),
    lower_is_chosen=True,
    quick={"rates": (1e-7,), "limit": 20, "passes": 1, "eager": True},
    recheck_options={"rows": ("sgd_raw", "sgd_standardised")},
    main_panels=("descent", "cars"),
)
