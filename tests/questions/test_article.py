"""The pages beside the questions: the article's claims, its two programs, the glossary."""

import re
import warnings

import keras
import numpy as np
import pytest

from questions import _index, _names, _questions
from recipes._lib.words import LANGUAGES
from tests.helpers.switches import quick

CHINESE = "[\u4e00-\u9fff]"


def texts(page: str) -> dict[str, str]:
    files = {language: _names.HERE / f"{page}{suffix}.md" for language, suffix in LANGUAGES.items()}
    return {language: file.read_text(encoding="utf-8") for language, file in files.items()}


ARTICLE, LISTINGS = texts("article"), texts("listings")


# The lines of the article's two programs that still run, with double quotes; it has `import keras` in the first alone.
ORIGINAL = """
import keras
from keras.models import Sequential
from keras.layers import Dense
from keras.optimizers import Adam
model = Sequential()
model.add(Dense(10, activation="softmax"))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=10, batch_size=32)
loss, accuracy = model.evaluate(x_test, y_test)
print("Loss:", loss)
print("Accuracy:", accuracy)
""".strip().splitlines()


def programs(language: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", LISTINGS[language], re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("part", quick([0, 1], 0))
def test_a_program_of_the_article_runs_and_learns_the_digits(part, capsys):
    names = {"__name__": "page"}
    program = programs("en")[part]
    assert program.count("epochs=10") == 1
    exec(program.replace("epochs=10", "epochs=1"), names)  # One pass is enough to learn most digits.
    assert names["model"].count_params() == 784 * 32 + 32 + 32 * 10 + 10
    assert names["accuracy"] > 0.8
    assert f"Accuracy: {names['accuracy']}" in capsys.readouterr().out


@pytest.mark.parametrize("part", [0, 1])
def test_each_changed_line_has_a_mark_and_each_mark_its_explanation_below(part):
    for language, text in LISTINGS.items():
        explained = re.findall(r"^(\d+)\. ", text.split("```")[2 + 2 * part], re.MULTILINE)
        lines = [line for line in programs(language)[part].splitlines() if line and not line.startswith("# ")]
        assert {line for line in lines if not re.search(r"  # \(\d+\)$", line)} <= set(ORIGINAL)
        assert explained == sorted(set(re.findall(r"  # \((\d+)\)$", programs(language)[part], re.MULTILINE)), key=int)


def test_the_article_s_own_lines_fail_as_the_explanations_say():
    with pytest.raises(ValueError, match=re.escape("Argument(s) not recognized: {'lr': 0.001}")):
        keras.optimizers.Adam(lr=0.001)
    with pytest.warns(UserWarning, match="Do not pass an `input_shape`/`input_dim` argument"):
        keras.layers.Dense(32, input_dim=784)
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, activation="softmax")])
    model.compile("adam", "categorical_crossentropy")
    x, y = np.zeros((8, 784), "float32"), np.arange(8)
    with pytest.raises(ValueError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(x, y, verbose=0)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, verbose=0)


@pytest.mark.parametrize(
    ("language", "pattern", "sources"),
    [("en", r"\(article, [1-6][^)]*\)", "Sources: "), ("zh", r"（原文 [1-6][^）]*）", "文献：")],
)
def test_each_claim_of_the_article_has_its_place_a_correction_and_primary_sources(language, pattern, sources):
    claims = re.split(r"^> “", ARTICLE[language], flags=re.M)[1:]
    assert len(claims) >= 35
    for claim in claims:
        quoted, *corrections = claim.split("\n\n")
        assert re.search(pattern + "$", quoted), quoted
        [(number, found)] = [(i, text) for i, text in enumerate(corrections) if text.startswith(sources)]
        assert number > 0 and re.search(r"\]\((https://|[^()]+\.md\))", found), quoted


def test_the_glossary_says_each_term_in_both_languages():
    terms = _index.glossary_terms()
    assert len(terms) >= 150
    assert {"L-BFGS", "softmax regression", "RMSprop", "GELU", "internal covariate shift"} <= {t["en"] for t in terms}
    for part in ("en", "zh"):
        assert len({term[part] for term in terms}) == len(terms)
    for term in terms:
        assert not re.search(CHINESE, term["en"] + term["meaning_en"] + term["pinyin"])
        assert re.search(CHINESE, term["meaning_zh"])
        assert "|" not in "".join(term.values())
        # Each character is read as one syllable; a term in Latin letters alone needs no pinyin.
        parts = _index.spoken_parts(term["zh"])
        assert len(term["pinyin"].split()) == (len(parts) if re.search(CHINESE, term["zh"]) else 0), term
    # A term has one row: no other one gives it as a second name.
    headwords = {term["zh"] for term in terms}
    seconds = [name for term in terms for name in filter(None, term["also"].split("、"))]
    assert len(set(seconds)) == len(seconds) and not headwords & set(seconds) - {"k-means"}


def test_each_term_of_the_glossary_stands_on_the_pages_that_it_names():
    """A title among what to read does not explain it."""
    for term in _index.glossary_terms():
        for name in term["questions"].split():
            file = f"{name}/README.zh.md" if name in _questions.names() else f"{name}.zh.md"
            page = (_names.HERE / file).read_text(encoding="utf-8")
            page = re.sub("<summary>延伸阅读</summary>.*?</details>", "", page, flags=re.S)
            words = [term["zh"], *filter(None, term["also"].split("、"))]
            assert any(word in page for word in words), (term["zh"], name)


def test_the_glossary_is_in_the_order_of_a_dictionary_and_has_the_pinyin_on_the_english_page_alone():
    tables = {language: _index.glossary(language).splitlines() for language in LANGUAGES}
    first = {language: [line.split(" | ")[0].strip("| ") for line in table[2:]] for language, table in tables.items()}
    assert first["en"] == sorted(first["en"], key=str.lower)
    order = [first["zh"].index(word) for word in ("鞍点", "步", "ReLU", "softmax", "自注意力")]
    assert order == sorted(order)
    assert "zì zhù yì lì" in "".join(tables["en"]) and "zì zhù yì lì" not in "".join(tables["zh"])
    assert {line.count(" | ") for table in tables.values() for line in table[2:]} == {4}
    [row] = [line for line in tables["zh"] if line.startswith("| 批归一化 |")]
    assert "批量规范化" in row and "](batch_normalisation/README.zh.md)" in row
