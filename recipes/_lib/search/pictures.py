"""What a search has tried, in pictures: the best score over the epochs spent, importances, parallel coordinates."""

from types import SimpleNamespace

import numpy as np

from dlguide import plots
from recipes._lib.pictures import run_pictures as pictures
from recipes._lib.search import trials as search

AXES = ("builder", "optimizer", "learning_rate", "batch_size")
"""The parameters that every trial has."""


def save_search_figures(run_dir, title: str, trials: list) -> None:
    """Save the pictures of a search in its run folder."""
    pictures.save_figures(
        run_dir,
        title,
        best_score=best_score_figure({"best whole trial so far": [trials]}, show_trials=True),
        parallel_coordinates=parallel_coordinates(trials),
    )
    importances = parameter_importances(trials)
    if importances:
        number = sum(map(search.is_whole, trials))
        pictures.save_figures(run_dir, title, importances=importances_figure(importances, number))


WORDS = {
    "en": ("training epochs spent", "validation error (%)", "lowest validation error over the epochs spent"),
    "zh": ("已用的训练轮数", "验证误差 (%)", "最低验证误差与已用的训练轮数"),
}


def best_score_figure(searches: dict[str, list[list]], *, language: str = "en", show_trials: bool = False):
    """Draw the validation error of the best whole trial so far over the epochs spent.

    `searches` maps a name to its searches, a list of trials each, which get one colour. With `show_trials`, the trials
    of the one search are shown too, each at the epochs that were spent at its end.
    """
    x_name, y_name, title = WORDS[language]
    with plots.new_figure(7, 4) as figure:
        axes = figure.subplots()
        for color, (name, group) in enumerate(searches.items()):
            for i, trials in enumerate(group):
                spent, best = best_by_epochs(trials)
                errors, style = [100 * (1 - score) for score in best], {"color": f"C{color}", "alpha": 0.8}
                axes.step(spent, errors, where="post", label=None if i else name, **style)
        if show_trials:
            spent = np.cumsum([trial.user_attrs["epochs"] for trial in trials])
            last = np.array([100 * (1 - last_score(trial)) for trial in trials])
            whole = np.array([search.is_whole(trial) for trial in trials])
            axes.plot(spent[whole], last[whole], ".", color="C0", label="whole trial")
            if not whole.all():
                axes.plot(spent[~whole], last[~whole], "x", color="gray", markersize=4, label="trial stopped early")
        axes.set(xlabel=x_name, ylabel=y_name, yscale="log")
        axes.yaxis.set_major_locator(_ticks())
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
        figure.suptitle(title, fontsize=10)
    return figure


def _ticks():
    from matplotlib import ticker

    return ticker.LogLocator(subs=(1, 2, 5))


def best_by_epochs(trials: list) -> tuple[list[int], list[float]]:
    """Return the epochs that were spent when each whole trial ended, and the best validation accuracy up to then."""
    spent, places, best = 0, [], []
    for trial in trials:
        spent += trial.user_attrs["epochs"]
        if search.is_whole(trial):
            places.append(spent)
            best.append(max([trial.value, *best[-1:]]))
    return [*places, spent], [*best, *best[-1:]]


def last_score(trial) -> float:
    """Return the validation accuracy after a trial's last epoch; 0 where its loss was not finite in the first one."""
    return trial.intermediate_values[trial.last_step] if trial.intermediate_values else 0.0


def parameter_importances(trials: list) -> dict[str, float]:
    """Return how much of the variance of the score each parameter explains by itself, by functional ANOVA; sum 1.

    Of the whole trials, and of the parameters that all of them have; nothing where their scores do not differ.
    """
    whole = [trial for trial in trials if search.is_whole(trial)]
    if len({trial.value for trial in whole}) < 2:
        return {}
    study = search.optuna.create_study(direction="maximize")
    study.add_trials(whole)
    evaluator = search.optuna.importance.FanovaImportanceEvaluator(seed=0)
    return search.optuna.importance.get_param_importances(study, evaluator=evaluator, params=list(AXES))


def importances_figure(importances: dict[str, float], number: int):
    """Draw the importance of each parameter, from a number of trials, as a bar."""
    with plots.new_figure(6, 2.4) as figure:
        axes = figure.subplots()
        names = [name.replace("_", " ") for name in importances]
        bars = axes.barh(names, [100 * share for share in importances.values()], color="C0")
        axes.bar_label(bars, fmt="%.0f", padding=3, fontsize=8)
        axes.invert_yaxis()
        axes.margins(x=0.1)
        axes.set_xlabel("share of the explained variance of the validation accuracy (%)")
        axes.grid(axis="x", alpha=0.3)
        figure.suptitle(f"importance of the parameters, functional ANOVA of {number} whole trials", fontsize=10)
    return figure


def parallel_coordinates(trials: list):
    """Draw a line for each trial through its parameters to its validation error; grey where it was stopped early."""
    from matplotlib import colormaps

    errors = [max(100 * (1 - last_score(trial)), 0.1) for trial in trials]  # Zero has no logarithm.
    lowest = 10 ** np.floor(np.log10(min(50, *errors)))
    scales = [*(trials[0].distributions[name] for name in AXES), SimpleNamespace(low=100, high=lowest)]  # Low is good.
    rows = [[*map(trial.params.get, AXES), error] for trial, error in zip(trials, errors, strict=True)]
    heights = np.array([[*map(_height, row, scales)] for row in rows])
    is_choice = [*map(_is_choice, scales)]
    heights += is_choice * np.random.default_rng(0).uniform(-0.02, 0.02, heights.shape)  # Else lines hide each other.
    whole = np.array([search.is_whole(trial) for trial in trials])
    with plots.new_figure(8, 4.2) as figure:
        axes = figure.subplots()
        for i in np.lexsort([heights[:, -1], whole]):  # The best ones last, on top of the others.
            color = colormaps["viridis"](heights[i, -1]) if whole[i] else "lightgray"
            axes.plot(heights[i], color=color, linewidth=1.3)
        box = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1}
        for place, scale in enumerate(scales):
            for mark in _marks(scale):
                text = mark if _is_choice(scale) else f"{mark:g}"
                axes.text(place + 0.03, _height(mark, scale), text, fontsize=8, va="center", bbox=box)
        names = [name.replace("_", " ") for name in AXES]
        axes.set_xticks(range(len(scales)), [*names, "validation\nerror (%)"])
        axes.set(xlim=(-0.05, len(AXES) + 0.3), ylim=(-0.05, 1.05))
        axes.grid(axis="x", color="black")
        axes.tick_params(axis="x", length=0)
        axes.yaxis.set_visible(False)
        axes.spines[:].set_visible(False)
        figure.suptitle("a line for each trial, yellow: low error, grey: stopped early", fontsize=10)
    return figure


def _is_choice(scale) -> bool:
    return hasattr(scale, "choices")


def _height(value, scale) -> float:
    """Return where a value stands on an axis, from 0 to 1: a choice, or a number on a logarithmic scale."""
    if _is_choice(scale):
        return scale.choices.index(value) / (len(scale.choices) - 1)
    low, high = np.log([scale.low, scale.high])
    return (np.log(value) - low) / (high - low)


def _marks(scale) -> list:
    """Return the values that are written at an axis: the choices, or 1, 2 and 5 times the powers of ten."""
    if _is_choice(scale):
        return list(scale.choices)
    low, high = sorted([scale.low, scale.high])
    marks = [float(f"{digit}e{power}") for power in range(-9, 10) for digit in (1, 2, 5)]
    return [mark for mark in marks if low <= mark <= high]
