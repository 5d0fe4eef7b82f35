"""The search: the same trials after any kill, its budget, what it stops and may see, its pictures, its processes."""

import contextlib
import importlib
import json
import os
import resource
import runpy
import select
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import keras
import numpy as np
import optuna
import pytest

from dlguide import data, mlp, training
from recipes import automl
from recipes._lib.baselines import defaults
from recipes._lib.search import optuna_search, scaled_data, search_pictures, search_space, trial_process
from tests.helpers.commands import ROOT, python
from tests.helpers.switches import quick
from tests.helpers.training_runs import same
from tests.recipes import kill_search
from tests.recipes.kill_search import EPOCHS, KILLS, TRIALS, candidate, small_search, small_splits

COMPLETE, PRUNED, FAIL = optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED, optuna.trial.TrialState.FAIL


def contents(trials: list) -> list:
    """Return all of the trials but their numbers and times."""
    return [(t.state, t.params, t.intermediate_values, t.value, t.user_attrs["epochs"]) for t in trials]


def finished_trials(folder: Path) -> list:
    with optuna_search.open_study(folder / "search.db") as study:
        return optuna_search.finished_trials(study)


@pytest.mark.thorough(seconds=20)
def test_a_search_that_is_killed_at_many_moments_ends_with_the_same_trials(tmp_path):
    printed = python(kill_search.__file__, tmp_path, OMP_NUM_THREADS="1")
    statuses = [line for line in printed.splitlines() if not line.startswith("trial ")]
    assert statuses == ["0", *len(KILLS) * ["-9"], "0"]
    whole, killed = (finished_trials(tmp_path / name) for name in ("whole", "killed"))
    assert contents(whole) == contents(killed) and len(whole) > TRIALS
    assert {trial.last_step == EPOCHS for trial in whole if trial.state == PRUNED} == {False}
    # The trials that were running are kept as failed ones; each was replaced by one of the same parameters.
    with optuna_search.open_study(tmp_path / "killed" / "search.db") as study:
        trials = study.trials
    failed = [trial for trial in trials if trial.state == FAIL]
    assert len(failed) == sum(owner is optuna.trial.Trial for owner, *_ in KILLS)
    for trial in failed:
        after = next(t for t in trials[trial.number :] if t.state != FAIL)
        assert trial.params.items() <= after.params.items()


@pytest.fixture
def simulated(trials_in_this_process, monkeypatch):
    """Trials without training: a better learning rate gives a better score, which rises by the epoch."""

    def train(search, trial, seed):
        trial.suggest_categorical("builder", ("perceptron", "mlp"))
        trial.suggest_categorical("optimizer", ("sgd", "adam"))
        trial.suggest_categorical("batch_size", (10, 20))
        rate = trial.suggest_float("learning_rate", 1e-4, 1, log=True)
        for epoch in range(1, search.epochs + 1):
            score = epoch / search.epochs / (1 + abs(np.log10(rate) + 2))
            score = score - 2 if search.metric == "loss" else score
            trial.report(score, epoch)
            if epoch < search.epochs and trial.should_prune():
                break
        trial.set_user_attr("epochs", epoch)
        trial.set_user_attr("seconds", 0.5)
        return score if epoch == search.epochs else None

    monkeypatch.setattr(optuna_search, "training_score", train)


@pytest.mark.thorough
def test_a_search_that_ends_at_a_full_disk_is_resumed_with_the_same_parameters(simulated, tmp_path, monkeypatch):
    whole, train = optuna_search.run(small_search(), 4), optuna_search.training_score
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def full(search, trial, seed):
        if trial.number == 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
        return train(search, trial, seed)

    with monkeypatch.context() as patch, pytest.raises(ValueError, match=r"must hold a search\.db .* written"):
        patch.setattr(optuna_search, "training_score", full)
        try:
            optuna_search.run(small_search(), 4, tmp_path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    found = optuna_search.run(small_search(), 4, tmp_path)
    assert contents(found) == contents(whole) and [trial.number for trial in found] == [0, 1, 3, 4]


@pytest.mark.thorough
def test_tpe_learns_from_its_trials_and_gives_the_epochs_of_bad_ones_to_others(simulated):
    found, at_random = (optuna_search.run(small_search(method)._replace(epochs=10), 25) for method in ("tpe", "random"))
    stopped = [trial for trial in found if trial.state == PRUNED]
    assert len(found) > 25 and stopped and all(map(optuna_search.is_whole, found[: optuna_search.STARTING_TRIALS]))
    assert all(optuna_search.WARMUP_EPOCHS <= trial.last_step < 10 for trial in stopped)
    spent = sum(trial.last_step for trial in found)
    assert optuna_search.epochs_spent(found) == spent and 250 - 10 < spent <= 250
    tpe, random = np.log10([[t.params["learning_rate"] for t in trials[-8:]] for trials in (found, at_random)])
    assert np.abs(tpe + 2).mean() < 0.75 * np.abs(random + 2).mean()


@pytest.mark.thorough
def test_random_search_stops_nothing_and_its_first_half_is_the_search_of_half_the_budget(simulated, tmp_path):
    search = small_search("random")
    once = optuna_search.run(search, 5, tmp_path)
    twice = optuna_search.run(search, 10, tmp_path)  # Extended.
    assert [len(once), len(twice)] == [5, 10] and all(map(optuna_search.is_whole, twice))
    assert contents(twice[:5]) == contents(once) == contents(optuna_search.trials_within(twice, EPOCHS, 5 * EPOCHS))
    assert contents(optuna_search.run(search, 10)) == contents(twice)  # Without a folder.
    assert contents(optuna_search.run(search, 5, tmp_path)) == contents(once)
    assert contents(optuna_search.run(small_search("random", seed=1), 5)) != contents(once)
    assert len({trial.params["learning_rate"] for trial in twice}) == 10


@pytest.mark.thorough
def test_a_non_finite_loss_ends_a_trial_and_its_epochs_are_spent(trials_in_this_process, tmp_path):
    def exploding(trial, splits, epochs):
        model, batch_size = candidate(trial, splits, epochs)
        model.optimizer.learning_rate = 1e38
        return model, batch_size

    with pytest.raises(ValueError, match="`trials` must be enough for one with a finite loss"):
        optuna_search.run(small_search("random")._replace(candidate=exploding), 2, tmp_path)
    trials = finished_trials(tmp_path)
    assert [(trial.state, trial.user_attrs["epochs"]) for trial in trials] == 4 * [(PRUNED, 1)]


@pytest.mark.thorough
def test_the_score_is_the_validation_accuracy_of_the_trained_model(trials_in_this_process, monkeypatch):
    monkeypatch.setattr(training, "fit", fit := mock.Mock(wraps=training.fit))
    splits, found = small_splits(), optuna_search.run(small_search("random"), 2)
    for trial, call in zip(found, fit.call_args_list, strict=True):
        predicted = call.args[0].predict(splits.valid.x, verbose=0).argmax(axis=1)
        assert trial.value == pytest.approx((predicted == splits.valid.y).mean())
    by_loss = optuna_search.run(small_search("random")._replace(metric="loss"), 1)
    loss = fit.call_args.args[0].evaluate(*splits.valid, verbose=0)[0]
    assert by_loss[0].value == pytest.approx(-loss) and by_loss[0].params == found[0].params
    seeds = [call.kwargs["seed"] for call in fit.call_args_list]
    assert seeds == [optuna_search.trial_seed(0, number) for number in (0, 1, 0)]
    keras.utils.set_random_seed(1)  # Of the tests: a trial sets its own.
    assert contents(optuna_search.run(small_search("random"), 1)) == contents(found[:1])


def test_a_trial_has_no_test_set_and_some_trials_share_a_process(simulated, monkeypatch):
    processes = []

    @contextlib.contextmanager
    def opened():
        processes.append([])
        yield lambda function, search, path: processes[-1].append(search.splits.test) or function(search, path)

    monkeypatch.setattr(trial_process, "opened", opened)
    monkeypatch.setattr(optuna_search, "TRIALS_PER_PROCESS", 2)
    optuna_search.run(small_search("random"), 5)
    assert processes == [2 * [None], 2 * [None], [None]]


def test_another_search_in_the_folder_is_refused_by_name(simulated, tmp_path, monkeypatch):
    optuna_search.run(small_search(), 1, tmp_path)
    monkeypatch.setattr(optuna_search, "STARTING_TRIALS", 9)
    splits = small_splits()
    for change, message in (
        ({"method": "random", "epochs": 4, "seed": 1}, 'method "tpe" .*; epochs_of_a_trial 3 .*4 .*; seed 0 .*1'),
        ({"candidate": search_space.candidate}, "candidate.values: other values"),
        ({"splits": splits._replace(train=splits.valid)}, "splits.values: other values"),
    ):
        with pytest.raises(ValueError, match=f"hold the same run.*{message}.*; starting_trials 10 .*9"):
            optuna_search.run(small_search()._replace(**change), 1, tmp_path)


def test_another_module_around_the_same_candidate_makes_another_search(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    hashes = set()
    for name, units in (("space_a", 4), ("space_b", 8)):
        code = f"UNITS = {units}\n\n\ndef candidate(trial, splits, epochs):\n    return UNITS\n"
        (tmp_path / f"{name}.py").write_text(code)
        search = small_search()._replace(candidate=importlib.import_module(name).candidate)
        hashes.add(search.description()["candidate"]["values"])
    assert len(hashes) == 2


def test_a_file_that_is_damaged_or_of_something_else_is_refused_and_left_as_it_is(simulated, tmp_path):
    path, config = tmp_path / "search.db", tmp_path / "config.json"
    optuna_search.run(small_search(), 1, tmp_path)
    whole = path.read_bytes()
    for content, reason in (
        (b"", "no such table: version_info"),
        (b"text " * 200, "file is not a database"),
        (whole[:20_000], "database disk image is malformed"),
        (whole, "there is no config.json beside it"),
    ):
        path.write_bytes(content)
        if content == whole:
            config.unlink()
        with pytest.raises(ValueError) as refused:
            optuna_search.run(small_search(), 1, tmp_path)
        assert str(refused.value).endswith(f" Received: run_dir={str(tmp_path)!r} ({reason})")
        assert path.read_bytes() == content


def test_without_optuna_the_search_is_imported_and_says_what_it_needs(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert runpy.run_path(optuna_search.__file__)["optuna"] is None
    monkeypatch.setattr(optuna_search, "optuna", None)
    with pytest.raises(ValueError, match='The search needs Optuna, from the extra "recipes": pip install -e'):
        automl.main(limit=60, run_dir=str(tmp_path / "run"))
    assert not any(tmp_path.iterdir())


BUILDERS = {"bikeshare": ("perceptron", "mlp"), "leaves": ("mlp", "cnn")}  # A CNN where the columns have an order.
CASES = ("bikeshare", "mlp", "adam"), ("leaves", "cnn", "adamw")
MORE = ("bikeshare", "perceptron", "sgd"), ("leaves", "mlp", "rmsprop")


@pytest.mark.parametrize(("name", "builder", "optimizer"), quick([*CASES, *MORE]))
def test_each_parameter_of_the_search_changes_what_is_trained(name, builder, optimizer):
    splits, _ = scaled_data.load(name, limit=60)

    def built(parameters):
        keras.utils.clear_session()  # The same names of the layers.
        trial = optuna.trial.FixedTrial(parameters)
        model, batch_size = search_space.candidate(trial, splits, epochs=3)
        assert batch_size == parameters["batch_size"]
        return json.loads(model.to_json()), trial.distributions

    first = {"builder": builder, "optimizer": optimizer, "batch_size": 50, "learning_rate": 0.01, "weight_decay": 0.01}
    first |= {"mlp_layers": 2, "mlp_units": 64, "mlp_dropout": 0.1}
    first |= {"cnn_layers": 3, "cnn_filters": 20, "cnn_kernel_size": 5, "cnn_dropout": 0.1}
    model, distributions = built(first)
    assert distributions["builder"].choices == BUILDERS[name]
    config = model["compile_config"]["optimizer"]
    schedule = config["config"]["learning_rate"]["config"]
    assert (model["config"]["name"], config["class_name"].lower()) == (builder, optimizer)
    assert schedule["decay_steps"] == 6 and schedule["initial_learning_rate"] == 0.01  # Two steps in each epoch.
    assert built(first)[0] == model
    for name, distribution in distributions.items():
        others = distribution.choices if hasattr(distribution, "choices") else (distribution.low, distribution.high)
        for other in others:
            assert (built({**first, name: other})[0] != model) == (other != first[name]), name


def test_the_training_set_scales_the_features_and_the_numbers_of_all_three_sets():
    own, (splits, scaled) = data.load("bikeshare", limit=60), scaled_data.load("bikeshare", limit=60)
    assert same(splits.test, own.test)  # It is not yet read.
    splits, info = splits._replace(test=scaled(splits.test)), splits.info
    x, y = splits.train
    assert [y.mean(), y.std(), x.min(), x.max()] == pytest.approx([0, 1, 0, 1], abs=1e-5)
    for before, after in zip(own[:3], splits[:3], strict=True):
        np.testing.assert_allclose(after.y[:, 0] * info.scale + info.mean, before.y, rtol=1e-4)
        x = after.x * np.array(info.feature_scale) + np.array(info.feature_mean)
        np.testing.assert_allclose(x, before.x, rtol=1e-4, atol=1e-5)


@pytest.mark.thorough
def test_the_defaults_stop_early_and_keep_their_best_weights(monkeypatch):
    histories, fit = [], training.fit

    def noting(*args, **options):
        histories.append(fit(*args, **options).history)
        return SimpleNamespace(history=histories[-1])

    monkeypatch.setattr(training, "fit", noting)
    monkeypatch.setattr(defaults, "PATIENCE", 2)
    splits = small_splits()
    model = defaults.default_model({"mlp": mlp}, splits, epochs=60, seeds=[0])
    losses = histories[0]["val_loss"]
    assert len(losses) == np.argmin(losses) + 3 < 60  # Two epochs more than the best one.
    assert model.evaluate(*splits.valid, verbose=0)[0] == pytest.approx(min(losses), rel=1e-5)


@pytest.fixture
def fits(monkeypatch):
    """What `fit` is given; it trains nothing, and each training has a higher lowest validation loss than the last."""
    found = []

    def fit(model, x, y, **options):
        found.append((model, x, y, *options.pop("validation_data"), options))
        return SimpleNamespace(seconds=1.0, history={"val_loss": [float(len(found)), len(found) + 1.0]})

    monkeypatch.setattr(training, "fit", fit)
    return found


def test_the_winners_are_trained_alike_with_a_seed_that_no_trial_had(fits, monkeypatch):
    def parameters(units):
        sizes = {"builder": "mlp", "mlp_layers": 1, "mlp_units": units, "mlp_dropout": 0.0, "batch_size": 50}
        return {**sizes, "optimizer": "sgd", "learning_rate": 0.01}

    ends = [(COMPLETE, -0.5, 33), (COMPLETE, -0.3, 34), (PRUNED, -0.1, 35), (COMPLETE, -0.3, 36)]
    cost, searches, evaluated = {"epochs": 2, "seconds": 3.0}, [], []
    found = [SimpleNamespace(state=s, value=v, params=parameters(units), user_attrs=cost) for s, v, units in ends]

    def run(search, trials, folder, begun=()):
        searches.append((search.method, trials, search.epochs, search.seed, search.metric, begun))
        return found if search.method == "tpe" else [*found[:1], found[3]]

    def evaluate(model, x, y, **options):
        evaluated.append((model, x))
        return {"loss": 1.0, "r2_score": float(len(evaluated))}

    monkeypatch.setattr(optuna_search, "run", run)
    monkeypatch.setattr(automl.evaluation, "evaluate", evaluate)
    monkeypatch.setattr(defaults, "boosting_score", lambda splits, seed: 0.25)
    metrics = automl.main(trials=3, epochs=2, seed=5, limit=60).metrics
    assert searches == [("tpe", 3, 2, 5, "loss", ()), ("random", 3, 2, 5, "loss", found)]
    splits, scaled = scaled_data.load("bikeshare", limit=60, seed=5)
    test = scaled(splits.test)
    for _, *arrays, options in fits:
        assert same(arrays, (*splits.train, *splits.valid))
        assert options.get("run_dir") is None
    models = [model for model, *_ in fits]
    winner, by_chance, (*plain, second, third) = models[:3], models[3:6], models[6:]
    assert [model.layers[2].units for model in (*winner, *by_chance)] == [34, 34, 34, 36, 36, 36]
    # The first default builder has the lower loss, so it is trained with two more seeds.
    first, other, *more = (len(model.layers) for model in (*plain, second, third))
    assert [type(model.layers[-1]).__name__ for model in plain] == ["Dense", "Dense"]
    assert more == [first, first] and first != other
    assert [options["seed"] for *_, options in fits] == [5, 1005, 2005, 5, 1005, 2005, 5, 5, 1005, 2005]
    assert [options["batch_size"] for *_, options in fits] == 6 * [50] + 4 * [32]
    assert [(o["epochs"], o.get("patience")) for *_, o in fits] == 6 * [(2, None)] + 4 * [(6, defaults.PATIENCE)]
    tested = [model for model, x in evaluated if np.array_equal(x, test.x)]
    assert len(tested) == 4 and len(evaluated) == 5 and tested[1] is winner[0]  # One on the validation set.
    for mean, networks in zip((tested[0], *tested[2:]), (winner, [plain[0], second, third], by_chance), strict=True):
        expected = np.mean([network(test.x) for network in networks], axis=0)
        np.testing.assert_allclose(mean(test.x), expected, rtol=1e-4, atol=1e-5)
    seeds = {optuna_search.trial_seed(seed, number) for seed in range(20) for number in range(50)}
    assert len(seeds) == 1000 and not seeds & {i + j for i in range(20) for j in (0, 1000, 2000)}
    expected = {"r2_score": 1.0, "single_r2_score": 2.0, "baseline_r2_score": 3.0, "random_r2_score": 4.0}
    expected |= {"boosting_r2_score": 0.25, "validation_r2_score": 5.0}
    expected |= {"winner": parameters(34), "trials": 4, "stopped_trials": 1, "search_epochs": 8}
    assert {**metrics, **expected, "training_seconds": 15.0} == metrics


def test_boosting_learns_from_the_training_set_and_the_validation_set_chooses_its_rounds():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 4)).astype("float32")
    y = (x[:, 0] + x[:, 1] + rng.normal(size=300) > 0).astype("int32")
    parts = [data.Part(x[rows], y[rows]) for rows in np.split(np.arange(300), [100, 200])]
    noise = data.Part(parts[0].x, rng.integers(0, 2, 100, "int32"))
    info = data.load("vowels", limit=10).info

    def score(*parts):
        return defaults.boosting_score(data.Splits(*parts, info), seed=0, rounds=20)

    assert score(parts[0], parts[1], parts[2]) > 0.6 and score(noise, parts[1], parts[2]) < 0.6
    assert score(*parts[:2], parts[0]) < 1  # On the training set, the last round is right nearly everywhere ...
    assert score(parts[0], parts[0], parts[0]) > score(*parts[:2], parts[0])  # ... but validation stops before it.
    numbers = [data.Part(part.x, part.x[:, :1] * 2) for part in parts]
    assert defaults.boosting_score(data.Splits(*numbers, info._replace(num_classes=None)), seed=0, rounds=20) > 0.8


@pytest.mark.thorough
def test_a_random_search_begins_with_the_trials_that_tpe_begins_with(simulated, tmp_path, monkeypatch):
    monkeypatch.setattr(optuna_search, "STARTING_TRIALS", 2)
    found, whole = (optuna_search.run(small_search(method), 4) for method in ("tpe", "random"))
    assert contents(found[:2]) == contents(whole[:2]) and contents(found) != contents(whole)
    for _ in range(2):  # The second one is resumed: nothing is added twice.
        assert contents(optuna_search.run(small_search("random"), 4, tmp_path, found[:2])) == contents(whole)


@pytest.mark.thorough
def test_the_pictures_show_what_was_searched(simulated):
    found = optuna_search.run(small_search("random")._replace(epochs=10, metric="loss"), 15)
    by_accuracy = SimpleNamespace(state=COMPLETE, value=0.75, user_attrs={"epochs": 10})
    # Of one trial, no importance can be computed.
    assert set(search_pictures.search_figures({"search": found[:1]})) == {"best_score", "parallel_coordinates"}
    figures = search_pictures.search_figures({"search": found, "another": found[:5]})
    names = ("best_score", "importances", "parallel_coordinates")
    lines, (bars,), (coordinates, *_) = (figures[name]().axes for name in names)
    ends = [line.get_xydata()[-1] for line in lines[0].lines]
    assert ends[0] == pytest.approx([150, -optuna_search.best_trial(found).value])
    assert ends[1] == pytest.approx([50, -optuna_search.best_trial(found[:5]).value])
    [accuracies] = search_pictures.best_score_figure({"search": [[*found[:1], by_accuracy]]}).axes
    assert accuracies.lines[0].get_ydata()[-1] == pytest.approx(25)
    shares = [bar.get_width() for bar in bars.patches]
    assert bars.get_yticklabels()[np.argmax(shares)].get_text() == "learning_rate" and sum(shares) == pytest.approx(1)
    assert len(coordinates.collections[0].get_segments()) == 15


def test_errors_in_the_process_of_a_trial_reach_the_caller_and_its_sudden_end_is_reported():
    with trial_process.opened() as call:
        assert call(max, 1, 2) == 2
        with pytest.raises(ValueError, match="invalid literal"):
            call(int, "one")
        with pytest.raises(OSError, match=r"^The process of a trial ended .* the same call resumes the search$"):
            call(signal.raise_signal, signal.SIGKILL)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("stop", "status"),
    [pytest.param(os.kill, -signal.SIGKILL, marks=pytest.mark.thorough(seconds=20)), (os.killpg, 130)],
    ids=["kill", "Ctrl-C"],
)
def test_a_command_that_is_stopped_leaves_no_process_and_keeps_its_trials(stop, status, tmp_path):
    command = [sys.executable, "-m", "recipes.automl", "--trials", "2", "--epochs", "1", "--limit", "60"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": "tensorflow"}
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, **options)
    try:
        line = next(line for line in process.stdout if line.startswith("trial "))
        assert line.startswith("trial 1: ") and "of 2 epochs" in line
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        ends = [os.pidfd_open(int(child)) for child in children]
        stop(process.pid, signal.SIGINT if status == 130 else signal.SIGKILL)
        _, errors = process.communicate(timeout=300)
        assert ends and all(select.select([end], [], [], 300)[0] for end in ends)  # A busy machine needs some seconds.
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == status and "Traceback" not in errors
    if status == 130:
        assert errors.splitlines()[-1].startswith("Interrupted. To resume: python -m ")
    assert len(finished_trials(tmp_path / "runs" / "automl" / "1" / "search")) == 1
