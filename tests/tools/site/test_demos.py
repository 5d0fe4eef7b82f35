"""The models that run in a page: their numbers against Keras, a drawn digit, every page by the keyboard."""

import csv
import functools
import gzip
import json
import re

import numpy as np
import pytest
from playwright.sync_api import Error

import recipes
from dlguide import attention
from recipes._lib.agents import connect_four, game_players
from recipes._lib.images import planted_marks
from recipes._lib.published import model_files
from recipes._lib.runs import recipe_list
from recipes._lib.words import read_words
from tests.tools.site.conftest import FOLDER
from tools import ROOT
from tools.site import _pages, _scripts

pytestmark = pytest.mark.thorough
NAMES = [name for name in recipe_list.names() if recipe_list.recipe(name).published_parts]
RUN = """async ([part, inputs]) => {
    const outputs = await dlguide.run(part, inputs);
    return Object.keys(outputs).sort().map(name => [...outputs[name].data]);
}"""


PICTURE = """() => [...document.querySelectorAll('.demo canvas')].map(canvas => canvas.toDataURL()).join()
    + document.querySelector('.demo-live').innerText"""


def opened(visit, name, language="", start=True, **settings):
    """Return the page of a recipe when its model is there; over http without `start`, nothing loads."""
    found = visit(viewport={"width": 1200, "height": 1000}, **settings)
    page = found.open(f"{language}recipes/published/{name}/index.html")
    page.locator(".demo").scroll_into_view_if_needed()
    if not start:
        return page
    if found.base.startswith("http"):
        page.locator(".demo-head button").click()
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


def answered(page, pattern, selector=".demo-answer"):
    """Wait for an answer that matches, and return the match."""
    found = page.locator(selector).filter(has_text=re.compile(pattern)).first
    return re.search(pattern, found.inner_text(timeout=10_000))


def told(page, act):
    """Return what the demo says of an action when it is done."""
    answer = page.locator(".demo-answer").last
    answer.evaluate("each => (each.textContent = '')")
    act()
    return answered(page, r"\S.*")[0]


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


@pytest.mark.parametrize(("protocol", "language"), [("http", "zh/"), ("file", "")])
def test_a_drawn_digit_is_answered_right_directly_below_the_paper(visit, language):
    page = opened(visit, "cnn_mnist", language, has_touch=True)
    for digit, strokes in (("7", [[(80, 60), (200, 60), (120, 230)]]), ("1", [[(140, 60), (130, 220)]])):
        draw(page, *strokes)
        answered(page, rf"[:：]\s*{digit}\b.*[:：]\s*{digit}\b")  # Of both networks.
    page.set_viewport_size({"width": 390, "height": 844})
    paper, answer = (page.locator(f".demo {part}").first.bounding_box() for part in (".demo-paper", ".demo-answer"))
    assert 0 <= answer["y"] - paper["y"] - paper["height"] <= 30 and answer["y"] - paper["y"] <= 400


def changed(page, act, wait=5000):
    """Return whether an action changes what the demo shows."""
    before = page.evaluate(PICTURE)
    act()
    try:
        page.wait_for_function(f"before => ({PICTURE})() !== before", arg=before, timeout=wait)
    except Error:
        return False
    return True


def press(page, selector, *keys, number=0):
    page.locator(f".demo {selector}").nth(number).focus()
    for key in keys:
        page.keyboard.press(key)


DIGITS = ("mlp_mnist", "cnn_mnist", "compression_mnist", "transfer_mnist")
"""The reader draws a digit."""
BY_KEYBOARD = {
    "autoencoder_mnist": lambda page: press(page, "input[type=range]", *["ArrowUp"] * 12, number=16),
    "vae_mnist": lambda page: press(page, "input[type=range]", *["ArrowUp"] * 12, number=3),
    "gan_mnist": lambda page: press(page, ".demo-live button", "Enter"),
    "diffusion_mnist": lambda page: press(page, ".demo-live button", "Enter"),
    "transformer_shakespeare": lambda page: press(page, "textarea", "Enter"),
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


EXPLAINED = {
    "dqn_cartpole": "1/(1 − 0.99) = 100",
    "diffusion_mnist": "both rows show the same",
    "explanation_mnist": "labelled 3",
}
"""What the box says of itself."""


@pytest.mark.parametrize("name", BY_KEYBOARD)
def test_a_demo_answers_to_the_keyboard(visit, name):
    page = opened(visit, name, reduced_motion="reduce")
    assert changed(page, lambda: BY_KEYBOARD[name](page))
    assert EXPLAINED.get(name, "") in page.inner_text(".demo-live")
    assert {*BY_KEYBOARD, *TEXTS, *DIGITS} == {*NAMES}


@pytest.mark.parametrize("name", TEXTS)
def test_the_answer_to_a_text_is_right(visit, name):
    page, (text, answer) = opened(visit, name), TEXTS[name]
    page.fill(".demo input[type=text]", text)
    answered(page, rf"[:o] {answer}\b")


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


def test_on_a_phone_the_board_is_on_the_first_screen_and_the_button_of_the_contents_does_not_cover_it(visit):
    found = visit(viewport={"width": 390, "height": 844})
    page = found.open("recipes/published/selfplay_connect4/index.html")
    page.wait_for_selector(".demo[data-state=ready]", timeout=30_000)
    board, button = page.locator(".demo canvas").bounding_box(), page.locator(".md-sidebar-button")
    assert board["y"] + board["height"] <= 844
    covers = """each => {
        const { x, y, width, height } = each.getBoundingClientRect();
        return each.contains(document.elementFromPoint(x + width / 2, y + height / 2));
    }"""
    assert not button.evaluate(covers)
    page.evaluate("scrollTo(0, document.querySelector('.demo').getBoundingClientRect().bottom)")
    assert button.evaluate(covers)
    button.click()
    entry = page.locator(".md-sidebar--secondary .md-nav a").first
    page.wait_for_timeout(400)  # It fades in.
    page.evaluate("scrollTo(0, 0)")
    assert entry.evaluate(covers)  # The list of the contents is above all else.


def test_a_digit_is_drawn_with_the_keyboard_and_neither_another_button_nor_a_second_finger_draws(visit):
    page = opened(visit, "mlp_mnist")
    paper = page.locator(".demo-paper")
    paper.focus()
    for key in ["Delete", *["ArrowUp"] * 10, " ", *["ArrowDown"] * 20, " "]:
        page.keyboard.press(key)
    answered(page, r"perceptron: 1\b")
    paper.blur()
    assert not changed(page, lambda: paper.click(button="right", position={"x": 40, "y": 40}), 300)
    second = {"pointerId": 7, "isPrimary": False, "clientX": 40, "clientY": 40, "bubbles": True}
    assert not changed(page, lambda: paper.dispatch_event("pointerdown", second), 300)


@pytest.mark.parametrize("protocol", ["http"])
@pytest.mark.parametrize("name", ["mlp_mnist", "dqn_cartpole", "selfplay_connect4"])
def test_keys_that_are_not_meant_for_a_demo_stay_with_the_browser(visit, name):
    is_taken = """(canvas, altKey) => !canvas.dispatchEvent(
        new KeyboardEvent("keydown", {key: "ArrowLeft", altKey, bubbles: true, cancelable: true}))"""
    canvas = opened(visit, name, start=False).locator(".demo canvas").first
    assert (canvas.evaluate(is_taken, True), canvas.evaluate(is_taken, False)) == (False, True)


def test_a_demo_that_is_used_while_its_model_loads_goes_on_when_it_is_there(visit):
    found, held = visit(viewport={"width": 1200, "height": 1000}), []
    found.page.route("**/models/dqn_cartpole.js", lambda route: held.append(route))
    page = found.page  # On the first screen, so the page is not whole before the script that is held.
    page.goto(f"{found.base}recipes/published/dqn_cartpole/index.html", wait_until="domcontentloaded")
    page.locator(".demo").scroll_into_view_if_needed()
    page.wait_for_selector(".demo[data-state=loading]")
    for button in page.locator(".demo-live .demo-button").all():
        button.click()
    held[0].continue_()
    page.wait_for_selector(".demo[data-state=ready]", timeout=30_000)
    assert changed(page, lambda: None) and not found.errors


@pytest.mark.parametrize("protocol", ["http"])
@pytest.mark.parametrize("name", ["dqn_cartpole", "selfplay_connect4"])
def test_a_still_picture_takes_the_colours_of_the_new_theme(visit, name):
    page = opened(visit, name, start=False)
    other = "{ default: 'slate', slate: 'default' }[document.body.dataset.mdColorScheme]"
    assert changed(page, lambda: page.evaluate(f"document.body.dataset.mdColorScheme = {other}"))


DRAWN = """async () => {
    const shown = () => [...document.querySelectorAll('.demo-grid canvas')].map(each => each.toDataURL()).join();
    let before;
    do { before = shown(); await new Promise(resolve => setTimeout(resolve, 300)); } while (shown() !== before);
    return before;
}"""
"""The pictures when they stay the same."""


def test_the_digits_are_those_of_the_seed_that_is_shown(visit):
    page = opened(visit, "gan_mnist")
    seed = page.locator(".demo input[type=number]")
    page.get_by_role("button", name="Draw").evaluate("button => { button.click(); button.click(); }")
    drawn, shown = page.evaluate(DRAWN), seed.input_value()
    found = {}
    for value in ("1", shown):
        seed.fill(value)
        seed.dispatch_event("change")
        found[value] = page.evaluate(DRAWN)
    assert shown == "2" and found["1"] != drawn == found["2"]


def test_a_changed_code_stays_on_the_way_to_another_one(visit):
    page = opened(visit, "vae_mnist")
    press(page, "input[type=range]", *["ArrowUp"] * 40, number=3)
    number = page.locator(".demo input[type=range]").nth(3)
    highest = float(number.input_value())
    assert changed(page, lambda: press(page, ".demo-field input[type=range]", "ArrowRight"))
    assert highest >= 3 and 0.9 * highest < float(number.input_value()) < highest + 0.1


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
    page.wait_for_timeout(300)
    assert asked == [] and bar.is_hidden() and page.locator(".demo-recorded img").is_visible()
    megabytes = float(page.locator(".demo").get_attribute("data-megabytes"))
    assert re.fullmatch(rf"Start \({megabytes} MB\)", start.inner_text())
    start.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.demo progress').value > 4")  # The runtime is there.
    assert bar.is_visible() and start.is_hidden() and float(bar.get_attribute("max")) == megabytes
    assert page.locator(".demo-recorded").is_hidden() and len(asked) == len(held) == 1
    held[0].continue_()
    page.wait_for_selector(".demo[data-state=ready]")
    assert bar.is_hidden()
    page.close()


def test_a_demo_prints_its_recorded_example(visit):
    page = opened(visit, "gan_mnist", start=False)
    assert page.locator(".demo-live").is_visible() and page.locator(".demo-recorded").is_hidden()
    page.emulate_media(media="print")
    assert page.locator(".demo-live").is_hidden() and page.locator(".demo-recorded img").is_visible()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_site_without_npm_loads_no_scripts_of_demos_and_says_so(monkeypatch, language):
    page = functools.partial(_pages.page_text, "recipes/published/cnn_mnist/README.md", language, _pages.Files())
    line = read_words(_pages.WORDS, language)["no runtime"]
    assert 'data-demo="digits"' in page() and line not in page()  # `_build.stage` looks for it.
    monkeypatch.setattr(_scripts.shutil, "which", lambda name: None)
    assert "data-demo" not in page() and line in page() and "examples." in page()


def test_connect_four_says_whose_colour_is_whose_and_who_won(visit):
    page = opened(visit, "selfplay_connect4")
    sides = page.locator(".demo-column > .demo-row").first
    colours = "all => all.map(each => getComputedStyle(each).backgroundColor)"
    orange, blue = page.locator(".demo-stone").evaluate_all(colours)
    assert re.fullmatch(r"You: orange.*\s*The network: blue", sides.inner_text())
    told(page, page.get_by_label("the network", exact=True).check)
    assert re.fullmatch(r"You: blue\s*The network: orange.*", sides.inner_text())
    assert page.locator(".demo-stone").evaluate_all(colours) == [blue, orange]
    assert (orange, blue) == ("rgb(255, 127, 14)", "rgb(31, 119, 180)")
    board, result, column = page.locator(".demo canvas"), page.locator(".demo-result"), 1
    while not result.count():  # Column after column from the left: no good plan.
        column += "is full" in told(page, lambda key=str(column): board.press(key))
    size = "each => parseFloat(getComputedStyle(each).fontSize)"
    assert result.evaluate(size) >= 1.5 * sides.evaluate(size)
    assert result.bounding_box()["x"] > board.bounding_box()["x"] + board.bounding_box()["width"]


def test_each_sound_has_a_word_in_which_the_dictionary_has_it(visit):
    with gzip.open(ROOT / "data/cmudict.csv.gz", "rt", encoding="utf-8") as lines:
        listed = {row["word"]: re.sub(r"\d", "", row["pronunciations"]).split("|") for row in csv.DictReader(lines)}
    texts = read_words(_scripts.HERE / "demos/words.csv", "en")
    page = opened(visit, "seq2seq_pronounce")
    sounds = page.evaluate("dlguide.info.seq2seq_pronounce.input.target_vocabulary").copy()[4:]
    assert len(sounds) == 39 == page.locator("details .demo-symbol").count()
    for sound in sounds:
        word = texts[f"sound_{sound}"].split()[-1]
        assert any(sound in each.split() for each in listed[word.upper()]), (sound, word)
    for word in ("colonel", "either", "blorptastic"):
        page.fill(".demo input[type=text]", word)
        answered(page, rf"^{word}: .*\. The dictionary")
        rows = page.locator(".demo-sounds > .demo-group").all()[1:]
        found = [" ".join(re.findall(r"^([A-Z]{1,2})$", row.inner_text(), re.MULTILINE)) for row in rows]
        assert found == list(dict.fromkeys(listed.get(word.upper(), []))), word
    assert "does not have this word" in page.inner_text(".demo-answer")


@pytest.mark.parametrize("protocol", ["http"])
def test_the_mark_in_the_box_is_that_of_the_recipe(visit):
    page = opened(visit, "explanation_mnist", start=False)
    greys = "each => [...each.getContext('2d').getImageData(0, 0, 5, 5).data].filter((_, i) => i % 4 === 0)"
    mark, mirrored = (np.reshape(each.evaluate(greys), (5, 5)) for each in page.locator(".demo-marks canvas").all())
    np.testing.assert_allclose(mark / 255, planted_marks.MARK.squeeze(), atol=0.01)
    np.testing.assert_array_equal(mirrored, mark[:, ::-1])


@pytest.mark.parametrize(("name", "idle"), [("vae_mnist", 16), ("autoencoder_mnist", 0)])
def test_the_sliders_stand_in_the_order_of_their_effect_and_idle_ones_are_folded(visit, name, idle):
    page = opened(visit, name)
    numbers = [int(text) - 1 for text in page.locator(".demo-code span").all_text_contents()]
    folded = [int(text) - 1 for text in page.locator("details .demo-code span").all_text_contents()]
    assert sorted(numbers) == list(range(len(numbers))) and len(folded) == idle
    whole = recipes.pretrained(name)
    encoder, decoder = (model_files.parts(name, whole)[part] for part in ("encoder", "decoder"))
    digits = np.reshape(page.evaluate("dlguide.examples().then(all => all.map(each => [...each]))"), (10, 28, 28, 1))
    means = encoder.predict((digits > 0.5) * 1.0 if name == "vae_mnist" else digits, verbose=0)
    means = means[0] if isinstance(means, list) else means
    far = float(page.locator(".demo-code input").first.get_attribute("max"))
    assert far >= np.abs(means).max()
    effects = []
    for number in range(len(numbers)):
        codes = np.repeat(means.mean(0, keepdims=True), 2, 0)
        codes[:, number] = far, -far
        low, high = 1 / (1 + np.exp(-decoder.predict_on_batch(codes.astype("float32"))))
        effects.append((np.abs(high - low).sum(), np.abs(high - low).max()))
    sums, most = np.transpose(effects)
    assert np.all(np.diff(sums[numbers]) <= 1e-3 * sums.max())
    assert sorted(folded) == list(np.flatnonzero(most <= 0.05))


def test_each_press_writes_another_text_and_a_seed_always_the_same(visit):
    page = opened(visit, "transformer_shakespeare")
    short = "each => Object.assign(each, {min: 10, step: 10, value: 10}).dispatchEvent(new Event('input'))"
    page.locator(".demo input[type=range]").nth(1).evaluate(short)
    prompt, seed, text = (page.locator(f".demo {part}") for part in ("textarea", "input[type=number]", ".demo-text"))
    assert prompt.input_value() == "JULIET\n"

    def written(act):
        assert "10 characters" in told(page, act)
        return seed.input_value(), text.inner_text()

    found = dict([written(lambda: prompt.press("Enter")), written(page.get_by_role("button", name="Write").click)])
    assert list(found) == ["1", "2"] and found["1"] != found["2"]
    assert all(each.startswith("JULIET\n") for each in found.values())
    for value, expected in found.items():
        seed.fill(value)
        assert written(lambda: seed.dispatch_event("change")) == (value, expected)
    prompt.press("Shift+Enter")
    assert prompt.input_value() == "JULIET\n\n" and seed.input_value() == "2"


def test_a_picture_opens_large_by_a_tap_and_the_keyboard(visit):
    found = visit(viewport={"width": 390, "height": 844}, has_touch=True)
    page = found.open("recipes/published/transformer_recall/index.html")
    picture, dialog = page.locator(".md-content img").first, page.locator(".zoom")
    picture.scroll_into_view_if_needed()
    small = picture.bounding_box()["width"]
    picture.tap()
    large = dialog.locator("img")
    assert large.bounding_box()["width"] > 2 * small and large.get_attribute("alt") == picture.get_attribute("alt")
    page.keyboard.press("Escape")
    assert dialog.is_hidden()
    picture.focus()
    page.keyboard.press("Enter")
    assert dialog.is_visible()
    dialog.get_by_role("button").click()
    assert dialog.is_hidden() and not found.errors


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
        best = 1 + np.argsort(-logits[1:])[:5]
        signs = {" ": "␣", "\n": "↵"}
        expected = [(signs.get(vocabulary[i], vocabulary[i]), 100 * chances[i - 1]) for i in best]
        found = [row.inner_text().split("\t") for row in rows.all()]
        assert [name for name, _ in found] == [name for name, _ in expected]
        shares = [float(text.split()[0]) for _, text in found]
        assert shares == pytest.approx([share for _, share in expected], abs=0.051)


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
