"""The models that run in a page: their numbers against Keras, a drawn digit, every page by the keyboard."""

import json
import re

import numpy as np
import pytest

import recipes
from dlguide import attention
from recipes._lib.agents import connect_four, game_players
from recipes._lib.images import planted_marks
from recipes._lib.published import model_files
from recipes._lib.runs import recipe_list
from tests.tools.site.conftest import FOLDER
from tools import ROOT

pytestmark = pytest.mark.thorough
NAMES = [name for name in recipe_list.names() if recipe_list.recipe(name).published_parts]
RUN = """async ([part, inputs]) => {
    const outputs = await dlguide.run(part, inputs);
    return Object.keys(outputs).sort().map(name => [...outputs[name].data]);
}"""
PICTURE = """() => [...document.querySelectorAll('.demo canvas')].map(canvas => canvas.toDataURL()).join()
    + document.querySelector('.demo-live').innerText"""


def opened(visit, name, language="", **settings):
    """Return the page of a recipe when its model is there."""
    page = visit(viewport={"width": 1200, "height": 1000}, **settings).open(
        f"{language}recipes/published/{name}/index.html"
    )
    page.locator(".demo").scroll_into_view_if_needed()
    page.wait_for_selector(".demo[data-state=ready]", timeout=30_000)
    return page


@pytest.fixture(scope="module")
def any_page(browser):
    """A page in which every model can be run."""
    page = browser.new_page()
    page.goto(f"file://{FOLDER}/recipes/published/mlp_mnist/index.html")
    yield page
    page.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_model_in_the_page_computes_what_keras_predicts(any_page, name):
    whole = recipes.pretrained(name)
    outputs = model_files.keras_outputs(name, whole)
    for part, model in model_files.parts(name, whole).items():
        x = model_files.part_examples(name, model, 20)
        arrays = x if isinstance(x, list) else [x]
        inputs = {f"input_{i}": {"data": a.ravel().tolist(), "shape": a.shape} for i, a in enumerate(arrays)}
        found = any_page.evaluate(RUN, [name if part == "model" else f"{name}/{part}", inputs])
        for values, expected in zip(found, outputs(part, x), strict=True):
            assert np.abs(np.reshape(values, expected.shape) - expected).max() <= 1e-4


def answered(page, pattern):
    """Wait for an answer that matches."""
    page.locator(".demo-answer").filter(has_text=re.compile(pattern)).first.wait_for(timeout=10_000)


def draw(page, place, *others):
    """Draw a line through points on the paper, in pixels from its corner; the mouse stays pressed."""
    box = page.locator(".demo-paper").bounding_box()
    page.mouse.move(box["x"] + place[0], box["y"] + place[1])
    page.mouse.down()
    for x, y in others:
        page.mouse.move(box["x"] + x, box["y"] + y, steps=8)


def test_a_drawn_digit_is_answered_right_directly_below_the_paper(visit):
    page = opened(visit, "cnn_mnist", "zh/", has_touch=True)
    for digit, stroke in (("7", [(80, 60), (200, 60), (120, 230)]), ("1", [(140, 60), (130, 220)])):
        page.get_by_role("button", name="清空").click()
        draw(page, *stroke)
        page.mouse.up()
        answered(page, rf"[:：]\s*{digit}\b.*[:：]\s*{digit}\b")  # Of both networks.
    page.set_viewport_size({"width": 390, "height": 844})
    paper, answer = (page.locator(f".demo {part}").first.bounding_box() for part in (".demo-paper", ".demo-answer"))
    assert 0 <= answer["y"] - paper["y"] - paper["height"] <= 30 and answer["y"] - paper["y"] <= 400


@pytest.mark.parametrize("protocol", ["http"])
def test_the_front_door_reads_a_drawn_digit_and_loads_the_network_at_the_first_stroke(visit):
    visit, asked = visit(viewport={"width": 1300, "height": 900}), []
    visit.page.on("request", lambda request: asked.append(request.url))
    page = visit.open("index.html")
    page.locator(".demo-paper").scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    assert not any("ort-wasm" in url or "/models/" in url for url in asked)
    draw(page, (80, 60), (200, 60), (120, 230))
    page.wait_for_selector(".demo[data-state=ready]", timeout=30_000)  # Before the stroke ends: it stays on the paper.
    page.mouse.up()
    answered(page, r"[:：]\s*7")
    assert visit.errors == [] and visit.outside == []


def check_change(page, act):
    """What the demo shows must become different."""
    before = page.evaluate(PICTURE)
    act(page)
    page.wait_for_function(f"before => ({PICTURE})() !== before", arg=before, timeout=5000)


def press(page, selector, *keys, number=0):
    page.locator(f".demo {selector}").nth(number).focus()
    for key in keys:
        page.keyboard.press(key)


DIGITS = ("mlp_mnist", "cnn_mnist", "compression_mnist", "transfer_mnist")
TEXTS = ("transformer_recall", "transformer_shakespeare", "seq2seq_pronounce")
"""The reader draws a digit; types a text."""
BY_KEYBOARD = {
    "autoencoder_mnist": lambda page: press(page, "input[type=range]", *["ArrowUp"] * 12, number=16),
    "vae_mnist": lambda page: press(page, "input[type=range]", *["ArrowUp"] * 12, number=3),
    "gan_mnist": lambda page: press(page, ".demo-live button", "Enter"),
    "diffusion_mnist": lambda page: press(page, ".demo-live button", "Enter"),
    "explanation_mnist": lambda page: press(page, ".demo-column .demo-button", "Enter"),
    "dqn_cartpole": lambda page: press(page, "canvas", "ArrowRight", "ArrowRight"),
    "selfplay_connect4": lambda page: press(page, "canvas", "ArrowLeft", "Enter"),
    "polynomial_regression_mpg": lambda page: press(page, "input[type=range]", "ArrowRight", number=3),
}


@pytest.mark.parametrize("name", BY_KEYBOARD)
def test_a_demo_answers_to_the_keyboard(visit, name):
    page = opened(visit, name, reduced_motion="reduce")
    check_change(page, BY_KEYBOARD[name])
    assert {*BY_KEYBOARD, *DIGITS, *TEXTS} == {*NAMES}


def test_a_word_is_pronounced_right(visit):
    page = opened(visit, "seq2seq_pronounce")
    page.fill(".demo input[type=text]", "Saxophones")
    answered(page, r"[:o] S AE K S AH F OW N Z\b")


MOVE_VALUES = """async (moves) => {
    const { boardOf, landing, moveValues } = dlguide.connectFour, cells = [];
    for (const column of moves) cells.push(landing(boardOf(cells), column));
    return await moveValues(boardOf(cells), 1 + (cells.length % 2), 2);
}"""


def test_the_search_of_a_game_in_the_page_is_that_of_the_recipe_and_a_click_is_answered(visit):
    page = opened(visit, "selfplay_connect4")
    value = game_players.network_value(recipes.pretrained("selfplay_connect4"))
    for moves in ([], [3, 3, 2], [0, 0, 1, 1, 2], [0, 0, 1, 1, 2, 2], [3] * 6, [0, 1, 0, 1, 0]):
        values = game_players.move_values(connect_four.played(moves), 2, value)[0]
        found = [-np.inf if each is None else each for each in page.evaluate(MOVE_VALUES, moves)]
        np.testing.assert_allclose(found, values, atol=1e-4)
    page.locator(".demo canvas").click(position={"x": 30, "y": 200})
    answered(page, r"The network plays column \d\.")


def test_without_webassembly_the_recorded_example_stays(visit):
    found = visit()
    found.page.add_init_script("delete window.WebAssembly")
    page = found.open("recipes/published/cnn_mnist/index.html")
    page.locator(".demo").scroll_into_view_if_needed()
    page.wait_for_selector(".demo[data-state=failed]")
    assert page.locator(".demo img").is_visible() and "WebAssembly" in page.inner_text(".demo")
    assert page.locator(".demo-live").is_hidden()


def test_over_the_net_a_model_loads_after_start_alone_with_a_bar_for_the_megabytes(browser, address):
    page, asked, held = browser.new_page(), [], []
    page.on("request", lambda request: "/models/" in request.url and asked.append(request.url))
    page.route("**/models/dqn_cartpole.js", lambda route: held.append(route))
    page.goto(f"{address}recipes/published/dqn_cartpole/index.html")
    page.locator(".demo").scroll_into_view_if_needed()
    start, bar = page.locator(".demo-head button"), page.locator(".demo progress")
    page.wait_for_load_state("networkidle")
    assert asked == [] and bar.is_hidden() and page.locator(".demo-recorded img").is_visible()
    megabytes = float(page.locator(".demo").get_attribute("data-megabytes"))
    assert re.fullmatch(rf"Start \({megabytes} MB\)", start.inner_text())
    start.press("Enter")
    page.wait_for_function("document.querySelector('.demo progress').value > 4")  # The runtime is there.
    assert bar.is_visible() and start.is_hidden() and float(bar.get_attribute("max")) == megabytes
    assert page.locator(".demo-recorded").is_hidden() and len(asked) == len(held) == 1
    held[0].continue_()
    page.wait_for_selector(".demo[data-state=ready]")
    assert bar.is_hidden()
    page.close()


def test_the_mark_in_the_box_is_that_of_the_recipe(visit):
    page = opened(visit, "explanation_mnist")
    greys = "each => [...each.getContext('2d').getImageData(0, 0, 5, 5).data].filter((_, i) => i % 4 === 0)"
    mark, mirrored = (np.reshape(each.evaluate(greys), (5, 5)) for each in page.locator(".demo-marks canvas").all())
    np.testing.assert_allclose(mark / 255, planted_marks.MARK.squeeze(), atol=0.01)
    np.testing.assert_array_equal(mirrored, mark[:, ::-1])


def published_vocabulary(name):
    return json.loads((ROOT / f"recipes/published/{name}/input.json").read_text("utf-8"))["vocabulary"]


def test_the_characters_that_may_come_next_have_the_probabilities_of_the_model(visit):
    page = opened(visit, "transformer_shakespeare")
    rows = page.locator(".demo-bars tr")
    page.fill(".demo textarea", "To be, or no")
    page.wait_for_function("document.querySelector('.demo-bars th').textContent === 't'")
    vocabulary = published_vocabulary("transformer_shakespeare")
    model = recipes.pretrained("transformer_shakespeare")
    logits = model.predict(np.array([[vocabulary.index(each) for each in "To be, or no"]]), verbose=0)[0, -1]
    heat = page.locator(".demo input[type=range]").first
    for temperature in (0.8, 1.5, 0):
        heat.evaluate("(each, to) => { each.value = to; each.dispatchEvent(new Event('input')); }", temperature)
        chances = np.exp((logits[1:] - logits.max()).astype(float) / max(temperature, 1e-3))  # Without the padding.
        chances /= chances.sum()
        best = np.argsort(-logits[1:])[:5]
        signs, shares = zip(*(row.inner_text().split("\t") for row in rows.all()), strict=True)
        assert [{"␣": " ", "↵": "\n"}.get(sign, sign) for sign in signs] == [vocabulary[1 + i] for i in best]
        assert [float(text.split()[0]) for text in shares] == pytest.approx(100 * chances[best], abs=0.051)
    check_change(page, lambda page: press(page, "textarea", "Enter"))


def test_each_attention_head_of_a_question_is_shown(visit):
    page, words = opened(visit, "transformer_recall"), "x9 y8 z7 b1 y?"
    page.fill(".demo input[type=text]", words)
    answered(page, r"[:o] 8\b")
    vocabulary = published_vocabulary("transformer_recall")
    tokens = np.zeros(21, int)
    tokens[:5] = [vocabulary.index(word) for word in words.split()]
    weights = attention.attention_weights(recipes.pretrained("transformer_recall"), tokens)[:, 4, :5]
    assert np.ptp(weights, axis=0).max() > 0.1  # The heads differ.
    for name, expected in zip(["mean", "1", "2", "3", "4"], [weights.mean(0), *weights], strict=True):
        page.get_by_label(name, exact=True).check()
        page.wait_for_timeout(150)
        shown = [float(each.split()[0]) for each in page.locator(".demo-symbol small").all_inner_texts()]
        assert shown == pytest.approx(100 * expected, abs=0.06)
