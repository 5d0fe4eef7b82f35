"""An empty figure with fonts that have Chinese characters, and the names of classes."""

import contextlib
import functools
import io
from collections.abc import Sequence
from pathlib import Path

from dlguide import _checks, _extras

FONT = Path(__file__).parent / "fonts" / "dlguide-cjk.ttf"
FAMILY = "dlguide CJK"
# For what the shipped font lacks: traditional Chinese, rare characters, Korean.
INSTALLED = ("Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "SimHei")


@contextlib.contextmanager
def new_figure(width: float, height: float):
    """Give an empty figure of this size in inches; inside the `with` block it has Chinese characters too."""
    _extras.needed("matplotlib", "plots")
    from matplotlib import font_manager, rc_context, rcParams

    known = {font.name for font in font_manager.fontManager.ttflist}
    if FAMILY not in known:
        font_manager.fontManager.addfont(FONT)
    families = [*rcParams["font.family"], FAMILY, *(family for family in INSTALLED if family in known)]
    with rc_context({"font.family": list(dict.fromkeys(families))}):
        yield _kind()(figsize=(width, height), layout="constrained", dpi=120)


@functools.cache
def _kind() -> type:
    """Return a figure without a window, which a notebook shows as the last value of a cell, with any backend."""
    import matplotlib.figure

    class Figure(matplotlib.figure.Figure):
        def _repr_png_(self) -> bytes:
            picture = io.BytesIO()
            self.savefig(picture, format="png", bbox_inches="tight")
            return picture.getvalue()

    return Figure


def names_of_classes(class_names: Sequence[str], count: int) -> list[str]:
    """Return a name for each class: its number if there are no names."""
    names = [str(name) for name in class_names] or [str(i) for i in range(count)]
    if len(names) != count:
        raise _checks.error("class_names", f"one name for each of {count} classes", class_names)
    return names
