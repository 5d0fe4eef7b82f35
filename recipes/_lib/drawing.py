"""An empty figure with fonts that have Chinese characters, and the title of a figure."""

import contextlib
from pathlib import Path

from matplotlib import font_manager, rc_context, rcParams
from matplotlib.figure import Figure

# By its path: an import of `dlguide` takes Keras with it.
FONT = Path(__file__).parents[2] / "dlguide" / "plots" / "fonts" / "dlguide-cjk.ttf"
FAMILY = "dlguide CJK"


@contextlib.contextmanager
def new_figure(width: float, height: float):
    """Give an empty figure of this size in inches; inside the `with` block it has Chinese characters too."""
    with rc_context({"font.family": families()}):
        yield Figure(figsize=(width, height), layout="constrained", dpi=120)


def set_title(figure, title: str) -> None:
    """Set the title above a figure. The figure grows by the number of new lines."""
    new_lines = len(title.splitlines()) - len(figure.get_suptitle().splitlines())
    figure.set_figheight(figure.get_figheight() + 0.18 * new_lines)  # Else the images of a low figure shrink.
    with rc_context({"font.family": families()}):
        figure.suptitle(title, fontsize=10)


def families() -> list[str]:
    """Return the current fonts, and behind them the Chinese font of `dlguide.plots`."""
    if FAMILY not in {font.name for font in font_manager.fontManager.ttflist}:
        font_manager.fontManager.addfont(FONT)
    return list(dict.fromkeys([*rcParams["font.family"], FAMILY]))
