"""Question 8: why Adam?

python -m recipes.faq adam
"""

import functools
import math
import re
from collections import Counter

import numpy as np

from recipes.faq import _retraining, _tuning
from recipes.faq._experiment import ACCURACY, NATS, NUMBER, Claim, Experiment, Panel, Score

RATES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)
DEFAULTS = {"sgd": "0.01", "momentum": "0.01", "rmsprop": "0.001", "adam": "0.001"}
"""Optimizer to its learning rate in Keras where none is given."""
ROWS = tuple(DEFAULTS)
WORD_ROWS = tuple(f"{row}_words" for row in ROWS)
VOCABULARY, COMMONEST = 1000, 50  # Words.


def choose(*, rates=RATES, **options) -> dict:
    """Return the validation score of each optimizer with each learning rate: of words, the loss with a minus."""

    def score(row, rate):
        if row in WORD_ROWS:
            return -word_losses(row, rate, "valid", 100, **options)[0]
        return accuracy(row, rate, "valid", 100, **options)

    return _tuning.search([*ROWS, *WORD_ROWS], rates, score)


def measure(seed: int, choice: dict, *, rates=RATES, panels=("curves", "words"), **options) -> dict:
    """Return the test accuracy of each optimizer over the learning rates, with what follows, and the loss on words."""
    scores = {}
    if "curves" in panels:
        curves = {row: {f"{rate:g}": accuracy(row, rate, "test", seed, **options) for rate in rates} for row in ROWS}
        scores["curves"] = curves
        scores["width"] = {
            row: sum(value >= max(curve.values()) - 0.05 for value in curve.values()) for row, curve in curves.items()
        }
        scores["chosen"] = compared_settings(curves, choice)
    if "words" in panels:
        losses = {row: word_losses(row, _tuning.best(choice[row]), "train", seed, **options) for row in WORD_ROWS}
        scores["words"] = {row: loss for row, (loss, _) in losses.items()}
        scores["rare"] = {row: loss for row, (_, loss) in losses.items()}
    return scores


def compared_settings(curves: dict, choice: dict) -> dict:
    """Return the accuracy at the default, at the chosen learning rate, and of the default that validates best."""
    chosen = {}
    for row, curve in curves.items():
        chosen[f"{row}_default"] = curve[DEFAULTS[row]]
        chosen[f"{row}_chosen"] = curve[f"{_tuning.best(choice[row]):g}"]
    best = max(DEFAULTS, key=lambda row: choice[row][DEFAULTS[row]])
    return {**chosen, "best_default": curves[best][DEFAULTS[best]]}


def accuracy(row, rate, part, seed, *, limit: int | None = None, epochs: int = 8, eager: bool = False, **_) -> float:
    """Train on MNIST-1D and return the accuracy on a part."""
    splits = _retraining.loaded("mnist1d", limit, seed)
    options = {"learning_rate": rate, "epochs": epochs, "batch_size": 125, "seed": seed}
    return _retraining.accuracy_after(trainer(row, eager), splits, part, **options)


def word_losses(row, rate, part, seed, *, pairs: int = 10_000, eager: bool = False, **_) -> tuple[float, float]:
    """Train on pairs of words; return the training loss of the next word, and that of the next words that are rare.

    A loss that is not finite counts as guessing.
    """
    x, y = word_pairs(pairs)[part]
    guess, rare = math.log(VOCABULARY), y >= COMMONEST
    try:
        model = trainer(row, eager)(x, y, learning_rate=rate, epochs=4, batch_size=125, seed=seed)
    except FloatingPointError:
        return guess, guess
    losses = tuple(
        float(model.evaluate(*scored, batch_size=500, verbose=0, return_dict=True)["loss"])
        for scored in ((x, y), (x[rare], y[rare]))
    )
    return losses if np.isfinite(losses).all() else (guess, guess)


@functools.lru_cache(maxsize=1)
def word_pairs(pairs: int) -> dict:
    """Return words of Shakespeare's plays with the word after each, both among the commonest; 0 is the commonest."""
    from dlguide import data

    plays = data.load("shakespeare")
    words = {
        part: re.findall("[a-z']+", data.decode(getattr(plays, part).x.ravel(), plays.info.vocabulary).lower())
        for part in ("train", "valid")
    }
    common = {word: i for i, (word, _) in enumerate(Counter(words["train"]).most_common(VOCABULARY))}
    parts = {}
    for part, text in words.items():
        ids = np.array([common.get(word, -1) for word in text], "int32")
        both = np.flatnonzero((ids[:-1] >= 0) & (ids[1:] >= 0))[:pairs]
        parts[part] = data.Part(ids[both][:, None], ids[both + 1])
    return parts


@functools.cache
def trainer(row: str, eager: bool):
    """Return what trains a row's network: an `mlp`, or for words a bigram model with vectors of 32 numbers."""
    import keras
    from keras import layers

    from dlguide import mlp

    def build():
        if row in ROWS:
            return mlp((40, 1), 10, hidden_units=(128, 128))
        embedding = layers.Embedding(VOCABULARY, 32)
        inputs = keras.Input((1,), dtype="int32")
        return keras.Sequential([inputs, embedding, layers.Flatten(), layers.Dense(VOCABULARY)])

    name = row.removesuffix("_words")
    return _retraining.trainer(
        build, keras.optimizers.SGD(momentum=0.9) if name == "momentum" else name, run_eagerly=eager
    )


WIDTH = Score("good learning rates, of 11", NUMBER, format=".1f", bounds=(0, 11))
SETTINGS = tuple(f"{row}_{setting}" for row in ROWS for setting in ("default", "chosen"))
WORDS = Panel(Score("training loss", NATS, higher_is_better=False, format=".3f"), WORD_ROWS, reference="momentum_words")
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "curves": Panel(ACCURACY, ROWS, reference="momentum", curve="learning rate", logarithmic=True),
        "width": Panel(WIDTH, ROWS, reference="momentum"),
        "chosen": Panel(ACCURACY, (*SETTINGS, "best_default")),
        "words": WORDS,
        "rare": WORDS,
    },
    claims=(
        Claim("chosen", "adam_chosen", "momentum_chosen", "no", better=False),
        Claim("width", "adam", "momentum", "same"),
        Claim("chosen", "adam_default", "sgd_default", "yes"),
        Claim("chosen", "best_default", "adam_chosen", "yes", better=False, known="same"),
        Claim("words", "adam_words", "momentum_words", "yes", known="yes"),
        Claim("rare", "adam_words", "sgd_words", "yes", known="yes"),
    ),
    quick={"rates": (0.001, 0.01), "limit": 20, "pairs": 100, "epochs": 1, "eager": True},
    check={"panels": ("words",)},
    # The losses at 10 and at 30 are nearly equal, and with 20,000 pairs 30 was worse than 10: the best is between them.
    edges=("sgd_words",),
)
