"""The page with all that can be tried in the browser, and the badge of pages with a model that runs there."""

import json
import re
from pathlib import Path

from recipes._lib.words import read_words
from tools.site import _pages, _scripts

CARDS = Path(__file__).with_name("play.csv")
TRAINER = "docs/train_in_page.md"

SHOWN = {
    "autoencoder": "autoencoder_mnist", "convolution": "cnn_mnist", "few_examples": "transfer_mnist",
    "gan": "gan_mnist", "gru": "seq2seq_pronounce", "multilayer": "mlp_mnist",
    "polynomial": "polynomial_regression_mpg", "self_attention": "transformer_recall",
    "transfer_learning": "transfer_mnist", "transformer": "transformer_shakespeare", "vae": "vae_mnist",
}  # fmt: skip
"""Questions, and the model that shows what they are about."""


def badge(language: str) -> str:
    """Return the sign of a page with a model that runs in it; nothing without npm, where none does."""
    if not _scripts.has_runtime():
        return ""
    text = read_words(_pages.WORDS, language)["runs here"]
    return f'<span class="runs-here" role="img" aria-label="{text}" title="{text}">▶</span>'


def page(texts: dict[str, str], language: str) -> str:
    """Return the page: a card for each model in the order of play.csv, before them the trainer, then the figures."""
    site_words, cards = read_words(_pages.WORDS, language), read_words(CARDS, language)
    intro = site_words["play intro" if _scripts.has_runtime() else "no runtime"]
    lines = [f"# {site_words['play']}\n", intro, '\n<div class="gallery play" markdown="1">\n']
    lines.append(_card(_picture("train"), site_words["trainer"], site_words["trainer line"], TRAINER))
    for name in (key for key in cards if f"{key} line" in cards):
        folder = f"recipes/published/{name}/"
        text = texts[f"{folder}index.md"]
        size = re.search(r'data-megabytes="(.+?)"', text)  # None without npm.
        line = cards[f"{name} line"] + (f" <small>{size[1]} MB</small>" if size else "")
        lines.append(_card(_picture(name, text), cards[name], line, f"{folder}index.md"))
    lines.append("\n</div>\n")
    moving = {place: text.splitlines()[0].removeprefix("# ") for place, text in texts.items() if "data-figure=" in text}
    del moving[TRAINER]  # It has a card.
    lines += [f"## {site_words['figures']}\n", *(f"- [{title}]({place})" for place, title in moving.items()), ""]
    return "\n".join(lines)


def _picture(name: str, page: str = "") -> str:
    """Return the drawing of a card; without one, the first picture of a model's page."""
    drawing = CARDS.with_name("assets") / f"home/{name}.svg"
    if drawing.exists():
        return f"![](home/{drawing.name}){{ width=120 height=90 loading=lazy }}"
    picture, size = re.search(r"!\[.*?\]\((.+?)\)(\{.+?\})", page).groups()
    return f"![](recipes/published/{name}/{picture}){size}"


def _card(picture: str, title: str, line: str, place: str) -> str:
    return f"[{picture} **{title}** {line}]({place})\n"


def seen(question: str, language: str) -> str:
    """Return a link from a question to the model that shows it; nothing where there is none."""
    if question not in SHOWN or not _scripts.has_runtime():
        return ""
    site_words, title = read_words(_pages.WORDS, language), read_words(CARDS, language)[SHOWN[question]]
    label = site_words["see it run"].format(title=title)
    return f" · [▶ {label}](../../recipes/published/{SHOWN[question]}/index.md)"


def marked(text: str, language: str) -> tuple[str, str]:
    """Return the page of a model that runs in it with the badge in its title, and what the navigation shows of it."""
    head, rest = text.split("\n", 1)
    title = json.dumps(head.removeprefix("# "), ensure_ascii=False)
    return f"{head} {badge(language)}\n{rest}", f"title: {title}\nstatus: runs\n"
