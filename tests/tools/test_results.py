"""The published results: how they are measured, summed up, shown, and repeated with a new seed."""

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from scipy import stats

from questions import _questions, _recheck
from recipes import __main__ as listed
from recipes._lib.runs import machine_facts, recipe_list, results, seed_intervals
from tests.helpers.commands import ROOT, command
from tools import ledger, measure, table, verify


@pytest.mark.parametrize("name", recipe_list.rows())
def test_mean_and_spread_of_a_result_follow_from_its_seeds(name):
    published = results.result(name)
    for key, numbers in results.summarised(published["seeds"]).items():
        for metric, number in numbers.items():
            assert published[key][metric] == pytest.approx(number)


def test_what_the_spread_hides_is_what_a_t_test_of_five_seeds_against_five_calls_significant():
    """At the difference of 2.306 · s · √(2/5) the p-value is 5 %."""
    values = [1.0, 2.0, 3.0, 4.0, 5.0]
    difference = seed_intervals.detectable(values, 5)
    assert difference == pytest.approx(2.306 * 2.5**0.5 * 0.4**0.5, rel=1e-4)
    shifted = [value + difference for value in values]
    assert stats.ttest_ind(values, shifted).pvalue == pytest.approx(0.05)
    [row] = [row for row in table.spread_rows("en") if "/mlp_mnist.py" in row[0]]
    assert row[1:4] == ["accuracy", "98.88%", "99.06%"] and row[4].endswith(" points")


def test_a_shown_interval_ends_at_the_bound_of_its_metric():
    published = {"seeds": {str(i): {"accuracy": value} for i, value in enumerate([0.99, 1.0, 1.0, 1.0, 1.0])}}
    published |= results.summarised(published["seeds"])
    assert published["range"]["accuracy"][1] > 1  # The JSON has what Student's t gives.
    assert results.written_range("transformer_recall", published) == "98.4% to 100.0%"
    limits = [recipe_list.recipe(name).limits() for name in ("transformer_recall", "dqn_cartpole", "gan_mnist")]
    assert limits == [(0, 1), (0, 500), (-math.inf, math.inf)]
    assert "to 500.0, baseline" in results.headline("dqn_cartpole")


def test_the_generated_parts_are_what_the_json_says():
    for path, text in table.pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path}: run python -m tools.table"


def test_the_list_answers_without_importing_a_recipe():
    done = command("recipes", cwd=ROOT)
    assert done.returncode == 0 and not done.stderr
    for name in recipe_list.rows():
        time = f"    Time: {results.result(name)['mean']['training_seconds']:.0f} s of training, "
        assert all(text in done.stdout for text in (f"{recipe_list.command(name)}\n", results.headline(name), time))
    imported = "import sys, recipes.__main__ as m; m.main(); assert not {'keras', 'numpy', 'tyro'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", imported], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """Commands of recipes end at once, with scores that follow from the seed; that with seed 99 fails."""
    commands = []

    def run(command, check, **_):
        commands.append(command[1:-2])
        seed = int(command[-3])
        if seed == 99:
            raise subprocess.CalledProcessError(2, command)
        Path(command[-1]).mkdir()
        metrics = {"accuracy": 0.5 + seed / 100, "baseline_accuracy": 0.1, "training_seconds": 1.0, "list": [1]}
        metrics |= {"mean_return": -80.0 - seed, "baseline_return": -95.5}
        Path(command[-1], "metrics.json").write_text(json.dumps(metrics))

    monkeypatch.setattr(results, "RESULTS", tmp_path)
    monkeypatch.setattr(subprocess, "run", run)
    return commands


def test_a_measurement_that_fails_leaves_the_published_result(commands, tmp_path, monkeypatch):
    published, part = tmp_path / "perceptron_mnist.json", tmp_path / "perceptron_mnist.part"
    published.write_text("before")
    with pytest.raises(subprocess.CalledProcessError):
        measure.main(("perceptron_mnist",), seeds=(0, 99))
    assert published.read_text() == "before" and list(json.loads(part.read_text())["seeds"]) == ["0"]
    measure.main(("perceptron_mnist",), seeds=(0, 2))
    content = json.loads(published.read_text())
    assert list(content["seeds"]) == ["0", "2"] and not part.exists()
    assert content["mean"]["accuracy"] == pytest.approx(0.51)
    part.write_text(json.dumps({**content, "code": "of another version"}))
    measure.main(("perceptron_mnist",), seeds=(0, 2))
    # First, seed 0 was measured before in the same way.
    assert [command[-1] for command in commands] == ["0", "99", "2", "0", "2"]
    machine = machine_facts.machine()
    monkeypatch.setattr(machine_facts, "machine", lambda: {**machine, "backend": "jax"})  # Another file.
    measure.main(("perceptron_mnist",), seeds=(3,))
    assert list(json.loads(published.read_text())["seeds"]) == ["0", "2"]
    assert {path.name for path in tmp_path.iterdir()} == {"perceptron_mnist.json", "perceptron_mnist_jax.json"}


def test_a_further_row_is_its_recipe_with_other_options(commands, tmp_path, monkeypatch, capsys):
    """It has a result of its own, measured, verified, and shown in the tables, in the docstring and in the list."""
    rows, name = recipe_list.rows(), "dqn_acrobot"
    assert rows.index(name) == rows.index("dqn_cartpole") + 1 and name not in recipe_list.names()
    assert recipe_list.rows("dqn_cartpole") == ["dqn_cartpole", name]
    shutil.copy(recipe_list.FOLDER / "results/dqn_cartpole.json", tmp_path)
    measure.main((name,), seeds=(1, 2))
    verify.main((name,), seeds=(3,))
    words = ["-m", "recipes.dqn_cartpole", "--env", "Acrobot-v1", "--epochs", "32", "--seed"]
    assert commands == [[*words, seed] for seed in "123"]
    content = json.loads((tmp_path / f"{name}.json").read_text())
    assert content["command"] == "python -m recipes.dqn_cartpole --env Acrobot-v1 --epochs 32 --seed SEED"
    assert content["recipe"] == "dqn_cartpole" and content["mean"]["mean_return"] == -81.5

    _, second = table.result_rows(recipe_list.rows("dqn_cartpole"), "en", ["tensorflow"])["results"]
    assert second[:2] == ["[`dqn_cartpole`](recipes/dqn_cartpole.py) `--env Acrobot-v1 --epochs 32`", "Acrobot-v1"]
    assert second[2] == "mean return ↑ -81.5" and second[4] == "-95.5"
    stated = "mean_return -81.5, 95 % prediction interval -92.5 to -70.5, baseline -95.5."
    assert f"With --env Acrobot-v1 --epochs 32: {stated}" in table.with_result_line("dqn_cartpole").splitlines()
    monkeypatch.setattr(recipe_list, "names", lambda: ["dqn_cartpole"])
    capsys.readouterr()
    listed.main()
    _, one, other, *_ = capsys.readouterr().out.split("python -m ")
    assert results.headline("dqn_cartpole") in one and "    Data: Acrobot-v1\n" in other
    assert f"    Result: {results.headline(name)}\n    Time: 1 s of training" in other


@pytest.mark.parametrize(
    ("call", "names", "option", "message"),
    [
        (measure.main, ["table"], {}, "`recipes` must be out of anomaly_shuttle, .*, with `seeds`. Received: "),
        (measure.main, ["mlp_mnist"], {"seeds": ()}, "`recipes` must be out of .*, with `seeds`. Received: "),
        (verify.main, ["nothing"], {}, "`names` must be out of anomaly_shuttle, "),
        (verify.main, ["perceptron_mnist"], {"seeds": (7, 10)}, "`seeds` must be .* none of the published ones. Rec"),
        *((verify.main, ["mlp_mnist"], {"seeds": s}, "`seeds` must be different in") for s in ((-1,), (7, 7), ())),
    ],
)
def test_a_name_or_a_seed_that_cannot_be_run_is_refused(call, names, option, message):
    with pytest.raises(ValueError, match=message):
        call(tuple(names), **option)


def test_verify_says_whether_a_new_seed_lies_in_its_interval_and_keeps_it_in_the_ledger(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ledger, "path", lambda: tmp_path / "ledger.jsonl")
    values = {"perceptron_mnist": 0.9274, "linear_regression_mpg": 99.0}
    run = lambda name, seed, **_: {recipe_list.recipe(name).metric: values[name], "training_seconds": 1.0}  # noqa: E731
    monkeypatch.setattr(measure, "run", run)
    verify.main(tuple(values), seeds=(777,))
    first, one_check, second, other_check, _ = capsys.readouterr().out.splitlines()
    assert [ledger.to_json_line(check) for check in ledger.read()] == [one_check, other_check]
    assert first.startswith("perceptron_mnist  accuracy  0.9274 in 0.92") and first.endswith("  inside")
    assert second.startswith("linear_regression_mpg  mae  99 in 3.") and second.endswith("  OUTSIDE")
    values |= {"perceptron_mnist": 0.5}
    with pytest.raises(SystemExit) as stop:
        verify.main(tuple(values), seeds=(777,))
    assert stop.value.code == 1 and "\n2 of 2 results lie outside" in capsys.readouterr().out
    values["dqn_cartpole"] = 499.0  # All ten published seeds gave 500: a lower one is not improbable.
    verify.main(("dqn_cartpole",), seeds=(777,))
    assert capsys.readouterr().out.startswith("dqn_cartpole  mean_return  499 in 500 to 500  inside")


@pytest.mark.parametrize(("value", "verdict"), [(-1.7, "inside"), (-1.9, "OUTSIDE"), (7.7, "inside"), (7.9, "OUTSIDE")])
def test_verify_s_interval_is_that_of_one_more_seed_not_that_of_the_mean(value, verdict, tmp_path, monkeypatch, capsys):
    """Of 1 to 5, 3 ± t sqrt(2.5) sqrt(1 + 1/5) with t = 2.776 is −1.809 to 7.809; the mean's is 1.04 to 4.96."""
    name, metric = "linear_regression_mpg", "mae"
    seeds = {str(seed): {metric: float(seed), "training_seconds": 1.0} for seed in range(1, 6)}
    (tmp_path / f"{name}.json").write_text(json.dumps({"seeds": seeds, **results.summarised(seeds)}))
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    monkeypatch.setattr(measure, "run", lambda *_, **__: {metric: value, "training_seconds": 1.0})
    verify.main((name,), seeds=(777,))
    assert capsys.readouterr().out.startswith(f"{name}  {metric}  {value:g} in -1.80894 to 7.80894  {verdict}\n")


def test_verify_counts_the_scores_of_an_experiment_but_not_its_seconds(monkeypatch, capsys):
    name = "stochastic_descent"
    panels = _questions.question(name).experiment.panels
    timed = [key for key, panel in panels.items() if panel.score.unit.name == "seconds"]
    made = [_recheck.Recheck(key, next(iter(panel.rows)), None, 5.0, 1.0, 2.0) for key, panel in panels.items()]
    monkeypatch.setattr(_recheck, "new_seed", lambda *_, **__: made)
    with pytest.raises(SystemExit):
        verify.main((name,), seeds=(777,))
    *lines, last, _ = capsys.readouterr().out.splitlines()
    assert last.startswith(f"{len(panels) - 1} of {len(panels) - 1} results lie outside") and len(timed) == 1
    assert [line.split()[1] for line in lines if line.endswith("OUTSIDE  (not counted)")] == timed


@pytest.mark.parametrize(
    ("outside", "count", "by_chance", "is_improbable"),
    [(13, 136, "7", False), (14, 136, "7", True), (1, 1, "0.05", False), (2, 2, "0.1", True)],
)
def test_verify_says_how_many_lie_outside_by_chance_and_if_too_many(outside, count, by_chance, is_improbable):
    """P(X >= 14) = 0.0084 and P(X >= 13) = 0.0194 of 136 at 0.05."""
    sentences, found = verify.conclusion(outside, count)
    start = f"{outside} of {count} results lie outside their 95 % interval; by chance about {by_chance} would"
    assert sentences.startswith(start) and found == is_improbable
    assert ("\nThe probability of" in sentences) == is_improbable
