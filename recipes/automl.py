"""Search for the network, the optimizer and their parameters by validation loss: automated machine learning.

    python -m recipes.automl                                    # the result in the README
    python -m recipes.automl --trials 3 --epochs 2 --limit 500  # a quick look

Data: Bikeshare, 57 features of an hour, to predict how many bicycles are hired in it (Fanaee-T & Gama, 2014).
Baseline: the builder with the lowest validation loss, its defaults, Adam, early stopping, the epochs of all trials.
Result: r2_score 0.879 (higher is better), 95 % prediction interval 0.855 to 0.903, baseline 0.866.
Training: 139.8 s on 1 core of Intel(R) Xeon(R) Processor.
With --data leaves --trials 18 --epochs 40: accuracy 88.8%, 95 % prediction interval 73.6% to 100.0%, baseline 86.3%.
"""

from pathlib import Path
from typing import Literal

import keras

from dlguide import evaluation
from recipes._lib import pictures
from recipes._lib.baselines import defaults
from recipes._lib.result import Result, describe_input
from recipes._lib.runs import command_line
from recipes._lib.search import optuna_search, scaled_data, search_pictures, search_space, winner


def main(
    *,
    data: Literal["bikeshare", "leaves"] = "bikeshare",
    trials: int = 20,
    epochs: int = 15,
    seed: int = 0,
    limit: int | None = None,
    run_dir: str | None = None,
) -> Result:
    """Search, train the winner with a new seed, then return its result on the test set beside those of its rivals."""
    splits, scaled = scaled_data.load(data, limit, seed)
    metric = "accuracy" if splits.info.num_classes else "r2_score"

    # Folders within that of the winner's training: each is a run of its own.
    folders = [Path(run_dir) / name if run_dir else None for name in ("search", "random_search")]
    search = optuna_search.Search(search_space.candidate, splits, "tpe", epochs, seed, metric="loss")
    found = optuna_search.run(search, trials, folders[0])
    parameters = optuna_search.best_trial(found).params
    print(f"winner: {parameters}", flush=True)

    seeds = winner.seeds(seed)
    model, networks, histories = winner.trained_mean(parameters, splits, epochs, seeds, run_dir)
    model.summary()

    print("random search", flush=True)
    begun = found[: optuna_search.STARTING_TRIALS]
    at_random = optuna_search.run(search._replace(method="random"), trials, folders[1], begun)
    random_model, *_ = winner.trained_mean(optuna_search.best_trial(at_random).params, splits, epochs, seeds)
    default = defaults.default_model(search_space.builders(splits), splits, trials * epochs, seeds)

    splits = splits._replace(test=scaled(splits.test))
    metrics = evaluation.evaluate(model, *splits.test, class_names=splits.info.class_names)
    for name, other in {"single": networks[0], "baseline": default, "random": random_model}.items():
        metrics[f"{name}_{metric}"] = evaluation.evaluate(other, *splits.test)[metric]
    metrics[f"boosting_{metric}"] = defaults.boosting_score(splits, seed)
    metrics[f"validation_{metric}"] = evaluation.evaluate(model, *splits.valid)[metric]
    metrics |= {"trials": len(found), "stopped_trials": sum(not optuna_search.is_whole(trial) for trial in found)}
    metrics |= {"search_epochs": optuna_search.epochs_spent(found), "winner": parameters}
    figures = search_pictures.search_figures({"TPE with pruning": found, "random search": at_random})
    if splits.info.num_classes:
        figures |= pictures.classifier_figures(histories[0], metrics, splits.info.class_names)
    else:
        figures |= search_pictures.regression_figures(model, default, splits, histories[0])
    kind = "numbers" if splits.train.x.ndim == 2 else "sequence"
    description = describe_input(kind, splits, is_series=False, exact=True)
    seconds = sum(history.seconds for history in histories) + sum(trial.user_attrs["seconds"] for trial in found)
    mean = keras.Model(model.input, model.output, name=model.name)  # Not compiled, since it is not trained.
    return Result(metrics, histories[0], figures, description, model=mean, seconds=seconds)


if __name__ == "__main__":
    command_line.run(main)
