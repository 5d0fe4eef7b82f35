"""Figures that the learner moves, in Chromium from disk: their numbers, every control by the keyboard, on paper.

A new figure adds a function to `EXPECTED`: what it computes in JavaScript, and the same by NumPy or Keras.
"""

import json
import re

import keras
import numpy as np
import pytest
from scipy.optimize import minimize

pytest.importorskip("playwright")

from sklearn.cluster import KMeans

from questions import _questions
from recipes._lib.words import read_words
from tools.site import _scripts

pytestmark = pytest.mark.thorough
FIGURE = ".figure[data-state=ready]"
CONTROLS = f"{FIGURE} :is(input, .plot-handle):visible"
SHOWN = """figure => [...figure.querySelectorAll('svg, canvas, table, .demo-answer, .demo-value')]
    .map(part => part.toDataURL ? part.toDataURL() : part.outerHTML.replace(/plot-clip-\\d+| class=""/g, '')).join()"""
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
            yield f"path('{name}', {settings}).slice(0, {steps + 1})", expected


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


def activations():
    x = np.linspace(-1, 1, 201)
    curve = np.sin(np.pi * x + 1)
    for bends in (np.arange(12) / 6 - 1, [-0.65, 0.05, 0.35]):  # Equally spaced; below 0.04, as the page promises.
        columns = np.column_stack([np.ones(201), np.maximum(x[:, None] - bends, 0)])
        weights = np.linalg.lstsq(columns, curve)[0]
        error = np.sqrt(np.mean((columns @ weights - curve) ** 2))
        call = f"fit('relu', {list(map(float, bends))})"
        yield f"{call}.weights", weights[1:]
        yield f"{call}.error", error
    assert error < 0.04
    yield "fit('relu', [-0.65, 0.05, 0.05, 0.35]).error", error  # Two units that bend at one place are one.
    yield "equal(12)", np.arange(12) / 6 - 1
    line = np.polyfit(x, curve, 1)
    for count in (1, 7):
        yield f"fit('none', dlguide.figures.activations.equal({count})).weights", np.full(count, line[0] / count)
        yield f"fit('none', dlguide.figures.activations.equal({count})).error", np.std(curve - np.polyval(line, x))


def largest_margin(points, classes):
    """Return the smallest weights with a score of at least 0.5 on the right side, if there are any."""
    sides = np.where(classes, 1, -1)[:, None] * np.column_stack([points, np.ones(len(points))])
    right = {"type": "ineq", "fun": lambda neuron: sides @ neuron - 0.5, "jac": lambda neuron: sides}
    size = {"fun": lambda neuron: sum(neuron[:2] ** 2), "jac": lambda neuron: np.append(2 * neuron[:2], 0)}
    return minimize(**size, x0=np.zeros(3), constraints=right, options={"ftol": 1e-12})


def multilayer():
    yield "unitOf([[-0.4, 0.4], [0.4, -0.4]])", [1, 1, 0]  # The page's example by hand: h₁, h₂, the table, y.
    yield "unitOf([[0.3, 0.7], [0.7, 0.3]])", [1, 1, -1]
    table = np.array([[0, 0], [1, 0], [1, 0], [2, 1]])
    yield "INPUTS.map((point) => dlguide.figures.multilayer.features([[1, 1, 0], [1, 1, -1]], point))", table
    yield f"separating({table.tolist()})", [1, -2, -0.5]
    inputs, classes, rng = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), [0, 1, 1, 0], np.random.default_rng(0)
    found = []
    for _ in range(12):
        weights, biases = rng.normal(1, 0.5, (2, 2)), rng.normal([0, -1], 0.5)  # Around the example.
        features = np.maximum(inputs @ weights + biases, 0)
        best = largest_margin(features, classes)
        found.append(best.success)
        yield f"separating({features.tolist()}) ?? [0, 0, 0]", best.x if best.success else [0, 0, 0]
        neuron = np.append(weights[:, 0], biases[0])
        right = sum((inputs @ neuron[:2] + neuron[2] > 0) == classes)
        yield f"right({neuron.tolist()}, dlguide.figures.multilayer.INPUTS)", right
    assert 3 <= sum(found) <= 9


def uniforms(seed, count):
    """Return the numbers of `dlguide.widgets.random` (mulberry32)."""
    found = []
    for i in range(1, count + 1):
        state = (seed + i * 0x6D2B79F5) % 2**32
        mixed = (state ^ state >> 15) * (state | 1) % 2**32
        mixed ^= (mixed + (mixed ^ mixed >> 7) * (mixed | 61)) % 2**32
        found.append((mixed ^ mixed >> 14) / 2**32)
    return np.array(found)


def dropout():
    h, w = np.array([2, 4]), np.array([1, 0.5])
    for rate, outputs, variance in ((0.5, [0, 4, 4, 8], 8), (0.25, [0, 8 / 3, 8 / 3, 16 / 3], 8 / 3)):  # On the page.
        settings = json.dumps({"rate": rate, "weights": w.tolist(), "seed": 5})
        yield f"subNetworks({settings}).map(({{ output }}) => output)", outputs
        probabilities = [rate**2, rate * (1 - rate), rate * (1 - rate), (1 - rate) ** 2]
        yield f"subNetworks({settings}).map(({{ probability }}) => probability)", probabilities
        yield f"variance({settings})", variance
        assert np.isclose(probabilities @ (np.array(outputs) - 4) ** 2, variance)
        keras.utils.set_random_seed(0)
        layer = keras.layers.Dropout(rate)
        kept = np.array(layer(np.tile(h, (200, 1)).astype("float32"), training=True))
        assert np.allclose(np.unique((kept @ w).round(4)), np.unique(outputs), atol=1e-4)
        dropped = h * (uniforms(5, 200).reshape(100, 2) >= rate) / (1 - rate)
        yield f"means({settings})", np.cumsum(dropped @ w) / np.arange(1, 101)
    yield 'variance({"rate": 0.5, "weights": [2, 0]})', 16  # Twice that of (1, 0.5), as the figure says.


def polynomial():
    one, other = uniforms(3, 40 * 30).reshape(30, 20, 2).transpose(2, 0, 1)
    x, between = np.linspace(-1, 1, 20), np.linspace(-1, 1, 201)
    noise = np.sqrt(-2 * np.log(1 - one)) * np.cos(2 * np.pi * other)
    y, truth = np.sin(np.pi * x + 1) + 0.5 * noise, np.sin(np.pi * between + 1)
    samples = "samples({ points: 20, count: 30, seed: 3 })"
    yield samples, y
    degrees, js = range(13), "dlguide.figures.polynomial"
    fits = [np.polyfit(x, y.T, degree) for degree in degrees]  # A column for each sample.
    curves = np.array([[np.polyval(weights, between) for weights in each.T] for each in fits])
    training = [np.mean((np.polyval(each[:, 0], x) - y[0]) ** 2) for each in fits]
    test = ((curves[:, 0] - truth) ** 2).mean(axis=1) + 0.25  # New targets have noise of this variance, as on the page.
    bias = ((curves.mean(axis=1) - truth) ** 2).mean(axis=1)
    for key, errors in (("training", training), ("test", test)):
        yield f"byDegree({js}.{samples}[0]).map((each) => each.{key})", errors
    for key, errors in (("bias", bias), ("variance", curves.var(axis=1).mean(axis=1))):
        yield f"tradeoff({js}.{samples}).map((each) => each.{key})", errors


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
EXPECTED |= {each.__name__: each for each in (activations, multilayer, dropout, polynomial)}
EXPECTED |= {each.__name__: each for each in (lstm, self_attention, vae, clustering)}


def opened(visit, name, language="", **settings):
    """Return the page of a figure when it is there, and the visit."""
    found = visit(viewport={"width": 1200, "height": 1000}, **settings)
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
