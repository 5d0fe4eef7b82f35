"""The path for beginners: in which order the questions are read, what each needs, its minutes; as a table and a map."""

import functools
import math
import re

from questions import _questions
from questions._names import HERE, Names
from recipes._lib.words import LANGUAGES

WORD = {"en": r"[A-Za-z][\w'-]*", "zh": "[\u4e00-\u9fff]"}
LINK = r"\]\(\.\./(\w+)/README\.md\)"
PLACES = {
    "linear_model": (2.5, 0), "polynomial": (2.5, 1), "multilayer": (2.5, 2), "loss_functions": (3, 3),
    "activations": (4, 3), "regularisation": (5, 3), "dropout": (5, 4), "rising_validation_loss": (6, 4),
    "validation_below_training": (5, 5), "gradient_descent": (3, 4), "back_propagation": (3, 5),
    "batch_descent": (2, 5), "stochastic_descent": (2, 6), "momentum": (2, 7), "adam": (2, 8),
    "input_scaling": (1, 9), "learning_rate": (2, 9), "initial_weights": (4, 6), "batch_normalisation": (5, 7),
    "recurrence": (3, 6), "lstm": (3, 7), "gru": (3, 8), "self_attention": (4, 7), "transformer": (4, 8),
    "convolution": (0, 3), "autoencoder": (1, 3), "vae": (2, 4), "gan": (1, 5), "clustering": (1, 4),
    "self_supervision": (0, 5), "transfer_learning": (0, 6), "few_examples": (0, 7), "network_size": (7, 4),
    "uncertainty": (7, 5), "residual_connections": (5, 8), "leakage": (2, 10), "rare_classes": (2, 11),
}  # fmt: skip
"""Column and row of each question on the map; an arrow goes downwards and through no box."""
TOPICS = ("linear_model", "gradient_descent", "leakage", "initial_weights", "convolution", "recurrence", "autoencoder")
"""The first question of each part of the path."""
STEP, BOX = (142, 80), (132, 42)
"""Pixels from one place to the next, and of a box."""


def read_first(name: str) -> list[str]:
    """Return the questions that a page says to read first."""
    return re.findall(LINK, _text(name, "en").split("\n\n")[2])


@functools.cache
def path() -> tuple[str, ...]:
    """Return the questions in the order in which each page ends with a link to the next one."""
    after = {name: re.findall(rf"→ \[[^\]]*{LINK}", _text(name, "en")) for name in _questions.names()}
    found = [name for name in after if [name] not in after.values()][:1]
    while found and after[found[-1]] and after[found[-1]][0] not in found:
        found += after[found[-1]]
    return tuple(found)


def needed(name: str) -> list[str]:
    """Return what to read first without what follows: the path to another one of them leads over it."""
    first = read_first(name)
    return [one for one in first if not any(one in _all_before(other) for other in first)]


def _all_before(name: str) -> set[str]:
    first = read_first(name)
    return set(first).union(*map(_all_before, first))


def minutes(name: str) -> int:
    """Return how long it takes to read what is open on a page, without code and formulas, in the slower language."""
    words, characters = (len(re.findall(one, _prose(name, language))) for language, one in WORD.items())
    return math.ceil(max(words / 200, characters / 400))


def _prose(name: str, language: str) -> str:
    text, count = _text(name, language), 1
    while count:  # A fold may lie in another one: from inside.
        text, count = re.subn(r"<details>(?:(?!<details>).)*?</details>", "", text, flags=re.DOTALL)
    return re.sub(r"```.*?```|\$\$.*?\$\$|\$[^$\n]+\$|<!--.*?-->|\]\([^)]*\)", "", text, flags=re.DOTALL)


def _text(name: str, language: str) -> str:
    return _questions.question(name).page(language).read_text(encoding="utf-8")


def table(language: str) -> str:
    """Return the questions in the order of the path, with what to read first and the minutes."""
    names, numbers = Names(HERE, language), {name: number for number, name in enumerate(_questions.names(), 1)}
    file, lines = f"README{LANGUAGES[language]}.md", [f"| {names('sentence', 'path')} |", "|---" * 3 + "|"]
    for name in path():
        number, title = _questions.number_and_title(_questions.question(name).page(language))
        first = names("sentence", "places").join(f"[{numbers[one]}]({one}/{file})" for one in read_first(name))
        lines.append(f"| [{number}. {title}]({name}/{file}) | {first} | {minutes(name)} |")
    return "\n".join([*lines, f"| {names('sentence', 'all')} |  | {sum(map(minutes, path()))} |"])


def topics(language: str) -> str:
    """Return a line for each part of the path, with links to its questions by the short names of the map."""
    names, file, lines = Names(HERE, language), f"README{LANGUAGES[language]}.md", []
    for name in path():
        link = f"[{names('map', name)}]({name}/{file})"
        if name in TOPICS:
            lines.append(f"- **{names('topic', name)}** {link}")
        else:
            lines[-1] += f" · {link}"
    return "\n".join(lines)


def picture(language: str) -> str:
    """Return the map of what needs what, as SVG."""
    names, numbers = Names(HERE, language), {name: number for number, name in enumerate(_questions.names(), 1)}
    (across, down), (box_width, box_height) = STEP, BOX
    width, height = (1 + max(values) for values in zip(*PLACES.values(), strict=True))
    corners = {name: (5 + round(column * across), 5 + row * down) for name, (column, row) in PLACES.items()}
    size = f"{width * across} {height * down}"
    mark = "" if language == "en" else f' xml:lang="{language}"'  # Else Chinese may be drawn in a Japanese font.
    parts = [
        f'<svg{mark} xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}"'
        ' font-family="sans-serif" font-size="12.5">',
        f"<title>{names('sentence', 'map')}</title>",
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#222"/></marker></defs>',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for name in path():
        x, y = corners[name]
        for one in needed(name):
            left, top = corners[one]
            ends = f'x1="{left + box_width // 2}" y1="{top + box_height}" x2="{x + box_width // 2}" y2="{y}"'
            parts.append(f'<line id="{one}-{name}" {ends} stroke="#222" stroke-width="1.3" marker-end="url(#a)"/>')
        colour = "#fdf0e6" if name == path()[0] else "#e8f0fa"
        parts.append(
            f'<rect x="{x}" y="{y}" width="{box_width}" height="{box_height}" rx="8" fill="{colour}" stroke="#222"/>'
        )
        for place, text in ((17, numbers[name]), (34, names("map", name))):
            parts.append(
                f'<text x="{x + box_width // 2}" y="{y + place}" text-anchor="middle" fill="#222">{text}</text>'
            )
    return "\n".join([*parts, "</svg>", ""])
