"""What a search is worth: TPE with pruning, random search, twice the random search, and settings by hand.

For each seed all of them have the same data, and whole trials of the same epochs. Each winner is chosen by its
validation accuracy, trained again with new seeds, and only then reads the test set. The doubled random search has the
single one as its first half. The searches are kept in runs/benchmark_search: the same command resumes them.
"""

import json
import statistics
from types import ModuleType

from recipes._lib import intervals, machine_facts, results, run_folder

TRIALS, EPOCHS = 25, 15  # The defaults of `automl_mnist1d`.
SEEDS = (10, 11, 12, 13, 14)
NEW_SEEDS = (1000, 1001, 1002)
"""Seeds of the winners' trainings."""
PATH = results.RESULTS / "benchmark_search.json"
REFERENCE = "random"
# fmt: off
WORDS = {
    "en": {
        "head": (
            "method", "epochs", "trials", "stopped early", "training", "winners", "validation accuracy",
            "test accuracy", "against random search",
        ),
        "tpe": "TPE with pruning", "random": "random search", "random_twice": "random search, twice the epochs",
        "by_hand": "settings by hand",
        "better": "better", "worse": "worse", "same": "no difference seen", "to": "to", "comma": ", ",
        "note": "Means over {seeds} seeds of data and search. Test accuracy: the winner, trained again with {new} new "
                "seeds, and the 95 % interval of the mean. On the right: the 95 % interval of the paired difference, "
                "in percentage points. Validation accuracy: that of the winning trial; the highest of many is too "
                "high. The settings by hand were chosen once: the learning rate out of five, the rest out of four "
                "settings with three seeds each. `{command}`, {cores} cores {cpu}, Optuna {optuna}, "
                "{date}.",
        "figure": "Validation error of the best trial so far, a line for each seed",
    },
    "zh": {
        "head": (
            "方法", "训练轮数", "试验数", "提前停止", "训练时间", "胜出者", "验证准确率", "测试准确率",
            "与随机搜索相比",
        ),
        "tpe": "带剪枝的 TPE", "random": "随机搜索", "random_twice": "随机搜索，两倍训练轮数",
        "by_hand": "手工设定",
        "better": "更好", "worse": "更差", "same": "未见差异", "to": "至", "comma": "、",
        "note": "各数为 {seeds} 个种子（数据划分与搜索）的均值。测试准确率：胜出的设定用 {new} 个新种子重新训练，"
                "括号内为均值的 95% 置信区间。最右一列为配对差值的 95% 置信区间，单位为百分点。"
                "验证准确率取自胜出的那次试验；它是多次试验中的最大值，因而偏高。"
                "手工设定只选过一次：学习率五个值中选一，其余四种设定中选一（各三个种子）。"
                "`{command}`，{cores} 核 {cpu}，Optuna {optuna}，{date}。",
        "figure": "到目前为止最好的试验的验证误差，每个种子一条线",
    },
}
# fmt: on


def main(recipe: ModuleType, seeds: tuple[int, ...] = SEEDS) -> dict:
    """Search with each seed and print what came out; with the seeds of the published comparison, write it."""
    from recipes._lib import search, search_pictures

    rows, found = {}, {}
    for seed in seeds:
        rows[str(seed)], found[seed] = _seed_scores(recipe, seed)
        print(json.dumps({"seed": seed, **rows[str(seed)]}), flush=True)
    content = {"command": "python -m recipes.benchmark search", "seeds": rows, "optuna": search.optuna.__version__}
    content |= machine_facts.machine()
    print(table(content, "en"))
    if seeds == SEEDS:
        PATH.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        for suffix, language in (("", "en"), (".zh", "zh")):
            words = WORDS[language]
            lines = {words[name]: [found[seed][name] for seed in seeds] for name in ("tpe", "random_twice")}
            figure = search_pictures.best_score_figure(lines, language=language)
            figure.savefig(PATH.with_suffix(f"{suffix}.png"), bbox_inches="tight")
    return {}


def _seed_scores(recipe: ModuleType, seed: int) -> tuple[dict, dict]:
    """Return the scores of each method with one seed, and the trials of its searches."""
    from dlguide import data
    from recipes._lib import search

    splits, folder = data.load("mnist1d", seed=seed), run_folder.RUNS / "benchmark_search"
    trials = {}
    for name, method, factor in (("tpe", "tpe", 1), ("random_twice", "random", 2)):
        one = search.Search(recipe.candidate, splits, method, EPOCHS, seed)
        trials[name] = search.run(one, factor * TRIALS, folder / f"{seed}_{name}")
    trials["random"] = search.trials_within(trials["random_twice"], EPOCHS, TRIALS * EPOCHS)
    accuracies: dict[str, list[float]] = {}

    def accuracy(parameters: dict) -> list[float]:
        """Train with the new seeds, once for equal settings, and return the test accuracies."""
        key = json.dumps(parameters)
        if key not in accuracies:
            models = (recipe.trained_model(parameters, splits, epochs=EPOCHS, seed=new)[0] for new in NEW_SEEDS)
            accuracies[key] = [float(m.evaluate(*splits.test, batch_size=500, verbose=0)[1]) for m in models]
        return accuracies[key]

    scores = {}
    for name, tried in trials.items():
        winner = search.best_trial(tried)
        scores[name] = {
            "epochs": search.epochs_spent(tried),
            "trials": len(tried),
            "stopped": sum(not search.is_whole(trial) for trial in tried),
            "seconds": sum(trial.user_attrs["seconds"] for trial in tried),
            "winner": winner.params,
            "validation_accuracy": winner.value,
            "test_accuracies": accuracy(winner.params),
        }
    scores["by_hand"] = {"winner": recipe.BY_HAND, "test_accuracies": accuracy(recipe.BY_HAND)}
    return scores, trials


def mean_accuracies(content: dict, method: str) -> list[float]:
    """Return the mean test accuracy of a method's winner for each seed."""
    return [statistics.fmean(row[method]["test_accuracies"]) for row in content["seeds"].values()]


def table(content: dict, language: str) -> str:
    """Return the table of the methods."""
    words = WORDS[language]
    lines = [f"| {' | '.join(words['head'])} |", f"|{'---|' * len(words['head'])}"]
    for method in ("tpe", "random", "random_twice", "by_hand"):
        rows = [row[method] for row in content["seeds"].values()]

        def mean(key, form, rows=rows):
            return form.format(statistics.fmean(row[key] for row in rows)) if key in rows[0] else "–"

        winners = [row["winner"]["builder"] for row in rows]
        counts = [f"`{name}` {winners.count(name)}" for name in sorted(set(winners), key=winners.count, reverse=True)]
        cells = [words[method], mean("epochs", "{:.0f}"), mean("trials", "{:.1f}"), mean("stopped", "{:.1f}")]
        cells += [mean("seconds", "{:.0f} s"), words["comma"].join(counts), mean("validation_accuracy", "{:.1%}")]
        cells += [_written_mean(mean_accuracies(content, method), words), _written_difference(content, method, words)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _written_mean(values: list[float], words: dict) -> str:
    mean, low, high = intervals.mean_interval(values) if len(values) > 1 else 3 * values
    return f"{mean:.2%} ({low:.2%} {words['to']} {high:.2%})" if low < high else f"{mean:.2%}"


def _written_difference(content: dict, method: str, words: dict) -> str:
    """Say whether a method is better than random search, by the interval of the paired difference."""
    if method == REFERENCE or len(content["seeds"]) == 1:
        return "–"
    pairs = zip(mean_accuracies(content, method), mean_accuracies(content, REFERENCE), strict=True)
    _, low, high = intervals.mean_interval([100 * (ours - theirs) for ours, theirs in pairs])
    verdict = "same" if low <= 0 <= high else "better" if low > 0 else "worse"
    return f"{words[verdict]} ({low:+.2f} {words['to']} {high:+.2f})"


def published(language: str) -> str:
    """Return the part of recipes/README.md, or of its translation, that the JSON gives."""
    if not PATH.exists():
        return {"en": "not measured yet", "zh": "尚未测量"}[language]
    content, words = json.loads(PATH.read_text(encoding="utf-8")), WORDS[language]
    facts = {name: content[name] for name in ("command", "cores", "cpu", "optuna", "date")}
    note = words["note"].format(seeds=len(content["seeds"]), new=len(NEW_SEEDS), **facts)
    figure = f"![{words['figure']}](results/{PATH.stem}{'.zh' if language == 'zh' else ''}.png)"
    return "\n\n".join([table(content, language), note, figure])
