"""The sequences that questions 15 and 19 draw, and the memory of a step."""

import numpy as np
import pytest

from questions import _memory
from questions.self_attention import experiment as self_attention
from questions.transformer import experiment as transformer


@pytest.mark.parametrize("pairs", transformer.PAIRS)
def test_the_answer_is_the_value_of_the_key_that_is_asked_once_a_sequence(pairs):
    x, y = transformer.recall(2000, pairs, np.random.default_rng(0))
    keys, values = np.divmod(x[:, :pairs] - 1, transformer.VALUES)
    is_asked = keys == x[:, -1:] - transformer.FIRST_QUESTION
    assert x.shape == y.shape == (2000, pairs + 1) and (is_asked.sum(axis=1) == 1).all()
    assert np.array_equal(y[:, -1], 1 + values[is_asked]) and not y[:, :-1].any()
    np.testing.assert_allclose(is_asked.mean(axis=0), 1 / pairs, atol=0.06)
    assert len(np.unique(x[:, -1])) == transformer.KEYS


def test_the_answer_is_the_letter_behind_the_one_that_is_asked_and_each_distance_is_equally_frequent():
    x, y, places = self_attention.sequences(3000, np.random.default_rng(0))
    letters, asked = np.split(x, [self_attention.LETTERS], axis=1)
    assert all(len(set(row)) == self_attention.LETTERS for row in letters)
    found = (letters[:, None] == asked[:, :, None]).argmax(axis=2) + 1
    assert np.array_equal(found, places) and not y[:, : self_attention.LETTERS].any()
    assert np.array_equal(y[:, self_attention.LETTERS :], np.take_along_axis(letters, found, 1))
    distances = np.arange(self_attention.LETTERS, self_attention.LENGTH) - places
    for number in range(self_attention.QUESTIONS):
        seen, counts = np.unique(distances[:, number], return_counts=True)
        assert tuple(seen) == self_attention.DISTANCES
        np.testing.assert_allclose(counts / 3000, 1 / len(seen), atol=0.04)


@pytest.mark.skipif(not _memory.FORGET_PEAK.exists(), reason="Linux alone says how much memory a process had.")
def test_the_peak_is_the_most_memory_that_a_function_holds_at_once():
    def hold():
        for size in (8_000_000, 4_000_000):  # Numbers of 8 bytes; the first ones are freed before the second ones.
            np.ones(size)

    for _ in range(2):  # What was freed counts again, and an earlier peak does not count.
        np.ones(16_000_000)
        assert _memory.peak(hold) == pytest.approx(64e6, rel=0.05)
