"""The front door, Play and the signs of what runs in a page, in Chromium."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect

from recipes._lib.published import published_runs
from recipes._lib.words import read_words
from tests.tools.site.conftest import FOLDER
from tools.site import _pages, _play

pytestmark = pytest.mark.thorough
MODELS = published_runs.models()
LANGUAGE = {"": "en", "zh/": "zh"}
languages = pytest.mark.parametrize("language", LANGUAGE)
SCREEN = {"viewport": {"width": 1300, "height": 900}}


@languages
def test_three_doors_and_the_paper_are_on_the_first_screen_and_lead_on(visit, language):
    visit = visit(**SCREEN)
    page = visit.open(f"{language}index.html")
    doors = page.locator(".home-doors a")
    targets = doors.evaluate_all("doors => doors.map(door => door.href)")
    assert len(targets) == 3
    assert page.locator(".md-sidebar:visible").count() == 0
    for part in (doors.nth(2), page.locator(".demo-paper")):
        box = part.bounding_box()
        assert box["y"] + box["height"] <= 900
    for target, place in zip(targets, ("play", "questions/index", "docs/first_steps"), strict=True):
        address, _, anchor = unquote(target).partition("#")
        assert address == f"{visit.base}{language}{place}.html"
        assert f'id="{anchor}"' in Path(address.removeprefix("file://")).read_text("utf-8") or not anchor
    assert visit.errors == []


@pytest.mark.parametrize(("protocol", "language"), [("http", ""), ("file", "zh/")])
def test_the_front_door_reads_a_drawn_digit_and_loads_the_network_at_the_first_stroke(visit, language):
    visit, asked = visit(**SCREEN), []
    visit.page.on("request", lambda request: asked.append(request.url))
    page = visit.open(f"{language}index.html")
    page.mouse.wheel(0, 2000)
    page.wait_for_timeout(500)
    page.mouse.wheel(0, -2000)
    page.wait_for_timeout(500)
    assert not any("ort-wasm" in url or "/models/" in url for url in asked)
    box = page.locator(".demo-paper").bounding_box()
    page.mouse.move(box["x"] + 80, box["y"] + 60)
    page.mouse.down()
    for x, y in ((200, 60), (120, 230)):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=8)
    page.wait_for_selector(".demo[data-state=ready]", timeout=30_000)  # Before the stroke ends: it stays on the paper.
    page.mouse.up()
    expect(page.locator(".demo-answer").first).to_have_text(re.compile(r"[:：]\s*7"), timeout=10_000)
    assert visit.errors == [] and visit.outside == []


def test_play_shows_each_model_with_its_picture_and_a_card_leads_to_a_demo(visit):
    visit = visit(**SCREEN)
    page = visit.open("play.html")
    titles = read_words(_play.CARDS, "en")
    for name in MODELS:
        card = page.locator(f'.play a[href$="published/{name}/index.html"]')
        assert card.count() == 1 and titles[name] in card.inner_text()
        card.scroll_into_view_if_needed()
        card.locator("img").evaluate("picture => picture.decode()")
    page.locator(".play a[href*=connect4]").click()
    expect(page.locator(".demo canvas").first).to_be_visible()
    assert page.locator(".demo").bounding_box()["y"] < 900
    assert visit.errors == []


@languages
def test_what_runs_in_the_page_is_marked_in_the_sidebar_the_gallery_and_the_table(visit, language):
    page = visit(**SCREEN).open(f"{language}recipes/index.html")
    sign = read_words(_pages.WORDS, LANGUAGE[language])["runs here"]
    marked = "links => links.map(link => link.href.match(/published\\/(\\w+)\\//)?.[1]).filter(Boolean)"
    sidebar = page.locator(f'.md-sidebar--primary a:has([title="{sign}"])').evaluate_all(marked)
    assert sorted(sidebar) == MODELS
    table = page.locator(f'article td:has([aria-label="{sign}"]) a').evaluate_all(marked)
    assert sorted({*table}) == MODELS
    page.goto(page.url.replace("recipes/index", "gallery"))
    assert sorted(page.locator(f'.gallery a:has([aria-label="{sign}"])').evaluate_all(marked)) == MODELS
    assert page.locator("article").get_by_role("link", name=re.compile(sign)).first.is_visible()


@languages
def test_a_second_skip_link_leads_to_what_moves_or_runs(visit, language):
    page, texts = visit(**SCREEN).page, read_words(_pages.WORDS, LANGUAGE[language])
    moving = ("questions/dropout/index", "docs/train_in_page", "recipes/published/mlp_mnist/index", "index")
    for place in (*moving, "docs/results"):
        page.goto(f"file://{FOLDER}/{language}{place}.html")
        page.wait_for_timeout(300)
        link = page.locator(".md-skip[href='#__try']")
        assert link.count() == (place in moving)
        if place in moving:
            assert link.inner_text() == texts["skip"]
            page.keyboard.press("Tab")
            page.keyboard.press("Tab")
            expect(link).to_be_focused()
            expect(link).to_have_css("opacity", "1")
            page.keyboard.press("Enter")
            page.keyboard.press("Tab")
            assert page.evaluate("document.querySelector('.demo').contains(document.activeElement)"), place
            assert page.evaluate("document.querySelector('#__try').getBoundingClientRect().y") >= 0


@languages
def test_the_first_screen_of_a_phone_has_questions_by_subject(visit, language):
    page = visit(viewport={"width": 390, "height": 844}).open(f"{language}index.html")
    page.locator(".home-doors a[href*=questions]").click()
    box = page.locator("article a[href^=dropout]").first.bounding_box()
    assert 0 < box["y"] < 800


@languages
def test_the_navigation_opens_on_a_phone(visit, language):
    page = visit(viewport={"width": 390, "height": 844}).open(f"{language}index.html")
    page.locator(".md-header label[for=__drawer]").click()
    expect(
        page.locator(".md-sidebar--primary").get_by_text(read_words(_pages.WORDS, LANGUAGE[language])["guides"])
    ).to_be_visible()


@languages
def test_the_first_guide_is_first_steps(visit, language):
    page = visit(**SCREEN).open(f"{language}index.html")
    page.locator(".md-tabs__link").get_by_text(read_words(_pages.WORDS, LANGUAGE[language])["guides"]).click()
    assert page.url.endswith("docs/first_steps.html")


def test_the_front_door_is_light(visit, address):
    visit, weights = visit(**SCREEN), {}
    visit.page.on("response", lambda response: weights.update({response.url: len(response.body())}))
    visit.page.goto(f"{address}index.html")
    visit.page.wait_for_load_state("networkidle")
    own = {url: weight for url, weight in weights.items() if "search" not in url}  # The index has a size of its own.
    assert len(own) > 10 and sum(own.values()) < 600_000, sorted(own.items(), key=lambda item: -item[1])[:5]
