"""Make the book in English and Chinese, a PDF each: python -m tools.book

Its chapters are the pages of the questions in the order of the path, with all folds open. Chromium prints it.
"""

import functools
import itertools
import posixpath
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlparse

import yaml
from PIL import Image
from pypdf import PageObject, PdfReader

from questions import _path, _questions
from recipes._lib.runs import arguments, command_line
from recipes._lib.words import LANGUAGES, read_words
from tools import ROOT
from tools.site import _pages, _pictures

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")
BOLD = re.compile(r"<p>(?=<strong>(?:(?!</?strong>|</p>).)*</strong></p>)", re.DOTALL)
"""The start of a paragraph that is all bold: the heading of what follows."""
SHORT = 6
"""Lines: a chapter whose last page has no more (its number counts too) is set with less space between lines."""
FRAME = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<title>{title}</title>
<link rel="stylesheet" href="{style}">
<section class="title">
<p class="name">{title}</p>
<p>{subtitle}</p>
<p>{authors}, dlguide {version}, {date}, <a href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a></p>
</section>
<nav>
<p class="name">{contents}</p>
{list}
<p>{order}</p>
</nav>
{chapters}
</html>
"""


def main(folder: str = "book") -> None:
    """Make the book in English and Chinese, a PDF each.

    Args:
        folder: Folder for `dlguide.pdf` and `dlguide.zh.pdf`.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise OSError(f"Chromium prints the book. Install it: none of {', '.join(BROWSERS)} is a command here.")
    if Path(folder).is_file():
        raise arguments.error("folder", "a folder, new or not", folder)
    Path(folder).mkdir(parents=True, exist_ok=True)
    for language, suffix in LANGUAGES.items():
        pdf = Path(folder) / f"dlguide{suffix}.pdf"
        tight = []
        for _ in range(2):  # These say how the chapters end and begin. For time, with empty frames for the pictures.
            _print(re.sub('src="[^"]*"', 'src=""', html(language, tight=tight)), pdf, browser)
            pages, starts = _pages_and_starts(pdf)
            ends = zip(names(), [*starts[1:], len(pages) + 1], strict=True)
            tight = tight or [name for name, end in ends if len(pages[end - 2].extract_text().split("\n")) <= SHORT]
        _print(html(language, starts, tight), pdf, browser)
        print(f"{pdf}: {len(pages)} pages, {pdf.stat().st_size / 1e6:.1f} MB")


def _pages_and_starts(pdf: Path) -> tuple[list[PageObject], list[int]]:
    """Return the pages, and the numbers of those on which the chapters begin."""
    reader = PdfReader(pdf)
    chapters = [each for each in reader.outline if not isinstance(each, list)]
    return [*reader.pages], [reader.get_destination_page_number(each) + 1 for each in chapters]


def _print(content: str, pdf: Path, browser: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        page = Path(scratch) / "book.html"
        content = re.sub(r'src="(file:[^"]*\.png#[^"]*)"', lambda found: _small(found[1], scratch), content)
        page.write_text(content, "utf-8")
        options = ["--headless", "--no-sandbox", "--no-pdf-header-footer", "--generate-pdf-document-outline"]
        options += [f"--user-data-dir={scratch}/profile", f"--print-to-pdf={pdf.resolve()}", page.as_uri()]
        subprocess.run([browser, *options], check=True, stderr=subprocess.DEVNULL)


def _small(picture: str, scratch: str) -> str:
    """Return the source of a part of a picture with few colours: they make a third of the book's size less."""
    place = urlparse(picture)
    path, (top, bottom) = Path(unquote(place.path)), map(int, place.fragment.split("-"))
    small = Path(scratch) / "_".join([*path.parts[-3:-1], place.fragment, path.name])
    with Image.open(path) as image:
        image = image.crop((0, top, image.width, bottom))
        _pictures.few_colours(image).convert("RGB").save(small)
    return f'src="{small.as_uri()}"'


def names() -> list[str]:
    """Return the paths of the pages that are the chapters."""
    path = [f"questions/{name}/README.md" for name in _path.path()]
    return ["questions/training.md", *path, "questions/README.md", "questions/glossary.md"]


def html(language: str, starts: Sequence[int] = (), tight: Sequence[str] = ()) -> str:
    """Return the book as one HTML file.

    Args:
        language: `"en"` or `"zh"`.
        starts: Pages on which the chapters begin.
        tight: Paths of the chapters whose lines are set closer.
    """
    texts, facts = read_words(_pages.WORDS, language), yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    chapters = {_pages.staged(name): _chapter(name, language) for name in names()}
    titles = [re.search("<h1>(.*?)</h1>", chapter)[1] for chapter in chapters.values()]
    rows = zip(chapters, titles, starts or [""] * len(titles), strict=True)
    return FRAME.format(
        language=language,
        style=Path(__file__).with_suffix(".css").as_uri(),
        title=texts["book title"].format(count=len(_questions.names())),
        subtitle=texts["book subtitle"],
        authors=", ".join(author["name"] for author in facts["authors"]),
        version=facts["version"],
        date=facts["date-released"],
        contents=texts["contents"],
        list="\n".join(f'<a href="#{to}"><span>{title}</span> <span>{start}</span></a>' for to, title, start in rows),
        order=texts["book order"],
        chapters="\n".join(
            _linked(place, chapter, chapters, is_tight=name in tight)
            for name, (place, chapter) in zip(names(), chapters.items(), strict=True)
        ),
    )


@functools.cache
def _chapter(name: str, language: str) -> str:
    """Return the HTML of a page, with its folds open and numbered, and the answers of its exercises at the end."""
    texts = read_words(_pages.WORDS, language)
    title, _, text = _pages.page_text(name, language, _pages.Files()).split("\n\n", 2)
    if name == "questions/README.md":  # Of the index, what the other pages refer to.
        title, text = text.rsplit("\n## ", 1)[1].split("\n\n", 1)
        title = f"# {title}"
    if name == "questions/glossary.md":
        text = _without_other_pages(text)
    answers, numbers = [], itertools.count(1)

    def moved(fold: re.Match) -> str:
        answers.append(f"**{len(answers) + 1}.** {fold[1].strip()}")
        return ""

    def opened(fold: re.Match) -> str:
        return f'<div class="fold" markdown="1">\n\n### {texts["fold"].format(number=next(numbers))}{fold[1]}\n'

    fold = r'<details markdown="1">\n<summary>{}</summary>\n'
    text = re.sub(rf"{fold.format(texts['answer'])}(.*?)\n</details>\n", moved, text, flags=re.DOTALL)
    text = re.sub(fold.format("(.*?)"), opened, text)
    ending = [f"### {texts['answers']}", *answers] if answers else []
    content = _pages.html("\n\n".join([title, text.replace("</details>", "</div>"), *ending]))
    if name == "questions/glossary.md":  # An entry stays on a page.
        content = re.sub(r"<h3.*?(?=<h3|\Z)", r'<div class="entry">\n\g<0>\n</div>\n', content, flags=re.DOTALL)
    return re.sub(BOLD, '<p class="heading">', content)


def _without_other_pages(glossary: str) -> str:
    """Return the glossary without the links of its entries to pages that are no chapters."""
    places = {posixpath.relpath(_pages.staged(name), "questions") for name in names()}

    def kept(link: re.Match) -> str:
        return link[0] if link[1].partition("#")[0] in places else ""

    head, first, entries = glossary.partition("\n### ")
    return head + first + re.sub(r"\[[^\[\]]*\]\(([^()]*)\)(?:, |、| · )?", kept, entries)


def _linked(place: str, chapter: str, chapters: dict[str, str], *, is_tight: bool) -> str:
    """Return a chapter whose links lead within the book, or to the web; a link to another page is text."""

    def link(found: re.Match) -> str:
        if re.match("https?:", found[1]):
            return found[0]
        to = posixpath.normpath(posixpath.join(posixpath.dirname(place), found[1].partition("#")[0]))
        return f'<a href="#{to}">{found[2]}</a>' if to in chapters else found[2]

    chapter = re.sub(r'<a href="([^"]*)">(.*?)</a>', link, chapter, flags=re.DOTALL)
    chapter = re.sub(r'src="([^"]*)"', rf'src="{(ROOT / place).parent.as_uri()}/\1"', chapter)
    chapter = re.sub(r'<img [^>]*src="(file:[^"]*\.png)"[^>]*>', _parts, chapter)
    kind = ("glossary" if "glossary" in place else "chapter") + " tight" * is_tight
    return f'<section id="{place}" class="{kind}">\n{chapter}\n</section>'


def _parts(picture: re.Match) -> str:
    """Return a picture, or its rows of panels, between which a page may end: at 8 points, three fit on a page."""
    with Image.open(unquote(urlparse(picture[1]).path)) as image:
        edges = [0, *map(int, image.info.get("Cuts", "").split()), image.height]
        scale = 96 / image.info["dpi"][0] if len(edges) > 2 else 1

    def part(top: int, bottom: int) -> str:
        text = picture[0].replace(picture[1], f"{picture[1]}#{top}-{bottom}")
        text = re.sub(r'width="\d+"', f'width="{image.width * scale:.0f}"', text)
        return re.sub(r'height="\d+"', f'height="{(bottom - top) * scale:.0f}"', text)

    return "\n".join(part(*ends) for ends in itertools.pairwise(edges))


if __name__ == "__main__":
    command_line.run_tool(main)
