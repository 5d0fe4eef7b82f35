"""What the loss is worth in deep Q-learning: `dqn_cartpole` with the squared error and with the Huber loss.

The loss is all that differs between two runs with one seed. The runs are kept in runs/benchmark_dqn: the same command
resumes them.
"""

import csv
import json
import statistics
import subprocess
import sys

from recipes._lib.runs import machine_facts, results, run_folder

LOSSES = ("mse", "huber")
SEEDS = (20, 21, 22)
PATH = results.RESULTS / "benchmark_dqn.json"
LANGUAGES = {"en": "", "zh": ".zh"}
# fmt: off
WORDS = {
    "en": {
        "head": ("loss", "best epoch", "last epoch", "test"), "mse": "squared error", "huber": "Huber loss",
        "random": "random actions", "to": "to", "steps": "thousand steps of training",
        "return": "mean return of {episodes} episodes",
        "note": "Mean return over {seeds} seeds (the lowest to the highest): of {episodes} greedy validation episodes "
                "after the best epoch and after the last one, and of 100 test episodes of the policy of the best "
                "epoch. `{command}`, {date}.",
        "figure": "Return over the steps of training with each loss, a line for each seed",
    },
    "zh": {
        "head": ("损失函数", "最好的一轮", "最后一轮", "测试"), "mse": "平方误差", "huber": "Huber 损失",
        "random": "随机动作", "to": "至", "steps": "训练步数（千步）", "return": "{episodes} 个回合的平均回报",
        "note": "各数为 {seeds} 个种子的平均回报（括号内为最低至最高）。前两列：最好的一轮和最后一轮之后，贪心策略在 "
                "{episodes} 个验证回合中的回报；最后一列：最好一轮的策略在 100 个测试回合中的回报。"
                "`{command}`，{date}。",
        "figure": "两种损失函数下回报随训练步数的变化，每个种子一条线",
    },
}
# fmt: on


def main() -> dict:
    """Train with each loss and seed, then write the JSON and the figures."""
    from recipes._lib.agents import q_learning

    content = {
        "command": "python -m recipes.benchmark dqn",
        "steps_per_epoch": q_learning.ROUNDS * q_learning.ENVIRONMENTS,
        "episodes": q_learning.SETTINGS["episodes"],
        "losses": {loss: {str(seed): _run(loss, seed) for seed in SEEDS} for loss in LOSSES},
        **machine_facts.machine(),
    }
    results.write_json(PATH, content)
    save_figures()
    print(table(content, "en"))
    return {}


def _run(loss: str, seed: int) -> dict:
    """Return the scores of a run and its returns after each epoch; train it if it is not finished."""
    folder = run_folder.RUNS / "benchmark_dqn" / f"{loss}_{seed}"
    if not (folder / "metrics.json").exists():
        options = ["--loss", loss, "--seed", str(seed), "--run-dir", str(folder)]
        subprocess.run([sys.executable, "-m", "recipes.dqn_cartpole", *options], check=True)
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    with open(folder / "history.csv", encoding="utf-8", newline="") as file:
        returns = [float(row["val_return"]) for row in csv.DictReader(file)]
    return {"mean_return": metrics["mean_return"], "random_return": metrics["random_return"], "val_returns": returns}


def save_figures() -> None:
    """Draw the figures from the JSON; `python -m recipes.benchmark.dqn` does so without training."""
    content = json.loads(PATH.read_text(encoding="utf-8"))
    for language, suffix in LANGUAGES.items():
        draw(content, language).savefig(PATH.with_suffix(f"{suffix}.png"))


def draw(content: dict, language: str):
    """Return the figure: a panel for each loss, in it a line for each seed."""
    from dlguide import plots

    words, thousand_steps = WORDS[language], content["steps_per_epoch"] / 1000
    with plots.new_figure(9, 3.6) as figure:
        panels = figure.subplots(1, len(content["losses"]), sharey=True)
        for axes, (loss, runs) in zip(panels, content["losses"].items(), strict=True):
            for run in runs.values():
                epochs = range(1, len(run["val_returns"]) + 1)
                axes.plot([thousand_steps * epoch for epoch in epochs], run["val_returns"], marker=".", alpha=0.8)
            at_random = statistics.fmean(run["random_return"] for run in runs.values())
            axes.axhline(at_random, color="gray", linestyle=":", label=words["random"])
            axes.set_title(words[loss], fontsize=10)
            axes.set(xlabel=words["steps"])
            axes.grid(alpha=0.3)
            axes.legend(fontsize=8)
        panels[0].set(ylabel=words["return"].format(**content))
    return figure


def table(content: dict, language: str) -> str:
    """Return the table of the losses."""
    words = WORDS[language]
    lines = [f"| {' | '.join(words['head'])} |", f"|{'---|' * len(words['head'])}"]
    for loss, runs in content["losses"].items():
        returns = [run["val_returns"] for run in runs.values()]
        columns = [[max(r) for r in returns], [r[-1] for r in returns], [run["mean_return"] for run in runs.values()]]
        cells = [f"{statistics.fmean(v):.1f} ({min(v):.1f} {words['to']} {max(v):.1f})" for v in columns]
        lines.append(f"| {' | '.join([words[loss], *cells])} |")
    return "\n".join(lines)


def published(language: str) -> str:
    """Return the part of recipes/README.md, or of its translation, that the JSON gives."""
    if not PATH.exists():
        return {"en": "not measured yet", "zh": "尚未测量"}[language]
    content, words = json.loads(PATH.read_text(encoding="utf-8")), WORDS[language]
    facts = {name: content[name] for name in ("command", "episodes", "date")}
    note = words["note"].format(seeds=len(next(iter(content["losses"].values()))), **facts)
    figure = f"![{words['figure']}](results/{PATH.stem}{LANGUAGES[language]}.png)"
    return "\n\n".join([table(content, language), note, figure])


if __name__ == "__main__":
    save_figures()
