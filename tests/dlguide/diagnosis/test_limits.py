"""Each limit of a check at 0.9 and 1.1 of its value, the trainings, and numbers that no report shows."""

import itertools
import types

import keras
import numpy as np
import pytest

from dlguide.diagnosis import _check, _trainings, check
from dlguide.diagnosis import _data_checks as data
from dlguide.diagnosis import _layer_checks as layers
from dlguide.diagnosis._report import Suspicion
from dlguide.diagnosis._trainings import Outcome, Trainings
from tests.dlguide.diagnosis import programs as p
from tests.dlguide.diagnosis.programs import BINARY, NUMBERS, SGD, L, X, hidden, of_numbers, of_two, seen

pytestmark = pytest.mark.one_backend
SIGNS = np.where(np.arange(400) % 2, 1.0, -1.0)[:, None]
USUAL = (NUMBERS - NUMBERS.mean()) / NUMBERS.std()
FIVE_TIMES = {"x": np.tile(X, (5, 1)), "y": np.tile(NUMBERS, 5)}


def leaking(share: float):
    held = np.where(np.arange(400)[:, None] < 400 * share + 1, X, -X)
    return of_two(validation_data=(held, BINARY))


def penalised(size: float):
    return of_numbers(hidden(kernel_initializer="ones", kernel_regularizer=keras.regularizers.L2(size / 32)))


def with_weights(size: float):
    made = of_numbers(hidden())
    made[0].layers[0].set_weights([np.resize([1, -1], (4, 8)) * size * (2 / 12) ** 0.5, np.zeros(8)])
    return made


def with_dead_units(share: float):
    """The second of two layers has this share of dead units, the first none."""
    layers = [hidden(units=20, kernel_initializer="zeros", bias_initializer="ones") for _ in range(2)]
    made = of_numbers(*layers)
    made[0].layers[1].set_weights([np.zeros((20, 20)), np.where(np.arange(20) < round(20 * share), -1, 1)])
    return made


# The check, a program of a number, its limit, whether more of it is suspected; perhaps the first loss of the training.
LIMITS = {
    "large batches, few examples": (data.check_batch, lambda n: of_numbers(batch_size=round(n)), 64, True),
    "large batches": (data.check_batch, lambda n: of_numbers(batch_size=round(n), **FIVE_TIMES), 1500 / 8, True),
    "small batches": (data.check_batch, lambda n: of_numbers(batch_size=round(n)), 2.5, False),
    "normalised": (data.check_batch, lambda n: of_numbers(L.BatchNormalization(), batch_size=round(n)), 4.5, False),
    "large inputs": (data.check_inputs, lambda n: of_numbers(x=n * SIGNS), 20, True),
    "small inputs": (data.check_inputs, lambda n: of_numbers(x=n * X / X[:300].std(0).max()), 1e-3, False),
    "targets far from 0": (data.check_targets, lambda n: of_numbers(y=USUAL + n), 10, True),
    "wide targets": (data.check_targets, lambda n: of_numbers(y=n * USUAL), 10, True),
    "narrow targets": (data.check_targets, lambda n: of_numbers(y=n * USUAL), 0.05, False),
    "sorted": (data.check_order, lambda n: of_two(y=np.arange(400) // (2 / n) % 2, shuffle=False), 0.1, False),
    "leakage": (data.check_leakage, leaking, 0.2, True),
    "dropout": (layers.check_dropout, lambda n: of_numbers(L.Dropout(n)), 0.7, True),
    "large weights": (layers.check_weights, with_weights, 8, True),
    "small weights": (layers.check_weights, with_weights, 1 / 30, False),
    "penalty": (layers.check_penalty, penalised, 0.3, True),
    "penalty beside a small loss": (layers.check_penalty, penalised, 0.03, True, 0.1),
    "penalty beside a large loss": (layers.check_penalty, penalised, 1, True, 100),
    "dead units": (layers.check_dead, with_dead_units, 0.5, True),
    "rare class": (lambda it: [*_check.notes_of(it)], lambda n: of_two(y=(np.arange(400) < n) * 1), 40, False),
}


@pytest.mark.parametrize("name", LIMITS)
def test_nothing_is_suspected_on_one_side_of_a_limit_and_something_on_the_other(name):
    look, made, limit, is_above, *loss = LIMITS[name]
    found = []
    for factor in (0.9, 1.1):
        as_made = made(factor * limit)
        as_seen = seen(as_made, base=Outcome(0.5, loss, weights=as_made[0].get_weights()))
        found.append(bool(list(look(as_seen))))
    assert found == [not is_above, is_above]


# The check, the rate and the epochs that are given; what is tried, in this order.
TRIED = [
    *((data.check_steps, 0.01, 10, ["epochs", 0.1, 1]), (data.check_steps, 0.01, 11, [0.1, 1, "epochs"])),
    *((data.check_steps, 0.009, 10, [0.09, 0.9, "epochs"]), (data.check_steps, 0.01, None, [0.1, 1])),
    (data.check_steps, 3e-4, 20, [3e-3, 0.01, "epochs"]),  # More than 30 times below the usual rate.
    *((data.check_steps, 4e-4, 20, [4e-3, 0.04, "epochs"]), (data.check_high, 0.29, 20, [0.03, 0.003, 3e-4])),
    *((data.check_high, 0.31, 20, [0.03, 0.01, 3e-4]), (data.check_high, 0.0, 20, [])),
]


@pytest.mark.parametrize(("look", "rate", "epochs", "wanted"), TRIED)
def test_few_epochs_at_the_usual_rate_are_the_cause_before_the_rate_if_epochs_are_given(look, rate, epochs, wanted):
    found = p.suspicions(seen(of_numbers(optimizer=SGD(rate), epochs=epochs)), [look])
    tried = ["epochs" if each.key == "epochs" else each.repaired.learning_rate for each in found]
    assert tried == [each if each == "epochs" else pytest.approx(each) for each in wanted]
    assert all(each.repaired.epochs == 5 * epochs for each in found if each.key == "epochs")


def test_large_inputs_are_the_cause_before_the_learning_rate_that_they_make_too_high():
    model, x, y, _ = of_numbers(x=30 * X, optimizer=SGD(0.05))
    [found] = check(model, x, y, epochs=8).findings
    assert (found.fault, found.is_alone, found.is_clear) == ("unscaled_inputs", True, True)


@pytest.mark.parametrize(("n", "sizes"), [(299, (299, 299)), (300, (225, 75)), (14000, (12000, 1000))])
def test_no_example_is_both_trained_and_held_out_and_each_keeps_its_target_and_weight(n, sizes):
    numbers, x = np.arange(n), np.random.default_rng(0).normal(size=(n, 4)).astype("float32")
    as_seen = seen(of_numbers(x=x, y=numbers, sample_weight=numbers))
    train, held = as_seen.y, as_seen.held_out[1]
    assert (len(train), len(held)) == sizes and len({*train, *held}) == (n if n == 299 else sum(sizes))
    assert np.array_equal(as_seen.x, x[train]) and np.array_equal(as_seen.held_out[0], x[held])
    assert np.array_equal(as_seen.options["sample_weight"], train)
    assert as_seen.epochs == -(-2000 // -(-n // 32))  # None are given: the first number that makes 2,000 steps.


@pytest.mark.parametrize("optimizer", [SGD(0.01, momentum=0.9)])
def test_a_second_training_of_a_program_is_as_the_first_also_with_an_optimizer_that_has_a_state(optimizer):
    trainings, as_seen = Trainings(), seen(of_numbers(optimizer=optimizer, epochs=4))
    first, second, other = trainings.run(as_seen), trainings.run(as_seen), trainings.run(as_seen, seed=1)
    assert first.steps == second.steps == 57  # Of 6 × 300 examples, as many as 4 × 400.
    assert (first.losses, first.skill) == (second.losses, second.skill) and other.losses != first.losses


@pytest.mark.thorough
@pytest.mark.parametrize("rate", [1e-5, 0.1])
def test_a_changed_rate_takes_the_place_of_a_schedule(rate):
    def made(learning_rate, **fields):
        keras.utils.set_random_seed(0)
        return seen(of_numbers(optimizer=SGD(learning_rate), epochs=4), **fields)

    trainings, schedule = Trainings(), keras.optimizers.schedules.ExponentialDecay(1e-4, 1000, 0.9)
    trainings.run(made(schedule, rate=0.5))  # Another one before it, with the same trainings.
    assert made(schedule).learning_rate == pytest.approx(1e-4)  # The highest one.
    wanted = Trainings().run(made(rate)).losses
    assert trainings.run(made(schedule, rate=rate)).losses == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize(("first", "second", "wanted"), [(0.3, 0.2, 0.3), (0.79, 0.9, 0.9), (0.81, 0.9, 0.81)])
def test_of_two_trainings_of_a_program_that_does_not_learn_the_better_one_counts(monkeypatch, first, second, wanted):
    monkeypatch.setattr(Trainings, "run", lambda self, program, seconds, seed=0: Outcome(second if seed else first))
    assert Trainings().better_of_two(None).skill == wanted


CLEAR = [(0, 0.26), (-1, 0.26), (0.75, 0.88)]
NOT_CLEAR = [(0, 0.24), (-1, 0.24), (0.75, 0.87), (0.85, 0.94), (0.6, 0.4), (0.9, float("nan"))]


@pytest.mark.parametrize(("before", "after"), CLEAR + NOT_CLEAR)
def test_a_change_is_clear_if_the_skill_rises_by_a_quarter_or_by_a_tenth_with_half_of_the_errors_gone(before, after):
    is_clear = Suspicion("dead", {}, before=Outcome(before), after=Outcome(after)).is_clear
    assert is_clear == ((before, after) in CLEAR) and not Suspicion("dead", {}, before=Outcome(before)).is_clear


class Scripted:
    """Trainings whose skill is a function of the repaired program; the program as it is has another one."""

    seconds_left = 1

    def __init__(self, skill, base=0.0):
        self.skill, self.base, self.trained = skill, base, []

    def better_of_two(self, program):
        return Outcome(self.base)

    def run(self, program):
        self.trained.append(program)
        return Outcome(self.skill(program))


@pytest.mark.parametrize(("skills", "wanted"), [((0.6, 0.69), 0), ((0.6, 0.71), 1), ((0.2, 0.3), 1), ((0.2,), None)])
def test_of_changes_that_help_by_nearly_as_much_the_first_is_the_cause(monkeypatch, skills, wanted):
    found, tried = [Suspicion("dead", {"number": i}, repaired=skill) for i, skill in enumerate(skills)], []
    monkeypatch.setattr(_check, "PROVED", (lambda it: found,))
    best = _check._best(types.SimpleNamespace(base=Outcome(0.0)), Scripted(lambda it: it), tried)
    assert (best and best.facts["number"]) == wanted
    assert [each.after.skill for each in tried] == [skill for skill in skills if skill < 0.25]


@pytest.mark.parametrize(("base", "is_looked_for"), [(0.79, True), (0.81, False)])
def test_changes_are_looked_for_below_a_skill_of_0_8(base, is_looked_for):
    scripted = Scripted(lambda it: 0.0, base)
    found, tried, outcome = _check.diagnose(seen(of_numbers(optimizer=SGD(0.1), epochs=20)), scripted)
    assert found == [] and outcome.skill == base and bool(tried) == bool(scripted.trained) == is_looked_for


def test_a_change_that_is_proved_twice_is_one_from_the_first_value_to_the_last():
    as_seen = seen(of_numbers(optimizer=SGD(1e-5), epochs=4))
    scripted = Scripted(lambda it: 0.95 if it.learning_rate > 0.09 else 0.4 if it.learning_rate > 0.009 else 0.0)
    [found], tried, base = _check.diagnose(as_seen, scripted)
    assert (found.key, found.before, found.after.skill) == ("rate_low", base, 0.95) and tried
    assert (found.facts["rate"], found.facts["other"]) == (pytest.approx(1e-5), 0.1)


def test_a_training_ends_by_the_clock_on_the_wall_however_many_processors_work(monkeypatch):
    ticks = itertools.count(1.0)
    clock = types.SimpleNamespace(perf_counter=lambda: next(ticks), process_time=lambda: 0.0)
    monkeypatch.setattr(_trainings, "time", clock)
    outcome = Trainings().run(seen(of_numbers(optimizer=SGD(0.01), epochs=400)), seconds=3)
    assert outcome.steps == 20 + 20 + 20 + 6 + 20  # The first call may take its time; 3 seconds later the 5th ends it.


def test_inputs_that_are_held_out_are_scaled_by_the_training_set():
    x, held = np.array([[0.0, 5], [2, 5], [4, 5]]), np.array([[6.0, 6]])
    scaled, root = data.standardised(x, held), 1.5**0.5
    assert scaled[0] == pytest.approx(np.array([[-root, 0], [0, 0], [root, 0]]))
    assert scaled[1] == pytest.approx(np.array([[2 * root, 1]]))


def test_a_code_of_missing_numbers_is_found_in_each_column_of_a_wide_table_and_becomes_the_mean():
    x = np.random.default_rng(0).normal(size=(400, 4))
    x[:20, 0], x[:20, 1], x[20:40, 2], x[:, 3] = -999, 99, -999, np.arange(400) % 3 - 1
    assert np.array_equal(data.missing_codes(x), [-999, 99, -999, np.nan], equal_nan=True)  # Three values: none.
    for share, code in ((0.004, np.nan), (0.006, -999), (0.89, -999), (0.91, np.nan)):
        column = np.where(np.arange(1000) < 1000 * share, -999, np.arange(1000) / 1000)[:, None]
        assert np.array_equal(data.missing_codes(column), [code], equal_nan=True)
    scaled, held = data.standardised(x, np.array([[-999.0, 0, -999, 0]]))
    assert (scaled[:20, :2] == 0).all() and (scaled[20:40, 2] == 0).all() and (held[0, ::2] == 0).all()


COPIES = [(1, 1000, [{"share": 1.0, "count": 300}]), (2, 40, [{"share": 1.0, "count": 300}]), (2, 3, [])]


@pytest.mark.parametrize(("columns", "values", "wanted"), COPIES)
def test_an_honest_split_of_discrete_data_is_no_leakage_and_copies_are_but_of_few_kinds(columns, values, wanted):
    x = np.random.default_rng(0).integers(0, values, (1300, columns)).astype("float32")
    y = x.sum(1) % 7
    for rows, leaks in ((slice(1000, None), []), (slice(300), wanted)):
        made = of_numbers(x=x[:1000], y=y[:1000], validation_data=(x[rows], y[rows]))
        assert [each.facts for each in p.suspicions(seen(made), [data.check_leakage])] == leaks


@pytest.mark.parametrize("share", [0.2, 1.0])
def test_rows_that_are_there_twice_leak_through_a_random_split(share):
    random = np.random.default_rng(0)
    x = random.normal(size=(1000, 3)).astype("float32")
    x = random.permutation(np.concatenate([x, x[: int(1000 * share)]]))
    cut, y = len(x) * 4 // 5, x.sum(1)
    made = of_numbers(x=x[:cut], y=y[:cut], validation_data=(x[cut:], y[cut:]))
    [found] = p.suspicions(seen(made), [data.check_leakage])
    assert found.facts["share"] == np.isin(x[cut:, 0], x[:cut, 0]).mean()


@pytest.mark.parametrize(("rows", "targets", "count"), [(0, 0, 0), (300, 200, 1), (300, None, 1)])
def test_copies_are_found_without_their_targets_and_an_odd_validation_set_is_left_to_keras(rows, targets, count):
    as_seen = seen(of_numbers())
    as_seen.given["validation"] = (X[:rows], None if targets is None else NUMBERS[:targets])
    assert len(p.suspicions(as_seen, [data.check_leakage])) == count
