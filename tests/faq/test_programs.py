"""The programs of the questions' pages: each runs alone, without this project, and prints what the page says."""

import os
import re
import subprocess
import sys

import pytest

from recipes.faq import _questions

SECONDS = 60
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
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in _questions.names()]
)
def test_a_program_runs_alone_and_prints_what_the_page_says(name, tmp_path):
    program, output = program_and_output(name)
    (tmp_path / "program.py").write_text(program, encoding="utf-8")
    environment = {**os.environ, "KERAS_HOME": str(tmp_path / "keras"), "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("KERAS_BACKEND", None)
    done = subprocess.run(
        [sys.executable, "-P", "program.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=4 * SECONDS,  # The machine may be busy.
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert NUMBER.sub("N", done.stdout) == NUMBER.sub("N", output)
    for found, stated in zip(NUMBER.findall(done.stdout), NUMBER.findall(output), strict=True):
        found, stated = (float(number.replace(",", "").replace("−", "-")) for number in (found, stated))
        assert found == pytest.approx(stated, rel=TOLERANCE, abs=0.02), (done.stdout, output)
