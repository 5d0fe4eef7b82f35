"""Figures that the learner moves, in Chromium from disk: their numbers, every control by the keyboard, on paper.

A new figure adds a function to `EXPECTED`: what it computes in JavaScript, and the same by NumPy or Keras.
"""

import json
import re

import keras
import numpy as np
import pytest

pytest.importorskip("playwright")

from questions import _questions
from recipes._lib.words import read_words
from tools.site import _scripts

pytestmark = pytest.mark.thorough
FIGURE = ".figure[data-state=ready]"
CONTROLS = f"{FIGURE} :is(input, .plot-handle)"
SHOWN = """figure => [...figure.querySelectorAll('svg, canvas, table, .demo-answer, .demo-value')]
    .map(part => part.toDataURL ? part.toDataURL() : part.outerHTML.replace(/plot-clip-\\d+/g, '')).join()"""
TEXTS = {name: _questions.question(name).page("en").read_text(encoding="utf-8") for name in _questions.names()}
QUESTIONS = {found: name for name, text in TEXTS.items() for found in re.findall(r"<!-- figure (\w+) -->", text)}


def gradient_descent():
    for rate in (0.45, 0.5, 0.55):
        settings = {"rate": rate, "curvature": 4, "start": -1.2, "steps": 20}
        yield f"path({json.dumps(settings)})", -1.2 * (1 - rate * 4) ** np.arange(21)


def keras_path(optimizer, curvatures, start, steps):
    """Return the weights before and after each step on a quadratic loss with these curvatures."""
    weights = keras.Variable(np.array(start), dtype="float64")  # Keras still rounds 0.999 to 32 bits.
    found = [np.array(weights)]
    for _ in range(steps):
        optimizer.apply([np.array(curvatures) * weights], [weights])
        found.append(np.array(weights))
    return found


def momentum():
    for rate, beta in ((2 / 31, 0.0), (0.06, 0.7)):
        settings = {"rate": rate, "momentum": beta, "kappa": 30, "steps": 40}
        optimizer = keras.optimizers.SGD(rate, momentum=beta)
        yield f"path({json.dumps(settings)})", keras_path(optimizer, [1.0, 30.0], [-1.0, 1.0], 40)
    printed = re.search(r"momentum 0.00: (\d+) steps\nmomentum 0.67: (\d+) steps", TEXTS["momentum"]).groups()
    yield "stepsNeeded({kappa: 100, rate: dlguide.figures.momentum.best(100).plain, momentum: 0})", int(printed[0])
    yield "stepsNeeded({kappa: 100, ...dlguide.figures.momentum.best(100)})", int(printed[1])
    yield "stepsNeeded({kappa: 10, rate: 0.21, momentum: 0}) ?? -1", -1  # Past the limit 2/10.


def adam():
    for ratio, rate in ((100, 0.1), (10, 0.6)):
        settings = json.dumps({"ratio": ratio, "rate": rate, "steps": 40})
        for name, optimizer in (("sgd", keras.optimizers.SGD(rate)), ("adam", keras.optimizers.Adam(rate))):
            steps = 3 if rate > 0.5 and name == "sgd" else 40  # It diverges.
            expected = keras_path(optimizer, [4, 4 / ratio], [1.0, 1.0], steps)
            yield f"{name}({settings}).slice(0, {steps + 1})", expected


def convolution():
    rng = np.random.default_rng(0)
    image, weights = rng.integers(0, 2, (12, 12)), rng.normal(size=(3, 3))
    x, kernel = image.astype("float32")[None, ..., None], weights.astype("float32")[..., None, None]
    output = np.array(keras.ops.conv(x, kernel, padding="valid"))[0, ..., 0]
    flat = json.dumps(weights.ravel().tolist())
    yield f"convolve({image.tolist()}, {flat})", output
    # A shift by one row and two columns: the output moves as far, but for what comes in at the edge.
    moved = f"dlguide.figures.convolution.shifted({image.tolist()}, 1, 2)"
    yield f"convolve({moved}, {flat}).slice(1).map((row) => row.slice(2))", output[:-1, :-2]


EXPECTED = {each.__name__: each for each in (gradient_descent, momentum, adam, convolution)}


def opened(visit, name, language="", **settings):
    """Return the page of a figure when it is there, and the visit."""
    found = visit(viewport={"width": 1200, "height": 1000}, **settings)
    found.page.route("**/search.js", lambda route: route.fulfill(body=""))  # For time: it has tests of its own.
    page = found.open(f"{language}questions/{QUESTIONS[name]}/index.html")
    page.wait_for_selector(FIGURE)
    return page, found


def test_every_figure_is_tested():
    assert set(EXPECTED) == set(QUESTIONS)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_figure_computes_what_numpy_or_keras_does_moves_by_the_keyboard_and_is_still_on_paper(visit, name):
    language = ["", "zh/"][list(QUESTIONS).index(name) % 2]  # For time: the other figures in the other language.
    page, found = opened(visit, name, language, reduced_motion="reduce")
    for call, expected in EXPECTED[name]():
        values = page.evaluate(f"dlguide.figures.{name}.{call}")
        np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-5, err_msg=call)
    texts = read_words(_scripts.HERE / "figures/words.csv", "zh" if language else "en")
    assert all(texts[f"{name}.{line}"] in page.locator(FIGURE).inner_text() for line in ("try", "see"))
    move_each_control(page, texts)
    page.emulate_media(media="print")
    still = page.locator(f"img[src='diagram{'.zh' if language else ''}.svg']")
    assert still.is_visible() and not page.locator(".figure-live").is_visible()
    assert found.errors == [] and found.outside == []


def move_each_control(page, texts):
    """Move each by the keyboard: what the figure shows must change, and the button "Reset" must bring it back."""
    figure, reset = page.locator(FIGURE), page.get_by_role("button", name=texts["figure_reset"], exact=True)
    first = figure.evaluate(SHOWN)
    for control in page.locator(CONTROLS).all():
        what = control.evaluate("each => each.outerHTML")
        if 'type="radio"' in what and not control.is_checked():
            continue  # The arrow keys lead from the chosen one to the others.
        for key in ("ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowUp", "ArrowDown"):
            control.press(key)
            if is_changed := figure.evaluate(SHOWN) != first:
                break
        assert is_changed, what
        reset.press("Enter")
        assert figure.evaluate(SHOWN) == first, what
    for key in ("figure_next", "figure_play"):  # With less motion, playing is a jump to the end.
        if (button := page.get_by_role("button", name=texts[key], exact=True)).count():
            before = figure.evaluate(SHOWN)
            button.press("Enter")
            assert figure.evaluate(SHOWN) != before, key


def test_without_javascript_the_still_picture_shows_alone(visit):
    found = visit(java_script_enabled=False)
    for name in ("momentum", "adam"):  # In its place; below it.
        page = found.open(f"questions/{name}/index.html")
        assert page.locator("img[src='diagram.svg']").is_visible() and page.locator(".figure-live").count() == 0
        assert page.locator(".figure").evaluate("each => getComputedStyle(each).borderTopWidth") == "0px"


def test_a_figure_plays_step_by_step_until_its_end_or_a_pause(visit):
    page, _ = opened(visit, "gradient_descent")
    play, steps = page.get_by_role("button", name="Play"), page.get_by_label("steps", exact=True)
    play.click()
    page.wait_for_function("name => document.querySelector(name).innerText.includes('After 11 steps')", arg=FIGURE)
    page.get_by_role("button", name="Pause").click()
    paused = int(steps.input_value())
    page.wait_for_timeout(400)
    assert 11 <= int(steps.input_value()) == paused < 20
    play.click()
    page.wait_for_function("name => document.querySelector(name).innerText.includes('After 20 steps')", arg=FIGURE)
    assert play.is_visible()


def test_a_point_is_dragged_by_the_mouse(visit):
    page, _ = opened(visit, "gradient_descent")
    handle = page.locator(".plot-handle")
    handle.scroll_into_view_if_needed()
    box, plot = handle.bounding_box(), page.locator(".plot").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(plot["x"] + plot["width"], box["y"])  # Past the right end of the axis, which is 2.
    page.mouse.up()
    assert handle.get_attribute("aria-valuetext") == "w = 2.0"
    page.mouse.move(plot["x"] + plot["width"] / 2, box["y"])  # Not pressed any more.
    assert handle.get_attribute("aria-valuetext") == "w = 2.0"


def test_a_pixel_that_is_clicked_or_painted_by_the_keyboard_changes_the_output(visit):
    page, _ = opened(visit, "convolution")
    paper, handle, answer = page.locator(".figure-paper"), page.locator(".plot-handle"), page.locator(".demo-answer")
    assert "row 8, column 7: 3" in handle.get_attribute("aria-valuetext")
    handle.press("ArrowRight")
    assert "row 8, column 8: 0" in handle.get_attribute("aria-valuetext")
    handle.press(" ")  # The middle pixel: its weight is 0.
    assert answer.inner_text().endswith("= 0") and "row 8, column 8: 0" in handle.get_attribute("aria-valuetext")
    box = page.locator(".figure-paper .plot-window").bounding_box()
    side = box["width"] / 3
    page.mouse.move(box["x"] + side / 2, box["y"] + side / 2)  # The first pixel under the filter: its weight is 1.
    page.mouse.down()
    page.mouse.move(box["x"] + side / 2, box["y"] + 1.5 * side)
    page.mouse.up()
    assert answer.inner_text().endswith("= 2") and paper.is_visible()
    page.get_by_label("horizontal edges").check()
    # Top row 1 0 0 minus bottom row 0 0 0.
    assert answer.inner_text().endswith("= 1")
