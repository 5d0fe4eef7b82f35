"""The index of the site's search: the sections of Zensical's index as plain text, with the words that people type."""

import csv
import html
import json
import posixpath
import re
from pathlib import Path

from recipes._lib.words import LANGUAGES, read_words
from tools import ROOT
from tools.site import _pages

WORDS = Path(__file__).with_name("search.csv")
"""Page to search words of a language, in English and Chinese: what people type, though the page says it otherwise."""
WEIGHTS = {
    r"questions/\w+/index": 1.25,
    "questions/glossary": 0.75,
    "docs/(deep_q|peers|photos|record|results|upstream)": 0.9,
    "docs|recipes/published": 1.1,
    "api": 0.7,
    "": 0.9,  # Pages with a little of everything: home, gallery, lists.
}
"""Start of a page's address to its weight: the first that fits counts."""
TERM = re.compile(r"^\|([^|]+)\|([^|]+)\|([^|]*)\|([^|]*)\|", re.MULTILINE)
PINYIN = re.compile("[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ]")
PIECE = re.compile("[A-Za-z]{3,}|(?=([\u4e00-\u9fff]{2}))")
SHOWN = 800
"""Characters of a section that stand in the index; of the others, and of programs, only new words."""
RUNS = re.compile('data-demo=|data-figure="?trainer')
CODE = re.compile(r"<pre>.*?</pre>", re.DOTALL)


def texts(language: str) -> dict[str, str]:
    """Return what the search says to the reader."""
    words = read_words(_pages.WORDS, language).items()
    return {key.removeprefix("search "): text for key, text in words if key.startswith("search ")}


def write(folder: Path, language: str) -> None:
    """Write the index of a language into its site, in place of Zensical's."""
    items = json.loads((folder / "search.json").read_text(encoding="utf-8"))["items"]
    (folder / "search.json").unlink()
    words = _words(language)
    index = {"stop": " ".join(words.pop("stop words")), "pages": _indexed(items, words, folder)}
    text = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    (folder / "search_index.js").write_text(f"dlguide.search.index = {text};\n", encoding="utf-8")


def _words(language: str) -> dict[str, list[str]]:
    """Return the search words of each page; Chinese readers type English ones, too."""
    with WORDS.open(encoding="utf-8", newline="") as lines:
        rows = {row["page"]: row for row in csv.DictReader(lines)}
    languages = ("zh", "en") if language == "zh" else ("en",)
    found = {page: [word for each in languages for word in row[each].split("; ")] for page, row in rows.items()}
    for suffix in LANGUAGES.values():  # The names of a term, in both languages, lead to the pages that explain it.
        glossary = (ROOT / f"questions/glossary{suffix}.md").read_text(encoding="utf-8")
        for *names, links in TERM.findall(glossary):
            names = [name.strip() for name in re.split("[、()（）;]", "、".join(names))]
            for link in re.findall(r"\]\((\S+?)(?:\.zh)?\.md\)", links):
                page = posixpath.normpath(f"questions/{link}".replace("README", "index"))
                found.setdefault(page, []).extend(name for name in names if name and not PINYIN.search(name))
    return {page: list(dict.fromkeys(words)) for page, words in found.items()}


def _indexed(items: list[dict], words: dict[str, list[str]], folder: Path) -> list[dict]:
    """Return the pages: each term of the glossary is one by itself."""
    pages = {}
    for item in items:
        address, _, anchor = item["location"].partition("#")
        is_term = address == "questions/glossary.html" and item["level"] == 3
        name = item["location"] if is_term else address
        if name not in pages:
            key = address.removesuffix(".html")
            weight = next(weight for start, weight in WEIGHTS.items() if re.match(start, key))
            pages[name] = {
                "address": name,
                "title": _plain(item["title"]),
                "path": item["path"][: 2 if is_term else 1],
                "weight": weight,
                "words": [] if is_term else words.pop(key, []),
                "more": set(),
                "sections": [],
                "plays": bool(RUNS.search((folder / address).read_text(encoding="utf-8"))),
            }
        page = pages[name]
        text = _plain(CODE.sub(" ", item["text"]))
        page["more"] |= _pieces(" ".join([text[SHOWN:], *CODE.findall(item["text"])]))
        heading = "" if item["title"] == page["title"] else _plain(item["title"])
        page["sections"].append(["" if is_term else anchor, heading, text[:SHOWN]])
    if words:
        raise ValueError(f"{WORDS.name} must name pages of the site. Received: {sorted(words)}")
    for page in pages.values():
        said = _pieces(" ".join(text for _, _, text in page["sections"]))
        page["more"] = " ".join(sorted(page["more"] - said))
    return list(pages.values())


def _pieces(text: str) -> set[str]:
    """Return the words of a text, and the pairs of its Chinese characters."""
    return {found[1] or found[0] for found in PIECE.finditer(text)} - {""}


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]*>", " ", text))).strip()
