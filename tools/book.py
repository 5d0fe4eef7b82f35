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
from pathlib import Path
from urllib.parse import unquote, urlparse

import yaml
from PIL import Image
from pypdf import PdfReader

from questions import _path, _questions
from recipes._lib.runs import arguments, command_line
from recipes._lib.words import LANGUAGES, read_words
from tools.site import _pages, _pictures
from tools.site._pages import ROOT

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
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
        # The first print says on which pages the chapters begin. For time, with empty frames for the pictures.
        _print(re.sub('src="[^"]*"', 'src=""', html(language)), pdf, browser)
        reader = PdfReader(pdf)
        starts = [reader.get_destination_page_number(each) + 1 for each in reader.outline if not isinstance(each, list)]
        _print(html(language, starts), pdf, browser)
        print(f"{pdf}: {len(reader.pages)} pages, {pdf.stat().st_size / 1e6:.1f} MB")


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


def html(language: str, starts: list[int] | None = None) -> str:
    """Return the book as one HTML file; `starts` are the pages on which the chapters begin."""
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
        chapters="\n".join(_linked(place, chapter, chapters) for place, chapter in chapters.items()),
    )


@functools.cache
def _chapter(name: str, language: str) -> str:
    """Return the HTML of a page, with its folds open and the answers of its exercises at the end."""
    texts = read_words(_pages.WORDS, language)
    title, _, text = _pages.page_text(name, language, _pages.Files()).split("\n\n", 2)
    if name == "questions/README.md":  # Of the index, what the other pages refer to.
        title, text = text.rsplit("\n## ", 1)[1].split("\n\n", 1)
        title = f"# {title}"
    answers = []

    def moved(fold: re.Match) -> str:
        answers.append(f"**{len(answers) + 1}.** {fold[1].strip()}")
        return ""

    fold = r'<details markdown="1">\n<summary>{}</summary>\n'
    text = re.sub(rf"{fold.format(texts['answer'])}(.*?)\n</details>\n", moved, text, flags=re.DOTALL)
    text = re.sub(fold.format("(.*?)"), r'<div class="fold" markdown="1">\n\n### \1\n', text)
    ending = [f"### {texts['answers']}", *answers] if answers else []
    return _pages.html("\n\n".join([title, text.replace("</details>", "</div>"), *ending]))


def _linked(place: str, chapter: str, chapters: dict[str, str]) -> str:
    """Return a chapter whose links lead within the book, or to the web; a link to another page is text."""

    def link(found: re.Match) -> str:
        if re.match("https?:", found[1]):
            return found[0]
        to = posixpath.normpath(posixpath.join(posixpath.dirname(place), found[1].partition("#")[0]))
        return f'<a href="#{to}">{found[2]}</a>' if to in chapters else found[2]

    chapter = re.sub(r'<a href="([^"]*)">(.*?)</a>', link, chapter, flags=re.DOTALL)
    chapter = re.sub(r'src="([^"]*)"', rf'src="{(ROOT / place).parent.as_uri()}/\1"', chapter)
    chapter = re.sub(r'<img [^>]*src="(file:[^"]*\.png)"[^>]*>', _parts, chapter)
    kind = "glossary" if "glossary" in place else "chapter"
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
