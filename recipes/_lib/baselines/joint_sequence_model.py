"""Pronunciations by counting: n-grams over units of letters and the sounds that they stand for.

Training aligns letters and sounds into units such as (p h, F) or (x, K S), and counts sequences of units. A new word
gets the sounds of its likeliest sequence. Bisani & Ney, "Joint-sequence models for grapheme-to-phoneme conversion",
Speech Communication 50 (2008), with fewer kinds of units; smoothing: Kneser & Ney, "Improved backing-off for m-gram
language modeling" (1995), interpolated as in Chen & Goodman (1999).
"""

from collections import Counter
from math import inf, log

import numpy as np

from dlguide import data
from recipes._lib.texts import pronunciations

SHAPES = ((1, 0), (1, 1), (1, 2), (2, 1))
"""Numbers of letters and of sounds in a unit."""
ORDERS = (4, 6, 8)
"""Lengths of the longest n-grams; validation words choose one."""
BEAM = 12
FIRST, END = 48, "\n"
"""The number of the first unit as a character, and the unit that ends a word."""


def scores(words: data.Splits, valid_words: int = 2000) -> dict[str, float]:
    """Return the errors on the test set of n-grams of the order with the fewest wrong validation words."""
    codes = aligned(*words.train)
    # A random part: the words are in the order of the alphabet.
    rows = np.random.default_rng(0).permutation(len(words.valid.x))[:valid_words]
    few = words.valid.x[rows], words.valid.y[rows]
    models = (JointNgrams(codes, order) for order in ORDERS)
    best = min(models, key=lambda model: pronunciations.errors(model.pronounce(few[0]), few[1])["words_wrong"])
    written = best.pronounce(words.test.x)
    found = pronunciations.errors(written, words.test.y)
    found = {f"baseline_{name}": value for name, value in found.items()}
    return found | pronunciations.errors_of_new_stems(words, written, "baseline_")


def aligned(x: np.ndarray, y: np.ndarray, rounds: int = 6) -> list[list[int]]:
    """Return the units of each listed pronunciation, as codes: the likeliest ones by probabilities that EM finds."""
    x, y = pronunciations.pairs(x, y)
    sounds = np.where(y == pronunciations.END, 0, y)[:, 1:]
    lengths = np.stack([(x != 0).sum(axis=1), (sounds != 0).sum(axis=1)], axis=1)
    groups = []  # Words of one number of letters and one of sounds are computed at once.
    for sizes in np.unique(lengths, axis=0):
        rows = (lengths == sizes).all(axis=1)
        groups.append(_codes(x[rows, : sizes[0]], sounds[rows, : sizes[1]]))

    flat = np.concatenate([codes.ravel() for group in groups for codes in group.values()])
    counts = np.bincount(flat).astype("float64")
    for _ in range(rounds):
        chances = counts / counts.sum()
        expected = [shares.ravel() for group in groups for shares in _posteriors(group, chances)]
        counts = np.bincount(flat, np.concatenate(expected), len(counts))
    return [units for group in groups for units in _likeliest(group, counts / counts.sum())]


def _codes(letters: np.ndarray, sounds: np.ndarray) -> dict[tuple[int, int], np.ndarray]:
    """Return the code of the unit of each shape that begins at each letter and sound: `(letters, sounds, words)`."""
    found = {}
    for shape in SHAPES:
        places = [max(0, array.shape[1] - length + 1) for array, length in zip((letters, sounds), shape, strict=True)]
        code = np.zeros((*places, len(letters)), "int32")
        for k in range(2):
            letter = letters.T[k : k + places[0]] if k < shape[0] else np.zeros((places[0], 1), "int32")
            code = code * 64 + letter[:, None]
        for k in range(2):
            sound = sounds.T[k : k + places[1]] if k < shape[1] else np.zeros((places[1], 1), "int32")
            code = code * 64 + sound[None]
        found[shape] = code
    return found


def _unit(code: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the letters and the sounds of a unit."""
    parts = [code >> shift & 63 for shift in (18, 12, 6, 0)]
    return tuple(filter(None, parts[:2])), tuple(filter(None, parts[2:]))


def _posteriors(group: dict, chances: np.ndarray):
    """Yield for each unit at each place the probability that an alignment has it there (forward-backward)."""
    steps = {shape: chances[codes] for shape, codes in group.items()}
    size = tuple(np.add(steps[1, 1].shape, (1, 1, 0)))
    before, after = np.zeros(size), np.zeros(size)
    before[0, 0] = after[-1, -1] = 1
    for i, j in np.ndindex(size[:2]):
        for (a, b), step in steps.items():
            if i >= a and j >= b:
                before[i, j] += before[i - a, j - b] * step[i - a, j - b]
                # The same, from the end.
                after[-1 - i, -1 - j] += after[-1 - i + a, -1 - j + b] * step[-1 - i + a, -1 - j + b]
    total = np.maximum(before[-1, -1], 1e-300)
    for (a, b), step in steps.items():
        yield before[: size[0] - a, : size[1] - b] * step * after[a:, b:] / total


def _likeliest(group: dict, chances: np.ndarray):
    """Yield the likeliest units of each word that some sequence of units gives, as codes (Viterbi)."""
    with np.errstate(divide="ignore"):
        steps = {shape: np.log(chances[codes]) for shape, codes in group.items()}
    size = tuple(np.add(steps[1, 1].shape, (1, 1, 0)))
    best, last = np.full(size, -np.inf), np.zeros(size, "int8")
    best[0, 0] = 0
    for i, j in np.ndindex(size[:2]):
        for number, ((a, b), step) in enumerate(steps.items()):
            if i >= a and j >= b and (i, j) != (0, 0):
                new = best[i - a, j - b] + step[i - a, j - b]
                last[i, j] = np.where(new > best[i, j], number, last[i, j])
                best[i, j] = np.maximum(new, best[i, j])
    for word in np.flatnonzero(best[-1, -1] > -np.inf):
        (i, j), units = np.subtract(size[:2], 1), []
        while i > 0:
            shape = SHAPES[last[i, j, word]]
            i, j = i - shape[0], j - shape[1]
            units.append(int(group[shape][i, j, word]))
        yield units[::-1]


class JointNgrams:
    """An n-gram model of sequences of units, with interpolated Kneser-Ney smoothing."""

    def __init__(self, codes: list[list[int]], order: int):
        self.order, self.units = order, sorted({code for word in codes for code in word})
        # A sequence is a text with a character for each unit, so that an n-gram is a piece of it.
        names = {code: chr(FIRST + i) for i, code in enumerate(self.units)}
        self.begin = " " * (order - 1)
        texts = [self.begin + "".join(names[code] for code in word) + END for word in codes]
        self.chances, self.left_over = _kneser_ney(texts, order)
        self.by_letters: dict[tuple, list[str]] = {}
        for code, name in names.items():
            self.by_letters.setdefault(_unit(code)[0], []).append(name)
        self.sounds = {name: _unit(code)[1] for code, name in names.items()}
        self._moves = {}

    def chance(self, before: str, unit: str) -> float:
        """Return the probability of a unit after others."""
        weight = 1.0
        while before + unit not in self.chances:
            weight *= self.left_over.get(before, 1.0)
            before = before[1:]
        return weight * self.chances[before + unit]

    def pronounce(self, x: np.ndarray, length: int = 33) -> np.ndarray:
        """Return the ids of the sounds of each word, with the end, as `generation.beam_search` returns them."""
        written = np.zeros((len(x), length), "int32")
        for row, letters in enumerate(x.tolist()):
            sounds = self._sounds([letter for letter in letters if letter])[: length - 1]
            written[row, : len(sounds) + 1] = *sounds, pronunciations.END
        return written

    def _sounds(self, letters: list[int]) -> tuple[int, ...]:
        """Return the sounds of the likeliest units (beam search, letter by letter)."""
        # Of sequences with the same units to remember, the likeliest one is kept: its score and its sounds.
        reached = [{self.begin: (0.0, ())}, *({} for _ in letters)]
        for i in range(len(letters)):
            kept = sorted(reached[i].items(), key=lambda item: -item[1][0])[:BEAM]
            for before, (score, sounds) in kept:
                for size in (1, 2):
                    part = tuple(letters[i : i + size])
                    for gain, after, more in self._following(before, part) if len(part) == size else ():
                        if score + gain > reached[i + size].get(after, (-inf,))[0]:
                            reached[i + size][after] = score + gain, sounds + more
        ends = [(score + log(self.chance(before, END)), sounds) for before, (score, sounds) in reached[-1].items()]
        return max(ends, default=(0.0, ()))[1]

    def _following(self, before: str, letters: tuple) -> list[tuple[float, str, tuple[int, ...]]]:
        """Return the units that letters may become after others: log probability, what to remember, and sounds."""
        if (before, letters) not in self._moves:
            found = []
            for unit in self.by_letters.get(letters, ()):
                after = (before + unit)[1:]
                while after and after not in self.left_over:  # Nothing is known of what follows so many units.
                    after = after[1:]
                found.append((log(self.chance(before, unit)), after, self.sounds[unit]))
            self._moves[before, letters] = sorted(found, reverse=True)[:BEAM]
        return self._moves[before, letters]


def _kneser_ney(texts: list[str], order: int) -> tuple[dict[str, float], dict[str, float]]:
    """Return the probability of the last unit of each n-gram, and of each context what it leaves to shorter ones."""
    counts = [Counter(text[i : i + order] for text in texts for i in range(len(text) - order + 1))]
    for _ in range(order - 1):  # Of shorter ones, the units that stand before them count, not how often they occur.
        counts.insert(0, Counter(ngram[1:] for ngram in counts[0]))
    chances, left_over = {}, {}
    for of_length in counts:
        kinds, totals = Counter(), Counter()
        for ngram, count in of_length.items():
            kinds[ngram[:-1]] += 1
            totals[ngram[:-1]] += count
        frequencies = Counter(of_length.values())
        discount = frequencies[1] / max(frequencies[1] + 2 * frequencies[2], 1)
        left_over |= {context: discount * kinds[context] / totals[context] for context in totals}
        for ngram, count in of_length.items():
            shorter = chances[ngram[1:]] if len(ngram) > 1 else 1 / len(counts[0])
            chances[ngram] = (count - discount) / totals[ngram[:-1]] + left_over[ngram[:-1]] * shorter
    return chances, left_over
