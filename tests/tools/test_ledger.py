"""The ledger: what a check states, and the CUSUM over the checks."""

import datetime
import math
import subprocess

import numpy as np
import pytest
from scipy import stats

from recipes._lib.runs import machine_facts, recipe_list, results
from tools import ledger, measure, table, verify

NAME, METRIC = "mlp_mnist", "accuracy"
MACHINE = {"backend": "tensorflow", "cpu": "a processor", "cores": 2, "date": datetime.date.today().isoformat()}
MACHINE["versions"] = {"python": "3.11.7", "keras": "3.15.1", "numpy": "2.4.6", "tensorflow": "2.21.0"}


@pytest.fixture
def ledger_file(tmp_path, monkeypatch):
    path = tmp_path / "ledger.jsonl"
    monkeypatch.setattr(ledger, "path", lambda: path)
    monkeypatch.setattr(machine_facts, "machine", lambda: dict(MACHINE))
    return path


def made_check(value: float = 0.989, seed: int = 5000, **changes) -> dict:
    check = ledger.check_of_run(NAME, results.result(NAME), seed, {METRIC: value, "training_seconds": 9.5})
    return check | changes


@pytest.mark.parametrize("name", recipe_list.rows())
def test_the_published_checks_fit_and_no_result_has_shifted(name):
    checks, published = ledger.valid(name), results.result(name)
    for check in checks:
        assert check["z"] == pytest.approx(ledger.z_score(name, published, check["value"]), abs=1e-6)
        assert str(check["seed"]) not in published["seeds"] and check["date"] >= published["date"]
    assert len({(check["seed"], check["backend"], str(check["versions"])) for check in checks}) == len(checks)
    assert ledger.cusum(check["z"] for check in checks).alarm is None


def test_each_published_result_has_a_check_on_tensorflow():
    """One that was measured again needs a new one: `python -m tools.verify NAME`."""
    backends = {name: {check["backend"] for check in ledger.valid(name)} for name in recipe_list.rows()}
    assert {name for name, known in backends.items() if "tensorflow" not in known} == set()


@pytest.mark.thorough
def test_z_is_normal_where_the_result_holds_however_few_seeds_were_published():
    """z of 4,000 sixth seeds, each beside five of its own: standard normal."""
    random, z_scores = np.random.default_rng(0), []
    for *published, value in random.normal(0.9, 0.01, size=(4000, 6)):
        seeds = {str(seed): {METRIC: score} for seed, score in enumerate(published)}
        z_scores.append(ledger.z_score(NAME, {"seeds": seeds}, value))
    assert stats.kstest(z_scores, "norm").pvalue > 0.01
    assert np.std(z_scores) == pytest.approx(1, abs=0.034)  # Three standard errors.


@pytest.mark.parametrize(("value", "probability"), [(1.0, 0.5), (0.999, 1 / 6), (1.001, 5 / 6)])
def test_z_follows_from_the_rank_where_all_seeds_gave_the_same(value, probability):
    published = {"seeds": {str(seed): {METRIC: 1.0} for seed in range(5)}}
    assert stats.norm.cdf(ledger.z_score(NAME, published, value)) == pytest.approx(probability)


@pytest.mark.parametrize(
    ("shift", "longest", "mean", "tolerance"),
    [
        (1.0, 80, 10.4, 0.4),
        (-1.0, 80, 10.4, 0.4),
        pytest.param(0.0, 4000, 465, 31, marks=pytest.mark.thorough(seconds=20)),
    ],
)
def test_the_cusum_alarms_as_late_as_its_table_says(shift, longest, mean, tolerance):
    """The table of Montgomery, "Introduction to statistical quality control", within three standard errors."""
    random = np.random.default_rng(1)
    lengths = [ledger.cusum(random.normal(shift, 1, longest)).alarm or longest for _ in range(2000)]
    assert np.mean(lengths) == pytest.approx(mean, abs=tolerance)


@pytest.mark.thorough(seconds=20)
@pytest.mark.parametrize(("shift", "median", "tolerance"), [(0.0, 200, 30), (1.0, 14, 1.1)])
def test_with_five_published_seeds_the_runs_until_an_alarm_are_those_of_the_page(shift, median, tolerance):
    """Each of 3,000 series has a mean and a spread of its own, estimated from five seeds."""
    random, lengths = np.random.default_rng(2), []
    for _ in range(3000):
        seeds, values = random.normal(size=5), random.normal(shift, 1, 400)
        ratios = (values - seeds.mean()) / (seeds.std(ddof=1) * math.sqrt(1 + 1 / 5))
        lengths.append(ledger.cusum(stats.norm.ppf(stats.t.cdf(ratios, 4))).alarm or 400)
    assert np.median(lengths) == pytest.approx(median, abs=tolerance)
    assert shift or np.mean(np.array(lengths) <= 20) == pytest.approx(0.18, abs=0.02)


def test_half_a_point_less_raises_the_alarm_and_one_odd_run_does_not(ledger_file, capsys):
    ledger.append(made_check(results.result(NAME)["mean"][METRIC], seed) for seed in range(1000, 1010))
    ledger.append([made_check(0.9875, 1010), made_check(0.989, 1014, date="2020-01-01")])
    assert [check["seed"] for check in ledger.read()] == [1014, *range(1000, 1011)]  # In the order of their dates.
    ledger.main()
    assert capsys.readouterr().out.startswith(f"{NAME}  12 checks, last {MACHINE['date']}, z -")
    ledger.append(made_check(results.result(NAME)["mean"][METRIC] - 0.005, seed) for seed in range(1011, 1014))
    with pytest.raises(SystemExit) as stop:
        ledger.main()
    printed = capsys.readouterr().out
    assert stop.value.code == 1 and "ALARM at check 1" in printed and printed.endswith(f"shifted: {NAME}\n")
    [row] = [row for row in table.check_rows() if f"/{NAME}.py" in row[0]]
    assert row[1] == "15" and row[2].startswith("-") and row[2].endswith("⚠")


def test_a_check_stands_in_the_column_of_its_backend_and_versions(ledger_file):
    lowest = ledger.lowest_versions()
    assert {"tensorflow", "keras", "numpy", "jax", "torch"} <= set(lowest)
    cases = [("jax", "0", "0"), ("jax", "0", "9.0"), ("tensorflow", "1", "0"), ("torch", "0", "0+cpu")]
    for seed, (backend, keras_patch, patch) in enumerate(cases, 6000):  # The third has a later Keras than the lowest.
        versions = {"keras": f"{lowest['keras']}.{keras_patch}", backend: f"{lowest[backend]}.{patch}"}
        ledger.append([made_check(seed=seed, backend=backend, versions=versions)])
    [row] = [row for row in table.check_rows() if f"/{NAME}.py" in row[0]]
    z = f"{made_check()['z']:+.1f} {MACHINE['date']}"
    assert row[3:] == [z, "–", z, z, "–", z]


def test_a_run_checked_again_counts_once_and_one_that_fails_stops_no_other(ledger_file, monkeypatch, capsys):
    def run(name, seed, **_):
        if seed == 8:
            raise subprocess.CalledProcessError(1, name)
        return {METRIC: 0.989, "training_seconds": 1.0}

    monkeypatch.setattr(measure, "run", run)
    ledger.append([made_check(seed=9, published_mean=0.5)])  # Of an earlier result: it no longer counts.
    verify.main((NAME,), seeds=(7,))
    with pytest.raises(SystemExit) as stop:
        verify.main((NAME,), seeds=(8, 7, 9))
    assert stop.value.code == 2 and [check["seed"] for check in ledger.valid(NAME)] == [7, 9]
    printed = capsys.readouterr().out
    assert "\n0 of 2 results lie outside" in printed and printed.endswith(f"failed: {NAME} with seed 8\n")
    verify.main((NAME,))  # A new seed is drawn each time.
    verify.main((NAME,))
    *_, one, other = ledger.read()
    assert one["seed"] != other["seed"] and min(one["seed"], other["seed"]) >= 1000


def test_a_recipe_without_a_result_has_no_checks_and_no_spread(ledger_file, monkeypatch):
    result = results.result
    monkeypatch.setattr(results, "result", lambda name, *backend: None if name == NAME else result(name, *backend))
    assert ledger.valid(NAME) == [] and len(table.spread_rows("en")) == len(recipe_list.rows()) - 1
