"""The models that run in a page: their numbers against Keras, a drawn digit, every page by the keyboard."""

import re

import numpy as np
import pytest

import recipes
from recipes._lib.agents import connect_four, game_players
from recipes._lib.images import planted_marks
from recipes._lib.published import model_files
from recipes._lib.runs import recipe_list
from tools.site import _scripts

pytestmark = pytest.mark.thorough
NAMES = [name for name in recipe_list.names() if recipe_list.recipe(name).published_parts]
RUN = """async ([part, inputs]) => {
    const outputs = await dlguide.run(part, inputs);
    return Object.keys(outputs).sort().map(name => [...outputs[name].data]);
}"""


def opened(visit, name, language="", **settings):
    """Return the page of a recipe when its model is there."""
    found = visit(viewport={"width": 1200, "height": 1000}, **settings)
    page = found.open(f"{language}recipes/published/{name}/index.html")
    page.locator(".demo").scroll_into_view_if_needed()
    page.wait_for_selector(".demo[data-state=ready]", timeout=30_000)
    return page


@pytest.mark.parametrize("name", NAMES)
def test_a_model_in_the_page_computes_what_keras_predicts(visit, name):
    page, whole = opened(visit, name), recipes.pretrained(name)
    outputs = model_files.keras_outputs(name, whole)
    for part, model in model_files.parts(name, whole).items():
        x = model_files.part_examples(name, model, 20)
        arrays = x if isinstance(x, list) else [x]
        inputs = {f"input_{i}": {"data": a.ravel().tolist(), "shape": a.shape} for i, a in enumerate(arrays)}
        found = page.evaluate(RUN, [name if part == "model" else f"{name}/{part}", inputs])
        for values, expected in zip(found, outputs(part, x), strict=True):
            assert np.abs(np.reshape(values, expected.shape) - expected).max() <= 1e-4


def answers(page):
    page.wait_for_timeout(700)
    return page.locator(".demo-answer").all_inner_texts()


def draw(page, *strokes):
    """Draw lines through points on the paper, in pixels from its corner."""
    page.get_by_role("button", name=re.compile("Clear|清空")).click()
    box = page.locator(".demo-paper").bounding_box()
    for (x, y), *others in strokes:
        page.mouse.move(box["x"] + x, box["y"] + y)
        page.mouse.down()
        for x, y in others:
            page.mouse.move(box["x"] + x, box["y"] + y, steps=8)
        page.mouse.up()


@pytest.mark.parametrize("protocol", ["http", "file"])
@pytest.mark.parametrize("language", ["", "zh/"])
def test_a_drawn_digit_is_answered_right(visit, language):
    page = opened(visit, "cnn_mnist", language)
    for digit, strokes in (("7", [[(80, 60), (200, 60), (120, 230)]]), ("1", [[(140, 60), (130, 220)]])):
        draw(page, *strokes)
        found = answers(page)[-1]  # Of both networks.
        assert re.findall(r"[:：]\s*(\d)", found) == [digit, digit], found


def test_a_digit_is_drawn_with_the_keyboard(visit):
    page = opened(visit, "mlp_mnist")
    page.focus(".demo-paper")
    for key in ["Delete", *["ArrowUp"] * 10, " ", *["ArrowDown"] * 20, " "]:
        page.keyboard.press(key)
    assert any(re.search(r"\b1\b", answer) for answer in answers(page))


def changed(page, act):
    """Return whether an action by the keyboard changes what the demo shows."""
    picture = """() => [...document.querySelectorAll('.demo canvas')].map(canvas => canvas.toDataURL()).join()
        + document.querySelector('.demo').innerText"""
    before = page.evaluate(picture)
    act()
    page.wait_for_timeout(1200)
    return page.evaluate(picture) != before


def press(page, selector, *keys, number=0):
    page.locator(f".demo {selector}").nth(number).focus()
    for key in keys:
        page.keyboard.press(key)


DIGITS = ("mlp_mnist", "cnn_mnist", "compression_mnist", "transfer_mnist")
"""The reader draws a digit."""
BY_KEYBOARD = {
    "autoencoder_mnist": lambda page: press(page, "input[type=range]", *["ArrowUp"] * 12, number=16),
    "vae_mnist": lambda page: press(page, "input[type=range]", *["ArrowUp"] * 12, number=3),
    "gan_mnist": lambda page: press(page, "button", "Enter"),
    "diffusion_mnist": lambda page: press(page, "button", "Enter"),
    "transformer_shakespeare": lambda page: press(page, "input[type=text]", "Enter"),
    "explanation_mnist": lambda page: press(page, ".demo-column .demo-button", "Enter"),
    "dqn_cartpole": lambda page: press(page, "canvas", "ArrowRight", "ArrowRight"),
    "selfplay_connect4": lambda page: press(page, "canvas", "ArrowLeft", "Enter"),
    "polynomial_regression_mpg": lambda page: press(page, "input[type=range]", "ArrowRight", number=3),
}
TEXTS = {
    "transformer_recall": ("x9 y8 z7 b1 y?", "8"),
    "seq2seq_pronounce": ("Saxophones", "S AE K S AH F OW N Z"),
}
"""What the reader types, and the answer."""


@pytest.mark.parametrize("name", BY_KEYBOARD)
def test_a_demo_answers_to_the_keyboard(visit, name):
    page = opened(visit, name, reduced_motion="reduce")
    assert changed(page, lambda: BY_KEYBOARD[name](page))
    assert {*BY_KEYBOARD, *TEXTS, *DIGITS} == {*NAMES}


def test_the_mark_of_the_page_is_that_of_the_recipe():
    source = (_scripts.HERE / "demos" / "explanation.js").read_text("utf-8")
    [greys] = re.findall(r"MARK = \[(.*?)\]", source)
    assert [int(grey) / 10 for grey in greys.split(",")] == pytest.approx(planted_marks.MARK.ravel())


@pytest.mark.parametrize("name", TEXTS)
def test_the_answer_to_a_text_is_right(visit, name):
    page, (text, answer) = opened(visit, name), TEXTS[name]
    assert changed(page, lambda: page.fill(".demo input[type=text]", text))
    assert answer in answers(page)[0]


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
    assert re.search(r"The network plays column \d\.", " ".join(answers(page)))


def test_keys_buttons_and_fingers_that_are_not_meant_for_a_demo_change_nothing(visit):
    page = opened(visit, "mlp_mnist")
    draw(page, [(140, 60), (130, 220)])
    paper = page.locator(".demo-paper")
    assert not changed(page, lambda: paper.click(button="right", position={"x": 40, "y": 40}))
    second = {"pointerId": 7, "isPrimary": False, "clientX": 40, "clientY": 40, "bubbles": True}
    assert not changed(page, lambda: paper.dispatch_event("pointerdown", second))
    is_taken = """(canvas, altKey) => !canvas.dispatchEvent(
        new KeyboardEvent("keydown", {key: "ArrowLeft", altKey, bubbles: true, cancelable: true}))"""
    for name in ("mlp_mnist", "dqn_cartpole", "selfplay_connect4"):
        canvas = opened(visit, name).locator(".demo canvas").first
        assert (canvas.evaluate(is_taken, False), canvas.evaluate(is_taken, True)) == (True, False), name


def test_a_demo_that_is_used_while_its_model_loads_goes_on_when_it_is_there(visit):
    found, held = visit(viewport={"width": 1200, "height": 1000}), []
    found.page.route("**/models/dqn_cartpole.js", lambda route: held.append(route))
    page = found.page  # On the first screen, so the page is not whole before the script that is held.
    page.goto(f"{found.base}recipes/published/dqn_cartpole/index.html", wait_until="domcontentloaded")
    page.locator(".demo").scroll_into_view_if_needed()
    page.wait_for_selector(".demo[data-state=loading]")
    for button in page.locator(".demo-button").all():
        button.click()
    page.wait_for_timeout(300)
    held[0].continue_()
    page.wait_for_selector(".demo[data-state=ready]", timeout=30_000)
    assert changed(page, lambda: None) and not found.errors


@pytest.mark.parametrize("name", ["dqn_cartpole", "selfplay_connect4"])
def test_a_still_picture_takes_the_colours_of_the_new_theme(visit, name):
    page = opened(visit, name, reduced_motion="reduce")
    other = "{ default: 'slate', slate: 'default' }[document.body.dataset.mdColorScheme]"
    assert changed(page, lambda: page.evaluate(f"document.body.dataset.mdColorScheme = {other}"))


def test_the_digits_are_those_of_the_seed_that_is_shown(visit):
    page = opened(visit, "gan_mnist")
    picture = "() => [...document.querySelectorAll('.demo-grid canvas')].map(each => each.toDataURL()).join()"
    seed = page.locator(".demo input[type=number]")
    page.get_by_role("button", name="Draw").evaluate("button => { button.click(); button.click(); }")
    page.wait_for_timeout(3000)
    shown, drawn = seed.input_value(), page.evaluate(picture)
    found = {}
    for value in ("1", shown):
        seed.fill(value)
        seed.dispatch_event("change")
        page.wait_for_timeout(3000)
        found[value] = page.evaluate(picture)
    assert shown == "2" and found["1"] != drawn == found["2"]


def test_a_changed_code_stays_on_the_way_to_another_one(visit):
    page = opened(visit, "vae_mnist")
    press(page, "input[type=range]", *["ArrowUp"] * 40, number=3)
    number = page.locator(".demo input[type=range]").nth(3)
    highest = float(number.input_value())
    press(page, ".demo-field input[type=range]", "ArrowRight")
    page.wait_for_timeout(500)
    assert highest >= 3 and 0.9 * highest < float(number.input_value()) < highest + 0.1


def test_without_webassembly_the_recorded_example_stays(visit):
    found = visit()
    found.page.add_init_script("delete window.WebAssembly")
    page = found.open("recipes/published/cnn_mnist/index.html")
    page.locator(".demo").scroll_into_view_if_needed()
    page.wait_for_selector(".demo[data-state=failed]")
    assert page.locator(".demo img").is_visible() and "WebAssembly" in page.inner_text(".demo")
