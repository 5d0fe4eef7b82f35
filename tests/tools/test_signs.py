"""The examples of "My network does not learn": each is the program of the page with a change, and has its numbers."""

import re

import pytest

from tools import signs

PAGES = [signs.path(language).read_text(encoding="utf-8") for language in ("en", "zh")]
ROWS = {row[2]: [number.strip() for number in row.groups()[2:]] for row in signs.ROW.finditer(PAGES[0])}
QUICK = ("`x / 16` → `x * 16`", "`valid = x_valid` → `valid = 1 - x_valid`", '`10, "softmax"` → `10, "relu"`')


def test_each_row_changes_the_program_and_stands_on_both_pages():
    assert len(ROWS) == PAGES[0].count("→ `") - sum(changes.count("; `") for changes in ROWS) >= 20
    for row in signs.ROW.finditer(PAGES[1]):
        assert ROWS[row[2]] == [number.strip() for number in row.groups()[2:]]
    assert len({signs.program(changes) for changes in ROWS}) == len(ROWS)
    with pytest.raises(ValueError, match=r"^`OLD` must stand once in the program. Received: OLD='keras', \d+ times$"):
        signs.program("`keras` → `x`")


@pytest.mark.thorough
@pytest.mark.parametrize(
    "changes", [pytest.param(row, marks=[pytest.mark.thorough(seconds=60)] * (row not in QUICK)) for row in ROWS]
)
def test_an_example_has_the_numbers_of_its_row(changes):
    history, cells = signs.measured(changes)
    numbers = [
        [float(number) for number in re.findall(r"[\d.]+(?:e\d+)?|NaN", " ".join(row))]
        for row in (cells, ROWS[changes])
    ]
    assert numbers[0] == pytest.approx(numbers[1], rel=0.2, abs=0.1, nan_ok=True)
    assert len(history["loss"]) in (20, 100)
