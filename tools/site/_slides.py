"""The slides of a question, made from its page: an HTML file that needs no network and prints a slide on each page."""

import itertools
import math
import re
import unicodedata
from collections.abc import Iterator

from recipes._lib.words import read_words
from tools.site import _pages

LINES = 12.5
"""Of text on a slide."""
LAST = 2.5
"""Lines by which the last sentence of a part may overflow: smaller letters are better than a slide for it alone."""
LINE = 76
"""Letters on a line; a Chinese character counts as two."""
SENTENCE_END = re.compile(
    r"(\*\*.+?\*\*|\*[^*]+\*|\[[^\]]*\]\([^)]*\)|`[^`]*`|\$[^$]+\$|\([^)]*\)|（[^）]*）)"  # These stay whole.
    r"|(?<=[.!?])\s+(?=[A-Z“*\[$`])|(?<=[。！？])\s*(?=[^\s”）→])"
)
FIGURE = re.compile('<div class="demo figure".*>|</div>')
"""The edges of a moving figure's place: slides show the still picture in it."""
FRAME = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="../../slides.css">
<script src="../../scripts/slides.js"></script>
<main>
{slides}
</main>
</html>
"""


def slides(page: str, name: str, language: str) -> str:
    """Return the slides of a question, from its page in the site.

    They show the question, its answer, the reason, what was measured, the program, and each exercise with its answer on
    the slide after. A paragraph becomes a list of its sentences. Folds of the page are left out, the exercises apart.
    """
    texts = read_words(_pages.WORDS, language)
    parts = enumerate(_pages.FENCE.split(page))  # Each second part is code.
    blocks = [block for i, part in parts for block in ([part] if i % 2 else re.split(r"\n{2,}", part.strip()))]
    title, _, first, *blocks = (block for block in blocks if block and not FIGURE.fullmatch(block))
    if not first.startswith("*"):  # The first question of the path needs no other one.
        first, blocks = "", [first, *blocks]
    twin = f"../../{texts['other folder']}questions/{name}/slides.html"
    links = f"{texts['keys']} · [{texts['page']}](index.md) · [{texts['other name']}]({twin}){{ .site-language }}"
    found = [f"{title}\n\n{first}\n\n{links}\n{{ .keys }}"]
    for heading, parts in itertools.groupby(_kept(blocks, texts), lambda part: part[0]):
        found += [f"## {heading}\n\n{text}" for text in _divided(unit for _, block in parts for unit in _units(block))]
    content = "\n".join(f"<section>\n{_pages.html(text)}\n</section>" for text in found)
    content = re.sub(r'(href="(?!https?:)[^"]*)\.md', r"\1.html", content)
    return FRAME.format(language=language, title=title.removeprefix("# "), slides=content)


def _kept(blocks: list[str], texts: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the heading and the text of each block that is shown."""
    heading, folds = texts["answer in short"], []
    for block in blocks:
        if block.startswith("<details"):
            folds.append(re.search(r"<summary>(.+?)</summary>", block)[1])
        elif block == "</details>":
            folds.pop()
        elif block.startswith("## "):
            heading = block.removeprefix("## ")
        elif not folds or folds[0] == texts["exercises"]:
            yield (folds[-1] if folds else heading), block


def _units(block: str) -> list[str]:
    """Return what stays together on a slide: a sentence, an item of a list, or the whole block."""
    if re.match(r"- |\d\. ", block):
        return re.split(r"\n(?=- |\d\. )", block)
    if re.match(r"```|\||!\[|\$\$|\*[^*]+\*$", block):
        return [block]
    return SENTENCE_END.sub(lambda found: found[1] or "\n- ", "- " + block.replace("\n", " ")).split("\n")


def _divided(units: Iterator[str]) -> list[str]:
    """Return the texts of slides that have room for these units."""
    found, room, units = [], 0, list(units)
    for number, unit in enumerate(units, 1):
        lines = _lines(unit)
        if not found or lines > room + LAST * (number == len(units)):
            found, room = [*found, []], LINES
        found[-1].append(unit)
        room -= lines
    return ["\n\n".join(slide) for slide in found]


def _lines(unit: str) -> float:
    """Return about how many lines a unit takes: a program has a slide of its own, a picture at least half of one."""
    if unit.startswith("```"):
        return LINES if unit.startswith("```python") else 0.7 * unit.count("\n")
    shown = re.sub(r"\]\([^)]*\)(\{[^}]*\})?|\\\w+|[*`${}]", "", unit)
    widths = [sum(1 + (unicodedata.east_asian_width(each) in "WF") for each in line) for line in shown.split("\n")]
    return 0.25 + sum(math.ceil(width / LINE) for width in widths) + 6 * unit.startswith("![") + unit.startswith("$$")
