"""What a search is worth: TPE with pruning, random search, twice the random search, and settings by hand.

For each seed all methods have the same data, and whole trials have the same epochs. Each winner is chosen by its
validation accuracy, trained again with new seeds, and only then reads the test set. The first half of the doubled
random search is the single one. The searches are kept in runs/benchmark_search: the same command resumes them.
"""

import json

import optuna

from dlguide import data
from recipes._lib.runs import run_folder
from recipes._lib.search import optuna_search, search_pictures, search_space, winner
from tools.benchmarks import tables

SEEDS, NEW_SEEDS = (10, 11, 12, 13, 14), (1000, 1001, 1002)
BY_HAND = {"builder": "cnn", "cnn_layers": 3, "cnn_filters": 32, "cnn_kernel_size": 5, "cnn_dropout": 0.3}
BY_HAND |= {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 100}
"""The best of four settings that were tried, with the learning rate from question 11."""


def main(*, seeds: tuple[int, ...] = SEEDS, trials: int = 25, epochs: int = 15) -> None:
    """Search with each seed and train the winners with new seeds; with the published seeds, write the result."""
    scores, searches = {}, []
    for seed in seeds:
        splits = data.load("mnist1d", seed=seed)
        searches.append({})
        for name, method, number in (("tpe", "tpe", trials), ("random_twice", "random", 2 * trials)):
            search = optuna_search.Search(search_space.candidate, splits, method, epochs, seed)
            folder = run_folder.RUNS / "benchmark_search" / f"{seed}_{name}"
            searches[-1][name] = optuna_search.run(search, number, folder)
        doubled = searches[-1]["random_twice"]
        searches[-1]["random"] = optuna_search.trials_within(doubled, epochs, trials * epochs)
        scores[str(seed)] = _scores(splits, searches[-1], epochs)
        print(json.dumps({"seed": seed, **scores[str(seed)]}), flush=True)
    if seeds == SEEDS:
        tables.save("search", {"seeds": scores, "optuna": optuna.__version__})

        def draw(content, words):
            lines = {words[name]: [found[name] for found in searches] for name in ("tpe", "random_twice")}
            return search_pictures.best_score_figure(lines, words["best_score"].split(" | "))

        tables.save_figures("search", draw, bbox_inches="tight")


def _scores(splits: data.Splits, trials: dict[str, list], epochs: int) -> dict[str, dict]:
    """Return the winner of each method with its test accuracies, and what the search took."""
    scores: dict[str, dict] = {}
    for name, tried in trials.items():
        best = optuna_search.best_trial(tried)
        scores[name] = {
            "epochs": optuna_search.epochs_spent(tried),
            "trials": len(tried),
            "stopped": sum(not optuna_search.is_whole(trial) for trial in tried),
            "seconds": sum(trial.user_attrs["seconds"] for trial in tried),
            "winner": best.params,
            "validation_accuracy": best.value,
        }
    scores["by_hand"] = {"winner": BY_HAND}
    for row in scores.values():
        row["test_accuracies"] = []
        for seed in NEW_SEEDS:
            model, _ = winner.trained_model(row["winner"], splits, epochs, seed)
            row["test_accuracies"].append(float(model.evaluate(*splits.test, batch_size=500, verbose=0)[1]))
    return scores
