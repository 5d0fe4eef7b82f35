"""Every recipe: a run with tiny limits, its docstring, its row in `recipes.toml`, its published result."""

import importlib
import inspect
import json
import math
import re
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from matplotlib.figure import Figure

from dlguide import training
from recipes._lib import drawing
from recipes._lib.runs import recipe_list, results, run_files, seed_intervals
from tests.helpers import independent_metrics, switches

SECONDS = switches.SECONDS or 15
"""Published results that took up to so many seconds are repeated with a new seed."""
NAMES = recipe_list.names()
ROWS = recipe_list.rows()
"""The published rows: the recipes, and some of them again with other options."""


SLOW = ["automl", "automl_leaves", "compression_mnist", "explanation_mnist", "seq2seq_pronounce", "transfer_mnist"]
SLOW += ["transformer_shakespeare", "vae_mnist"]


def each_row(*quick: str, rows=ROWS):
    """Run a test for each row; those that are not named are thorough."""
    others, slow = [name for name in rows if name not in SLOW], [name for name in rows if name in SLOW]
    return pytest.mark.parametrize("name", [*switches.quick(others, *quick), *switches.quick(slow, seconds=20)])


def test_each_recipe_has_a_row():
    files = {path.stem for path in recipe_list.FOLDER.glob("[a-z]*.py")}
    commands = {"compare", "export", "ledger", "measure", "predict", "publish", "report", "table", "verify"}
    assert files - commands == set(NAMES)
    with pytest.raises(ValueError, match=r"`name` must be a recipe that recipes.toml has: .* Received: name='table'"):
        recipe_list.recipe("table")


@pytest.mark.parametrize("name", [name for name in ROWS if name not in NAMES])
def test_a_further_row_belongs_to_a_recipe_and_each_of_its_options_changes_a_default(name):
    row = recipe_list.recipe(name)
    assert row.recipe in NAMES and row.options
    defaults = inspect.signature(importlib.import_module(f"recipes.{row.recipe}").main).parameters
    assert all(defaults[option].default != value for option, value in row.options.items())
    all_options = [{"seed": 3, **options} for options in (row.options, {})]
    assert [recipe_list.row_of(row.recipe, options) for options in all_options] == [name, row.recipe]


@each_row("linear_regression_mpg", rows=NAMES)
def test_a_recipe_runs_with_tiny_limits(name, no_download, trials_in_this_process, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    titles, set_title = [], drawing.set_title
    monkeypatch.setattr(drawing, "set_title", lambda figure, title: titles.append(title) or set_title(figure, title))
    savefig = Figure.savefig  # For time, the Chinese pictures are made and not drawn.
    monkeypatch.setattr(Figure, "savefig", lambda f, p, **o: p.touch() if ".zh." in p.name else savefig(f, p, **o))
    recipe = recipe_list.recipe(name)
    module = importlib.import_module(f"recipes.{recipe.recipe}")
    quick = {key: min(value, 60) if key == "limit" else value for key, value in (recipe.options | recipe.quick).items()}
    result = module.main(**quick, run_dir="run")
    assert not titles, "a picture is drawn before it is saved"
    metrics = run_files.save(result, Path("run"), recipe.recipe, quick)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert {recipe.metric, recipe.baseline, "training_seconds"} <= set(metrics)
    assert json.dumps(metrics)
    independent_metrics.check(name, metrics, tmp_path / "run" / "model.keras", quick.get("limit"))
    files = {path.name for path in (tmp_path / "run").iterdir()}
    assert "model.keras" in files and (name == "mlp_by_hand_mnist" or {"history.csv", "learning_curves.png"} <= files)
    title = run_files.title(recipe.recipe, quick, metrics)
    assert title.startswith(f"{recipe.recipe} · {recipe.data}")
    assert 2 * len(titles) == len({file for file in files if file.endswith(".png")})  # In two languages.
    assert all(line.startswith(f"{title}\n") for line in titles)


LENGTHS = {"mlp_by_hand_mnist": 104, "compression_mnist": 68, "automl": 66, "seq2seq_pronounce": 64}
"""Lines after the docstring where 60 are not enough: a network by hand, three networks, two searches, two alphabets."""


@pytest.mark.parametrize("name", NAMES)
def test_the_docstring_of_a_recipe_has_its_commands_its_data_and_its_baseline(name):
    recipe, docstring = recipe_list.recipe(name), recipe_list.docstring(name)
    quick = "".join(f" --{option.replace('_', '-')} {value}" for option, value in recipe.quick.items())
    commands = [line.strip().split("  #")[0].strip() for line in docstring.splitlines() if "python -m" in line]
    assert commands == [f"python -m recipes.{name}", f"python -m recipes.{name}{quick}"]
    assert f"\nData: {recipe.data}" in docstring and "\nBaseline: " in docstring
    assert not re.search(r"(?<![\w.])\.\d", docstring), "a number is written as 0.987 or 98.7 %"
    source = (recipe_list.FOLDER / f"{name}.py").read_text(encoding="utf-8")
    assert len(docstring.splitlines()) <= 18
    assert len(source.partition('\n"""\n')[2].strip().splitlines()) <= LENGTHS.get(name, 60)
    assert not re.search(r"if run_dir:|training_seconds|savefig|input\.json", source), "the command does this"
    loads = f'data.load("{recipe.data_set}"', f'data: Literal["{recipe.data_set}"'  # Where an option chooses them.
    assert recipe.data_set is None or any(load in source for load in loads)


def test_recipes_have_the_options_that_each_command_needs_and_there_are_words_for_them_and_no_others():
    found = set()
    for name in NAMES:
        options = list(inspect.signature(importlib.import_module(f"recipes.{name}").main).parameters)
        common = ["seed", "run_dir"] if name in ("dqn_cartpole", "selfplay_connect4") else ["seed", "limit", "run_dir"]
        assert options[-len(common) :] == common and set(recipe_list.recipe(name).quick) <= set(options), name
        found |= set(options)
    assert found == set(recipe_list.content()["options"])


def outside(name: str, metrics: dict, keys=None) -> dict:
    """Return the metrics that lie where not one in 1000 new seeds does, each with its interval."""
    published, found = results.result(name), {}
    for key in keys or published["mean"]:
        if not re.search("seconds$|_difference$", key):  # Of the machine; rounding, which `targets.toml` bounds.
            values = [one[key] for one in published["seeds"].values()]
            mean, low, high = seed_intervals.prediction_interval(values, 0.999)
            rounding = 1e-3 * abs(mean) if low == high else 0.0  # The seed has no effect, but the processor may have.
            if not low - rounding <= metrics[key] <= high + rounding:
                found[key] = (metrics[key], low, high)
    return found


def seconds(name: str) -> tuple[float, float]:
    """Return how long the training of a recipe takes, and all else."""
    mean = results.result(name)["mean"]
    return mean["training_seconds"], mean.get("evaluation_seconds", 0.0)


def new_seed(name: str) -> int:
    return max(map(int, results.result(name)["seeds"])) + 1


@each_row("linear_regression_mpg")
def test_each_number_of_a_quick_published_result_is_met_by_a_new_seed(name, capsys):
    if sum(seconds(name)) > SECONDS:
        pytest.skip(f"takes {sum(seconds(name)):.0f} s, over DLGUIDE_TESTS={SECONDS:g}")
    row = recipe_list.recipe(name)
    metrics = importlib.import_module(f"recipes.{row.recipe}").main(**row.options, seed=new_seed(name)).metrics
    assert outside(name, metrics) == {}


# Baselines that `fit` trains; the data that are downloaded.
OTHER_BASELINES = {"automl", "contrastive_mnist", "dqn_cartpole", "gan_mnist", "mlp_by_hand_mnist"}
OTHER_BASELINES |= {"compression_mnist", "diffusion_mnist", "transfer_mnist", "transformer_recall", "vae_mnist"}
OTHER_BASELINES |= {"transformer_shakespeare", "cnn_fashion"}
OTHER_BASELINES |= {"selfplay_connect4"}  # Matches of the untrained network take minutes.


@pytest.mark.thorough
@pytest.mark.parametrize("name", sorted({*NAMES} - OTHER_BASELINES))
def test_a_baseline_without_a_network_is_met_by_a_new_seed_where_the_training_takes_too_long(name, monkeypatch, capsys):
    """At full size; a stand-in for `fit` trains nothing, and only the baselines are compared."""
    if sum(seconds(name)) <= SECONDS or seconds(name)[1] > max(10, SECONDS):
        pytest.skip("the whole recipe is run again, or all but the training takes too long")
    trained = SimpleNamespace(seconds=0.0, history={"loss": [1.0], "val_loss": [1.0]}, epoch=[0])
    monkeypatch.setattr(training, "fit", lambda *_, **__: trained)
    metrics = importlib.import_module(f"recipes.{name}").main(seed=new_seed(name)).metrics
    baselines = [key for key in metrics if key.startswith("baseline_")]
    assert baselines and outside(name, metrics, baselines) == {}


TARGETS = tomllib.loads(Path(__file__).with_name("published_bounds.toml").read_text(encoding="utf-8"))


def with_lead(name: str, metrics: dict) -> dict:
    """Return metrics and `lead`: by how much the result is better than its baseline."""
    recipe = recipe_list.recipe(name)
    lead = metrics[recipe.metric] - metrics[recipe.baseline]
    return {**metrics, "lead": lead if recipe.higher_is_better else -lead}


def all_seeds(name: str) -> list[dict]:
    """Return the published metrics of each seed on each backend."""
    published = filter(None, (results.result(name, backend) for backend in results.BACKENDS))
    return [with_lead(name, metrics) for result in published for metrics in result["seeds"].values()]


@pytest.mark.parametrize("name", ROWS)
def test_a_published_result_meets_its_targets_and_is_better_than_its_baseline(name):
    published = results.result(name)
    measured = {"mean": [with_lead(name, published["mean"])], "each_seed": all_seeds(name)}
    assert len(published["seeds"]) >= 5 and set(TARGETS["mean"]) | set(TARGETS["each_seed"]) <= set(ROWS)
    for of, default in (("mean", {"lead": [0, math.inf]}), ("each_seed", {})):
        for metric, (lowest, highest) in (default | TARGETS[of].get(name, {})).items():
            assert all(lowest <= metrics[metric] <= highest for metrics in measured[of]), (of, metric)


def test_the_samples_of_the_gan_and_the_images_of_the_autoencoder_are_ahead_by_a_factor():
    assert all(seed["squared_error"] <= seed["baseline_squared_error"] / 4 for seed in all_seeds("autoencoder_mnist"))
    vae = results.result("vae_mnist")["mean"]["frechet_distance"]
    for seed in all_seeds("gan_mnist"):
        assert seed["frechet_distance"] <= min(seed["baseline_frechet_distance"], vae) / 2


@pytest.mark.parametrize("name", recipe_list.rows("automl"))
def test_a_search_says_how_boosting_compares(name):
    recipe, mean = recipe_list.recipe(name), results.result(name)["mean"]
    page = (recipe_list.FOLDER / "published/automl/README.md").read_text(encoding="utf-8")
    assert "Gradient boosting is within 0.01 on `bikeshare`, and far worse on the leaves:" in " ".join(page.split())
    difference = mean[f"boosting_{recipe.metric}"] - mean[recipe.metric]
    assert abs(difference) < 0.01 if name == "automl" else difference < -0.1


def test_transfer_is_ahead_of_training_from_scratch_in_each_seed_and_at_one_label_with_disjoint_ranges():
    seeds = all_seeds("transfer_mnist")
    assert min(seed["accuracy"] - seed["baseline_accuracy"] for seed in seeds) > 0
    assert min(seed["frozen_accuracy_1"] for seed in seeds) > max(seed["scratch_accuracy_1"] for seed in seeds)


def test_each_student_lies_between_every_network_without_a_teacher_and_its_own_teacher():
    seeds = all_seeds("compression_mnist")
    assert min(seed["accuracy"] for seed in seeds) > max(seed["baseline_accuracy"] for seed in seeds)
    assert all(seed["accuracy"] < seed["teacher_accuracy"] for seed in seeds)


def test_the_transformer_is_ahead_of_ngrams_and_behind_an_lstm_in_the_same_time_as_its_page_says():
    published = results.result("transformer_shakespeare")
    mean, interval = published["mean"], published["range"]
    assert interval["nats_per_character"][1] < mean["baseline_nats_per_character"]
    assert mean["lstm_nats_per_character"] < mean["nats_per_character"]
    assert mean["training_seconds"] == pytest.approx(mean["lstm_seconds"], rel=0.2)


FIRST_LINES = {
    "automl": (
        ("automl", "{:.3f}", "r2_score", "baseline_r2_score", "boosting_r2_score", "random_r2_score"),
        ("automl_leaves", "{:.1%}", "accuracy", "baseline_accuracy", "boosting_accuracy", "random_accuracy"),
    ),
    "gru_sunspots": (("gru_sunspots", "{:.2f}", "mae", "baseline_mae"),),
    "transfer_mnist": (("transfer_mnist", "{:.1%}", "accuracy", "baseline_accuracy", "lead_at_10"),),
    "transformer_shakespeare": (
        ("transformer_shakespeare", "{:.3f}", "nats_per_character", "lstm_nats_per_character"),
        ("transformer_shakespeare", "{:.0f}", "training_seconds", "lstm_seconds"),
    ),
}
"""Page to its rows, with how the means of their metrics are written that its first line states."""


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
@pytest.mark.parametrize("name", FIRST_LINES)
def test_the_numbers_in_the_first_line_of_a_page_are_means_of_its_results(name, page):
    line = (recipe_list.FOLDER / "published" / name / page).read_text(encoding="utf-8").splitlines()[4]
    stated = []
    for row, form, *metrics in FIRST_LINES[name]:
        published = results.result(row)
        stated += [form.format(published["mean"][metric]).rstrip("%") for metric in metrics]
        assert {5: ("five", "五"), 10: ("ten", "十")}[len(published["seeds"])]["zh" in page] in line
    assert sorted(re.findall(r"\d+(?:\.\d+)?", line)) == sorted(stated)


def test_ridge_regression_is_nearer_than_the_gru_in_as_many_seeds_as_its_page_says():
    seeds = all_seeds("gru_sunspots")
    assert (sum(seed["baseline_mae"] < seed["mae"] for seed in seeds), len(seeds)) == (8, 10)
    page = recipe_list.FOLDER / "published/gru_sunspots/README.md"
    assert "ridge regression is nearer in eight of ten seeds" in page.read_text(encoding="utf-8")
