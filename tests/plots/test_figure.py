"""Figures: the fonts that write in them, how a notebook shows them, and that matplotlib's settings stay."""

import ast
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.font_manager import FontEntry, FontProperties

from dlguide import plots
from dlguide.plots import _figure
from recipes._lib.pictures import run_pictures as pictures

QUESTIONS = Path(__file__).parents[2] / "recipes" / "faq"


@pytest.fixture
def no_chinese_font(monkeypatch):
    """The fonts of a machine that has only matplotlib's own ones."""
    latin = [font for font in font_manager.fontManager.ttflist if font.name.startswith("DejaVu")]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", latin)
    font_manager.fontManager._findfont_cached.cache_clear()
    yield latin
    font_manager.fontManager._findfont_cached.cache_clear()


def families(figure):
    return figure.axes[0].title.get_fontfamily()


def own_picture(text, width=4, height=3):
    with plots.new_figure(width, height) as figure:
        figure.subplots().set_title(text)
    return figure


# Fonts. A glyph that is missing is a warning of matplotlib's, and a warning is an error here.


def chinese_strings():
    """Return the strings in the modules of the questions that have a Chinese character."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in QUESTIONS.glob("*.py")]
    strings = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return [text for text in strings if isinstance(text, str) and any("\u4e00" <= sign <= "\u9fff" for sign in text)]


def test_every_character_of_the_chinese_pages_is_drawn_without_a_chinese_font(no_chinese_font, tmp_path):
    characters = sorted(set("".join(chinese_strings())) - {"\n", "$"})  # Two dollars would begin mathematics.
    assert len(characters) > 500 and {"感", "，", "（", "β"} <= set(characters)
    lines = ["".join(characters[i : i + 60]) for i in range(0, len(characters), 60)]
    own_picture("\n".join(lines), 14, 10).savefig(tmp_path / "characters.png")


@pytest.mark.parametrize("form", ["png", "pdf", "svg"])
def test_pictures_in_chinese_are_saved_in_each_form_without_a_chinese_font(no_chinese_font, tmp_path, form):
    figures = (
        plots.confusion_matrix([[3, 1], [0, 4]], ["猫", "狗"]),
        plots.examples(np.zeros((2, 8, 8)), [0, 1], [[1.0, 0], [9, 0]], ["猫", "狗"]),
        plots.prediction_against_truth([1, 2], [1, 2], "油耗", unit="升"),
        plots.codes(np.eye(2), [0, 1], ["猫", "狗"], label_name="类别"),
    )
    pictures.save_figures(tmp_path, "红楼梦", **{f"picture_{i}": figure for i, figure in enumerate(figures)})
    for i, figure in enumerate(figures):
        figure.savefig(tmp_path / f"again_{i}.{form}")


def test_the_shipped_font_has_what_matplotlibs_own_lacks_of_the_national_standard():
    latin = font_manager.findfont(FontProperties(family=["DejaVu Sans"]))
    fonts = [font_manager.get_font(file) for file in (_figure.FONT, latin)]
    pairs = [bytes([row, cell]) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF)]
    characters = set("".join(pair.decode("gb2312", "ignore") for pair in pairs))
    assert len(characters) == 7445
    assert [sign for sign in characters if not any(font.get_char_index(ord(sign)) for font in fonts)] == []
    assert fonts[0].family_name == _figure.FAMILY
    assert _figure.FONT.stat().st_size < 1.4e6 and (_figure.FONT.parent / "LICENSE.txt").exists()


def test_the_readers_font_comes_first_then_the_shipped_one_then_those_that_are_installed(no_chinese_font):
    with matplotlib.rc_context({"font.family": ["DejaVu Serif"]}):
        assert families(own_picture("a")) == ["DejaVu Serif", _figure.FAMILY]
        no_chinese_font.append(FontEntry(fname="simhei.ttf", name="SimHei"))
        assert families(own_picture("a")) == ["DejaVu Serif", _figure.FAMILY, "SimHei"]


def test_the_shipped_font_is_known_to_matplotlib_once_after_many_pictures(no_chinese_font):
    for _ in range(3):
        plots.set_title(own_picture("猫"), "狗")
    assert [font.name for font in no_chinese_font].count(_figure.FAMILY) == 1


def test_matplotlib_itself_names_a_character_that_no_font_has(no_chinese_font):
    for _ in range(2):  # Each time: no filter hides the second one.
        with pytest.warns(UserWarning, match=r"Glyph 44032 .* missing from font\(s\) .*dlguide CJK"):
            own_picture("가").draw_without_rendering()


def test_a_picture_changes_no_setting_of_matplotlib():
    before = dict(matplotlib.rcParams)
    plots.set_title(plots.confusion_matrix([[3, 1], [0, 4]], ["Käfer", "猫"]), "狗")
    assert dict(matplotlib.rcParams) == before


def test_a_title_takes_the_place_of_the_old_one_and_the_figure_grows_by_the_new_lines():
    figure = own_picture("a")
    plots.set_title(figure, "one line")
    assert figure.get_suptitle() == "one line" and figure.get_figheight() == pytest.approx(3.18)
    plots.set_title(figure, "one\ntwo\nthree")
    assert figure.get_suptitle() == "one\ntwo\nthree" and figure.get_figheight() == pytest.approx(3.54)


# In a notebook


def test_a_figure_gives_itself_as_png_to_whoever_shows_it(tmp_path):
    figure = plots.learning_curves({"loss": [2.0, 1.0]})
    plots.set_title(figure, "a title that is much wider than the figure with its one small panel for the loss")
    (tmp_path / "shown.png").write_bytes(figure._repr_png_())
    shown = matplotlib.image.imread(tmp_path / "shown.png")
    assert shown.shape[1] > figure.bbox.width and shown.min() < 0.5  # Nothing is cut off.
    assert isinstance(figure, matplotlib.figure.Figure)


def test_matplotlib_is_imported_when_a_picture_is_drawn_and_no_sooner():
    files = sorted(Path(plots.__file__).parent.glob("*.py"))
    trees = {file.name: ast.parse(file.read_text(encoding="utf-8")) for file in files}
    sooner = {
        name
        for name, tree in trees.items()
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        if any(word in ast.unparse(node) for word in ("matplotlib", "_shown"))
    }
    assert sooner == {"_shown.py"}


CELLS = (
    "from dlguide import plots",
    "plots.learning_curves({'loss': [2.0, 1.0]})",
    "import matplotlib.pyplot\nmatplotlib.pyplot.get_fignums()",
    "%matplotlib inline\nplots.learning_curves({'loss': [2.0, 1.0]})",
)


@pytest.mark.thorough
@pytest.mark.one_backend
def test_a_fresh_notebook_shows_a_figure_once_as_the_last_value_of_a_cell(tmp_path, monkeypatch):
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.delenv("MPLBACKEND")  # As a user starts it.
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    client = NotebookClient(notebook, kernel_name="python3", timeout=900, startup_timeout=300)
    client.execute(cwd=str(Path(plots.__file__).parents[2]))
    outputs = [[out for out in cell.outputs if out.output_type != "stream"] for cell in notebook.cells]
    assert outputs[0] == [] and outputs[2][0].data["text/plain"] == "[]"  # No window waits to be shown.
    for [out] in (outputs[1], outputs[3]):
        assert out.output_type == "execute_result" and set(out.data) == {"image/png", "text/plain"}
