"""The questions: a folder of `questions` each, in the order of the numbers in the titles of their pages."""

import difflib
import functools
import importlib
import json
import re
from pathlib import Path
from typing import NamedTuple

from questions._experiment import Experiment
from questions._names import HERE, Names
from recipes._lib.words import LANGUAGES


class Question(NamedTuple):
    """A question: its folder, and an experiment in place of the one that lies there."""

    folder: Path
    given_experiment: Experiment | None = None

    @property
    def experiment(self) -> Experiment:
        """Return the experiment; it imports Keras, which takes seconds."""
        return self.given_experiment or importlib.import_module(f"questions.{self.name}.experiment").EXPERIMENT

    @property
    def name(self) -> str:
        return self.folder.name

    def results(self) -> dict | None:
        """Return the published numbers, None where there are none."""
        path = self.folder / "results.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    def names(self, language: str) -> Names:
        """Return the names in a language."""
        return Names(self.folder, language)

    def page(self, language: str) -> Path:
        """Return the path of the page in a language."""
        return self.folder / f"README{LANGUAGES[language]}.md"


def question(name: str) -> Question:
    """Return a question by the name of its folder."""
    return Question(HERE / name)


def folder_name(name: str) -> str:
    """Return the name of a question's folder, also for its number; raise a LookupError that helps with any other."""
    numbers = {str(number): folder for number, folder in enumerate(names(), 1)}
    if name in numbers.values() or name in numbers:
        return numbers.get(name, name)
    close = difflib.get_close_matches(name.lower(), names(), 1)
    hint = f". Did you mean {close[0]!r}?" if close else ""
    wanted = f"a question out of {', '.join(names())}, or its number from 1 to {len(names())}"
    raise LookupError(f"`name` must be {wanted}. Received: name={name!r}{hint}")


@functools.cache
def names() -> tuple[str, ...]:
    """Return the names of all questions, in the order of their numbers."""
    numbers = {path.parent.name: number_and_title(path)[0] for path in HERE.glob("*/README.md")}
    return tuple(sorted(numbers, key=numbers.get))


def number_and_title(page: Path) -> tuple[int, str]:
    """Return what stands in the title of a page, "# 1. Why does …?"."""
    first = page.read_text(encoding="utf-8").partition("\n")[0]
    found = re.fullmatch(r"# (\d+)\. (.+)", first)
    if not found:
        raise ValueError(f"{page} must begin with a title such as `# 1. Why does …?`. Received: {first!r}")
    return int(found[1]), found[2]
