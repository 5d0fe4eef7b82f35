"""The search: the same trials after any kill, its budget, what it stops and may see, its pictures and its table."""

import contextlib
import importlib
import inspect
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import optuna
import pytest
from kill_search import EPOCHS, TRIALS, candidate, in_this_process, small_search, small_splits

from dlguide import data, evaluation, training
from recipes import _lib, automl_mnist1d
from recipes._lib.runs import command_line, run_folder
from recipes._lib.search import pictures as search_pictures
from recipes._lib.search import study_file as search_file
from recipes._lib.search import trial_process
from recipes._lib.search import trials as search
from recipes.benchmark import search as benchmark_search

ROOT = Path(__file__).parents[2]
MOMENTS = [["created", -1], ["parameters", 0], ["epoch", 1], ["attributes", 3], ["told", 4], ["epoch", 6]]
STATES = optuna.trial.TrialState


def all_of(trials: list) -> list:
    """Return all that a trial is but its number and its time."""
    return [(t.state, t.params, t.intermediate_values, t.value, t.user_attrs["epochs"]) for t in trials]


def searched(*processes: list) -> list[int]:
    """Search in processes, each given as its folder and its moment of death; return their exit status."""
    command = [sys.executable, str(Path(__file__).parent / "kill_search.py"), json.dumps(processes)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.thorough
def test_a_search_that_is_killed_at_many_moments_ends_with_the_same_trials(tmp_path):
    folder, end = str(tmp_path / "killed"), [None, 0]
    statuses = searched([str(tmp_path / "whole"), *end], *([folder, *moment] for moment in (*MOMENTS, end)))
    assert statuses == [0] + [-signal.SIGKILL] * len(MOMENTS) + [0]
    whole, killed = (search_file.finished_trials(tmp_path / name / "search.db") for name in ("whole", "killed"))
    assert all_of(whole) == all_of(killed)
    assert any(trial.state == STATES.PRUNED for trial in whole) and len(whole) > TRIALS
    # The trials that were running are kept as failed ones; in their place came one of the same parameters.
    with search_file.open_study(tmp_path / "killed" / "search.db") as study:
        trials = study.trials
    failed = [trial for trial in trials if trial.state == STATES.FAIL]
    assert len(failed) == sum(where in ("parameters", "epoch", "attributes") for where, _ in MOMENTS)
    for trial in failed:
        after = next(t for t in trials[trial.number :] if t.state != STATES.FAIL)
        assert trial.params.items() <= after.params.items()


@pytest.fixture
def here(monkeypatch):
    """Trials run in this process."""
    monkeypatch.setattr(trial_process, "opened", in_this_process)


@pytest.fixture
def simulated(here, monkeypatch):
    """Trials without training: a better learning rate gives a better score, which rises by the epoch."""

    def train(chosen, trial, seed):
        trial.suggest_categorical("builder", ("perceptron", "mlp"))
        trial.suggest_categorical("optimizer", ("sgd", "adam"))
        trial.suggest_categorical("batch_size", (10, 20))
        rate = trial.suggest_float("learning_rate", 1e-4, 1, log=True)
        for epoch in range(1, chosen.epochs + 1):
            score = epoch / chosen.epochs / (1 + abs(np.log10(rate) + 2))
            trial.report(score, epoch)
            if epoch < chosen.epochs and trial.should_prune():
                break
        trial.set_user_attr("epochs", epoch)
        trial.set_user_attr("seconds", 0.5)
        return score if epoch == chosen.epochs else None

    monkeypatch.setattr(search, "_training_score", train)


def test_a_search_that_is_interrupted_in_a_trial_is_resumed_with_the_same_parameters(simulated, tmp_path, monkeypatch):
    whole, train = search.run(small_search(), 4), search._training_score

    def interrupted(chosen, trial, seed):
        score = train(chosen, trial, seed)
        if trial.number == 2:
            raise KeyboardInterrupt
        return score

    monkeypatch.setattr(search, "_training_score", interrupted)
    with pytest.raises(KeyboardInterrupt):
        search.run(small_search(), 4, tmp_path)
    found = search.run(small_search(), 4, tmp_path)
    assert all_of(found) == all_of(whole) and [trial.number for trial in found] == [0, 1, 3, 4]


@pytest.mark.thorough
def test_a_trial_that_is_stopped_early_leaves_its_epochs_to_others(simulated):
    found = search.run(small_search()._replace(epochs=10), 25)
    stopped = [trial for trial in found if not search.is_whole(trial)]
    assert len(found) > 25 and stopped and {trial.state for trial in stopped} == {STATES.PRUNED}
    assert all(trial.user_attrs["epochs"] == trial.last_step for trial in found)
    assert all(search.WARMUP_EPOCHS <= trial.last_step < 10 for trial in stopped)
    assert all(map(search.is_whole, found[: search.STARTING_TRIALS]))
    spent = sum(trial.last_step for trial in found)
    assert search.epochs_spent(found) == spent and 250 - 10 < spent <= 250


@pytest.mark.thorough
def test_random_search_stops_nothing_and_its_first_half_is_the_search_of_half_the_budget(simulated, tmp_path):
    chosen = small_search("random")
    once = search.run(chosen, 5, tmp_path / "once")
    twice = search.run(chosen, 10, tmp_path / "twice")
    assert [len(once), len(twice)] == [5, 10] and all(map(search.is_whole, twice))
    assert all_of(twice[:5]) == all_of(once) == all_of(search.trials_within(twice, EPOCHS, 5 * EPOCHS))
    assert all_of(search.run(chosen, 10, tmp_path / "once")) == all_of(twice)  # Extended.
    assert all_of(search.run(chosen, 5, tmp_path / "once")) == all_of(once)
    assert all_of(search.run(chosen, 5)) == all_of(once)  # Without a folder.
    assert all_of(search.run(small_search("random", seed=1), 5)) != all_of(once)
    assert len({trial.params["learning_rate"] for trial in twice}) == 10


@pytest.mark.thorough
def test_tpe_learns_from_its_trials(simulated):
    means = []
    for method in search.METHODS:
        last = search.run(small_search(method), 25)[-8:]
        means.append(np.mean([abs(np.log10(trial.params["learning_rate"]) + 2) for trial in last]))
    assert means[0] < 0.75 * means[1]


def test_the_best_trial_is_whole_and_the_first_of_equal_ones():
    ends = [(STATES.COMPLETE, 0.7), (STATES.PRUNED, 0.9), (STATES.COMPLETE, 0.8), (STATES.COMPLETE, 0.8)]
    trials = [SimpleNamespace(state=state, value=value) for state, value in ends]
    assert search.best_trial(trials) is trials[2]


def test_each_trial_has_a_seed_of_its_own():
    seeds = {search.trial_seed(seed, place) for seed in range(20) for place in range(50)}
    assert len(seeds) == 1000 and all(0 <= seed < 2**32 for seed in seeds)


def test_a_trial_below_the_median_is_stopped_but_not_after_its_last_epoch():
    reported = {}
    trial = SimpleNamespace(report=lambda value, epoch: reported.update({epoch: value}), should_prune=lambda: True)
    for epoch, stops in ((0, True), (EPOCHS - 1, False)):
        reports = search._Reports(trial, EPOCHS)
        reports.set_model(SimpleNamespace(stop_training=False))
        reports.on_epoch_begin(epoch)
        reports.on_epoch_end(epoch, {"val_accuracy": 0.25})
        assert reports.is_stopped == reports.model.stop_training == stops
    assert reported == {1: 0.25, EPOCHS: 0.25}


def test_a_loss_that_is_not_finite_ends_a_trial_and_its_epochs_are_spent(here, tmp_path, monkeypatch):
    fit, calls = training.fit, []

    def failing(model, x, y, **options):
        calls.append(model)
        if len(calls) == 2:
            for epoch in range(2):
                options["callbacks"][0].on_epoch_begin(epoch)
            raise FloatingPointError
        return fit(model, x, y, **options)

    monkeypatch.setattr(training, "fit", failing)
    found = search.run(small_search("random"), 3, tmp_path)
    assert [trial.state for trial in found] == [STATES.COMPLETE, STATES.PRUNED, STATES.COMPLETE]
    assert [trial.user_attrs["epochs"] for trial in found] == [EPOCHS, 2, EPOCHS] and search.best_trial(found) in found
    assert search_pictures.last_score(found[1]) == 0.0
    monkeypatch.setattr(search, "_training_score", lambda _, trial, seed: trial.set_user_attr("epochs", EPOCHS))
    with pytest.raises(ValueError, match="`trials` must be enough for one with a finite loss"):
        search.run(small_search("random"), 2, tmp_path / "none")


def test_the_score_is_the_validation_accuracy_of_the_trained_model(here, monkeypatch):
    models, seeds, fit = [], [], training.fit

    def noting(model, *args, **options):
        models.append(model)
        seeds.append(options["seed"])
        history = fit(model, *args, **options)
        history.history["val_accuracy"][0] = 1.0  # An epoch that was better is not what is left of the training.
        return history

    monkeypatch.setattr(training, "fit", noting)
    splits, found = small_splits(), search.run(small_search("random"), 2)
    for trial, model in zip(found, models, strict=True):
        predicted = model.predict(splits.valid.x, verbose=0).argmax(axis=1)
        assert trial.value == pytest.approx((predicted == splits.valid.y).mean())
        assert float(model.optimizer.learning_rate) == pytest.approx(trial.params["learning_rate"])
    assert seeds == [search.trial_seed(0, place) for place in range(2)]
    keras.utils.set_random_seed(1)  # Of the tests: a trial sets its own.
    assert all_of(search.run(small_search("random"), 2)) == all_of(found)


def test_a_trial_has_an_empty_test_set_and_each_ten_trials_a_new_process(simulated, monkeypatch):
    train, sizes, processes = search._training_score, [], []

    def noting(chosen, trial, seed):
        sizes.append([len(part.x) for part in chosen.splits[:3]])
        return train(chosen, trial, seed)

    def opened():
        processes.append(0)
        yield lambda function, *args: (processes.append(processes.pop() + 1), function(*args))[1]

    monkeypatch.setattr(search, "_training_score", noting)
    monkeypatch.setattr(trial_process, "opened", contextlib.contextmanager(opened))
    search.run(small_search("random"), 21)
    assert sizes == 21 * [[60, 40, 0]] and processes == [10, 10, 1]


@pytest.mark.thorough
def test_the_test_set_has_no_part_in_the_search(here, monkeypatch, capsys):
    load, search_run, found, sizes = data.load, search.run, [], []

    def other_test(name, **options):
        splits = load(name, **options)
        return splits._replace(test=data.Part(splits.train.x[:50], splits.train.y[:50]))

    def evaluated(model, x, y, **_):
        sizes.append(len(x))
        return {"accuracy": 0.5}

    monkeypatch.setattr(search, "run", lambda *args: found.append(search_run(*args)) or found[-1])
    monkeypatch.setattr(evaluation, "evaluate", evaluated)
    model = SimpleNamespace(summary=lambda: None), SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(automl_mnist1d, "trained_model", lambda *_, **__: model)  # For time.
    winners = []
    for loaded in (load, other_test):
        monkeypatch.setattr(data, "load", loaded)
        winners.append(automl_mnist1d.main(trials=2, epochs=1, limit=60)["winner"])
    assert all_of(found[0]) == all_of(found[1]) and winners[0] == winners[1]
    assert sizes == [60, 60, 50, 50]  # The winner and the settings by hand.


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "random"}, "with method 'tpe' there, 'random' here$"),
        ({"seed": 1}, "with seed 0 there, 1 here$"),
        ({"epochs": 4}, "with epochs_of_a_trial 3 there, 4 here$"),
        ({"candidate": automl_mnist1d.candidate}, "with another candidate$"),
        ({"splits": small_splits()._replace(train=small_splits().valid)}, "with other values in splits$"),
    ],
)
def test_another_search_is_refused_by_what_differs(change, message, simulated, tmp_path):
    search.run(small_search(), 1, tmp_path)
    with pytest.raises(ValueError, match=r"^`run_dir` must be new, empty or hold the same run\. .*" + message):
        search.run(small_search()._replace(**change), 1, tmp_path)


def test_a_search_is_not_resumed_with_other_rules_or_versions(simulated, tmp_path, monkeypatch):
    search.run(small_search(), 1, tmp_path)
    there = f"keras {keras.__version__!r} there, '4' here"
    for module, name, value in (
        (search, "STARTING_TRIALS", 9), (search, "WARMUP_EPOCHS", 2),
        (keras, "__version__", "4"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    message = f" with starting_trials 10 there, 9 here; warmup_epochs 3 there, 2 here; {there}"
    with pytest.raises(ValueError) as refused:
        search.run(small_search(), 1, tmp_path)
    assert str(refused.value).endswith(message)


def other_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE numbers (value INTEGER)")
    connection.close()


def other_study(path: Path) -> None:
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    optuna.create_study(study_name="other", storage=storage)
    storage.engine.dispose()


def damaged(path: Path) -> None:
    search.run(small_search(), 1, path.parent)
    path.write_bytes(path.read_bytes()[:20_000])


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (lambda path: path.write_bytes(b""), "no such table: version_info"),
        (lambda path: path.write_bytes(b"text " * 200), "file is not a database"),
        (other_database, "no such table: version_info"),
        (other_study, "Record does not exist."),
        (damaged, "database disk image is malformed"),
    ],
)
def test_a_file_that_is_damaged_or_of_something_else_is_refused_and_left_as_it_is(write, reason, simulated, tmp_path):
    write(tmp_path / "search.db")
    before = (tmp_path / "search.db").read_bytes()
    with pytest.raises(ValueError) as refused:
        search.run(small_search(), 1, tmp_path)
    assert str(refused.value) == (
        "`run_dir` must hold a search.db of this search that can be read and written, or be new. "
        f"Received: run_dir={str(tmp_path)!r} ({reason})"
    )
    assert command_line.is_refusal(refused.value) and (tmp_path / "search.db").read_bytes() == before


def test_a_full_disk_is_said_and_the_search_is_resumed(simulated, tmp_path, monkeypatch):
    whole, train = search.run(small_search(), 4), search._training_score
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def full(chosen, trial, seed):
        if trial.number == 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
        return train(chosen, trial, seed)

    monkeypatch.setattr(search, "_training_score", full)
    try:
        with pytest.raises(ValueError, match=r"`run_dir` must hold a search\.db .* written") as refused:
            search.run(small_search(), 4, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert command_line.is_refusal(refused.value)
    assert all_of(search.run(small_search(), 4, tmp_path)) == all_of(whole)


def test_what_is_refused_in_another_process_is_a_refusal_here_and_its_sudden_end_is_said(tmp_path):
    (tmp_path / "file").touch()
    with trial_process.opened() as call:
        assert call(max, 1, 2) == 2
        with pytest.raises(ValueError, match=r"^`run_dir` must be new, empty or hold an unfinished run") as refused:
            call(run_folder.choose, "recipe", {"run_dir": str(tmp_path)})
        assert command_line.is_refusal(refused.value)
        with pytest.raises(ValueError, match="invalid literal") as fault:
            call(int, "one")
        assert not command_line.is_refusal(fault.value)
        with pytest.raises(
            OSError, match=r"^The process of a trial ended .* the same call resumes the search$"
        ) as ended:
            call(signal.raise_signal, signal.SIGKILL)
        assert command_line.is_refusal(ended.value)


def test_a_folder_in_use_and_one_that_cannot_be_written_are_refused(simulated, tmp_path):
    with training.Run(tmp_path), pytest.raises(ValueError, match="`run_dir` must not be in use by another process"):
        search.run(small_search(), 1, tmp_path)
    with pytest.raises(
        ValueError, match=r"`run_dir` must be a folder that can be written\. Received: run_dir='/proc/none"
    ):
        search.run(small_search(), 1, "/proc/none")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--trials", "0"], "`trials` must be an integer of at least 1. Received: trials=0"),
        (["--epochs", "0"], "`epochs` must be an integer of at least 1. Received: epochs=0"),
        (["--method", "grid"], "--method"),
        (["--run-dir", "there"], "Received: run_dir='there' with trials 9 there, 25 here; seed 1 there, 0 here"),
    ],
)
def test_a_bad_option_gets_one_line_and_status_2(options, message, tmp_path, monkeypatch, capsys):
    there = {"method": "tpe", "trials": 9, "epochs": 15, "seed": 1, "limit": None, "run_dir": "there"}
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "options.json").write_text(json.dumps({"options": there}))
    assert_refused(options, message, tmp_path, monkeypatch, capsys)


def test_without_optuna_the_extra_to_install_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(search, "optuna", None)
    message = 'The search needs Optuna, from the extra "recipes": pip install -e ".[recipes]"'
    assert_refused(["--limit", "60"], message, tmp_path, monkeypatch, capsys)


def assert_refused(options, message, tmp_path, monkeypatch, capsys):
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["automl_mnist1d", *options])
    with pytest.raises(SystemExit) as stop:
        command_line.run(automl_mnist1d.main)
    lines = capsys.readouterr().err.splitlines()
    assert stop.value.code == 2 and len(lines) == 1 and message in lines[0]
    assert sorted(tmp_path.rglob("*")) == before


def test_the_modules_of_the_search_can_be_imported_without_optuna(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    for module in (search, search_file, search_pictures):
        name = module.__name__.rpartition(".")[2]
        monkeypatch.setattr(_lib.search, name, module)  # Put back in the end.
        monkeypatch.delitem(sys.modules, module.__name__)
    assert importlib.import_module("recipes._lib.search.trials").optuna is None
    importlib.import_module("recipes._lib.search.pictures")


@pytest.mark.parametrize(
    ("builder", "optimizer"), [("perceptron", "sgd"), ("mlp", "adam"), ("cnn", "adamw"), ("rnn", "rmsprop")]
)
def test_each_choice_of_the_search_can_be_built_at_both_ends_of_its_parameters(builder, optimizer):
    splits, chosen = data.load("mnist1d", limit=60), {"builder": builder, "optimizer": optimizer}
    for end in (0, -1):
        trial = SimpleNamespace(
            suggest_categorical=lambda name, choices, end=end: chosen.get(name, choices[end]),
            suggest_int=lambda name, low, high, end=end, **_: (low, high)[end],
            suggest_float=lambda name, low, high, end=end, **_: (low, high)[end],
        )
        model, batch_size = automl_mnist1d.candidate(trial, splits, epochs=2)
        assert (model.name, type(model.optimizer).__name__.lower()) == (builder, optimizer)
        assert batch_size == (50, 200)[end]
        assert model.predict(splits.test.x[:2], verbose=0).shape == (2, 10)


@pytest.mark.parametrize(
    ("builder", "optimizer"), [("perceptron", "sgd"), ("mlp", "adam"), ("cnn", "adamw"), ("rnn", "rmsprop")]
)
def test_each_parameter_of_the_search_changes_what_is_trained(builder, optimizer):
    splits = data.load("mnist1d", limit=60)

    def built(parameters):
        keras.utils.clear_session()  # The same names of the layers.
        trial = search.fixed_trial(parameters)
        model, batch_size = automl_mnist1d.candidate(trial, splits, epochs=3)
        assert batch_size == parameters["batch_size"]
        return json.loads(model.to_json()), trial.distributions

    first = {"builder": builder, "optimizer": optimizer, "batch_size": 50, "learning_rate": 0.01, "weight_decay": 0.01}
    first |= {"mlp_layers": 2, "mlp_units": 64, "mlp_dropout": 0.1, "rnn_cell": "lstm", "rnn_units": 32}
    first |= {"cnn_layers": 3, "cnn_filters": 16, "cnn_kernel_size": 5, "cnn_dropout": 0.1}
    model, distributions = built(first)
    schedule = model["compile_config"]["optimizer"]["config"]["learning_rate"]["config"]
    assert schedule["decay_steps"] == 6 and schedule["initial_learning_rate"] == 0.01  # Two steps in each epoch.
    assert built(first)[0] == model
    for name, distribution in distributions.items():
        for other in distribution.choices if hasattr(distribution, "choices") else [distribution.low]:
            assert (built({**first, name: other})[0] != model) == (other != first[name]), name


def test_the_winner_and_the_settings_by_hand_are_trained_alike_with_a_seed_that_no_trial_had(monkeypatch):
    fits, by_hand = [], automl_mnist1d.BY_HAND
    winner = {"builder": "perceptron", "batch_size": 50, "learning_rate": 0.01, "optimizer": "sgd"}
    ends = [(STATES.COMPLETE, 0.5, by_hand), (STATES.COMPLETE, 0.7, winner), (STATES.PRUNED, 0.9, by_hand)]
    cost = {"epochs": 2, "seconds": 3.0}
    found = [SimpleNamespace(state=state, value=value, params=p, user_attrs=cost) for state, value, p in ends]

    def fit(model, x, y, **options):
        fits.append((model.get_weights(), x, y, *options.pop("validation_data"), options))
        return SimpleNamespace(seconds=1.0)

    monkeypatch.setattr(search, "run", lambda *_: found)
    monkeypatch.setattr(training, "fit", fit)
    metrics = automl_mnist1d.main(trials=3, epochs=2, seed=5, limit=60)
    splits = data.load("mnist1d", limit=60, seed=5)
    for (weights, *arrays, options), parameters in zip(fits, (winner, by_hand), strict=True):
        assert all(map(np.array_equal, arrays, (*splits.train, *splits.valid)))
        assert options == {"epochs": 2, "batch_size": parameters["batch_size"], "seed": 5, "run_dir": None}
        keras.utils.set_random_seed(5)
        model, _ = automl_mnist1d.candidate(search.fixed_trial(parameters), splits, epochs=2)
        assert all(map(np.array_equal, weights, model.get_weights()))
    assert 5 not in {search.trial_seed(5, place) for place in range(1000)}
    expected = {"winner": winner, "validation_accuracy": 0.7, "trials": 3, "stopped_trials": 1, "search_epochs": 6}
    assert {**metrics, **expected, "training_seconds": 10.0} == metrics


def test_the_settings_by_hand_can_be_searched_and_have_the_learning_rate_of_question_11():
    from recipes.faq import _page, _tuning

    model, batch_size = automl_mnist1d.candidate(
        search.fixed_trial(automl_mnist1d.BY_HAND), data.load("mnist1d", limit=60), epochs=2
    )
    filters = [layer.filters for layer in model.layers if isinstance(layer, keras.layers.Conv1D)]
    rates = {layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)}
    assert (filters, rates, batch_size) == ([32, 64, 128], {0.3}, 100)
    choice = _page.published("convolution")["choice"]["cnn@MNIST-1D"]
    assert automl_mnist1d.BY_HAND["learning_rate"] == _tuning.best(choice)


@pytest.mark.thorough
def test_the_pictures_show_what_was_searched(simulated, tmp_path):
    found = search.run(small_search()._replace(epochs=10), 15, tmp_path)
    spent, best = search_pictures.best_by_epochs(found)
    assert (
        spent[-1] == search.epochs_spent(found) and best == sorted(best) and best[-1] == search.best_trial(found).value
    )
    assert len(best) == sum(map(search.is_whole, found)) + 1
    importances = search_pictures.parameter_importances(search.run(small_search("random"), 25))
    assert max(importances, key=importances.get) == "learning_rate" and sum(importances.values()) == pytest.approx(1)
    search_pictures.save_search_figures(tmp_path, "title", found)
    assert {path.name for path in tmp_path.glob("*.png")} == {
        "best_score.png", "importances.png", "parallel_coordinates.png"
    }  # fmt: skip
    lines = search_pictures.parallel_coordinates(found).axes[0].lines
    assert len(lines) == len(found)
    error = 100 * (1 - search.best_trial(found).value)
    lowest = 10 ** np.floor(np.log10(error))  # The last axis: from 100 % to the power of ten below the best trial.
    assert np.isclose(lines[-1].get_ydata()[-1], np.log10(100 / error) / np.log10(100 / lowest))
    assert search_pictures.parameter_importances(found[:1]) == {}


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore:No font that matplotlib knows has the Chinese", "ignore:Glyph")
def test_the_comparison_takes_winners_by_validation_and_scores_them_on_the_test_set(
    simulated, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(benchmark_search, "PATH", tmp_path / "benchmark_search.json")
    options = inspect.signature(automl_mnist1d.main).parameters
    defaults = [options[name].default for name in ("trials", "epochs")]
    assert defaults == [benchmark_search.TRIALS, benchmark_search.EPOCHS]
    for module, name, value in (
        (benchmark_search, "SEEDS", (0, 1)), (benchmark_search, "TRIALS", 6), (search, "STARTING_TRIALS", 3)
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    trained, training_sets = [], set()

    def train(parameters, splits, *, epochs, seed):
        def evaluate(x, y, **_):
            assert x is splits.test.x and y is splits.test.y
            return [0.0, parameters["learning_rate"] + seed / 1e4]

        trained.append((epochs, seed))
        training_sets.add(splits.train.x.tobytes())
        return SimpleNamespace(evaluate=evaluate), None

    recipe = SimpleNamespace(
        candidate=candidate, trained_model=train, BY_HAND={"builder": "cnn", "learning_rate": 0.25}
    )
    benchmark_search.main(recipe, (0, 1))
    content = json.loads(benchmark_search.PATH.read_text())
    assert set(content["seeds"]) == {"0", "1"}
    for seed, row in content["seeds"].items():
        assert list(row) == ["tpe", "random_twice", "random", "by_hand"]
        for name in ("tpe", "random_twice"):
            found = search_file.finished_trials(tmp_path / "runs" / "benchmark_search" / f"{seed}_{name}" / "search.db")
            assert row[name]["validation_accuracy"] == max(trial.value for trial in found if search.is_whole(trial))
        assert [row[name]["epochs"] for name in ("random", "random_twice")] == [90, 180]
        assert row["random"]["validation_accuracy"] <= row["random_twice"]["validation_accuracy"]
        assert 75 < row["tpe"]["epochs"] <= 90 and row["tpe"]["trials"] - row["tpe"]["stopped"] <= 6
        for score in row.values():
            assert score["test_accuracies"] == pytest.approx(
                [score["winner"]["learning_rate"] + 0.1 + i / 1e4 for i in range(3)]
            )
    assert any(row["tpe"]["stopped"] for row in content["seeds"].values())
    assert set(trained) == {(benchmark_search.EPOCHS, seed) for seed in benchmark_search.NEW_SEEDS}
    assert training_sets == {data.load("mnist1d", seed=seed).train.x.tobytes() for seed in (0, 1)}
    assert {path.name for path in tmp_path.glob("*.png")} == {"benchmark_search.png", "benchmark_search.zh.png"}
    before = benchmark_search.PATH.read_text()
    benchmark_search.main(recipe, (2,))
    assert benchmark_search.PATH.read_text() == before  # It only prints.
    for language in ("en", "zh"):
        assert benchmark_search.published(language).count("\n|") == 5


def test_the_table_of_the_comparison_says_no_difference_where_the_interval_has_zero():
    def row(tpe, random, by_hand):
        scores = {"epochs": 375, "trials": 30, "stopped": 10, "seconds": 60.0, "validation_accuracy": 0.98}
        winner = {"winner": {"builder": "cnn"}}
        return {
            "tpe": {**scores, **winner, "test_accuracies": tpe},
            "random": {**scores, **winner, "test_accuracies": random},
            "random_twice": {**scores, **winner, "test_accuracies": [0.99, 0.99]},
            "by_hand": {**winner, "test_accuracies": by_hand},
        }

    seeds = {"0": row([0.9, 0.92], [0.9, 0.9], [0.5, 0.5]), "1": row([0.9, 0.9], [0.92, 0.92], [0.53, 0.53])}
    lines = benchmark_search.table({"seeds": seeds}, "en").splitlines()
    assert lines[2] == "| TPE with pruning | 375 | 30.0 | 10.0 | 60 s | `cnn` 2 | 98.0% | 90.50% (84.15% to 96.85%) |"
    assert lines[3].endswith(" | 91.00% (78.29% to 100.00%) |")
    assert lines[4].endswith("| 99.00% |")
    assert lines[5].startswith("| settings by hand | – | – | – | – | `cnn` 2 | – | 51.50% (")
    lines = benchmark_search.differences({"seeds": seeds}, "en").splitlines()
    assert len(lines) == 6 and lines[0] == "- TPE with pruning and random search: no difference seen (-19.56 to +18.56)"
    assert lines[4:] == [
        "- random search: better than settings by hand, by 33.15 to 45.85 percentage points",
        "- random search with twice the epochs: better than settings by hand, by 28.44 to 66.56 percentage points",
    ]


def is_running(process: str) -> bool:
    """Tell whether there is such a process, and not only what nobody has asked for of one that ended."""
    status = Path(f"/proc/{process}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def end(process: subprocess.Popen, stop) -> str:
    """Stop a process that has others, and wait for the end of all; return what it wrote to standard error."""
    started = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    stop(process.pid)
    try:
        # A busy machine needs some seconds; a process that nobody ends would run for hours.
        _, errors = process.communicate(timeout=300)
        deadline = time.monotonic() + 300
        while any(map(is_running, started)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert started and not any(map(is_running, started))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return errors


def start(*command, cwd) -> subprocess.Popen:
    # Where the tests themselves run with Ctrl-C ignored (a job in the background), the command must not inherit it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [sys.executable, *command], cwd=cwd, start_new_session=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": "tensorflow"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    signal.signal(signal.SIGINT, before)
    return process


def test_the_process_of_a_trial_ends_with_the_one_that_is_killed(tmp_path):
    code = """
import os, time
from recipes._lib.search import trial_process
with trial_process.opened() as call:
    call(os.write, 1, b"started\\n")
    call(time.sleep, 10_000)
"""
    process = start("-c", code, cwd=tmp_path)
    assert process.stdout.readline() == "started\n"
    end(process, lambda command: os.kill(command, signal.SIGKILL))
    assert process.returncode == -signal.SIGKILL


@pytest.mark.thorough
def test_a_command_that_is_interrupted_leaves_no_process_and_goes_on_to_the_same_trials(here, tmp_path):
    process = start("-m", "recipes.automl_mnist1d", "--trials", "2", "--epochs", "1", "--limit", "60", cwd=tmp_path)
    line = next(line for line in process.stdout if line.startswith("trial "))
    assert line.startswith("trial 1: ") and "of 2 epochs" in line
    errors = end(process, lambda command: os.killpg(command, signal.SIGINT))
    assert process.returncode == 130 and "Traceback" not in errors
    assert errors.splitlines()[-1].startswith("Interrupted. All finished trials are kept. To resume: python -m ")
    folder = tmp_path / "runs" / "automl_mnist1d" / "1"
    assert len(search_file.finished_trials(folder / "search" / "search.db")) == 1
    chosen = search.Search(automl_mnist1d.candidate, data.load("mnist1d", limit=60), "tpe", 1, 0)
    assert all_of(search.run(chosen, 2, folder)) == all_of(search.run(chosen, 2))
