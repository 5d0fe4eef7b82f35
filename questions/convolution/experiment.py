"""Question 11: why convolutional networks? `python -m questions convolution`"""

import functools

import numpy as np
from keras import Model, layers

from dlguide import cnn, data, mlp
from questions import _retraining, _tuning
from questions._experiment import ACCURACY, Claim, Experiment, Panel

GRID = (0.001, 0.003, 0.01, 0.03, 0.1)
ROWS = ("mlp", "cnn", "cnn_shuffled")
IMAGE_ROWS = ("mlp", "cnn_flat", "cnn")
KEYS = (*[f"{row}@accuracy" for row in ROWS], *[f"{row}@shift" for row in IMAGE_ROWS])
SHIFTS = tuple(range(9))
TESTS = 1000  # Images of the test set: the same for all seeds.


def network(kind: str, shape: tuple):
    """Return a new model for series of shape (40, 1), or for images."""
    is_series = len(shape) == 2
    if kind == "mlp":  # For series with as many weights as the CNN has.
        return mlp(shape, 10, hidden_units=(93, 93) if is_series else (256, 128), batch_norm=True)
    pooled = cnn(shape, 10, filters=(16, 32, 64) if is_series else (8, 16, 32), kernel_size=5 if is_series else 3)
    if kind == "cnn":
        return pooled
    return Model(pooled.input, layers.Dense(10)(layers.Flatten()(pooled.get_layer("features_2").output)))


@functools.lru_cache(maxsize=3)
def loaded(key: str, seed: int, limit: int):
    """Return the data of a row: series, in one shuffled order for one row, or images with a margin."""
    if key.endswith("@shift"):
        splits = data.load("mnist", limit=min(limit, 2000), seed=seed)
        splits = splits._replace(test=data.load("mnist", limit=min(limit, TESTS)).test)
        parts = [data.Part(np.pad(x, ((0, 0), (0, 0), (4, 4), (0, 0))), y) for x, y in splits[:3]]
    else:
        splits = data.load("mnist1d", limit=limit, seed=seed)
        order = np.random.default_rng(seed).permutation(40) if "shuffled" in key else np.arange(40)
        parts = [data.Part(x[:, order], y) for x, y in splits[:3]]
    return data.Splits(*parts, splits.info)


def trained(key: str, splits, rate: float, seed: int, epochs: int, image_epochs: int):
    """Train a row at a learning rate."""
    row, _, panel = key.partition("@")
    train = _retraining.trainer(network, row.removesuffix("_shuffled"), splits.train.x.shape[1:])
    passes = image_epochs if panel == "shift" else epochs
    return train(*splits.train, learning_rate=rate, epochs=passes, batch_size=100, seed=seed)


def choose(*, limit: int = 3500, epochs: int = 12, image_epochs: int = 10, grid=GRID, **_) -> dict:
    """Return the validation accuracy of each row at each learning rate."""

    def score(key, rate, seed):
        splits = loaded(key, seed, limit)
        return _retraining.hits(trained(key, splits, rate, seed, epochs, image_epochs), *splits.valid)

    return _tuning.search(KEYS, grid, score)


def measure(seed: int, best: dict, *, limit=3500, epochs=12, image_epochs=10, shifts=SHIFTS, keys=KEYS, **_) -> dict:
    """Return the hits on the test series, and on test images that are moved to the right."""
    scores = {"accuracy": {}, "shift": {}}
    for key in keys:
        row, _, panel = key.partition("@")
        splits = loaded(key, seed, limit)
        model, (x, y) = trained(key, splits, best[key], seed, epochs, image_epochs), splits.test
        if panel == "shift":  # The margin is blank: nothing leaves at the right and comes in at the left.
            moved = {str(shift): np.roll(x, shift, axis=2) for shift in shifts}
            scores[panel][row] = {at: _retraining.hits(model, x, y) for at, x in moved.items()}
        else:
            scores[panel][row] = _retraining.hits(model, x, y)
    return scores


EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "accuracy": Panel(ACCURACY, ROWS),
        "shift": Panel(ACCURACY, IMAGE_ROWS, x_axis="shift of the test images to the right (pixels)"),
    },
    claims=(
        Claim("accuracy", "cnn", "mlp", "yes"),
        Claim("accuracy", "cnn_shuffled", "mlp", "no"),
        Claim("shift", "cnn", "mlp", "yes", at="3"),
        Claim("shift", "cnn", "cnn_flat", "yes", at="3"),
        Claim("shift", "cnn_flat", "cnn", "yes", at="0"),
    ),
    quick={"limit": 100, "epochs": 1, "image_epochs": 1, "shifts": (0,), "grid": (0.01,)},
    recheck_options={"keys": KEYS[:2]},
    seeds=tuple(range(10)),
    figure_size=(6.4, 1.75),
)
