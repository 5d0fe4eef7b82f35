"""Pictures of a site: their size, what becomes of them in the dark, few colours, and small ones for cards."""

import functools
import re
import shutil
from pathlib import Path

from PIL import Image

from tools import ROOT

COLOURS = 96
"""Of a picture: curves and bars need no more."""
CARD = (420, 270)
"""The largest width and height of a picture on a card: one and a half pixels for each of the screen."""
WHITE, BLACK = 0.7, 0.03
"""A plot is white in this share of its pixels at least, black in this one at most. Photos and digits are not."""
SHADES = "parallel_coordinates"
"""In its name: a plot whose caption says what the darker lines are."""
ON_CARD = re.compile(r"!\[\]\(([^)]+)\.png\)\{ width=\d+ height=\d+")


@functools.cache
def attributes(path: str) -> str:
    """Return the width and height of a picture, so that a page does not move while it loads.

    A plot has a class too: in the dark its white becomes dark, and its colours stay what the caption calls them.
    """
    if path.endswith(".svg"):
        found = re.search(r'viewBox="\S+ \S+ (\S+) (\S+)"', (ROOT / path).read_text(encoding="utf-8"))
        (width, height), is_plot = found.groups(), True
    else:
        with Image.open(ROOT / path) as image:
            width, height = image.size
            greys = image.convert("RGB").convert("L").histogram()
        is_plot = sum(greys[250:]) >= WHITE * sum(greys) and sum(greys[:60]) <= BLACK * sum(greys)
    is_plot = is_plot and SHADES not in path
    return f"width={width} height={height} loading=lazy" + " .chart" * is_plot


def few_colours(image: Image.Image) -> Image.Image:
    """Return a picture with few colours, which makes its file a third."""
    return image.convert("RGB").quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)


def write(source: Path, target: Path) -> None:
    """Write a picture for a page, with few colours if it has more."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix == ".png":
        with Image.open(source) as image:
            if image.mode != "P":
                few_colours(image).save(target)
                return
    shutil.copyfile(source, target)


def with_cards(text: str, folder: Path) -> str:
    """Return a page in the first folder of a language with small pictures on its cards, which are written too."""

    def small(found: re.Match) -> str:
        target = folder / f"{found[1]}.card.webp"
        with Image.open(ROOT / f"{found[1]}.png") as image:
            image = image.convert("RGB")
            image.thumbnail(CARD)
        target.parent.mkdir(parents=True, exist_ok=True)
        image.save(target, quality=60)
        return f"![]({found[1]}.card.webp){{ width={image.width} height={image.height}"

    return ON_CARD.sub(small, text)
