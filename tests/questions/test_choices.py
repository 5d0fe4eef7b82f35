"""What the experiments draw, build and choose by a rule of their own."""

import numpy as np
import pytest

from questions import _questions
from questions.adam import experiment as adam
from questions.lstm import experiment as lstm
from questions.multilayer import experiment as multilayer


@pytest.mark.parametrize(("steps", "score"), [(100, 100), (lstm.STEPS, 4 * lstm.STEPS)])
def test_a_learning_rate_with_more_failures_is_worse_than_any_with_fewer(steps, score, monkeypatch):
    """Three seeds: one failure and two trainings of a step count more than three trainings that just learn."""
    monkeypatch.setattr(lstm, "trained", lambda *tried, **options: (None, steps))
    [tries] = {tuple(tries.values()) for tries in lstm.choose(lengths=(4,), rates=(0.1,)).values()}
    assert tries == (score,) and 4 * lstm.STEPS + 2 > 3 * lstm.STEPS


def test_the_networks_of_the_zigzag_have_as_many_weights_and_the_hand_set_one_is_exact():
    counts = {row: multilayer.zigzag_network(row).count_params() for row in multilayer.ZIGZAG}
    narrow = counts.pop("narrow")
    assert all(950 <= count <= 1050 for count in counts.values()) and narrow == multilayer.hand_set().count_params()
    assert [len(multilayer.ZIGZAG[row]) for row in counts] == [1, 2, 3, 4]
    assert multilayer.zigzag_error(multilayer.hand_set(), multilayer.GRID) == 0
    x = np.array([[0, 1 / 64, 1 / 32, 3 / 64, 1 / 16, 31 / 32, 1]]).T
    assert multilayer.tent(x).ravel().tolist() == [0, 0.5, 1, 0.5, 0, 1, 0]
    bends = np.diff(multilayer.tent(np.linspace(0, 1, 2**6 + 1)), 2).nonzero()[0]
    assert len(bends) == 31 == 2**multilayer.FOLDS - 1
    assert multilayer.zigzag_error(multilayer.zigzag_network("one_layer"), multilayer.GRID) > 0.1


def test_the_best_losses_on_pairs_of_words_are_those_that_the_page_names():
    x, y = adam.word_pairs(10_000)["train"]

    def entropy(values):
        shares = np.unique(values, return_counts=True)[1] / len(values)
        return -(shares * np.log(shares)).sum()

    alone, of_pairs = entropy(y), entropy(adam.VOCABULARY * np.ravel(x) + y) - entropy(np.ravel(x))
    for page in ("README.md", "README.zh.md"):
        text = (_questions.question("adam").folder / page).read_text(encoding="utf-8")
        assert f"{alone:.2f}" in text and f"{of_pairs:.2f}" in text, (alone, of_pairs)
