"""The front door, Play and the signs of what runs in a page, in Chromium."""

import re

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect

pytestmark = pytest.mark.thorough
SCREEN = {"viewport": {"width": 1300, "height": 900}}


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
