"""How every picture begins and ends: a figure without a window, in fonts with Chinese characters, and its title."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from dlguide import _checks

# matplotlib is imported where it is used: a command's `--help` need not wait for it.

FONT = Path(__file__).parent / "fonts" / "dlguide-cjk.ttf"
FAMILY = "dlguide CJK"
# For what the shipped font lacks: traditional Chinese, rare characters, Korean.
INSTALLED_FAMILIES = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei",
    "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "SimHei", "Arial Unicode MS",
)  # fmt: skip


@contextlib.contextmanager
def new_figure(width: float, height: float):
    """Give an empty figure to draw a picture of your own: without a window, also in Chinese, shown by a notebook.

    What is drawn inside the `with` block is written in the usual font and, where that lacks a character, in the
    Chinese one that comes with dlguide.

    Args:
        width: Width in inches, above 0.
        height: Height in inches, above 0.

    Returns:
        A context manager that gives a `matplotlib.figure.Figure` with constrained layout.

    Raises:
        ValueError: If the width or the height is not above 0.

    Example:
        >>> with new_figure(4, 3) as figure:
        ...     axes = figure.subplots()
        ...     line = axes.plot([1, 2, 3], [3, 1, 2], label="损失")
        ...     legend = axes.legend()
        >>> figure.savefig("own.png")  # doctest: +SKIP
    """
    width, height = _checks.number("width", width, above=0), _checks.number("height", height, above=0)
    from dlguide.plots._shown import Figure

    with _fonts():
        yield Figure(figsize=(width, height), layout="constrained", dpi=120)


def set_title(figure, title: str) -> None:
    """Write a title above a figure, in place of the one that it has; the figure grows by the lines that are new.

    Args:
        figure: A figure of this package, or another `matplotlib.figure.Figure`.
        title: The title, of one line or more; Chinese characters are drawn too.

    Example:
        >>> with new_figure(4, 3) as figure:
        ...     axes = figure.subplots()
        >>> set_title(figure, "my model\\n我的模型")
        >>> figure.get_suptitle()
        'my model\\n我的模型'
    """
    new_lines = len(title.splitlines()) - len(figure.get_suptitle().splitlines())
    figure.set_figheight(figure.get_figheight() + 0.18 * new_lines)  # Else a low figure has no room for its images.
    with _fonts():
        figure.suptitle(title, fontsize=10)


def names_of_classes(class_names: Sequence[str], count: int) -> list[str]:
    """Return a name for each class, its number where there are no names; a NumPy array of names will do."""
    names = [str(name) for name in class_names] or [str(i) for i in range(count)]
    if len(names) != count:
        raise _checks.error("class_names", f"one name for each of {count} classes", class_names)
    return names


@contextlib.contextmanager
def _fonts():
    """Write what the block adds in the usual font and, where that lacks a character, in a Chinese one."""
    from matplotlib import font_manager, rc_context, rcParams

    known = {font.name for font in font_manager.fontManager.ttflist}
    if FAMILY not in known:
        font_manager.fontManager.addfont(FONT)
    installed = [family for family in INSTALLED_FAMILIES if family in known]
    with rc_context({"font.family": list(dict.fromkeys([*rcParams["font.family"], FAMILY, *installed]))}):
        yield
