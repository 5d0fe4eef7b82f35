"""Build the site: stage the pages of each language, then let Zensical make HTML of them."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from questions import _questions
from recipes._lib.published import published_runs
from recipes._lib.runs import arguments, recipe_list
from recipes._lib.words import LANGUAGES, read_words
from tools import ROOT
from tools.site import _api, _home, _notebooks, _pages, _pictures, _play, _scripts, _search, _slides

HERE = Path(__file__).parent
CHAIN = re.compile(r"^(\*(?:Read first: |先读：).*\*|\*\*(?:What it leaves open\.|留下的问题。)\*\*.*)$", re.MULTILINE)
"""Lines with titles of other questions, which the search must not find in place of those."""
AS_WRITTEN = re.compile(r"(<pre.*?</pre>|<script.*?</script>)", re.DOTALL)
"""What keeps its blanks and ends of lines."""
FAQ = ("training", "data", "article", "listings", "glossary")
GUIDES = ("first_steps", "training", "own_data", "saved_runs", "published", "export", "loggers", "search", "backends")
GUIDES += ("machines", "teaching", "models", "experiments", "not_learning")
GUIDES += ("faults", "diagnosis", "diagnosis_checks")
MEASURED = ("results", "seeds", "peers", "speed", "record", "upstream", "photos", "deep_q_learning")


def build(folder: str = "site") -> None:
    """Build the guide as a site in English and Chinese.

    Args:
        folder: Folder of the site, new or with an earlier one, which is replaced.
    """
    folder = Path(folder)
    is_site = (folder / "demos/words.js").exists()
    if folder.exists() and not is_site and (folder.is_file() or any(folder.iterdir())):
        raise arguments.error("folder", "new, empty or an earlier site", str(folder))
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        shutil.copy(HERE / "mkdocs.yml", scratch)
        shutil.copytree(HERE / "theme", scratch / "theme")
        for language in LANGUAGES:
            stage(scratch / language, language)
            _html(scratch, language)
            _search.write(scratch / f"site_{language}", language)
        _scripts.write(scratch / "site_en/demos")
        shutil.move(scratch / "site_zh", scratch / "site_en/zh")
        _lighten(scratch / "site_en")
        if folder.exists():
            shutil.rmtree(folder)
        shutil.copytree(scratch / "site_en", folder)
    print(f"open {folder / 'index.html'}")


def stage(folder: Path, language: str) -> None:
    """Write all pages of a language, and the files that they show, into a folder."""
    files, done = _pages.Files(), set()
    names = [name for name in _pages.names() if name != "README.md"]  # The home page stands for it.
    texts = {_pages.staged(name): _pages.page_text(name, language, files) for name in names}
    texts |= _with_notebooks_and_slides(texts, language)
    texts["index.md"] = _home.page(language, files)
    texts["gallery.md"], texts["play.md"] = _gallery(texts, language), _play.page(texts, language)
    for place, text in _api.pages(language).items():
        texts[place] = _pages.transformed(text, place, place, files)
    while files.listings - done:  # A listing may link to further files.
        for path in sorted(files.listings - done):
            done.add(path)
            texts[_pages.listing(path)] = _pages.listing_text(path, files)
    for place, text in texts.items():
        runs = dict(re.findall(r'data-(demo|figure)="(\w+)"', text))  # The scripts that the page loads.
        head = "".join(f"{kind}: {name}\n" for kind, name in runs.items())
        if place == "index.md" or runs.get("figure") == "trainer":  # What stands side by side needs the room.
            head += "hide: [navigation, toc]\n"
        if place == "index.md":
            head += "home: true\n"
        elif "demo" in runs:
            text, more = _play.marked(text, language)
            head += more
        if '<div class="gallery' in text:
            text = _pictures.with_cards(text, folder)
        text = f"---\n{head}---\n{text}" if head else text
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(text, encoding="utf-8")
    for path in files.pictures:
        _pictures.write(ROOT / path, folder / path)
    shutil.copytree(HERE / "assets", folder, dirs_exist_ok=True)
    if (book := _home.book(language)).exists():
        (folder / "book").mkdir()
        shutil.copy(book, folder / "book")


def _with_notebooks_and_slides(texts: dict[str, str], language: str) -> dict[str, str]:
    """Return the notebooks, the slides, and the pages with links to them below their titles; the index has them too."""
    found, site_words = {}, read_words(_pages.WORDS, language)
    for place in (*_question_pages(), *_recipe_pages()):
        page = (ROOT / place).with_name(f"README{LANGUAGES[language]}.md")
        name, is_question = page.parent.name, place.startswith("questions/")
        notebook = _notebooks.question(page) if is_question else _notebooks.recipe(name)
        found[place.replace("index.md", f"{name}.ipynb")] = notebook
        title, links, rest = texts[place].split("\n\n", 2)
        links += f" · [{site_words['notebook']}]({name}.ipynb){{ download }}"
        if is_question:
            links += f" · [{site_words['slides']}](slides.html)" + _play.seen(name, language)
            found[place.replace("index.md", "slides.html")] = _slides.slides(texts[place], name, language)
            rest = CHAIN.sub(r"\1\n{ data-search-exclude }", rest)
        else:  # "# mlp_mnist: a multilayer …": the name of the program stands below the title.
            title = re.sub(r"^# \w+[:：] ?(.)", lambda found: f"# {found[1].upper()}", title)
            links = f"`{name}` · {links}"
        found[place] = f"{title}\n\n{links}\n{{ data-search-exclude }}\n\n{rest}"
    link = rf"\1 ([{site_words['slides']}](\2/slides.html)) |"
    found["questions/index.md"] = re.sub(r"(\]\((\w+)/index\.md\)) \|", link, texts["questions/index.md"])
    runs = rf"(\[`({'|'.join(published_runs.models())})`\]\(published/\2/index\.md\))"
    found["recipes/index.md"] = re.sub(runs, rf"\1 {_play.badge(language)}", texts["recipes/index.md"])
    return found


def _gallery(texts: dict[str, str], language: str) -> str:
    """Return a page with the first picture of each recipe and each question."""
    site_words = read_words(_pages.WORDS, language)
    lines = [f"# {site_words['gallery']}\n"]
    for part, places in (("recipes", _recipe_pages()), ("questions", _question_pages())):
        lines.append(f'## {site_words[part]}\n\n<div class="gallery" markdown="1">\n')
        for place in places:
            heading = texts[place].splitlines()[0].removeprefix("# ")
            folder = place.removesuffix("index.md")
            picture, size = re.search(r"!\[.*?\]\((.+?)\)(\{.+?\})", texts[place]).groups()
            badge = f" {_play.badge(language)}" if "data-demo=" in texts[place] else ""
            lines.append(f"[![]({folder}{picture}){size} {heading}{badge}]({place})")
        lines.append("\n</div>\n")
    return "\n".join(lines)


def _question_pages() -> list[str]:
    return [f"questions/{name}/index.md" for name in _questions.names()]


def _recipe_pages() -> list[str]:
    pages = [f"recipes/published/{name}/index.md" for name in recipe_list.names()]
    return [page for page in pages if page.replace("index", "README") in _pages.names()]


def _navigation(language: str) -> list:
    parts = {
        "home": "index.md",
        "play": ["play.md", _play.TRAINER],
        "gallery": "gallery.md",
        "questions": ["questions/index.md", *_question_pages(), *(f"questions/{name}.md" for name in FAQ)],
        "recipes": ["recipes/index.md", *_recipe_pages(), "data/index.md"],
        "guides": [f"docs/{name}.md" for name in GUIDES],
        "measured": [f"docs/{name}.md" for name in MEASURED],
        "api": ["api/index.md", *_api.navigation()],
    }
    return [{read_words(_pages.WORDS, language)[part]: pages} for part, pages in parts.items()]


def _html(scratch: Path, language: str) -> None:
    """Make HTML of the staged pages; a link or an anchor that leads nowhere ends it."""
    site_words = read_words(_pages.WORDS, language)
    name, tag, link = (site_words[f"other {part}"] for part in ("name", "language", "folder"))
    icons = {"": "brightness-auto", ": light": "weather-sunny", ": dark": "weather-night"}
    palette = [
        {"media": f"(prefers-color-scheme{scheme})", "toggle": {"icon": f"material/{icon}", "name": site_words["dark"]}}
        for scheme, icon in icons.items()
    ]
    palette[1]["scheme"], palette[2]["scheme"] = "default", "slate"
    config = {
        "INHERIT": "mkdocs.yml",
        "docs_dir": language,
        "site_dir": f"site_{language}",
        "nav": _navigation(language),
        "theme": {"language": language, "palette": palette},
        "site_description": site_words["description"],
        "extra": {
            "alternate": [{"name": name, "lang": tag, "link": link}],
            "close": site_words["close"],
            "skip": site_words["skip"],
            "search": _search.texts(language),
            "status": {"runs": site_words["runs here"]},
        },
    }
    file = scratch / f"{language}.yml"
    file.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean", "-f", str(file)]
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "NO_COLOR": "1"})


def _lighten(folder: Path) -> None:
    """Make the pages of a built site a third smaller, without blanks between lines; empty headings become cells.

    The Tab key leaves out the signs ¶ beside the headings, which the list of contents has too.
    """
    changes = {"<th></th>": "<td></td>", 'class="headerlink"': 'class="headerlink" tabindex="-1"'}
    for path in folder.rglob("*.html"):
        parts = AS_WRITTEN.split(path.read_text(encoding="utf-8"))
        parts[::2] = [re.sub(r"\s*\n\s*", "\n", part) for part in parts[::2]]
        text = "".join(parts)
        for old, new in changes.items():
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
