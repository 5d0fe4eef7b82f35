"""A recipe as a command: options, help, errors in one line, the folder of the run, Ctrl-C."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import pytest

import recipes
from recipes import denoising_autoencoder_mnist, linear_regression_mpg, perceptron_mnist
from recipes._lib.result import Result
from recipes._lib.runs import arguments, command_line, finished_runs, machine_facts, recipe_list, results, run_folder
from tests.helpers.commands import ROOT, process
from tools import measure

NAME = Path(__file__).stem
"""The recipe that a `main` of this file belongs to."""


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def stopped(monkeypatch, main, *options, run=command_line.run) -> int:
    """Return the status with which a command ends."""
    monkeypatch.setattr(sys, "argv", ["command", *options])
    with pytest.raises(SystemExit) as stop:
        run(main)
    return stop.value.code


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--epochs", "0"], "`epochs` must be an integer of at least 1. Received: epochs=0"),
        (["--limit", "-5"], "`limit` must be an integer of at least 60. Received: limit=-5"),
        (["--seed", "-1"], "`seed` must be an integer from 0 to 4294967295. Received: seed=-1"),
        (["--seed", "4294967296"], "`seed` must be an integer from 0 to 4294967295. Received: seed=4294967296"),
        (["--noise", "-1"], "`noise` must be a number of at least 0. Received: noise=-1.0"),
        (["--learning-rate", "0"], "`learning_rate` must be a number above 0. Received: learning_rate=0.0"),
        (["--learning-rate", "nan"], "`learning_rate` must be a number above 0. Received: learning_rate=nan"),
        (["--run-dir", "/proc/none"], "`run_dir` must be a folder that can be written. Received: run_dir='/proc/none'"),
    ],
)
def test_a_bad_option_gets_one_line_and_status_2_and_leaves_nothing(options, message, tmp_path, monkeypatch, capsys):
    assert stopped(monkeypatch, denoising_autoencoder_mnist.main, *options) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(message) and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value", "must_be"),
    [
        *((name, 0, "an integer of at least 1") for name in arguments.POSITIVE),
        ("dropout", 1.0, r"a number in \[0, 1\)"),
    ],
)
def test_options_of_some_recipes_are_checked_before_anything_is_loaded(name, value, must_be):
    with pytest.raises(ValueError, match=f"`{name}` must be {must_be}. Received: {name}={value}"):
        arguments.check({name: value})


@pytest.mark.parametrize("option", [["--learning-rate", "abc"], ["--lerning-rate", "1"]])
def test_an_option_that_tyro_cannot_read_ends_with_status_2(option, tmp_path, monkeypatch, capsys):
    assert stopped(monkeypatch, denoising_autoencoder_mnist.main, *option) == 2
    assert option[0] in capsys.readouterr().err and list(tmp_path.iterdir()) == []


def test_a_refused_command_leaves_an_empty_folder_empty_and_an_unfinished_run_as_it_was(monkeypatch, tmp_path):
    def refuse(*_, **__):
        raise ValueError("`x` must be arrays. Received: x=None")

    monkeypatch.setattr(perceptron_mnist.data, "load", refuse)
    Path("mine").mkdir()
    assert stopped(monkeypatch, perceptron_mnist.main, "--run-dir", "mine") == 2
    assert list(Path("mine").iterdir()) == []
    options = finished_runs.default_options("perceptron_mnist")
    results.write_json(Path("mine/options.json"), {"options": options})
    assert stopped(monkeypatch, perceptron_mnist.main, "--run-dir", "mine") == 2
    assert Path("mine/options.json").exists()


def test_help_has_words_for_each_option_and_a_paragraph_for_data_baseline_and_result(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "200")
    assert stopped(monkeypatch, perceptron_mnist.main, "--help") == 0
    out = capsys.readouterr().out
    shown = re.sub(r"[│╭╮╰╯─\s]+", " ", out)
    for name in ("epochs", "batch_size", "learning_rate", "seed", "limit", "run_dir"):
        words = re.escape(recipe_list.content()["options"][name])
        assert re.search(rf"--{name.replace('_', '-')} \S+ {words}", shown), name
    assert all(f"\n\n{word}: " in out for word in ("Data", "Baseline", "Result", "Training"))
    assert stopped(monkeypatch, measure.main, "--help", run=command_line.run_tool) == 0
    assert "RECIPES Names of recipes, such as mlp_mnist, or of further" in " ".join(capsys.readouterr().out.split())


def test_without_the_extra_a_command_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tyro", None)
    for run, main in ((command_line.run, perceptron_mnist.main), (command_line.run_tool, measure.main)):
        assert stopped(monkeypatch, main, run=run) == 2
        assert capsys.readouterr().err == 'The recipes need the extra "recipes": pip install -e ".[recipes]"\n'


@pytest.mark.parametrize("run", [command_line.run, command_line.run_tool])
@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("`epochs` must be one.\nReceived: two"), "`epochs` must be one. Received: two\n"),
        (FloatingPointError("the loss is nan"), "the loss is nan\n"),
        (OSError("a data set is missing"), "a data set is missing\n"),
        (PermissionError(errno.EACCES, "Permission denied", "x.json"), "[Errno 13] Permission denied: 'x.json'\n"),
        (ValueError("zip() argument 2 is shorter"), None),
        (FileNotFoundError(errno.ENOENT, "No such file", "x.json"), None),
        (TypeError("bug"), None),
    ],
)
def test_a_users_mistake_is_one_line_and_a_bug_keeps_its_traceback(run, error, line, tmp_path, monkeypatch, capsys):
    def main(*, run_dir: str | None = None):
        raise error

    monkeypatch.setattr(sys, "argv", ["command"])
    with pytest.raises(SystemExit if line else type(error)) as stop:
        run(main)
    assert not line or stop.value.code == 2
    assert capsys.readouterr().err == (line or "") and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("exprot", "must be one of predict, export. Received: command='exprot'. Did you mean 'export'?"),
        ("cnn_mnist", "A recipe is a module: python -m recipes.cnn_mnist"),
    ],
)
def test_an_unknown_command_is_refused_without_keras_with_the_nearest_one(word, line):
    code = f"import runpy, sys; sys.argv[1:] = ['{word}']; sys.modules['keras'] = None; "
    done = process("-c", code + "runpy.run_module('recipes', run_name='__main__')", cwd=ROOT)
    assert done.returncode != 0 and done.stderr.strip().endswith(line)


def test_an_unknown_recipe_is_refused_with_the_nearest_one():
    published = "a recipe with a published model: autoencoder_mnist, cnn_mnist"
    for call, must_be in ((recipe_list.recipe, "a recipe that recipes.toml has"), (recipes.pretrained, published)):
        with pytest.raises(ValueError, match=rf"{must_be}.* Received: name='vae_mist'. Did you mean 'vae_mnist'\?"):
            call("vae_mist")


def test_a_tool_ends_with_the_status_of_the_command_that_failed_in_it(monkeypatch):
    def main():
        subprocess.run([sys.executable, "-c", "raise SystemExit(3)"], check=True)

    assert stopped(monkeypatch, main, run=command_line.run_tool) == 3


def finished(*, seed: int = 0, run_dir: str | None = None) -> Result:
    """A recipe that is soon over."""
    return Result({"accuracy": 0.5}, None, {}, seconds=0.0)


def test_a_command_prints_its_folder_its_files_and_its_seconds_and_how_it_is_resumed(monkeypatch, capsys):
    interrupts = [KeyboardInterrupt]

    def main(*, run_dir: str | None = None) -> Result:
        if interrupts:
            raise interrupts.pop()
        return finished()

    monkeypatch.setattr(recipes, "START", time.perf_counter() - 1000)
    folder = f"runs/{NAME}/1"
    assert stopped(monkeypatch, main) == 130
    resume = f"python -m recipes.{NAME} --run-dir {folder}"
    assert capsys.readouterr().err == f"\nInterrupted. To resume: {resume}\n"
    monkeypatch.setattr(sys, "argv", resume.split()[2:])
    command_line.run(main)
    out = capsys.readouterr().out
    # The total counts from the first import of the command.
    for line in (f"run folder: {folder}", f"  {folder}/metrics.json", f"  {folder}/options.json"):
        assert f"{line}\n" in out
    assert 1000 <= int(re.search(r"\ntotal time (\d+) s\n", out)[1]) < 2000
    metrics = json.loads(Path(folder, "metrics.json").read_text())
    assert metrics == {"accuracy": 0.5, "training_seconds": 0.0}  # Of other work, earlier processes did a part.
    monkeypatch.setattr(sys, "argv", ["command"])
    command_line.run(main)
    metrics = json.loads(Path(f"runs/{NAME}/2/metrics.json").read_text())
    assert 0 <= metrics["evaluation_seconds"] < 60
    assert stopped(monkeypatch, main, "--run-dir", folder) == 2  # It is finished.


def test_a_recipe_that_is_called_from_python_returns_its_result_and_writes_none_of_the_files_of_a_command(capsys):
    result = linear_regression_mpg.main(epochs=1, run_dir="mine")
    assert {"mae", "baseline_mae", "training_seconds"} <= set(result.metrics) and result.input["kind"] == "numbers"
    files = {path.name for path in Path("mine").iterdir()}
    assert {"model.keras", "history.csv"} <= files and not {"metrics.json", "input.json", "options.json"} & files
    assert not any(name.endswith(".png") for name in files) and result.figures["prediction"]().axes


def test_a_result_names_the_backend_that_keras_has(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "another")  # Without it, Keras reads its own file of settings.
    facts = machine_facts.machine()
    assert facts["backend"] == keras.config.backend() and facts["cores"] >= 1 and facts["cpu"]
    assert facts["versions"]["keras"] == keras.__version__


@pytest.mark.thorough
def test_the_command_keeps_its_epochs_after_ctrl_c():
    run = ["recipes.perceptron_mnist", "--epochs", "4000", "--limit", "300", "--batch-size", "8"]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    options["env"] = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-m", *run], **options)
    folder = Path("runs/perceptron_mnist/1")
    deadline = time.monotonic() + 600
    while not (folder / "checkpoint.previous.npz").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    try:
        _, errors = process.communicate(timeout=600)
    finally:
        process.kill()
    assert process.returncode == 130
    assert f"To resume: python -m {' '.join(run)} --run-dir {folder}" in errors and "Traceback" not in errors
    assert len((folder / "history.csv").read_text().splitlines()) >= 2


def test_a_command_gets_a_new_number_and_nothing_is_overwritten():
    def leave(folder: Path, content: object) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        results.write_json(folder / "options.json", content)
        return folder

    def chosen(**options) -> str:
        return str(run_folder.choose("mlp_mnist", {"run_dir": None, **options})[0])

    assert [chosen(epochs=2) for _ in range(3)] == [f"runs/mlp_mnist/{number}" for number in (1, 2, 3)]
    for name in ("9", "10", "notes"):  # Some have been removed.
        Path("runs/mlp_mnist", name).mkdir()
    assert chosen(epochs=2) == "runs/mlp_mnist/11"
    first = leave(Path("runs/mlp_mnist/1"), {"options": {"epochs": 2, "run_dir": "elsewhere"}})
    assert chosen(epochs=2, run_dir=str(first)) == str(first)
    leave(Path("mine"), [])
    for run_dir, difference in ((str(first), " with epochs 2 there, 3 here"), ("mine", "")):
        with pytest.raises(ValueError) as refused:
            chosen(epochs=3, run_dir=run_dir)
        must_be = "`run_dir` must be new, empty or hold an unfinished run of the same options"
        assert str(refused.value) == f"{must_be}. Received: run_dir='{run_dir}'{difference}"
    results.write_json(first / "metrics.json", {})
    with pytest.raises(ValueError, match="unfinished run"):
        chosen(epochs=2, run_dir=str(first))


def test_commands_that_start_together_get_a_folder_each_and_one_that_is_refused_removes_its_own(monkeypatch):
    glob = Path.glob
    monkeypatch.setattr(Path, "glob", lambda path, pattern: [p for p in glob(path, pattern) if p.name < "2"])
    taken = [run_folder.choose("mlp_mnist", {"epochs": epochs, "run_dir": None}) for epochs in (1, 2, 3)]
    assert [str(folder) for folder, _ in taken] == [f"runs/mlp_mnist/{number}" for number in (1, 2, 3)]
    monkeypatch.setattr(Path, "glob", glob)
    folder, created = taken[0]
    results.write_json(folder / "options.json", {})
    run_folder.remove_if_unused(folder, created)
    assert sorted(path.name for path in Path("runs/mlp_mnist").iterdir()) == ["2", "3"]
