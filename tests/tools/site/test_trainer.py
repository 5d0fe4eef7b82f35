"""Train a network yourself: its network against Keras, what the controls do, the page by keyboard and on a phone."""

import re

import keras
import numpy as np
import pytest
from scipy import stats

from tests.tools.site.conftest import FOLDER
from tools import ROOT

pytest.importorskip("playwright")


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
