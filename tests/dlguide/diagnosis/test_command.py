"""`python -m dlguide.diagnosis script.py`: the script runs as it is, and each of its models is looked at."""

import re
import sys

import keras
import numpy as np
import pytest

from dlguide import training
from dlguide.diagnosis import __main__ as command_line
from tests.helpers.commands import command, process
from tests.helpers.switches import quick

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
    model = keras.Sequential([keras.Input((4,)), *(layers or [L.Dense(1, activation="sigmoid")])], **options)
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    return model
"""
TWO = """
print("arguments", sys.argv[1:], __name__)
dropped = model_of(L.Dense(8, activation="tanh"), L.Dropout(0.3), L.Dense(1, activation="sigmoid"), name="dropped")
for _ in range(5):
    dropped.fit(x, y, 32, 2, 0)
broken = model_of(L.Dense(1), name="broken")
training.fit(broken, x=x, y=y, epochs=10, verbose=0)
np.savez(sys.argv[1], *[w for model in (dropped, broken) for w in model.get_weights()])
sys.exit(3)
"""
UNUSUAL = """
class Own(keras.Model):
    def __init__(self):
        super().__init__(name="own")
        self.layer = L.Dense(1, activation="sigmoid")

    def call(self, x):
        return self.layer(x)

own = Own()
own(x[:1])
own.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
own.fit(x, y, epochs=10, verbose=0)
keras.utils.set_random_seed(0)
late = keras.Sequential([L.Dense(1)], name="late")  # Built by its `fit`.
late.compile(keras.optimizers.SGD(3.0), lambda y, p: keras.ops.mean(keras.ops.square(y - p), -1))
late.fit(x, x[:, :1], epochs=5, verbose=0)
no_copy = keras.Sequential([keras.Input((4,)), type("Odd", (L.Dense,), {"get_config": lambda self: {}})(1)], name="odd")
no_copy.compile("adam", "mse")
no_copy.fit(x, x[:, :1], verbose=0)
"""


def findings(output: str) -> dict:
    """Return the faults found, by the name of the model."""
    parts = re.split(r"script\.py, model \d of \d: (\w+)\n", output)
    return dict(zip(parts[1::2], (re.findall(r"(?m)^\d\. .*\[(\w+),", text) for text in parts[2::2]), strict=True))


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """In this process, for time: run a script; return the status, the output and the standard error."""

    def of(text, *options):
        path = tmp_path / "script.py"
        path.write_text(START + text, encoding="utf-8")
        monkeypatch.setattr(sys, "argv", ["dlguide.diagnosis", *options, str(path)])
        monkeypatch.setattr(sys, "path", ["", *sys.path])
        fits = keras.Model.fit, training.fit
        status, printed = command_line.main(), capsys.readouterr()
        assert (keras.Model.fit, training.fit) == fits
        return status, printed.out.replace(str(path), "script.py"), printed.err

    return of


@pytest.mark.thorough(seconds=5)
def test_the_script_does_what_it_does_alone_and_each_of_its_models_is_looked_at(tmp_path):
    path = tmp_path / "script.py"
    path.write_text(START + TWO, encoding="utf-8")
    watched = command("dlguide.diagnosis", str(path), str(tmp_path / "watched.npz"), "--language", cwd=tmp_path)
    assert watched.returncode == 3 and "Traceback" not in watched.stderr
    assert f"arguments ['{tmp_path}/watched.npz', '--language'] __main__\n" in watched.stdout
    assert findings(watched.stdout) == {"dropped": [], "broken": ["output_activation"]}
    assert process(path, tmp_path / "alone.npz").returncode == 3
    with np.load(tmp_path / "watched.npz") as a, np.load(tmp_path / "alone.npz") as b:
        assert a.files == b.files and all(np.array_equal(a[name], b[name]) for name in a.files)


@pytest.mark.thorough(seconds=5)
def test_models_of_ones_own_built_late_or_that_cannot_be_copied_are_answered(run):
    status, output, _ = run(UNUSUAL)
    assert status == 0 and findings(output) == {"own": [], "late": ["learning_rate_high"], "odd": []}
    assert "ValueError: `model` must be one that can be copied" in output


FITS = {  # What a script calls, and the arguments that are looked at.
    "by position": ("model_of().fit(x, y, 16, 7, 0)", {"batch_size": 16, "epochs": 7}),
    "an epoch in each": ("m = model_of()\nfor _ in range(3):\n    m.fit(x, y, verbose=0)", {"epochs": 3}),
    "of dlguide": ("training.fit(model_of(), x, y, epochs=2, verbose=0, shuffle=False)", {"shuffle": False}),
    "four models": ("for i in range(4):\n    model_of(name=f'm{i}').fit(x, y, epochs=i + 1, verbose=0)", {"epochs": 1}),
}


@pytest.mark.parametrize("name", quick(FITS, "an epoch in each"))
def test_a_model_is_seen_as_it_was_before_its_training_with_the_arguments_of_its_fit(run, monkeypatch, name):
    looked_at = []
    monkeypatch.setattr(command_line, "check", lambda model, **options: looked_at.append((model, options)))
    text, wanted = FITS[name]
    _, output, _ = run(text)
    keras.utils.set_random_seed(0)
    first, (model, options) = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)]), looked_at[0]
    assert np.array_equal(model.get_weights()[0], first.get_weights()[0])
    assert {key: options[key] for key in wanted} == wanted and options["x"].shape == (400, 4)
    assert len(looked_at) == (3 if name == "four models" else 1)
    assert ("script.py trained more than 3 models: only the first 3" in output) == (name == "four models")


@pytest.mark.parametrize(
    ("text", "status"),
    [("sys.exit()", 0), ("sys.exit(3)", 3), ("sys.exit('bad')", 1), ("raise KeyboardInterrupt", 1), ("1 / 0", 1)],
)
def test_the_status_is_that_of_the_script_and_a_script_without_a_fit_is_told_so(run, text, status):
    found, output, errors = run("model_of()\n" + text)
    assert found == status and output.endswith("\nscript.py called `fit` of no Keras model.\n")
    assert (f"script.py failed with status {status}.\n" in output) == bool(status)
    assert ("division by zero" in errors) == (text == "1 / 0") and ("bad\n" in errors) == ("bad" in text)


def test_a_script_that_fails_has_the_fits_before_looked_at_in_the_language_asked_for(run, monkeypatch, tmp_path):
    monkeypatch.setattr(command_line, "check", lambda model, language, **options: f"in {language}")
    (tmp_path / "beside.py").write_text("NUMBER = 7", encoding="utf-8")  # The script may import it.
    text = "import beside\nmodel_of(name='m').fit(x, y, verbose=0)\nsys.exit(beside.NUMBER)"
    told = ["", "script.py 以状态 7 结束。", "", "script.py，第 1 个模型（共 1 个）：m", "in zh", ""]
    assert run(text, "--language", "zh")[:2] == (7, "\n".join(told))
    sys.modules.pop("beside")


def test_a_missing_file_is_one_sentence_and_status_2(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["dlguide.diagnosis", "missing.py"])
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    message = "python -m dlguide.diagnosis: error: `script` must be a Python file. Received: script='missing.py'\n"
    assert ended.value.code == 2 and capsys.readouterr().err.endswith(message)
