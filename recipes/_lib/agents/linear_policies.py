"""Baselines of an agent: random actions, and the best linear policy that a random search finds."""

import numpy as np

from recipes._lib.agents import environments

EPISODES = 20


def scores(env: str, seeds: list[int], *, steps: int, seed: int) -> dict[str, float]:
    """Return the mean returns of both in the episodes of `seeds`; the search takes at least `steps` steps."""
    found, copies = policy(search(env, steps=steps, seed=seed)), environments.make(env, len(seeds))
    policies = {"baseline_return": found, "random_return": environments.random_policy(env, seed)}
    return {key: environments.mean_return(environments.play(each, copies, seeds)) for key, each in policies.items()}


def policy(weights: np.ndarray):
    """Return the policy that takes the action with the largest weighted sum; a column of weights for each action."""
    return lambda observations: (observations @ weights).argmax(axis=-1)


def search(env: str, *, steps: int, seed: int) -> np.ndarray:
    """Draw weights until the steps are used up; return those with the best mean return in the same 20 episodes."""
    environment, (shape, num_actions) = environments.make(env, 1), environments.sizes(env)
    seeds = environments.episode_seeds(seed, environments.VALID, count=EPISODES)
    rng, used, best, best_weights = np.random.default_rng((seed, environments.SEARCH)), 0, -np.inf, None
    while used < steps:
        weights, played = rng.normal(size=(*shape, num_actions)), []
        # Weights whose mean falls below the best one are given up.
        while len(played) < EPISODES and (not played or environments.mean_return(played) >= best):
            played += environments.play(policy(weights), environment, [seeds[len(played)]])
            used += len(played[-1].actions)
        if environments.mean_return(played) >= best:
            best, best_weights = environments.mean_return(played), weights
    return best_weights
