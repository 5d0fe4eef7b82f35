"""Question 9: why dropout?

python -m recipes.faq dropout
"""

import functools

from recipes.faq import _retraining, _tuning
from recipes.faq._experiment import ACCURACY, PERCENT, Claim, Experiment, Panel, Score

RATES = ("0", "0.25", "0.5", "0.75")
LEARNING_RATES = (0.0003, 0.001, 0.003, 0.01)
IMAGES = {"few": 500, "many": 2000}
# A trial with 3,000 images and only 20 passes was even less favourable to dropout, which needs a longer training.
PASSES = {"few": 40, "many": 50}


@functools.cache
def trainer(rate: str):
    """Compile a network once for all seeds, learning rates and numbers of images."""
    from dlguide import mlp

    return _retraining.trainer(lambda: mlp((28, 28, 1), 10, hidden_units=(256, 256), dropout=float(rate)))


def trained(rate: str, part, learning_rate: float, passes: int, seed: int):
    """Train a network, in epochs of up to ten passes."""
    in_epoch = min(passes, 10)
    options = {"learning_rate": learning_rate, "epochs": passes // in_epoch, "batch_size": 100, "seed": seed}
    return trainer(rate)(*_retraining.repeated(part, in_epoch), **options)


def choose(*, images: dict = IMAGES, passes: dict = PASSES) -> dict:
    """Return the validation accuracy of each dropout rate with each learning rate, for each number of images."""
    from dlguide import data

    parts = {name: data.load("mnist", limit=limit, seed=100).train for name, limit in images.items()}
    valid = data.load("mnist", seed=100).valid
    trainings = {f"{rate}@{images[name]}": (rate, name) for name in images for rate in RATES}

    def score(key, learning_rate):
        rate, name = trainings[key]
        return _retraining.accuracy(trained(rate, parts[name], learning_rate, passes[name], 100), *valid)

    return _tuning.search(trainings, LEARNING_RATES, score)


def measure(seed: int, choice: dict, *, images: dict = IMAGES, passes: dict = PASSES, rates=RATES) -> dict:
    """Return the accuracy on the test set, and how far that on the training set lies above it."""
    from dlguide import data

    parts = {name: data.load("mnist", limit=limit, seed=seed).train for name, limit in images.items()}
    test = data.load("mnist", seed=seed).test
    scores = {name: {} for name in (*images, "gap")}
    for name, limit in images.items():
        for rate in rates:
            model = trained(rate, parts[name], _tuning.best(choice[f"{rate}@{limit}"]), passes[name], seed)
            scores[name][rate] = _retraining.accuracy(model, *test)
            if name == "many":
                scores["gap"][rate] = _retraining.accuracy(model, *parts[name]) - scores[name][rate]
    return scores


GAP = Score("accuracy on the training set less that on the test set", PERCENT, higher_is_better=False, bounds=(-1, 1))
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "many": Panel(ACCURACY, RATES, reference="0"),
        "few": Panel(ACCURACY, RATES, reference="0"),
        "gap": Panel(GAP, RATES, reference="0"),
    },
    claims=(
        Claim("many", "0.5", "0", "same", known="yes"),
        Claim("few", "0.5", "0", "same", known="same"),
        Claim("many", "0.75", "0.5", "yes", better=False),
    ),
    quick={"images": {"few": 100, "many": 200}, "passes": {"few": 1, "many": 1}},
    check={"images": {"few": 500}, "rates": ("0", "0.5")},
    # 0.0003 and 0.003 give the same validation accuracy, and 0.001 between them nearly the same.
    edges=("0.25@2000",),
)
