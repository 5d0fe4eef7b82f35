"""The site as a reader meets it: every page in both languages, and what screen readers need."""

import json
import re

import pytest

from tests.tools.site.conftest import FOLDER
from tools import ROOT

pytest.importorskip("playwright")
pytestmark = pytest.mark.thorough

QUESTIONS = sorted(path.parent.name for path in (ROOT / "questions").glob("*/README.md"))
PAGES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.html") if path.name != "404.html")

CODE = re.compile(r"<(pre|code|math|script|style)\b.*?</\1>|<[^>]*>", re.DOTALL)
"""What is no prose of a page."""
RAW = re.compile(r"\\(?:frac|sum|sqrt|hat|mathrm)|&lt;!--|\]\(")
"""Signs of a formula, a comment and a link that were not understood."""
SIZES = re.compile("width=|height=")

LOOK = """() => ({
    width: document.documentElement.scrollWidth,
    formulas: [...document.querySelectorAll('math')].filter(m => m.closest('details:not([open])') === null)
        .filter(m => !m.getBoundingClientRect().height).map(m => m.textContent),
    other: document.querySelector('.site-language').href,
})"""


def test_every_page_has_a_twin():
    every = {page for page in PAGES if not page.startswith("zh/")}
    assert {f"zh/{page}" for page in every} == {page for page in PAGES if page.startswith("zh/")}
    assert {f"questions/{name}/index.html" for name in QUESTIONS} < every and len(QUESTIONS) >= 24


def test_every_page_has_the_sizes_of_its_pictures_and_nothing_raw():
    for place in PAGES:
        text = (FOLDER / place).read_text(encoding="utf-8")
        unsized = [tag for tag in re.findall("<img [^>]*>", text) if not {"width=", "height="} <= {*SIZES.findall(tag)}]
        assert unsized == [] and RAW.findall(CODE.sub("", text)) == [], place


@pytest.mark.parametrize("protocol", ["http", "file"])
@pytest.mark.parametrize("language", ["", "zh/"])
def test_a_page_opens_without_an_error_and_nothing_is_wider_than_a_phone_or_a_laptop(visit, protocol, language):
    visit = visit()
    mine = [page for page in PAGES if page.startswith("zh/") == bool(language)]
    listed = [page for page in mine if re.match(r"(zh/)?(files|api)/|.*slides.html", page)]  # Alike: a few are enough.
    halves = sorted({*mine} - {*listed})[language == "zh/" :: 2]  # For time: each page in one of the languages.
    for place in halves + listed[::12] if protocol == "file" else mine[::32]:
        page = visit.open(place)
        for width, height in ((1280, 800), (390, 844)):
            page.set_viewport_size({"width": width, "height": height})
            found = page.evaluate(LOOK)
            assert found["width"] <= width and found["formulas"] == [], (place, found)
        twin = found["other"].removeprefix(visit.base)
        assert twin == (place.removeprefix("zh/") if language else f"zh/{place}")
        assert visit.errors == [] and visit.outside == [], place


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, address, scheme):
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(color_scheme=scheme, viewport={"width": 1300, "height": 900})
    page = context.new_page()
    places = ("index", "gallery", "questions/index", "questions/adam/index", "recipes/published/cnn_mnist/index",
              "api/dlguide.cnn", "docs/speed", "questions/glossary", "docs/train_in_page")  # fmt: skip
    languages = ("", "zh/") if scheme == "light" else ("zh/", "")  # Each page in one language light, in the other dark.
    options = {"resultTypes": ["violations"]}  # For time: what is right is not listed.
    if scheme == "dark":
        options["runOnly"] = ["color-contrast"]  # All else is as in the light.
    for place in [f"{languages[i % 2]}{place}.html" for i, place in enumerate(places)]:
        page.goto(address + place)
        page.wait_for_timeout(300)  # Colours fade in.
        found = Axe().run(page, options=options).response["violations"]
        serious = [each for each in found if each["impact"] in ("serious", "critical")]
        assert serious == [], (place, json.dumps(serious, indent=1))
    context.close()
