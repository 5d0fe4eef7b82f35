"""The slides of each question in headless Chromium: what they show, that it fits, keys, and paper."""

import itertools
import re

import pytest

pytest.importorskip("playwright")

from questions import _questions
from recipes._lib.words import read_words
from tools.site import _pages

pytestmark = pytest.mark.thorough
FOLDERS = {"en": "", "zh": "zh/"}
LOOK = """() => [...document.querySelectorAll('section')].map(slide => ({
    heading: slide.querySelector('h1, h2').textContent,
    text: slide.textContent,
    pictures: [...slide.querySelectorAll('img')].map(picture => [
        picture.getAttribute('src'), picture.naturalWidth > 0 && picture.clientHeight / slide.clientHeight]),
    overflows: slide.scrollHeight > slide.clientHeight
        || [...slide.querySelectorAll(':is(p, li, pre, table, math)')].some(
            part => part.getBoundingClientRect().right > slide.getBoundingClientRect().right),
    letters: parseFloat(getComputedStyle(slide).fontSize) / slide.clientHeight,
}))"""


def without_marks(text):
    return re.sub(r"[^\w]", "", re.sub(r"\$[^$]*\$|\]\([^)]*\)", "", text))


@pytest.mark.parametrize("language", FOLDERS)
def test_every_question_has_slides_with_its_picture_reason_numbers_and_exercises_and_none_overflows(visit, language):
    visit, texts = visit(viewport={"width": 1280, "height": 720}), read_words(_pages.WORDS, language)
    for name in _questions.names():
        found = visit.open(f"{FOLDERS[language]}questions/{name}/slides.html").evaluate(LOOK)
        assert [slide["heading"] for slide in found if slide["overflows"]] == [], name
        assert min(slide["letters"] for slide in found) >= 0.03, name  # Of a slide's height: 22 pixels of 720.
        page = _questions.question(name).page(language).read_text(encoding="utf-8")
        headings = [slide["heading"] for slide in found]
        answers = page.count(f"<summary>{texts['answer']}</summary>")
        assert list(itertools.pairwise(headings)).count((texts["exercises"], texts["answer"])) == answers, name
        assert {texts["answer in short"], *re.findall("^## (.+)", page, re.M)} <= {*headings}, name
        pictures = dict(picture for slide in found for picture in slide["pictures"])
        assert [path.split(".")[0] for path in pictures] == ["diagram", "figure"], name
        assert all(height > 0.35 for height in pictures.values()), (name, pictures)
        assert not any("search-exclude" in slide["text"] for slide in found), name
        shown = without_marks("".join(slide["text"] for slide in found))
        for claim in re.findall(r"<!-- claim \d -->(.*?)<!-- end -->", page.split("\n## ")[2]):
            assert without_marks(claim) in shown, (name, claim)
    assert visit.errors == [] and visit.outside == []
