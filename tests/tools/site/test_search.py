"""The search of the site: what people type leads to the page that answers, in the dialog of both languages."""

import csv
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect

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
LABELS = {
    "en": ("Search", "A word, a question or an error message", "Pages found: ", "No page found", "Close"),
    "zh": ("搜索", "词语、问句或报错信息", "找到 ", "没有找到相关页面", "关闭"),
}


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


@pytest.mark.parametrize("protocol", ["http", "file"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_dialog_works_by_keyboard_alone_in_the_language_of_its_page(visit, language, protocol):
    visit = visit(viewport={"width": 390, "height": 844})
    asked = []
    visit.page.on("request", lambda request: asked.append(request.url))
    button, hint, count, none, close = LABELS[language]
    page = visit.open("zh/docs/export.html" if language == "zh" else "docs/export.html")
    page.wait_for_load_state()
    assert not any("search_" in url for url in asked)  # The index loads when the search is opened.
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip() == button:
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name=button)).to_be_focused()
    expect(page.get_by_role("combobox")).to_have_attribute("placeholder", hint)
    expect(page.get_by_role("button", name=close)).to_be_visible()
    page.keyboard.insert_text("qqqxxyzz")
    expect(page.locator(".site-search [role=status]")).to_have_text(none, timeout=15_000)
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("dropout")
    expect(page.locator(".site-search [role=status]")).to_contain_text(count)
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    second = page.get_by_role("option").nth(1).get_attribute("href")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("/")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: unquote(url).endswith(second.removeprefix("..")))
    assert visit.errors == [] and visit.outside == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_result_says_what_it_is_and_axe_finds_nothing_serious(visit, language):
    from axe_playwright_python.sync_playwright import Axe

    page = opened(visit(color_scheme="dark" if language == "zh" else "light"), language)
    page.keyboard.insert_text({"en": "dropout rate", "zh": "失活率"}[language])
    expect(page.get_by_role("option").first).to_be_visible(timeout=15_000)
    lines = [
        line.replace(" \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}", ",")
        for line in page.get_by_role("option").all_inner_texts()
    ]
    term = {
        "en": "dropout rate\nQuestions, Glossary\nprobability that dropout sets a unit to zero question 9 · 失活率",
        "zh": "失活率\n问题, 术语表\n随机失活把一个单元置零的概率 问题 9 · dropout rate",
    }[language]
    assert any(line.startswith(term) for line in lines), lines
    found = Axe().run(page).response["violations"]
    assert [each for each in found if each["impact"] in ("serious", "critical")] == []


def test_the_dialog_says_that_the_search_loads_and_that_it_failed(visit):
    visit = visit()
    waiting = []
    visit.page.route("**/search_index.js", lambda route: waiting.append(route))
    page = visit.open("zh/index.html")
    with page.expect_request("**/search_index.js"):
        page.get_by_role("button", name="搜索").click()
    expect(page.locator(".site-search [role=status]")).to_have_text("正在载入搜索……")
    page.wait_for_timeout(200)
    waiting[0].abort()
    expect(page.locator(".site-search [role=status]")).to_have_text("搜索未能载入。")
    page.unroute("**/search_index.js")
    page.keyboard.insert_text("过拟合")  # The next letter tries it again.
    expect(page.get_by_role("option").first).to_be_visible(timeout=15_000)
