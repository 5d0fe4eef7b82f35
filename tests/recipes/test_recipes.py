"""Every recipe: found by itself, run with tiny limits, as a function and as a command; published numbers."""

import errno
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
from commands import command
from kill_search import in_this_process

import recipes
from dlguide import plots
from dlguide.data import _files
from recipes import measure, perceptron_mnist, table, verify
from recipes._lib.photos import made_photos
from recipes._lib.pictures import run_pictures as pictures
from recipes._lib.runs import arguments, command_line, machine_facts, results, run_folder, statements
from recipes._lib.search import trial_process
from recipes.benchmark import cnn as benchmark_cnn
from recipes.benchmark import photos as benchmark_photos
from recipes.benchmark import tables as benchmark_tables
from recipes.faq import _questions, _recheck

ROOT = Path(__file__).parents[2]
TOOLS = ("benchmark", "export", "faq", "measure", "predict", "table", "verify")
MODULES = [importlib.import_module(f"recipes.{m.name}") for m in pkgutil.iter_modules(recipes.__path__)
           if not m.name.startswith("_") and m.name not in TOOLS]  # fmt: skip
each_recipe = pytest.mark.parametrize("recipe", MODULES, ids=lambda m: m.__name__.removeprefix("recipes."))
SECONDS = float(os.environ.get("DLGUIDE_SECONDS", 15))
"""Published numbers that took up to so many seconds are made again with a new seed; for time, over 2 s not always."""


def test_the_list_of_recipes_is_complete():
    assert sorted(m.__name__ for m in MODULES) == [f"recipes.{name}" for name in statements.recipe_names()]


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
    titles, set_title = [], plots.set_title
    monkeypatch.setattr(plots, "set_title", lambda figure, title: titles.append(title) or set_title(figure, title))
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
    _, low, high = results.new_seed_range(statements.statement(name), published, 0.999)
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
    assert last == "1 of 2 results lie outside their 95 % range; by chance about 0.1 would"
    values["perceptron_mnist"] = 0.5
    with pytest.raises(SystemExit) as stop:
        verify.main(tuple(values), seed=777)
    assert stop.value.code == 1 and "\n2 of 2 results lie outside" in capsys.readouterr().out
    with pytest.raises(ValueError, match="`names` must be out of anomaly_shuttle, "):
        verify.main(("nothing",))
    used = int(next(iter(results.result("perceptron_mnist")["seeds"])))
    with pytest.raises(ValueError, match=r"`seed` must be none of the published ones\. Received: seed="):
        verify.main(("perceptron_mnist",), seed=used)


def test_verify_counts_the_scores_of_an_experiment_but_not_its_seconds(monkeypatch, capsys):
    name = "stochastic_descent"
    panels = _questions.experiment(name).panels
    timed = [key for key, panel in panels.items() if panel.score.unit.symbol.en == "s"]
    made = [_recheck.Recheck(key, next(iter(panel.rows)), None, 5.0, 1.0, 2.0) for key, panel in panels.items()]
    monkeypatch.setattr(_recheck, "new_seed", lambda *_, **__: made)
    with pytest.raises(SystemExit):
        verify.main((name,), seed=777)
    *lines, last, _ = capsys.readouterr().out.splitlines()
    assert last.startswith(f"{len(panels) - 1} of {len(panels) - 1} results lie outside") and len(timed) == 1
    assert [line.split()[1] for line in lines if line.endswith("OUTSIDE  (not counted)")] == timed


@pytest.mark.parametrize(
    ("form", "numbers", "expected"),
    [
        (".2f", (1.196, 1.2, 1.64), "1.196 in 1.200 to 1.640  OUTSIDE"),
        (".2f", (1.3, 1.2, 1.64), "1.30 in 1.20 to 1.64  inside"),
        (".2f", (1.2, 1.2, 1.64), "1.20 in 1.20 to 1.64  inside"),
        (".2f", (2.0, 1.2, 1.64), "2.00 in 1.20 to 1.64  OUTSIDE"),
        ("{:.1%}", (0.98801, 0.9, 0.988), "98.801% in 90.000% to 98.800%  OUTSIDE"),
        ("{:.2f} mpg", (3.114, 3.0, 3.111), "3.114 mpg in 3.000 mpg to 3.111 mpg  OUTSIDE"),
        (",.0f", (1234.4, 1000.0, 1234.1), "1,234.4 in 1,000.0 to 1,234.1  OUTSIDE"),
        (".2g", (0.00123, 0.00124, 1.0), "0.00123 in 0.00124 to 1  OUTSIDE"),
    ],
)
def test_a_result_outside_its_range_has_as_many_digits_as_it_takes_to_see_it(form, numbers, expected):
    def written(number, more):
        wider = verify.with_digits(form, more)
        return wider.format(number) if "{" in form else format(number, wider)

    assert verify.line(*numbers, written) == expected


@pytest.mark.parametrize(
    ("outside", "count", "start", "is_improbable"),
    [
        (8, 136, "8 of 136 results lie outside their 95 % range; by chance about 7 would", False),
        (0, 136, "0 of 136 results lie outside their 95 % range; by chance about 7 would", False),
        # P(X >= 14) = 0.0084 and P(X >= 13) = 0.0194 of 136 at 0.05.
        (13, 136, "13 of 136 results lie outside their 95 % range; by chance about 7 would", False),
        (14, 136, "14 of 136 results lie outside their 95 % range; by chance about 7 would\nThe probability of", True),
        (1, 1, "1 of 1 results lie outside their 95 % range; by chance about 0.05 would", False),
        (2, 2, "2 of 2 results lie outside their 95 % range; by chance about 0.1 would\nThe probability of", True),
    ],
)
def test_verify_says_how_many_lie_outside_by_chance_and_when_there_are_too_many(outside, count, start, is_improbable):
    sentences, found = verify.conclusion(outside, count)
    assert found == is_improbable and sentences.startswith(start) and sentences.count("\n") == is_improbable


def test_a_shown_range_ends_at_the_bound_of_its_metric():
    published = {"seeds": {str(i): {"accuracy": value} for i, value in enumerate([0.99, 1.0, 1.0, 1.0, 1.0])}}
    published |= results.summarised(published["seeds"])
    assert published["range"]["accuracy"][1] > 1  # The JSON has what Student's t gives.
    stated = statements.statement("transformer_recall")
    assert stated.bounds is None and stated.limits() == (0, 1)
    assert results.written_range("transformer_recall", published) == "98.4% to 100.0%"
    assert results.new_seed_range(stated, published).high == 1
    agent = statements.statement("dqn_cartpole")
    assert agent.limits() == (0, 500)
    assert results.written_range("dqn_cartpole", results.result("dqn_cartpole")).endswith(" to 500.0")
    assert "to 500.0, baseline" in results.headline("dqn_cartpole")
    assert statements.statement("gan_mnist").limits() == (-np.inf, np.inf)


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
        assert f"    Time: {results.result(name)['mean']['training_seconds']:.0f} s of training, " in done.stdout
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


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: arguments.integer("trials", True), "`trials` must be an integer of at least 1. Received: trials=True"),
        (lambda: arguments.integer("a", 1.0, at_least=0), "`a` must be an integer of at least 0. Received: a=1.0"),
        (
            lambda: arguments.integer("a", 0, optional=True),
            "`a` must be an integer of at least 1 or None. Received: a=0",
        ),
        (lambda: arguments.number("a", float("nan")), "`a` must be a number. Received: a=nan"),
        (lambda: arguments.number("a", "1", above=0), "`a` must be a number above 0. Received: a='1'"),
        (lambda: arguments.number("a", -1, at_least=0), "`a` must be a number of at least 0. Received: a=-1"),
        (
            lambda: arguments.choice("a", "tp", ("tpe", "x")),
            "`a` must be one of 'tpe', 'x'. Received: a='tp'. Did you mean 'tpe'?",
        ),
        (lambda: arguments.choice("a", "zzz", ("tpe",)), "`a` must be one of 'tpe'. Received: a='zzz'"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_name(call, message):
    with pytest.raises(ValueError) as refused:
        call()
    assert str(refused.value) == message


def test_a_good_value_is_returned():
    assert arguments.integer("a", np.int64(3)) == 3 and arguments.integer("a", None, optional=True) is None
    assert arguments.number("a", np.float32(0.5), above=0) == 0.5 and arguments.number("a", 2) == 2.0
    assert arguments.choice("a", "x", ("tpe", "x")) == "x"


@each_recipe
def test_help_has_words_for_each_option_and_a_paragraph_for_data_baseline_and_result(recipe, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "argv", ["recipe", "--help"])
    with pytest.raises(SystemExit) as stop:
        command_line.recipe_options(recipe.main)
    assert stop.value.code == 0
    shown = re.sub(r"[│╭╮╰╯─\s]+", " ", capsys.readouterr().out)
    names = list(inspect.signature(recipe.main).parameters)
    assert set(names) <= set(arguments.WORDS)
    for name in names:
        assert re.search(rf"--{name.replace('_', '-')} \S+ {re.escape(arguments.WORDS[name])}", shown), name
    paragraphs = command_line._spaced(recipe.__doc__).split("\n\n")
    for key in ("Data", "Baseline", "Result", "Training"):
        [paragraph] = [text for text in paragraphs if text.startswith(f"{key}: ")]
        assert not re.search(r"\n(Data|Baseline|Result|Training): ", paragraph)


def test_no_word_is_left_for_an_option_that_no_recipe_has():
    assert set(arguments.WORDS) == {name for recipe in MODULES for name in inspect.signature(recipe.main).parameters}


def test_a_folder_that_cannot_be_written_ends_the_command_in_one_line_and_status_2(monkeypatch, capsys):
    monkeypatch.chdir("/proc")  # Not even root can make a folder there.
    monkeypatch.setattr(sys, "argv", ["perceptron_mnist"])
    with pytest.raises(SystemExit) as stop:
        command_line.run(perceptron_mnist.main)
    [line] = capsys.readouterr().err.splitlines()
    assert stop.value.code == 2
    assert line.startswith("`run_dir` must be a folder that can be written. Received: run_dir='runs/perceptron_mnist")


@pytest.mark.parametrize("run", [command_line.run, command_line.run_tool])
def test_a_file_that_cannot_be_written_later_is_one_line_and_status_2_too(run, tmp_path, monkeypatch, capsys):
    def main(*, run_dir: str | None = None):
        raise PermissionError(errno.EACCES, "Permission denied", "recipes/results/x.json")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["command"])
    with pytest.raises(SystemExit) as stop:
        run(main)
    assert stop.value.code == 2
    assert capsys.readouterr().err == "recipes/results/x.json cannot be written or read (Permission denied)\n"
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
    deadline = time.monotonic() + 600
    while not (folder / "checkpoint.npz").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    try:
        _, errors = process.communicate(timeout=600)
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

    def choose(recipe, options):
        folder, created = run_folder.choose(recipe, options)
        assert all(path.is_dir() for path in created) and created[:1] in ([], [folder])
        for path in created:  # As a command does that is refused.
            path.rmdir()
        return folder

    assert choose("mlp_mnist", options) == Path("runs/mlp_mnist/1") and not Path("runs").exists()
    run_folder.write_json(
        Path("runs/mlp_mnist/1/options.json"), {"options": {**options, "run_dir": "runs/mlp_mnist/1"}}
    )
    assert choose("mlp_mnist", options) == Path("runs/mlp_mnist/1")
    assert choose("mlp_mnist", other) == Path("runs/mlp_mnist/2")
    run_folder.write_json(Path("runs/mlp_mnist/1/metrics.json"), {})
    assert choose("mlp_mnist", options) == Path("runs/mlp_mnist/2")
    for name in ("9", "10", "notes"):  # Some have been removed.
        Path("runs/mlp_mnist", name).mkdir()
    assert choose("mlp_mnist", options) == Path("runs/mlp_mnist/11")
    Path("mine").mkdir()
    Path("mine/options.json").write_text("[]")
    for folder in ("runs/mlp_mnist/1", "mine"):
        with pytest.raises(ValueError, match="`run_dir` must be new, empty or hold an unfinished run of the same"):
            run_folder.choose("mlp_mnist", {**options, "run_dir": folder})


def test_commands_that_start_together_get_a_folder_each(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, created = run_folder.choose("mlp_mnist", {"epochs": 1, "run_dir": None})
    second, _ = run_folder.choose("mlp_mnist", {"epochs": 2, "run_dir": None})  # The first has written nothing yet.
    assert (str(first), str(second)) == ("runs/mlp_mnist/1", "runs/mlp_mnist/2")
    # Both have seen the same last number.
    glob = Path.glob
    monkeypatch.setattr(Path, "glob", lambda path, pattern: [p for p in glob(path, pattern) if p.name < "3"])
    third, _ = run_folder.choose("mlp_mnist", {"epochs": 3, "run_dir": None})
    fourth, own = run_folder.choose("mlp_mnist", {"epochs": 4, "run_dir": None})
    assert (str(third), str(fourth)) == ("runs/mlp_mnist/3", "runs/mlp_mnist/4") and own == [fourth]
    # One that is refused removes its own folder and none of the others'.
    run_folder.write_json(first / "options.json", {})
    (first / "options.json.tmp").write_text("")
    run_folder.remove_if_unused(created)
    assert sorted(path.name for path in Path("runs/mlp_mnist").iterdir()) == ["2", "3", "4"]


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
