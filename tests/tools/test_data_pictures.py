"""The pictures of the data: training examples, in both languages, all of them on the page."""

import re

import numpy as np
import pytest

from dlguide import data
from questions._names import HERE, Names
from recipes._lib.words import LANGUAGES
from tools import data_pictures


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_each_picture_in_its_language(language):
    suffix = LANGUAGES[language]
    shown = re.findall(r"^!\[.+\]\((.+)\)$", (HERE / f"data{suffix}.md").read_text(encoding="utf-8"), re.M)
    assert shown == [f"data_{name}{suffix}.png" for name in data_pictures.PICTURES]
    assert all((HERE / file).exists() for file in shown)


def drawn(name: str) -> list:
    return data_pictures.PICTURES[name](Names(HERE, "en")).axes


def test_the_series_are_training_examples_of_their_class():
    x, y = data.load("mnist1d").train
    for digit, axes in enumerate(drawn("mnist1d")):
        assert axes.get_title() == f"class {digit}" and len(axes.lines) == 3
        for place, line in enumerate(axes.lines):
            found = np.flatnonzero(np.isclose(x[..., 0], line.get_ydata() + 7 * place, atol=1e-5).all(axis=1))
            assert y[found].tolist() == [digit]


def test_the_marked_numbers_have_the_written_sum():
    [axes] = drawn("adding")
    marked = [bar.get_height() for bar in axes.patches if bar.get_facecolor()[2] < 0.5]
    one, other, total = (float(number) for number in re.findall(r"\d\.\d+", axes.get_title()))
    assert marked == pytest.approx([one, other], abs=0.005) and round(one + other, 2) == total


def test_the_points_are_hours_and_cars_of_the_training_sets():
    x, y = data.load("auto_mpg").train
    weight, *_ = drawn("cars")
    assert weight.lines[0].get_xydata() == pytest.approx(np.column_stack([x[:, 3], y]))
    working, free = drawn("bicycles")
    hours = np.concatenate([axes.lines[0].get_ydata() for axes in (working, free)])
    assert sorted(hours) == sorted(data.load("bikeshare").train.y)
    assert max(working.lines[1].get_ydata()) == working.lines[1].get_ydata()[17]  # After work.


def test_an_utterance_is_shown_without_its_padding():
    *all_axes, _ = drawn("vowels")
    assert [axes.get_title() for axes in all_axes] == [f"speaker {number}" for number in (1, 2, 3)] * 2
    for axes in all_axes:
        [image] = axes.images
        assert image.get_array().shape[0] == 12 and 7 <= image.get_array().shape[1] <= 29
        assert np.abs(image.get_array()).sum(axis=0).min() > 0
