"""The search of the site: what people type leads to the page that answers, in the dialog of both languages."""

import csv
import re
from pathlib import Path

import pytest

pytest.importorskip("playwright")

from tools import ROOT

pytestmark = pytest.mark.thorough

QUESTIONS = sorted(path.parent.name for path in (ROOT / "questions").glob("*/README.md"))
with open(Path(__file__).with_name("queries.csv"), encoding="utf-8", newline="") as lines:
    QUERIES = list(csv.DictReader(lines))
"""What people type, and which addresses are right."""

FIRST = """queries => {
    const find = dlguide.search.engine(dlguide.search.index);
    return queries.map(query => find(query).slice(0, 3).map(({ page }) => page.address));
}"""
BEGINS = """queries => {
    const find = dlguide.search.engine(dlguide.search.index);
    return queries.filter(query => {
        const [first] = find(query);
        return first.section() !== first.page.sections[0];
    });
}"""
"""Queries whose first page opens elsewhere than at its beginning."""


def opened(visit, language):
    """Return a page with the open dialog of the search, which has loaded."""
    page = visit.open("zh/index.html" if language == "zh" else "index.html")
    page.keyboard.press("Control+k")
    page.wait_for_function("dlguide.search.index")
    return page


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_people_type_leads_to_a_page_that_answers_it(visit, language):
    visit = visit()
    page = opened(visit, language)
    wanted = {row["query"]: row["right"] for row in QUERIES if row["language"] == language}
    found = dict(zip(wanted, page.evaluate(FIRST, list(wanted)), strict=True))
    missed = {query: found[query] for query in wanted if not re.search(wanted[query], " ".join(found[query]))}
    assert missed == {} and len(wanted) >= 90
    titles = {}
    for name in QUESTIONS:
        text = (ROOT / f"questions/{name}/README{'.zh' if language == 'zh' else ''}.md").read_text("utf-8")
        titles[re.match(r"# \d+\. (.+)", text)[1]] = f"questions/{name}/index.html"
    assert {
        title: first for title, (first, *_) in zip(titles, page.evaluate(FIRST, list(titles)), strict=True)
    } == titles
    assert page.evaluate(BEGINS, [*titles, "dropout"]) == []
    assert page.evaluate(FIRST, ["qqqxxyzz"]) == [[]]
    assert visit.errors == [] and visit.outside == []
