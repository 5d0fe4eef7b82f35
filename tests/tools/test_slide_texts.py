"""How a page is divided into slides. This needs neither the built site nor a browser, unlike `site/test_slides.py`."""

import re

import pytest

pytest.importorskip("markdown")
from questions import _questions
from tools.site import _pages, _slides

PICTURE = "![Accuracy](figure.png){{ width=1000 height={} loading=lazy }}"


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
    return re.sub(
        r"^```.*?^```|`[^`\n]*`|\$\$?[^$]+\$\$?|\{ \.\w+ \}", "", slide, flags=re.DOTALL | re.MULTILINE
    ).strip()


def test_no_slide_of_a_question_is_broken_off_or_points_to_a_fold(decks):
    pointer = re.compile(r"\b(?:first|second|last|the) folds?\b(?! between)|\blimit \d|折叠部分|文末|局限")
    for deck, slides in decks.items():
        for number, slide in enumerate(slides, 1):
            assert not re.search(r"[:：,，]$", slide.rstrip("*")), (deck, number)
            assert not pointer.search(prose(slide)), (deck, number)
            assert prose(slide).replace("**", "").count("*") % 2 == 0, (deck, number)
            for before in re.findall(r"(.*)\n\n\*[^\n]+\n\{ \.caption \}", slide):
                assert before.startswith("!["), (deck, number)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("The gap is far smaller (first fold).", "The gap is far smaller."),
        ("It is better (limit 3 in the last fold), too.", "It is better, too."),
        ("About that of tanh (0.61; first fold).", "About that of tanh (0.61)."),
        ("差距小得多（见第一个折叠部分）。", "差距小得多。"),
        ("两者一样好（试验，见局限 3）。", "两者一样好（试验）。"),
        ("It scores each fold (five of them).", "It scores each fold (five of them)."),
        ("The limit (at most 2) of the rate.", "The limit (at most 2) of the rate."),
    ],
)
def test_what_only_points_to_a_fold_is_left_out(text, kept):
    assert _slides._blocks(text) == [kept]


@pytest.mark.parametrize(
    "sentences",
    [
        [
            "步子小，停得稳。",
            "**余弦衰减**由峰值降到 0。",
            "*停滞时下降*等到损失不再减小。",
            "`fit` 训练。",
            "$x$ 是输入。",
        ],
        ["低 3.6 个百分点。[*差异明确*](../index.md#numbers)。", "下一句。"],
        ["它学得太慢。（实验太小。）", "再看另一个。"],
        ["求它的值。", "*提示： $D^* = p/(p+q)$。想一想。*"],
        ["It fails. (The experiment is too small.)", "A larger one does not."],
        ["Two units learn little.", "256 units learn them by heart.", "*Hint: What is $D^*$? Or $E^*$?*"],
        ["**Which line?** The best one.", "See [question 4. Why?](../x.md), too.", "(a) No.", "(b) Yes."],
    ],
)
def test_a_paragraph_becomes_a_list_of_its_sentences(sentences):
    chinese = sentences[0][-1] in "。）)" and not sentences[0].isascii()
    assert _slides._units(("" if chinese else " ").join(sentences)) == [f"- {each}" for each in sentences]


def test_only_a_caption_is_set_in_small_letters():
    html = _pages.html("\n\n".join(_slides._units("*Each point is a digit, $D^*$ its label.*")))
    assert html.startswith('<p class="caption"><em>')
    assert "caption" not in _pages.html("\n\n".join(_slides._units("One *word* alone.")))


def test_what_belongs_together_stands_on_one_slide():
    filler = [f"- {letter * 300}" for letter in "abc"]
    announced = ["- These are the steps:", "- first"]
    captioned = [PICTURE.format(400), "*What it shows.*\n{ .caption }"]
    for pair in (announced, captioned, ["- 公式如下：", "$$x$$"], ["- For the simple cell,", "$$h$$"]):
        for before in range(len(filler) + 1):
            slides = _slides._divided(iter([*filler[:before], *pair, *filler[before:]]))
            assert len(slides) > 1 and any("\n\n".join(pair) in slide for slide in slides)
