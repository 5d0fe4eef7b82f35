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


def test_the_address_of_the_code_is_one_setting(tmp_path):
    settings = tmp_path / "mkdocs.yml"
    text = (_home.HERE / "mkdocs.yml").read_text("utf-8")
    for address in ("", "https://example.org/dlguide.git"):
        settings.write_text(re.sub('repo_url: ".*"', f'repo_url: "{address}"', text), "utf-8")
        assert _home.address(settings) == address


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_site_with_an_address_says_how_to_get_the_code_and_one_without_how_it_was_made(language, monkeypatch):
    monkeypatch.setattr(_home, "address", lambda: "")
    without = home(language)
    assert "python -m tools.site" in without and "git clone" not in without and "pip install" not in without
    monkeypatch.setattr(_home, "address", lambda: "https://example.org/some/dlguide.git")
    page = home(language)
    assert "git clone https://example.org/some/dlguide.git\ncd dlguide\npip install -e" in page
    assert "python -m tools.site" not in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_book_is_linked_if_it_has_been_made(language, monkeypatch, tmp_path):
    pdf = tmp_path / "dlguide.pdf"
    monkeypatch.setattr(_home, "book", lambda _: pdf)
    assert "python -m tools.book" in home(language) and "book/" not in home(language)
    pdf.write_bytes(bytes(17_900_000))
    assert 'href="book/dlguide.pdf"' in home(language) and "18 MB" in home(language)


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


def test_each_demo_stands_directly_below_the_first_paragraph():
    for name in MODELS:
        for suffix in LANGUAGES.values():
            page = (_pages.PUBLISHED / name / f"README{suffix}.md").read_text("utf-8")
            title, links, first, demo = page.split("\n\n")[:4]
            assert title.startswith("# ") and "](../../README" in links and not first.startswith("<!--"), name
            assert demo.startswith("<!-- demo "), name


def test_a_question_leads_to_a_model_that_runs_and_that_its_page_names():
    for question, name in _play.SHOWN.items():
        assert name in MODELS
        for language in LANGUAGES:
            page = _questions.question(question).page(language).read_text("utf-8")
            assert f"[`{name}`](../../recipes/{name}.py)" in page, question
            assert f"](../../recipes/published/{name}/index.md)" in _play.seen(question, language)
    assert _play.seen("momentum", "en") == ""


def test_without_npm_nothing_is_said_to_run(monkeypatch):
    with_npm = {language: home(language) for language in LANGUAGES}
    monkeypatch.setattr(_scripts, "has_runtime", lambda: False)
    assert _play.badge("en") == _play.seen("convolution", "en") == "" and "runs-here" not in home("en")
    for language, said in {"en": "write like Shakespeare", "zh": "就在网页中运行"}.items():
        doors = re.search(r'<div class="home-doors".*?</div>', home(language), re.S)[0]
        assert said in with_npm[language] and said not in doors
        assert read_words(_pages.WORDS, language)["no runtime"] in home(language)


def test_the_page_of_the_recipes_counts_the_models_that_run():
    for suffix, words in {"": f"{len(MODELS)} of these pages run", ".zh": f"其中 {len(MODELS)} 个页面"}.items():
        assert words in (ROOT / f"recipes/README{suffix}.md").read_text("utf-8")


def test_each_text_has_a_cell_in_both_languages_and_none_has_a_cell_too_many():
    tables = [path for path in (ROOT / "tools/site").rglob("*words.csv") if "node_modules" not in path.parts]
    assert len(tables) >= 4
    for table in tables:
        with open(table, encoding="utf-8", newline="") as lines:
            wrong = [row for row in csv.reader(lines) if len(row) != 3]
        assert wrong == [], table
