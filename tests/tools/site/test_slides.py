"""The slides of each question in headless Chromium: what they show, that it fits, keys, and paper."""

import itertools
import re

import pytest

pytest.importorskip("playwright")
from pypdf import PdfReader

from questions import _questions
from recipes._lib.words import read_words
from tests.tools.site.conftest import FOLDER
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
        parts = [page.splitlines()[0].removeprefix("# "), texts["answer in short"], *re.findall("^## (.+)", page, re.M)]
        parts += [texts["exercises"], texts["answer"]][: 1 + bool(answers)]
        assert list(dict.fromkeys(headings)) == parts, name
        assert list(itertools.pairwise(headings)).count((texts["exercises"], texts["answer"])) == answers, name
        pictures = dict(picture for slide in found for picture in slide["pictures"])
        assert [path.split(".")[0] for path in pictures] == ["diagram", "figure"], name
        assert all(height > 0.35 for height in pictures.values()), (name, pictures)
        assert not any("search-exclude" in slide["text"] for slide in found), name
        shown = without_marks("".join(slide["text"] for slide in found))
        measured = page.split("\n## ")[2]
        for claim in re.findall(r"<!-- claim \d -->(.*?)<!-- end -->", measured):
            assert without_marks(claim) in shown, (name, claim)
    assert visit.errors == [] and visit.outside == []


def test_a_key_goes_to_the_next_slide_and_back(visit):
    page = visit(viewport={"width": 1280, "height": 720}).open("questions/activations/slides.html")
    places, shown = [], "all => all.findIndex(slide => Math.abs(slide.getBoundingClientRect().top) < 9)"
    for key in ("ArrowRight", " ", "ArrowLeft", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
        places.append(page.locator("section").evaluate_all(shown))
    assert places == [1, 2, 1, 0, 0]


def test_each_slide_is_printed_on_a_page_of_its_own(visit, tmp_path):
    page = visit().open("zh/questions/gan/slides.html")
    page.pdf(path=tmp_path / "slides.pdf", prefer_css_page_size=True)
    pages = PdfReader(tmp_path / "slides.pdf").pages
    assert len(pages) == page.locator("section").count() >= 10
    assert all(each.mediabox.width > 1.5 * each.mediabox.height for each in pages)


def test_the_page_of_a_question_and_the_index_lead_to_its_slides():
    for folder in FOLDERS.values():
        site = FOLDER / folder / "questions"
        index = (site / "index.html").read_text(encoding="utf-8")
        for name in _questions.names():
            assert f'href="{name}/slides.html"' in index
            assert 'href="slides.html"' in (site / name / "index.html").read_text(encoding="utf-8")
