"""Figures that the learner moves: their marks and words, and in Chromium every control by the keyboard, and paper.

What they compute is compared in Node, `figures.test.mjs`: a new figure adds its calls to `golden_figures.json`.
"""

import csv
import json
import re
from pathlib import Path

import pytest

pytest.importorskip("playwright")
from questions import _questions
from recipes._lib.words import LANGUAGES, read_words
from tools.site import _pages, _scripts

pytestmark = pytest.mark.thorough
FOLDER = _scripts.HERE / "figures"
FIGURE = ".figure[data-state=ready]"
CONTROLS = f"{FIGURE} :is(input, .plot-handle):visible"
SHOWN = """figure => [...figure.querySelectorAll('svg, canvas, table, .demo-answer, .demo-value')]
    .map(part => part.toDataURL ? part.toDataURL() : part.outerHTML.replace(/plot-clip-\\d+| class=""/g, '')).join()"""
TEXTS = {
    language: {name: _questions.question(name).page(language).read_text("utf-8") for name in _questions.names()}
    for language in LANGUAGES
}
QUESTIONS = {found: name for name, text in TEXTS["en"].items() for found in re.findall(r"<!-- figure (\w+) -->", text)}
SAID = re.compile(r"(dlguide\.)?\b(?:say|word|figure\.slider|figure\.choice)\(([^(){},]*)")
"""A call that reads a word: whether its key is whole, and the key, or a choice of keys."""


def test_every_figure_stands_on_one_question_with_its_still_picture_and_has_its_numbers():
    scripts = {path.stem for path in FOLDER.glob("*.js") if "dlguide.figure(" in path.read_text("utf-8")}
    calls = json.loads(Path(__file__).with_name("golden_figures.json").read_text("utf-8"))["calls"]
    assert {*QUESTIONS, "trainer"} == set(calls) == scripts - {"figure"}
    for language, texts in TEXTS.items():
        marked = {name: text for name, text in texts.items() if "<!-- figure " in text or "<!-- end figure" in text}
        assert sorted(marked) == sorted(QUESTIONS.values())
        for name, text in marked.items():  # A page loads one script.
            [found] = _pages.FIGURE.finditer(text)
            assert text.count("<!-- figure ") == text.count("<!-- end figure -->") == 1 and QUESTIONS[found[1]] == name
            before, still = text.partition("<!-- figure ")[0], f"](diagram{LANGUAGES[language]}.svg)"
            assert still in (found[2] or before.partition("\n## ")[2]), name  # Else paper would show nothing.


def test_each_word_stands_once_in_both_languages_and_a_script_has_the_words_that_it_says():
    """Keys that are put together are not seen here: such a word is missed in the browser."""
    rows = []
    for table in sorted(_scripts.HERE.rglob("*words.csv")):
        with open(table, encoding="utf-8", newline="") as lines:
            found = list(csv.reader(lines))
        assert {len(row) for row in found} == {3}, table
        rows += found[1:] if table.parent != _scripts.HERE else []  # A page has one table of these.
    keys = {key for key, *_ in rows}
    assert len(keys) == len(rows)
    for key, *texts in rows:
        english, chinese = (sorted(re.findall(r"\{\w+\}", text)) for text in texts)
        assert english == chinese and (all(texts) or key.startswith(("unit_", "sound_"))), key
    for name in (*QUESTIONS, "trainer"):
        assert name == "trainer" or {f"{name}.{key}" for key in ("title", "try", "see")} <= keys
        script = "".join(path.read_text("utf-8") for path in FOLDER.glob(f"{name}*.js"))
        for whole, call in SAID.findall(script):
            said = re.findall(r'"([\w.]+)"', call)
            assert {key if whole or key.startswith("figure_") else f"{name}.{key}" for key in said} <= keys, call


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_figure_moves_by_the_keyboard_and_is_still_on_paper(visit, name):
    language = ["", "zh/"][list(QUESTIONS).index(name) % 2]  # For time: the other figures in the other language.
    found = visit(viewport={"width": 1200, "height": 1000}, reduced_motion="reduce")
    page = found.open(f"{language}questions/{QUESTIONS[name]}/index.html")
    page.wait_for_selector(FIGURE)
    move_each_control(page, read_words(FOLDER / "words.csv", "zh" if language else "en"))
    page.emulate_media(media="print")
    still = page.locator(f"img[src='diagram{'.zh' if language else ''}.svg']")
    assert still.is_visible() and not page.locator(".figure-live").is_visible()
    assert found.errors == [] and found.outside == []


def move_each_control(page, texts):
    """Move each by the keyboard: what the figure shows must change, and the button "Reset" must bring it back."""
    figure, reset = page.locator(FIGURE), page.get_by_role("button", name=texts["figure_reset"], exact=True)
    first = figure.evaluate(SHOWN)
    for control in page.locator(CONTROLS).all():
        what = control.evaluate("each => each.outerHTML")
        if 'type="radio"' in what and not control.is_checked():
            continue  # The arrow keys lead from the chosen one to the others.
        for key in ("ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowUp", "ArrowDown"):
            control.press(key)
            if is_changed := figure.evaluate(SHOWN) != first:
                break
        assert is_changed, what
        reset.press("Enter")
        assert figure.evaluate(SHOWN) == first, what
    for key in ("figure_next", "figure_play"):  # With less motion, playing is a jump to the end.
        if (button := page.get_by_role("button", name=texts[key], exact=True)).count():
            before = figure.evaluate(SHOWN)
            button.press("Enter")
            assert figure.evaluate(SHOWN) != before, key


def test_without_javascript_the_still_picture_shows_alone(visit):
    page = visit(java_script_enabled=False).open(f"questions/{QUESTIONS['momentum']}/index.html")
    assert page.locator("img[src='diagram.svg']").is_visible() and page.locator(".figure-live").count() == 0
