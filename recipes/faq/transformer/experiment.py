"""Question 15: why a Transformer?

python -m recipes.faq transformer
"""

import functools

import numpy as np

from recipes.faq import _retraining, _tuning
from recipes.faq._experiment import PERCENT, Claim, Experiment, Panel, Score

KEYS, VALUES, LENGTH = 16, 8, 32
PAIRS = (2, 4, 8, 16)
FIRST_QUESTION = 1 + KEYS * VALUES
VOCABULARY = FIRST_QUESTION + KEYS
BATCH, STEPS, ORDER_STEPS, TESTS = 64, 500, 300, 1000
GRID = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
RECALL_ROWS = ("transformer", "lstm")
ORDER_ROWS = ("positions", "no_positions")
NAME_ROWS = ("names_ngrams", "names_lstm", "names_transformer")
EPOCHS_BY_NAMES = {1000: 40, 8000: 16, 64000: 8}
NAME_LENGTH, NAME_BATCH = 16, 100
SMALL = {"embed_dim": 32, "num_heads": 2, "ff_dim": 64, "num_layers": 2, "dropout": 0}
PANELS = {"recall": RECALL_ROWS, "order": ORDER_ROWS, "names": NAME_ROWS}


def recall(number: int, pairs: int, rng):
    """Draw sequences of pairs of a key and a value, then questions for the values of keys, up to `LENGTH` symbols.

    A pair is one symbol, a question too. Returns the sequences, and the answers as 1 to `VALUES`, 0 elsewhere.
    """
    keys = rng.permuted(np.tile(np.arange(KEYS), (number, 1)), axis=1)[:, :pairs]
    values = rng.integers(VALUES, size=keys.shape)
    asked = rng.integers(pairs, size=(number, LENGTH - pairs))
    x = np.concatenate([1 + VALUES * keys + values, FIRST_QUESTION + np.take_along_axis(keys, asked, 1)], 1)
    y = np.concatenate([np.zeros_like(values), 1 + np.take_along_axis(values, asked, 1)], 1)
    return x, y


def order(number: int, rng):
    """Draw sequences of 16 symbols with one 1 and one 2 among others; the class says whether the 1 comes first."""
    x = rng.integers(3, 11, size=(number, 16))
    places = rng.permuted(np.tile(np.arange(16), (number, 1)), axis=1)[:, :2]
    np.put_along_axis(x, places, np.array([[1, 2]]), 1)
    return x, (places[:, 0] < places[:, 1]).astype(int)


@functools.cache
def places(seed: int):
    """Return the names of places, their first characters alone, as `data.load` splits them."""
    splits, known = _retraining.loaded("places", None, seed), len(_retraining.loaded("places", None, 0).info.vocabulary)
    # A network has as many characters as the training set of seed 0: of others the last few may be unknown, which is 1.
    parts = [part._replace(x=np.where(part.x < known, part.x, 1)[:, :NAME_LENGTH]) for part in splits[:3]]
    return splits._make([*parts, splits.info])


def network(row: str):
    """Return a new model of a row."""
    from dlguide import rnn, transformer_classifier, transformer_language_model

    if row == "transformer":
        return transformer_language_model(VOCABULARY, LENGTH, **SMALL)
    if row == "lstm":
        return rnn((LENGTH,), 1 + VALUES, units=(50,), vocab_size=VOCABULARY, return_sequences=True)
    if row in NAME_ROWS:
        info = places(0).info
        characters, countries = len(info.vocabulary), info.num_classes
        if row == "names_lstm":
            return rnn((NAME_LENGTH,), countries, bidirectional=True, units=(64,), dropout=0.3, vocab_size=characters)
        return transformer_classifier(characters, NAME_LENGTH, countries, embed_dim=64, num_heads=4, ff_dim=128)
    model = transformer_classifier(11, 16, 2, **SMALL)
    if row == "no_positions":
        positions = model.get_layer("position_embedding")
        positions.embeddings.assign(0 * positions.embeddings)
        positions.trainable = False
    return model


@functools.cache
def trainer(row: str, is_quick: bool):
    """Return the function that trains a row's model, the same one for all seeds."""
    options = {"ignore_class": 0} if row in RECALL_ROWS else {}
    jit_compile = "auto" if row in NAME_ROWS else not is_quick
    return _retraining.clipped_trainer(functools.partial(network, row), jit_compile=jit_compile, **options)


def trained(row: str, learning_rate: float, seed: int, steps: int, is_quick: bool):
    """Return a row's model after one pass over new sequences."""
    rng = np.random.default_rng((seed, 0))
    if row in RECALL_ROWS:  # Equally many sequences with each number of pairs.
        parts = [recall(BATCH * steps // len(PAIRS), pairs, rng) for pairs in PAIRS]
        x, y = (np.concatenate(part) for part in zip(*parts, strict=True))
    else:
        x, y = order(BATCH * steps, rng)
    return trainer(row, is_quick)(x, y, learning_rate=learning_rate, epochs=1, batch_size=BATCH, seed=seed)


def right_answers(model, x, y) -> float:
    """Return the share of right answers; 0 in `y` is no question where there are several answers a sequence."""
    answers = _retraining.outputs(model, x).argmax(-1)
    return float((answers == y)[y > 0].mean() if y.ndim == 2 else (answers == y).mean())


def right_names(row: str, learning_rate: float | None, seed: int, names: int, part: str, is_quick: bool) -> float:
    """Return the share of names in a part of the data whose country is told, after training with so many names."""
    splits = places(seed)
    drawn = np.random.default_rng((seed, 2)).permutation(len(splits.train.x))[:names]
    train = splits.train._make(array[drawn] for array in splits.train)
    if row == "names_ngrams":
        from recipes._lib import baselines

        return baselines.ngram_accuracy(splits._replace(train=train))
    epochs = EPOCHS_BY_NAMES.get(names, 1)
    falling = _retraining.falling(learning_rate, epochs, is_cosine=True)
    options = {"epochs": epochs, "batch_size": NAME_BATCH, "seed": seed, "callbacks": falling}
    model = trainer(row, is_quick)(*train, learning_rate=learning_rate, **options)
    return right_answers(model, *getattr(splits, part))


def scores(row: str, learning_rate: float | None, seed: int, steps: int, is_quick: bool) -> dict | float:
    """Return the scores of a row: for each number of names or of pairs, or on the order."""
    if row in NAME_ROWS:
        sizes = EPOCHS_BY_NAMES if not is_quick else [NAME_BATCH]
        return {str(names): right_names(row, learning_rate, seed, names, "test", is_quick) for names in sizes}
    if row in ORDER_ROWS:
        model = trained(row, learning_rate, seed, min(steps, ORDER_STEPS), is_quick)
        return right_answers(model, *order(2 * TESTS, np.random.default_rng((seed, 1))))
    model = trained(row, learning_rate, seed, steps, is_quick)
    return {str(n): right_answers(model, *recall(TESTS, n, np.random.default_rng((seed, 1, n)))) for n in PAIRS}


def choose(*, steps: int = STEPS, is_quick: bool = False) -> dict:
    """Try learning rates on a validation set: the mean over the numbers of pairs, the order, or 8,000 names."""

    def score(row, learning_rate):
        if row in NAME_ROWS:
            return right_names(row, learning_rate, 100, 8000 if not is_quick else NAME_BATCH, "valid", is_quick)
        found = scores(row, learning_rate, 100, steps, is_quick)
        return float(np.mean([*found.values()])) if row in RECALL_ROWS else found

    rows = [*RECALL_ROWS, *ORDER_ROWS, *NAME_ROWS[1:]]
    return _tuning.search(rows, GRID if not is_quick else GRID[:1], score)


def measure(
    seed: int, choice: dict, *, rows=(*RECALL_ROWS, *ORDER_ROWS, *NAME_ROWS), steps: int = STEPS, is_quick: bool = False
) -> dict:
    """Return the share of right answers in each task."""
    rates = {row: _tuning.best(tries) for row, tries in choice.items()}
    found = {row: scores(row, rates.get(row), seed, steps, is_quick) for row in rows}
    return {panel: {row: found[row] for row in known if row in found} for panel, known in PANELS.items()}


ANSWERS = Score("right answers", PERCENT, format=".1f")
NAMES = "names in the training set"
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "recall": Panel(ANSWERS, RECALL_ROWS, reference="lstm", curve="pairs to remember"),
        "order": Panel(ANSWERS, ORDER_ROWS, reference="no_positions"),
        "names": Panel(ANSWERS, NAME_ROWS, reference="names_ngrams", curve=NAMES, logarithmic=True),
    },
    claims=(
        Claim("recall", "transformer", "lstm", "yes", at="16", known="yes"),
        Claim("order", "no_positions", 0.5, "same", known="same"),
        Claim("order", "positions", 0.5, "yes", known="yes"),
        Claim("names", "names_lstm", "names_ngrams", "no", at="64000"),
        Claim("names", "names_transformer", "names_lstm", "no", at="64000"),
    ),
    quick={"steps": 1, "is_quick": True},
    check={"rows": ("no_positions",)},
)
