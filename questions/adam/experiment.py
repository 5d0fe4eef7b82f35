"""Question 8: why Adam? `python -m questions adam`"""

import functools
import math
import re
from collections import Counter

import keras
import numpy as np
from keras import layers

from dlguide import data, mlp
from questions import _retraining, _tuning
from questions._experiment import ACCURACY, NATS, Claim, Experiment, Panel, Score
from recipes._lib.texts import token_ids

DEFAULTS = {"sgd": 0.01, "momentum": 0.01, "adam": 0.001, "adamw": 0.001}
"""Optimizer to its learning rate in Keras where none is given."""
OPTIMIZERS = {
    "momentum": lambda: keras.optimizers.SGD(momentum=0.9),
    "adamw": lambda: keras.optimizers.AdamW(weight_decay=0.1),
    "rmsprop_slow": lambda: keras.optimizers.RMSprop(rho=0.999),
}
WORD_ROWS = ("sgd_words", "momentum_words", "adagrad_words", "rmsprop_words", "rmsprop_slow_words", "adam_words")
RATES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3)
WORD_RATES = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)
VOCABULARY, COMMONEST = 1000, 50  # Words.


def choose(*, rates=RATES, word_rates=WORD_RATES, **options) -> dict:
    """Return the validation accuracy of each optimizer with each learning rate, and of words the loss with a minus."""
    accuracies = _tuning.search(DEFAULTS, rates, hits, "valid", **options)

    def score(row, rate, seed):
        return -word_losses(row, rate, seed, "valid", **options)[0]

    slow = ("rmsprop_slow_words",)  # With a long memory its first steps are longer: it has no correction, as Adam has.
    losses = _tuning.search([row for row in WORD_ROWS if row not in slow], word_rates, score)
    return {**accuracies, **losses, **_tuning.search(slow, [rate / 10 for rate in word_rates], score)}


def measure(seed: int, best: dict, *, panels=("words", "tuned"), rows=WORD_ROWS, **options) -> dict:
    """Return the loss on words with each optimizer, and the hits with the default and the chosen learning rate."""
    words = {row: word_losses(row, best[row], seed, "train", **options) for row in rows}
    scores = {
        "words": {row: loss for row, (loss, _) in words.items()},
        "rare": {row: loss for row, (_, loss) in words.items()},
        "tuned": {},
    }
    for row, default in DEFAULTS.items() if "tuned" in panels else ():
        scores["tuned"][f"{row}_default"] = hits(row, default, seed, "test", **options)
        scores["tuned"][f"{row}_chosen"] = hits(row, best[row], seed, "test", **options)
    return scores


def hits(row, rate, seed, part, *, limit: int | None = None, epochs: int = 20, eager: bool = False, **_) -> np.ndarray:
    """Train on MNIST-1D, with five passes in an epoch, and return the hits on a part."""
    splits = _retraining.loaded("mnist1d", limit, seed)
    splits = splits._replace(train=_retraining.repeated(splits.train, 5))
    options = {"learning_rate": rate, "epochs": epochs, "batch_size": 125, "seed": seed}
    return _retraining.hits_after(trainer(row, eager), splits, part, **options)


def word_losses(row, rate, seed, part, *, pairs: int = 10_000, eager: bool = False, **_) -> tuple[float, float]:
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
    plays = data.load("shakespeare")
    words = {
        part: re.findall("[a-z']+", token_ids.decode(getattr(plays, part).x.ravel(), plays.info.vocabulary).lower())
        for part in ("train", "valid")
    }
    common = {word: i for i, (word, _) in enumerate(Counter(words["train"]).most_common(VOCABULARY))}
    parts = {}
    for part, text in words.items():
        ids = np.array([common.get(word, -1) for word in text], "int32")
        both = np.flatnonzero((ids[:-1] >= 0) & (ids[1:] >= 0))[:pairs]
        parts[part] = data.Part(ids[both][:, None], ids[both + 1])
    return parts


def trainer(row: str, eager: bool):
    """Return what trains a row's network."""
    name = row.removesuffix("_words")
    return _retraining.trainer(network, row, optimizer=OPTIMIZERS.get(name, name), run_eagerly=eager)


def network(row: str):
    """Return a new network: an `mlp`, or for words a bigram model with vectors of 32 numbers."""
    if row in DEFAULTS:
        return mlp((40, 1), 10, hidden_units=(128, 128))
    embedding = layers.Embedding(VOCABULARY, 32)
    inputs = keras.Input((1,), dtype="int32")
    return keras.Sequential([inputs, embedding, layers.Flatten(), layers.Dense(VOCABULARY)])


SETTINGS = tuple(f"{row}_{setting}" for row in DEFAULTS for setting in ("default", "chosen"))
LOSS = Score("training loss", NATS, higher_is_better=False, format=".3f", margin=0.1)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={"words": Panel(LOSS, WORD_ROWS), "rare": Panel(LOSS, WORD_ROWS), "tuned": Panel(ACCURACY, SETTINGS)},
    claims=(
        Claim("words", "adam_words", "momentum_words", "yes"),
        Claim("words", "adam_words", "adagrad_words", "no"),
        Claim("tuned", "adam_chosen", "momentum_chosen", "undecided"),
        Claim("rare", "adam_words", "momentum_words", "yes"),
        Claim("tuned", "adam_default", "momentum_default", "undecided"),
        Claim("tuned", "adam_chosen", "adam_default", "yes"),
        Claim("tuned", "adamw_chosen", "adam_chosen", "undecided"),
        Claim("tuned", "sgd_chosen", "adam_chosen", "undecided"),
        Claim("words", "adam_words", "rmsprop_slow_words", "yes"),
    ),
    seeds=tuple(range(10)),
    main_panels=("words", "rare"),
    quick={"limit": 20, "pairs": 100, "epochs": 1, "eager": True, "rates": RATES[:1], "word_rates": WORD_RATES[:1]},
    recheck_options={"panels": (), "rows": ("momentum_words", "adam_words")},
)
