"""The site as a reader meets it: every page in both languages, search, and what screen readers need."""

import json
import re
from pathlib import Path

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import expect

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[3]
QUESTIONS = sorted(path.parent.name for path in (ROOT / "questions").glob("*/README.md"))
SITE = ROOT / "site"
PAGES = sorted(str(path.relative_to(SITE)) for path in SITE.rglob("*.html") if path.name != "404.html")

# A word, and which addresses are right: the search must show one of them among the first three.
WORDS = {
    "": {
        "overfitting": "regularisation", "momentum": "momentum", "batch normalisation": "batch_normalisation",
        "learning rate": "descent|adam|glossary", "dropout": "dropout", "LSTM": "lstm", "GRU": "gru",
        "self-attention": "self_attention", "convolution": "convolution|cnn", "back-propagation": "back_propagation",
        "autoencoder": "autoencoder", "GAN": "gan", "VAE": "vae", "cross-entropy": "loss_functions",
        "k-means": "clustering", "export": "export", "resume": "training", "JAX": "backends", "glossary": "glossary",
        "photo": "photos",
    },
    "zh/": {
        "过拟合": "regularisation|dropout", "动量": "momentum", "批归一化": "batch_normalisation",
        "随机失活": "dropout",
        "学习率": "descent|adam|glossary", "长短期记忆": "lstm", "门控循环单元": "gru", "自注意力": "self_attention",
        "卷积": "convolution|cnn", "反向传播": "back_propagation|gradient_descent", "自编码器": "autoencoder|glossary",
        "生成对抗网络": "gan", "变分自编码器": "vae", "交叉熵": "loss_functions|glossary", "聚类": "clustering",
        "导出": "export", "恢复": "training|saved_runs", "照片": "photos", "术语表": "glossary",
        "梯度消失": "lstm|recurrence|activations|batch_normalisation|glossary",
    },
}  # fmt: skip

LOOK = """() => ({
    width: document.documentElement.scrollWidth,
    pictures: [...document.images].filter(i => !i.getAttribute('width') || !i.getAttribute('height')).map(i => i.src),
    formulas: [...document.querySelectorAll('math')].filter(m => m.closest('details:not([open])') === null)
        .filter(m => !m.getBoundingClientRect().height).map(m => m.textContent),
    raw: [...document.querySelectorAll('article :is(p, li, td, summary)')].map(e => { const c = e.cloneNode(true);
        c.querySelectorAll('pre, code, math').forEach(part => part.remove()); return c.textContent; }).join(' ')
        .match(/\\\\(frac|sum|sqrt|hat|mathrm)|<!--|\\]\\(/g),
    other: document.querySelector('.site-language').href,
})"""


def test_every_page_has_a_twin():
    every = {page for page in PAGES if not page.startswith("zh/")}
    assert {f"zh/{page}" for page in every} == {page for page in PAGES if page.startswith("zh/")}
    assert {f"questions/{name}/index.html" for name in QUESTIONS} < every and len(QUESTIONS) >= 24


@pytest.mark.parametrize("protocol", ["http", "file"])
@pytest.mark.parametrize("language", ["", "zh/"])
def test_pages_open_on_a_narrow_screen(visit, protocol, language):
    visit = visit(viewport={"width": 390, "height": 844})
    # For time: the search has a test of its own.
    visit.page.route("**/search.js", lambda route: route.fulfill(body=""))
    mine = [page for page in PAGES if page.startswith("zh/") == bool(language)]
    listed = [page for page in mine if re.match(r"(zh/)?(files|api)/|.*slides.html", page)]  # Alike: a few are enough.
    sample = sorted({*mine} - {*listed}) + listed[::12] if protocol == "file" else mine[::32]
    for place in sample:
        found = visit.open(place).evaluate(LOOK)
        faults = {name: found[name] for name in ("pictures", "formulas", "raw") if found[name]}
        assert found["width"] <= 390 and not faults, (place, found["width"], faults)
        twin = found["other"].removeprefix(visit.base)
        assert twin == (place.removeprefix("zh/") if language else f"zh/{place}")
        assert visit.errors == [] and visit.outside == [], place


def results(page, query):
    """Return the addresses that the search shows for a query, the best first."""
    links = page.locator("a[href*='?h=']")
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    expect(links).to_have_count(0)  # The results before must be gone.
    page.keyboard.insert_text(query)
    expect(links.first).to_be_visible(timeout=15_000)
    return [href.split("?")[0] for href in links.evaluate_all("links => links.map(link => link.href)")]


@pytest.mark.parametrize("protocol", ["http", "file"])
@pytest.mark.parametrize("language", ["", "zh/"])
def test_the_search_finds_each_question_first_and_common_words_among_the_first_three(visit, language):
    visit = visit(viewport={"width": 1300, "height": 900})
    page = visit.open(f"{language}index.html")
    page.wait_for_load_state("networkidle")  # The search answers to its key when its scripts are there.
    page.wait_for_timeout(500)
    page.keyboard.press("Control+k")
    missed = {}
    for name in QUESTIONS:
        path = ROOT / f"questions/{name}/README{'.zh' if language else ''}.md"
        title = re.match(r"# \d+\. (.+)", path.read_text("utf-8"))[1]
        found = results(page, title)
        if not found[0].endswith(f"/{name}/index.html"):
            missed[title] = found[:2]
    for word, part in WORDS[language].items():
        found = list(dict.fromkeys(results(page, word)))[:3]
        if not any(re.search(part, address) for address in found):
            missed[word] = found
    assert missed == {} and len(WORDS[language]) == 20
    assert visit.errors == [] and visit.outside == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, address, scheme):
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(color_scheme=scheme, viewport={"width": 1300, "height": 900})
    page = context.new_page()
    places = ("index", "gallery", "questions/index", "questions/adam/index", "recipes/published/cnn_mnist/index",
              "api/dlguide.cnn", "docs/speed", "questions/glossary")  # fmt: skip
    languages = ("", "zh/") if scheme == "light" else ("zh/", "")  # Each page in one language light, in the other dark.
    options = {} if scheme == "light" else {"runOnly": ["color-contrast"]}  # For time: all else is as in the light.
    for place in [f"{languages[i % 2]}{place}.html" for i, place in enumerate(places)]:
        page.goto(address + place)
        page.wait_for_timeout(300)  # Colours fade in.
        found = Axe().run(page, options=options).response["violations"]
        serious = [each for each in found if each["impact"] in ("serious", "critical")]
        assert serious == [], (place, json.dumps(serious, indent=1))
    context.close()
