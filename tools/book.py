"""Make the book in English and Chinese, a PDF each: python -m tools.book

Its chapters are the pages of the questions in the order of the path, with all folds open. Chromium prints it.
"""

import functools
import posixpath
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import yaml

from questions import _path, _questions
from recipes._lib.runs import arguments, command_line
from recipes._lib.words import LANGUAGES, read_words
from tools import ROOT
from tools.site import _pages

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")
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
        _print(html(language), pdf, browser)
        print(f"{pdf}: {pdf.stat().st_size / 1e6:.1f} MB")


def _print(content: str, pdf: Path, browser: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        page = Path(scratch) / "book.html"
        page.write_text(content, "utf-8")
        options = ["--headless", "--no-sandbox", "--no-pdf-header-footer", "--generate-pdf-document-outline"]
        options += [f"--user-data-dir={scratch}/profile", f"--print-to-pdf={pdf.resolve()}", page.as_uri()]
        subprocess.run([browser, *options], check=True, stderr=subprocess.DEVNULL)


def names() -> list[str]:
    """Return the paths of the pages that are the chapters."""
    path = [f"questions/{name}/README.md" for name in _path.path()]
    return ["questions/training.md", *path, "questions/README.md", "questions/glossary.md"]


def html(language: str) -> str:
    """Return the book as one HTML file, in "en" or "zh"."""
    texts, facts = read_words(_pages.WORDS, language), yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    chapters = {_pages.staged(name): _chapter(name, language) for name in names()}
    titles = [re.search("<h1>(.*?)</h1>", chapter)[1] for chapter in chapters.values()]
    return FRAME.format(
        language=language,
        style=Path(__file__).with_suffix(".css").as_uri(),
        title=texts["book title"].format(count=len(_questions.names())),
        subtitle=texts["book subtitle"],
        authors=", ".join(author["name"] for author in facts["authors"]),
        version=facts["version"],
        date=facts["date-released"],
        contents=texts["contents"],
        list="\n".join(f'<a href="#{to}"><span>{title}</span></a>' for to, title in zip(chapters, titles, strict=True)),
        order=texts["book order"],
        chapters="\n".join(_linked(place, chapter, chapters) for place, chapter in chapters.items()),
    )


@functools.cache
def _chapter(name: str, language: str) -> str:
    """Return the HTML of a page, with its folds open."""
    title, _, text = _pages.page_text(name, language, _pages.Files()).split("\n\n", 2)
    if name == "questions/README.md":  # Of the index, what the other pages refer to.
        title, text = text.rsplit("\n## ", 1)[1].split("\n\n", 1)
        title = f"# {title}"
    return _pages.html(f"{title}\n\n{text}").replace("<details>", "<details open>")


def _linked(place: str, chapter: str, chapters: dict[str, str]) -> str:
    """Return a chapter whose links lead within the book, or to the web; a link to another page is text."""

    def link(found: re.Match) -> str:
        if re.match("https?:", found[1]):
            return found[0]
        to = posixpath.normpath(posixpath.join(posixpath.dirname(place), found[1].partition("#")[0]))
        return f'<a href="#{to}">{found[2]}</a>' if to in chapters else found[2]

    chapter = re.sub(r'<a href="([^"]*)">(.*?)</a>', link, chapter, flags=re.DOTALL)
    chapter = re.sub(r'src="([^"]*)"', rf'src="{(ROOT / place).parent.as_uri()}/\1"', chapter)
    kind = "glossary" if "glossary" in place else "chapter"
    return f'<section id="{place}" class="{kind}">\n{chapter}\n</section>'


if __name__ == "__main__":
    command_line.run_tool(main)
