"""How soon two agents have learned CartPole-v1: `dqn_cartpole`, and Stable-Baselines3 with the settings of its zoo.

Both play 20 greedy episodes after each part of the training. The task is learned when their mean return is at least
475, as gymnasium defines it. Seconds are those of training, with these episodes.
"""

import importlib.metadata
import tempfile
from pathlib import Path

import numpy as np

from recipes._lib.agents import q_learning
from tools.benchmarks import peer_packages, processes, tables

THRESHOLD = 475.0
SEEDS = tuple(range(3000, 3020))
"""With none of them anything was chosen."""


def main(*, seeds: tuple[int, ...] = SEEDS) -> None:
    """Train each agent with each seed, in turn and in new processes, and write each result as it comes."""
    rows: dict[str, list[dict]] = {"dqn_cartpole": [], "stable_baselines_dqn": []}
    for seed in seeds:
        rows["dqn_cartpole"].append(first_success(_recipe(seed)))
        with processes.start() as call:
            rows["stable_baselines_dqn"].append(first_success(call(peer_packages.stable_baselines_dqn, seed)[2]))
        version = importlib.metadata.version("stable-baselines3")
        tables.save("cartpole", {"threshold": THRESHOLD, "version": version, "seeds": list(seeds), "rows": rows})
        print(seed, *(found[-1] for found in rows.values()), flush=True)


def first_success(returns: list[tuple[int, float, float]]) -> dict | None:
    """Return the steps and the seconds until the first mean return of at least 475, None if there is none."""
    found = ({"steps": steps, "seconds": seconds} for steps, seconds, value in returns if value >= THRESHOLD)
    return next(found, None)


def _recipe(seed: int) -> list[tuple[int, float, float]]:
    """Return the steps, the seconds and the mean return after each epoch of a run of the recipe."""
    with tempfile.TemporaryDirectory() as folder:
        processes.run_recipe("dqn_cartpole", Path(folder, "run"), seed=seed)
        history = np.atleast_1d(np.genfromtxt(Path(folder, "run", "history.csv"), delimiter=",", names=True))
    steps = q_learning.ROUNDS * q_learning.ENVIRONMENTS * np.arange(1, len(history) + 1)
    columns = (steps, np.cumsum(history["seconds"]), history["val_return"])
    return list(zip(*(column.tolist() for column in columns), strict=True))
