"""The slides of a question, made from its page: an HTML file that needs no network and prints a slide on each page."""

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator

from recipes._lib.words import read_words
from tools.site import _pages

ROOM = 930
"""Letters on a slide, a Chinese character as two: where it is still too full, `slides.js` takes smaller ones."""
POINTER = re.compile(
    r" \((?:see )?(?:the )?(?:(?:first |second |last )?fold|limit \d(?: in the last fold)?)\)"
    r"|[,;:] (?:(?:first|second|last) fold|limit \d)(?=\.?\))"
    r"|（见(?:(?:第.个|最后的|文末的?)?折叠部分|文末|(?:文末)?局限 ?\d|推导)）|，见局限 ?\d(?=）)"
)
"""What sends the reader of a page to a fold: slides have none."""
SENTENCE_END = re.compile(
    r"(?P<end>(?:(?<=[.!?])|(?<=[.!?][)”]))\s+(?=[A-Z0-9“*$`]|\[(?!\*)|\([a-z]\))"
    r"|(?:(?<=[。！？])|(?<=[。！？][）”]))\s*(?=[^\s”）（→\[]|\[(?!\*)))"  # A verdict's link stays with its sentence.
    r"|`[^`]*`|\$[^$]+\$|\[[^\]]*\]\([^)]*\)|\((?:[^()]|\([^()]*\))*\)|（[^（）]*）|\*\*.+?\*\*"  # Are left whole.
    r"|\*(?:`[^`]*`|\$[^$]+\$|[^*])+\*"
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
    blocks = [block for i, part in parts for block in ([part] if i % 2 else _blocks(part))]
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
    if re.fullmatch(r"\*(?:`[^`]*`|\$[^$]+\$|[^*])+\*", block):
        return [f"{block}\n{{ .caption }}"]
    ends = [(0, 0), *(found.span() for found in SENTENCE_END.finditer(block) if found["end"] is not None)]
    return [f"- {block[start:end]}" for (_, start), (end, _) in itertools.pairwise([*ends, (len(block), 0)])]


def _divided(units: Iterable[str]) -> list[str]:
    """Return the texts of slides: each takes the next units while there is room. A picture takes all of it.

    A caption stays with its picture, and what a colon announces with it: without room for both they begin a slide.
    """
    joined, found, room = [[""]], [], 0
    for unit in units:
        is_joined = joined[1:] and (unit.endswith("{ .caption }") or re.search(r"[:：,，]\**$", joined[-1][-1]))
        joined = [*joined[:-1], [*joined[-1], unit]] if is_joined else [*joined, [unit]]
    for together in joined[1:]:
        size = sum(map(_letters, together))
        if size > room:
            found, room = [*found, []], ROOM
        found[-1] += together
        room -= size
    return ["\n\n".join(slide) for slide in found]


def _letters(unit: str) -> float:
    """Return about how many letters have as much room as a unit, of which each line may be the first of a paragraph."""
    if unit.startswith("!["):
        return ROOM
    shown = re.sub(r"\]\([^)]*\)|\\\w+|[*`${}]", "", unit)
    widths = [sum(1 + (unicodedata.east_asian_width(each) in "WF") for each in line) for line in shown.split("\n")]
    return sum(40 + width // (2 if unit.startswith("```") else 1) for width in widths)
