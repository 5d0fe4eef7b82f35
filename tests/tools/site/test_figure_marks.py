"""The marks of the moving figures on the pages of the questions: each has its script, its words, its still picture."""

import csv
import re
from pathlib import Path

import pytest

from questions import _questions
from tools.site import _pages, _slides

FOLDER = Path(__file__).parents[3] / "tools/site/figures"
MODULES = {"fields", "figure", "least_squares", "plot"}
NAMES = sorted({path.stem for path in FOLDER.glob("*.js") if not path.stem.startswith("trainer")} - MODULES)
"""Without the trainer, which has a page of its own: `site/test_trainer.py`."""


def words():
    with open(FOLDER / "words.csv", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def pages_of(name, suffix):
    pages = (_pages.ROOT / "questions").glob(f"*/README{suffix}.md")
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
        for page in (_pages.ROOT / "questions").glob(f"*/README{suffix}.md")
        for found in re.findall(r"<!-- figure (\w+) -->", page.read_text(encoding="utf-8"))
    }
    assert {name for name, _ in marked} == set(NAMES) and len(marked) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_script_is_short_and_registers_itself_under_its_name(name):
    script = (FOLDER / f"{name}.js").read_text(encoding="utf-8")
    assert len(script.splitlines()) <= 150
    assert f'dlguide.figure("{name}"' in script and f"dlguide.figures.{name} = " in script


def test_words_stand_in_both_languages_once_and_each_figure_has_its_lines():
    with open(FOLDER.parent / "demos/words.csv", encoding="utf-8", newline="") as lines:
        keys = [row["key"] for row in csv.DictReader(lines)] + [row["key"] for row in words()]
    assert sorted(set(keys)) == sorted(keys)  # A page has one table of both.
    for row in words():
        holes = [sorted(re.findall(r"\{\w+\}", row[language])) for language in ("en", "zh")]
        assert row["en"] and row["zh"] and holes[0] == holes[1], row["key"]
        name, dot, key = row["key"].partition(".")
        source = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.js" if not dot else f"{name}.js"))
        assert name in NAMES or name.startswith("figure_"), row["key"]
        is_used = key in ("title", "try", "see") or re.search(rf"\b{key or name}\b|\b{key.partition('_')[0]}\b", source)
        assert is_used or re.search(r"figure_\$", source), row["key"]
    assert {f"{name}.{key}" for name in NAMES for key in ("title", "try", "see")} <= set(keys)


def test_slides_keep_the_still_picture_and_drop_the_place_of_the_moving_one():
    name = "momentum"
    page = _questions.question(name).page("en").read_text(encoding="utf-8")
    found = _slides.slides(_pages.transformed(page, f"questions/{name}/README.md", "x", _pages.Files()), name, "en")
    assert 'src="diagram.svg"' in found and "data-figure" not in found and "&lt;" not in found
