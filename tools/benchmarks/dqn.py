"""Two losses in deep Q-learning: `dqn_cartpole` with the squared error and with the Huber loss.

Two runs with one seed differ by the loss only. The runs are kept in runs/benchmark_dqn: the same command resumes them.
`python -m tools.benchmarks.dqn` draws the figures again.
"""

import statistics

import numpy as np

from recipes._lib import drawing
from recipes._lib.agents import q_learning
from recipes._lib.runs import run_folder
from tools.benchmarks import processes, tables


def main(*, seeds: tuple[int, ...] = (20, 21, 22)) -> None:
    """Train with each loss and seed, then draw the figures."""
    content = {
        "steps_per_epoch": q_learning.ROUNDS * q_learning.ENVIRONMENTS,
        "episodes": q_learning.SETTINGS["episodes"],
        "losses": {loss: {str(seed): _scores(loss, seed) for seed in seeds} for loss in ("mse", "huber")},
    }
    tables.save("dqn", content)
    tables.save_figures("dqn", draw)


def _scores(loss: str, seed: int) -> dict:
    """Return the scores of a run and its returns after each epoch."""
    folder = run_folder.RUNS / "benchmark_dqn" / f"{loss}_{seed}_{q_learning.ROUNDS}_{q_learning.UPDATES}"
    metrics = processes.run_recipe("dqn_cartpole", folder, loss=loss, seed=seed)
    returns = np.genfromtxt(folder / "history.csv", delimiter=",", names=True)["val_return"].tolist()
    return {"mean_return": metrics["mean_return"], "random_return": metrics["random_return"], "val_returns": returns}


def draw(content: dict, words: dict[str, str]):
    """Return a figure with a panel for each loss, in it a line for each seed."""
    with drawing.new_figure(9, 3.6) as figure:
        panels = figure.subplots(1, len(content["losses"]), sharey=True)
        for axes, (loss, runs) in zip(panels, content["losses"].items(), strict=True):
            for run in runs.values():
                epochs = range(1, len(run["val_returns"]) + 1)
                steps = [content["steps_per_epoch"] / 1000 * epoch for epoch in epochs]
                axes.plot(steps, run["val_returns"], marker=".", alpha=0.8)
            random_return = statistics.fmean(run["random_return"] for run in runs.values())
            axes.axhline(random_return, color="gray", linestyle=":", label=words["random_actions"])
            axes.set_title(words[loss], fontsize=10)
            axes.set(xlabel=words["thousand_steps"])
            axes.grid(alpha=0.3)
            axes.legend(fontsize=8)
        panels[0].set(ylabel=words["mean_return"].format(**content))
    return figure


if __name__ == "__main__":
    tables.save_figures("dqn", draw)
