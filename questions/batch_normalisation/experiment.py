"""Question 10: why batch normalisation? `python -m questions batch_normalisation`"""

import keras

from questions import _retraining, _tuning
from questions._experiment import ACCURACY, Claim, Experiment, Panel

RATES, ADAM_RATES = (0.03, 0.1, 0.3, 1, 3), (0.0003, 0.001, 0.003, 0.01, 0.03)
ROWS = ("glorot_two", "he_two", "normalised_two", "glorot_eight", "he_eight", "normalised_eight", "noisy_eight")
CURVES = ROWS[3:6]
ADAM = ("he_eight_adam", "normalised_eight_adam")
LONG = {"he_eight": "he_eight@long", "normalised_eight": "normalised_eight@long"}


def choose(*, rates=RATES, adam_rates=ADAM_RATES, **options) -> dict:
    """Return the validation accuracy of each network with each learning rate."""
    found = _tuning.search([*ROWS, *LONG.values()], rates, hits, "valid", **options)
    return found | _tuning.search(ADAM, adam_rates, hits, "valid", **options)


def measure(seed: int, best: dict, *, rates=RATES, rows=(*ROWS, *ADAM), long=tuple(LONG), **options) -> dict:
    """Return the hits of each network at the learning rate that was chosen, and at each rate with eight layers."""
    found = {
        (row, rate): hits(row, rate, seed, "test", **options)
        for row in rows
        for rate in (sorted({*rates, best[row]}) if row in CURVES else [best[row]])
    }
    scores = {"chosen": {row: found[row, best[row]] for row in rows}}
    curves = [row for row in CURVES if row in rows and rates]
    scores["eight"] = {row: {f"{rate:g}": found[row, rate] for rate in rates} for row in curves}
    scores["long"] = {row: hits(LONG[row], best[LONG[row]], seed, "test", **options) for row in long}
    return scores


def hits(
    key, rate, seed, part, *, limit: int | None = None, epochs: int = 8, longer: int = 40, eager: bool = False, **_
):
    """Train by plain gradient descent or by Adam; return which examples of a part are right."""
    row, _, is_long = key.partition("@")
    optimizer = "adam" if row in ADAM else "sgd"
    train = _retraining.trainer(network, row.removesuffix("_adam"), optimizer=optimizer, run_eagerly=eager)
    options = {"learning_rate": rate, "epochs": longer if is_long else epochs, "batch_size": 125, "seed": seed}
    return _retraining.hits_after(train, _retraining.loaded("mnist1d", limit, seed), part, **options)


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
            x = MovingDistribution()(x)
        x = keras.layers.Activation("relu")(x)
    return keras.Model(inputs, keras.layers.Dense(10)(x))


class MovingDistribution(keras.layers.Layer):
    """Give each unit another random scale and shift at every step of the training."""

    def __init__(self):
        super().__init__()
        self.seeds = keras.random.SeedGenerator()

    def call(self, x, training=False):
        if not training:
            return x
        numbers = keras.random.uniform((2, x.shape[-1]), -0.5, 0.5, seed=self.seeds)
        return (1 + numbers[0]) * x + numbers[1]


EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "eight": Panel(ACCURACY, CURVES, x_axis="learning rate", logarithmic=True),
        "long": Panel(ACCURACY, tuple(LONG)),
        "chosen": Panel(ACCURACY, (*ROWS, *ADAM)),
    },
    claims=(
        Claim("chosen", "normalised_eight", "he_eight", "yes"),
        Claim("chosen", "normalised_eight_adam", "he_eight_adam", "yes"),
        Claim("eight", "normalised_eight", "he_eight", "yes", at="0.1"),
        Claim("chosen", "normalised_two", "he_two", "yes"),
        Claim("chosen", "normalised_eight", "he_two", "no"),
        Claim("long", "normalised_eight", "he_eight", "yes"),
        Claim("chosen", "noisy_eight", "he_eight", "yes"),
        Claim("chosen", "noisy_eight", "normalised_eight", "yes", better=False),
        Claim("chosen", "normalised_eight", "he_eight_adam", "yes"),
    ),
    seeds=tuple(range(10)),
    quick={"rates": (0.1,), "adam_rates": (0.01,), "limit": 20, "epochs": 1, "longer": 1, "eager": True},
    recheck_options={"rows": ("he_eight", "normalised_eight"), "rates": (), "long": ()},
    main_panels=("eight",),
    figure_size=(9, 2.5),
    # It is ahead with this rate; a larger one could only raise it.
    rows_allowed_at_grid_edge=("normalised_eight@long",),
)
