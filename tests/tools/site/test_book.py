"""The book: its chapters and links as HTML, and both PDFs as Chromium prints them."""

import html
import re
from pathlib import Path
from unicodedata import normalize  # A PDF may have a radical, such as ⼀, for a character.
from urllib.parse import unquote

import pytest

pytest.importorskip("pypdf")
from PIL import Image
from pypdf import PdfReader

from questions import _path, _questions
from recipes._lib.words import LANGUAGES, read_words
from tools import ROOT, book
from tools.site import _pages

pytestmark = pytest.mark.thorough
QUESTIONS = ROOT / "questions"


def titles(language):
    """Return the titles of the chapters, as their pages have them."""
    pages = [QUESTIONS / f"training{LANGUAGES[language]}.md"]
    pages += [_questions.question(name).page(language) for name in _path.path()]
    found = [page.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ") for page in pages]
    return [*found, *{"en": ("How to read the numbers", "Glossary"), "zh": ("如何阅读数字", "术语表")}[language]]


def test_the_path_goes_from_a_straight_line_to_few_examples_through_every_question():
    path = _path.path()
    assert path[:4] == ("linear_model", "polynomial", "multilayer", "activations") and path[-1] == "few_examples"
    assert sorted(path) == sorted(_questions.names())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_book_has_all_chapters_in_path_order_and_its_links_and_pictures_lead_somewhere(language):
    content, texts = book.html(language), read_words(_pages.WORDS, language)
    assert re.findall("<h1>(.*?)</h1>", content) == titles(language)
    outside = {target.partition(":")[0] for target in re.findall(r'<a href="([^#][^"]*)"', content)}
    assert outside == {"https"}
    assert {*re.findall(r'href="#([^"]*)"', content)} <= {*re.findall(r'id="([^"]*)"', content)}
    assert content.count('href="#') >= 300
    pictures = re.findall(r'src="file://([^"#]*)', content)
    assert all(Path(unquote(path)).exists() for path in pictures) and len(pictures) == content.count("<img ") >= 75
    pages = [_questions.question(name).page(language).read_text(encoding="utf-8") for name in _questions.names()]
    assert "<details" not in content and "</details" not in content
    every = [*pages, (QUESTIONS / f"README{LANGUAGES[language]}.md").read_text(encoding="utf-8")]
    folds = sum(page.count("<summary>") - page.count(f"<summary>{texts['answer']}<") for page in every)
    assert content.count('<div class="fold">') == folds
    assert content.count(f"<h3>{texts['answers']}</h3>") == sum(
        f"<summary>{texts['answer']}<" in page for page in pages
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_folds_of_a_chapter_are_numbered_so_that_first_and_last_can_be_found_on_paper(language):
    texts = read_words(_pages.WORDS, language)
    for name, chapter in zip(book.names(), book.html(language).split("<section id")[1:], strict=True):
        page = (_pages.ROOT / name).with_suffix(f"{LANGUAGES[language]}.md").read_text(encoding="utf-8")
        if name == "questions/README.md":
            page = page.rsplit("\n## ", 1)[1]
        folds = [title for title in re.findall("<summary>(.*)</summary>", page) if title != texts["answer"]]
        wanted = [f"{texts['fold'].format(number=number)}{title}" for number, title in enumerate(folds, 1)]
        shown = re.findall(r'<div class="fold">\s*<h3>(.*?)</h3>', chapter)
        assert [html.unescape(title) for title in shown] == wanted, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_entry_of_the_glossary_stays_together_and_names_no_page_that_is_no_chapter(language):
    content = book.html(language).rpartition("<section id")[2]
    entries = re.findall(r'<div class="entry">\s*<h3>.*?</div>', content, re.DOTALL)
    assert len(entries) == content.count("<h3>") > 200
    data = {"en": "data", "zh": "数据"}[language]
    source = (QUESTIONS / f"glossary{LANGUAGES[language]}.md").read_text(encoding="utf-8")
    assert f"[{data}](data" in source and not any(re.search(f"<p>{data}( ·|</p>)", entry) for entry in entries)
    assert not any(re.search(r"(,|、|·)\s*</p>", entry) for entry in entries)


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_a_paragraph_that_is_all_bold_is_the_heading_of_what_follows(language):
    content = book.html(language)
    headings = re.findall(r'<p class="heading">(.*?)</p>', content, re.DOTALL)
    assert len(headings) > 50 and all(re.fullmatch("<strong>.*</strong>", each, re.DOTALL) for each in headings)
    assert content.count("<p><strong>") > 100 and not re.search(r"<p><strong>[^<]*</strong></p>", content)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_may_end_between_the_panels_of_a_picture_whose_parts_are_the_whole(language):
    content = book.html(language)
    for path in QUESTIONS.glob(f"*/panels{LANGUAGES[language]}.png"):
        parts = [tuple(map(int, part)) for part in re.findall(rf"{path.as_uri()}#(\d+)-(\d+)", content)]
        with Image.open(path) as image:
            height = image.height
        assert len(parts) >= 2 and [0, *(end for _, end in parts)] == [*(start for start, _ in parts), height], path


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_in_the_book_is_wider_than_a_page(browser, tmp_path, language):
    """Else Chromium prints all pages smaller."""
    file, width = tmp_path / "book.html", int((210 - 2 * 18) / 25.4 * 96)
    file.write_text(book.html(language), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.emulate_media(media="print")
    page.goto(file.as_uri())
    parts = page.locator("table, math, img, pre").evaluate_all("all => all.map(e => e.getBoundingClientRect().right)")
    assert page.evaluate("document.documentElement.scrollWidth") == width >= max(parts)
    page.close()


WHOLE = pytest.mark.thorough(seconds=60)
"""Chromium prints 300 pages."""


@pytest.mark.parametrize(("language", "count"), [("en", 6), pytest.param("zh", None, marks=WHOLE)])
def test_a_book_is_printed_with_an_outline_and_the_right_page_numbers(tmp_path, monkeypatch, language, count):
    chosen, suffix = book.names()[:count], LANGUAGES[language]
    monkeypatch.setattr(book, "names", lambda: chosen)
    monkeypatch.setattr(book, "LANGUAGES", {language: suffix})
    book.main(str(tmp_path))
    pdf = tmp_path / f"dlguide{suffix}.pdf"
    reader = PdfReader(pdf)
    assert pdf.stat().st_size <= 20e6 and len(reader.pages) >= 3 * len(chosen)
    chapters = [each for each in reader.outline if not isinstance(each, list)]
    assert [each.title for each in chapters] == titles(language)[:count]
    starts = [reader.get_destination_page_number(each) for each in chapters]
    contents = [re.findall(r"(\d+)$", page.extract_text(), re.M) for page in reader.pages[1 : starts[0]]]
    shown = [number for _, *numbers in contents for number in numbers]  # First comes that of the page itself.
    assert shown[: len(starts)] == [str(start + 1) for start in starts]
    for title, start in zip(titles(language), starts, strict=False):
        assert re.sub(r"\W", "", title)[:4] in re.sub(
            r"\W", "", normalize("NFKC", reader.pages[start].extract_text()[:20])
        ), title
