"""What holds for every experiment: it gives its rows, the test set decides nothing, settings are chosen in their
direction.

An experiment runs with its `quick` options on some rows of the test set; each fit is noted.
"""

import functools
import importlib
import inspect
import json
import math
import re
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from dlguide import data, training
from questions import _digits, _examples, _questions, _retraining, _run, _steps, _tuning

pytestmark = pytest.mark.filterwarnings("ignore:Even though:UserWarning")  # `tf.data` still builds graphs.
ROWS = 60
"""Examples of a test set."""
# Scores that are no means over the test examples: clusters get the names that fit most examples, views are sought in
# batches, and samples are compared with the set as a whole.
OF_THE_WHOLE_SET = {("clustering", "accuracy"), ("self_supervision", "views"), ("vae", "samples"), ("vae", "bound")}
OF_THE_WHOLE_SET |= {("gan", panel) for panel in ("frechet", "precision", "recall")}
each_question = pytest.mark.parametrize("name", _questions.names())


def estimators() -> set[type]:
    """Return the classes of scikit-learn that the experiments can fit."""
    for part in [
        "cluster",
        "decomposition",
        "linear_model",
        "manifold",
        "mixture",
        "neighbors",
        "preprocessing",
        "svm",
    ]:
        importlib.import_module(f"sklearn.{part}")
    from sklearn.base import BaseEstimator

    found, new = set(), {BaseEstimator}
    while new:
        found |= new
        new = {below for one in new for below in one.__subclasses__()} - found
    return {one for one in found if one.__name__ != "NearestNeighbors"}  # It learns nothing: a metric's distances.


def forget():
    """Empty the caches of all experiments: data sets, compiled networks."""
    for name, module in list(sys.modules.items()):
        for function in vars(module).values() if name.startswith("questions.") else ():
            if hasattr(function, "cache_clear"):
                function.cache_clear()


class Spy:
    """What an experiment does: digests of what is fitted, and the direction of each choice."""

    def __init__(self, patch, rows: slice):
        self.fits, self.directions = [], []
        self._load, self._rows = data.load, rows
        patch.setattr(data, "load", self.load)
        patch.setattr(_tuning, "search", self.search)
        # Some trainings get equal times: how many steps these are must not depend on how busy the machine is.
        patch.setattr(_steps, "seconds_a_step", lambda sizes, x, y, steps, rounds: dict.fromkeys(steps, 1e-4))
        best = _tuning.best
        patch.setattr(_tuning, "best", lambda tries, lower=False: self.directions.append(lower) or best(tries, lower))
        self.watch(patch, training, "fit")
        self.watch(patch, _digits, "principal_components")
        for estimator in estimators():
            for method in ("fit", "fit_transform", "fit_predict"):
                if method in vars(estimator):
                    self.watch(patch, estimator, method)

    def watch(self, patch, owner, name: str) -> None:
        function = getattr(owner, name)

        @functools.wraps(function)
        def noted(*args, **options):
            given = inspect.signature(function).bind(*args, **options).arguments
            arrays = keras.tree.flatten([given.get(key) for key in ("x", "X", "y", "validation_data", "images")])
            sums = [float(np.abs(array.astype(float)).sum()) for array in arrays if isinstance(array, np.ndarray)]
            self.fits.append((type(args[0]).__name__, *(f"{total:.6g}" for total in sums)))
            return function(*args, **options)

        patch.setattr(owner, name, noted)

    def load(self, name, **options):
        splits = self._load(name, **options)
        test = data.Part(*(np.ascontiguousarray(array[self._rows]) for array in splits.test))
        return splits._replace(test=test, info=splits.info._replace(test_dates=splits.info.test_dates[self._rows]))

    def search(self, rows, grid, score, seeds=_tuning.SEEDS):
        """Try one setting with one seed for each row."""
        [value, *_] = grid
        return {row: {f"{value:g}": float(score(row, value, seeds[0]))} for row in rows}


def run(name: str, rows: slice, choice: dict | None = None) -> tuple[Spy, dict, dict]:
    """Choose, unless there is a choice, and measure, on some rows of the test set.

    Returns what was done, the choice and the scores.
    """
    experiment = _questions.question(name).experiment
    forget()
    tf.config.run_functions_eagerly(True)  # To predict a few examples takes less than to trace one.
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_retraining, "trainer", functools.partial(_retraining.trainer, run_eagerly=True))
            spy = Spy(patch, rows)
            if experiment.choose and choice is None:
                choice = experiment.choose(**experiment.quick)
            spy.directions.clear()
            given = (choice,) if experiment.choose else ()
            return spy, choice, experiment.measure(0, *given, **experiment.quick)
    finally:
        tf.config.run_functions_eagerly(False)
        forget()


def is_compared(panel) -> bool:
    """Tell whether a score does not depend on how fast the machine is."""
    is_time = panel.score.unit.name in ("seconds", "milliseconds")
    return not is_time and not (panel.curve or "").startswith("time")


def numbers(experiment, scores: dict) -> dict:
    """Return each number, or array of numbers, by its panel, row and place."""
    found = {}
    for key, panel in experiment.panels.items():
        if is_compared(panel):
            for row, value in scores[key].items():
                found |= {(key, row, at): one for at, one in (value.items() if panel.curve else [(None, value)])}
    return found


@pytest.mark.thorough
@each_question
def test_an_experiment_gives_its_rows_and_the_test_set_decides_nothing(name):
    """The choice and all fits are the same with each part of it, and no example's score depends on other examples."""
    experiment = _questions.question(name).experiment
    spy, choice, scores = run(name, slice(ROWS))
    written = _examples.split(experiment, scores)
    _run.check(experiment, written)
    assert json.loads(json.dumps(written)) == written
    assert bool(spy.directions) == bool(experiment.choose), "a choice is taken by `_tuning.best`"
    assert set(spy.directions) <= {experiment.lower_is_chosen}, "`lower` and `lower_is_chosen` differ"
    half_spy, half_choice, half_scores = run(name, slice(ROWS // 2))
    assert flat(choice) == pytest.approx(flat(half_choice), rel=1e-5)
    assert spy.fits == half_spy.fits
    whole, half, means = numbers(experiment, scores), numbers(experiment, half_scores), {}
    for place, value in whole.items():
        if (name, place[0]) in OF_THE_WHOLE_SET:
            continue
        if isinstance(value, np.ndarray):
            kept = len(half[place]) - 1  # The last one may be cut, where an example is a day of several hours.
            np.testing.assert_allclose(value[:kept], half[place][:kept], rtol=1e-4, atol=1e-6, err_msg=str(place))
        elif not math.isclose(value, half[place], rel_tol=1e-5, abs_tol=1e-9):
            means[place] = value  # Of the scores of the test examples, or a leak.
    if means:
        other = numbers(experiment, run(name, slice(ROWS // 2, ROWS), choice=choice)[2])
        for place, value in means.items():
            assert value == pytest.approx((half[place] + other[place]) / 2, rel=1e-4), place


def flat(choice: dict | None) -> dict:
    return {(row, setting): score for row, tries in (choice or {}).items() for setting, score in tries.items()}


@each_question
def test_a_loss_or_an_error_is_chosen_where_it_is_lowest_and_an_accuracy_where_it_is_highest(name):
    """The docstring of `choose` says what it returns; the published numbers must be such."""
    question = _questions.question(name)
    experiment = question.experiment
    if experiment.choose is None:
        assert not experiment.lower_is_chosen
        return
    said = inspect.getdoc(experiment.choose)
    words = "loss|error|steps|miss|distance" if experiment.lower_is_chosen else "accuracy|with a minus"
    assert re.search(rf"\b({words})\b", said), f"`lower_is_chosen` and the docstring of `choose` differ: {said!r}"
    for key, tries in question.results()["choice"].items():
        low, high = (0, math.inf) if experiment.lower_is_chosen else (-math.inf if "with a minus" in said else 0, 1)
        assert all(low <= score <= high for score in tries.values()), key
        chosen = tries[f"{_tuning.best(tries, experiment.lower_is_chosen):g}"]
        assert chosen == (min if experiment.lower_is_chosen else max)(tries.values()), key
