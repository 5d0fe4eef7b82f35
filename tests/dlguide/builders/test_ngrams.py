"""Numbers of n-grams: which tokens decide them, and which rows of a table they are."""

import re

import keras
import numpy as np
import pytest

from dlguide import data
from dlguide.ngrams import HashedNgrams

WINDOWS = [(-1, 0), (-2, 0), (0, 1), (-1, 1)]


def numbers(buckets: int, ids, windows=WINDOWS) -> np.ndarray:
    return keras.ops.convert_to_numpy(HashedNgrams(buckets, windows)(ids))


def test_equal_ngrams_have_equal_numbers_and_others_seldom_do():
    x = data.load("shakespeare", limit=100).train.x
    found, known = numbers(10**6, x), {}
    padded = np.pad(x, [(0, 0), (2, 2)])
    for i, (first, last) in enumerate(WINDOWS):
        for place in range(x.shape[1]):
            grams = padded[:, 2 + place + first : 3 + place + last]
            for gram, number in zip(grams.tolist(), found[:, place, i].tolist(), strict=True):
                assert known.setdefault((i, *gram), number) == number
    assert len(known) > 7000 and len(set(known.values())) > 0.98 * len(known)


@pytest.mark.parametrize("buckets", [1, 7])
def test_each_window_has_rows_of_its_own_that_are_all_used(buckets):
    x = np.random.default_rng(0).integers(0, 2**31 - 1, (50, 9))
    for i, each in enumerate(np.moveaxis(numbers(buckets, x), -1, 0)):
        assert sorted({*each.flat}) == list(range(i * buckets, (i + 1) * buckets))


@pytest.mark.parametrize("windows", [[], [(0, -1)], [(1,)]])
def test_windows_that_are_none_are_named(windows):
    message = re.escape(
        f"`windows` must be one or more pairs (first, last), the first not after the last. Received: {windows=}"
    )
    with pytest.raises(ValueError, match=message):
        HashedNgrams(5, windows)


def test_a_file_with_the_layers_earlier_name_loads():
    config = {"name": "ngram_numbers", "buckets": 4, "windows": [[-1, 1]]}
    names = {"class_name": "NgramNumbers", "registered_name": "dlguide>NgramNumbers", "module": "dlguide.ngrams"}
    layer = keras.saving.deserialize_keras_object({**names, "config": config})
    assert type(layer) is HashedNgrams and layer.windows == [(-1, 1)] and layer.name == "ngram_numbers"
