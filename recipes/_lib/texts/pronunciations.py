"""Pronunciations of words: the pairs to learn, what a model writes, what counts as right, the nearest word."""

import bisect
import itertools

import numpy as np

from dlguide import data, generation
from recipes._lib.texts import token_texts

START, END = 2, 3
"""Ids of the start and of the end of a pronunciation in `data.load("pronunciations")`."""
ENDINGS = ("S", "'S", "ES", "ED", "D", "ING", "ER", "ERS", "LY")


def pairs(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each word once for each of its pronunciations, and these."""
    is_listed = y[:, :, 0] != 0
    return np.repeat(x, is_listed.sum(axis=1), axis=0), y[is_listed]


def transcribe(model, x: np.ndarray, beam: int = 1) -> np.ndarray:
    """Return the sounds that an encoder-decoder writes for each word, with an end."""
    found = np.zeros((len(x), 33), "int32")
    for rows, length in by_length(x):
        options = {"start": START, "end": END, "max_length": 33, "beam": beam}
        found[rows] = generation.beam_search(model, x[rows, :length], **options)
    return found


def by_length(x: np.ndarray, count: int = 1024):
    """Yield rows of words of similar length, and the length of the longest: less padding is read."""
    lengths = (x != 0).sum(axis=1)
    order = np.argsort(lengths, kind="stable")
    for rows in np.split(order, range(count, len(order), count)):
        if len(rows):
            yield rows, lengths[rows].max()


def names(sounds: np.ndarray, vocabulary) -> list[str]:
    """Return the names of the sounds of one word."""
    return [vocabulary[i] for i in sounds if i not in (0, START, END)]


def errors(written: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Return the share of words of which no listed pronunciation was written, and the share of wrong sounds.

    `written` has the sounds of each word and an end, `(n, length)`; `y` all listed pronunciations, each with a start.
    The wrong sounds of a word are the fewest insertions, deletions and substitutions that lead to a listed one.
    """
    wrong, listed = nearest_listed(written, y)
    return {"words_wrong": float((wrong > 0).mean()), "sounds_wrong": float(wrong.sum() / _sizes(listed).sum())}


def errors_of_new_stems(words: data.Splits, written: np.ndarray, prefix: str = "") -> dict[str, float]:
    """Return the share of wrong words among the test words that share no stem with a training word.

    The stems of a word are itself and what is left without one of `ENDINGS`, at least three letters.
    """

    def stems(word: str) -> set[str]:
        cut = (word.removesuffix(ending) for ending in ENDINGS)
        return {word, *(stem for stem in cut if len(stem) >= 3)}

    known = set().union(*map(stems, token_texts.decoded(words.train, words.info)))
    new = [not stems(word) & known for word in token_texts.decoded(words.test, words.info)]
    found = errors(written[new], words.test.y[new])["words_wrong"] if any(new) else 0.0
    return {f"{prefix}new_stem_words_wrong": found, "new_stem_share": float(np.mean(new))}


def nearest_listed(written: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how many sounds are wrong in each word, and the nearest of its listed pronunciations, without start."""
    distances = [np.where(y[:, k, 0] != 0, edit_distances(written, y[:, k, 1:]), 1000) for k in range(y.shape[1])]
    rows, nearest = np.arange(len(y)), np.argmin(distances, axis=0)
    return np.array(distances)[nearest, rows], y[rows, nearest, 1:]


def edit_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the edit distance of each pair of rows, compared up to their ends."""
    sizes, rows = (_sizes(first), _sizes(second)), np.arange(len(first))
    distances = np.tile(np.arange(sizes[1].max(initial=0) + 1), (len(first), 1))
    found = np.where(sizes[0] == 0, sizes[1], 0)
    for i in range(1, sizes[0].max(initial=0) + 1):
        before, distances = distances, np.empty_like(distances)
        distances[:, 0] = i
        for j in range(1, distances.shape[1]):
            replaced = before[:, j - 1] + (first[:, i - 1] != second[:, j - 1])
            distances[:, j] = np.minimum(np.minimum(before[:, j], distances[:, j - 1]) + 1, replaced)
        found = np.where(sizes[0] == i, distances[rows, sizes[1]], found)
    return found


def nearest_word_baseline(train: data.Part, x: np.ndarray) -> np.ndarray:
    """Return for each word the pronunciation of a training word that shares the longest ending with it."""
    endings = sorted((tuple(filter(None, word[::-1])), row) for row, word in enumerate(train.x.tolist()))
    rows = []
    for word in x.tolist():
        letters = tuple(filter(None, word[::-1]))
        place = bisect.bisect(endings, (letters, 0))
        # In the order of the endings, the words that share most with it stand beside it.
        beside = endings[max(0, place - 1) : place + 1]
        rows.append(max(beside, key=lambda other: _shared(letters, other[0]))[1])
    return train.y[rows, 0, 1:]


def _shared(first: tuple, second: tuple) -> int:
    """Return the number of equal letters at the beginning."""
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))


def forced_sounds_wrong(model, part: data.Part) -> float:
    """Return the share of sounds (and ends) that are not the likeliest after the true ones before them."""
    x, y = pairs(*part)
    wrong = np.zeros(len(x))
    for rows, length in by_length(x):
        target = y[rows, : (y[rows] != 0).sum(axis=1).max()]
        logits = model.predict([x[rows, :length], target[:, :-1]], batch_size=256, verbose=0)
        wrong[rows] = ((logits.argmax(axis=-1) != target[:, 1:]) & (target[:, 1:] != 0)).sum(axis=1)
    # Of several listed pronunciations, the one with the smallest number of such errors counts.
    is_listed = part.y[:, :, 0] != 0
    of_word = np.full(is_listed.shape, np.inf)
    of_word[is_listed] = wrong
    rows, nearest = np.arange(len(of_word)), of_word.argmin(axis=1)
    sizes = _sizes(part.y[rows, nearest]) + 1  # Without the start, with the end.
    return float(of_word[rows, nearest].sum() / sizes.sum())


def _sizes(sounds: np.ndarray) -> np.ndarray:
    return (~np.isin(sounds, (0, START, END))).sum(axis=-1)
