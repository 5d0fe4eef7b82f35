"""`python -m dlguide.diagnosis script.py`: the script runs as it is, and each of its models is looked at."""

import os
import subprocess
import sys

import numpy as np
import pytest

from dlguide.diagnosis import __main__ as command_line
from tests.helpers.commands import ROOT, command

pytestmark = pytest.mark.one_backend
START = """
import sys
import keras
import numpy as np
from dlguide import training

L = keras.layers
keras.utils.set_random_seed(0)
x = np.random.default_rng(0).normal(size=(400, 4)).astype("float32")
y = (x[:, 0] > 0).astype("int64")


def model_of(*layers, loss="binary_crossentropy", rate=0.05, **options):
    model = keras.Sequential([keras.Input((4,)), *layers], **options)
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    return model


def sigmoid():
    return L.Dense(1, activation="sigmoid")
"""


def written(tmp_path, text: str) -> str:
    (tmp_path / "script.py").write_text(START + text, encoding="utf-8")
    return str(tmp_path / "script.py")


def findings(output: str) -> dict:
    """Return the faults found, by the name of the model."""
    _, *parts = output.split(", model ")
    found = {}
    for part in parts:
        title, _, report = part.partition("\n")
        found[title.rsplit(" ", 1)[-1]] = [
            line.rsplit("[", 1)[1].split(",")[0] for line in report.splitlines() if line[:1].isdigit() and "[" in line
        ]
    return found


HEALTHY_AND_BROKEN = """
print("arguments", sys.argv[1:], __name__)
dropped = model_of(L.Dense(8, activation="tanh"), L.Dropout(0.3), sigmoid(), name="dropped")
dropped.fit(x, y, epochs=10, verbose=0)
broken = model_of(L.Dense(1), name="broken")
training.fit(broken, x, y, epochs=10, verbose=0)
np.savez(sys.argv[1], *[w for model in (dropped, broken) for w in model.get_weights()])
sys.exit(3)
"""


@pytest.mark.thorough(seconds=3)
def test_the_script_does_what_it_does_alone_and_each_of_its_models_is_looked_at(tmp_path):
    path = written(tmp_path, HEALTHY_AND_BROKEN)
    watched = command("dlguide.diagnosis", path, str(tmp_path / "watched.npz"), "--language", cwd=tmp_path)
    assert watched.returncode == 3 and "Traceback" not in watched.stderr
    assert f"arguments ['{tmp_path}/watched.npz', '--language'] __main__\n" in watched.stdout
    assert findings(watched.stdout) == {"dropped": [], "broken": ["output_activation"]}
    assert f"{path}, model 2 of 2: broken\n" in watched.stdout and watched.stdout.count("No fault found by") == 1
    alone = subprocess.run([sys.executable, path, str(tmp_path / "alone.npz")], check=False, capture_output=True,
                           env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip
    assert alone.returncode == 3
    with np.load(tmp_path / "watched.npz") as a, np.load(tmp_path / "alone.npz") as b:
        assert a.files == b.files and all(np.array_equal(a[name], b[name]) for name in a.files)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """In this process, for time: run a script; return the status, the output and the standard error."""

    def of(text, *options):
        path = written(tmp_path, text)
        monkeypatch.setattr(sys, "argv", ["dlguide.diagnosis", *options, path])
        monkeypatch.setattr(sys, "path", ["", *sys.path])
        status, printed = command_line.main(), capsys.readouterr()
        return status, printed.out.replace(path, "script.py"), printed.err

    return of


def test_a_script_without_a_fit_is_told_so(run):
    assert run("model_of(sigmoid())") == (0, "\nscript.py called `fit` of no Keras model.\n", "")


@pytest.mark.thorough(seconds=3)
def test_a_script_that_fails_says_so_and_the_fits_before_are_looked_at(run):
    text = "model_of(L.Dense(1), name='broken').fit(x, y, epochs=10, verbose=0)\n1 / 0\n"
    status, output, errors = run(text, "--language", "zh")
    assert status == 1 and "ZeroDivisionError: division by zero" in errors
    assert output.startswith("\nscript.py 以状态 1 结束。\n") and "[output_activation, 确定]" in output
    assert "该损失函数需要概率，但输出层给出的不是概率。" in output


def test_a_missing_file_is_one_sentence_and_status_2(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["dlguide.diagnosis", "missing.py"])
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    out, err = capsys.readouterr()
    message = "python -m dlguide.diagnosis: error: `script` must be a Python file. Received: script='missing.py'\n"
    assert (ended.value.code, out) == (2, "") and err.endswith(message)


@pytest.mark.parametrize(
    ("text", "status"), [("sys.exit()", 0), ("sys.exit(3)", 3), ("sys.exit('bad')", 1), ("raise KeyboardInterrupt", 1)]
)
def test_the_status_is_that_of_the_script(run, text, status):
    found, output, _ = run(text)
    assert found == status and (f"script.py failed with status {status}." in output) == bool(status)


def test_the_script_may_import_a_module_beside_it(run, tmp_path):
    (tmp_path / "beside.py").write_text("NUMBER = 7", encoding="utf-8")
    assert "number 7\n" in run("import beside\nprint('number', beside.NUMBER)")[1]
    sys.modules.pop("beside")


# Scripts that are right; each is to be seen as it was before its training, with the arguments of its `fit`.
FORMS = {
    "options by position": "model_of(sigmoid(), name='m').fit(x, y, 32, 10, 0)",
    "options by name": "model_of(sigmoid(), name='m').fit(x=x, y=y, batch_size=32, epochs=10, verbose=0)",
    "an epoch in each fit": "m = model_of(sigmoid(), name='m')\nfor _ in range(10):\n    m.fit(x, y, verbose=0)",
    "no options": "m = model_of(sigmoid(), name='m', rate=0.5)\nm.fit(x, y)",
    "a model of one's own": """
class Own(keras.Model):
    def __init__(self, layer):
        super().__init__(name="m")
        self.layer = layer

    def call(self, x):
        return self.layer(x)

m = Own(sigmoid())
m(x[:1])
m.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
m.fit(x, y, epochs=10, verbose=0)
""",
    "a loss of one's own": """
def squared(y, predicted):
    return keras.ops.mean(keras.ops.square(y - predicted), axis=-1)

model_of(L.Dense(1), loss=squared, name="m").fit(x, x[:, :1], epochs=10, verbose=0)
""",
}


IN_SHORT = ("a loss of one's own",)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.thorough(seconds=20)] * (name not in IN_SHORT)) for name in FORMS]
)
def test_a_script_that_is_right_runs_to_its_end_and_has_no_finding(run, name):
    status, output, _ = run(FORMS[name] + "\nprint('at the end')")
    assert status == 0 and "at the end\n" in output
    assert findings(output) == {"m": []} and "Error" not in output


@pytest.mark.thorough(seconds=3)
def test_a_model_that_is_built_by_its_fit_is_seen_with_its_first_weights(run):
    text = "m = keras.Sequential([L.Dense(1)], name='m')\nm.compile(keras.optimizers.SGD(3.0), 'mse')\n"
    text += "m.fit(x, x[:, 0], epochs=5, verbose=0)"
    assert findings(run(text)[1]) == {"m": ["learning_rate_high"]}


def test_the_fit_of_keras_is_its_own_afterwards(run):
    import keras

    from dlguide import training

    fits = keras.Model.fit, training.fit
    run("model_of(sigmoid())\n1 / 0")
    assert (keras.Model.fit, training.fit) == fits


@pytest.mark.parametrize(("models", "is_said"), [(3, False), (4, True)])
def test_more_models_than_are_looked_at_are_said(run, monkeypatch, models, is_said):
    monkeypatch.setattr(command_line, "check", lambda model, **options: "looked at")
    text = f"for number in range({models}):\n    model_of(sigmoid(), name=f'm{{number}}').fit(x, y, verbose=0)"
    _, output, _ = run(text)
    assert output.count("looked at\n") == 3 and ", model 3 of 3: m2\n" in output and "m3" not in output
    assert ("script.py trained more than 3 models" in output) == is_said


OWN = """
class Own(keras.Model):
    def __init__(self, first, units, last):
        super().__init__()
        self.first, self.middle, self.last = first, L.Dense(units), last

    def call(self, x):
        return self.last(self.middle(self.first(x)))


model = Own(L.Dense(4, activation="relu"), 4, last=keras.Sequential([sigmoid()]))
model.compile(keras.optimizers.SGD(1e-6), "binary_crossentropy")
model.fit(x, y, epochs=8, verbose=0)
"""


@pytest.mark.thorough(seconds=3)
def test_a_model_of_a_class_without_get_config_is_made_again_from_what_it_was_made_with(run):
    import keras

    made = keras.Model.__new__
    status, output, _ = run(OWN)
    assert status == 0 and "[learning_rate_low, shown by the training]" in output
    assert keras.Model.__new__ is made
    _, output, _ = run(OWN.replace("model.compile", "model.trainable = False\nmodel.compile"))  # Keras's own error.
    assert "[frozen_weights, certain]" in output
