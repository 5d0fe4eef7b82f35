"""Deep Q-learning: transitions, targets, baselines, and runs that are resumed."""

import importlib.util
import inspect
import itertools
import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from dlguide import mlp
from dlguide.training import _run
from recipes import dqn_cartpole
from recipes._lib.agents import environments, linear_policies, q_learning
from recipes._lib.agents import pictures as agent_pictures
from recipes._lib.agents.environments import RunningEpisodes, Transitions
from recipes._lib.agents.replay_memory import ReplayMemory
from recipes._lib.runs import command_line, run_folder
from recipes.benchmark import dqn as benchmark_dqn

pytestmark = pytest.mark.each_backend
BALANCES = np.array([[0.0, 0.1], [0.0, 0.5], [0.0, 2.0], [0.0, 1.0]])
"""A linear policy that holds the pole for 500 steps."""


@pytest.fixture
def small(monkeypatch):
    """Epochs of 12 rounds with 4 environments."""
    monkeypatch.setattr(q_learning, "ROUNDS", 12)
    monkeypatch.setattr(q_learning, "ENVIRONMENTS", 4)
    monkeypatch.setitem(q_learning.SETTINGS, "episodes", 2)
    monkeypatch.setitem(q_learning.SETTINGS, "memory", 100)


def compiled(env="CartPole-v1", learning_rate=1e-3):
    keras.utils.set_random_seed(0)
    shape, num_actions = environments.sizes(env)
    network = mlp(shape, num_actions, hidden_units=(16,))
    model = q_learning.value_of_action(network)
    model.compile(keras.optimizers.Adam(learning_rate), "mse")
    return model, network


def played(policy, steps: int, count: int = 3, env: str = "CartPole-v1") -> tuple[RunningEpisodes, list[Transitions]]:
    episodes = RunningEpisodes(env, count, seed=0)
    return episodes, [episodes.step(policy(episodes.observations)) for _ in range(steps)]


def test_every_transition_is_one_step_of_the_environment_and_none_leads_to_the_next_episode():
    rng = np.random.default_rng(0)
    episodes, taken = played(lambda x: rng.integers(2, size=len(x)), 120)
    assert min(episodes.numbers) >= 2
    [environment] = environments.make("CartPole-v1", 1)
    environment.reset(seed=0)
    state = environment.unwrapped
    ended = 0
    for transitions in taken:
        for before, action, reward, after, terminated in zip(*transitions, strict=True):
            state.state, state.steps_beyond_terminated = before.astype("float64"), None
            expected, expected_reward, ends, _, _ = state.step(int(action))
            np.testing.assert_allclose(after, expected, atol=1e-5)
            assert reward == expected_reward and terminated == ends
            ended += terminated
    assert ended == sum(episodes.numbers)
    for now, later in itertools.pairwise(taken):
        # What follows a transition begins where it ended, or with a first observation, which is near 0.
        begins = np.abs(later.observations).max(axis=1) <= 0.05
        assert np.array_equal(now.next_observations[~now.terminated], later.observations[~now.terminated])
        assert begins[now.terminated].all()


def test_an_episode_that_the_time_limit_ends_is_not_terminated():
    episodes, taken = played(linear_policies.policy(BALANCES), 500)
    assert episodes.numbers == [1, 1, 1] and np.abs(episodes.observations).max() <= 0.05
    assert not any(transitions.terminated.any() for transitions in taken)
    # So its last value counts the rewards that would have followed.
    wanted = q_learning.targets(taken[-1], np.ones((3, 2)), np.full((3, 2), 50.0))
    np.testing.assert_allclose(wanted, 1 + 0.99 * 50)


def test_the_network_chooses_the_next_action_and_the_target_network_says_its_worth():
    batch = Transitions(None, None, np.array([1, 2, 3], "float32"), None, np.array([False, False, True]))
    values, target_values = np.array([[5, 4], [0, 1], [9, 9]]), np.array([[10, 20], [30, 40], [50, 60]])
    wanted = q_learning.targets(batch, values, target_values)
    np.testing.assert_allclose(wanted, [[1 + 0.99 * 10], [2 + 0.99 * 40], [3]], rtol=1e-6)


def test_the_targets_are_those_of_the_target_network_which_is_renewed_now_and_then(small, monkeypatch):
    learner = q_learning.Learner(*compiled(learning_rate=0.1), "CartPole-v1", epochs=4, batch_size=8, seed=0)
    given, targets = [], q_learning.targets

    def noted(batch, next_values, next_target_values):
        given.append((batch.next_observations, next_values, next_target_values))
        return targets(batch, next_values, next_target_values)

    monkeypatch.setattr(q_learning, "targets", noted)
    monkeypatch.setitem(q_learning.SETTINGS, "target_rounds", 3)
    for number in range(5):
        weights = learner.network.get_weights()
        learner.round(number)
        at = 3 * (number // 3)
        if number == at:
            renewed = weights
        x, next_values, next_target_values = given[-1]
        for network_weights, values in ((weights, next_values), (renewed, next_target_values)):
            hidden = np.maximum(x @ network_weights[0] + network_weights[1], 0)
            np.testing.assert_allclose(values, hidden @ network_weights[2] + network_weights[3], atol=1e-4)
        assert number == at or not np.allclose(next_values, next_target_values)


def test_the_value_of_the_action_that_was_taken_is_trained_and_the_others_are_not():
    model, network = compiled()
    x, actions = np.random.default_rng(0).normal(size=(6, 4)).astype("float32"), np.array([0, 1, 1, 0, 1, 0])
    one_hot = np.eye(2, dtype="float32")[actions]
    values = network.predict_on_batch(x)
    np.testing.assert_allclose(model.predict_on_batch([x, one_hot])[:, 0], values[np.arange(6), actions], rtol=1e-5)
    before = network.get_weights()
    second = np.tile(np.array([0, 1], "float32"), (6, 1))
    model.train_on_batch([x, second], np.full((6, 1), 9, "float32"))
    kernel, bias = (new != old for new, old in zip(network.get_weights()[-2:], before[-2:], strict=True))
    assert kernel.any(axis=0).tolist() == bias.tolist() == [False, True]


def test_the_memory_keeps_the_newest_transitions_and_draws_among_all_of_them():
    memory = ReplayMemory(5, (1,))
    for number in range(4):
        values = np.array([2 * number, 2 * number + 1])
        memory.add(Transitions(values[:, None], values, values, values[:, None] + 1, values % 2 == 0))
    assert len(memory) == 5 and memory.count == 8
    drawn = memory.sample(np.random.default_rng(0), 1000)
    assert set(drawn.actions) == {3, 4, 5, 6, 7}
    assert np.array_equal(drawn.observations[:, 0], drawn.actions)
    assert np.array_equal(drawn.next_observations[:, 0], drawn.rewards + 1)
    assert np.array_equal(drawn.terminated, drawn.actions % 2 == 0)


@pytest.mark.parametrize("env", environments.NAMES)
def test_environments_are_brought_to_where_they_were_by_the_seeds_and_the_actions(env):
    rng = np.random.default_rng(0)
    actions = [rng.integers(environments.sizes(env)[1], size=3) for _ in range(70)]
    first = RunningEpisodes(env, 3, seed=5)
    for chosen in actions[:50]:
        first.step(chosen)
    second = RunningEpisodes(env, 3, seed=5)
    for name in RunningEpisodes.checkpoint_attributes:
        setattr(second, name, json.loads(json.dumps(getattr(first, name))))
    second.resume()
    for chosen in actions[50:]:
        for a, b in zip(first.step(chosen), second.step(chosen), strict=True):
            np.testing.assert_array_equal(a, b)
    other = RunningEpisodes(env, 3, seed=6)
    assert (other.observations != RunningEpisodes(env, 3, seed=5).observations).any()


def state(model, learner, history) -> list:
    variables = [*model.variables, *model.optimizer.variables]
    return [
        *(np.asarray(keras.ops.convert_to_numpy(variable)) for variable in variables),
        *learner.memory.arrays,
        *learner.target_weights,
        learner.episodes.observations,
        np.array([[*history.history["loss"]], [*history.history["val_return"]]]),
        np.array(history.steps),
    ]


class Killed(BaseException):
    pass


# For time, more moments with TensorFlow alone.
MORE = (0, 12, 17, 35) if keras.backend.backend() == "tensorflow" else ()


@pytest.mark.parametrize("moment", [5, 24, *(pytest.param(moment, marks=pytest.mark.thorough) for moment in MORE)])
def test_a_run_that_is_stopped_and_started_again_ends_in_the_same_bits(moment, small, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(_run, "CHECKPOINT_SHARE", 1e9)
    learners, round_of = [], q_learning.Learner.round

    def noted(self, number):
        if number == moment and len(learners) == 1:
            raise Killed
        round_of(self, number)

    class Noted(q_learning.Learner):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            learners.append(self)

    def fit(folder):
        model, network = compiled()
        history = q_learning.fit(
            model, network, "CartPole-v1", epochs=3, batch_size=8, seed=1, run_dir=folder, checkpoint_seconds=0
        )
        return state(model, learners[-1], history)

    monkeypatch.setattr(q_learning, "Learner", Noted)
    learners.append(None)
    whole = fit(None)
    learners.clear()
    monkeypatch.setattr(Noted, "round", noted)
    with pytest.raises(Killed):
        fit(str(tmp_path / "run"))
    again = fit(str(tmp_path / "run"))
    for a, b in zip(whole, again, strict=True):
        np.testing.assert_array_equal(a, b)
    written = (tmp_path / "run" / "history.csv").read_text().splitlines()
    assert written[0] == "epoch,seconds,loss,val_return" and len(written) == 4
    # Once more, where nothing is left to train.
    for a, b in zip(whole[:-4], fit(str(tmp_path / "run"))[:-4], strict=True):
        np.testing.assert_array_equal(a, b)


def test_another_run_in_the_folder_is_refused_and_what_differs_is_named(small, tmp_path, capsys):
    folder, settings = str(tmp_path / "run"), {"epochs": 1, "batch_size": 8, "seed": 0}
    q_learning.fit(*compiled(), "CartPole-v1", **settings, run_dir=folder)
    with pytest.raises(ValueError, match=r"`run_dir` must be new, empty or hold the same run\..* with seed 0 there, 1"):
        q_learning.fit(*compiled(), "CartPole-v1", **{**settings, "seed": 1}, run_dir=folder)
    # More epochs would explore longer, and remember more.
    with pytest.raises(ValueError, match=r"exploration_rounds 2\.4\d* there, 4\.8.*; memory_rows 48 there, 96 here"):
        q_learning.fit(*compiled(), "CartPole-v1", **{**settings, "epochs": 2}, run_dir=folder)
    with pytest.raises(ValueError, match=r"with optimizer: learning_rate 0\.001 there, 0\.5 here"):
        q_learning.fit(*compiled(learning_rate=0.5), "CartPole-v1", **settings, run_dir=folder)


def test_the_best_weights_are_kept_and_of_equally_good_ones_the_last_after_a_good_epoch(
    small, monkeypatch, tmp_path, capsys
):
    returns, kept = iter([30.0, 50.0, 50.0, 50.0, 40.0, 50.0]), []
    monkeypatch.setattr(environments, "mean_return", lambda episodes: next(returns))
    end_epoch = q_learning.Learner.end_epoch

    def noted(self):
        kept.append(self.network.get_weights())
        return end_epoch(self)

    monkeypatch.setattr(q_learning.Learner, "end_epoch", noted)
    model, network = compiled()
    q_learning.fit(model, network, "CartPole-v1", epochs=6, batch_size=8, seed=0, run_dir=str(tmp_path / "run"))
    saved = keras.saving.load_model(tmp_path / "run" / "model.keras")
    for found in (network, saved):
        assert all(np.array_equal(a, b) for a, b in zip(found.get_weights(), kept[3], strict=True))
    assert not np.array_equal(kept[3][0], kept[5][0])


def test_a_loss_that_is_not_finite_ends_the_run(small, capsys):
    with pytest.raises(FloatingPointError, match=r"`loss` must be finite. Received: loss=(nan|inf). Try a smaller"):
        q_learning.fit(*compiled(learning_rate=1e30), "CartPole-v1", epochs=2, batch_size=8, seed=0)


def test_the_linear_policy_has_as_many_steps_and_is_chosen_by_the_same_episodes(monkeypatch):
    steps, tried, play = [], [], environments.play
    seeds = environments.episode_seeds(3, environments.VALID, count=20)

    def noted(policy, copies, episode_seeds):
        [episode] = episodes = play(policy, copies, episode_seeds)
        steps.append(len(episode.actions))
        if episode_seeds == seeds[:1]:
            tried.append([])
        assert episode_seeds == [seeds[len(tried[-1])]]
        tried[-1].append(episode.total_reward)
        return episodes

    monkeypatch.setattr(environments, "play", noted)
    weights = linear_policies.search("CartPole-v1", steps=20_000, seed=3)
    assert weights.shape == (4, 2)
    assert sum(steps[:-1]) < 20_000 + 20 * 500 and sum(steps) >= 20_000
    episodes = play(linear_policies.policy(weights), environments.make("CartPole-v1", 20), seeds)
    best = max(np.mean(returns) for returns in tried if len(returns) == 20)
    assert len(tried) > 20 and environments.mean_return(episodes) == best > 100


def test_the_recipe_gives_its_baseline_the_steps_of_the_agent_and_draws_its_test_episodes_last(
    small, monkeypatch, capsys
):
    drawn, taken, validation, given = [], [], [], []
    episode_seeds, play = environments.episode_seeds, environments.play
    step, scores = RunningEpisodes.step, linear_policies.scores

    def noted_seeds(seed, *purpose, count):
        found = episode_seeds(seed, *purpose, count=count)
        drawn.append((purpose[0], found))
        return found

    def noted_step(self, actions):
        taken.append(len(actions))
        return step(self, actions)

    def noted_play(policy, copies, seeds):
        episodes = play(policy, copies, seeds)
        if seeds == episode_seeds(4, environments.VALID, count=2):
            validation.extend(len(episode.actions) for episode in episodes)
        return episodes

    def noted_scores(env, seeds, *, steps, seed):
        given.append(steps)
        return scores(env, seeds, steps=steps, seed=seed)

    monkeypatch.setattr(environments, "episode_seeds", noted_seeds)
    monkeypatch.setattr(environments, "play", noted_play)
    monkeypatch.setattr(RunningEpisodes, "step", noted_step)
    monkeypatch.setattr(linear_policies, "scores", noted_scores)
    metrics = dqn_cartpole.main(epochs=2, batch_size=8, seed=4)
    assert sum(taken) == 2 * 12 * 4 and len(validation) == 2 * 2
    assert given == [sum(taken) + sum(validation)]
    assert set(metrics) >= {"mean_return", "baseline_return", "random_return", "last_val_return", "training_seconds"}
    by_purpose = {purpose: {seed for p, found in drawn if p == purpose for seed in found} for purpose in range(3)}
    train, valid, test = (by_purpose[p] for p in (environments.TRAIN, environments.VALID, environments.TEST))
    assert len(test) == 100 and not train & test and not valid & test and not train & valid
    assert [purpose for purpose, _ in drawn].count(environments.TEST) == 1
    at = [purpose for purpose, _ in drawn].index(environments.TEST)
    assert environments.TRAIN not in [purpose for purpose, _ in drawn[at:]]


def test_no_two_streams_of_random_numbers_are_the_same(small, monkeypatch, capsys):
    first, default_rng = {}, np.random.default_rng

    def noted(seed):
        first[seed] = default_rng(seed).integers(2**63)
        return default_rng(seed)

    monkeypatch.setattr(np.random, "default_rng", noted)
    dqn_cartpole.main(epochs=1, batch_size=8, seed=4)
    assert {seed[:2] for seed in first} == {(4, purpose) for purpose in range(6)}
    assert len(set(first.values())) == len(first)


def one_line(monkeypatch, capsys, *options) -> str:
    monkeypatch.setattr(sys, "argv", ["dqn_cartpole", *options])
    with pytest.raises(SystemExit) as stop:
        command_line.run(dqn_cartpole.main)
    lines = capsys.readouterr().err.splitlines()
    assert stop.value.code == 2 and len(lines) == 1
    return lines[0]


def test_bad_options_get_one_line_and_leave_nothing(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert one_line(monkeypatch, capsys, "--env", "CartPole") == (
        "`env` must be one of 'CartPole-v1', 'Acrobot-v1'. Received: env='CartPole'. Did you mean 'CartPole-v1'?"
    )
    assert "--loss" in one_line(monkeypatch, capsys, "--loss", "mae")
    assert "`epochs` must be an integer of at least 1" in one_line(monkeypatch, capsys, "--epochs", "0")
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "gymnasium" else find_spec(name))
    assert one_line(monkeypatch, capsys) == (
        'The environments need gymnasium, from the extra "recipes": pip install -e ".[recipes]"'
    )
    assert list(tmp_path.iterdir()) == []


def test_the_end_of_the_acrobot_is_drawn_where_gymnasium_looks_for_it():
    rng = np.random.default_rng(0)
    for upper, lower in rng.uniform(-np.pi, np.pi, (5, 2)):
        observation = [np.cos(upper), np.sin(upper), np.cos(lower), np.sin(lower), 0, 0]
        with agent_pictures.new_figure(2, 2) as figure:
            axes = figure.subplots()
            agent_pictures.VIEWS["Acrobot-v1"].draw(axes, observation)
        x, y = axes.lines[-1].get_data()
        # `AcrobotEnv._terminal`: the end is above the line where this is more than 1.
        assert y[-1] == pytest.approx(-np.cos(upper) - np.cos(lower + upper))
        np.testing.assert_allclose(np.hypot(np.diff(x), np.diff(y)), 1)


def test_the_picture_of_the_policy_has_the_action_with_the_largest_value_at_each_place():
    _, network = compiled()
    network.set_weights([np.zeros_like(weight) for weight in network.get_weights()])
    kernel = network.get_weights()[0]
    kernel[2, 0], kernel[2, 1] = 1, -1  # Hidden units: the angle, and the angle the other way.
    output = network.get_weights()[2]
    output[0, 1], output[1, 0] = 3, 3
    network.set_weights([kernel, network.get_weights()[1], output, network.get_weights()[3]])
    left, right, *_ = agent_pictures.policy("CartPole-v1", network).axes
    actions = left.collections[0].get_array().reshape(161, 161)
    assert (actions[:, 81:] == 1).all() and (actions[:, :80] == 0).all()
    lead = right.collections[0].get_array().reshape(161, 161)
    np.testing.assert_allclose(lead[0, -1], 3 * np.radians(12), rtol=1e-5)
    assert left.get_xlim() == pytest.approx((-12, 12), abs=0.2)


def test_every_environment_has_a_view_and_the_docstring_says_how_many_steps_there_are():
    assert set(agent_pictures.VIEWS) == set(environments.NAMES)
    epochs = inspect.signature(dqn_cartpole.main).parameters["epochs"].default
    steps = epochs * q_learning.ROUNDS * q_learning.ENVIRONMENTS
    updates = epochs * q_learning.ROUNDS * q_learning.UPDATES
    assert f"{steps:,} steps" in dqn_cartpole.__doc__ and f"{updates:,} updates" in dqn_cartpole.__doc__


@pytest.mark.filterwarnings("ignore:No font that matplotlib knows", "ignore:Glyph")  # The words are looked at.
def test_the_losses_are_compared_over_seeds_and_a_finished_run_is_not_run_again(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(run_folder, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(benchmark_dqn, "PATH", tmp_path / "benchmark_dqn.json")
    ran = []

    def run(command, check):
        options = dict(zip(command[3::2], command[4::2], strict=True))
        ran.append((command[2], options["--loss"], options["--seed"]))
        folder, best = Path(options["--run-dir"]), {"mse": 480, "huber": 40}[options["--loss"]] + int(options["--seed"])
        folder.mkdir(parents=True)
        (folder / "history.csv").write_text(f"epoch,seconds,loss,val_return\n0,1,9,{best}\n1,1,9,10.5\n")
        (folder / "metrics.json").write_text(json.dumps({"mean_return": best - 5.0, "random_return": 22.0}))

    monkeypatch.setattr(subprocess, "run", run)
    assert benchmark_dqn.published("en") == "not measured yet"
    for _ in range(2):
        benchmark_dqn.main()
        assert ran == [("recipes.dqn_cartpole", loss, seed) for loss in ("mse", "huber") for seed in ("20", "21", "22")]
    content = json.loads(benchmark_dqn.PATH.read_text())
    assert content["losses"]["mse"]["21"] == {"mean_return": 496.0, "random_return": 22.0, "val_returns": [501.0, 10.5]}
    for language, to in (("en", "to"), ("zh", "至")):
        *rows, _, note, _, image = benchmark_dqn.published(language).splitlines()
        assert rows[3].endswith(f"| 61.0 (60.0 {to} 62.0) | 10.5 (10.5 {to} 10.5) | 56.0 (55.0 {to} 57.0) |")
        assert " 3 " in note and " 20 " in note and image.count(f"benchmark_dqn{'.zh' if to == '至' else ''}.png") == 1
        for axes, returns in zip(benchmark_dqn.draw(content, language).axes, (501, 61), strict=True):
            assert len(axes.lines) == 4
            np.testing.assert_allclose(axes.lines[1].get_xydata(), [[12.8, returns], [25.6, 10.5]])
            assert axes.lines[3].get_ydata()[0] == 22
    assert {path.name for path in tmp_path.glob("*.png")} == {"benchmark_dqn.png", "benchmark_dqn.zh.png"}


def test_with_the_squared_error_each_published_seed_learns_and_with_the_huber_loss_fewer_stay_there():
    losses = json.loads(benchmark_dqn.PATH.read_text(encoding="utf-8"))["losses"]
    assert all(run["mean_return"] >= 495 for run in losses["mse"].values())
    last = {loss: [run["val_returns"][-1] for run in runs.values()] for loss, runs in losses.items()}
    assert min(last["mse"]) >= 480 and sum(value >= 480 for value in last["huber"]) == 1
