"""The book: its chapters and links as HTML, and both PDFs as Chromium prints them."""

import re
from pathlib import Path
from unicodedata import normalize  # A PDF may have a radical, such as ⼀, for a character.
from urllib.parse import unquote

import pytest

pytest.importorskip("pypdf")
from pypdf import PdfReader

from questions import _path, _questions
from recipes._lib.words import LANGUAGES
from tools import ROOT, book

pytestmark = pytest.mark.thorough
QUESTIONS = ROOT / "questions"


def titles(language):
    """Return the titles of the chapters, as their pages have them."""
    pages = [QUESTIONS / f"training{LANGUAGES[language]}.md"]
    pages += [_questions.question(name).page(language) for name in _path.path()]
    found = [page.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ") for page in pages]
    return [*found, *{"en": ("How to read the numbers", "Glossary"), "zh": ("如何阅读数字", "术语表")}[language]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_book_has_all_chapters_whole_links_and_no_part_wider_than_a_page(browser, tmp_path, language):
    content = book.html(language)
    assert re.findall("<h1>(.*?)</h1>", content) == titles(language)
    assert {target.partition(":")[0] for target in re.findall(r'<a href="([^#][^"]*)"', content)} == {"https"}
    assert {*re.findall(r'href="#([^"]*)"', content)} <= {*re.findall(r'id="([^"]*)"', content)}
    assert content.count('href="#') >= 300 and sorted(_path.path()) == sorted(_questions.names())
    pictures = re.findall(r'src="file://([^"#]*)', content)
    assert all(Path(unquote(path)).exists() for path in pictures) and len(pictures) == content.count("<img ") >= 75
    assert content.count("<details open>") == content.count("<details") == content.count("</details>") >= 75
    file, width = tmp_path / "book.html", int((210 - 2 * 18) / 25.4 * 96)
    file.write_text(book.html(language), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.emulate_media(media="print")
    page.goto(file.as_uri())
    parts = page.locator("table, math, img, pre").evaluate_all("all => all.map(e => e.getBoundingClientRect().right)")
    assert page.evaluate("document.documentElement.scrollWidth") == width >= max(parts)  # Else all would be smaller.
    page.close()


WHOLE = pytest.mark.thorough(seconds=60)
"""Chromium prints 300 pages."""


@pytest.mark.parametrize(("language", "count"), [("en", 6), pytest.param("zh", None, marks=WHOLE)])
def test_a_book_is_printed_with_an_outline_that_leads_to_its_chapters(tmp_path, monkeypatch, language, count):
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
    for title, start in zip(titles(language), starts, strict=False):
        begins = normalize("NFKC", reader.pages[start].extract_text()[:20])
        assert re.sub(r"\W", "", title)[:4] in re.sub(r"\W", "", begins), title
