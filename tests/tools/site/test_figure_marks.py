"""The marks of the moving figures on the pages of the questions: each has its script, its words, its still picture."""

import csv
import re

import pytest

from tools import ROOT
from tools.site import _pages, _scripts

FOLDER = _scripts.HERE / "figures"
MODULES = {"descent", "fields", "figure", "numbers", "plot"}
NAMES = sorted({path.stem for path in FOLDER.glob("*.js") if not path.stem.startswith("trainer")} - MODULES)
"""Without the trainer, which has a page of its own: `site/test_trainer.py`."""


SAID = re.compile(r"(dlguide\.)?\b(?:say|word|figure\.slider|figure\.choice)\(([^(){},]*)")
"""A call that reads a word: whether its key is whole, and the key, or a choice of keys."""


def rows(path):
    with open(path, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


WORDS = [row for name in ("words.csv", "trainer_words.csv") for row in rows(FOLDER / name)]


def sources(owner):
    """Return the scripts that may say a figure's own words, or, without an owner, those of all figures."""
    pattern = {"trainer": "trainer*.js", "": "*.js"}.get(owner, f"{owner}.js")
    return "".join(path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob(pattern)))


def is_used(key, script):
    """Return whether a script has a key in quotes, or puts it together of texts, names of an object and numbers."""
    quoted = set(re.findall(r'"([^"\n]*)"', script))
    parts = quoted | set(re.findall(r"\b(\w+):", script)) | set(re.findall(r"\b\d+\b", script))
    if key in parts:
        return True
    for text in {*re.findall(r"`([\w.]*\$\{[^`\s]*)`", script), "${key}_${value}"}:  # The last: `figure.choice`.
        pattern = r"(\w+)".join(map(re.escape, re.split(r"\$\{.*?\}", text)))
        found = re.fullmatch(pattern, key)
        if found and pattern != r"(\w+)" and parts.issuperset(found.groups()):
            return True
    return False


def pages_of(name, suffix):
    pages = (ROOT / "questions").glob(f"*/README{suffix}.md")
    return [page for page in pages if f"<!-- figure {name} -->" in page.read_text(encoding="utf-8")]


@pytest.mark.parametrize("suffix", ["", ".zh"])
@pytest.mark.parametrize("name", NAMES)
def test_a_figure_stands_once_on_one_question_and_its_mark_is_closed(name, suffix):
    [page] = pages_of(name, suffix)
    text = page.read_text(encoding="utf-8")
    assert text.count("<!-- figure ") == text.count("<!-- end figure -->") == 1  # The page loads one script.
    assert [found[1] for found in _pages.FIGURE.finditer(text)] == [name]
    before, still = text.partition("<!-- figure ")[0], f"](diagram{suffix}.svg)"
    assert still in (_pages.FIGURE.search(text)[2] or before.partition("\n## ")[2])  # Else paper would show nothing.


def test_every_mark_on_a_page_has_its_script():
    marked = {
        (found, page.parent.name)
        for suffix in ("", ".zh")
        for page in (ROOT / "questions").glob(f"*/README{suffix}.md")
        for found in re.findall(r"<!-- figure (\w+) -->", page.read_text(encoding="utf-8"))
    }
    assert {name for name, _ in marked} == set(NAMES) and len(marked) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_script_is_short_and_registers_itself_under_its_name(name):
    script = (FOLDER / f"{name}.js").read_text(encoding="utf-8")
    assert len(script.splitlines()) <= 150
    assert f'dlguide.figure("{name}"' in script and f"dlguide.figures.{name} = " in script


def test_words_stand_in_both_languages_once():
    keys = [row["key"] for row in rows(FOLDER.parent / "demos/words.csv") + WORDS]
    assert sorted(set(keys)) == sorted(keys)  # A page has one table of all.
    for row in WORDS:
        holes = [sorted(re.findall(r"\{\w+\}", row[language])) for language in ("en", "zh")]
        assert row["en"] and row["zh"] and holes[0] == holes[1], row["key"]


@pytest.mark.parametrize("owner", [*NAMES, "trainer", ""])
def test_a_figure_has_the_words_that_it_says_and_no_others(owner):
    """Keys that are put together are not seen here: such a word is missed in the browser."""
    script, every = sources(owner), {row["key"] for row in WORDS}
    start, frame = (f"{owner}.", {f"{owner}.{key}" for key in ("title", "try", "see")}) if owner else ("", set())
    own = {key for key in every if key.rpartition(".")[0] == owner}
    unused = {key for key in own - frame if not is_used(key, script) and not is_used(key.removeprefix(start), script)}
    assert frame <= own and unused == set()
    for whole, call in SAID.findall(script):
        said = {key if whole or key.startswith("figure_") else start + key for key in re.findall(r'"([\w.]+)"', call)}
        assert {key for key in said if owner or key.startswith("figure_")} <= every, call
