"""Words in two languages: the tables with the columns key, en and zh."""

import csv
from pathlib import Path

LANGUAGES = {"en": "", "zh": ".zh"}
"""Language to what stands before the ending of its files."""


def read_words(file: str | Path, language: str) -> dict[str, str]:
    """Return the texts of a table by key, those in English where the cell of the language is empty."""
    with open(file, encoding="utf-8", newline="") as lines:
        return {row["key"]: row[language] or row["en"] for row in csv.DictReader(lines)}
