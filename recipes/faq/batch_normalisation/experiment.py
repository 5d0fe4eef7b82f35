"""Question 10: why batch normalisation?

python -m recipes.faq batch_normalisation
"""

import functools

from recipes.faq import _retraining, _tuning
from recipes.faq._experiment import ACCURACY, Claim, Experiment, Panel

RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10)
DEPTHS = {"two": 2, "eight": 8}
CHOOSING_SEEDS = (100, 101, 102)
ROWS = ("plain_two", "normalised_two", "plain_eight", "normalised_eight", "noisy_eight")


def choose(*, rates=RATES, **options) -> dict:
    """Return the validation accuracy of each network with each learning rate, the mean of three seeds."""

    def score(row, rate):
        return sum(accuracy(row, rate, "valid", seed, **options) for seed in CHOOSING_SEEDS) / len(CHOOSING_SEEDS)

    return _tuning.search(ROWS, rates, score)


def measure(seed: int, choice: dict, *, rates=RATES, rows=ROWS, **options) -> dict:
    """Return the test accuracy of each network over the learning rates, and at the one that was chosen."""
    curves = {row: {f"{rate:g}": accuracy(row, rate, "test", seed, **options) for rate in rates} for row in rows}
    scores = {depth: {row: curve for row, curve in curves.items() if row.endswith(depth)} for depth in DEPTHS}
    best = {row: f"{_tuning.best(choice[row]):g}" for row in rows}
    scores["chosen"] = {row: curve[best[row]] for row, curve in curves.items() if best[row] in curve}
    return scores


def accuracy(row, rate, part, seed, *, limit: int | None = None, epochs: int = 8, eager: bool = False) -> float:
    """Train with a learning rate and return the accuracy on a part."""
    splits = _retraining.loaded("mnist1d", limit, seed)
    options = {"learning_rate": rate, "epochs": epochs, "batch_size": 125, "seed": seed}
    return _retraining.accuracy_after(trainer(row, eager), splits, part, **options)


@functools.cache
def trainer(row: str, eager: bool):
    """Return what trains a network by plain gradient descent."""
    return _retraining.trainer(functools.partial(network, row), "sgd", run_eagerly=eager)


def network(row: str):
    """Return a new network: layers of 64 units, then for some rows batch normalisation, for some of these noise."""
    import keras

    kind, depth = row.split("_")
    inputs = keras.Input((40, 1))
    x = keras.layers.Flatten()(inputs)
    for _ in range(DEPTHS[depth]):
        x = keras.layers.Dense(64, use_bias=kind == "plain")(x)
        if kind != "plain":
            x = keras.layers.BatchNormalization(momentum=0.9)(x)
        if kind == "noisy":
            x = moving_distribution()(x)
        x = keras.layers.Activation("relu")(x)
    return keras.Model(inputs, keras.layers.Dense(10)(x))


def moving_distribution():
    """Return a layer that gives each unit another random scale and shift at every step of the training."""
    import keras

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


CURVES = {"curve": "learning rate", "logarithmic": True}
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "two": Panel(ACCURACY, ROWS[:2], reference="plain_two", **CURVES),
        "eight": Panel(ACCURACY, ROWS[2:], reference="plain_eight", **CURVES),
        "chosen": Panel(ACCURACY, ROWS),
    },
    claims=(
        Claim("chosen", "normalised_eight", "plain_eight", "yes", known="yes"),
        Claim("chosen", "normalised_two", "plain_two", "same"),
        Claim("eight", "normalised_eight", "plain_eight", "yes", at="1", known="yes"),
        Claim("chosen", "noisy_eight", "plain_eight", "yes", known="yes"),
    ),
    quick={"rates": (0.1,), "limit": 20, "epochs": 1, "eager": True},
    check={"rows": ("plain_two", "normalised_two"), "rates": (0.1, 1)},
)
