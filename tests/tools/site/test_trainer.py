"""Train a network yourself, in Chromium: the preset failures and their cures, the page by keyboard and on a phone.

That its network trains as that of Keras is compared in Node: `figures.test.mjs`.
"""

import re

import numpy as np
import pytest

from tests.tools.site.conftest import FOLDER
from tools import ROOT

pytest.importorskip("playwright")
pytestmark = pytest.mark.thorough
READY = ".figure[data-figure=trainer][data-state=ready]"
SCORES = """([given, steps]) => {
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
}"""
"""Three seeds train: their mean scores, and what the layers of the first show."""


@pytest.fixture(scope="module")
def trainer(browser):
    """Return the page, with nothing that trains: its functions are called."""
    page = browser.new_page()
    page.goto(f"file://{FOLDER}/docs/train_in_page.html")
    page.wait_for_selector(READY)
    return page


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
    found = trainer.evaluate(SCORES, [broken, 600])
    assert has_sign(found) and name not in found["mended"], found
    assert name in trainer.evaluate(SCORES, [broken | cure, 600])["mended"]


def test_with_squares_and_the_product_a_network_without_hidden_layer_learns_xor(trainer):
    for squares in (False, True):
        score = trainer.evaluate(SCORES, [{"data": "xor", "layers": 0, "squares": squares}, 600])["accuracy"]
        assert (score > 0.95) if squares else (score < 0.7)


def test_the_page_explains_every_preset(trainer):
    keys = trainer.evaluate("Object.keys(dlguide.trainer.PRESETS)")
    assert keys == list(SIGNS)
    for language in ("", "zh."):
        text = (ROOT / f"docs/train_in_page.{language}md").read_text("utf-8")
        assert re.findall(r'^\| <a id="preset=(\w+)" href="#preset=(\w+)">', text, re.M) == [(key, key) for key in keys]


@pytest.mark.parametrize("language, width", [("", 1200), ("zh/", 390)])
def test_a_reader_breaks_the_training_by_a_link_and_mends_it_by_the_keyboard(visit, language, width):
    found = visit(viewport={"width": width, "height": 844})
    page = found.open(f"{language}docs/train_in_page.html#preset=rate_low")
    page.wait_for_selector(READY)
    steps = lambda: page.evaluate("dlguide.figures.trainer.runs.steps")  # noqa: E731
    press = lambda name, key: page.get_by_role("button", name=re.compile(name)).press(key)  # noqa: E731
    press("^(Step|走一步)$", "Enter")
    assert steps() == 1
    rate = page.get_by_label(re.compile("^(learning rate|学习率)$"))
    for _ in range(6):
        rate.press("ArrowRight")
    assert steps() == 0 and "rate=0.3" in page.url
    page.get_by_label(re.compile("^(steps a second|每秒步数)$")).select_option("1000")
    press("^(Play|播放)$", " ")
    page.wait_for_selector("text=/Mended!|修好了！/", timeout=20_000)
    press("^(Pause|暂停)$", " ")
    stopped = steps()
    assert stopped > 10 and page.evaluate("document.documentElement.scrollWidth") <= width
    page.wait_for_timeout(200)
    assert steps() == stopped and not found.errors
