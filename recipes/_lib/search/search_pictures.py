"""Pictures of a search and its winner: the best score, the importance of the parameters, a line for each trial."""

import warnings
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib import pyplot

from dlguide import data, plots
from recipes._lib import drawing, pictures
from recipes._lib.search import optuna_search
from recipes._lib.search.optuna_search import optuna

PARAMETERS = ["builder", "optimizer", "learning_rate", "batch_size"]
"""The parameters that every trial has."""
NAMES = ("training epochs spent", "validation error (%)", "lowest validation error over the epochs spent")
OF_LOSSES = ("training epochs spent", "validation loss", "lowest validation loss over the epochs spent")


def search_figures(searches: dict[str, list]) -> dict:
    """Return the pictures of searches by validation loss; Optuna draws those of the first one's parameters."""
    lines, trials = {name: [trials] for name, trials in searches.items()}, next(iter(searches.values()))
    draw, figures = optuna.visualization.matplotlib, {}
    figures["best_score"] = lambda: best_score_figure(lines, OF_LOSSES, lambda score: -score)
    figures["parallel_coordinates"] = lambda: _by_optuna(draw.plot_parallel_coordinate, trials)
    if len({trial.value for trial in trials if optuna_search.is_whole(trial)}) > 1:
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
        figures["importances"] = lambda: _by_optuna(draw.plot_param_importances, trials, evaluator)
    return figures


def _by_optuna(draw: Callable, trials: list, *more):
    """Return a figure that Optuna draws of the trials' parameters. It opens no window."""
    study = optuna.create_study(direction="maximize")
    study.add_trials([_with_log_score(trial) for trial in trials])
    backend, others = pyplot.get_backend(), pyplot.get_fignums()
    pyplot.switch_backend("Agg")
    try:
        with pyplot.rc_context({"figure.constrained_layout.use": True}), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Optuna's functions are experimental; one value alone has no axis.
            return draw(study, *more, params=PARAMETERS, target_name="-log₁₀ of the validation loss").figure
    finally:
        for number in set(pyplot.get_fignums()) - set(others):
            pyplot.close(number)
        pyplot.switch_backend(backend)


def regression_figures(model, default, splits: data.Splits, history) -> dict:
    """Return the pictures of the learning curves, and of predictions against the truth in its own unit."""

    def prediction():
        predicted, baseline = (each.predict(splits.test.x, verbose=0) for each in (model, default))
        numbers = (splits.test.y, predicted, baseline)
        truth, predicted, baseline = (each * splits.info.scale + splits.info.mean for each in numbers)
        options = {"unit": splits.info.target_name, "baseline": baseline, "baseline_name": "default settings"}
        return pictures.prediction_against_truth(truth, predicted, "value", **options)

    names = {"loss": "mean squared error\n(of the scaled target)", "r2_score": "R²"}
    return {"learning_curves": lambda: plots.learning_curves(history, metric_names=names), "prediction": prediction}


def _with_log_score(trial):
    """Return a trial whose score is on a logarithmic scale: one very bad trial would make all others look the same."""
    value = None if trial.value is None else -float(np.log10(-trial.value))
    parameters = {"params": trial.params, "distributions": trial.distributions}
    return optuna.trial.create_trial(state=trial.state, value=value, **parameters)


def best_score_figure(
    searches: dict[str, list[list]], names: Sequence[str] = NAMES, error: Callable = lambda score: 100 * (1 - score)
):
    """Draw the validation error of the best whole trial so far over the epochs spent; `names` are axes and title.

    `searches` maps a name to its searches, each a list of trials; searches of one name have one colour. `error` makes
    the error of a score; by default, of an accuracy in percent.
    """
    with drawing.new_figure(7, 4) as figure:
        axes = figure.subplots()
        for color, (name, group) in enumerate(searches.items()):
            for i, trials in enumerate(group):
                spent = np.cumsum([trial.user_attrs["epochs"] for trial in trials])
                scores = [trial.value if optuna_search.is_whole(trial) else -np.inf for trial in trials]
                style = {"where": "post", "label": None if i else name, "color": f"C{color}", "alpha": 0.8}
                axes.step(spent, error(np.maximum.accumulate(scores)), **style)
        axes.set(xlabel=names[0], ylabel=names[1])
        axes.set_yscale("log", subs=(2, 5))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("{x:g}")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
        figure.suptitle(names[2], fontsize=10)
    return figure
