"""Search for the network, the optimizer and their parameters by validation loss: automated machine learning.

    python -m recipes.automl                                    # the result in the README
    python -m recipes.automl --trials 3 --epochs 2 --limit 500  # a quick look

Data: Bikeshare, 57 features of an hour, to predict how many bicycles are hired in it (Fanaee-T & Gama, 2014).
Baseline: the builders and Adam with their defaults, 15 epochs; the model with the lowest validation loss.

`--data auto_mpg` is a table of 236 cars, to predict miles per gallon; `--data vowels` has 216 utterances of nine
speakers. The search may spend 300 epochs, 15 on each whole trial. Gradient boosting is better on none of them.

These models read the test set, once each: the winner, trained again with a seed that no trial had; the baseline; the
winner of a random search of as many epochs; scikit-learn's gradient boosting, its rounds chosen by validation.

With more epochs the defaults come nearer. Mean accuracy on four validation sets of `vowels`, in percent:

    epochs                  15     25     40
    defaults of `mlp`       91.7   93.1   94.9
    defaults of `cnn`       74.5   96.3   96.8

Two series were left out, since a search has nothing to gain there. CO₂ of the next week: on the validation set R² was
0.977 with a search, 0.980 with the defaults. MNIST-1D: with its defaults `cnn` is right for 98.2 % of that set.

A search that is killed and started again ends with the same trials, bit for bit (parameters, validation losses,
early stops), so with the same winner and the same model.

Thirty trials in one process, with `clear_session` and garbage collection after each, raised its memory from 758 to
1,092 MB, by 11 MB per trial; so there is a new process after every ten trials.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import keras
import numpy as np

from dlguide import cnn, data, evaluation, mlp, perceptron, plots, training
from recipes._lib import baselines, pictures
from recipes._lib.inputs import input_description
from recipes._lib.runs import command_line, recipe_list
from recipes._lib.search import optuna_search, search_pictures


def builders(splits: data.Splits) -> dict:
    """Return the builders that are tried, by name; the columns of a table have no order for a CNN."""
    is_table = splits.train.x.ndim == 2
    return {"perceptron": perceptron, "mlp": mlp} | ({} if is_table else {"cnn": cnn})


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
            layers = trial.suggest_int("cnn_layers", 2, 4)
            filters = trial.suggest_int("cnn_filters", 8, 32, log=True)
            filters = [filters * 2**i for i in range(layers)]  # Each layer has twice as many as the one before.
            kernel_size = trial.suggest_int("cnn_kernel_size", 3, 9, step=2)
            dropout = trial.suggest_float("cnn_dropout", 0, 0.5)
            model = cnn(shape, outputs, filters=filters, kernel_size=kernel_size, dropout=dropout)

    batch_size = trial.suggest_categorical("batch_size", (25, 50, 100, 200))
    learning_rate = trial.suggest_float("learning_rate", 1e-3, 1e-1, log=True)
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

    return compiled(model, optimizer), batch_size


def compiled(model: keras.Model, optimizer="adam") -> keras.Model:
    """Compile a model for classes, or for a number if it has one output."""
    if model.output_shape[-1] == 1:
        model.compile(optimizer, "mse", metrics=["r2_score"])
    else:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer, loss, metrics=["accuracy"])
    return model


def load(name: str, limit: int | None = None, seed: int = 0) -> tuple[data.Splits, Callable]:
    """Return a data set, and the function that does to its test set what was done to the other two.

    By the training set, the features of a table get the range [0, 1], and the numbers to predict mean 0 and standard
    deviation 1.
    """
    splits = data.load(name, limit=limit, seed=seed)
    if splits.info.num_classes:
        return splits, lambda part: part
    x, y = splits.train
    lowest, width = x.min(axis=0), np.ptp(x, axis=0)
    width[width == 0] = 1
    mean, scale = float(y.mean()), float(y.std())

    def scaled(part: data.Part) -> data.Part:
        return data.Part((part.x - lowest) / width, ((part.y - mean) / scale)[:, None])

    features = {"feature_mean": tuple(lowest.tolist()), "feature_scale": tuple(width.tolist())}
    info = splits.info._replace(mean=mean, scale=scale, **features)
    return splits._replace(train=scaled(splits.train), valid=scaled(splits.valid), info=info), scaled


def trained_model(parameters: dict, splits: data.Splits, *, epochs: int, seed: int, run_dir: str | None = None):
    """Return the model of given parameters, trained from new weights, and its history."""
    keras.utils.set_random_seed(seed)
    model, batch_size = candidate(optuna_search.optuna.trial.FixedTrial(parameters), splits, epochs)
    history = training.fit(
        model,
        *splits.train,
        validation_data=splits.valid,
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        run_dir=run_dir,
    )
    return model, history


def default_model(splits: data.Splits, epochs: int, seed: int) -> keras.Model:
    """Return the baseline: each builder as it is, trained by Adam as it is; the best by validation loss."""
    trained = []
    for build in builders(splits).values():
        keras.utils.set_random_seed(seed)
        model = compiled(build(splits.train.x.shape[1:], splits.info.num_classes or 1))
        history = training.fit(model, *splits.train, validation_data=splits.valid, epochs=epochs, seed=seed)
        trained.append((history.history["val_loss"][-1], model))
    return min(trained, key=lambda pair: pair[0])[1]


def main(
    *,
    data: Literal["bikeshare", "auto_mpg", "vowels"] = "bikeshare",
    trials: int = 20,
    epochs: int = 15,
    seed: int = 0,
    limit: int | None = None,
    run_dir: str | None = None,
) -> dict:
    """Search, train the winner with a new seed, then return its metrics on the test set and those of its rivals."""
    splits, scaled = load(data, limit, seed)
    metric = "accuracy" if splits.info.num_classes else "r2_score"

    # Folders within that of the winner's training: each is a run of its own.
    folders = [Path(run_dir) / name if run_dir else None for name in ("search", "random_search")]
    search = optuna_search.Search(candidate, splits, "tpe", epochs, seed, metric="loss")
    found = optuna_search.run(search, trials, folders[0])
    winner = optuna_search.best_trial(found)
    print(f"winner: {winner.params}", flush=True)

    model, history = trained_model(winner.params, splits, epochs=epochs, seed=seed, run_dir=run_dir)
    model.summary()

    print("random search", flush=True)
    begun = found[: optuna_search.STARTING_TRIALS]
    at_random = optuna_search.run(search._replace(method="random"), trials, folders[1], begun)
    random_model, _ = trained_model(optuna_search.best_trial(at_random).params, splits, epochs=epochs, seed=seed)
    default = default_model(splits, epochs, seed)

    splits = splits._replace(test=scaled(splits.test))
    metrics = evaluation.evaluate(model, *splits.test, class_names=splits.info.class_names)
    metrics[f"baseline_{metric}"] = evaluation.evaluate(default, *splits.test)[metric]
    metrics[f"random_{metric}"] = evaluation.evaluate(random_model, *splits.test)[metric]
    metrics[f"boosting_{metric}"] = baselines.boosting_score(splits, seed)
    metrics[f"validation_{metric}"] = evaluation.evaluate(model, *splits.valid)[metric]
    metrics |= {"trials": len(found), "stopped_trials": sum(not optuna_search.is_whole(trial) for trial in found)}
    metrics |= {"search_epochs": optuna_search.epochs_spent(found), "winner": winner.params}
    metrics["training_seconds"] = history.seconds + sum(trial.user_attrs["seconds"] for trial in found)
    if run_dir:
        row = recipe_list.recipe(recipe_list.row_of(Path(__file__).stem, {"data": data}))
        title = pictures.title(__file__, metrics, row.data)
        kind = "numbers" if splits.train.x.ndim == 2 else "sequence"
        # A shorter utterance is padded, as in training.
        input_description.save_input(run_dir, kind, splits, is_series=False, exact=kind == "numbers")
        if splits.info.num_classes:
            pictures.save_classifier_figures(run_dir, title, history, metrics, splits.info.class_names)
        else:
            save_regression_figures(run_dir, title, model, default, splits, history)
        search_pictures.save_search_figures(run_dir, title, {"TPE with pruning": found, "random search": at_random})
    return metrics


def save_regression_figures(run_dir, title: str, model, default, splits: data.Splits, history) -> None:
    """Save the learning curves, and the predictions against the truth in its own unit."""
    predicted, baseline = (each.predict(splits.test.x, verbose=0) for each in (model, default))
    truth, predicted, baseline = (
        each * splits.info.scale + splits.info.mean for each in (splits.test.y, predicted, baseline)
    )
    names = {"loss": "mean squared error\n(of the scaled target)", "r2_score": "R²"}
    pictures.save_figures(
        run_dir,
        title,
        learning_curves=plots.learning_curves(history, metric_names=names),
        prediction=pictures.prediction_against_truth(
            truth, predicted, "value", unit=splits.info.target_name, baseline=baseline, baseline_name="default settings"
        ),
    )


if __name__ == "__main__":
    command_line.run(main)
