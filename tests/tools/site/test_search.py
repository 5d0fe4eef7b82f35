"""The search of the site: what people type leads to the page that answers, in the dialog of both languages."""

import csv
import re
from pathlib import Path

import pytest

pytest.importorskip("playwright")
from questions import _questions
from recipes._lib.words import LANGUAGES

pytestmark = pytest.mark.thorough
with open(Path(__file__).with_name("queries.csv"), encoding="utf-8", newline="") as lines:
    QUERIES = list(csv.DictReader(lines))
"""What people type, and which addresses are right."""
READY = "Boolean(dlguide.search.index && (dlguide.search.find = dlguide.search.engine(dlguide.search.index)))"
FIRST = "queries => queries.map(query => dlguide.search.find(query).slice(0, 3).map(({ page }) => page.address))"
BEGINS = """queries => queries.map(query => dlguide.search.find(query)[0])
    .filter(({ page, section }) => section() !== page.sections[0]).length"""
"""How many first pages open elsewhere than at their beginning."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_people_type_leads_to_a_page_that_answers_it(visit, language):
    visit = visit()
    page = visit.open("zh/index.html" if language == "zh" else "index.html")
    page.keyboard.press("Control+k")
    page.wait_for_function(READY)
    wanted = {row["query"]: row["right"] for row in QUERIES if row["language"] == language}
    found = dict(zip(wanted, page.evaluate(FIRST, list(wanted)), strict=True))
    missed = {query: found[query] for query in wanted if not re.search(wanted[query], " ".join(found[query]))}
    assert missed == {} and len(wanted) >= 90
    texts = {name: _questions.question(name).page(language).read_text("utf-8") for name in _questions.names()}
    titles = {re.match(r"# \d+\. (.+)", text)[1]: f"questions/{name}/index.html" for name, text in texts.items()}
    assert [first for first, *_ in page.evaluate(FIRST, [*titles])] == [*titles.values()]
    assert page.evaluate(BEGINS, [*titles, "dropout"]) == 0
    assert page.evaluate(FIRST, ["qqqxxyzz"]) == [[]]
    assert visit.errors == [] and visit.outside == []
