"""Question 29: why do the first weights matter? `python -m questions initial_weights`"""

import keras
import numpy as np

from questions import _network, _retraining, _tuning
from questions._experiment import ACCURACY, Claim, Experiment, Panel, Score

COMPARED = ("tenth", "glorot", "he", "three")
FACTORS = {"tenth": 0.1, "he": 1, "three": 3, "rescaled": 0.1, "normalised": 0.1, "fine": 0.1}  # Of He's.
DEPTHS = {"eight": 8, "two": 2, "adam": 8}
DEEP = ("zeros", "equal", *COMPARED, "orthogonal", "rescaled", "normalised")
ROWS = {"eight": DEEP, "two": COMPARED, "adam": (*COMPARED, "fine")}
SIZES = (40, *[64] * 8, 10)
STEPS = (0.1, 0.3, 1, 3, 10)
MIDDLES = {"eight": 0.1, "two": 1, "adam": 0.003}
MIDDLES |= {"tenth@eight": 1, "three@eight": 1e-5, "normalised@eight": 0.01, "three@two": 0.1}
"""Each row tries five learning rates, which are a middle one times `STEPS`."""


def first_weights(row: str):
    """Return a new initializer: one that serves several layers would give all of them the same numbers."""
    if row in ("zeros", "equal"):
        return keras.initializers.Constant(1 / 64 if row == "equal" else 0)
    if row == "orthogonal":
        return keras.initializers.Orthogonal(2**0.5)
    if row == "glorot":
        return keras.initializers.GlorotUniform()
    return keras.initializers.VarianceScaling(2 * FACTORS[row] ** 2, "fan_in", "uniform")


def network(row: str, depth: int):
    """Return a new network: layers of 64 units, in one row with batch normalisation; the biases start at 0."""
    inputs = keras.Input((40, 1))
    x = keras.layers.Flatten()(inputs)
    for _ in range(depth):
        x = keras.layers.Dense(64, kernel_initializer=first_weights(row))(x)
        x = keras.layers.BatchNormalization(momentum=0.9)(x) if row == "normalised" else x
        x = keras.layers.Activation("relu")(x)
    last = row if row in ("zeros", "equal") else "glorot"
    return keras.Model(inputs, keras.layers.Dense(10, kernel_initializer=first_weights(last))(x))


class Rescale(keras.callbacks.Callback):
    """Before the training, give the outputs of each hidden layer a mean square of 1 on the training examples."""

    def on_train_begin(self, logs=None):
        values = self.x.reshape(-1, 40)
        for layer in [layer for layer in self.model.layers if isinstance(layer, keras.layers.Dense)][:-1]:
            values = np.maximum(values @ layer.get_weights()[0], 0)
            layer.kernel.assign(layer.kernel / size(values))
            values = values / size(values)


def fine_adam():
    """Return Adam with an epsilon that is small beside gradients of 1e-9."""
    return keras.optimizers.Adam(epsilon=1e-15)


def hits(key: str, rate: float, seed: int, part: str, limit: int | None = None, passes: int = 20):
    """Train, with all passes in one epoch of Keras; return which examples of a part are right."""
    row, place = key.split("@")
    optimizer = fine_adam if row == "fine" else "adam" if place == "adam" else "sgd"
    splits, graph, rescale = _retraining.loaded("mnist1d", limit, seed), _retraining.graph(bool(limit), 50), Rescale()
    train = _retraining.trainer(network, row, DEPTHS[place], optimizer=optimizer, metrics=(), **graph)
    rescale.x, callbacks = splits.train.x, [rescale] if row == "rescaled" else []
    options = {"learning_rate": rate, "epochs": 1, "batch_size": 125, "seed": seed, "callbacks": callbacks}
    repeated = splits._replace(train=_retraining.repeated(splits.train, passes))
    return _retraining.hits_after(train, repeated, part, **options)


def at_the_start(row: str, seed: int, limit: int | None) -> tuple[dict, dict]:
    """Return, before the training, the size of each layer's outputs and of the gradient by its weights."""
    x, y = _retraining.loaded("mnist1d", limit, seed).train
    keras.utils.set_random_seed(seed)
    weights = np.concatenate([array.ravel() for array in network(row, 8).get_weights()])
    layers, x = _network.layers(weights, SIZES), x.reshape(-1, 40)
    outputs = enumerate(_network.outputs(layers, x)[:-1])  # The first ones are the inputs.
    slopes = enumerate(_network.layers(_network.gradient(layers, x, y), SIZES), 1)
    return {str(n): size(values) for n, values in outputs}, {str(n): size(kernel) for n, (kernel, _) in slopes}


def size(values) -> float:
    """Return the root of the mean square."""
    return float(np.mean(values.astype(float) ** 2) ** 0.5)


def choose(*, steps=STEPS, **options) -> dict:
    """Return the validation accuracy of each row with each of its learning rates."""
    found = {}
    for key, place in [(f"{row}@{place}", place) for place, rows in ROWS.items() for row in rows]:
        rates = [float(f"{MIDDLES.get(key, MIDDLES[place]) * step:g}") for step in steps]
        found |= _tuning.search([key], rates, hits, "valid", **options)
    return found


def measure(seed: int, best: dict, *, rows: dict = ROWS, limit: int | None = None, passes: int = 20, **_) -> dict:
    """Return the hits on the test set, and the sizes at the start."""
    scores = {place: {} for place in DEPTHS} | {"signal": {}, "gradient": {}}
    for key in [f"{row}@{place}" for place in rows for row in rows[place]]:
        row, place = key.split("@")
        scores[place][row] = hits(key, best[key], seed, "test", limit, passes)
    for row in COMPARED:
        scores["signal"][row], scores["gradient"][row] = at_the_start(row, seed, limit)
    return scores


SIZE = Score("size of the outputs", format=".2g", logarithmic=True, is_ratio=True, has_direction=False)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "signal": Panel(SIZE, COMPARED, x_axis="layer"),
        "eight": Panel(ACCURACY, DEEP),
        "two": Panel(ACCURACY, COMPARED),
        "adam": Panel(ACCURACY, ROWS["adam"]),
        "gradient": Panel(SIZE._replace(name="size of the gradient"), COMPARED, x_axis="layer"),
    },
    claims=(
        Claim("eight", "he", "tenth", "yes"),
        Claim("two", "he", "tenth", "undecided"),
        Claim("adam", "he", "tenth", "yes"),
        Claim("eight", "he", "three", "yes"),
        Claim("eight", "he", "glorot", "undecided"),
        Claim("eight", "rescaled", "he", "undecided"),
        Claim("eight", "normalised", "he", "yes"),
        Claim("adam", "fine", "tenth", "yes"),
    ),
    # Neither is better than guessing at any rate, so none of their rates is the best.
    rows_allowed_at_grid_edge=("zeros@eight", "tenth@eight"),
    seeds=tuple(range(10)),
    quick={"limit": 20, "passes": 1, "steps": (1,)},
    recheck_options={"rows": {"eight": ("tenth", "he")}},
    main_panels=("signal", "eight"),
)
