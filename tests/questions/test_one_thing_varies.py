"""The rows of an experiment differ in one thing: what a training of each row is given."""

import numpy as np
import pytest

from questions import _network, _retraining
from questions.batch_normalisation import experiment as batch_normalisation
from questions.dropout import experiment as dropout
from questions.lstm import experiment as lstm
from questions.self_supervision import experiment as self_supervision
from questions.stochastic_descent import experiment as stochastic_descent


@pytest.mark.thorough
def test_networks_start_pretrained_or_not_and_see_changed_images_or_not(monkeypatch):
    """In the choice of their learning rates as in the measurement."""
    given = []

    def hits(x, y, examples, rate, seed, is_quick, start=None):
        given.append((start is not None, x.shape, float(x.sum()), rate))
        return np.ones(len(examples.y), bool)

    monkeypatch.setattr(self_supervision, "network_hits", hits)
    quick = self_supervision.EXPERIMENT.quick
    self_supervision.choose(**quick)
    of_choice, seeds = given[:], len(given) // 4
    given.clear()
    best = {row: number for number, row in enumerate(self_supervision.NETWORKS)} | {"probe": 0.001}
    self_supervision.measure(0, best, **quick, rows=tuple(self_supervision.NETWORKS))
    for tuned, changes, tuned_plain, plain in (given, of_choice[::seeds]):
        assert [row[0] for row in (tuned, changes, tuned_plain, plain)] == [True, False, True, False]
        assert tuned[1:3] == changes[1:3] != tuned_plain[1:3] == plain[1:3]
    assert [row[3] for row in given] == [0, 1, 2, 3]


def test_dropout_with_other_numbers_of_examples_has_as_many_steps_and_the_loss_is_that_of_the_large_network():
    steps = {name: place.epochs * place.examples for name, place in dropout.PLACES.items() if "amount" in name}
    assert {*steps.values()} == {dropout.PLACES["large"].epochs * dropout.EXAMPLES}
    assert [int(name.removeprefix("amount, ")) for name in steps] == [dropout.PLACES[name].examples for name in steps]
    assert dropout.PLACES["loss"] == dropout.PLACES["large"]


def test_dropout_is_scored_by_the_loss_or_by_the_accuracy_after_training_on_so_many_examples(monkeypatch):
    given = []

    class Model:
        def __call__(self, x):
            return np.eye(10)[np.zeros(len(x), int)]

        def predict(self, x, **options):
            return self(x)

    def train(x, y, **options):
        given.append(len(y))
        return Model()

    monkeypatch.setattr(_retraining, "trainer", lambda *row, **options: train)
    best = dict.fromkeys(dropout.keys(dropout.PLACES), 0.001)
    scores = dropout.measure(0, best)
    assert given.count(100 * dropout.EXAMPLES) == len(given) - 4  # But for the short training.
    is_first = dropout._retraining.loaded("mnist1d", 1000, 0).test.y == 0
    right, wrong = np.log(np.e + 9) - 1, np.log(np.e + 9)
    np.testing.assert_allclose(scores["loss"]["0.5"], np.where(is_first, right, wrong))
    for found in (scores["large"]["0.5"], *scores["amount"]["0.5"].values()):
        assert (found == is_first).all()
    assert sorted(scores["amount"]["0"], key=int) == ["100", "1000", "2500"]
    choice = dropout.choose(learning_rates=(0.01,))
    assert all((tries.keys() == {"0.001"}) == key.endswith("loss") for key, tries in choice.items())
    assert all((number < 0) == key.endswith("loss") for key, tries in choice.items() for number in tries.values())


def test_batch_normalisation_is_compared_under_plain_gradient_descent_or_under_adam(monkeypatch):
    given = []
    monkeypatch.setattr(_retraining, "hits_after", lambda *args, **options: None)
    trainer = lambda network, row, optimizer, **options: given.append((row, optimizer))  # noqa: E731
    monkeypatch.setattr(_retraining, "trainer", trainer)
    for row in (*batch_normalisation.ROWS, *batch_normalisation.ADAM):
        batch_normalisation.hits(row, 0.1, 0, "valid", limit=20)
    pairs = [(row, "sgd") for row in batch_normalisation.ROWS]
    assert given == [*pairs, ("he_eight", "adam"), ("normalised_eight", "adam")]


@pytest.mark.thorough
def test_the_sum_has_no_state_and_each_network_of_the_adding_problem_has_as_many_weights():
    x, _ = lstm.adding(5, 10, np.random.default_rng(0))
    models = {row: lstm.network(row, 10) for row in lstm.ROWS}
    assert all(1200 <= model.count_params() <= 1240 for model in models.values())
    changes = {
        row: np.abs(model.predict(x, verbose=0) - model.predict(x[:, ::-1], verbose=0)).max()
        for row, model in models.items()
    }
    assert changes.pop("sum") < 1e-4 < min(changes.values())


def test_only_the_ways_to_the_minimum_of_question_6_differ(monkeypatch):
    monkeypatch.setattr(
        _network, "linear_losses", lambda *given, **ways: (given[5], {key for key in ways if ways[key]})
    )
    found = {
        row: stochastic_descent.linear_losses(row, 0.1, 0, ((), range(100)), (1,)) for row in stochastic_descent.RATES
    }
    never = float("inf")
    assert found["averaged"] == (never, {"is_averaged"}) and found["to_zero"] == (never, {"falls_to_zero"})
    assert found["fast"] == found["slow"] == (never, set()) and found["falling"] == (10, set())
