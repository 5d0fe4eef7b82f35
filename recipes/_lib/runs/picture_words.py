"""The words of a picture in another language: `picture_words.csv` has them."""

import functools
import re
from pathlib import Path

from matplotlib import text

from recipes._lib import drawing
from recipes._lib.runs import recipe_list
from recipes._lib.words import read_words

TABLES = (recipe_list.FOLDER / "names.csv", Path(__file__).parent / "picture_words.csv")
METRICS = {recipe_list.recipe(name).metric for name in recipe_list.rows()}
SEPARATORS = (r"(\n)", "( · )", "(: )", "(, )", r"(\s+\d[\d.,]*\s*%?\s*)")


def translate(figure, language: str) -> None:
    """Replace the English words of a drawn figure. What the tables do not have, such as a name of a class, stays."""
    if language == "en":
        return
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            labels = [label.get_text() for label in axis.get_ticklabels()]
            if labels != (words := [translated(label, language) for label in labels]):
                axis.set_ticks(axis.get_majorticklocs(), labels=words)  # Else the next drawing takes the old ones.
    for label in figure.findobj(text.Text):
        label.set_text(translated(label.get_text(), language))
        label.set_fontfamily(drawing.families())  # Optuna's figures have no Chinese font.


@functools.cache
def translated(words: str, language: str) -> str:
    """Return a text in a language: as a whole, by its parts between separators, or by those between numbers."""
    for pattern, translation in _rows(language):
        if found := pattern.fullmatch(words):
            return translation.format(*(translated(part, language) for part in found.groups()))
    for separator in SEPARATORS:
        parts = re.split(separator, words)
        if len(parts) > 1:  # Each second part is a separator.
            words = "".join(part if i % 2 else translated(part, language) for i, part in enumerate(parts))
            break
    return re.sub(r"(?<=\d)\s%", "%", words)  # As Chinese writes it.


@functools.cache
def _rows(language: str) -> list[tuple[re.Pattern, str]]:
    """Return what each row of the tables matches, and its translation; `{}` is any text, and such rows come last."""
    rows = {}
    for table in TABLES:
        english, other = read_words(table, "en"), read_words(table, language)
        rows |= {words: other[key] for key, words in english.items() if not re.search(r"{\w", words)}
        # A picture without a title is named by its file; a title has the key of a metric.
        keys = {key.removeprefix("picture "): key for key in english if key.startswith("picture ") or key in METRICS}
        rows |= {name.replace("_", " "): other[key] for name, key in keys.items()}
    ordered = sorted(filter(None, rows), key=lambda words: ("{}" in words, -len(words)))
    return [(re.compile(re.escape(words).replace(r"\{\}", "(.+?)")), rows[words]) for words in ordered]
