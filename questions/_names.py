"""Names in two languages, for figures and computed sentences: from the tables `words.csv` and `QUESTION/names.csv`."""

import csv
import functools
from pathlib import Path

HERE = Path(__file__).parent
LANGUAGES = {"en": "", "zh": ".zh"}
"""Language to what stands before the ending of its files."""


class Names:
    """The names of a question in one language: `names("row", "relu")`."""

    def __init__(self, folder: Path, language: str):
        self.language = language
        self._tables = [_table(folder / "names.csv"), _table(HERE / "words.csv")]

    def __call__(self, kind: str, *keys: str) -> str:
        """Return the name of the last key; one for all keys together comes first, one for every question last."""
        for names in self._tables:
            for start in range(len(keys)):
                found = names.get(f"{kind}: {' / '.join(keys[start:])}")
                if found:
                    return found[self.language]
        raise ValueError(f"names.csv must have a row `{kind}: {keys[-1]}`")

    def title(self, panel: str) -> str:
        """Return the title of a panel, an empty string where it has none."""
        return self.own("title", panel)

    def own(self, kind: str, key: str) -> str:
        """Return a name of the question's own table, an empty string where it has none."""
        found = self._tables[0].get(f"{kind}: {key}")
        return found[self.language] if found else ""


@functools.cache
def _table(path: Path) -> dict[str, dict[str, str]]:
    """Return the rows of a table with the columns key, en and zh."""
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row["key"]: row for row in csv.DictReader(file)}
