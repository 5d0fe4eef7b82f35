"""The repository's pages as the pages of a site: their names, links, pictures, folds, and the places of models."""

import functools
import posixpath
import re
from pathlib import Path

import markdown

from recipes._lib.runs import recipe_list
from recipes._lib.words import LANGUAGES, read_words
from tools import ROOT
from tools.site import _pictures, _scripts

PUBLISHED = recipe_list.FOLDER / "published"
RUNTIME_MEGABYTES = 5.0
"""Of ONNX Runtime Web, packed."""
WORDS = Path(__file__).with_name("words.csv")
"""Of the site, that stand in no page."""
FENCE = re.compile(r"(^```.*?^```\n)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s#]*)(#[^()\s]*)?\)")
OTHER_LANGUAGE = re.compile(r" ?\[(?:中文|English)\]\([^)]*\)")
"""The link to the page in the other language: the site has it in its head."""
DEMO = re.compile(r"<!-- demo (\w+) (.+?) -->\n(.*?)<!-- end demo -->\n?", re.DOTALL)
FIGURE = re.compile(r"<!-- figure (\w+) -->\n(.*?)<!-- end figure -->\n?", re.DOTALL)
"""The place of a figure that the learner moves: it replaces what stands between; nothing stands there if it comes below
a picture that says more."""
SKIP_TO = 'id="__try" tabindex="-1"'
"""Of what moves or runs in a page: a link before the head of the page leads there, as that of the theme to the text."""
COMMENT = re.compile(r"(`[^`\n]*`)|<!--.*?-->", re.DOTALL)
"""A comment; one that stands in code is text."""
EXTENSIONS = ["tables", "attr_list", "md_in_html", "pymdownx.highlight", "pymdownx.superfences", "tools.site.formulas"]
PER_CENT = re.compile(r"(`[^`\n]*`)|(?<=[\d$]) %")
"""The space between a number and its sign, where no line should end; one that stands in code is code."""
CHINESE = r"[\u3000-\u9fff\uff00-\uffef]"
CHINESE_GAP = re.compile(rf"(?<={CHINESE})\n {{0,4}}(?={CHINESE})|(?<=\$) (?=[，。；：、）？！])")
"""The end of a line between two Chinese characters, and a space before a full stop: both would show as a gap."""


@functools.cache
def names() -> tuple[str, ...]:
    """Return the paths of all pages that stand in two languages, such as docs/training.md."""
    found = [ROOT / "README.md", ROOT / "data/README.md"]
    found += [path for folder in ("docs", "recipes", "questions") for path in (ROOT / folder).rglob("*.md")]
    return tuple(sorted(str(path.relative_to(ROOT)) for path in found if path.with_suffix(".zh.md").exists()))


def staged(name: str) -> str:
    """Return the path of a page in the site: README.md becomes the index of its folder."""
    return re.sub(r"(^|/)README\.md$", r"\1index.md", name)


def listing(path: str) -> str:
    """Return the page that shows a file of the repository."""
    return f"files/{path}.md"


class Files:
    """What pages need beside themselves: pictures, and listings of the files that they link to."""

    def __init__(self):
        self.pictures: set[str] = set()
        self.listings: set[str] = set()


def page_text(name: str, language: str, files: Files) -> str:
    """Return a page of the repository as a page of the site."""
    content = (ROOT / name).with_suffix(f"{LANGUAGES[language]}.md").read_text(encoding="utf-8")
    twin = Path(name).with_suffix(".zh.md" if language == "en" else ".md").name
    content = OTHER_LANGUAGE.sub("", content).replace("\n · ", "\n").replace(f"]({twin})", "](#)")
    content = re.sub(r"\[([^\[\]]*)\]\(#\)", r"\1", content)  # The site has a link to the other language in its head.
    content = with_places(content, language)
    content = _entries(content, language) if name.endswith("/glossary.md") else content
    return transformed(content, name, staged(name), files)


def with_places(content: str, language: str) -> str:
    """Return a page with the places of the models that run in it, and of the figures that move."""
    content = FIGURE.sub(rf'<div class="demo figure" {SKIP_TO} data-figure="\1" markdown="1">\n\n\2\n</div>\n', content)
    return DEMO.sub(functools.partial(_demo, language), content)


def html(text: str) -> str:
    """Return HTML of a page, or of a part, for paper too: pictures load at once, programs need no style sheet."""
    return _converter().reset().convert(text).replace(' loading="lazy"', "")


@functools.cache
def _converter() -> markdown.Markdown:
    coloured = {"pymdownx.highlight": {"noclasses": True}}
    return markdown.Markdown(extensions=EXTENSIONS, extension_configs=coloured)


def _entries(glossary: str, language: str) -> str:
    """Return the glossary with a heading for each term, so that the search finds it: the meaning, then the names."""
    number = read_words(WORDS, language)["question number"]

    def entry(row: re.Match) -> str:
        term, other, also, questions, meaning = (cell.strip() for cell in row[1].split("|"))
        questions = re.sub(r"\[(\d+)\]", lambda found: f"[{number.format(number=found[1])}]", questions)
        about = " · ".join(filter(None, (questions, other, also)))
        return f"### {term}\n\n{meaning}\n\n{about}\n\n"

    rest = re.sub(r"^\| \S+ \|.*\n\|[-|]+\|\n", "", glossary, flags=re.MULTILINE)
    return re.sub(r"^\|(.*)\|\n", entry, rest, flags=re.MULTILINE)


def listing_text(path: str, files: Files) -> str:
    """Return a page with a file of the repository, the same in both languages."""
    content = (ROOT / path).read_text(encoding="utf-8")
    head = "---\nsearch:\n  exclude: true\n---\n"
    if path.endswith(".md"):
        return head + transformed(content, path, listing(path), files)
    language = {".py": "python", ".toml": "toml"}.get(Path(path).suffix, "text")
    return f"{head}# {path}\n\n````{language}\n{content}````\n"


def transformed(content: str, name: str, place: str, files: Files) -> str:
    """Return Markdown of the path `name` in the repository as that of `place` in the site; code stays as it is."""
    parts = FENCE.split(content)  # Each second part is code.
    parts[::2] = [_prose(part, name, place, files) for part in parts[::2]]
    return "".join(parts)


def _prose(content: str, name: str, place: str, files: Files) -> str:
    content = COMMENT.sub(lambda found: found[1] or "", content).replace("<details>", '<details markdown="1">')
    content = PER_CENT.sub(lambda found: found[1] or "\u00a0%", CHINESE_GAP.sub("", content))
    return LINK.sub(lambda found: _link(found, name, place, files), content)


def _demo(language: str, found: re.Match) -> str:
    """Return the place of a model that runs in the page; what the repository shows there stays for other browsers."""
    kind, models, recorded = found.groups()
    if not _scripts.has_runtime():
        return f"{read_words(WORDS, language)['no runtime']}\n\n{recorded}"
    files = {name: text for model in models.split() for name, text in _scripts.files(PUBLISHED / model).items()}
    parts = [name.removesuffix(".onnx").removesuffix("/model") for name in files if name.endswith(".onnx")]
    megabytes = RUNTIME_MEGABYTES + sum(map(len, files.values())) / 1e6
    data = f'data-demo="{kind}" data-models="{models}" data-parts="{" ".join(parts)}" data-megabytes="{megabytes:.1f}"'
    return f'<div class="demo" {SKIP_TO} {data} markdown="1">\n\n{recorded}\n</div>\n'


def _link(found: re.Match, name: str, place: str, files: Files) -> str:
    """Return a link with its target in the site; a picture gets its size."""
    is_picture, label, target, anchor = found.groups()
    if not target or re.match(r"https?:", target):
        return found[0]
    path = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    if is_picture:
        files.pictures.add(path)
        return f"![{label}]({target}){{ {_pictures.attributes(path)} }}"
    path = f"{path}/README.md" if (ROOT / path).is_dir() else path
    if recipe := re.fullmatch(r"`(\w+)`", label):  # In tables and lists: here its page, which links to the source.
        page = f"recipes/published/{recipe[1]}/README.md"
        path = page if path == f"recipes/{recipe[1]}.py" and name != page else path
    page = path.replace(".zh.md", ".md")
    if page in names() or page == "play.md" or page.startswith("api/"):
        to = page if page.startswith("api/") else staged(page)
        # A listing is English, the page may be Chinese; the home page has other headings than the README.
        anchor = "" if place.startswith("files/") or page == "README.md" else anchor or ""
    else:
        files.listings.add(path)
        to, anchor = listing(path), ""
    return f"[{label}]({posixpath.relpath(to, posixpath.dirname(place) or '.')}{anchor})"
