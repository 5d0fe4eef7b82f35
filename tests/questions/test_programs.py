"""The programs of the questions' pages: each needs nothing of this project, and prints what the page says."""

import re
import runpy
import subprocess
import sys
import time

import keras
import pytest

from questions import _questions

SLOW = ("dropout", "few_examples", "loss_functions", "network_size", "regularisation", "residual_connections")
SLOW += ("transfer_learning", "transformer", "uncertainty", "gru", "lstm", "vae", "gan", "learning_rate", "autoencoder")
TOLERANCE = 0.1
"""Of a printed number, relative: other processors round otherwise, and a training makes much of it."""
DECIMAL = re.compile(r"\d+\.\d+")
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


def changes(name: str) -> dict[int, tuple[list[tuple[str, str]], str]]:
    """Return what each exercise changes in the program of the page, old and new, and the text of the exercise."""
    text = _questions.question(name).page("en").read_text(encoding="utf-8")
    exercises = text.partition("<summary>Exercises</summary>\n")[2].partition("<summary>Read on</summary>")[0]
    found = enumerate(re.split(r"^\*\*\d\.\*\* ", exercises, flags=re.M)[1:], 1)
    return {number: (re.findall(r"^<!-- change: (.+) => (.+) -->$", one, re.M), one) for number, one in found}


@pytest.mark.parametrize("name", _questions.names())
def test_what_an_exercise_changes_stands_once_in_the_program(name):
    program, _ = program_and_output(name)
    for number, (pairs, text) in changes(name).items():
        assert text.count("<!-- change") == len(pairs)
        for old, new in pairs:
            assert program.count(old) == 1 and old != new, (number, old)


@pytest.mark.thorough(seconds=10)  # All of them together take minutes: `DLGUIDE_TESTS=60` runs them.
@pytest.mark.parametrize(
    ("name", "number"),
    [
        pytest.param(name, number, marks=[pytest.mark.thorough(seconds=60)] * (name in SLOW))
        for name in _questions.names()
        for number, (pairs, _) in changes(name).items()
        if pairs
    ],
)
def test_a_changed_program_prints_what_the_answer_of_its_exercise_says(name, number, tmp_path, monkeypatch, capsys):
    """The output is a block of the answer, or the answer names each decimal number of it."""
    program, (pairs, text) = program_and_output(name)[0], changes(name)[number]
    for old, new in pairs:
        program = program.replace(old, new)
    blocks = re.findall(r"^```text\n(.*?)^```$", text, re.M | re.S)
    named = [float(number) for number in DECIMAL.findall(text)]

    def is_said(printed: str) -> bool:
        if blocks:
            return agree(printed, blocks[0])
        found = [float(number) for number in DECIMAL.findall(printed)]
        return all(any(is_near(number, one) for one in named) for number in found)

    printed = run(program, is_said, tmp_path, monkeypatch, capsys)
    assert is_said(printed), printed


@pytest.mark.thorough
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.thorough(seconds=60)] * (name in SLOW)) for name in _questions.names()],
)
def test_a_program_prints_what_the_page_says(name, tmp_path, monkeypatch, capsys):
    """In this process, for time: each program starts Keras otherwise."""
    program, output = program_and_output(name)
    printed = run(program, lambda printed: agree(printed, output), tmp_path, monkeypatch, capsys)
    assert agree(printed, output), (printed, output)


def run(program: str, is_right, folder, monkeypatch, capsys) -> str:
    """Return what a program prints; in a process of its own if it is not right in this one."""
    (folder / "program.py").write_text(program, encoding="utf-8")
    monkeypatch.chdir(folder)
    keras.utils.set_random_seed(int(time.time()))  # A program must set its own seed.
    runpy.run_path("program.py", run_name="__main__")
    printed = capsys.readouterr().out
    if not is_right(printed):
        # What ran before in this process can change the last bits, and a long training makes more of them.
        printed = subprocess.run([sys.executable, "program.py"], capture_output=True, text=True, check=True).stdout
    return printed


def agree(printed: str, output: str) -> bool:
    """Tell whether two texts are the same but for small differences of their numbers."""
    numbers = [
        [float(number.replace(",", "").replace("−", "-")) for number in NUMBER.findall(text)]
        for text in (printed, output)
    ]
    is_same_text = NUMBER.sub("N", printed) == NUMBER.sub("N", output)
    return is_same_text and is_near(*numbers)


def is_near(found, wanted) -> bool:
    return found == pytest.approx(wanted, rel=TOLERANCE, abs=0.02)
