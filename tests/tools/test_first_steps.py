"""The commands of `docs/first_steps.md`, run one after the other with fewer images, print what the page says."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

ROOT = Path(__file__).parents[2]
FENCES = re.findall(r"^```(?:pycon)?\n(.*?)^```$", (ROOT / "docs/first_steps.md").read_text("utf-8"), re.M | re.S)
INSTALL, TRAIN, TRAINED, PREDICT, PREDICTED, REFUSED, SESSION = FENCES
THREE = [(30, 30), (75, 20), (95, 45), (65, 70), (98, 95), (80, 120), (35, 115)]


def words(line: str) -> str:
    """Return a line without its numbers, and without the spaces that align them."""
    return re.sub(r"[\d.,]+|\s+", " ", line).strip()


def run(command: str, folder: Path) -> subprocess.CompletedProcess:
    arguments = [sys.executable, *command.split()[1:]]
    env = {"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(folder), "TF_CPP_MIN_LOG_LEVEL": "3", "COLUMNS": "100"}
    return subprocess.run(arguments, cwd=folder, env=env, capture_output=True, text=True)


def drawn(folder: Path, name: str, places: tuple[int, ...]) -> None:
    image = Image.new("L", (280, 140), 230)
    for place in places:
        ImageDraw.Draw(image).line([(x + place, y) for x, y in THREE], fill=40, width=9, joint="curve")
    image.save(folder / name)


@pytest.mark.thorough
def test_the_commands_of_the_first_steps_print_what_the_page_says(tmp_path, monkeypatch):
    assert INSTALL.endswith('pip install -e ".[recipes]"\n')
    trained = run(f"{TRAIN.strip()} --epochs 3 --limit 8000", tmp_path)
    assert trained.returncode == 0, trained.stderr
    printed = {words(line) for line in trained.stdout.splitlines()}
    assert {words(line) for line in TRAINED.splitlines()} - printed == set()
    assert all((tmp_path / f"runs/first/{name}.png").exists() for name in ("learning_curves", "worst_examples"))
    drawn(tmp_path, "my_digit.jpg", (70,))
    drawn(tmp_path, "two_digits.jpg", (5, 140))
    assert run(PREDICT, tmp_path).stdout.startswith(PREDICTED[: len("my_digit.jpg: 3")])
    assert REFUSED.strip() in run(PREDICT.replace("my_digit", "two_digits"), tmp_path).stderr
    monkeypatch.chdir(tmp_path)
    session = doctest.DocTestParser().get_doctest(SESSION, {}, "first_steps", None, 0)
    assert doctest.DocTestRunner().run(session).failed == 0
