"""How every picture begins and ends: a figure without a window, in fonts with Chinese characters, and its title."""

import contextlib
import functools
import re
import warnings

# matplotlib is imported where it is used: a command's `--help` need not wait for it.

# Beginnings of names, the best first: Debian's Noto Sans CJK calls itself "Noto Sans CJK JP" and has all of Chinese.
_CHINESE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK", "Source Han Sans", "WenQuanYi", "Droid Sans Fallback", "AR PL UMing",
    "PingFang", "Hiragino Sans GB", "Arial Unicode MS", "Microsoft YaHei", "SimHei", "Noto Serif CJK",
)  # fmt: skip
_CHINESE_JAPANESE_KOREAN = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")


@contextlib.contextmanager
def new_figure(width: float, height: float):
    """Give an empty figure of a size in inches; what is drawn inside the block may have Chinese characters."""
    from matplotlib.figure import Figure

    with _fonts(Figure(figsize=(width, height), layout="constrained", dpi=120)) as figure:
        yield figure


def set_title(figure, title: str) -> None:
    """Write a title above a figure, in place of the one that it has; the figure grows by what it adds."""
    new_lines = len(title.splitlines()) - len(figure.get_suptitle().splitlines())
    figure.set_figheight(figure.get_figheight() + 0.18 * new_lines)  # Else a low figure has no room for its images.
    with _fonts(figure):
        figure.suptitle(title, fontsize=10)


def with_unit(name: str, unit: str) -> str:
    """Return what stands at an axis."""
    return f"{name} ({unit})" if unit else name


@contextlib.contextmanager
def _fonts(figure):
    """Write what the block adds in the usual font and, where that lacks a character, in a Chinese one."""
    from matplotlib import font_manager, rc_context, rcParams
    from matplotlib.text import Text

    installed = sorted({font.name for font in font_manager.fontManager.ttflist})
    chinese = [name for beginning in _CHINESE_FONTS for name in installed if name.startswith(beginning)]
    families = list(dict.fromkeys([*rcParams["font.family"], *chinese]))
    with rc_context({"font.family": families}):
        yield figure
    texts = "".join(text.get_text() for text in figure.findobj(Text))
    characters = set(_CHINESE_JAPANESE_KOREAN.findall(texts))
    if characters and not _has_glyphs(characters, families):
        _warn_of_boxes()


def _has_glyphs(characters: set[str], families: list[str]) -> bool:
    from matplotlib import font_manager

    files = [font_manager.findfont(font_manager.FontProperties(family=[family])) for family in families]
    fonts = [font_manager.get_font(file) for file in files]
    return all(any(font.get_char_index(ord(character)) for font in fonts) for character in characters)


@functools.cache  # Once for a program, and not for each of its pictures.
def _warn_of_boxes() -> None:
    from matplotlib import get_cachedir

    warnings.warn(
        "No font that matplotlib knows has the Chinese, Japanese or Korean characters of this picture: they are drawn "
        "as boxes. Install one (`apt-get install fonts-wqy-microhei` on Debian and Ubuntu, or any Noto Sans CJK font), "
        f"delete matplotlib's list of fonts ({get_cachedir()}/fontlist-*.json) and start Python again.",
        stacklevel=2,
    )
    # Said once for all: matplotlib would say it for each character, whenever the figure is drawn.
    names = "CJK|HIRAGANA|KATAKANA|HANGUL|IDEOGRAPHIC|FULLWIDTH"
    warnings.filterwarnings("ignore", rf"Glyph \d+ \(\\N\{{({names}) .* missing from")
