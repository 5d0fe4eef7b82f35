"""The site as a reader meets it: one walk over its pages in both languages, and what its front door and Play show."""

import json
import re
from urllib.parse import unquote

import pytest

pytest.importorskip("playwright")
from axe_playwright_python.sync_playwright import Axe

from questions import _questions
from recipes._lib.published import published_runs
from recipes._lib.words import LANGUAGES
from tests.helpers.two_languages import differences
from tests.tools.site.conftest import FOLDER
from tools import ROOT
from tools.site import _home, _play

pytestmark = pytest.mark.thorough
PAGES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.html") if path.name != "404.html")
TEXTS = {place: (FOLDER / place).read_text("utf-8") for place in PAGES}
CODE = re.compile(r"<(pre|code|math|script|style)\b.*?</\1>|<[^>]*>", re.DOTALL)
"""What is no prose of a page."""
RAW = re.compile(r"\\(?:frac|sum|sqrt|hat|mathrm)|&lt;!--|\]\(")
"""Signs of a formula, a comment and a link that were not understood."""
LOOK = """() => ({
    width: document.documentElement.scrollWidth,
    formulas: [...document.querySelectorAll('math')].filter(m => m.closest('details:not([open])') === null)
        .filter(m => !m.getBoundingClientRect().height).map(m => m.textContent),
    other: document.querySelector('.site-language').href,
})"""
AXE = ("index", "gallery", "questions/index", "questions/adam/index", "recipes/published/cnn_mnist/index",
       "api/dlguide.cnn", "docs/speed", "questions/glossary", "docs/train_in_page")  # fmt: skip
"""Pages of each kind, for a screen reader."""


def test_every_page_has_a_twin_the_sizes_of_its_pictures_nothing_raw_and_links_that_lead_somewhere():
    every = {page for page in PAGES if not page.startswith("zh/")}
    assert {f"zh/{page}" for page in every} == {page for page in PAGES if page.startswith("zh/")}
    assert {f"questions/{name}/index.html" for name in _questions.names()} < every
    names = {place: {*re.findall(r'\bid="?([^" >]+)', text)} for place, text in TEXTS.items()}
    for place, text in TEXTS.items():
        pictures = re.findall("<img [^>]*>", text)
        assert [tag for tag in pictures if not ("width=" in tag and "height=" in tag)] == [], place
        assert RAW.findall(CODE.sub("", text)) == [], place
        targets = {*re.findall(r'\b(?:href|src)="(?!\w+:|//)([^"?]+)"', text)} - {"#", "."}
        for target in targets:
            path, _, anchor = unquote(target).partition("#")
            there = (FOLDER / place).parent.joinpath(path).resolve() if path else FOLDER / place
            there = there / "index.html" if there.is_dir() else there
            assert there.exists(), (place, target)
            if anchor and there.suffix == ".html" and "=" not in anchor:
                assert anchor in names[str(there.relative_to(FOLDER))], (place, target)


def look(page, place):
    """A page is no wider than a phone and a laptop and shows its formulas; return where its twin is."""
    for width, height in ((390, 844), (1280, 800)):
        page.set_viewport_size({"width": width, "height": height})
        found = page.evaluate(LOOK)
        assert found["width"] <= width and found["formulas"] == [], (place, found)
    return found["other"]


def hear(page, place):
    """A screen reader must find nothing serious."""
    page.add_style_tag(content="* { transition: none !important }")  # Colours fade in.
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]  # For time.
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    assert serious == [], (place, json.dumps(serious, indent=1))


@pytest.mark.parametrize("protocol", ["http", "file"])
@pytest.mark.parametrize("language", ["", "zh/"])
def test_a_page_opens_without_an_error_fits_a_phone_and_a_laptop_and_can_be_heard(visit, protocol, language):
    """For time, a page is opened from disk in one of the languages; over http one of each kind, which is heard."""
    visit = visit(color_scheme="dark" if language else "light")
    mine = [page for page in PAGES if page.startswith("zh/") == bool(language)]
    listed = [page for page in mine if re.match(r"(zh/)?(files|api)/|.*slides.html", page)]  # Alike: a few are enough.
    heard = {f"{language}{place}.html" for place in AXE} if protocol == "http" else set()
    halves = sorted({*mine} - {*listed})[language == "zh/" :: 2]
    for place in sorted(heard) or halves + listed[::12]:
        page = visit.open(place)
        twin = look(page, place).removeprefix(visit.base)
        assert twin == (place.removeprefix("zh/") if language else f"zh/{place}")
        if place in heard:
            hear(page, place)
        assert visit.errors == [] and visit.outside == [], place


@pytest.mark.parametrize("missing", ["nothing.html", "questions/dropuot/index.html", "zh/docs/files/x"])
def test_what_is_missing_leads_home_in_both_languages_from_any_folder(visit, missing):
    page = visit().page
    page.route("**/*", lambda route: route.fulfill(path=FOLDER / "404.html", content_type="text/html"))
    for folder in ("", "a/b/"):
        page.goto(f"http://site.example/{folder}{missing}?a=b#c")
        links = page.locator("a").evaluate_all("all => all.map(link => link.href)")
        targets = {link.removeprefix(f"http://site.example/{folder}") for link in links}
        assert {"index.html", "zh/index.html"} <= targets and all((FOLDER / target).exists() for target in targets)
        assert page.locator("section").first.get_attribute("lang") == ("zh" if "zh/" in missing else "en")


def test_the_site_and_a_first_visit_are_light(visit, address):
    files = [path for path in FOLDER.rglob("*") if path.is_file() and path.suffix != ".pdf"]  # A book is downloaded.
    assert sum(path.stat().st_size for path in files) <= 60e6
    for place in ("index", "gallery", "zh/recipes/published/cnn_mnist/index"):
        page, weights = visit(viewport={"width": 1300, "height": 900}).page, {}
        page.on("response", lambda response, weights=weights: weights.update({response.url: len(response.body())}))
        page.goto(f"{address}{place}.html")
        page.wait_for_load_state("networkidle")
        assert 0.2e6 < sum(weights.values()) <= 0.6e6, (place, json.dumps(weights, indent=1))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_front_door_has_the_results_of_the_readme_and_play_every_model_and_figure(language):
    folder, readme = "zh/" if language == "zh" else "", (ROOT / f"README{LANGUAGES[language]}.md").read_text("utf-8")
    home, play = (
        re.search("<article.*</article>", TEXTS[f"{folder}{name}.html"], re.S)[0] for name in ("index", "play")
    )
    rows = re.findall(r"^\| \[`(\w+)`\].*?\) \| (.*) \| \S+ s \|$", readme, re.M)
    lines = re.findall("<tr>.*?</tr>", home, re.S)
    for name, cells in rows:
        [line] = [line for line in lines if f"recipes/published/{name}/" in line]
        assert re.findall(r"<td[^>]*>([^<]*)</td>", line) == cells.replace("`", "").split(" | "), name
    assert len(rows) == 8 and f"{len(published_runs.models())} " in home and f"{len(_questions.names())} " in home
    shown = {*re.findall(r'href="((?:recipes/published|questions|docs)/\w+)', play.partition("</article>")[0])}
    moving = {place.removesuffix("/index.html") for place, text in TEXTS.items() if "data-figure=" in text}
    models = {f"recipes/published/{name}" for name in published_runs.models()}
    assert shown == {page.removesuffix(".html") for page in moving if not page.startswith("zh/")} | models
    for question, name in _play.SHOWN.items():
        assert f'href="../../recipes/published/{name}/index.html"' in TEXTS[f"{folder}questions/{question}/index.html"]


def test_the_front_door_says_the_same_in_both_languages():
    english, chinese = ((_home.HERE / f"home{suffix}.md").read_text("utf-8") for suffix in LANGUAGES.values())
    assert differences(english, chinese) == []
