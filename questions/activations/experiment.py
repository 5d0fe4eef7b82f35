"""Question 1: why does a network need activation functions? `python -m questions activations`"""

import keras
import numpy as np

from questions import _retraining, _tuning
from questions._experiment import ACCURACY, Claim, Experiment, Panel, Score

ROWS = ("none", "sigmoid", "tanh", "relu", "gelu")
PAIRS = ("relu", "abs", "relu_series", "abs_series")
RATES = (0.0001, 0.0004, 0.0016, 0.0064, 0.0256)
LAYERS = 10
SIGMOID = (lambda z: 1 / (1 + np.exp(-z)), lambda h: h * (1 - h))
FUNCTIONS = {  # Function, derivative, variance of the first weights times the number of inputs.
    "sigmoid": (*SIGMOID, 1),
    "tanh": (np.tanh, lambda h: 1 - h**2, 1),
    "relu": (lambda z: np.maximum(z, 0), lambda h: h > 0, 2),
    "sigmoid_shifted": (*SIGMOID, 1),
}


def network(row: str):
    """Return a new network: hidden layers of 256 and 128 units; He's first weights for ReLU and GELU, else Glorot's."""
    name, _, series = row.partition("_")
    activation = {"none": None, "abs": keras.ops.abs}.get(name, name)
    first = "he_uniform" if name in ("relu", "gelu") else "glorot_uniform"
    hidden = [keras.layers.Dense(units, activation, kernel_initializer=first) for units in (256, 128)]
    shape = (40, 1) if series else (28, 28, 1)
    return keras.Sequential([keras.Input(shape), keras.layers.Flatten(), *hidden, keras.layers.Dense(10)])


def hits(row: str, rate: float, seed: int, part: str, limit: int, epochs: int) -> np.ndarray:
    """Train on `limit` examples; return which ones of the validation set, or of the whole test set, are right."""
    data_set = "mnist1d" if row.endswith("series") else "mnist"
    x, y = _retraining.repeated(_retraining.loaded(data_set, limit, seed).train, 5)  # Five passes in an epoch.
    model = _retraining.trainer(network, row)(x, y, learning_rate=rate, epochs=epochs, batch_size=100, seed=seed)
    scored = _retraining.loaded(data_set, None if part == "test" else limit, seed)
    return _retraining.hits(model, *getattr(scored, part))


def gradients(row: str, seed: int, limit: int) -> dict[str, float]:
    """Return the size of the gradient at the sums of each layer, relative to the last one, at the first weights."""
    x, y = _retraining.loaded("mnist", limit, seed).train
    function, derivative, variance = FUNCTIONS[row]
    rng = np.random.default_rng(seed)
    values, kernels = [x[:500].reshape(-1, 784)], []
    for layer in range(LAYERS):
        # The shifted sigmoid computes what tanh does: 4W and -2W1 in place of W, but 2W at the pixels.
        scale, centre = (1, 0) if row != "sigmoid_shifted" else (4, 0.5) if layer else (2, 0)
        inputs = values[-1].shape[1]
        kernels.append(scale * rng.normal(0, (variance / inputs) ** 0.5, (inputs, 100)))
        values.append(function((values[-1] - centre) @ kernels[-1]))
    last = rng.normal(0, 0.1, (100, 10))
    powers = np.exp(values[-1] @ last)
    error = powers / powers.sum(axis=1, keepdims=True) - np.eye(10)[y[:500]]  # Softmax and cross-entropy.
    found = {}
    for layer, kernel in zip(range(LAYERS, 0, -1), [*kernels[1:], last][::-1], strict=True):
        error = error @ kernel.T * derivative(values[layer])
        found[str(layer)] = float((error**2).mean() ** 0.5)
    return {layer: found[layer] / found[str(LAYERS)] for layer in reversed(found)}


def choose(*, limit: int = 4000, epochs: int = 4, rates=RATES) -> dict:
    """Return the validation accuracy of each network with each learning rate."""
    return _tuning.search(dict.fromkeys([*ROWS, *PAIRS]), rates, hits, "valid", limit, epochs)


def measure(seed: int, best: dict, *, limit: int = 4000, epochs: int = 4, rows=(*ROWS, *PAIRS), **_) -> dict:
    """Return the hits with each activation function, and the gradients of a deep network."""
    found = {row: hits(row, best[row], seed, "test", limit, epochs) for row in dict.fromkeys(rows)}
    return {
        "accuracy": {row: found[row] for row in ROWS if row in found},
        "gradient": {row: gradients(row, seed, limit) for row in FUNCTIONS},
        "absolute": {row: found[row] for row in PAIRS if row in found},
    }


GRADIENT = Score("gradient relative to layer 10", format=".2g", logarithmic=True, is_ratio=True, has_direction=False)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "accuracy": Panel(ACCURACY, ROWS),
        "gradient": Panel(GRADIENT, tuple(FUNCTIONS), x_axis="layer"),
        "absolute": Panel(ACCURACY, PAIRS),
    },
    claims=(
        Claim("accuracy", "relu", "none", "yes"),
        Claim("gradient", "relu", "sigmoid", "given", at="1"),
        Claim("accuracy", "relu", "sigmoid", "yes within"),
        Claim("absolute", "abs", "relu", "yes within"),
        Claim("absolute", "abs_series", "relu_series", "no"),
    ),
    seeds=tuple(range(10)),
    quick={"limit": 100, "epochs": 1, "rates": RATES[:1]},
    recheck_options={"rows": ("none", "relu")},
    rows_allowed_at_grid_edge=("none",),  # 0.0004 is within 0.1 points of it.
)
