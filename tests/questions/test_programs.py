"""The programs of the questions' pages: each needs nothing of this project, and prints what the page says."""

import re
import runpy
import subprocess
import sys
import time

import keras
import pytest

from questions import _questions

SLOW = ("dropout", "loss_functions", "regularisation", "transformer")
TOLERANCE = 0.1
"""Of a printed number, relative: other processors round otherwise, and a training makes much of it."""
NUMBER = re.compile(r"[-+−]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")


def program_and_output(name: str) -> tuple[str, str]:
    text = _questions.question(name).page("en").read_text(encoding="utf-8")
    part = text.partition("\n## Try it\n")[2].partition("\n## ")[0]
    [program], [output] = (re.findall(rf"^```{kind}\n(.*?)^```$", part, re.M | re.S) for kind in ("python", "text"))
    return program, output


@pytest.mark.parametrize("name", _questions.names())
def test_a_program_is_short_and_needs_keras_numpy_and_scikit_learn_alone(name):
    program, output = program_and_output(name)
    lines = [line for line in program.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert len(lines) <= 20 and max(map(len, lines)) <= 100
    imported = set(re.findall(r"^\s*(?:import|from) (\w+)", program, re.M))
    assert imported <= {"keras", "numpy", "sklearn", "scipy", "time", "math", "itertools", "statistics"}
    assert len(NUMBER.findall(output)) >= 2


@pytest.mark.thorough
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.thorough(seconds=60)] * (name in SLOW)) for name in _questions.names()],
)
def test_a_program_prints_what_the_page_says(name, tmp_path, monkeypatch, capsys):
    """In this process, for time: each program starts Keras otherwise."""
    program, output = program_and_output(name)
    file = tmp_path / "program.py"
    file.write_text(program, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    keras.utils.set_random_seed(int(time.time()))  # A program must set its own seed.
    runpy.run_path(str(file), run_name="__main__")
    printed = capsys.readouterr().out
    if not agree(printed, output):
        # What ran before in this process can change the last bits, and a long training makes more of them.
        printed = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=True).stdout
    assert agree(printed, output), (printed, output)


def agree(printed: str, output: str) -> bool:
    """Tell whether two texts are the same but for small differences of their numbers."""
    numbers = [
        [float(number.replace(",", "").replace("−", "-")) for number in NUMBER.findall(text)]
        for text in (printed, output)
    ]
    is_same_text = NUMBER.sub("N", printed) == NUMBER.sub("N", output)
    return is_same_text and numbers[0] == pytest.approx(numbers[1], rel=TOLERANCE, abs=0.02)
