"""Each limit of a check at 0.9 and 1.1 of its value, the order of causes, and numbers that no report shows."""

import dataclasses
import itertools
import types

import keras
import numpy as np
import pytest

from dlguide.diagnosis import _check, _data_checks, _layer_checks, _repairs, _trainings, check
from dlguide.diagnosis._notes import notes_of
from dlguide.diagnosis._report import Suspicion
from dlguide.diagnosis._trainings import Outcome, Trainings
from tests.helpers.diagnosis_programs import BINARY, NUMBERS, L, X, dense, hidden, program, seen, suspicions

pytestmark = pytest.mark.one_backend
ADAM, SGD = keras.optimizers.Adam, keras.optimizers.SGD
MANY, SIGNS = np.tile(X, (5, 1)), np.where(np.arange(400) % 2, 1.0, -1.0)
USUAL = (NUMBERS - NUMBERS.mean()) / NUMBERS.std()


def of_numbers(*layers, x=X, y=NUMBERS, optimizer="adam", **options):
    return program([*layers, dense()], "mse", x, y, optimizer, **options)


def of_two(rare: float):
    return program([dense(1, "sigmoid")], "bce", y=(np.arange(400) < rare).astype(int))


def in_blocks(share: float):
    """Classes that change from one example to the next in a share of what is usual in random order."""
    return program([dense(1, "sigmoid")], "bce", y=np.arange(400) // (400 / (200 * share)) % 2, shuffle=False)


def leaking(share: float):
    held = np.where(np.arange(400)[:, None] < 400 * share + 1, X, -X)
    return program([dense(1, "sigmoid")], "bce", y=BINARY, validation_data=(held, BINARY))


def with_weights(size: float):
    made = of_numbers(hidden())
    made[0].layers[0].set_weights([np.resize([1, -1], (4, 8)) * size * (2 / 12) ** 0.5, np.zeros(8)])
    return made


# The check, a program of a number, its limit, and whether more of it is suspected.
LIMITS = {
    "large batches, few examples": (_data_checks.check_batch, lambda n: of_numbers(batch_size=round(n)), 64, True),
    "large batches": (_data_checks.check_batch, lambda n: of_numbers(x=MANY, y=np.tile(NUMBERS, 5),
                                                                     batch_size=round(n)), 1500 / 8, True),
    "small batches": (_data_checks.check_batch, lambda n: of_numbers(batch_size=round(n)), 2.5, False),
    "with normalisation": (_data_checks.check_batch, lambda n: of_numbers(L.BatchNormalization(),
                                                                          batch_size=round(n)), 4.5, False),
    "large inputs": (_data_checks.check_inputs, lambda n: of_numbers(x=n * SIGNS[:, None]), 20, True),
    "small inputs": (_data_checks.check_inputs, lambda n: of_numbers(x=n * X / X[:300].std(0).max()), 1e-3, False),
    "targets far from 0": (_data_checks.check_targets, lambda n: of_numbers(y=USUAL + n), 10, True),
    "wide targets": (_data_checks.check_targets, lambda n: of_numbers(y=n * USUAL), 10, True),
    "narrow targets": (_data_checks.check_targets, lambda n: of_numbers(y=n * USUAL), 0.05, False),
    "sorted": (_data_checks.check_order, in_blocks, 0.1, False),
    "leakage": (_data_checks.check_leakage, leaking, 0.2, True),
    "dropout": (_layer_checks.check_dropout, lambda n: of_numbers(L.Dropout(n)), 0.7, True),
    "large weights": (_layer_checks.check_weights, with_weights, 8, True),
    "small weights": (_layer_checks.check_weights, with_weights, 1 / 30, False),
    "penalty": (_layer_checks.check_penalty, lambda n: of_numbers(
        hidden(kernel_initializer="ones", kernel_regularizer=keras.regularizers.L2(n / 32))), 0.3, True),
    "rare class": (lambda it: [key for key, _ in notes_of(dataclasses.replace(it, base=Outcome(1.0)))], of_two, 40,
                   False),
}  # fmt: skip


@pytest.mark.parametrize("name", LIMITS)
def test_nothing_is_suspected_on_one_side_of_a_limit_and_something_on_the_other(name):
    look, made, limit, is_above = LIMITS[name]
    below, above = (bool(list(look(seen(made(factor * limit))))) for factor in (0.9, 1.1))
    assert (below, above) == (not is_above, is_above)


@pytest.mark.parametrize(
    ("rate", "epochs", "first"), [(0.011, 9, "epochs"), (0.009, 9, "rate_low"), (0.011, 11, "rate_low")]
)
def test_few_epochs_at_the_usual_rate_are_the_cause_before_the_rate(rate, epochs, first):
    as_seen = seen(of_numbers(optimizer=SGD(rate), epochs=epochs))
    keys = [each.key for each in suspicions(as_seen, [_data_checks.check_steps])]
    assert keys[0] == first and set(keys) == {"epochs", "rate_low"}


def test_the_number_of_epochs_is_not_judged_where_none_is_given_and_a_right_program_has_no_finding():
    made = program([hidden(), dense(1, "sigmoid")], "bce", y=BINARY)
    as_seen = seen(made)
    assert {each.key for each in suspicions(as_seen, [_data_checks.check_steps])} == {"rate_low"}
    assert as_seen.epochs == 154 and as_seen.steps == 154 * 13  # The first that are 2,000 steps.
    assert check(*made[:3]).findings == []


def test_large_inputs_are_the_cause_before_the_learning_rate_that_they_make_too_high():
    model, x, y, _ = of_numbers(x=30 * X, optimizer=SGD(0.05))
    found = check(model, x, y, epochs=8).findings
    assert [each.fault for each in found] == ["unscaled_inputs"]


def test_no_example_is_both_trained_and_held_out_and_each_keeps_its_target_and_weight():
    numbers = np.arange(400)
    as_seen = seen(of_numbers(x=X, y=numbers, sample_weight=numbers))
    train, held = as_seen.y, as_seen.held_out[1]
    assert sorted([*train, *held]) == numbers.tolist() and len(held) == 100
    assert np.array_equal(as_seen.x, X[train]) and np.array_equal(as_seen.held_out[0], X[held])
    assert np.array_equal(as_seen.options["sample_weight"], train)


@pytest.mark.parametrize("optimizer", [ADAM(0.05), SGD(0.01, momentum=0.9)])
def test_a_second_training_of_a_program_is_as_the_first_also_with_an_optimizer_that_has_a_state(optimizer):
    trainings, as_seen = Trainings(), seen(of_numbers(optimizer=optimizer, epochs=4))
    first, second = trainings.run(as_seen, ""), trainings.run(as_seen, "")
    assert first.steps == second.steps == 57  # Of 6 × 300 examples, as many as 4 × 400.
    assert (first.losses, first.skill) == (second.losses, second.skill)


def test_of_two_trainings_of_a_program_that_does_not_learn_the_better_one_counts(monkeypatch):
    for skills, wanted in (((0.3, 0.2), 0.3), ((0.3, 0.6), 0.6), ((0.8, 0.9), 0.8), ((0.79, 0.9), 0.9)):
        outcomes = map(Outcome, skills)
        monkeypatch.setattr(Trainings, "run", lambda *args, left=outcomes: next(left))
        assert Trainings().better_of_two(None).skill == wanted


@pytest.mark.parametrize(("skills", "wanted"), [((0.6, 0.69), 0), ((0.6, 0.71), 1), ((0.2, 0.3), 1)])
def test_of_changes_that_help_by_nearly_as_much_the_first_is_the_cause(monkeypatch, skills, wanted):
    found = [Suspicion("dead", {"number": number}, repaired=skill) for number, skill in enumerate(skills)]
    monkeypatch.setattr(_check, "PROVED", (lambda it: found,))
    scripted = types.SimpleNamespace(seconds_left=1)
    scripted.proved = lambda each, base: dataclasses.replace(each, before=base, after=Outcome(each.repaired))
    as_seen = types.SimpleNamespace(base=Outcome(0.0))
    assert [each.facts["number"] for each in _check._best(as_seen, scripted, [])] == [wanted]


def test_a_training_ends_by_the_clock_on_the_wall_however_many_processors_work(monkeypatch):
    ticks = itertools.count(1.0)
    clock = types.SimpleNamespace(perf_counter=lambda: next(ticks), process_time=lambda: 0.0)
    monkeypatch.setattr(_trainings, "time", clock)
    outcome = Trainings().run(seen(of_numbers(optimizer=SGD(0.01), epochs=400)), "", seconds=3)
    assert outcome.steps == 20 + 20 + 20 + 6 + 20  # The first call may take its time; 3 seconds later the 5th ends it.


def test_inputs_that_are_held_out_are_scaled_by_the_training_set():
    x, held = np.array([[0.0, 5], [2, 5], [4, 5]]), np.array([[6.0, 6]])
    scaled = _repairs._standardised(x, held)
    root = 1.5**0.5
    assert scaled[0] == pytest.approx(np.array([[-root, 0], [0, 0], [root, 0]]))
    assert scaled[1] == pytest.approx(np.array([[2 * root, 1]]))


def test_a_code_of_missing_numbers_is_found_in_each_column_of_a_wide_table_and_becomes_the_mean():
    x = np.random.default_rng(0).normal(size=(400, 3))
    x[:20, 0], x[:20, 1], x[:, 2] = -999, 99, np.arange(400) % 3 - 1  # Three values, one of them -1, are no code.
    assert np.array_equal(_repairs.missing_codes(x), [-999, 99, np.nan], equal_nan=True)
    for share, code in ((0.004, np.nan), (0.006, -999), (0.89, -999), (0.91, np.nan)):
        column = np.where(np.arange(1000) < 1000 * share, -999, np.arange(1000) / 1000)[:, None]
        assert np.array_equal(_repairs.missing_codes(column), [code], equal_nan=True)
    scaled, held = _repairs._standardised(x, np.array([[-999.0, 0, 0]]))
    assert (scaled[:20, :2] == 0).all() and held[0, 0] == 0  # What is a code in training is one in the rows held out.


@pytest.mark.parametrize("form", ["an integer", "two integers", "few kinds"])
def test_an_honest_split_of_discrete_data_is_no_leakage_and_copies_are(form):
    random = np.random.default_rng(0)
    columns, values = {"an integer": (1, 1000), "two integers": (2, 40), "few kinds": (2, 3)}[form]
    x = random.integers(0, values, (1300, columns)).astype("float32")
    y = x.sum(1) % 7
    honest = of_numbers(x=x[:1000], y=y[:1000], validation_data=(x[1000:], y[1000:]))
    assert suspicions(seen(honest), [_data_checks.check_leakage]) == []
    copies = of_numbers(x=x[:1000], y=y[:1000], validation_data=(x[:300], y[:300]))
    found = suspicions(seen(copies), [_data_checks.check_leakage])
    assert [each.facts for each in found] == ([] if form == "few kinds" else [{"share": 1.0, "count": 300}])


@pytest.mark.parametrize("share", [0.2, 1.0])
def test_rows_that_are_there_twice_leak_through_a_random_split(share):
    random = np.random.default_rng(0)
    x = random.normal(size=(1000, 3)).astype("float32")
    x = random.permutation(np.concatenate([x, x[: int(1000 * share)]]))
    cut, y = len(x) * 4 // 5, x.sum(1)
    [found] = suspicions(
        seen(of_numbers(x=x[:cut], y=y[:cut], validation_data=(x[cut:], y[cut:]))), [_data_checks.check_leakage]
    )
    assert found.facts["share"] == np.isin(x[cut:, 0], x[:cut, 0]).mean()


@pytest.mark.parametrize(("rows", "targets", "count"), [(0, 0, 0), (300, 200, 1), (300, None, 1)])
def test_copies_are_found_without_their_targets_and_an_odd_validation_set_is_left_to_keras(rows, targets, count):
    x = np.random.default_rng(0).normal(size=(1000, 2)).astype("float32")
    y = x.sum(1)
    program = seen(of_numbers(x=x, y=y))
    held = (x[:rows], None if targets is None else y[:targets])
    program = dataclasses.replace(program, given={**program.given, "validation": held})
    assert len(suspicions(program, [_data_checks.check_leakage])) == count


def test_the_share_of_dead_units_is_that_of_the_layer_with_most():
    layers = [hidden(), hidden(bias_initializer=keras.initializers.Constant(-99))]
    as_seen = seen(of_numbers(*layers))
    as_seen = dataclasses.replace(as_seen, base=Outcome(0.0, weights=as_seen.model.get_weights()))
    assert _layer_checks.share_of_dead_units(as_seen, layers) == 1
    assert _layer_checks.share_of_dead_units(as_seen, layers[:1]) < 0.5
