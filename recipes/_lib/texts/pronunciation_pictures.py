"""Pictures of a model that says how words are pronounced: what it attends to, and which sounds it gets wrong."""

import difflib
from collections import Counter

import numpy as np

from dlguide import data, sequence_to_sequence
from recipes._lib import drawing
from recipes._lib.texts import pronunciations, token_ids, token_texts

SHOWN = ("daughter", "exhibition", "saxophones", "choir")
"""Words of the test set, which does not depend on the seed."""


def mistakes(words: data.Splits, written: np.ndarray) -> list[tuple[str, list[str], list[str]]]:
    """Return the test words that a model says wrong: the spelling, the nearest listed sounds, those that it wrote."""
    wrong, listed = pronunciations.nearest_listed(written, words.test.y)
    rows, vocabulary = np.flatnonzero(wrong), words.info.target_vocabulary
    spelled = token_texts.decoded(words.test, words.info)
    right, said = ([pronunciations.names(sounds[row], vocabulary) for row in rows] for sounds in (listed, written))
    return list(zip([spelled[row] for row in rows], right, said, strict=True))


def mistakes_text(wrong: list[tuple], count: int = 40) -> str:
    """Return the first mistakes as text, a line for each."""
    lines = [f"{word}: predicted {' '.join(said)}, listed {' '.join(right)}" for word, right, said in wrong[:count]]
    return "\n".join(lines) + "\n"


def letters_and_sounds(model, info: data.Info, shown=SHOWN):
    """Draw for some words which letters the model attends to as it writes each sound."""
    letters = token_ids.encode([word.upper() for word in shown], info.vocabulary, max(map(len, shown)))
    written = pronunciations.transcribe(model, letters)
    read = np.insert(written[:, :-1], 0, pronunciations.START, axis=1)
    alignments = sequence_to_sequence.alignment(model, letters, read)
    with drawing.new_figure(10, 8) as figure:
        panels = figure.subplots(2, -(-len(shown) // 2)).flat
        for axes, word, sounds, weights in zip(panels, shown, written, alignments, strict=True):
            names = [info.target_vocabulary[i].strip("<>") for i in sounds if i]
            axes.imshow(weights[: len(names), : len(word)], cmap="Blues", vmin=0, vmax=1, aspect="auto")
            axes.set_xticks(range(len(word)), list(word))
            axes.set_yticks(range(len(names)), names)
            axes.set(xlabel="letter", ylabel="sound")
        figure.suptitle("how much each sound attends to each letter")
    return figure


def wrong_sounds(wrong_words: list[tuple], count: int = 15):
    """Draw which sounds were written for which, how often, in the words that are wrong."""
    found = Counter()
    for _, listed, written in wrong_words:
        for kind, a, b, c, d in difflib.SequenceMatcher(None, listed, written, autojunk=False).get_opcodes():
            if kind != "equal" and max(b - a, d - c) <= 2:
                right, wrong = ("+".join(part) or "nothing" for part in (listed[a:b], written[c:d]))
                found[f"{wrong} for {right}"] += 1
    names, counts = zip(*found.most_common(count), strict=True) if found else ((), ())
    with drawing.new_figure(7, 0.8 + 0.28 * max(3, len(names))) as figure:
        axes = figure.subplots()
        axes.barh(names, counts)
        axes.invert_yaxis()
        axes.set(xlabel="test words", ylabel="written for listed")
        axes.grid(axis="x", alpha=0.3)
        figure.suptitle("the commonest wrong sounds")
    return figure
