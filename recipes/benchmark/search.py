"""What a search is worth: TPE with pruning, random search, twice the random search, and settings by hand.

For each seed all of them have the same data, and whole trials of the same epochs. Each winner is chosen by its
validation accuracy, trained again with new seeds, and only then reads the test set. The doubled random search has the
single one as its first half. The searches are kept in runs/benchmark_search: the same command resumes them.
"""

import itertools
import json
import statistics
from types import ModuleType

from recipes._lib.runs import intervals, machine_facts, results, run_folder

TRIALS, EPOCHS = 25, 15  # The defaults of `automl_mnist1d`.
SEEDS = (10, 11, 12, 13, 14)
NEW_SEEDS = (1000, 1001, 1002)
"""Seeds of the winners' trainings."""
METHODS = ("tpe", "random", "random_twice", "by_hand")
PATH = results.RESULTS / "benchmark_search.json"
# fmt: off
WORDS = {
    "en": {
        "head": (
            "method", "epochs", "trials", "stopped early", "training", "winners", "validation accuracy",
            "test accuracy",
        ),
        "tpe": "TPE with pruning", "random": "random search", "random_twice": "random search with twice the epochs",
        "by_hand": "settings by hand",
        "to": "to", "comma": ", ", "units": ("cores", "core"),
        "better": "- {}: better than {}, by {:.2f} to {:.2f} percentage points",
        "same": "- {} and {}: no difference seen ({:+.2f} to {:+.2f})",
        "note": "Means over {seeds} seeds of search and validation set; the test set is the same for all. Test "
                "accuracy: the winner, trained again with {new} new seeds, and the 95 % interval of the mean. In the "
                "list: the 95 % interval of the paired difference in test accuracy. Validation accuracy: that of the "
                "winning trial; the highest of many is too high. The settings by hand were chosen once: the learning "
                "rate out of five, the rest out of four settings with three seeds each. `{command}`, {cores} {unit} "
                "{cpu}, Optuna {optuna}, {date}.",
        "figure": "Validation error of the best trial so far, a line for each seed",
    },
    "zh": {
        "head": ("方法", "训练轮数", "试验数", "提前停止", "训练时间", "胜出者", "验证准确率", "测试准确率"),
        "tpe": "带剪枝的 TPE", "random": "随机搜索", "random_twice": "两倍轮数的随机搜索",
        "by_hand": "手工设定",
        "to": "至", "comma": "、", "units": ("核", "核"),
        "better": "- {}：优于{}，高 {:.2f} 至 {:.2f} 个百分点",
        "same": "- {}、{}：未见差异（{:+.2f} 至 {:+.2f}）",
        "note": "各数为 {seeds} 个种子（搜索与验证集划分）的均值，测试集相同。"
                "测试准确率：胜出的设定用 {new} 个新种子重新训练，括号内为均值的 95% 置信区间。"
                "列表中为测试准确率配对差值的 95% 置信区间。验证准确率取自胜出的那次试验；"
                "它是多次试验中的最大值，因而偏高。手工设定只选过一次：学习率五个值中选一，其余四种设定中选一（各三个种子）。"
                "`{command}`，{cores} {unit} {cpu}，Optuna {optuna}，{date}。",
        "figure": "到目前为止最好的试验的验证误差，每个种子一条线",
    },
}
# fmt: on


def main(recipe: ModuleType, seeds: tuple[int, ...] = SEEDS) -> dict:
    """Search with each seed and print what came out; with the seeds of the published comparison, write it."""
    from recipes._lib.search import pictures as search_pictures
    from recipes._lib.search import trials as search

    rows, found = {}, {}
    for seed in seeds:
        rows[str(seed)], found[seed] = _seed_scores(recipe, seed)
        print(json.dumps({"seed": seed, **rows[str(seed)]}), flush=True)
    content = {"command": "python -m recipes.benchmark search", "seeds": rows, "optuna": search.optuna.__version__}
    content |= machine_facts.machine()
    print(table(content, "en"))
    if len(seeds) > 1:
        print(differences(content, "en"))
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
    from recipes._lib.search import trials as search

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
    for method in METHODS:
        rows = [row[method] for row in content["seeds"].values()]

        def mean(key, form, rows=rows):
            return form.format(statistics.fmean(row[key] for row in rows)) if key in rows[0] else "–"

        winners = [row["winner"]["builder"] for row in rows]
        counts = [f"`{name}` {winners.count(name)}" for name in sorted(set(winners), key=winners.count, reverse=True)]
        cells = [words[method], mean("epochs", "{:.0f}"), mean("trials", "{:.1f}"), mean("stopped", "{:.1f}")]
        cells += [mean("seconds", "{:.0f} s"), words["comma"].join(counts), mean("validation_accuracy", "{:.1%}")]
        cells += [_written_mean(mean_accuracies(content, method), words)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _written_mean(values: list[float], words: dict) -> str:
    found = intervals.mean_interval(values) if len(values) > 1 else intervals.Interval(*3 * values)
    mean, low, high = intervals.clipped(found, (0.0, 1.0))
    return f"{mean:.2%} ({low:.2%} {words['to']} {high:.2%})" if low < high else f"{mean:.2%}"


def differences(content: dict, language: str) -> str:
    """Return a list of all pairs of methods: which is better by more than the interval, or that none is."""
    words, lines = WORDS[language], []
    for pair in itertools.combinations(METHODS, 2):
        ours, theirs = (mean_accuracies(content, method) for method in pair)
        found = intervals.mean_interval([100 * (a - b) for a, b in zip(ours, theirs, strict=True)])
        names, ends = [words[method] for method in pair], [found.low, found.high]
        if found.high < 0:  # The better one first.
            names, ends = names[::-1], [-found.high, -found.low]
        lines.append(words["better" if ends[0] > 0 else "same"].format(*names, *ends))
    return "\n".join(lines)


def published(language: str) -> str:
    """Return the part of recipes/README.md, or of its translation, that the JSON gives."""
    if not PATH.exists():
        return {"en": "not measured yet", "zh": "尚未测量"}[language]
    content, words = json.loads(PATH.read_text(encoding="utf-8")), WORDS[language]
    facts = {name: content[name] for name in ("command", "cores", "cpu", "optuna", "date")}
    facts["unit"] = words["units"][content["cores"] == 1]
    note = words["note"].format(seeds=len(content["seeds"]), new=len(NEW_SEEDS), **facts)
    figure = f"![{words['figure']}](results/{PATH.stem}{'.zh' if language == 'zh' else ''}.png)"
    return "\n\n".join([table(content, language), differences(content, language), note, figure])
