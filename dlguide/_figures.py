"""How every picture begins and ends: a figure without a window, and fonts with Chinese characters."""

# matplotlib is imported where it is used: a command's `--help` need not wait for it.

_CHINESE_FONTS = (
    "Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback",
    "AR PL UMing CN", "PingFang SC", "Hiragino Sans GB", "Arial Unicode MS", "Microsoft YaHei", "SimHei",
)  # fmt: skip


def figure_of(width: float, height: float):
    """Return an empty figure of a size in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", dpi=120)


def finished(figure):
    """Add a font with Chinese characters, where one is there, behind the usual one."""
    from matplotlib import font_manager, rcParams
    from matplotlib.text import Text

    installed = {font.name for font in font_manager.fontManager.ttflist}
    families = [*rcParams["font.family"], *(name for name in _CHINESE_FONTS if name in installed)]
    for text in figure.findobj(Text):
        text.set_fontfamily(families)
    return figure
