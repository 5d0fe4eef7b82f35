"""What fits: programs in their column, tables on paper, plots in the dark, the weight of the site, and the way back."""

import json

import pytest

pytest.importorskip("playwright")
from tests.tools.site.conftest import FOLDER

pytestmark = pytest.mark.thorough


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


def test_the_site_and_a_first_visit_are_light(visit, address):
    files = [path for path in FOLDER.rglob("*") if path.is_file() and path.suffix != ".pdf"]  # A book is downloaded.
    assert sum(path.stat().st_size for path in files) <= 60e6
    for place in ("index", "gallery", "questions/dropout/index", "zh/recipes/published/cnn_mnist/index"):
        page, weights = visit(viewport={"width": 1300, "height": 900}).page, {}
        page.on("response", lambda response, weights=weights: weights.update({response.url: len(response.body())}))
        page.goto(f"{address}{place}.html")
        page.wait_for_load_state("networkidle")
        assert 0.2e6 < sum(weights.values()) <= 0.6e6, (place, json.dumps(weights, indent=1))
