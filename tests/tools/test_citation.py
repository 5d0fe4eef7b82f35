"""The version that is cited is the version of the package."""

import re
from pathlib import Path

import pytest

import dlguide

ROOT = Path(dlguide.__file__).parents[1]


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("CITATION.cff", r"^version: (\S+)$"),
        ("README.md", r"^  version = \{(.+)\},$"),
        ("README.zh.md", r"^  version = \{(.+)\},$"),
        ("CHANGELOG.md", r"^## (\S+) "),
        ("CONTRIBUTING.md", r"git tag -a v(\S+)"),
    ],
)
def test_the_version_is_that_of_the_package(file, pattern):
    assert re.search(pattern, (ROOT / file).read_text(encoding="utf-8"), re.M)[1] == dlguide.__version__


def test_the_day_of_the_citation_is_that_of_the_newest_changes():
    day = re.search(r"^date-released: (\S+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.M)[1]
    assert f"## {dlguide.__version__} ({day})" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
