"""Deep Q-learning: transitions, targets, baselines, and runs that are resumed."""

import inspect
import itertools
import json
import sys

import keras
import numpy as np
import pytest

from dlguide import mlp
from recipes import dqn_cartpole
from recipes._lib.agents import agent_pictures, environments, q_learning
from recipes._lib.agents.environments import RunningEpisodes, Transitions
from recipes._lib.runs import recipe_list
from tests.helpers.training_runs import same
from tools.benchmarks import tables

pytestmark = pytest.mark.each_backend
BALANCES = np.array([[0.0, 0.1], [0.0, 0.5], [0.0, 2.0], [0.0, 1.0]])
"""A linear policy that holds the pole for 500 steps."""


@pytest.fixture
def small(monkeypatch):
    """Epochs of 12 rounds with 4 environments and 4 updates."""
    for name, value in {"ROUNDS": 12, "ENVIRONMENTS": 4, "UPDATES": 4}.items():
        monkeypatch.setattr(q_learning, name, value)
    for name, value in {"episodes": 2, "memory": 100}.items():
        monkeypatch.setitem(q_learning.SETTINGS, name, value)


def compiled(env="CartPole-v1", learning_rate=1e-3):
    keras.utils.set_random_seed(0)
    shape, num_actions = environments.sizes(env)
    network = mlp(shape, num_actions, hidden_units=(16,))
    model = q_learning.value_of_action(network)
    model.compile(keras.optimizers.Adam(learning_rate), "mse")
    return model, network


def fitted(learning_rate=1e-3, **options):
    model, network = compiled(learning_rate=learning_rate)
    options = {"epochs": 1, "batch_size": 8, "seed": 0, **options}
    return network, q_learning.fit(model, network, "CartPole-v1", **options)


def played(policy, steps: int) -> tuple[RunningEpisodes, list[Transitions]]:
    episodes = RunningEpisodes("CartPole-v1", 3, seed=0)
    return episodes, [episodes.step(policy(episodes.observations)) for _ in range(steps)]


def test_every_transition_is_one_step_of_the_environment_and_none_leads_to_the_next_episode():
    rng = np.random.default_rng(0)
    episodes, taken = played(lambda x: rng.integers(2, size=len(x)), 120)
    [environment] = environments.make("CartPole-v1", 1)
    environment.reset(seed=0)
    state, ended = environment.unwrapped, 0
    for before, action, reward, after, terminated in (row for each in taken for row in zip(*each, strict=True)):
        state.state, state.steps_beyond_terminated = before.astype("float64"), None
        expected, expected_reward, ends, _, _ = state.step(int(action))
        np.testing.assert_allclose(after, expected, atol=1e-5)
        assert reward == expected_reward and terminated == ends
        ended += terminated
    assert min(episodes.numbers) >= 2 and ended == sum(episodes.numbers)
    for now, later in itertools.pairwise(taken):
        # What follows a transition begins where it ended, or with a first observation, which is near 0.
        begins = np.abs(later.observations).max(axis=1) <= 0.05
        assert np.array_equal(now.next_observations[~now.terminated], later.observations[~now.terminated])
        assert begins[now.terminated].all()


def test_an_episode_that_the_time_limit_ends_is_not_terminated():
    episodes, taken = played(environments.linear_policy(BALANCES), 500)
    assert episodes.numbers == [1, 1, 1] and np.abs(episodes.observations).max() <= 0.05
    assert not any(transitions.terminated.any() for transitions in taken)
    # So its last value counts the rewards that would have followed.
    wanted = q_learning.targets(taken[-1], np.ones((3, 2)), np.full((3, 2), 50.0))
    np.testing.assert_allclose(wanted, 1 + 0.99 * 50)


def test_the_network_chooses_the_next_action_and_the_target_network_gives_its_value():
    batch = Transitions(None, None, np.array([1, 2, 3], "float32"), None, np.array([False, False, True]))
    values, target_values = np.array([[5, 4], [0, 1], [9, 9]]), np.array([[10, 20], [30, 40], [50, 60]])
    wanted = q_learning.targets(batch, values, target_values)
    np.testing.assert_allclose(wanted, [[1 + 0.99 * 10], [2 + 0.99 * 40], [3]], rtol=1e-6)


def test_the_target_network_is_renewed_every_third_round(small, monkeypatch):
    learner = q_learning.Learner(*compiled(learning_rate=0.1), "CartPole-v1", epochs=4, batch_size=8, seed=0)
    given, targets = [], q_learning.targets
    monkeypatch.setattr(q_learning, "targets", lambda *args: given.append(args) or targets(*args))
    monkeypatch.setitem(q_learning.SETTINGS, "target_rounds", 3)
    for number in range(5):
        weights = learner.network.get_weights()
        if number % 3 == 0:
            renewed = weights
        learner.round(number)
        batch, next_values, next_target_values = given[-1]
        for (kernel, bias, *output), values in ((weights, next_values), (renewed, next_target_values)):
            hidden = np.maximum(batch.next_observations @ kernel + bias, 0)
            np.testing.assert_allclose(values, hidden @ output[0] + output[1], atol=1e-4)
        assert number % 3 == 0 or not np.allclose(next_values, next_target_values)


def test_the_value_of_the_action_that_was_taken_is_what_the_model_gives():
    model, network = compiled()
    x, actions = np.random.default_rng(0).normal(size=(6, 4)).astype("float32"), np.array([0, 1, 1, 0, 1, 0])
    values = network.predict_on_batch(x)[np.arange(6), actions]
    one_hot = np.eye(2, dtype="float32")[actions]
    np.testing.assert_allclose(model.predict_on_batch([x, one_hot])[:, 0], values, rtol=1e-5)


def test_the_memory_keeps_the_newest_transitions_and_draws_among_all_of_them():
    memory = q_learning.ReplayMemory(5, (1,))
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
def test_environments_resume_where_they_were_from_the_seeds_and_the_actions(env):
    rng = np.random.default_rng(0)
    actions = [rng.integers(environments.sizes(env)[1], size=3) for _ in range(70)]
    first, second, other = (RunningEpisodes(env, 3, seed) for seed in (5, 5, 6))
    assert (other.observations != second.observations).any()
    for chosen in actions[:50]:
        first.step(chosen)
    second.set_state(json.loads(json.dumps(first.get_state())))
    for chosen in actions[50:]:
        assert same(first.step(chosen), second.step(chosen))


# For time, more moments with TensorFlow alone.
MORE = [(0, 12, 17, 35)] if keras.backend.backend() == "tensorflow" else []


@pytest.mark.thorough
@pytest.mark.parametrize("moments", [(5, 24), *(pytest.param(moments, marks=pytest.mark.thorough) for moments in MORE)])
def test_a_run_that_is_stopped_and_resumed_ends_in_the_same_bits(moments, small, tmp_path, monkeypatch, capsys):
    learners, round_of, stops = [], q_learning.Learner.round, []

    class Noted(q_learning.Learner):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            learners[:] = [self]

        def round(self, number):
            if [number] == stops:
                raise KeyboardInterrupt
            round_of(self, number)

    def fit(run_dir):
        """Return all that the run leaves."""
        _, history = fitted(epochs=3, seed=1, run_dir=run_dir)
        [learner] = learners
        variables = [*learner.model.variables, *learner.model.optimizer.variables]
        arrays = [np.asarray(keras.ops.convert_to_numpy(variable)) for variable in variables]
        arrays += [*learner.memory.arrays, *learner.target.get_weights(), learner.episodes.observations]
        return [*arrays, np.array([*history.history.values()]), np.array(history.steps)]

    monkeypatch.setattr(q_learning, "Learner", Noted)
    whole = fit(None)
    for moment in moments:
        stops[:] = [moment]
        with pytest.raises(KeyboardInterrupt):
            fit(str(tmp_path / f"{moment}"))
        stops.clear()
        assert same(whole, fit(str(tmp_path / f"{moment}")))
    assert same(whole, fit(str(tmp_path / f"{moment}")))  # Once more, where nothing is left to train.


def test_another_run_in_the_folder_is_refused_and_what_differs_is_named(small, tmp_path, capsys):
    fitted(run_dir=str(tmp_path / "run"))
    # Exploration and memory depend on the epochs.
    differences = r"seed 0 .*1.*; exploration_rounds 2\.4.*4\.8.*; memory_rows 48 .*96"
    with pytest.raises(ValueError, match=rf"`run_dir` must be new, empty or hold the same run\..* {differences}"):
        fitted(seed=1, epochs=2, run_dir=str(tmp_path / "run"))


def test_the_best_weights_are_kept_and_of_equal_ones_the_last_after_a_good_epoch(small, monkeypatch, tmp_path, capsys):
    returns, kept, end_epoch = iter([30.0, 50.0, 50.0, 50.0, 40.0, 50.0]), [], q_learning.Learner.end_epoch
    monkeypatch.setattr(environments, "play", lambda *_: [])
    monkeypatch.setattr(environments, "mean_return", lambda episodes: next(returns))
    monkeypatch.setattr(
        q_learning.Learner, "end_epoch", lambda self: kept.append(self.network.get_weights()) or end_epoch(self)
    )
    network, _ = fitted(epochs=6, run_dir=str(tmp_path / "run"))
    saved = keras.saving.load_model(tmp_path / "run" / "model.keras")
    for found in (network, saved):
        assert same(found.get_weights(), kept[3])
    assert not np.array_equal(kept[3][0], kept[5][0])


def test_a_non_finite_loss_ends_the_run(small, capsys):
    with pytest.raises(FloatingPointError, match=r"`loss` must be finite. Received: loss=(nan|inf). Try a smaller"):
        fitted(learning_rate=1e30, epochs=2)


def test_the_linear_policy_has_as_many_steps_and_is_the_best_in_the_validation_episodes(monkeypatch):
    steps, play = [], environments.play

    def noted(*args):
        episodes = play(*args)
        steps.extend(len(episode.actions) for episode in episodes)
        return episodes

    monkeypatch.setattr(environments, "play", noted)
    found = environments.linear_search("CartPole-v1", steps=20_000, seed=3)
    assert sum(steps[:-1]) < 20_000 + 20 * 500 and sum(steps) >= 20_000
    rng, copies = np.random.default_rng((3, environments.SEARCH)), environments.make("CartPole-v1", 20)
    seeds = environments.episode_seeds(3, environments.VALID, count=20)
    policies = [environments.linear_policy(weights) for weights in (found, *rng.normal(size=(30, 4, 2)))]
    returns = [environments.mean_return(play(policy, copies, seeds)) for policy in policies]
    assert returns[0] == max(returns) > 100


def test_the_recipe_gives_its_baseline_the_steps_of_the_agent_and_draws_its_test_episodes_last(small, monkeypatch):
    first, given, default_rng, scores = {}, [], np.random.default_rng, environments.baseline_scores

    def noted(seed):
        assert seed not in first or seed[1] != environments.TEST
        first[seed] = default_rng(seed).integers(2**63)
        return default_rng(seed)

    def noted_scores(*args, **options):
        given.append(options["steps"])
        return scores(*args, **options)

    monkeypatch.setattr(environments, "baseline_scores", noted_scores)
    monkeypatch.setattr(np.random, "default_rng", noted)
    metrics = dqn_cartpole.main(epochs=1, batch_size=8, seed=4).metrics
    assert given == [12 * 4 + 2 * metrics["last_val_return"]]  # Two episodes, with a reward of 1 in each step.
    # No two streams of random numbers are the same; the test episodes come once, after the training.
    assert {seed[:2] for seed in first} == {(4, purpose) for purpose in range(6)}
    purposes = [seed[1] for seed in first]
    assert len(set(first.values())) == len(first) and purposes.count(environments.TEST) == 1
    assert not {environments.TRAIN, environments.ROUND} & set(purposes[purposes.index(environments.TEST) :])


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ("CartPole", "`env` must be one of 'CartPole-v1', 'Acrobot-v1'. Received: env='CartPole'"),
        ("CartPole-v1", r'gymnasium is missing; it is in the extra "recipes": pip install -e "\.\[recipes\]"'),
    ],
)
def test_an_unknown_environment_and_a_missing_gymnasium_are_named(env, message, monkeypatch):
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    with pytest.raises(ValueError, match=message):
        dqn_cartpole.main(env=env)


@pytest.mark.parametrize("env", environments.NAMES)
def test_the_pictures_show_the_returns_the_actions_and_the_episodes(env):
    [episode] = environments.play(environments.random_policy(env, 0), environments.make(env, 1), [3])
    history = {"loss": [2.0, 1.0], "val_return": [-5.0, -3.0]}
    curves = agent_pictures.learning_curves(history, {"baseline_return": -1.0, "random_return": -9.0}).axes[1]
    assert [list(line.get_ydata())[-1] for line in curves.lines] == [-3.0, -1.0, -9.0]
    lines = agent_pictures.actions(env, episode).axes[0].lines
    assert [len(line.get_xdata()) for line in lines] == np.bincount(episode.actions).tolist()
    axes = agent_pictures.frames(env, {"random actions": episode}).axes
    assert len(axes) == 9
    if env == "Acrobot-v1":
        x, y = axes[4].lines[-1].get_data()
        cos_1, sin_1, cos_2, sin_2 = episode.observations[len(episode.actions) // 2][:4]
        upper, lower = np.arctan2(sin_1, cos_1), np.arctan2(sin_2, cos_2)
        # `AcrobotEnv._terminal`: the end is above the line if this is more than 1.
        assert y[-1] == pytest.approx(-np.cos(upper) - np.cos(lower + upper), rel=1e-4)
        np.testing.assert_allclose(np.hypot(np.diff(x), np.diff(y)), 1, rtol=1e-4)


PAGE = (recipe_list.FOLDER / "published/dqn_cartpole/README.md").read_text(encoding="utf-8")


def test_the_page_says_how_many_steps_and_updates_there_are():
    rounds = inspect.signature(dqn_cartpole.main).parameters["epochs"].default * q_learning.ROUNDS
    assert f"{rounds * q_learning.ENVIRONMENTS:,} steps" in PAGE
    assert f"{rounds * q_learning.UPDATES:,} updates" in PAGE


def test_with_the_squared_error_each_published_seed_learns_and_with_the_huber_loss_none_does():
    """As the page says."""
    losses = tables.read("dqn")["losses"]
    assert all(run["mean_return"] >= 495 and run["val_returns"][-1] == 500 for run in losses["mse"].values())
    assert all(max(run["val_returns"]) < 400 for run in losses["huber"].values())
    for loss, name in (("mse", "squared error"), ("huber", "Huber loss")):
        returns = [run["val_returns"] for run in losses[loss].values()]
        numbers = [f"{value:.0f}" for value in (*map(max, returns), *(each[-1] for each in returns))]
        [line] = [line for line in PAGE.splitlines() if line.startswith(f"| {name} ")]
        assert line.strip("| ").split(" | ")[1:] == numbers
