"""The models that run in a page: their numbers against Keras, a drawn digit, every page by the keyboard."""

import re

import numpy as np
import pytest

import recipes
from recipes._lib.agents import connect_four, game_players
from recipes._lib.published import model_files
from recipes._lib.runs import recipe_list

NAMES = [name for name in recipe_list.names() if recipe_list.recipe(name).published_parts]
RUN = """async ([part, data, shape]) => {
    const outputs = await dlguide.run(part, {input_0: {data, shape}});
    return Object.keys(outputs).sort().map(name => [...outputs[name].data]);
}"""


def opened(visit, name, language="", **settings):
    """Return the page of a recipe when its model is there."""
    page = visit(viewport={"width": 1200, "height": 1000}, **settings).open(
        f"{language}recipes/published/{name}/index.html"
    )
    page.locator(".demo").scroll_into_view_if_needed()
    page.wait_for_selector(".demo[data-state=ready]", timeout=30_000)
    return page


@pytest.mark.parametrize("name", NAMES)
def test_a_model_in_the_page_computes_what_keras_predicts(visit_disk, name):
    page, whole = opened(visit_disk, name), recipes.pretrained(name)
    outputs = model_files.keras_outputs(name, whole)
    given = model_files.examples(name, 20)
    for part, model in model_files.parts(name, whole).items():
        shape = model.inputs[0].shape[1:]
        x = given if len(shape) == given.ndim - 1 else np.random.default_rng(1).normal(size=(20, *shape))
        x = x.astype(model.inputs[0].dtype)
        address = name if part == "model" else f"{name}/{part}"
        found = page.evaluate(RUN, [address, x.ravel().tolist(), list(x.shape)])
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


@pytest.mark.parametrize("language", ["", "zh/"])
def test_a_drawn_digit_is_answered_right(visit, language):
    page = opened(visit, "cnn_mnist", language)
    for digit, strokes in (("7", [[(80, 60), (200, 60), (120, 230)]]), ("1", [[(140, 60), (130, 220)]])):
        draw(page, *strokes)
        found = answers(page)[-1]  # Of both networks.
        assert re.findall(r"[:：]\s*(\d)", found) == [digit, digit], found


def test_a_digit_is_drawn_with_the_keyboard(visit_disk):
    page = opened(visit_disk, "mlp_mnist")
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
    "lstm_places": lambda page: page.fill(".demo input[type=text]", "Neuschwanstein"),
    "transformer_recall": lambda page: page.fill(".demo input[type=text]", "x9 y8 z7 b1 y?"),
    "transformer_shakespeare": lambda page: press(page, "input[type=text]", "Enter"),
    "explanation_mnist": lambda page: press(page, ".demo-column .demo-button", "Enter"),
    "dqn_cartpole": lambda page: press(page, "canvas", "ArrowRight", "ArrowRight"),
    "selfplay_connect4": lambda page: press(page, "canvas", "ArrowLeft", "Enter"),
    "polynomial_regression_mpg": lambda page: press(page, "input[type=range]", "ArrowRight", number=3),
}


@pytest.mark.parametrize("name", BY_KEYBOARD)
def test_a_demo_answers_to_the_keyboard(visit_disk, name):
    page = opened(visit_disk, name, reduced_motion="reduce")
    assert changed(page, lambda: BY_KEYBOARD[name](page))
    assert {*BY_KEYBOARD, *DIGITS} == {*NAMES}


MOVE_VALUES = """async (moves) => {
    const { boardOf, landing, moveValues } = dlguide.connectFour, cells = [];
    for (const column of moves) cells.push(landing(boardOf(cells), column));
    return await moveValues(boardOf(cells), 1 + (cells.length % 2), 2);
}"""


def test_the_search_of_a_game_in_the_page_is_that_of_the_recipe_and_a_click_is_answered(visit_disk):
    page = opened(visit_disk, "selfplay_connect4")
    value = game_players.network_value(recipes.pretrained("selfplay_connect4"))
    for moves in ([], [3, 3, 2], [0, 0, 1, 1, 2], [0, 0, 1, 1, 2, 2], [3] * 6, [0, 1, 0, 1, 0]):
        values = game_players.move_values(connect_four.played(moves), 2, value)[0]
        found = [-np.inf if each is None else each for each in page.evaluate(MOVE_VALUES, moves)]
        np.testing.assert_allclose(found, values, atol=1e-4)
    page.locator(".demo canvas").click(position={"x": 30, "y": 200})
    assert re.search(r"The network plays column \d\.", " ".join(answers(page)))


def test_the_answers_to_texts_are_right(visit_disk):
    page = opened(visit_disk, "lstm_places")
    page.fill(".demo input[type=text]", "Neuschwanstein")
    assert "Germany" in " ".join(answers(page))
    page = opened(visit_disk, "transformer_recall")
    page.fill(".demo input[type=text]", "a4 f7 c1 d1 f?")
    assert "7" in answers(page)[0]


def test_without_webassembly_the_recorded_example_stays(visit_disk):
    found = visit_disk()
    found.page.add_init_script("delete window.WebAssembly")
    page = found.open("recipes/published/cnn_mnist/index.html")
    page.locator(".demo").scroll_into_view_if_needed()
    page.wait_for_selector(".demo[data-state=failed]")
    assert page.locator(".demo img").is_visible() and "WebAssembly" in page.inner_text(".demo")
