"""An empty figure with fonts that have Chinese characters, and its title."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from dlguide import _checks, _extras

FONT = Path(__file__).parent / "fonts" / "dlguide-cjk.ttf"
FAMILY = "dlguide CJK"
# For what the shipped font lacks: traditional Chinese, rare characters, Korean.
INSTALLED = ("Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "SimHei")


@contextlib.contextmanager
def new_figure(width: float, height: float):
    """Give an empty figure for a picture of your own: it opens no window, and a notebook shows it.

    Characters that the current font lacks are drawn with the Chinese font of dlguide, inside the `with` block.

    Args:
        width: Width in inches, above 0.
        height: Height in inches, above 0.

    Returns:
        A context manager that gives a `matplotlib.figure.Figure` with constrained layout.

    Raises:
        ValueError: If the width or the height is not above 0.

    Example:
        >>> with new_figure(4, 3) as figure:
        ...     title = figure.subplots().set_title("损失")
        >>> figure.savefig("own.png")  # doctest: +SKIP
    """
    width, height = _checks.number("width", width, above=0), _checks.number("height", height, above=0)
    _extras.needed("matplotlib", "plots")
    from dlguide.plots._shown import Figure

    with _fonts():
        yield Figure(figsize=(width, height), layout="constrained", dpi=120)


def set_title(figure, title: str) -> None:
    """Set the title above a figure. The figure grows by the number of new lines.

    Args:
        figure: A figure of this package, or another `matplotlib.figure.Figure`.
        title: The title, of one line or more; Chinese characters are drawn too.

    Example:
        >>> with new_figure(4, 3) as figure:
        ...     axes = figure.subplots()
        >>> set_title(figure, "我的模型")
    """
    new_lines = len(title.splitlines()) - len(figure.get_suptitle().splitlines())
    figure.set_figheight(figure.get_figheight() + 0.18 * new_lines)  # Else the images of a low figure shrink.
    with _fonts():
        figure.suptitle(title, fontsize=10)


def names_of_classes(class_names: Sequence[str], count: int) -> list[str]:
    """Return a name for each class: its number if there are no names."""
    names = [str(name) for name in class_names] or [str(i) for i in range(count)]
    if len(names) != count:
        raise _checks.error("class_names", f"one name for each of {count} classes", class_names)
    return names


@contextlib.contextmanager
def _fonts():
    """Let matplotlib look for characters that the current font lacks in Chinese fonts."""
    from matplotlib import font_manager, rc_context, rcParams

    known = {font.name for font in font_manager.fontManager.ttflist}
    if FAMILY not in known:
        font_manager.fontManager.addfont(FONT)
    families = [*rcParams["font.family"], FAMILY, *(family for family in INSTALLED if family in known)]
    with rc_context({"font.family": list(dict.fromkeys(families))}):
        yield
