"""Measure the examples of "My network does not learn" again, and draw their curves: `python -m tools.signs`

The page has a program, and tables whose rows change it: `OLD` → `NEW`. The numbers are written into both pages.
"""

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np

from recipes._lib import drawing
from recipes._lib.words import LANGUAGES
from tools import ROOT

PAGE = ROOT / "docs/not_learning.md"
ROW = re.compile(r"^\| ([^|]+) \| ((?:`[^`|]+` → `[^`|]+`(?:; )?)+) \|" + r" ([^|]*) \|" * 4, re.M)
HIGHEST = (4, 10)
"""Loss at the top of a picture, at least and at most."""


def path(language: str) -> Path:
    """Return the path of the page in a language."""
    return PAGE.with_suffix(f"{LANGUAGES[language]}.md")


def program(changes: str = "") -> str:
    """Return the first program of the page, changed as a row says."""
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)[1]
    for old, new in re.findall(r"`([^`]+)` → `([^`]+)`", changes):
        if found.count(old) != 1:
            raise ValueError(f"`OLD` must stand once in the program. Received: OLD={old!r}, {found.count(old)} times")
        found = found.replace(old, new)
    return found


def measured(changes: str = "") -> tuple[dict, list[str]]:
    """Return the history of a changed program, and the four cells of its row."""
    names = {"__name__": "example"}
    with redirect_stdout(io.StringIO()):
        exec(program(changes), names)
    history, answers = names["history"], names["answers"]
    losses = [f"{_number(history[key][0])} → {_number(history[key][-1])}" for key in ("loss", "val_loss")]
    commonest = names["np"].bincount(answers).max() / len(answers)
    return history, [*losses, f"{history['val_accuracy'][-1]:.2f}", f"{commonest:.2f}"]


def _number(loss: float) -> str:
    return f"{loss:.2f}".replace("nan", "NaN") if not loss > 100 else f"{loss:.0e}".replace("e+", "e")


def examples(page: str) -> dict[str, str]:
    """Return the sign and the change of the first row of each table: under which heading it stands."""
    parts = [(part.partition("\n")[0], ROW.search(part)) for part in page.split("\n### ")[1:]]
    return {heading: row[2] for heading, row in parts if row}


def draw(histories: dict[str, dict], language: str) -> None:
    """Draw the losses of the program as it stands and of the first example of each sign."""
    page = path(language).read_text(encoding="utf-8")
    titles = {re.search(r"!\[([^:：]+)", page)[1]: "", **examples(page)}
    with drawing.new_figure(12, 4.6) as figure:
        columns = (len(titles) + 1) // 2
        for number, (title, changes) in enumerate(titles.items(), 1):
            axes = figure.add_subplot(2, columns, number)
            curves = [histories[changes][key] for key in ("loss", "val_loss")]
            for label, curve in zip(("loss", "val_loss"), curves, strict=True):
                axes.plot(range(1, 1 + len(curve)), curve, label=label)
            if np.isnan(curves).all():
                axes.text(0.5, 0.5, "NaN", transform=axes.transAxes, ha="center")
            axes.set_title(title, fontsize=9)
            axes.set_xlim(0, len(curves[0]))
            axes.set_ylim(0, np.clip(1.1 * np.nanmax([0, *curves[0], *curves[1]]), *HIGHEST))
        figure.axes[0].legend()
        figure.savefig(path(language).with_suffix(".png"), dpi=100)


def main() -> None:
    """Measure, write the cells, draw."""
    rows = {changes: measured(changes) for _, changes, *_ in ROW.findall(PAGE.read_text(encoding="utf-8"))}
    for language in LANGUAGES:
        page = path(language).read_text(encoding="utf-8")
        page = ROW.sub(lambda row: f"| {row[1]} | {row[2]} | {' | '.join(rows[row[2]][1])} |", page)
        path(language).write_text(page, encoding="utf-8")
        draw({"": measured()[0]} | {changes: history for changes, (history, _) in rows.items()}, language)


if __name__ == "__main__":
    main()
