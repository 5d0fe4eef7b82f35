"""The site's own pages: the front door and Play, as they are staged, without a browser."""

import csv
import re

import pytest

from questions import _questions
from recipes._lib.published import published_runs
from recipes._lib.words import LANGUAGES, read_words
from tests.helpers.two_languages import differences
from tools import ROOT
from tools.site import _home, _pages, _play, _scripts

MODELS = published_runs.models()


@pytest.fixture(autouse=True)
def runtime(monkeypatch):
    """Pages are staged as where npm is."""
    monkeypatch.setattr(_scripts, "has_runtime", lambda: True)


def home(language):
    return _home.page(language, _pages.Files())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_front_door_counts_what_there_is_and_has_the_results_of_the_readme(language):
    page, readme = home(language), (ROOT / f"README{LANGUAGES[language]}.md").read_text("utf-8")
    doors = re.search(r'<div class="home-doors".*?</div>', page, re.S)[0]
    places = re.findall(r"\]\((\w\S+\.md)", re.sub(r"!\[\]\(.*?\)", "", doors))
    assert places == ["play.md", "questions/index.md", "docs/first_steps.md"]
    assert f"{len(MODELS)} " in doors and f"{len(_questions.names())} " in doors
    rows = re.findall(r"^\| \[`(\w+)`\].*?\) \| (.*) \| \S+ s \|$", readme, re.M)
    assert len(rows) == 8
    for name, cells in rows:
        assert re.search(rf"\(recipes/published/{name}/index\.md\).*\| {re.escape(cells)} \|\n", page), name
    assert 'data-start=use data-demo="digits"' in page


def test_the_front_door_says_the_same_in_both_languages():
    english, chinese = (_home.HERE / "home.md", _home.HERE / "home.zh.md")
    assert differences(english.read_text("utf-8"), chinese.read_text("utf-8")) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_play_has_a_card_for_each_model_and_the_figures_that_there_are(language):
    texts = {_pages.staged(name): _pages.page_text(name, language, _pages.Files()) for name in _pages.names()}
    cards = re.findall(r"^\[!\[\].*\((\S+)\)$", _play.page(texts, language), re.M)
    assert cards[0] == _play.TRAINER
    assert sorted(cards[1:]) == [f"recipes/published/{name}/index.md" for name in MODELS]
    assert re.search(r"^- \[8\. .+\]\(questions/adam/index\.md\)$", _play.page(texts, language), re.M)
    assert read_words(_play.CARDS, language).keys() == {*MODELS, *(f"{name} line" for name in MODELS)}


def test_a_question_leads_to_a_model_that_runs_and_that_its_page_names():
    for question, name in _play.SHOWN.items():
        assert name in MODELS
        for language in LANGUAGES:
            page = _questions.question(question).page(language).read_text("utf-8")
            assert f"[`{name}`](../../recipes/{name}.py)" in page, question
            assert f"](../../recipes/published/{name}/index.md)" in _play.seen(question, language)
    assert _play.seen("momentum", "en") == ""


def test_each_text_has_a_cell_in_both_languages_and_none_has_a_cell_too_many():
    tables = [path for path in (ROOT / "tools/site").rglob("*words.csv") if "node_modules" not in path.parts]
    assert len(tables) >= 4
    for table in tables:
        with open(table, encoding="utf-8", newline="") as lines:
            wrong = [row for row in csv.reader(lines) if len(row) != 3]
        assert wrong == [], table
