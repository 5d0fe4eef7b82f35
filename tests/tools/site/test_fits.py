"""What fits: programs in their column, tables on paper, plots in the dark, the weight of the site, and the way back."""

import json
import re
from urllib.parse import unquote

import pytest

pytest.importorskip("playwright")
from tests.tools.site.conftest import FOLDER
from tools.site import _pictures

pytestmark = pytest.mark.thorough
PAGES = ("docs/export.html", "docs/own_data.html", "recipes/index.html", "questions/batch_descent/index.html",
         "recipes/published/cnn_mnist/index.html", "docs/diagnosis_checks.html")  # fmt: skip
LETTERS = 106
"""Of a line of a program that fits at 1300 pixels."""
OPEN = "document.querySelectorAll('article details').forEach(fold => { fold.open = true; })"


def test_programs_fit_into_their_column(visit):
    visit = visit(viewport={"width": 1300, "height": 900})
    look = """all => all.map(code => [
        code.scrollWidth > code.clientWidth, Math.max(...code.textContent.split('\\n').map(line => line.length))])"""
    longest = 0
    for place in PAGES:
        page = visit.open(place)
        page.evaluate(OPEN)
        for is_cut, letters in page.locator("article pre > code").evaluate_all(look):
            assert is_cut is False or letters > LETTERS, (place, letters)
            longest = max(longest, letters)
    assert longest > LETTERS - 4  # Else this shows nothing.


def test_tables_on_paper_have_all_their_columns(visit):
    width = int((210 - 2 * 15) / 25.4 * 96)  # A4 without its margins.
    visit = visit(viewport={"width": width, "height": 900})
    visit.page.emulate_media(media="print")
    columns = []
    for place in (*PAGES, "zh/recipes/index.html"):
        page = visit.open(place)
        page.evaluate(OPEN)
        look = "all => all.map(table => [table.getBoundingClientRect().right, table.rows[0].cells.length])"
        found = page.locator("article table").evaluate_all(look)
        assert max([right for right, _ in found], default=0) <= width, place
        columns += [count for _, count in found]
        assert not page.locator(".md-code__button").first.is_visible()
    assert max(columns) >= 12


def test_in_the_dark_the_ground_of_a_plot_is_dark_and_digits_stay_white_on_black(visit):
    page = visit(viewport={"width": 1300, "height": 900}, color_scheme="dark").open("questions/clustering/index.html")
    look = "image => getComputedStyle(image).filter"
    filters = {name: page.locator(f"article img[src^={name}]").first.evaluate(look) for name in ("diagram", "figure")}
    assert filters["diagram"].startswith("invert(0.88)") and filters["figure"] == "brightness(0.8)"
    is_plot = {
        "questions/lstm/figure.png": True,
        "recipes/published/cnn_mnist/learning_curves.png": True,
        "recipes/published/gan_mnist/samples.png": False,
        "recipes/published/cnn_mnist/confusion_matrix.png": False,
        "recipes/published/automl/parallel_coordinates.png": False,
    }
    assert {path: _pictures.attributes(path).endswith(".chart") for path in is_plot} == is_plot


@pytest.mark.parametrize("place", ["", "guide/", "a/b/"])
@pytest.mark.parametrize("missing", ["nothing.html", "questions/dropuot/index.html", "zh/docs/files/x", "book/x"])
def test_what_is_missing_leads_home_in_both_languages_from_any_folder(visit, place, missing):
    found = visit()
    found.page.route("**/*", lambda route: route.fulfill(path=FOLDER / "404.html", content_type="text/html"))
    page = found.page
    page.goto(f"http://site.example/{place}{missing}?a=b#c")
    links = page.locator("a").evaluate_all("all => all.map(link => link.href)")
    targets = [link.removeprefix(f"http://site.example/{place}") for link in links]
    assert {"index.html", "zh/index.html"} <= {*targets} and all((FOLDER / target).exists() for target in targets)
    assert page.locator("section").first.get_attribute("lang") == ("zh" if "zh/" in place + missing else "en")


def test_the_other_language_opens_at_the_same_heading(visit):
    page = visit(viewport={"width": 1300, "height": 900}).open("questions/dropout/index.html#try-it")
    headings = "all => all.map(heading => heading.id)"
    english = page.locator("article :is(h1, h2, h3)").evaluate_all(headings)
    for language in ("zh", "en"):
        page.click(".site-language")
        page.wait_for_url(lambda url: "heading-" not in url and "#" in url)
        ids = page.locator("article :is(h1, h2, h3)").evaluate_all(headings)
        place = page.url.partition("#")[2]
        assert page.locator("html").get_attribute("lang") == language
        assert ids.index(unquote(place)) == english.index("try-it") > 1
        assert 0 <= page.locator("article :is(h1, h2, h3)").nth(ids.index(unquote(place))).bounding_box()["y"] < 300
    page.evaluate("scrollTo(0, 0)")
    page.click(".site-language")
    page.wait_for_load_state()
    assert page.url.endswith("zh/questions/dropout/index.html")


def test_what_scrolls_can_be_reached_by_the_keyboard_and_nothing_else(visit):
    page = visit(viewport={"width": 390, "height": 844}).open("questions/adam/index.html")
    page.evaluate(OPEN)
    page.wait_for_timeout(300)
    look = "all => all.map(part => [part.scrollWidth > part.clientWidth, part.tabIndex === 0])"
    found = page.locator(".formula, .md-typeset__scrollwrap").evaluate_all(look)
    assert {*map(tuple, found)} == {(True, True), (False, False)}


def test_the_table_of_a_recipe_leads_to_its_source():
    for language in ("", "zh/"):
        text = (FOLDER / language / "recipes/published/mlp_mnist/index.html").read_text(encoding="utf-8")
        [*targets] = re.findall(r'<td><a href="([^"]*)"><code>mlp_mnist</code></a>', text)
        assert targets == ["../../../files/recipes/mlp_mnist.py.html"]


def test_the_site_and_a_first_visit_are_light(visit, address):
    files = [path for path in FOLDER.rglob("*") if path.is_file() and path.suffix != ".pdf"]  # A book is downloaded.
    assert sum(path.stat().st_size for path in files) <= 60e6
    for place in ("index", "gallery", "questions/dropout/index", "zh/recipes/published/cnn_mnist/index"):
        page, weights = visit(viewport={"width": 1300, "height": 900}).page, {}
        page.on("response", lambda response, weights=weights: weights.update({response.url: len(response.body())}))
        page.goto(f"{address}{place}.html")
        page.wait_for_load_state("networkidle")
        assert 0.2e6 < sum(weights.values()) <= 0.6e6, (place, json.dumps(weights, indent=1))
