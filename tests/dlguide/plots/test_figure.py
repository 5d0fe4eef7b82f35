"""Figures: the fonts that write in them, how a notebook shows them, and what they leave as it was."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib import pyplot as plt
from matplotlib.font_manager import FontEntry, FontProperties

from dlguide import plots
from dlguide.plots import _figure

ROOT = Path(__file__).parents[3]


@pytest.fixture
def no_chinese_font(monkeypatch):
    """The fonts of a machine that has only those of matplotlib."""
    latin = [font for font in font_manager.fontManager.ttflist if font.name.startswith("DejaVu")]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", latin)
    font_manager.fontManager._findfont_cached.cache_clear()
    yield latin
    font_manager.fontManager._findfont_cached.cache_clear()


def own_picture(text):
    with _figure.new_figure(4, 3) as figure:
        figure.subplots().set_title(text)
    return figure


# Fonts. matplotlib warns of a missing glyph, and a warning is an error here.


@pytest.mark.parametrize("form", ["png", "pdf", "svg"])
def test_pictures_in_chinese_are_saved_in_each_form_without_a_chinese_font(no_chinese_font, tmp_path, form):
    figures = (
        plots.confusion_matrix([[3, 1], [0, 4]], ["猫", "狗"]),
        plots.examples(np.zeros((2, 8, 8)), [0, 1], [[1.0, 0], [9, 0]], ["猫", "狗"]),
        plots.codes(np.eye(2), [0, 1], ["猫", "狗"], label_name="类别"),
        own_picture("训练集，验证集（β）"),
    )
    for i, figure in enumerate(figures):
        figure.savefig(tmp_path / f"{i}.{form}")


def test_the_fonts_have_the_characters_of_the_national_standard_and_of_the_questions():
    latin = font_manager.findfont(FontProperties(family=["DejaVu Sans"]))
    fonts = [font_manager.get_font(file) for file in (_figure.FONT, latin)]
    pairs = [bytes([row, cell]) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF)]
    standard = set("".join(pair.decode("gb2312", "ignore") for pair in pairs))
    files = [path for path in (ROOT / "questions").rglob("*") if path.suffix in (".py", ".md", ".toml", ".csv")]
    questions = set("".join(path.read_text(encoding="utf-8") for path in files)) - {"\n"}
    assert len(standard) == 7445 and {"感", "，", "β"} <= questions
    assert [sign for sign in standard | questions if not any(font.get_char_index(ord(sign)) for font in fonts)] == []
    assert fonts[0].family_name == _figure.FAMILY
    assert _figure.FONT.stat().st_size < 1.4e6 and (_figure.FONT.parent / "LICENSE.txt").exists()


def test_the_readers_font_comes_first_then_the_shipped_one_then_those_that_are_installed(no_chinese_font):
    def families():
        own_picture("猫")
        return own_picture("a").axes[0].title.get_fontfamily()

    with matplotlib.rc_context({"font.family": ["DejaVu Serif"]}):
        assert families() == ["DejaVu Serif", _figure.FAMILY]
        no_chinese_font.append(FontEntry(fname="simhei.ttf", name="SimHei"))
        assert families() == ["DejaVu Serif", _figure.FAMILY, "SimHei"]
    assert [font.name for font in no_chinese_font].count(_figure.FAMILY) == 1


def test_matplotlib_itself_names_a_character_that_no_font_has(no_chinese_font):
    for _ in range(2):  # Each time: no filter hides the second one.
        with pytest.warns(UserWarning, match=r"Glyph 44032 .* missing from font\(s\) .*dlguide CJK"):
            own_picture("가").draw_without_rendering()


def test_a_picture_changes_no_setting():
    before = dict(matplotlib.rcParams)
    own_picture("猫").draw_without_rendering()
    assert dict(matplotlib.rcParams) == before


# In a notebook


def test_a_figure_gives_itself_as_png_to_whoever_shows_it(tmp_path):
    figure = plots.learning_curves({"loss": [2.0, 1.0]})
    figure.suptitle("a title that is much wider than the figure with its one small panel for the loss")
    (tmp_path / "shown.png").write_bytes(figure._repr_png_())
    shown = matplotlib.image.imread(tmp_path / "shown.png")
    assert shown.shape[1] > figure.bbox.width and shown.min() < 0.5  # Nothing is cut off.
    assert isinstance(figure, matplotlib.figure.Figure) and plt.get_fignums() == []  # No window waits to be shown.
