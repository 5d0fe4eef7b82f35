"""Figures that the learner moves, in Chromium from disk: their numbers, every control by the keyboard, on paper.

A new figure adds a function to `EXPECTED`: what it computes in JavaScript, and the same by NumPy or Keras.
"""

import json
import re

import keras
import numpy as np
import pytest

pytest.importorskip("playwright")

from scipy.optimize import minimize
from sklearn.cluster import KMeans

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


def keras_states(layer, weights, inputs, start=None):
    """Return all states of a recurrent layer with one unit after each input."""
    layer = layer(1, return_state=True, dtype="float64")
    layer.build((None, None, 2))
    layer.set_weights([np.reshape(part, now.shape) for part, now in zip(weights, layer.weights, strict=True)])
    start = None if start is None else [np.reshape(state, (1, 1)) for state in start]
    steps = range(1, len(inputs) + 1)
    return np.array([layer(inputs[None, :step], initial_state=start)[1:] for step in steps])[..., 0, 0]


def lstm():
    rng, own = np.random.default_rng(0), "dlguide.figures.lstm"
    inputs = np.stack([rng.random(8), [0, 1, 0, 0, 1, 0, 0, 0]], axis=1)
    text = json.dumps(inputs.tolist())
    for name, layer, units, shown in (
        ("lstm", keras.layers.LSTM, 4, ".map(({h, c}) => [h, c])"),
        ("simple", keras.layers.SimpleRNN, 1, ".map((h) => [h])"),
    ):
        shapes = {"kernel": (2, units), "recurrent": units, "bias": units}
        weights = {key: rng.normal(size=shape) for key, shape in shapes.items()}
        given = json.dumps({key: part.tolist() for key, part in weights.items()})
        yield f"{name}({given}, {text}){shown}", keras_states(layer, weights.values(), inputs)
    # What is left of the memory cell after the second step: its derivatives.
    preset = [[[0, 0, 1, 0], [12, -12, 0, 12]], [0, 0, 0, 0], [-6, 1, 0, -6]]
    ends = [keras_states(keras.layers.LSTM, preset, inputs[2:], [0, c])[:, 1] for c in (0.5, 0.6)]
    gates = f"{own}.lstm({own}.weights('replace', 1), {text}).map(({{f}}) => f)"
    yield f"left({gates}, 1)", [1, *np.subtract(*ends[::-1]) / 0.1]


def self_attention():
    rng, own = np.random.default_rng(0), "dlguide.figures.self_attention"
    query, keys, values = (rng.normal(size=(1, count, 1, 6)) for count in (1, 4, 4))
    asked, labels, contents = (json.dumps(each[0, :, 0].tolist()) for each in (query, keys, values))
    expected = np.array(keras.ops.dot_product_attention(query, keys, values)).ravel()
    yield f"read({own}.attend({asked}[0], {labels}, Math.sqrt(6)), {contents})", expected
    yield f"attend({asked}[0], {labels}, 1)", np.array(keras.ops.softmax(keys[0, :, 0] @ query[0, 0, 0]))
    wide = "widened([[1, 2], [3, 4]], 1024)"
    yield f"{wide}.map((vector) => [vector.length, ...vector.slice(0, 2)])", [[1024, 1, 2], [1024, 3, 4]]
    # The further entries have about the mean 0 and the variance 1, and the two vectors are independent.
    dot = "((a, b) => a.slice(2).reduce((sum, value, i) => sum + value * b[i + 2], 0) / 1022)"
    for pair, size in (("[0, 0]", 1), ("[1, 1]", 1), ("[0, 1]", 0)):
        is_near = f"(([i, j]) => Math.abs({dot}({own}.{wide}[i], {own}.{wide}[j]) - {size}) < 0.15)({pair})"
        yield f"attend && {is_near}", True


def vae():
    points = np.random.default_rng(0).normal(size=(12, 2)) @ [[2.0, 1.0], [0.0, 1.0]]
    variances = np.linalg.eigvalsh(np.cov(points.T, bias=True))[::-1]

    def terms(numbers):
        """Return the two terms of the loss of a linear VAE, as the page writes them."""
        encoder, decoder, (log_deviations, middle) = (part.reshape(2, 2) for part in np.split(numbers, 3))
        codes, noise = (points - middle) @ encoder, np.exp(2 * log_deviations)
        squares = ((points - middle - codes @ decoder) ** 2).sum(axis=1) + (noise @ decoder**2).sum()
        return np.array([squares.mean() / (2 * 0.25), (codes**2 + noise - 1 - np.log(noise)).sum(axis=1).mean() / 2])

    for beta in (0.5, 1.0, 6 * variances[1]):  # At the last, one number of the code is not used.
        start = np.random.default_rng(1).normal(size=12)
        found = minimize(lambda numbers, weight: terms(numbers) @ [1, weight], start, args=(beta,), tol=1e-6)
        model = f"dlguide.figures.vae.best({points.tolist()}, {beta})"
        yield f"best && [{model}.error, {model}.kl]", terms(found.x)
        yield f"best && {model}.deviations", np.sqrt(np.minimum(1, beta * 0.25 / variances))
        encoder, decoder, (_, middle) = (part.reshape(2, 2) for part in np.split(found.x, 3))
        yield f"best && {model}.means.map({model}.decode)", (points - middle) @ encoder @ decoder + middle
    for deviation in (0.51, 0.49):
        call = f"isCovered([1, 2], {{means: [[1, 1]], deviations: [1, {deviation}]}})"
        yield call, deviation > 0.5


def clustering():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(60, 2)) + rng.choice([0, 3, 6], size=(60, 2))
    text = json.dumps(points.tolist())
    for count in (2, 3, 4):
        first = points[:count]
        expected = KMeans(count, init=first, n_init=1, tol=0).fit(points)
        call = f"kmeans({text}, {json.dumps(first.tolist())}, 60)"
        yield f"{call}.centres", expected.cluster_centers_
        yield f"{call}.labels", expected.labels_
        yield f"{call}.sums.at(-1)", expected.inertia_
        yield f"bestSum({text}, {count})", KMeans(count, n_init=50, random_state=0).fit(points).inertia_
    printed = re.search(r"fell from \$(\d+)\$ to \$([\d.]+)\$", TEXTS["clustering"]).groups()
    by_hand = "kmeans([[1], [2], [6], [7], [9]], [[1], [2]], 4)"
    yield f"{by_hand}.sums.map((sum) => Math.round(100 * sum) / 100)", [float(printed[0]), 26, 11, float(printed[1])]


EXPECTED = {each.__name__: each for each in (gradient_descent, momentum, adam, convolution)}
EXPECTED |= {each.__name__: each for each in (lstm, self_attention, vae, clustering)}


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


def test_a_number_that_is_clicked_or_marked_by_the_keyboard_changes_the_cell(visit):
    page, _ = opened(visit, "lstm")
    handle, answer = page.locator(".plot-handle"), page.locator(".demo-answer")
    assert "at step 2" in answer.inner_text() and handle.get_attribute("aria-valuetext") == "step 2: 0.7, marked"
    handle.press(" ")
    assert "at step 5" in answer.inner_text() and handle.get_attribute("aria-valuetext") == "step 2: 0.7"
    handle.scroll_into_view_if_needed()
    box = page.locator(".plot").first.bounding_box()
    for height, text in ((26 / 170, "step 1: 1.0"), (0.75, "step 1: 1.0, marked")):  # The top; the row of the marks.
        page.mouse.click(box["x"] + box["width"] * 61 / 360, box["y"] + box["height"] * height)
        assert handle.get_attribute("aria-valuetext") == text
    assert "at step 1" in answer.inner_text()


def test_moving_a_letter_changes_no_weight(visit):
    page, _ = opened(visit, "self_attention")
    answer = page.locator(".demo-answer")
    weights = sorted(re.findall(r"[\d.]+ v\(\w\)", answer.inner_text()))
    page.get_by_role("button", name="Move the first letter to the end").click()
    assert sorted(re.findall(r"[\d.]+ v\(\w\)", answer.inner_text())) == weights and len(weights) == 4
    assert answer.inner_text().endswith("v(h).")


def test_points_are_added_and_a_start_in_one_group_ends_in_a_local_minimum(visit):
    page, _ = opened(visit, "clustering")
    answer, points = page.locator(".demo-answer"), page.locator(".figure circle[r='4']")
    steps = page.get_by_label("steps", exact=True)
    steps.press("End")
    assert "nothing changes" in answer.inner_text() and "local" not in answer.inner_text()
    page.get_by_label("two in one group").check()
    steps.press("End")
    assert "local minimum" in answer.inner_text()
    page.get_by_role("button", name="Remove all points").click()
    assert points.count() == 0
    page.locator(".plot-handle").first.press(" ")
    page.locator(".plot").first.click(position={"x": 60, "y": 60})
    assert points.count() == 2
