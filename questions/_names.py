"""Names in two languages, for figures and computed sentences: from the tables `words.csv` and `QUESTION/names.csv`."""

import functools
from pathlib import Path

from recipes._lib.words import read_words

HERE = Path(__file__).parent


class Names:
    """The names of a question in one language: `names("row", "relu")`."""

    def __init__(self, folder: Path, language: str):
        self.language = language
        self._tables = [_table(folder / "names.csv", language), _table(HERE / "words.csv", language)]

    def __call__(self, kind: str, *keys: str) -> str:
        """Return the name of the last key; one for all keys together comes first, one for every question last."""
        for names in self._tables:
            for start in range(len(keys)):
                found = names.get(f"{kind}: {' / '.join(keys[start:])}")
                if found is not None:
                    return found

        raise ValueError(f"names.csv must have a row `{kind}: {keys[-1]}`")

    def title(self, panel: str) -> str:
        """Return the title of a panel, an empty string where it has none."""
        return self.own("title", panel)

    def own(self, kind: str, key: str) -> str:
        """Return a name of the question's own table, an empty string where it has none."""
        return self._tables[0].get(f"{kind}: {key}", "")


@functools.cache
def _table(path: Path, language: str) -> dict[str, str]:
    return read_words(path, language) if path.exists() else {}
