"""No room of the project has more lines than its budget: a number in `budgets.csv` is raised with its reason only."""

import csv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEFT_OUT = {"node_modules", "__pycache__"}


def lines_of_rooms(root: Path, rooms: list[dict]) -> dict[str, int]:
    """Return the lines of each room; a file belongs to the first room whose pattern it fits."""
    known, found = set(), {}
    for room in sorted(rooms, key=lambda room: "the rest" in room["room"]):
        files = {path for path in root.glob(room["files"]) if not LEFT_OUT & set(path.parts)} - known
        known |= files
        found[room["room"]] = sum(path.read_bytes().count(b"\n") for path in files)
    return found


def rooms_of(root: Path) -> list[dict]:
    with open(root / "tests" / "budgets.csv", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_each_room_fits_into_its_budget():
    rooms = rooms_of(ROOT)
    lines = lines_of_rooms(ROOT, rooms)
    assert min(lines.values()) > 0
    assert {name: n for name, n in lines.items() if n > {r["room"]: int(r["budget"]) for r in rooms}[name]} == {}


@pytest.mark.parametrize("room", [room["room"] for room in rooms_of(ROOT)])
def test_one_line_more_in_a_room_is_counted_there(room, tmp_path):
    rooms = rooms_of(ROOT)
    [pattern] = [each["files"] for each in rooms if each["room"] == room]
    path = tmp_path / pattern.replace("**", "x").replace("*", "y")
    path.parent.mkdir(parents=True)
    path.write_text("one\ntwo\n")
    assert {name: n for name, n in lines_of_rooms(tmp_path, rooms).items() if n} == {room: 2}
