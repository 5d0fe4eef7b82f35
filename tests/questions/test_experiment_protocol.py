"""What holds for every experiment: it gives its rows, the test set decides nothing, settings are chosen in their
direction.

An experiment runs with its `quick` options on some rows of the test set; each fit is noted.
"""

import contextlib
import inspect
import json
import math
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn import cluster, linear_model, mixture, preprocessing

from dlguide import data, training
from questions import _examples, _questions, _run, _tuning

pytestmark = pytest.mark.filterwarnings("ignore:Even though:UserWarning")  # `tf.data` still builds graphs.
ROWS = 60
"""Examples of a test set."""
ESTIMATORS = (cluster.KMeans, mixture.GaussianMixture, linear_model.LinearRegression, linear_model.LogisticRegression)
ESTIMATORS += (preprocessing.StandardScaler, preprocessing.PolynomialFeatures)
# Scores that are no means over the test examples: clusters get the names that fit most examples, views are sought in
# batches, and samples are compared with the set as a whole.
OF_THE_WHOLE_SET = {("clustering", "accuracy"), ("self_supervision", "views"), ("vae", "samples"), ("vae", "bound")}
OF_THE_WHOLE_SET |= {("gan", panel) for panel in ("frechet", "precision", "recall")}
each_question = pytest.mark.parametrize("name", _questions.names())


@contextlib.contextmanager
def watched(rows: slice):
    """Give the list of what is fitted, where data sets have some rows of their test set."""
    load, fits = data.load, []

    def load_rows(name, **options):
        splits = load(name, **options)
        test = data.Part(*(np.ascontiguousarray(array[rows]) for array in splits.test))
        return splits._replace(test=test, info=splits.info._replace(test_dates=splits.info.test_dates[rows]))

    def noted(function):
        def fit(owner, x, *more, **options):
            contents = keras.tree.flatten([x, more, options.get("y"), options.get("validation_data")])
            arrays = [content.astype(float) for content in contents if isinstance(content, np.ndarray)]
            fits.append([f"{np.abs(array).sum():.6g}" for array in arrays])
            return function(owner, x, *more, **options)

        return fit

    forget()
    tf.config.run_functions_eagerly(True)  # To predict a few examples takes less than to trace one.
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(data, "load", load_rows)
            for owner in (training, *ESTIMATORS):
                patch.setattr(owner, "fit", noted(owner.fit))
            yield fits
    finally:
        tf.config.run_functions_eagerly(False)
        forget()


def forget():
    """Empty the caches of all experiments: data sets, compiled networks."""
    for name in _questions.names():
        module = inspect.getmodule(_questions.question(name).experiment.measure)
        for imported in (module, *filter(inspect.ismodule, vars(module).values())):
            for function in vars(imported).values() if imported.__name__.startswith("questions.") else ():
                if hasattr(function, "cache_clear"):
                    function.cache_clear()


def numbers(experiment, scores: dict) -> dict:
    """Return each number, or array of numbers, by its panel, row and place; no seconds, which the machine decides."""
    found = {}
    for key, panel in experiment.panels.items():
        is_time = panel.score.unit.name in ("seconds", "milliseconds") or (panel.x_axis or "").startswith("time")
        for row, value in scores[key].items() if not is_time else ():
            found |= {(key, row, at): one for at, one in (value.items() if panel.x_axis else [(None, value)])}
    return found


@pytest.mark.thorough
@each_question
def test_an_experiment_gives_its_rows_and_the_test_set_decides_nothing(name):
    """The choice and all fits are the same with each part of it, and no example's score depends on other examples."""
    experiment = _questions.question(name).experiment

    def run(rows: slice, choice=None):
        with watched(rows) as fits:
            if experiment.choose:
                choice = choice or experiment.choose(**experiment.quick)
                best = (_tuning.all_best(choice, experiment.lower_is_chosen),)
            return fits, choice, experiment.measure(0, *(best if experiment.choose else ()), **experiment.quick)

    (fits, choice, scores), (half_fits, half_choice, half_scores) = run(slice(ROWS)), run(slice(ROWS // 2))
    assert fits == half_fits
    for row, tries in (choice or {}).items():
        assert tries == pytest.approx(half_choice[row], rel=1e-5)
    written = _examples.split(experiment, scores)
    _run.check(experiment, written)
    assert json.loads(json.dumps(written)) == written
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
        other = numbers(experiment, run(slice(ROWS // 2, ROWS), choice)[2])
        for place, value in means.items():
            assert value == pytest.approx((half[place] + other[place]) / 2, rel=1e-4), place


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
