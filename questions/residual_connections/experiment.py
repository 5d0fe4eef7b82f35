"""Question 31: why residual connections? `python -m questions residual_connections`"""

import numpy as np

from questions import _network, _schedules, _tuning
from questions._experiment import ACCURACY, PERCENT, Claim, Experiment, Panel, Score
from questions.initial_weights.experiment import size

ROWS = ("plain", "identity", "plain_norm", "residual", "zero", "prenorm")
RESIDUAL, NORMALISED = ("residual", "zero", "prenorm"), ("plain_norm", "prenorm")
DEPTHS, WIDTH, LAYERS = (2, 4, 8, 16, 32, 64), 32, (1, 16, 32, 48, 64)
COMPARED = {"two": "plain@2", "wide": "wide@2"} | {row: f"{row}@64" for row in ROWS}
WIDTHS = {"wide": 236}  # Two such layers have about as many weights as 64 layers of 32 units.
MEAN = np.full((WIDTH, WIDTH), 1 / WIDTH, "float32")  # A product with it is faster than NumPy's means.
MIDDLES = {"32": 0.01, "64": 0.01, "prenorm": 0.03, "plain_norm@32": 0.001, "plain_norm@64": 0.0003}  # Else 0.03.


def new_layers(row: str, depth: int, seed: int) -> tuple[np.ndarray, list]:
    """Return new weights in one vector, and its views by layer: He's but for the last layer, or a start of the row."""
    sizes = (40, *[WIDTHS.get(row, WIDTH)] * depth, 10)
    weights = _network.new_weights(sizes, np.random.default_rng(seed))
    layers = _network.layers(weights, sizes)
    for kernel, _ in layers[:-1]:
        kernel *= (1 + kernel.shape[1] / kernel.shape[0]) ** 0.5  # From Glorot's variance to He's.
    for kernel, _ in layers[1:-1] if row in ("identity", "zero") else ():
        kernel[:] = np.eye(WIDTH) if row == "identity" else 0
    return weights, layers


def forward(row: str, layers: list, x: np.ndarray) -> tuple[np.ndarray, list]:
    """Return the logits, and the input of each layer but the first: as it is, before and behind ReLU; and its size."""
    value, saved = x @ layers[0][0] + layers[0][1], []
    for kernel, bias in layers[1:]:
        ready, deviation = value, 1
        if row in NORMALISED:
            centred = value - value @ MEAN
            deviation = np.sqrt((centred * centred) @ MEAN + np.float32(1e-5))
            ready = centred / deviation
        saved.append((value, ready, np.maximum(ready, 0), deviation))
        value = saved[-1][2] @ kernel + bias + (value if row in RESIDUAL and kernel is not layers[-1][0] else 0)
    return value, saved


def gradient(row: str, layers: list, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the derivative of the mean cross-entropy by each weight: back-propagation."""
    logits, saved = forward(row, layers, x)
    error, parts = (np.exp(_network.log_softmax(logits)) - np.eye(10, dtype="float32")[y]) / np.float32(len(y)), []
    for (kernel, _), (_, ready, inner, deviation) in zip(layers[:0:-1], saved[::-1], strict=True):
        parts += [error.sum(axis=0), (inner.T @ error).ravel()]
        back = (error @ kernel.T) * (ready > 0)
        if row in NORMALISED:
            back = (back - back @ MEAN - ready * ((back * ready) @ MEAN)) / deviation
        error = error + back if row in RESIDUAL and kernel is not layers[-1][0] else back
    return np.concatenate([*parts, error.sum(axis=0), (x.T @ error).ravel()][::-1])


def hits(key: str, rate: float, seed: int, parts, limit: int | None = None, passes: int = 16) -> list:
    """Train; return which examples of the parts (0: training, 1: validation, 2: test) are right."""
    row, depth = key.split("@")
    splits, (weights, layers) = _network.mnist1d(seed, limit), new_layers(row, int(depth), seed)
    options = {"schedule": "warm_cosine", "rate": rate, "passes": passes, "batch_size": 125, "seed": seed}
    _schedules.train(weights, layers, lambda *given: gradient(row, *given), splits[:2], optimizer="adam", **options)
    with np.errstate(all="ignore"):  # Weights that are not finite guess class 0.
        return [forward(row, layers, x)[0].argmax(axis=1) == y for x, y in (splits[part] for part in parts)]


def at_the_start(row: str, seed: int, limit: int | None) -> dict[str, dict]:
    """Return by layer, before the training: size of outputs and gradient, mean cosine of the outputs of two series."""
    (x, y), (weights, layers) = _network.mnist1d(seed, limit)[0], new_layers(row, 64, seed)
    outputs, found = forward(row, layers, x)[1], {"signal": {}, "gradient": {}, "likeness": {}}
    weights[:] = gradient(row, layers, x, y)  # The layers are views of it.
    for n in LAYERS:
        value = outputs[n - 1][0].astype(float)
        total = (value / np.linalg.norm(value, axis=1, keepdims=True)).sum(axis=0)
        found["signal"][str(n)], found["gradient"][str(n)] = size(value), size(layers[n - 1][0])
        found["likeness"][str(n)] = float((total @ total / len(x) - 1) / (len(x) - 1))
    return found


def choose(*, steps=(0.1, 0.3, 1, 3, 10), depths=DEPTHS, **options) -> dict:
    """Return the validation accuracy of each network with each of its five learning rates."""
    found = {}
    for key in [f"{row}@{depth}" for row in ROWS for depth in depths] + ["wide@2"]:
        middle = next((MIDDLES[name] for name in (key, *key.split("@")) if name in MIDDLES), 0.03)
        rates = [float(f"{middle * step:g}") for step in steps]
        found |= _tuning.search([key], rates, lambda *given: hits(*given, [1], **options)[0])
    return found


def measure(seed: int, best: dict, *, rows=(*ROWS, "wide"), depths=DEPTHS, limit=None, passes: int = 16, **_) -> dict:
    """Return the hits on the test set and on the training set, and what `at_the_start` gives."""
    keys = [key for key in best if key.split("@")[0] in rows and int(key.split("@")[1]) in depths]
    found = {key: hits(key, best[key], seed, [0, 2], limit, passes) for key in keys}
    scores = {name: {row: {} for row in panel.rows if row in rows} for name, panel in EXPERIMENT.panels.items()}
    for row in scores["accuracy"]:
        for depth in map(str, depths):
            scores["training"][row][depth], scores["accuracy"][row][depth] = found[f"{row}@{depth}"]
        for panel, curve in at_the_start(row, seed, limit).items():
            scores[panel] |= {row: curve} if row in scores[panel] else {}
    return scores | {"compared": {row: found[key][1] for row, key in COMPARED.items() if key in found}}


BY_DEPTH = Panel(ACCURACY._replace(format=".0f"), ROWS, x_axis="hidden layers", logarithmic=True)
BY_LAYER = Panel(Score("size", format=".2g", logarithmic=True, is_ratio=True, has_direction=False), ROWS, "layer")
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "accuracy": BY_DEPTH,
        "compared": Panel(ACCURACY._replace(format=".1f"), tuple(COMPARED)),
        "training": BY_DEPTH._replace(score=Score("training accuracy", PERCENT, format=".0f")),
        "signal": BY_LAYER,
        "gradient": BY_LAYER._replace(rows=("plain", *ROWS[2:])),  # Of "identity" it equals that of "zero".
        "likeness": BY_LAYER._replace(score=Score("mean cosine", bounds=(-1, 1), has_direction=False)),
    },
    claims=(
        Claim("compared", "zero", "plain", "yes"),
        Claim("compared", "residual", "plain", "no"),
        Claim("compared", "zero", "wide", "no"),
        Claim("compared", "prenorm", "plain_norm", "yes"),
        Claim("compared", "zero", "prenorm", "undecided"),
        Claim("compared", "zero", "identity", "yes"),
        Claim("compared", "zero", "two", "no"),
    ),
    seeds=tuple(range(10)),
    rows_allowed_at_grid_edge=("prenorm@32",),  # Three of its rates are within 2 points, and no claim compares it.
    quick={"limit": 125, "passes": 1, "steps": (1,), "depths": (2, 64)},
    recheck_options={"rows": ("plain", "zero"), "depths": (64,)},
    main_panels=("accuracy", "compared"),
)
