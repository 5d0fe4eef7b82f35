"""Question 10: why batch normalisation? `python -m questions batch_normalisation`"""

import functools

import keras

from questions import _retraining, _tuning
from questions._experiment import ACCURACY, Claim, Experiment, Panel

RATES = (0.03, 0.1, 0.3, 1, 3)
ROWS = ("glorot_two", "he_two", "normalised_two", "glorot_eight", "he_eight", "normalised_eight", "noisy_eight")
CURVES = ROWS[3:6]
LONG = ("he_eight", "normalised_eight")


def choose(*, rates=RATES, longer: int = 40, **options) -> dict:
    """Return the validation accuracy of each network with each learning rate."""

    def score(key, rate, seed):
        row, _, is_long = key.partition("@")
        return hits(row, rate, "valid", seed, **{**options, **({"epochs": longer} if is_long else {})}).mean()

    return _tuning.search([*ROWS, *(f"{row}@long" for row in LONG)], rates, score)


def measure(seed: int, best: dict, *, rates=RATES, rows=ROWS, longer: int = 40, **options) -> dict:
    """Return the hits of each network at the learning rate that was chosen, and at each rate with eight layers."""
    found = {
        (row, rate): hits(row, rate, "test", seed, **options)
        for row in rows
        for rate in (sorted({*rates, best[row]}) if row in CURVES else [best[row]])
    }
    scores = {"chosen": {row: found[row, best[row]] for row in rows}}
    curves = [row for row in CURVES if row in rows and rates]
    scores["eight"] = {row: {f"{rate:g}": found[row, rate] for rate in rates} for row in curves}
    scores["long"] = {
        row: hits(row, best[f"{row}@long"], "test", seed, **{**options, "epochs": longer})
        for row in (LONG if longer else ())
    }
    return scores


def hits(row, rate, part, seed, *, limit: int | None = None, epochs: int = 8, eager: bool = False):
    """Train with a learning rate; return which examples of a part are right."""
    splits = _retraining.loaded("mnist1d", limit, seed)
    options = {"learning_rate": rate, "epochs": epochs, "batch_size": 125, "seed": seed}
    return _retraining.hits_after(trainer(row, eager), splits, part, **options)


@functools.cache
def trainer(row: str, eager: bool):
    """Return what trains a network by plain gradient descent."""
    return _retraining.trainer(functools.partial(network, row), "sgd", run_eagerly=eager)


def network(row: str):
    """Return a new network: layers of 64 units, then for some rows batch normalisation, for some of these noise."""
    kind, depth = row.split("_")
    first, is_normalised = ("glorot" if kind == "glorot" else "he"), kind in ("normalised", "noisy")
    inputs = keras.Input((40, 1))
    x = keras.layers.Flatten()(inputs)
    for _ in range({"two": 2, "eight": 8}[depth]):
        x = keras.layers.Dense(64, use_bias=not is_normalised, kernel_initializer=f"{first}_uniform")(x)
        if is_normalised:
            x = keras.layers.BatchNormalization(momentum=0.9)(x)
        if kind == "noisy":
            x = moving_distribution()(x)
        x = keras.layers.Activation("relu")(x)
    return keras.Model(inputs, keras.layers.Dense(10)(x))


def moving_distribution():
    """Return a layer that gives each unit another random scale and shift at every step of the training."""

    class MovingDistribution(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.seeds = keras.random.SeedGenerator()

        def call(self, x, training=False):
            if not training:
                return x
            numbers = keras.random.uniform((2, x.shape[-1]), -0.5, 0.5, seed=self.seeds)
            return (1 + numbers[0]) * x + numbers[1]

    return MovingDistribution()


EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "eight": Panel(ACCURACY, CURVES, x_axis="learning rate", logarithmic=True),
        "long": Panel(ACCURACY, LONG),
        "chosen": Panel(ACCURACY, ROWS),
    },
    claims=(
        Claim("chosen", "normalised_eight", "he_eight", "yes"),
        Claim("eight", "normalised_eight", "he_eight", "yes", at="1"),
        Claim("chosen", "normalised_two", "he_two", "yes"),
        Claim("long", "normalised_eight", "he_eight", "yes"),
        Claim("chosen", "noisy_eight", "he_eight", "yes"),
    ),
    seeds=tuple(range(10)),
    quick={"rates": (0.1,), "limit": 20, "epochs": 1, "longer": 1, "eager": True},
    recheck_options={"rows": ("he_eight", "normalised_eight"), "rates": (), "longer": 0},
    main_panels=("eight",),
    figure_size=(9, 2.5),
)
