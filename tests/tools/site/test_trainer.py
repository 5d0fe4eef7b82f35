"""Train a network yourself: its network against Keras, what the controls do, the page by keyboard and on a phone."""

import re

import keras
import numpy as np
import pytest
from scipy import stats

from tests.tools.site.conftest import FOLDER
from tools import ROOT

pytest.importorskip("playwright")

from recipes._lib.words import read_words
from tools.site import _scripts

pytestmark = pytest.mark.thorough
SETTINGS = {
    "layers": 2, "units": 8, "activation": "relu", "batchNorm": False, "residual": False,
    "dropout": 0, "l2": 0, "initial": "glorot", "optimizer": "sgd", "rate": 0.1,
}  # fmt: skip
OPTIMIZERS = {
    "sgd": lambda rate: keras.optimizers.SGD(rate),
    "momentum": lambda rate: keras.optimizers.SGD(rate, momentum=0.9),
    "adam": lambda rate: keras.optimizers.Adam(rate),
}
CASES = {
    "plain": {},
    "tanh, Adam": {"activation": "tanh", "optimizer": "adam", "rate": 0.01},
    "batch normalisation": {"batchNorm": True},
    "L2, sigmoid, momentum": {"l2": 0.01, "activation": "sigmoid", "optimizer": "momentum"},
    "residual, SiLU": {"layers": 4, "residual": True, "activation": "silu", "rate": 0.03},
    "all at once": {"batchNorm": True, "residual": True, "l2": 0.001, "optimizer": "adam", "rate": 0.003, "layers": 3},
    "regression": {"regression": True, "optimizer": "momentum", "rate": 0.01},
    "no hidden layer": {"layers": 0},
}
READY = ".figure[data-figure=trainer][data-state=ready]"
DEVIATIONS = {"glorot": (2 / 90) ** 0.5, "he": (2 / 40) ** 0.5, "large": 3, "small": 0.01, "zero": 0}
"""Of the first weights of a layer of 50 units with 40 inputs."""
TRAIN = """({inputs, regression, settings, weights, batches, x}) => {
    const network = new dlguide.trainer.Network(inputs, regression, settings, Math.random);
    const tables = network.layers.flatMap((layer) => layer.weights);
    tables.forEach(({value}, i) => value.set(weights[i]));
    const losses = batches.map(([x, y]) => network.step(Float64Array.from(x), Float64Array.from(y)));
    return [losses, tables.map(({value}) => [...value]), [...network.outputs(Float64Array.from(x), x.length / inputs)]];
}"""


def keras_network(inputs, settings):
    """Return the network of the page, of Keras's layers."""
    penalty = keras.regularizers.L2(settings["l2"]) if settings["l2"] else None
    x = start = keras.Input((inputs,))
    for _ in range(settings["layers"]):
        before, is_normalised = x, settings["batchNorm"]
        x = keras.layers.Dense(settings["units"], use_bias=not is_normalised, kernel_regularizer=penalty)(x)
        x = keras.layers.BatchNormalization(momentum=0.9)(x) if is_normalised else x
        x = keras.layers.Activation(settings["activation"])(x)
        is_shortcut = settings["residual"] and before.shape == x.shape
        x = keras.layers.Add()([before, x]) if is_shortcut else x
    return keras.Model(start, keras.layers.Dense(1, kernel_regularizer=penalty)(x))


def keras_training(case):
    """Train 100 steps; return what the page needs to do the same, and the losses, weights and outputs of Keras."""
    settings = SETTINGS | case
    is_regression, inputs = settings.pop("regression", False), 1 if "regression" in case else 2
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(100, 16, inputs)).astype("float32")
    y = np.sin(2 * x[:, :, 0]) if is_regression else (x[:, :, 0] * x[:, :, 1] > 0).astype("float32")
    model = keras_network(inputs, settings)
    trained = [weight.path for weight in model.trainable_weights]
    first = [np.ravel(weight).tolist() for weight in model.trainable_weights]
    loss = "mse" if is_regression else keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(OPTIMIZERS[settings["optimizer"]](settings["rate"]), loss, metrics=[loss])  # Without the penalty.
    losses = [model.train_on_batch(*batch)[1] for batch in zip(x, y[..., None], strict=True)]
    given = {
        "inputs": inputs, "regression": is_regression, "settings": settings, "weights": first,
        "batches": [[a.ravel().tolist(), b.tolist()] for a, b in zip(x, y, strict=True)], "x": x[0].ravel().tolist(),
    }  # fmt: skip
    assert trained == [weight.path for weight in model.trainable_weights]
    weights = [np.ravel(weight) for weight in model.trainable_weights]
    return given, (losses, weights, np.ravel(model.predict_on_batch(x[0])))


@pytest.fixture(scope="module")
def trainer(browser):
    """Return the page, with nothing that trains: its functions are called."""
    page = browser.new_page(viewport={"width": 1200, "height": 1000})
    page.goto(f"file://{FOLDER}/docs/train_in_page.html")
    page.wait_for_selector(READY)
    return page


@pytest.mark.parametrize("name", CASES)
def test_the_network_of_the_page_trains_as_that_of_keras(trainer, name):
    given, (losses, weights, outputs) = keras_training(CASES[name])
    found = trainer.evaluate(TRAIN, given)
    np.testing.assert_allclose(found[0], losses, atol=1e-4)
    for table, expected in zip(found[1], weights, strict=True):
        np.testing.assert_allclose(table, expected, atol=1e-4)
    np.testing.assert_allclose(found[2], outputs, atol=1e-4)
    assert np.abs(weights[-2] - np.reshape(given["weights"][-2], weights[-2].shape)).max() > 0.01  # It did train.


def test_dropout_keeps_the_mean_and_drops_its_share(trainer):
    """By a layer whose units are all 1 without it."""
    out = np.array(
        trainer.evaluate("""() => {
        const layer = new dlguide.trainer.Layer(1, 5000, {...dlguide.trainer.FIRST, dropout: 0.3}, false, Math.random);
        layer.kernel.value.fill(1);
        return [...layer.forward([1], 1, true)];
    }""")
    )
    assert np.unique(out) == pytest.approx([0, 1 / 0.7]) and (out == 0).mean() == pytest.approx(0.3, abs=0.04)


@pytest.mark.parametrize("initial, deviation", DEVIATIONS.items())
def test_first_weights_have_their_deviation(trainer, initial, deviation):
    make = """(initial) => {
        const settings = { ...dlguide.trainer.FIRST, initial };
        return [...new dlguide.trainer.Layer(40, 50, settings, false, Math.random).kernel.value];
    }"""
    weights = np.array(trainer.evaluate(make, initial))
    assert weights.std() == pytest.approx(deviation, rel=0.05) and abs(weights).max() <= 3**0.5 * deviation


def test_the_band_is_the_prediction_interval(trainer):
    for count in range(2, 11):
        x = np.random.default_rng(count).normal(size=count)
        half = stats.t.ppf(0.975, count - 1) * x.std(ddof=1) * (1 + 1 / count) ** 0.5
        found = trainer.evaluate("values => dlguide.trainer.interval(values)", x.tolist())
        expected = {"mean": x.mean(), "low": x.mean() - half, "high": x.mean() + half}
        assert found == pytest.approx(expected, rel=1e-3), count


def scores(page, settings, steps=600):
    """Train three seeds; return their mean scores and what the layers of the first show."""
    return page.evaluate(
        """([given, steps]) => {
        const { prepare, Runs, mean, FIRST } = dlguide.trainer, settings = { ...FIRST, seeds: 3, ...given };
        const runs = new Runs(prepare(settings, []), settings);
        const score = (part, name) => mean(runs.values(part, name));
        const first = score("validation", "loss");
        while (runs.steps < steps) runs.advance();
        const [{ network }] = runs.runs, { x, y } = runs.data.training;
        return {
            first, failed: runs.failed, loss: score("training", "loss"), valid: score("validation", "loss"),
            accuracy: score("validation", "accuracy"), gradients: network.gradientNorms(),
            dead: Math.max(0, ...network.deadShares(x, y.length)),
            mended: Object.keys(dlguide.trainer.PRESETS).filter((p) => dlguide.trainer.isMended(p, runs)),
        };
    }""",
        [settings, steps],
    )


GUESS = pytest.approx(np.log(2), abs=0.02)
SIGNS = {
    "zero": (lambda s: s["valid"] == GUESS and s["dead"] == 1 and s["gradients"][0] == 0, {"initial": "he"}),
    "rate_high": (lambda s: s["failed"] == 3, {"rate": 0.1}),
    "rate_low": (lambda s: 0 < s["first"] - s["valid"] < 0.05, {"rate": 0.3}),
    "unscaled": (lambda s: s["first"] > 2 and s["dead"] > 0.5 and s["accuracy"] < 0.8, {"standardise": True}),
    "sigmoid": (lambda s: s["valid"] == GUESS and np.all(np.diff(s["gradients"]) > 0), {"batchNorm": True}),
    "dead": (lambda s: s["dead"] == 1 and s["accuracy"] == 0.5, {"rate": 0.3}),
    "linear": (lambda s: s["loss"] == GUESS and s["valid"] == GUESS, {"layers": 2}),
    "overfitting": (lambda s: s["loss"] < 0.05 and s["valid"] > 2, {"l2": 0.01}),
    "labels": (lambda s: s["loss"] < 0.4 and s["valid"] > 1 and abs(s["accuracy"] - 0.5) < 0.1, {"shuffle": False}),
    "penalty": (lambda s: s["valid"] == GUESS and s["accuracy"] == 0.5, {"l2": 0.001}),
    "dropout": (lambda s: s["valid"] > 0.5, {"dropout": 0.1}),
}  # fmt: skip
"""Of each preset: the sign that the page names, and a change that mends it."""


@pytest.mark.parametrize("name", SIGNS)
def test_a_preset_shows_its_sign_and_can_be_mended(trainer, name):
    [broken, _] = trainer.evaluate("name => dlguide.trainer.PRESETS[name]", name)
    has_sign, cure = SIGNS[name]
    found = scores(trainer, broken)
    assert has_sign(found) and name not in found["mended"], found
    assert name in scores(trainer, broken | cure)["mended"]


def test_squares_and_product_are_inputs_with_which_a_network_without_hidden_layer_learns_xor(trainer):
    prepared = """(standardise) => {
        const { prepare, FIRST } = dlguide.trainer;
        const { inputs, training, encode } = prepare({ ...FIRST, squares: true, standardise }, []);
        return [inputs, training.points.map(({ x }) => x), [...training.x], [...encode([[0.5, -2]])]];
    }"""
    for standardise in (False, True):
        inputs, points, x, far = trainer.evaluate(prepared, standardise)
        first, second = np.array([*points, [0.5, -2]]).T
        expected = np.stack([first, second, first**2, second**2, first * second], 1)
        if standardise:
            expected = (expected - expected[:-1].mean(0)) / expected[:-1].std(0)
        np.testing.assert_allclose([*x, *far], expected.ravel(), atol=1e-9)
        assert inputs == 5
    for data in ("xor", "circles"):
        straight, curved = [scores(trainer, {"data": data, "layers": 0, "squares": each}) for each in (False, True)]
        assert straight["accuracy"] < 0.7 and curved["accuracy"] > 0.95


def test_the_page_explains_every_preset(trainer):
    keys = trainer.evaluate("Object.keys(dlguide.trainer.PRESETS)")
    assert keys == list(SIGNS)
    for language in ("", "zh."):
        text = (ROOT / f"docs/train_in_page.{language}md").read_text("utf-8")
        assert re.findall(r'^\| <a id="preset=(\w+)" href="#preset=(\w+)">', text, re.M) == [(key, key) for key in keys]


def opened(visit, hash="", language="", **settings):
    found = visit(**{"viewport": {"width": 1200, "height": 1000}, **settings})
    page = found.open(f"{language}docs/train_in_page.html{hash}")
    page.wait_for_selector(READY)
    return page, found


def steps(page):
    return page.evaluate("dlguide.figures.trainer.runs.steps")


@pytest.mark.parametrize("language, width", [("", 1200), ("zh/", 390)])
def test_a_reader_breaks_the_training_by_a_link_and_mends_it_by_the_keyboard(visit, language, width):
    page, found = opened(visit, "#preset=rate_low", language, viewport={"width": width, "height": 844})
    press = lambda name, key: (page.get_by_role("button", name=re.compile(name)).focus(), page.keyboard.press(key))  # noqa: E731
    press("^(Step|走一步)$", "Enter")
    assert steps(page) == 1
    rate = page.get_by_label(re.compile("^(learning rate|学习率)$"))
    for _ in range(6):
        rate.press("ArrowRight")
    assert steps(page) == 0 and "rate=0.3" in page.url
    page.get_by_label(re.compile("^(steps a second|每秒步数)$")).select_option("1000")
    press("^(Play|播放)$", " ")
    page.wait_for_selector("text=/Mended!|修好了！/", timeout=20_000)
    press("^(Pause|暂停)$", " ")
    stopped = steps(page)
    assert stopped > 10 and page.evaluate("document.documentElement.scrollWidth") <= width
    page.wait_for_timeout(200)
    assert steps(page) == stopped and not found.errors


COME = "Math.abs(document.querySelector('.figure').getBoundingClientRect().y - 56) < 40"
"""Whether the figure stands below the head of the page, as after opening an address with settings."""
WHERE = """control => {
    const head = document.querySelector(".md-header").getBoundingClientRect().bottom;
    const isSeen = (part) => {
        const { x, y, right, bottom } = part.getBoundingClientRect();
        const ends = [[x + 4, y + 4], [right - 4, y + 4], [x + 4, bottom - 4]];
        return y >= head && bottom <= innerHeight && ends.every(at => {
            const found = document.elementFromPoint(...at);
            return part.contains(found) || part.parentElement.contains(found);
        });
    };
    const names = [".trainer-bar", ".trainer-map .plot", ".trainer-pictures > .plot"];
    return [control, ...names.slice(0, innerWidth < 500 ? 1 : 3).map(name => document.querySelector(name))].map(isSeen);
}"""
"""Whether a control, and what shows its effect, is on the screen with nothing above it."""


@pytest.mark.parametrize("width, height, language", [(1280, 800, ""), (800, 1000, "zh/"), (390, 844, "zh/")])
def test_while_a_setting_moves_its_effect_stays_in_view(visit, width, height, language):
    page, _ = opened(visit, "#preset=overfitting", language, viewport={"width": width, "height": height})
    page.wait_for_function(COME)
    settings = page.locator(".trainer-settings :is(input, select)").all()
    assert len(settings) == 19
    for control in (settings[0], *settings[5::4], settings[-1], settings[4]):  # Downwards, and up again.
        control.focus()
        page.wait_for_timeout(50)
        assert all(control.evaluate(WHERE)), control.evaluate("each => each.outerHTML")


def assert_on_screen(page, *parts, top=48):
    height = page.viewport_size["height"]
    for part in parts:
        box = page.locator(part).first.bounding_box()
        assert top <= box["y"] and box["y"] + box["height"] <= height, part


@pytest.mark.parametrize("language", ["", "zh/"])
def test_the_first_screen_of_a_laptop_has_pictures_buttons_and_the_settings_of_the_training(visit, language):
    losses, training = ".trainer-pictures > .plot", ".trainer-group .demo-stack"
    page, _ = opened(visit, language=language, viewport={"width": 1280, "height": 800})
    assert_on_screen(page, ".trainer-bar", ".trainer-map", losses, training, top=96)
    page.set_viewport_size({"width": 1366, "height": 650})
    assert_on_screen(page, ".trainer-bar", losses, training, top=96)
    page.evaluate("location.hash = 'preset=dead'")
    page.wait_for_function(COME)
    assert_on_screen(page, ".trainer-bar", ".trainer-sign", ".trainer-map", losses, ".trainer-numbers", training)


@pytest.mark.parametrize("language", ["", "zh/"])
def test_a_phone_shows_a_fault_on_one_screen_and_the_losses_at_the_learning_rate(visit, language):
    page, _ = opened(visit, "#preset=overfitting", language, viewport={"width": 390, "height": 844})
    page.wait_for_function(COME)
    assert_on_screen(page, ".trainer-bar", ".trainer-choices", ".trainer-sign", ".trainer-map")
    rate = page.get_by_label(re.compile("^(learning rate|学习率)$"))
    page.evaluate("part => part.scrollIntoView({ block: 'end' })", rate.element_handle())
    bar = page.locator(".trainer-bar").bounding_box()
    assert_on_screen(page, ".trainer-pictures > .plot", top=bar["y"] + bar["height"])


@pytest.mark.parametrize("width", [1280, 800, 390])
def test_few_keys_lead_to_the_learning_rate_and_the_order_is_that_of_the_screen(visit, width):
    page, _ = opened(visit, "#preset=rate_low", viewport={"width": width, "height": 844})
    page.get_by_label("Break it").focus()
    reached = []
    while reached[-1:] != ["learning rate"] and len(reached) < 10:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("(document.activeElement.labels?.[0] ?? document.activeElement).innerText"))
    assert reached[-1] == "learning rate" and len(reached) <= (5 if width > 500 else 7), reached
    is_as_seen = """() => {
        const [first, second] = [".trainer-map", ".trainer-settings"].map(part => document.querySelector(part));
        const [before, after] = [first, second].map(part => part.getBoundingClientRect());
        const follows = Boolean(first.compareDocumentPosition(second) & Node.DOCUMENT_POSITION_FOLLOWING);
        return follows === (before.bottom <= after.top || before.right <= after.left);
    }"""
    assert page.evaluate(is_as_seen)


def test_the_keys_for_own_points_are_told_when_the_keyboard_comes_there(visit):
    page, _ = opened(visit, "#data=own")
    keys = page.get_by_text("Arrow keys move the place, Enter adds the point.", exact=True)
    assert keys.is_hidden()
    page.keyboard.press("Tab")  # From here on the page knows that there is a keyboard.
    page.locator(".trainer-map .plot-handle").focus()
    assert keys.is_visible()


def test_a_preset_opens_the_folds_that_hold_its_cure_and_comes_into_view(visit):
    texts = read_words(_scripts.HERE / "figures/trainer_words.csv", "en")
    page, _ = opened(visit, viewport={"width": 390, "height": 844})
    folds = page.locator(".trainer-group[open]")
    assert folds.locator("summary").all_inner_texts() == [texts["trainer.group_training"]]
    for name, (_, cure) in SIGNS.items():
        folds.evaluate_all("folds => { folds.forEach(fold => { fold.open = false }); scrollTo(0, 0); }")
        page.evaluate("name => { location.hash = `preset=${name}`; }", name)
        page.wait_for_function(COME)
        for key in cure:
            assert folds.get_by_label(texts[f"trainer.{key}"], exact=True).is_visible(), (name, key)
    page, _ = opened(visit, "#preset=linear", viewport={"width": 390, "height": 844})
    page.wait_for_function(COME)


def test_the_state_says_whether_a_fault_is_mended_and_which_loss_the_seeds_have(visit):
    page, _ = opened(visit, "#preset=rate_high")
    state, plane = page.locator(".trainer-state"), page.locator(".trainer-map svg")
    first = r"Not mended yet\. Step 0, epoch 0\. Validation loss 1\.\d{3}\."
    assert re.fullmatch(first, state.inner_text()) and "curve" in plane.get_attribute("aria-label")
    page.get_by_role("button", name="Step", exact=True).click()
    assert re.search(r"loss \d\.\de\+\d+\.$", state.inner_text())
    page.get_by_label("points from").select_option("moons")
    assert "border" in plane.get_attribute("aria-label")


def test_a_link_of_the_table_leads_to_the_trainer_which_begins_and_says_what_mends_it(visit):
    page, found = opened(visit, viewport={"width": 1280, "height": 800})
    page.locator("td a[href='#preset=sigmoid']").click()
    page.wait_for_function(COME)
    page.wait_for_function("dlguide.figures.trainer.runs.steps > 2")
    assert (
        page.get_by_label("Break it").evaluate("menu => menu.value + (document.activeElement === menu)")
        == "sigmoidtrue"
    )
    assert "is at least 90\u00a0%" in page.inner_text(".trainer-numbers") and "preset=sigmoid" in page.url
    assert not found.errors


def test_a_swipe_that_begins_on_a_slider_scrolls_the_page_and_moves_nothing(visit):
    page, _ = opened(visit, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    slider = page.get_by_label("seeds at once")
    slider.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    page.evaluate("dlguide.figures.trainer.step()")
    box, before = slider.bounding_box(), page.evaluate("scrollY")
    x, y = box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2
    touch, session = "Input.dispatchTouchEvent", page.context.new_cdp_session(page)
    session.send(touch, {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for way in range(15, 180, 15):
        session.send(touch, {"type": "touchMove", "touchPoints": [{"x": x, "y": y - way}]})
        page.wait_for_timeout(16)
    session.send(touch, {"type": "touchEnd", "touchPoints": []})
    assert page.evaluate("scrollY") > before + 50 and slider.input_value() == "4"  # The fifth value: five seeds.
    assert steps(page) == 1  # The training goes on.
    box = slider.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    assert slider.input_value() == "9"


@pytest.mark.parametrize("width", [390, 800, 1280])
def test_the_numbers_of_the_axes_are_whole(visit, width):
    page, _ = opened(visit, "#seeds=1", viewport={"width": width, "height": 800})
    page.evaluate("""() => {
        const { runs, show } = dlguide.figures.trainer;
        while (runs.steps < 1000) runs.advance();
        show();
    }""")
    beyond = """plots => plots.map(plot => {
        const ends = [...plot.querySelectorAll("text")].map(text => text.getBoundingClientRect().right);
        const { right } = plot.closest(".figure").getBoundingClientRect();
        return [getComputedStyle(plot).overflow, Math.max(...ends) - right];
    })"""
    found = page.locator(".trainer-pictures .plot").evaluate_all(beyond)
    assert len(found) == 2 and all(overflow == "visible" and right < 0 for overflow, right in found)
    assert page.locator(".trainer-pictures > .plot text").get_by_text("1000", exact=True).count() == 1


def test_a_unit_that_the_reader_points_at_is_shown_in_the_plane(trainer):
    page = trainer
    shown = "document.querySelector('.trainer-canvas').toDataURL()"
    network, whole = page.locator(".trainer-network"), page.evaluate(shown)
    network.focus()
    page.keyboard.press("ArrowDown")
    assert "Layer 1, unit 1" in page.inner_text(".trainer-head")
    first = page.evaluate(shown)
    page.keyboard.press("ArrowRight")
    assert "Layer 2, unit 1" in page.inner_text(".trainer-head") and len({whole, first, page.evaluate(shown)}) == 3
    box = network.bounding_box()
    network.hover(position={"x": box["width"] * 3 / 8, "y": box["height"] * 1 / 16})
    assert "Layer 1, unit 1" in page.inner_text(".trainer-head") and page.evaluate(shown) == first
    page.get_by_role("button", name="Step").hover()
    assert page.evaluate(shown) == whole


def test_own_points_by_click_and_by_keys_are_learned(visit):
    page, found = opened(visit, "#data=own&batch=1&seeds=2")
    plane = page.locator(".trainer-map svg")
    assert page.evaluate("dlguide.figures.trainer.canTrain") is False
    box = plane.bounding_box()
    plane.click(position={"x": box["width"] * 0.8, "y": box["height"] * 0.3})
    page.get_by_role("radio", name="orange").check()
    page.locator(".trainer-map .plot-handle").focus()
    for key in [*["ArrowLeft"] * 8, *["ArrowDown"] * 8, "Enter"]:
        page.keyboard.press(key)
    points = page.evaluate("dlguide.figures.trainer.data.training.points")
    (right, up), (left, down) = (point["x"] for point in points)
    assert [point["y"] for point in points] == [1, 0] and right > 0.5 and up > 0.3
    assert (left, down) == pytest.approx((-8 * 2.4 / 40, -8 * 2.4 / 40))
    page.get_by_label("steps a second").select_option("1000")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("dlguide.figures.trainer.runs.steps > 200", timeout=20_000)
    page.get_by_role("button", name="Pause").click()
    assert "Training loss 0.0" in page.inner_text(".trainer-state") and not found.errors


def test_the_largest_networks_train_in_small_pieces(visit):
    page, _ = opened(visit, "#layers=6&units=16&seeds=10&batch=200&points=200")
    whole = page.evaluate("""() => {
        const ask = window.requestAnimationFrame, time = (call, ...given) => {
            const begun = performance.now();
            call(...given);
            return performance.now() - begun;
        };
        window.spent = [];
        window.requestAnimationFrame = (call) => ask((now) => spent.push(time(call, now)));
        return time(dlguide.figures.trainer.step);
    }""")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("spent.length > 50 && dlguide.figures.trainer.runs.steps > 2", timeout=20_000)
    assert np.median(page.evaluate("spent")) < whole / 4  # A step of ten seeds and the plane, all at once.


def test_an_address_with_settings_gives_the_same_training_again(trainer):
    losses = "dlguide.figures.trainer.runs.values('training', 'loss')"
    change = """address => new Promise(done => {
        addEventListener("hashchange", () => done(), { once: true });  // After the page's own listener.
        location.hash = address;
    })"""
    found = []
    for address in ("#preset=linear&layers=1&units=4&seeds=10&sample=2", "#preset=zero", ""):
        trainer.evaluate(change, address or found[0][0])
        found.append((trainer.evaluate("location.hash"), trainer.evaluate(losses)))
    assert found[0] == found[2] and len({*found[0][1]}) == 10
    assert found[1][1] == pytest.approx([np.log(2)] * 5) and trainer.locator(".trainer-sign a").count() == 1
