"""How a page is divided into slides. This needs neither the built site nor a browser, unlike `site/test_slides.py`."""

import re

import pytest

pytest.importorskip("markdown")
from questions import _questions
from tools.site import _pages, _slides

PICTURE = "![Accuracy](figure.png){ width=1000 height=400 loading=lazy }"


@pytest.fixture
def decks(monkeypatch):
    """The slides of each question in both languages, as Markdown."""
    monkeypatch.setattr(_pages, "html", lambda text: text)
    found = {}
    for name in _questions.names():
        for language in ("en", "zh"):
            page = _pages.page_text(f"questions/{name}/README.md", language, _pages.Files())
            sections = _slides.slides(page, name, language).split("<section")[1:]
            found[name, language] = [text.partition(">\n")[2].partition("\n</section>")[0] for text in sections]
    return found


def prose(slide):
    return re.sub(r"(?ms)^```.*?^```|`[^`\n]*`|\$\$?[^$]+\$\$?|\{ \.\w+ \}", "", slide).strip()


@pytest.mark.thorough
def test_no_slide_of_a_question_is_broken_off_or_points_to_a_fold(decks):
    pointer = re.compile(r"\b(?:first|second|last|the) folds?\b(?! between)|\blimit \d|折叠部分|文末|局限")
    for deck, slides in decks.items():
        for number, slide in enumerate(slides, 1):
            assert not re.search(r"[:：,，]$", slide.rstrip("*")), (deck, number)
            assert not pointer.search(prose(slide)), (deck, number)
            assert prose(slide).replace("**", "").count("*") % 2 == 0, (deck, number)
            for before in re.findall(r"(.*)\n\n\*[^\n]+\n\{ \.caption \}", slide):
                assert before.startswith("!["), (deck, number)


def test_what_only_points_to_a_fold_is_left_out():
    texts = {
        "The gap is far smaller (first fold).": "The gap is far smaller.",
        "It is better (limit 3 in the last fold), too.": "It is better, too.",
        "差距小得多（见第一个折叠部分）。": "差距小得多。",
        "It scores each fold (five of them).": "It scores each fold (five of them).",
    }
    assert {text: _slides._blocks(text) for text in texts} == {text: [kept] for text, kept in texts.items()}


@pytest.mark.parametrize(
    "sentences",
    [
        ["步子小，停得稳。", "**余弦衰减**由峰值降到 0。", "*停滞时下降*等到损失不再减小。", "`fit` 训练。"],
        ["低 3.6 个百分点。[*差异明确*](../index.md#numbers)。", "$x$ 是输入。（实验太小。）", "再看另一个。"],
        ["求它的值。", "*提示： $D^* = p/(p+q)$。想一想。*"],
        ["It fails. (The experiment is too small.)", "256 units do not.", "*Hint: What is $D^*$? Or $E^*$?*"],
        ["**Which line?** The best one.", "See [question 4. Why?](../x.md), too.", "(a) No.", "(b) Yes."],
    ],
)
def test_a_paragraph_becomes_a_list_of_its_sentences(sentences):
    space = " " if sentences[0].isascii() else ""
    assert _slides._units(space.join(sentences)) == [f"- {each}" for each in sentences]


def test_what_belongs_together_stands_on_one_slide():
    filler = [f"- {letter * 300}" for letter in "abc"]
    captioned = [PICTURE, "*What it shows.*\n{ .caption }"]
    for pair in (captioned, ["- These are the steps:", "- first"], ["- 公式如下：", "$$x$$"]):
        for before in range(len(filler) + 1):
            slides = _slides._divided(iter([*filler[:before], *pair, *filler[before:]]))
            [shown] = [slide for slide in slides if "\n\n".join(pair) in slide]
            assert sum(map(_slides._letters, shown.split("\n\n"))) <= _slides.ROOM or shown == "\n\n".join(pair)
