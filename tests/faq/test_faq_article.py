"""The last sections of the FAQ: the article's claims, its two programs, the glossary."""

import ast
import re
import unicodedata
import warnings

import keras
import numpy as np
import pytest

from recipes.faq import _article, _glossary, _listings, _page, _questions

CORRECTIONS = [one for corrections in _article.PARTS.values() for one in corrections]
CHINESE = "[\u4e00-\u9fff]"

# The code of the article's two programs, without its comments.
FIRST = """
import keras
from keras.models import Sequential
from keras.layers import Dense
model = Sequential()
model.add(Dense(32, input_dim=784, activation='relu'))
model.add(Dense(10, activation='softmax'))
model.compile(optimizer='adam', loss='categorical_crossentropy', metrics=['accuracy'])
model.fit(x_train, y_train, epochs=10, batch_size=32)
loss, accuracy = model.evaluate(x_test, y_test)
print('Loss:', loss)
print('Accuracy:', accuracy)
"""
SECOND = """
from keras.models import Sequential
from keras.layers import Dense
from keras.optimizers import Adam
model = Sequential()
model.add(Dense(32, input_dim=784, activation='relu'))
model.add(Dense(10, activation='softmax'))
model.compile(optimizer=Adam(lr=0.001), loss='categorical_crossentropy', metrics=['accuracy'])
x_train = ...
y_train = ...
x_test = ...
y_test = ...
model.fit(x_train, y_train, epochs=10, batch_size=32)
loss, accuracy = model.evaluate(x_test, y_test)
print('Loss:', loss)
print('Accuracy:', accuracy)
"""
PROGRAMS = list(zip(_listings.LISTINGS, (FIRST, SECOND), strict=True))
each_program = pytest.mark.parametrize(("listing", "original"), PROGRAMS, ids=("first", "second"))


@each_program
def test_a_program_of_the_article_runs_and_learns_the_digits(listing, original, capsys):
    names = {"__name__": "faq"}
    exec(listing.code.en, names)
    assert names["model"].count_params() == 784 * 32 + 32 + 32 * 10 + 10
    assert names["accuracy"] > 0.8
    assert f"Accuracy: {names['accuracy']}" in capsys.readouterr().out


@each_program
def test_each_changed_line_has_the_number_of_its_explanation(listing, original):
    assert ast.dump(ast.parse(listing.code.en)) == ast.dump(ast.parse(listing.code.zh))
    quoted = [change.was for change in listing.changes if change.was]
    assert all(text in original for text in quoted)
    quoted, lines = ([text.replace("'", '"') for text in texts] for texts in (quoted, original.strip().splitlines()))
    numbers = set()
    for language in ("en", "zh"):
        unchanged = []
        for line in listing.code.to(language).strip().splitlines():
            code, _, mark = line.partition("  # ")
            if mark:
                assert code not in lines
                numbers.add(int(mark.strip("()")))
            elif line and not line.startswith("# "):
                unchanged.append(line)
        assert set(unchanged) <= set(lines)
        # What was replaced is quoted; of the second program's four lines of dots, the first stands for all.
        lost = set(lines) - set(unchanged)
        assert all(any(text in line for text in quoted) or line.endswith(" = ...") for line in lost)
    assert numbers == set(range(1, len(listing.changes) + 1))


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


@pytest.mark.parametrize("one", CORRECTIONS, ids=lambda one: one.section)
def test_a_correction_is_said_in_both_languages_with_primary_sources(one):
    assert re.fullmatch(r"[1-6](\.\d+)?((, |–)[1-6]\.\d+)?", one.section)
    for text in (one.said, one.is_so):
        assert text.en and re.search(CHINESE, text.zh)
        assert re.findall(r"\$\$.*?\$\$", text.en) == re.findall(r"\$\$.*?\$\$", text.zh)
    # Chinese names may stand in an English text, Chinese punctuation not.
    assert not re.search("[，。；：]", one.said.en + one.is_so.en)
    assert one.sources and one.measured in {None, *(question.module for question in _questions.QUESTIONS)}
    for source in one.sources:
        [link] = re.findall(r"\]\(([^()]+)\)", source)  # Brackets in a link are written %28 and %29.
        assert link.startswith("https://") and " " not in link
        assert re.search(r"\b(1[89]|20)\d\d\b", source) or "keras" in link, source
        assert not source.endswith(".")


def test_the_section_has_each_correction_and_links_to_the_experiments_that_are_answered():
    for language in _page.LANGUAGES:
        text = "\n\n".join(_article.section(language, {"activations": "Why?"}))
        assert text.count("\n> “") == len(CORRECTIONS)
        measured = [one for one in CORRECTIONS if one.measured == "activations"]
        assert text.count("[Why?](#activations)") == len(measured) > 0
        assert text.count("](#") == len(measured)


def test_the_glossary_says_each_term_in_both_languages():
    terms = _glossary.TERMS
    assert len(terms) >= 80
    for part in ("en", "zh"):
        assert len({getattr(term, part) for term in terms}) == len(terms)
    for term in terms:
        assert not re.search(CHINESE, term.en + term.meaning.en + term.pinyin)
        assert re.search(CHINESE, term.zh) and re.search(CHINESE, term.meaning.zh)
        assert "|" not in "".join((term.en, term.zh, term.pinyin, *term.meaning))
        assert len(term.pinyin.split()) == len(term.zh.replace(" ", ""))


def test_the_glossary_is_sorted_by_english_and_by_pinyin():
    columns = {}
    for language in _page.LANGUAGES:
        table = _glossary.section(language)[1].splitlines()[2:]
        columns[language] = [line.split(" | ")[0].strip("| ") for line in table]
        assert len(table) == len(_glossary.TERMS)
    assert columns["en"] == sorted(columns["en"], key=str.lower)
    places = [
        columns["zh"].index(word) for word in ("编码器", "标签", "层", "词元", "学习率", "主成分分析", "自注意力")
    ]
    assert places == sorted(places)
    order = [term.zh for term in sorted(_glossary.TERMS, key=_glossary.pinyin_order)]
    assert columns["zh"] == order
    assert _glossary.pinyin_order(_glossary.Term("", "学率", "xué lǜ", None)) == [
        ("xue", 2, "学"), (unicodedata.normalize("NFC", "lü"), 4, "率")
    ]  # fmt: skip


def test_the_pages_end_with_these_sections():
    for language, text in zip(_page.LANGUAGES, _page.pages().values(), strict=True):
        places = [text.index(f'<a id="{anchor}"></a>') for anchor in ("activations", "article", "listings", "glossary")]
        assert places == sorted(places)
        for anchor, words in (("article", _article), ("listings", _listings), ("glossary", _glossary)):
            assert f"- [{words.WORDS[language]['title']}](#{anchor})\n" in text
        for listing in _listings.LISTINGS:
            assert f"```python\n{listing.code.to(language).strip()}\n```" in text
