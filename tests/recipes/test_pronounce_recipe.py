"""`seq2seq_pronounce`: which words are new, what counts as right, the pairs of a batch, the n-grams beside it."""

import itertools
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dlguide import data, encoder_decoder
from recipes._lib.baselines import joint_sequence_model
from recipes._lib.baselines.joint_sequence_model import JointNgrams
from recipes._lib.runs import results
from recipes._lib.texts import pronunciation_pictures, pronunciations, token_texts
from tests.helpers import independent_metrics

START, END = pronunciations.START, pronunciations.END


def padded(*rows, width=9):
    return np.array([[*row, *[0] * (width - len(row))] for row in rows], "int32")


@pytest.fixture(scope="module")
def all_words():
    return data.load("pronunciations", seed=3)


@pytest.fixture(scope="module")
def words(all_words):
    """Return 300 words of each set."""
    rng, few = np.random.default_rng(0), []
    for x, y in all_words[:3]:
        rows = np.sort(rng.choice(len(x), size=300, replace=False))
        few.append(data.Part(x[rows], y[rows]))
    return all_words._replace(train=few[0], valid=few[1], test=few[2])


@pytest.mark.thorough
def test_no_word_is_in_two_sets_and_the_start_and_the_end_are_where_the_recipe_takes_them(all_words):
    sets = [{row.tobytes() for row in part.x} for part in all_words[:3]]
    assert [len(each) for each in sets] == [len(part.x) for part in all_words[:3]]
    assert all(not a & b for a, b in itertools.combinations(sets, 2))
    names, letters = all_words.info.target_vocabulary, all_words.info.vocabulary
    assert (names[START], names[END]) == ("<start>", "<end>") and len(names) <= 64 and len(letters) <= 64


def test_the_words_of_the_picture_are_of_the_test_set(all_words):
    shown = {word.upper() for word in pronunciation_pictures.SHOWN}
    assert shown <= set(token_texts.decoded(all_words.test, all_words.info))


def test_each_listed_pronunciation_is_a_pair_of_its_own(words):
    x, y = pronunciations.pairs(*words.train)
    listed = [(tuple(word), tuple(row)) for word, rows in zip(*words.train, strict=True) for row in rows if row[0]]
    assert list(zip(map(tuple, x), map(tuple, y), strict=True)) == listed and len(listed) > len(words.train.x)


def edit_distance(first, second):
    if not first or not second:
        return len(first) + len(second)
    ways = edit_distance(first[1:], second) + 1, edit_distance(first, second[1:]) + 1
    return min(*ways, edit_distance(first[1:], second[1:]) + (first[0] != second[0]))


def test_wrong_sounds_are_the_fewest_changes_to_a_listed_pronunciation():
    rng = np.random.default_rng(0)
    rows = [[rng.integers(4, 7, size=size).tolist() for size in rng.integers(0, 6, size=40)] for _ in range(2)]
    found = pronunciations.edit_distances(*(padded(*([*row, END] for row in each)) for each in rows))
    assert found.tolist() == [edit_distance(a, b) for a, b in zip(*rows, strict=True)]

    y = np.stack([padded([START, 5, 6, END], [START, 5, 5, 5, 5, END]), padded([START, 5, 7, 8, END], [])], axis=1)
    for written, wrong, sounds in (
        (([5, 7, 8, END], [5, 5, 5, 5, END]), 0, 7),  # Any listed pronunciation.
        (([5, 6, END], [5, 5, 6, 5, END]), 1, 6),
        (([5, 9, END], [5, 5, 5, 5, 9, END]), 2, 6),
        (([5, 6, 9], [5, 5, 5, 5]), 1, 6),  # Cut before the end.
    ):
        found = pronunciations.errors(padded(*written), y)
        expected = {"words_wrong": min(wrong, 2) / 2 if wrong else 0, "sounds_wrong": wrong / sounds}
        assert found == pytest.approx(expected), written


@pytest.mark.thorough
def test_a_word_counts_as_right_if_the_model_alone_writes_a_listed_pronunciation(words):
    model = encoder_decoder(29, 43, units=(8,), embed_dim=8)
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=weights.shape) for weights in model.get_weights()])
    x, y = words.test.x[:20], words.test.y[:20].copy()
    written = pronunciations.transcribe(model, x)
    assert len(np.unique(written, axis=0)) > 15
    y[::2, 2, 0], y[::2, 2, 1:] = START, written[::2]  # What the model writes is listed for every second word.
    expected = independent_metrics.METRICS["words_wrong"](model, words._replace(test=data.Part(x, y)))
    assert pronunciations.errors(written, y)["words_wrong"] == expected == 0.5


def test_words_with_a_relative_in_training_are_left_out(monkeypatch):
    train, test = ["BAKER", "CAT'S", "UP"], ["BAKED", "CAT", "CATS", "UPS", "DOG", "BAKERY"]
    monkeypatch.setattr(token_texts, "decoded", lambda part, info: part)
    y = np.stack([padded([START, 5, END])] * len(test))
    written = padded([5, END], [6, END], [5, END], [6, END], [6, END], [5, END])
    words = SimpleNamespace(train=train, test=FakePart(test, y), info=None)
    found = pronunciations.errors_of_new_stems(words, written, "our_")
    assert found == {"our_new_stem_words_wrong": pytest.approx(2 / 3), "new_stem_share": 0.5}  # UPS, DOG, BAKERY.


class FakePart(list):
    """Words as texts, with their pronunciations."""

    def __init__(self, words, y):
        super().__init__(words)
        self.y = y


class Forced:
    """A stand-in for a model: after the token t it says t + 1, whatever the word."""

    def predict(self, inputs, **_):
        return np.eye(12)[inputs[1] + 1]


def test_single_sounds_are_judged_after_the_true_ones_and_the_best_listed_pronunciation_counts():
    x = padded([2, 3], [4])
    y = np.stack([padded([START, 5, 6, 7, END], [START, 9, END]), padded([], [START, 5, 6, END])])
    # After START comes END: two of the four answers for the first pronunciation are wrong, two of two for the next.
    found = pronunciations.forced_sounds_wrong(Forced(), data.Part(x, y))
    assert found == pytest.approx((2 + 2) / (4 + 3))
    y[0, 0] = 0
    assert pronunciations.forced_sounds_wrong(Forced(), data.Part(x, y)) == pytest.approx((2 + 2) / (2 + 3))


def test_words_are_written_in_pieces_of_similar_length_and_stay_in_their_order(words, monkeypatch):
    def reversed_letters(model, x, *, start, end, max_length, beam):
        assert (x != 0).sum(axis=1).max() == x.shape[1] and (start, end, beam) == (START, END, 4)
        rows = [[letter + 3 for letter in word[::-1] if letter] for word in x.tolist()]
        return padded(*([*row, END][:max_length] for row in rows), width=max_length)

    monkeypatch.setattr(pronunciations.generation, "beam_search", reversed_letters)
    x = np.repeat(words.test.x, 5, axis=0)
    expected = [[letter + 3 for letter in word[::-1] if letter] for word in x.tolist()]
    assert [row[row != 0][:-1].tolist() for row in pronunciations.transcribe(None, x, beam=4)] == expected


def test_the_nearest_word_shares_the_longest_ending(words):
    def shared(a, b):
        return len(list(itertools.takewhile(lambda pair: pair[0] == pair[1], zip(a[::-1], b[::-1], strict=False))))

    train, test = (token_texts.decoded(part, words.info) for part in (words.train, words.test))
    found = pronunciations.nearest_word_baseline(words.train, words.test.x)
    for word, sounds in zip(test, found, strict=True):
        longest = max(shared(word, other) for other in train)
        near = [y[0, 1:] for other, y in zip(train, words.train.y, strict=True) if shared(word, other) == longest]
        assert any((sounds == other).all() for other in near)


RULES = {"a": (5,), "b": (6,), "x": (7, 8), "ph": (9,), "e": ()}
"""A made-up spelling: letters, and the sounds that they stand for; letters are 2, 3, ... in this order."""
LETTERS = {letter: i for i, letter in enumerate("abxphe", start=2)}


def spelled(*words):
    """Return made-up words and their pronunciations; a final e is silent."""
    x = padded(*([LETTERS[letter] for letter in "".join(word)] for word in words), width=12)
    y = padded(*([START, *itertools.chain(*map(RULES.get, word)), END] for word in words), width=12)
    return x, y[:, None]


def made_up(count, seed):
    rng = np.random.default_rng(seed)
    return spelled(*([*rng.choice(["a", "b", "x", "ph"], size=size), "e"] for size in rng.integers(2, 5, size=count)))


def test_letters_and_sounds_are_aligned_by_the_rules_that_a_spelling_follows():
    x, y = made_up(200, seed=0)
    found = joint_sequence_model.aligned(x, y)
    assert len(found) == 200
    names = {number: letter for letter, number in LETTERS.items()}
    units = {joint_sequence_model._unit(code) for word in found for code in word}
    spellings = {("".join(map(names.get, letters)), sounds) for letters, sounds in units}
    assert {("a", (5,)), ("b", (6,)), ("x", (7, 8))} <= spellings
    for letters, sounds in spellings:
        if not set(letters) & set("ph"):  # One of the two may be silent, or both are one unit.
            assert sounds == tuple(itertools.chain(*map(RULES.get, letters))), letters
    impossible = padded([2], width=12), padded([START, 5, 5, 5, END], width=12)[:, None]
    more = (np.concatenate(arrays) for arrays in zip((x, y), impossible, strict=True))
    assert joint_sequence_model.aligned(*more) == found


def test_each_letter_and_each_sound_belongs_to_one_unit_in_every_alignment():
    rng = np.random.default_rng(0)
    group = joint_sequence_model._codes(rng.integers(1, 5, size=(20, 4)), rng.integers(4, 7, size=(20, 3)))
    chances = rng.random(max(codes.max() for codes in group.values()) + 1)
    expected = [shares.sum(axis=(0, 1)) for shares in joint_sequence_model._posteriors(group, chances)]
    for i, count in enumerate((4, 3)):
        np.testing.assert_allclose(sum(shape[i] * number for shape, number in zip(group, expected, strict=True)), count)


@pytest.mark.thorough
def test_units_give_back_the_letters_and_the_sounds_of_their_word(words):
    few = data.Part(words.train.x[:100], words.train.y[:100])
    found = joint_sequence_model.aligned(*few, rounds=2)
    pairs = {
        (tuple(a[a != 0]), tuple(b[(b != 0) & (b != START) & (b != END)]))
        for a, b in zip(*pronunciations.pairs(*few), strict=True)
    }
    for word in found:
        letters, sounds = zip(*map(joint_sequence_model._unit, word), strict=True)
        assert (tuple(itertools.chain(*letters)), tuple(itertools.chain(*sounds))) in pairs
    assert len(found) > 0.98 * len(pairs)


def test_probabilities_of_units_add_up_to_one_after_any_others():
    model = JointNgrams(joint_sequence_model.aligned(*made_up(60, seed=0)), order=3)
    units = [*model.sounds, joint_sequence_model.END]
    for before in ("", " ", "  ", units[0], units[0] + units[1], units[2] * 2, " " + units[3]):
        assert sum(model.chance(before, unit) for unit in units) == pytest.approx(1), repr(before)


def test_the_search_finds_the_likeliest_sounds():
    model = JointNgrams(joint_sequence_model.aligned(*made_up(300, seed=0)), order=4)
    x, y = made_up(50, seed=1)
    assert pronunciations.errors(model.pronounce(x), y)["words_wrong"] == 0
    unknown = model.pronounce(padded([1, 1], width=12))
    assert unknown[0, 0] == END and not unknown[0, 1:].any()


def test_validation_words_choose_the_order_and_test_words_the_score(monkeypatch):
    tried = []

    class Model:
        def __init__(self, codes, order):
            self.order = order

        def pronounce(self, x):
            tried.append((self.order, x[0, 0]))
            return padded([7 if self.order == 6 or x[0, 0] == 3 else 8, END])

    monkeypatch.setattr(joint_sequence_model, "JointNgrams", Model)
    parts = [data.Part(padded([letter, 2]), padded([START, 7, END])[:, None]) for letter in (2, 4, 3)]
    splits = SimpleNamespace(train=parts[0], valid=parts[1], test=parts[2])
    monkeypatch.setattr(pronunciations, "errors_of_new_stems", lambda words, written, prefix: {prefix: written[0, 0]})
    expected = {"baseline_words_wrong": 0.0, "baseline_sounds_wrong": 0.0, "baseline_": 7}
    assert joint_sequence_model.scores(splits) == expected
    assert tried == [*((order, 4) for order in joint_sequence_model.ORDERS), (6, 3)]


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_the_page_has_the_mean_of_each_metric(page):
    mean = results.result("seq2seq_pronounce")["mean"]
    names = ("words_wrong", "beam_words_wrong", "sounds_wrong", "forced_sounds_wrong", "nearest_words_wrong")
    folder = Path(__file__).parents[2] / "recipes/published/seq2seq_pronounce"
    found = re.findall(r"^\|[^|]+\| ([\d.]+) ?% \|", (folder / page).read_text(encoding="utf-8"), re.M)
    assert found == [f"{100 * mean[name]:.1f}" for name in names]


def test_the_share_of_test_words_with_an_s_behind_a_training_word_is_that_of_the_page(all_words):
    train, test = (["".join(word) for word in token_texts.decoded(part, all_words.info)]
                   for part in (all_words.train, all_words.test))  # fmt: skip
    known = set(train)
    related = [word for word in test if word.removesuffix("S").removesuffix("'") in known and word.endswith("S")]
    for page in ("README.md", "README.zh.md"):
        text = (Path(results.__file__).parents[2] / "published/seq2seq_pronounce" / page).read_text(encoding="utf-8")
        assert f"{100 * len(related) / len(test):.0f}" in re.findall(r"(\d+) ?%", text)
