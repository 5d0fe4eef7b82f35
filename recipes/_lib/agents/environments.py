"""Environments of gymnasium: many episodes at a time, baselines, and how a killed run gets back to where it was."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from recipes._lib.runs import arguments

NAMES = ("CartPole-v1", "Acrobot-v1")
TRAIN, VALID, TEST, ROUND, SEARCH, RANDOM = range(6)
"""What random numbers are for: episodes to learn from, to choose the policy, to score it at the end; a round of the
training, a linear policy, random actions. The second number of each seed: NumPy takes s and (s, 0) as the same."""
SEARCH_EPISODES = 20  # By which a search compares linear policies.


class Transitions(NamedTuple):
    """One step in each of several environments; each array has the shape `(count, ...)`."""

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    next_observations: np.ndarray
    """After the step, also if it ended the episode: never the first of the next episode."""
    terminated: np.ndarray
    """Whether the episode ended by the rules of the task. The time limit ends it too, but says nothing of the state."""


class Episode(NamedTuple):
    """One whole episode; `observations` has the shape `(steps + 1, features)`, the last one included."""

    observations: np.ndarray
    actions: np.ndarray
    total_reward: float


def make(name: str, count: int) -> list:
    """Return `count` environments, each for one episode at a time."""
    if name not in NAMES:
        raise arguments.error("env", f"one of {', '.join(map(repr, NAMES))}", name)
    try:
        import gymnasium
    except ModuleNotFoundError:
        raise ValueError('gymnasium is missing; it is in the extra "recipes": pip install -e ".[recipes]"') from None
    return [gymnasium.make(name, disable_env_checker=True) for _ in range(count)]


def sizes(name: str) -> tuple[tuple[int, ...], int]:
    """Return the shape of an observation and the number of actions."""
    [environment] = make(name, 1)
    return environment.observation_space.shape, int(environment.action_space.n)


def episode_seeds(seed: int, *purpose: int, count: int) -> list[int]:
    """Return the seeds of `count` episodes: other ones for each `seed` and each purpose."""
    return np.random.default_rng((seed, *purpose)).integers(2**63, size=count).tolist()


def play(policy: Callable, environments: list, seeds: Sequence[int]) -> list[Episode]:
    """Play one episode for each seed, all at once; in the input of `policy`, finished ones keep their rows."""
    current = np.stack([e.reset(seed=seed)[0] for e, seed in zip(environments, seeds, strict=True)])
    observations, actions = [[first] for first in current.copy()], [[] for _ in seeds]
    totals, playing = [0.0] * len(seeds), list(range(len(seeds)))
    while playing:
        chosen = np.asarray(policy(current)).tolist()
        for i in tuple(playing):
            current[i], reward, terminated, truncated, _ = environments[i].step(chosen[i])
            observations[i].append(current[i].copy())
            actions[i].append(chosen[i])
            totals[i] += float(reward)
            if terminated or truncated:
                playing.remove(i)
    return [Episode(np.stack(o), np.array(a), total) for o, a, total in zip(observations, actions, totals, strict=True)]


def mean_return(episodes: Sequence[Episode]) -> float:
    """Return the mean of the episodes' sums of rewards."""
    return float(np.mean([episode.total_reward for episode in episodes]))


def observations(name: str, count: int, seed: int) -> np.ndarray:
    """Return the first `count` observations of a test episode of random actions, or all if it has fewer."""
    [episode] = play(random_policy(name, seed), make(name, 1), episode_seeds(seed, TEST, count=1))
    return episode.observations[:count]


def random_policy(name: str, seed: int) -> Callable:
    """Return the policy that takes any action with the same probability."""
    num_actions, rng = sizes(name)[1], np.random.default_rng((seed, RANDOM))
    return lambda observations: rng.integers(num_actions, size=len(observations))


def baseline_scores(env: str, seeds: list[int], *, steps: int, seed: int) -> dict[str, float]:
    """Return the mean returns of random actions, and of a linear policy found in `steps` steps, in these episodes."""
    found, copies = linear_policy(linear_search(env, steps=steps, seed=seed)), make(env, len(seeds))
    policies = {"baseline_return": found, "random_return": random_policy(env, seed)}
    return {key: mean_return(play(each, copies, seeds)) for key, each in policies.items()}


def linear_policy(weights: np.ndarray):
    """Return the policy that takes the action with the largest weighted sum; a column of weights for each action."""
    return lambda observations: (observations @ weights).argmax(axis=-1)


def linear_search(env: str, *, steps: int, seed: int) -> np.ndarray:
    """Draw weights until the steps are used up; return those with the best mean return in the same 20 episodes."""
    environment, (shape, num_actions) = make(env, 1), sizes(env)
    seeds = episode_seeds(seed, VALID, count=SEARCH_EPISODES)
    rng, used, best, best_weights = np.random.default_rng((seed, SEARCH)), 0, -np.inf, None
    while used < steps:
        weights, played = rng.normal(size=(*shape, num_actions)), []
        # Weights whose mean falls below the best one are given up.
        while len(played) < SEARCH_EPISODES and (not played or mean_return(played) >= best):
            played += play(linear_policy(weights), environment, [seeds[len(played)]])
            used += len(played[-1].actions)
        if mean_return(played) >= best:
            best, best_weights = mean_return(played), weights
    return best_weights


class RunningEpisodes:
    """Environments that are always within an episode: when one ends, the next begins before the next step."""

    def __init__(self, name: str, count: int, seed: int):
        self._environments, self._seed = make(name, count), seed
        self.numbers = [0] * count  # Of the episodes that each environment has finished.
        self.actions: list[list[int]] = [[] for _ in range(count)]  # In the running episode.
        self.observations = np.stack([self._begin(i) for i in range(count)])

    def get_state(self) -> dict:
        return {"numbers": self.numbers, "actions": self.actions}

    def set_state(self, state: dict) -> None:
        """Take the actions since the seed of each episode again: gymnasium cannot save an environment."""
        self.numbers, self.actions = state["numbers"], state["actions"]
        for i, environment in enumerate(self._environments):
            self.observations[i] = self._begin(i)
            for action in self.actions[i]:
                self.observations[i] = environment.step(action)[0]

    def step(self, actions: np.ndarray) -> Transitions:
        """Take one step in each environment."""
        before, after = self.observations, self.observations.copy()
        rewards, terminated = np.zeros(len(actions), "float32"), np.zeros(len(actions), bool)
        self.observations = after.copy()
        for i, action in enumerate(actions.tolist()):
            after[i], rewards[i], terminated[i], truncated, _ = self._environments[i].step(action)
            self.observations[i] = after[i]
            self.actions[i].append(action)
            if terminated[i] or truncated:
                self.numbers[i] += 1
                self.actions[i] = []
                self.observations[i] = self._begin(i)
        return Transitions(before, actions, rewards, after, terminated)

    def _begin(self, i: int) -> np.ndarray:
        [seed] = episode_seeds(self._seed, TRAIN, i, self.numbers[i], count=1)
        return self._environments[i].reset(seed=seed)[0]
