"""What holds for every experiment: it gives its rows, the test set decides nothing but the scores, settings are chosen
in their direction.

An experiment runs with its `quick` options, with all of some examples of the test set, with the first part of them and
with the second one. What does not depend on them must stay: the choice, each fit, each score that is not of the test
set. Each score of the test set must change, and the score of an example may not depend on other examples.
"""

import inspect
import json
import math
import re
from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf

from questions import _examples, _questions, _run, _tuning
from tests.helpers.experiment_watch import SHARE, Watch, forget, watched
from tests.helpers.switches import quick

pytestmark = pytest.mark.filterwarnings("ignore:Even though:UserWarning")  # `tf.data` still builds graphs.
NOT_OF_THE_TEST_SET = {
    "activations": {"gradient": "sizes of gradients at the first weights"},
    "adam": dict.fromkeys(("words", "rare"), "training loss"),
    "autoencoder": {"angle": "between two linear spaces that the training set fixes"},
    "back_propagation": {"error": "derivatives on training examples", "training": "training loss"},
    "batch_descent": {"linear": "training loss"},
    "gan": {"sure": "of drawn digits"} | dict.fromkeys(("modes", "near"), "the distribution of the points is known"),
    "gradient_descent": {"loss": "training loss", "quadratic": "no examples", "least_squares": "training loss"},
    "input_scaling": {"descent": "training error", "condition": "no examples are scored"},
    "initial_weights": dict.fromkeys(("signal", "gradient"), "sizes before the training, on training examples"),
    "leakage": {
        "best": "new examples are drawn from the training set",
        "series: trees_random": "weeks of the training set",
    }
    | dict.fromkeys(("gap: noise_leak", "gap: noise_safe"), "drawn examples")
    | dict.fromkeys(("series: trees_later", "series: line_random", "series: line_later"), "weeks of the training set"),
    "linear_model": {"slope": "standard errors of a training set", "steps": "training error"},
    "loss_functions": {"noise": "the true slope is known"},
    "lstm": {"steps": "errors on sequences before they are learned", "influence": "a derivative"},
    "momentum": {"network": "training loss", "steps": "no examples", "growth": "no examples"},
    "multilayer": {"xor": "there are four cases, and all are learned", "zigzag": "the true curve is known"},
    "network_size": {"features: train": "training accuracy"},
    "polynomial": {"tradeoff": "the true curve is known"},
    "recurrence": {"parity": "drawn sequences"},
    "regularisation": {"curves: train": "training loss"},
    "residual_connections": {"training": "accuracy on the training set"}
    | dict.fromkeys(("signal", "gradient", "likeness"), "measured before the training, on training examples"),
    "rising_validation_loss": {"losses: train": "training loss"},
    "self_attention": dict.fromkeys(("accuracy", "by_distance", "attention"), "drawn sequences"),
    "stochastic_descent": dict.fromkeys(("steps", "examples", "falling"), "training loss"),
    "transformer": {"steps": "drawn sequences"},
    "validation_below_training": dict.fromkeys(
        [f"losses: {row}" for row in ("reported", "frozen", "no_dropout", "evaluated")]
        + [f"parts: {row}" for row in ("average", "dropout", "shift")],
        "training loss",
    ),
}
"""Question to its panels, or rows of one, with scores that need no test set of `data.load`, and why."""
OF_THE_WHOLE_SET = {
    "leakage": ("miss",),
    "rare_classes": ("ranking", "amount"),
    "rising_validation_loss": ("parts", "calibration"),
    "self_supervision": ("views",),
    "uncertainty": ("spread", "best", "number", "difference", "width", "average"),
    "vae": ("bound: bound", "bound: tighter"),
    "validation_below_training": ("chance",),
}
"""Question to its panels, or rows of one, whose scores are no means over the test examples: those of the wrong ones or
of bins are means over some of them, views are sought in batches, a VAE draws random numbers, and validation sets are
drawn from the test set; a spread, shares of draws, the size of a difference and an average precision are no means."""
SHARES_OF_DRAWS = {"uncertainty": ("number", "difference", "width", "average")}
"""Question to its panels of curves whose numbers are counted, so that two of them can be equal by chance."""
SCORE_TRAINING_EXAMPLES = {
    "adam": "the training loss is the question",
    "clustering": "their codes are clustered",
    "few_examples": "a linear layer is fitted to their features",
    "regularisation": "the training loss is shown beside the test loss",
    "self_supervision": "a linear layer is fitted to their features",
    "transfer_learning": "a linear layer is fitted to their features",
    "vae": "a mixture is fitted to their codes",
    "validation_below_training": "the training loss is the question",
}
"""Question to why its networks predict examples that they were trained on."""
DRAWN = ("recurrence", "self_attention", "transformer")
"""Questions with drawn test examples."""
DRAWN_ONCE = ("lstm", "self_attention", "transformer")
"""Questions whose trainings have new examples in each step."""
SLOW = ("activations", "adam", "batch_normalisation", "dropout", "few_examples", "initial_weights", "input_scaling")
SLOW += ("leakage", "multilayer", "rare_classes", "recurrence", "self_supervision", "transfer_learning")
SLOW += ("validation_below_training",)
"""Their experiments take more than 15 seconds here: `DLGUIDE_TESTS=20` runs them, before something is published."""


@pytest.fixture
def eagerly():
    """For time: to predict a few examples takes less than to trace one. No model that was made so is left."""
    forget()
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
    forget()


class Run(NamedTuple):
    """An experiment with a part of the test set."""

    choice: dict | None
    scores: dict
    chosen: Watch
    measured: Watch

    def numbers(self, experiment) -> dict:
        """Return each number, or array of numbers, by panel, row and place; none that the machine decides."""
        found = {}
        for key, panel in experiment.panels.items():
            of_machine = panel.score.unit.name in ("seconds", "milliseconds", "megabytes")
            for row, value in self.scores[key].items() if not of_machine else ():
                found |= {(key, row, at): one for at, one in (value.items() if panel.x_axis else [(None, value)])}
        return found


def run(experiment, part: str, choice: dict | None = None) -> Run:
    """Choose, without a choice, and measure."""
    with watched(part) as chosen:
        if experiment.choose:
            choice = choice or experiment.choose(**experiment.quick)
    best = (_tuning.all_best(choice, experiment.lower_is_chosen),) if experiment.choose else ()
    with watched(part) as measured:
        return Run(choice, experiment.measure(0, *best, **experiment.quick), chosen, measured)


@pytest.mark.thorough
@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("name", quick(_questions.names(), *({*_questions.names()} - {*SLOW}), seconds=20))
def test_an_experiment_gives_its_rows_and_the_test_set_decides_nothing(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    experiment = _questions.question(name).experiment
    listed = {*NOT_OF_THE_TEST_SET.get(name, ()), *OF_THE_WHOLE_SET.get(name, ())}
    assert {key.partition(":")[0] for key in listed} <= {*experiment.panels}
    first, second = (run(experiment, part) for part in ("first", "second"))
    whole = run(experiment, "all", first.choice)
    written = _examples.split(experiment, whole.scores)
    _run.check(experiment, written)
    assert json.loads(json.dumps(written)) == written and not [*tmp_path.iterdir()]

    for row, tries in (first.choice or {}).items():
        assert second.choice[row] == pytest.approx(tries, rel=1e-5), f"the test set decides the choice of {row}"
    assert first.chosen.fits == second.chosen.fits and whole.measured.fits == first.measured.fits
    assert first.measured.fits == second.measured.fits, "the test set is fitted"
    all_numbers = [each.numbers(experiment) for each in (whole, first, second)]
    for place in all_numbers[0]:
        if place[0] not in SHARES_OF_DRAWS.get(name, ()):
            check_score(name, place, *(numbers[place] for numbers in all_numbers))
    for panel in SHARES_OF_DRAWS.get(name, ()):
        assert first.scores[panel] != second.scores[panel], f"{panel}: the scores are not of test examples"
    check_examples(name, first.chosen, whole.measured)


def check_score(name: str, place: tuple, whole, first, second) -> None:
    """Compare a score on all of some test examples, on the first part of them and on the second one."""
    panel, row, _ = place
    if {panel, f"{panel}: {row}"} & {*NOT_OF_THE_TEST_SET.get(name, ())}:
        for other in (first, second):
            np.testing.assert_allclose(other, whole, 1e-5, 1e-9, err_msg=f"{place}: the score has test examples")
        return
    if not isinstance(whole, np.ndarray):
        assert first != second, f"{place}: the score is not of test examples"
        if not {panel, f"{panel}: {row}"} & {*OF_THE_WHOLE_SET.get(name, ())}:
            mean = SHARE * first + (1 - SHARE) * second
            assert whole == pytest.approx(mean, rel=1e-4), f"{place}: an example's score depends on others"
        return
    count = min(len(first), len(second)) - 1  # The last one may be cut, where an example is a day of several hours.
    assert (first[:count] != second[:count]).any(), f"{place}: the scores are not of test examples"
    np.testing.assert_allclose(whole[:count], first[:count], 1e-4, 1e-6, err_msg=f"{place}: examples depend on others")


def check_examples(name: str, chosen: Watch, measured: Watch) -> None:
    """Compare the examples that networks predict with those that they were trained on, and those of the choice."""
    trained = {example for examples in measured.trained for example in examples}
    used = {example for examples in chosen.scored for example in examples}
    assert name not in DRAWN or any(measured.scored), "nothing is scored"
    for examples in filter(are_different, measured.scored):
        assert share(examples, used) < 0.5, "examples of the choice are scored"
        assert name in SCORE_TRAINING_EXAMPLES or share(examples, trained) < 0.5, "training examples are scored"
    if name in DRAWN_ONCE:
        assert {*measured.epochs} == {1} and all(map(are_different, measured.trained)), "examples come up again"


def are_different(examples: list[int]) -> bool:
    """Return whether examples are drawn from so many that hardly one is drawn twice."""
    return len({*examples}) > 0.9 * len(examples)


def share(examples: list[int], others: set[int]) -> float:
    """Return the share of examples that others have."""
    return np.mean([example in others for example in examples])


@pytest.mark.parametrize("name", _questions.names())
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
