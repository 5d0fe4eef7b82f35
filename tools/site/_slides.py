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
EXCESS = 2.0
"""Lines by which a slide may overflow: smaller letters are better than a slide for two lines alone."""
FEW = 4.0
"""Lines that are too few for a slide of their own, if others can share it."""
LINE = 76
"""Letters on a line; a Chinese character counts as two."""
CODE = 0.6
"""Lines of text that are as high as a line of a program."""
PICTURE = 25
"""Lines of text that are as high as a square picture, nearly as wide as the slide."""
POINTER = re.compile(
    r" \((?:see )?(?:the )?(?:(?:first |second |last )?fold|limit \d(?: in the last fold)?)\)"
    r"|[,;:] (?:(?:first|second|last) fold|limit \d)(?=\.?\))"
    r"|（见(?:(?:第.个|最后的|文末的?)?折叠部分|文末|(?:文末)?局限 ?\d|推导)）|，见局限 ?\d(?=）)"
)
"""What sends the reader of a page to a fold: slides have none."""
FILLER = "\ue000"
WHOLE = [
    re.compile(each)
    for each in (
        r"`[^`]*`|\$[^$]+\$",  # Code and formulas: a star in them is no emphasis.
        r"\[[^\]]*\]\([^)]*\)",
        r"\([^()]*\)|（[^（）]*）",
        r"\*\*.+?\*\*|\*[^*]+\*",
    )
]
"""What is not divided, the innermost first."""
SENTENCE_END = re.compile(
    r"(?:(?<=[.!?])|(?<=[.!?][)”]))\s+(?=[A-Z0-9“*\[$`]|\([a-z]\))"
    r"|(?:(?<=[。！？])|(?<=[。！？][）”]))\s*(?=[^\s”）（→\ue000])"
)
SIZE = r"!\[[^\n]* width=([\d.]+) height=([\d.]+)[^\n]*"
ALONE = re.compile(rf"## [^\n]+\n\n{SIZE}\n\n[^\n]+\n\{{ \.caption \}}")
TALL = 1.75
"""Width over height of a picture that gets larger if its caption stands beside it."""
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
    blocks = [block for i, part in parts for block in ([part] if i % 2 else _blocks(part))]
    title, _, first, *blocks = (block for block in blocks if block and not FIGURE.fullmatch(block))
    if not first.startswith("*"):  # The first question of the path needs no other one.
        first, blocks = "", [first, *blocks]
    twin = f"../../{texts['other folder']}questions/{name}/slides.html"
    links = f"{texts['keys']} · [{texts['page']}](index.md) · [{texts['other name']}]({twin}){{ .site-language }}"
    found = [f"{title}\n\n{first}\n\n{links}\n{{ .keys }}"]
    for heading, parts in itertools.groupby(_kept(blocks, texts), lambda part: part[0]):
        found += [f"## {heading}\n\n{text}" for text in _divided(unit for _, block in parts for unit in _units(block))]
    content = "\n".join(f"<section{_layout(text)}>\n{_pages.html(text)}\n</section>" for text in found)
    content = re.sub(r'(href="(?!https?:)[^"]*)\.md', r"\1.html", content)
    return FRAME.format(language=language, title=title.removeprefix("# "), slides=content)


def _layout(text: str) -> str:
    """Return the class of a slide that has only a picture, a tall one, and its caption: they stand side by side."""
    found = ALONE.fullmatch(text)
    return ' class="beside"' if found and float(found[1]) < TALL * float(found[2]) else ""


def _blocks(text: str) -> list[str]:
    """Return the paragraphs of prose, without what points to folds."""
    return re.split(r"\n{2,}", POINTER.sub("", text).strip())


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
    if re.match(r"```|\||!\[|\$\$", block):
        return [block]
    block = block.replace("\n", " ")
    masked = _masked(block)
    if re.fullmatch(rf"\*{FILLER}+", masked):  # A caption.
        return [f"{block}\n{{ .caption }}"]
    ends = [(0, 0), *(found.span() for found in SENTENCE_END.finditer(masked)), (len(block), 0)]
    return [f"- {block[start:end]}" for (_, start), (end, _) in itertools.pairwise(ends)]


def _masked(text: str) -> str:
    """Return a text of the same length with a filler in what is not divided: its first character shows what it is."""
    for whole in WHOLE:
        text = whole.sub(lambda found: _filled(found[0]), text)
    return text


def _filled(span: str) -> str:
    first = FILLER if span.startswith("[*") else span[0]  # A verdict's link stays with its sentence.
    last = span[-2:] if span[-1] in ")）" and span[0] in "(（" else 2 * FILLER
    return first + FILLER * (len(span) - 3) + last


def _divided(units: Iterator[str]) -> list[str]:
    """Return the texts of slides that have room for these units: of all divisions that with the lowest cost."""
    parts = _together(units)
    best: list[tuple[float, list[str]]] = [(0.0, [])]
    for end in range(1, len(parts) + 1):
        divisions = [(best[start][0] + _cost(parts[start:end]), start) for start in range(end)]
        cost, start = min(divisions)
        best.append((cost, [*best[start][1], "\n\n".join(itertools.chain(*parts[start:end]))]))
    return best[-1][1]


def _cost(parts: list[list[str]]) -> float:
    """Return the cost of a slide: 1, and more if it is too full or nearly empty."""
    lines = sum(_lines(unit) for part in parts for unit in part)
    if len(parts) == 1:  # A picture fills what its caption leaves; nothing else can be divided.
        lines = min(lines, LINES)
    introduces = len(parts) == 2 and parts[1][0].startswith("```python")
    excess = max(0, lines - LINES) / (EXCESS * (1 + introduces))
    return 1 + (lines < FEW) + 0.3 * max(0, 1 - lines / LINES) ** 2 + (excess**2 if excess <= 1 else math.inf)


def _together(units: Iterator[str]) -> list[list[str]]:
    """Return units in parts that no slide divides: a picture with its caption, a colon with what it announces."""
    found: list[list[str]] = []
    for unit in units:
        last = found[-1][-1] if found else ""
        is_caption = last.startswith("![") and unit.endswith("{ .caption }")
        if is_caption or re.search(r"[:：,，]$", last.rstrip("*")):
            found[-1].append(unit)
        else:
            found.append([unit])
    return found


def _lines(unit: str) -> float:
    """Return about how many lines a unit takes; a picture takes as many as make it nearly as wide as the slide."""
    if unit.startswith("```"):
        return 0.5 + CODE * (unit.count("\n") - 2)
    if size := re.match(SIZE, unit):
        return PICTURE * float(size[2]) / float(size[1])
    shown = re.sub(r"\]\([^)]*\)(\{[^}]*\})?|\n\{ \.caption \}|\\\w+|[*`${}]", "", unit)
    widths = [sum(1 + (unicodedata.east_asian_width(each) in "WF") for each in line) for line in shown.split("\n")]
    return 0.25 + sum(math.ceil(width / LINE) for width in widths) + 1.5 * unit.startswith("$$")
