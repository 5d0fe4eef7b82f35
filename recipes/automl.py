"""Search for the network, the optimizer and their parameters by validation loss: automated machine learning.

    python -m recipes.automl                                    # the result in the README
    python -m recipes.automl --trials 3 --epochs 2 --limit 500  # a quick look

Data: Bikeshare, 57 features of an hour, to predict how many bicycles are hired in it (Fanaee-T & Gama, 2014).
Baseline: the builder with the lowest validation loss, its defaults, Adam, early stopping, the epochs of all trials.
Result: r2_score 0.879 (higher is better), 95 % prediction interval 0.855 to 0.903, baseline 0.866.
Training: 139.8 s on 1 core of Intel(R) Xeon(R) Processor.
With --data leaves --trials 18 --epochs 40: accuracy 88.8%, 95 % prediction interval 73.6% to 100.0%, baseline 86.3%.

`--data leaves --trials 18 --epochs 40` has 442 outlines of leaves of six species, as series of 427 steps (Gandhi,
2002). Gradient boosting is within 0.01 on `bikeshare`, and far worse on the leaves: scikit-learn's defaults are made
for larger sets.

The winner is trained again, as three networks with seeds that no trial had; the mean of what they give is the result.
The baseline and the winner of a random search of as many epochs are means of three networks too. These read the test
set, once each, as do a single network of the winner and scikit-learn's gradient boosting, its rounds chosen by
validation.

Where the defaults are strong already, a search has little to gain. Tried, the winner beside the defaults:

    data set                                         score                  search         defaults
    500 series of MNIST-1D                           test accuracy          0.954, 0.958   0.958, 0.960
    CO2 of the next week                             validation R2          0.977          0.980
    logarithm of the price of 2,000 diamonds         R2 on other diamonds   0.983          0.984

From all 3,500 series of MNIST-1D the defaults are right for 98.2 % of the validation set.

A search that is killed and started again ends with the same trials, bit for bit, so with the same winner and the same
model. Keras keeps about 10 MB of each trial, so there is a new process after every ten.
"""

from pathlib import Path
from typing import Literal

import keras

from dlguide import cnn, data, evaluation, mlp, perceptron, training
from recipes._lib import baselines, pictures
from recipes._lib.inputs import input_description
from recipes._lib.runs import command_line, recipe_list
from recipes._lib.search import baseline, optuna_search, scaled_data, search_pictures

NETWORKS = 3
"""The winner, that of the random search and the baseline are means of as many networks, for less chance in each."""


def builders(splits: data.Splits) -> dict:
    """Return the builders that are tried, by name; the columns of a table have no order for a CNN."""
    is_table = splits.train.x.ndim == 2
    return {"perceptron": perceptron, "mlp": mlp} if is_table else {"mlp": mlp, "cnn": cnn}


def candidate(trial, splits: data.Splits, epochs: int) -> tuple[keras.Model, int]:
    """Return the compiled model that a trial suggests, and its batch size: this is what is searched."""
    shape, outputs = splits.train.x.shape[1:], splits.info.num_classes or 1
    match trial.suggest_categorical("builder", tuple(builders(splits))):
        case "perceptron":
            model = perceptron(shape, outputs)
        case "mlp":
            layers = trial.suggest_int("mlp_layers", 1, 3)
            units = trial.suggest_int("mlp_units", 32, 256, log=True)
            dropout = trial.suggest_float("mlp_dropout", 0, 0.5)
            model = mlp(shape, outputs, hidden_units=layers * [units], dropout=dropout, batch_norm=True)
        case "cnn":
            layers = trial.suggest_int("cnn_layers", 2, 3)
            filters = trial.suggest_int("cnn_filters", 16, 48, log=True)
            filters = [filters * 2**i for i in range(layers)]  # Each layer has twice as many as the one before.
            kernel_size = trial.suggest_int("cnn_kernel_size", 3, 15, step=2)
            dropout = trial.suggest_float("cnn_dropout", 0, 0.5)
            model = cnn(shape, outputs, filters=filters, kernel_size=kernel_size, dropout=dropout)

    batch_size = trial.suggest_categorical("batch_size", (10, 25, 50, 100))
    learning_rate = trial.suggest_float("learning_rate", 1e-3, 3e-2, log=True)
    steps = epochs * -(-len(splits.train.x) // batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    match trial.suggest_categorical("optimizer", ("sgd", "adam", "adamw", "rmsprop")):
        case "sgd":
            optimizer = keras.optimizers.SGD(schedule, momentum=0.9)
        case "adam":
            optimizer = keras.optimizers.Adam(schedule)
        case "adamw":
            weight_decay = trial.suggest_float("weight_decay", 1e-3, 1e-1, log=True)
            optimizer = keras.optimizers.AdamW(schedule, weight_decay=weight_decay)
        case "rmsprop":
            optimizer = keras.optimizers.RMSprop(schedule)

    return scaled_data.compiled(model, optimizer), batch_size


def trained_model(parameters: dict, splits: data.Splits, *, epochs: int, seed: int, run_dir: str | None = None):
    """Return the model of given parameters, trained from new weights, and its history."""
    keras.utils.set_random_seed(seed)
    model, batch_size = candidate(optuna_search.optuna.trial.FixedTrial(parameters), splits, epochs)
    options = {"epochs": epochs, "batch_size": batch_size, "seed": seed, "run_dir": run_dir}
    return model, training.fit(model, *splits.train, validation_data=splits.valid, **options)


def trained_mean(parameters: dict, splits: data.Splits, *, epochs: int, seeds, run_dir: str | None = None):
    """Return the mean of networks of given parameters, one for each seed, the networks themselves and their histories.

    The first one's run folder is `run_dir`, and the mean is saved there in its place.
    """
    trained = []
    for i, seed in enumerate(seeds):
        folder = str(Path(run_dir) / f"network_{i}") if run_dir and i else run_dir
        trained.append(trained_model(parameters, splits, epochs=epochs, seed=seed, run_dir=folder))
    networks, histories = zip(*trained, strict=True)
    model = scaled_data.mean_of(networks)
    if run_dir:  # Not compiled, since it is not trained.
        model.save(Path(run_dir) / "model.keras")
    return scaled_data.compiled(model), networks, histories


def main(
    *,
    data: Literal["bikeshare", "leaves"] = "bikeshare",
    trials: int = 20,
    epochs: int = 15,
    seed: int = 0,
    limit: int | None = None,
    run_dir: str | None = None,
) -> dict:
    """Search, train the winner with a new seed, then return its metrics on the test set and those of its rivals."""
    splits, scaled = scaled_data.load(data, limit, seed)
    metric = "accuracy" if splits.info.num_classes else "r2_score"

    # Folders within that of the winner's training: each is a run of its own.
    folders = [Path(run_dir) / name if run_dir else None for name in ("search", "random_search")]
    search = optuna_search.Search(candidate, splits, "tpe", epochs, seed, metric="loss")
    found = optuna_search.run(search, trials, folders[0])
    winner = optuna_search.best_trial(found)
    print(f"winner: {winner.params}", flush=True)

    seeds = [(seed + 1000 * i) % 2**32 for i in range(NETWORKS)]
    model, networks, histories = trained_mean(winner.params, splits, epochs=epochs, seeds=seeds, run_dir=run_dir)
    model.summary()

    print("random search", flush=True)
    begun = found[: optuna_search.STARTING_TRIALS]
    at_random = optuna_search.run(search._replace(method="random"), trials, folders[1], begun)
    random_model, *_ = trained_mean(optuna_search.best_trial(at_random).params, splits, epochs=epochs, seeds=seeds)
    default = baseline.default_model(builders(splits), splits, trials * epochs, seeds)

    splits = splits._replace(test=scaled(splits.test))
    metrics = evaluation.evaluate(model, *splits.test, class_names=splits.info.class_names)
    metrics[f"single_{metric}"] = evaluation.evaluate(networks[0], *splits.test)[metric]
    metrics[f"baseline_{metric}"] = evaluation.evaluate(default, *splits.test)[metric]
    metrics[f"random_{metric}"] = evaluation.evaluate(random_model, *splits.test)[metric]
    metrics[f"boosting_{metric}"] = baselines.boosting_score(splits, seed)
    metrics[f"validation_{metric}"] = evaluation.evaluate(model, *splits.valid)[metric]
    metrics |= {"trials": len(found), "stopped_trials": sum(not optuna_search.is_whole(trial) for trial in found)}
    metrics |= {"search_epochs": optuna_search.epochs_spent(found), "winner": winner.params}
    metrics["training_seconds"] = sum(history.seconds for history in histories)
    metrics["training_seconds"] += sum(trial.user_attrs["seconds"] for trial in found)
    if run_dir:
        title = pictures.title(__file__, metrics, row=recipe_list.row_of(Path(__file__).stem, {"data": data}))
        kind = "numbers" if splits.train.x.ndim == 2 else "sequence"
        input_description.save_input(run_dir, kind, splits, is_series=False, exact=True)
        if splits.info.num_classes:
            pictures.save_classifier_figures(run_dir, title, histories[0], metrics, splits.info.class_names)
        else:
            search_pictures.save_regression_figures(run_dir, title, model, default, splits, histories[0])
        search_pictures.save_search_figures(run_dir, title, {"TPE with pruning": found, "random search": at_random})
    return metrics


if __name__ == "__main__":
    command_line.run(main)
