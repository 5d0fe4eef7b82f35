"""A folder with the question of `made_up`."""

import csv

import pytest

from questions._questions import Question
from tests.helpers.made_up import NAMES, PAGE, experiment


@pytest.fixture
def question(tmp_path):
    folder = tmp_path / "x"
    folder.mkdir()
    with (folder / "names.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(NAMES)
    for name in ("README.md", "README.zh.md"):
        (folder / name).write_text(PAGE, encoding="utf-8")
    return Question(folder, experiment())
