"""Every recipe: found by itself, run with tiny limits, as a function and as a command; published numbers."""

import functools
import hashlib
import importlib
import inspect
import json
import os
import pkgutil
import re
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import independent_metrics
import keras
import numpy as np
import pytest
from kill_search import in_this_process

import recipes
from dlguide.data import _files, _sets
from dlguide.plots import _figure
from recipes import measure, perceptron_mnist, table, verify
from recipes._lib import (
    benchmark_cnn,
    benchmark_photos,
    benchmark_tables,
    command_line,
    intervals,
    machine_facts,
    made_photos,
    pictures,
    results,
    run_folder,
    statements,
    trial_process,
)

ROOT = Path(__file__).parents[1]
TOOLS = ("benchmark", "export", "faq", "measure", "predict", "table", "verify")
MODULES = [importlib.import_module(f"recipes.{m.name}") for m in pkgutil.iter_modules(recipes.__path__)
           if not m.name.startswith("_") and m.name not in TOOLS]  # fmt: skip
each_recipe = pytest.mark.parametrize("recipe", MODULES, ids=lambda m: m.__name__.removeprefix("recipes."))
SECONDS = float(os.environ.get("DLGUIDE_SECONDS", 15))
"""Published numbers that took up to so many seconds are made again with a new seed; for time, over 2 s not always."""


def command(*args, cwd=None, **options):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": "tensorflow"}
    return subprocess.run(
        [sys.executable, "-m", *args], cwd=cwd, env=environment, capture_output=True, text=True, check=False, **options
    )


def test_the_list_of_recipes_is_complete():
    assert sorted(m.__name__ for m in MODULES) == [f"recipes.{name}" for name in statements.recipe_names()]


@functools.cache
def mnist_hashes() -> dict[str, str]:
    arrays = _sets.read_arrays("mnist.npz")
    return {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in arrays.items()}


@pytest.fixture
def no_download(monkeypatch):
    """Fashion-MNIST is the one set that is downloaded: here MNIST's arrays stand in for it."""
    arrays = _sets.read_arrays("mnist.npz")
    monkeypatch.setattr(
        keras.datasets.fashion_mnist,
        "load_data",
        lambda: tuple((arrays[f"x_{part}"], arrays[f"y_{part}"]) for part in ("train", "test")),
    )
    monkeypatch.setattr(_sets, "FASHION_MNIST_ARRAYS", mnist_hashes())


def thorough_from(seconds: float):
    """Run a test for each recipe; the test command leaves out those that train longer."""

    def trains_longer(recipe) -> bool:
        published = results.result(recipe.__name__.removeprefix("recipes."))
        return published is not None and published["mean"]["training_seconds"] > seconds

    return pytest.mark.parametrize(
        "recipe",
        [pytest.param(module, marks=[pytest.mark.thorough] * trains_longer(module)) for module in MODULES],
        ids=lambda module: module.__name__.removeprefix("recipes."),
    )


@thorough_from(15)  # Such a recipe takes long with tiny limits too.
def test_a_recipe_runs_with_tiny_limits(recipe, no_download, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(trial_process, "opened", in_this_process)  # For time; `test_automl.py` tries the processes.
    titles, set_title = [], _figure.set_title
    monkeypatch.setattr(_figure, "set_title", lambda figure, title: titles.append(title) or set_title(figure, title))
    stated = statements.statement(recipe.__name__.removeprefix("recipes."))
    quick = {name: min(value, 60) if name == "limit" else value for name, value in stated.quick.items()}
    metrics = recipe.main(**quick, run_dir="run")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert {stated.metric, stated.baseline, "training_seconds"} <= set(metrics)
    assert json.dumps(metrics)
    independent_metrics.check(recipe, metrics, tmp_path / "run" / "model.keras", quick.get("limit"))
    files = {path.name for path in (tmp_path / "run").iterdir()}
    if "epochs" in stated.quick:  # It trains one model by `fit`; a search or an agent leaves other files.
        assert {"model.keras", "history.csv", "learning_curves.png"} <= files
    title = pictures.title(recipe.__file__, metrics)
    assert len(titles) == len({name for name in files if name.endswith(".png")})
    assert all(line.startswith(f"{title}\n") for line in titles)


def test_a_recipe_called_without_a_folder_leaves_no_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    perceptron_mnist.main(limit=60, epochs=1)
    assert list(tmp_path.iterdir()) == []


@each_recipe
def test_a_recipe_states_itself_and_its_docstring_says_the_same(recipe):
    name = recipe.__name__.removeprefix("recipes.")
    stated, options = statements.statement(name), list(inspect.signature(recipe.main).parameters)
    assert stated == statements.Statement(**recipe.RECIPE)
    assert stated.format.format(0.5) != stated.format.format(0.7)
    # What every command gives a run; its other options depend on its kind.
    assert [option for option in options if option in ("seed", "limit", "run_dir")] in (
        ["seed", "limit", "run_dir"], ["seed", "run_dir"]
    )  # fmt: skip
    quick = "".join(f" --{option.replace('_', '-')} {value}" for option, value in stated.quick.items())
    commands = [line.strip().split("  #")[0].strip() for line in recipe.__doc__.splitlines() if "python -m" in line]
    assert commands == [f"python -m recipes.{name}", f"python -m recipes.{name}{quick}"]
    assert set(stated.quick) <= set(options) and "run_dir" not in stated.quick
    assert statements.field(name, "Data").startswith(stated.data) and statements.field(name, "Baseline")
    assert not re.search(r"(?<![\w.])\.\d", recipe.__doc__), "a number is written as 0.987 or 98.7 %"


def test_a_module_without_a_statement_is_no_recipe():
    with pytest.raises(ValueError, match=r"`name` must be a recipe out of anomaly_shuttle, .* Received: name='table'"):
        statements.statement("table")


@pytest.mark.parametrize("name", statements.recipe_names())
def test_a_published_result_is_better_than_its_baseline(name):
    stated, mean = statements.statement(name), results.result(name)["mean"]
    if name == "mlp_by_hand_mnist":  # Its baseline is the same computation by Keras.
        assert mean[stated.metric] == pytest.approx(mean[stated.baseline], abs=0.001)
        return
    if name == "dqn_cartpole":  # A linear policy is enough to balance the pole for all 500 steps.
        assert mean["random_return"] < 30 and mean[stated.metric] == pytest.approx(mean[stated.baseline], abs=5)
        return
    is_better = (mean[stated.metric] > mean[stated.baseline]) == stated.higher_is_better
    # Settings by hand, n-grams and an LSTM are better there, as the recipes say.
    assert is_better != (name in ("automl_mnist1d", "lstm_places", "transformer_shakespeare"))


@thorough_from(2)
def test_a_quick_published_number_is_met_by_a_new_seed(recipe, capsys):
    name = recipe.__name__.removeprefix("recipes.")
    published = results.result(name)
    assert published, f"python -m recipes.measure {name}"
    seconds = published["mean"]["training_seconds"] + published["mean"].get("evaluation_seconds", 0)
    if seconds > SECONDS:
        pytest.skip(f"takes {seconds:.0f} s, over DLGUIDE_SECONDS={SECONDS:g}")
    seed = max(map(int, published["seeds"])) + 1
    metric = statements.statement(name).metric
    seen = [metrics[metric] for metrics in published["seeds"].values()]
    _, low, high = intervals.new_seed_range(seen, 0.999)
    assert low <= recipe.main(seed=seed)[metric] <= high


def test_the_targets_are_met_by_the_published_results():
    result = {name: results.result(name) for name in statements.recipe_names()}
    assert all(len(r["seeds"]) >= 3 for r in result.values())
    assert result["mlp_mnist"]["mean"]["accuracy"] >= 0.985
    assert result["mlp_mnist"]["mean"]["training_seconds"] <= 25
    assert result["mlp_by_hand_mnist"]["mean"]["accuracy"] >= 0.975
    assert result["mlp_by_hand_mnist"]["mean"]["training_seconds"] <= 60
    assert result["perceptron_mnist"]["mean"]["accuracy"] >= 0.923
    assert result["perceptron_mnist"]["mean"]["training_seconds"] <= 5
    for seed in result["linear_regression_mpg"]["seeds"].values():
        assert seed["closed_form_difference"] <= 1e-4
    for seed in result["polynomial_regression_mpg"]["seeds"].values():
        assert seed["least_squares_difference"] <= 1e-3
    assert result["polynomial_regression_mpg"]["mean"]["r2_score"] >= 0.86
    assert result["cnn_mnist"]["mean"]["accuracy"] >= 0.994
    assert result["cnn_mnist"]["mean"]["training_seconds"] <= 90
    assert result["cnn_fashion"]["mean"]["accuracy"] >= 0.925
    assert result["cnn_fashion"]["mean"]["training_seconds"] <= 240
    assert result["simple_rnn_mnist_rows"]["mean"]["accuracy"] >= 0.983
    assert result["simple_rnn_mnist_rows"]["mean"]["training_seconds"] <= 90
    assert result["autoencoder_mnist"]["mean"]["binary_crossentropy"] <= 0.073
    assert result["autoencoder_mnist"]["mean"]["training_seconds"] <= 120
    for seed in result["autoencoder_mnist"]["seeds"].values():
        assert seed["squared_error"] <= seed["baseline_squared_error"] / 4
    # The gain of 10,000 codes over 1000.
    assert all(seed["nll"] <= 90 and seed["tenfold_gain"] < 0.5 for seed in result["vae_mnist"]["seeds"].values())
    assert result["vae_mnist"]["mean"]["training_seconds"] <= 300
    assert result["denoising_autoencoder_mnist"]["mean"]["binary_crossentropy"] <= 0.085
    assert result["denoising_autoencoder_mnist"]["mean"]["training_seconds"] <= 240
    for seed in result["transformer_recall"]["seeds"].values():
        assert seed["accuracy"] >= 0.99 and seed["accuracy"] > seed["baseline_accuracy"]
    assert result["transformer_recall"]["mean"]["training_seconds"] <= 60
    assert result["lstm_places"]["mean"]["training_seconds"] <= 240
    for seed in result["anomaly_shuttle"]["seeds"].values():
        assert seed["auroc"] > seed["baseline_auroc"]
    gans = [results.result("gan_mnist", backend) for backend in results.BACKENDS]
    for seed in (seed for gan in gans for seed in gan["seeds"].values()):
        assert seed["classes"] == 10 and seed["histogram_distance"] <= 0.05
        vae = min(seed["baseline_frechet_distance"], result["vae_mnist"]["mean"]["frechet_distance"])
        assert seed["frechet_distance"] <= vae / 2
    assert result["contrastive_mnist"]["mean"]["accuracy"] >= 0.95
    assert result["contrastive_mnist"]["mean"]["training_seconds"] <= 480
    for seed in result["clustering_mnist"]["seeds"].values():
        assert seed["clustering_accuracy"] >= seed["baseline_clustering_accuracy"] + 0.15
    shakespeare = result["transformer_shakespeare"]["mean"]
    # The target, to be ahead of the LSTM, is missed: its docstring says so.
    assert shakespeare["nats_per_character"] < 1.9
    assert shakespeare["training_seconds"] < 1.2 * shakespeare["baseline_seconds"]
    agents = [results.result("dqn_cartpole", backend) for backend in results.BACKENDS]
    assert all(seed["mean_return"] >= 495 for agent in agents for seed in agent["seeds"].values())
    assert result["dqn_cartpole"]["mean"]["training_seconds"] <= 180
    sunspots = result["gru_sunspots"]["mean"]  # Of ten seeds, three were behind ridge regression.
    assert sunspots["mae"] < sunspots["baseline_mae"]


@pytest.mark.parametrize("name", statements.recipe_names())
def test_mean_and_spread_of_a_result_follow_from_its_seeds(name):
    published = results.result(name)
    for key, numbers in results.summarised(published["seeds"]).items():
        if key == "range":
            low, high = ({name: ends[i] for name, ends in published[key].items()} for i in range(2))
            assert low == pytest.approx({name: ends[0] for name, ends in numbers.items()})
            assert high == pytest.approx({name: ends[1] for name, ends in numbers.items()})
        else:
            assert published[key] == pytest.approx(numbers)


def test_the_range_of_a_result_is_students():
    found = results.summarised({str(seed): {"accuracy": seed / 10} for seed in range(1, 6)})
    # Standard deviation √0.025, t(0.975, 4) = 2.776.
    assert found["range"]["accuracy"] == pytest.approx([0.3 - 0.4809, 0.3 + 0.4809], abs=1e-4)
    assert found["mean"]["accuracy"] == pytest.approx(0.3) and found["std"]["accuracy"] == pytest.approx(
        0.15811, abs=1e-4
    )
    assert "range" not in results.summarised({"0": {"accuracy": 0.5}})


def test_verify_runs_a_recipe_with_a_new_seed_and_says_on_which_side_of_its_range_it_lies(monkeypatch, capsys):
    values = {"perceptron_mnist": 0.9274, "linear_regression_mpg": 99.0}
    monkeypatch.setattr(
        measure, "run", lambda name, seed, **_: {statements.statement(name).metric: values[name]} if seed == 777 else {}
    )
    verify.main(tuple(values), seed=777)
    first, second, last = capsys.readouterr().out.splitlines()
    assert first.startswith("perceptron_mnist  accuracy  92.74% in 92.") and first.endswith("  inside")
    assert second.startswith("linear_regression_mpg  mae  99.00 mpg in 3.") and second.endswith("  OUTSIDE")
    assert last == "1 of 2 results lie outside their 95 % range"
    with pytest.raises(ValueError, match="`names` must be out of anomaly_shuttle, "):
        verify.main(("nothing",))
    used = int(next(iter(results.result("perceptron_mnist")["seeds"])))
    with pytest.raises(ValueError, match=r"`seed` must be none of the published ones\. Received: seed="):
        verify.main(("perceptron_mnist",), seed=used)


def test_another_backend_does_not_overwrite_the_published_result():
    assert len({results.path("mlp_mnist", backend) for backend in ("tensorflow", "jax", "torch")}) == 3
    assert results.path("mlp_mnist") == results.RESULTS / "mlp_mnist.json"


def test_the_generated_parts_are_what_the_json_says():
    for path, text in table.pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path}: run python -m recipes.table"


def test_one_digit_changed_in_a_table_is_seen():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = f"{results.result('mlp_mnist')['mean']['accuracy']:.2%}"
    assert shown in text
    changed = text.replace(shown, "99.99%")
    assert table.replaced(changed, "results", table.results_table("en")) == text != changed


def test_the_list_answers_without_importing_a_recipe():
    done = command("recipes", cwd=ROOT)
    assert done.returncode == 0 and not done.stderr
    for name in statements.recipe_names():
        assert f"python -m recipes.{name}\n" in done.stdout
        assert results.headline(name) in done.stdout
    imported = "import sys, recipes.__main__ as m; m.main(); assert not {'keras', 'numpy', 'tyro'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", imported], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--epochs", "0"], "`epochs` must be an integer of at least 1. Received: epochs=0"),
        (["--limit", "-5"], "`limit` must be an integer of at least 1 or None. Received: limit=-5"),
        (["--learning-rate", "0"], "`learning_rate` must be a number above 0. Received: learning_rate=0.0"),
        (["--learning-rate", "abc"], "--learning-rate"),
        (["--lerning-rate", "1"], "--lerning-rate"),
        (["--run-dir", "/proc/none"], "`run_dir` must be a folder that can be written. Received: run_dir='/proc/none'"),
    ],
)
def test_a_bad_option_gets_one_line_and_status_2_and_leaves_nothing(options, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["perceptron_mnist", *options])
    with pytest.raises(SystemExit) as stop:
        command_line.run(perceptron_mnist.main)
    assert stop.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and message in lines[0]
    assert list(tmp_path.iterdir()) == []


def test_an_error_inside_a_recipe_is_one_line_too_and_leaves_no_folder(tmp_path):
    done = command("recipes.perceptron_mnist", "--run-dir", "new/run", "--batch-size", "none", cwd=tmp_path)
    assert done.returncode == 2 and list(tmp_path.iterdir()) == []
    lines = [line for line in done.stderr.splitlines() if not is_start_up_message(line)]
    assert len(lines) == 1 and "--batch-size" in lines[0]


def test_data_that_cannot_be_read_end_the_command_in_one_line_without_a_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(_files, "FOLDER", tmp_path / "nowhere")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["perceptron_mnist"])
    with pytest.raises(SystemExit) as stop:
        command_line.run(perceptron_mnist.main)
    assert stop.value.code == 2 and list(tmp_path.iterdir()) == []
    assert len(capsys.readouterr().err.splitlines()) == 1


def our_bug(**options):
    list(zip([1], [], strict=True))


def numpys_error(**options):
    np.zeros(3).reshape(2)


def keras_error(**options):
    keras.layers.Dense(-1)


@pytest.mark.parametrize("main", [our_bug, numpys_error, keras_error])
def test_a_bug_keeps_its_traceback(main, monkeypatch, capsys):
    """What is no refusal by a `raise` of the project: also where it is a ValueError, and from a file of ours."""
    monkeypatch.setattr(sys, "argv", ["command"])
    monkeypatch.setattr(command_line, "_parsed", lambda *_, **__: {})
    monkeypatch.setattr(command_line.importlib.util, "find_spec", lambda _: SimpleNamespace(origin=__file__))
    with pytest.raises(ValueError):
        command_line.run_tool(main)
    with pytest.raises(ValueError):
        command_line.run(main)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("error", [ValueError, OSError, FloatingPointError])
def test_what_the_project_refuses_is_one_line_and_status_2_at_any_depth(error, monkeypatch, capsys):
    def refuse():
        raise error(
            "`epochs` must be one.\nReceived: two"
        )  # fmt: skip

    monkeypatch.setattr(command_line, "_parsed", lambda *_, **__: {})
    monkeypatch.setattr(command_line.importlib.util, "find_spec", lambda _: SimpleNamespace(origin=__file__))
    with pytest.raises(SystemExit) as stop:
        command_line.run_tool(lambda: [refuse() for _ in range(1)])
    assert stop.value.code == 2 and capsys.readouterr().err == "`epochs` must be one. Received: two\n"
    # The same line in a file that is not the project's.
    monkeypatch.undo()
    monkeypatch.setattr(command_line, "_parsed", lambda *_, **__: {})
    with pytest.raises(error):
        command_line.run_tool(refuse)


def test_a_tool_ends_with_the_status_of_the_command_that_failed_in_it(monkeypatch):
    def main():
        subprocess.run([sys.executable, "-c", "raise SystemExit(3)"], check=True)

    monkeypatch.setattr(sys, "argv", ["tool"])
    with pytest.raises(SystemExit) as stop:
        command_line.run_tool(main)
    assert stop.value.code == 3


@pytest.mark.parametrize(("training_seconds", "evaluation_seconds"), [(0.1, 0.2), (60.0, None)])
def test_the_seconds_of_evaluation_are_those_without_training(
    training_seconds, evaluation_seconds, tmp_path, monkeypatch, capsys
):
    clock = [0.0]

    def main(*, run_dir: str | None = None) -> dict:
        clock[0] += 0.3
        return {"training_seconds": training_seconds}  # Of earlier processes too, where a run was resumed.

    monkeypatch.setattr(command_line, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["test_recipes"])
    command_line.run(main)
    metrics = json.loads((tmp_path / "runs" / "test_recipes" / "1" / "metrics.json").read_text())
    assert metrics.get("evaluation_seconds") == (evaluation_seconds and pytest.approx(evaluation_seconds))


def test_the_total_time_counts_from_the_first_import_of_the_command(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(recipes, "START", time.perf_counter() - 1000)
    command_line._print_summary({}, tmp_path)
    assert "total time 1000 s" in capsys.readouterr().out
    code = "import sys, recipes; assert recipes.START > 0 and not {'keras', 'numpy', 'tyro'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_a_result_names_the_backend_that_keras_has(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "another")  # Without it, Keras reads its own file of settings.
    assert machine_facts.machine()["backend"] == keras.config.backend()
    facts = machine_facts.machine()
    assert facts["versions"]["keras"] == keras.__version__ and facts["cores"] >= 1 and facts["cpu"]


def is_start_up_message(line):
    # TensorFlow writes these before it reads TF_CPP_MIN_LOG_LEVEL.
    return line.startswith(("I0000", "WARNING: All log messages", "E0000", "W0000"))


@pytest.mark.thorough
def test_the_command_keeps_its_epochs_after_ctrl_c_counts_its_folders_and_prints_its_files_and_no_more(
    tmp_path, monkeypatch
):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)  # As a user has it.
    run = ["recipes.perceptron_mnist", "--epochs", "4000", "--limit", "300", "--batch-size", "8"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    # Where the tests themselves run with Ctrl-C ignored (a job in the background), the recipe must not inherit it.
    code = (
        "import runpy, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "sys.argv = sys.argv[1:]; runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, *run], cwd=tmp_path, env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    folder = tmp_path / "runs" / "perceptron_mnist" / "1"
    deadline = time.monotonic() + 120
    while not (folder / "checkpoint.npz").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    try:
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert f"python -m {' '.join(run)}" in errors and "Traceback" not in errors
    epochs_kept = len((folder / "history.csv").read_text().splitlines()) - 1
    assert epochs_kept >= 1

    # Other options get the next number, and leave the unfinished run alone.
    done = command("recipes.perceptron_mnist", "--epochs", "2", "--limit", "300", cwd=tmp_path)
    assert done.returncode == 0 and done.stderr == ""
    assert "run folder: runs/perceptron_mnist/2\n" in done.stdout
    for word in ("accuracy", "baseline_accuracy", "model.keras", "worst_examples.png", "total time"):
        assert word in done.stdout
    assert json.loads((tmp_path / "runs/perceptron_mnist/2/metrics.json").read_text())["confusion_matrix"]
    assert len((folder / "history.csv").read_text().splitlines()) == epochs_kept + 1


def test_the_same_options_find_the_unfinished_run_and_nothing_is_overwritten(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options, other = {"epochs": 2, "run_dir": None}, {"epochs": 3, "run_dir": None}
    assert run_folder.choose("mlp_mnist", options) == Path("runs/mlp_mnist/1")
    run_folder.write_json(
        Path("runs/mlp_mnist/1/options.json"), {"options": {**options, "run_dir": "runs/mlp_mnist/1"}}
    )
    assert run_folder.choose("mlp_mnist", options) == Path("runs/mlp_mnist/1")
    assert run_folder.choose("mlp_mnist", other) == Path("runs/mlp_mnist/2")
    run_folder.write_json(Path("runs/mlp_mnist/1/metrics.json"), {})
    assert run_folder.choose("mlp_mnist", options) == Path("runs/mlp_mnist/2")
    for name in ("9", "10", "notes"):  # Some have been removed.
        Path("runs/mlp_mnist", name).mkdir()
    assert run_folder.choose("mlp_mnist", options) == Path("runs/mlp_mnist/11")
    Path("mine").mkdir()
    Path("mine/options.json").write_text("[]")
    for folder in ("runs/mlp_mnist/1", "mine"):
        with pytest.raises(ValueError, match="`run_dir` must be new, empty or hold an unfinished run of the same"):
            run_folder.choose("mlp_mnist", {**options, "run_dir": folder})


@pytest.mark.thorough
def test_the_command_that_ctrl_c_prints_goes_on_to_the_same_result(tmp_path, monkeypatch, capsys):
    run, history = perceptron_mnist.training.fit, []

    def interrupted(*args, **options):
        class Stop(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                if epoch == 2 and not history:
                    raise KeyboardInterrupt

        result = run(*args, **options, callbacks=[Stop()])
        history.append(result.history)
        return result

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(perceptron_mnist.training, "fit", interrupted)
    monkeypatch.setattr(sys, "argv", ["perceptron_mnist", "--epochs", "4", "--limit", "100"])
    with pytest.raises(SystemExit) as stop:
        command_line.run(perceptron_mnist.main)
    assert stop.value.code == 130
    assert "To resume: python -m recipes.perceptron_mnist --epochs 4 --limit 100" in capsys.readouterr().err
    history.append(None)  # The second time nothing stops it.
    command_line.run(perceptron_mnist.main)
    assert "run folder: runs/perceptron_mnist/1\n" in capsys.readouterr().out
    assert len(history[-1]["loss"]) == 4


def test_a_measurement_that_fails_leaves_the_published_result(tmp_path, monkeypatch, capsys):
    def run(command, check):
        if command[command.index("--seed") + 1] == "1":
            raise subprocess.CalledProcessError(2, command)
        Path(command[-1]).mkdir()
        seed = int(command[command.index("--seed") + 1])
        metrics = {"accuracy": 0.5 + seed / 100, "baseline_accuracy": 0.1, "training_seconds": 1.0, "list": [1]}
        Path(command[-1], "metrics.json").write_text(json.dumps(metrics))

    monkeypatch.setattr(results, "RESULTS", tmp_path)
    monkeypatch.setattr(measure.subprocess, "run", run)
    published, part = tmp_path / "perceptron_mnist.json", tmp_path / "perceptron_mnist.part"
    published.write_text("before")
    with pytest.raises(subprocess.CalledProcessError):
        measure.main(["perceptron_mnist"], seeds=[0, 1])
    assert published.read_text() == "before" and list(json.loads(part.read_text())["seeds"]) == ["0"]
    measure.main(["perceptron_mnist"], seeds=[0, 2])
    content = json.loads(published.read_text())
    assert list(content["seeds"]) == ["0", "2"] and not part.exists()
    assert content["mean"]["accuracy"] == pytest.approx(0.51) and content["std"]["accuracy"] == pytest.approx(
        0.0141, abs=1e-4
    )


def test_the_targets_are_met_by_the_published_benchmarks():
    for row, measured in json.loads(benchmark_tables.PATH.read_text())["rows"].items():
        plain, ours = (measured["seconds"][f"tensorflow {way}"]["epoch_seconds"] for way in ("plain", "fit"))
        assert statistics.median(a / b for a, b in zip(plain, ours, strict=True)) >= 1, row
    rows = json.loads(benchmark_cnn.PATH.read_text())["rows"]
    for seconds, accuracy in (row["one_epoch"] for row in rows):
        assert seconds <= 10 and accuracy >= 0.99
    assert all(row["ours"][1] >= benchmark_cnn.TARGET for row in rows)
    assert sum(row["example"][-1][0] for row in rows) >= 10 * sum(row["ours"][0] for row in rows)
    photos = json.loads(benchmark_photos.PATH.read_text())
    assert set(photos["recipes"]) == set(photos["before"]["accuracy"]) == {"mlp_mnist", "cnn_mnist"}
    for name, measured in photos["recipes"].items():
        rows = measured["conditions"]
        assert rows["all"]["n"] >= 200 and set(rows) == {*made_photos.MILD, *made_photos.HARD, "mild", "hard", "all"}
        assert rows["mild"]["accuracy"] >= 0.95 * measured["mnist_accuracy"]
        assert rows["hard"]["accuracy"] >= 0.85 > photos["before"]["accuracy"][name]["hard"]
        assert rows["all"]["right_above_90"] >= 0.97 and rows["all"]["share_above_90"] >= 0.8
