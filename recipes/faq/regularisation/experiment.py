"""Question 4: why regularisation?

python -m recipes.faq regularisation
"""

import functools

import numpy as np

from recipes.faq import _retraining, _tuning
from recipes.faq._experiment import ACCURACY, PERCENT, Claim, Experiment, Panel, Score

ROWS = ("none", "l2", "dropout", "shift", "early")
PASSES = {500: 6, 2000: 4, 10_000: 1}  # Over the images in a round; a training has eight rounds.
STRENGTHS = {  # From weak to strong; the first one is level 1.
    "l2": (0.00003, 0.0001, 0.0003, 0.001, 0.003),
    "dropout": (0.1, 0.3, 0.5, 0.7, 0.9),
    "shift": (1, 2, 3, 4, 6),  # Pixels.
    "early": (5, 4, 3, 2, 1),  # Rounds of patience.
}
LEARNING_RATE = 0.001


@functools.cache
def trainer(row: str, strength: float):
    """Compile the network with a way of regularisation once for all seeds and numbers of images."""
    import keras

    from dlguide import mlp
    from dlguide.augmentation import Augmentation

    def build():
        options = {row: strength} if row in ("l2", "dropout") else {}
        model = mlp((28, 28, 1), 10, hidden_units=(128,), **options)
        if row == "shift":
            return keras.Sequential([keras.Input((28, 28, 1)), Augmentation({"shift": strength / 28}), model])
        return model

    return _retraining.trainer(build)


def trained(row: str, strength: float, splits, passes: int, seed: int, rounds: int):
    """Train the network in rounds, each an epoch of Keras with several passes over the images.

    Only early stopping looks at validation images, as many as there are training images.
    """
    watched = {"patience": strength, "validation_data": splits.valid} if row == "early" else {}
    train = trainer("none", 0) if row == "early" else trainer(row, strength)
    x, y = _retraining.repeated(splits.train, passes)
    return train(x, y, learning_rate=LEARNING_RATE, epochs=rounds, batch_size=100, seed=seed, **watched)


def choose(*, passes: dict = PASSES, rounds: int = 8, levels=(1, 2, 3, 4, 5), **_) -> dict:
    """Return the validation accuracy of each way of regularisation at each level, on the middle number of images."""
    from dlguide import data

    limit = sorted(passes)[len(passes) // 2]
    splits = data.load("mnist", limit=limit, seed=100)
    valid = data.load("mnist", seed=100).valid

    def score(row, level):
        model = trained(row, STRENGTHS[row][int(level) - 1], splits, passes[limit], 100, rounds)
        return _retraining.accuracy(model, *valid)

    return _tuning.search(STRENGTHS, levels, score)


def measure(
    seed: int, choice: dict, *, rows=ROWS, passes: dict = PASSES, rounds: int = 8, random_passes: int = 20, **_
) -> dict:
    """Return the test accuracy for each number of images, and the training accuracy on labels drawn at random."""
    from dlguide import data

    splits = {limit: data.load("mnist", limit=limit, seed=seed) for limit in passes}
    test = data.load("mnist", seed=seed).test
    few, rng = splits[min(passes)], np.random.default_rng(seed)
    train, valid = (data.Part(x, rng.integers(10, size=len(y), dtype="int32")) for x, y in (few.train, few.valid))
    few = few._replace(train=train, valid=valid)
    scores = {"real": {row: {} for row in rows}, "random": {}}
    for row in rows:
        strength = 0 if row == "none" else STRENGTHS[row][int(_tuning.best(choice[row])) - 1]
        for limit, number in passes.items():
            model = trained(row, strength, splits[limit], number, seed, rounds)
            scores["real"][row][str(limit)] = _retraining.accuracy(model, *test)
        if random_passes:
            model = trained(row, strength, few, random_passes, seed, rounds)
            scores["random"][row] = _retraining.accuracy(model, *few.train)
    return scores


LEARNED = Score("accuracy on the training set", PERCENT, higher_is_better=False, format=".1f")
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "real": Panel(ACCURACY, ROWS, reference="none", curve="training images", logarithmic=True),
        "random": Panel(LEARNED, ROWS, reference="none"),
    },
    claims=(
        Claim("real", "shift", "none", "yes", at="500", known="yes"),
        Claim("real", "dropout", "none", "yes", at="2000", known="yes"),
        Claim("real", "l2", "none", "same", at="2000"),
        Claim("random", "l2", 0.1, "yes", better=False, known="yes"),
        Claim("random", "dropout", 0.1, "yes", better=False, known="yes"),
    ),
    quick={"passes": {100: 1}, "rounds": 1, "random_passes": 1, "levels": (3,)},
    check={"rows": ("none", "l2"), "passes": {500: 6}, "random_passes": 0},
    chosen="strength (level 1 is the weakest, 5 the strongest)",
    # All five levels stop with the same weights: the validation loss is lowest after the same round.
    edges=("early",),
)
