"""Each fault of `texts.csv`: a program with it, in which a check sees it, and the same program without it."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from dlguide.diagnosis import check
from dlguide.diagnosis._report import rows, sentence
from dlguide.diagnosis._trainings import Trainings
from tests.helpers.diagnosis_programs import (
    BINARY,
    CLASSES,
    IMAGES,
    LABELS,
    NUMBERS,
    ONE_HOT,
    STEPS,
    L,
    X,
    all_suspicions,
    dense,
    hidden,
    program,
    seen,
    suspicions,
    trained,
)

pytestmark = pytest.mark.one_backend
SGD, SPARSE = keras.optimizers.SGD, keras.losses.SparseCategoricalCrossentropy
ORDER = np.argsort(CLASSES, kind="stable")
BYTES = np.random.default_rng(2).integers(0, 256, (400, 4)).astype("float32")
RARELY = np.random.default_rng(1).random(X.shape) < 0.05


def of_classes(loss="sparse", y=CLASSES, activation="softmax", units=3, **options):
    return program([dense(units, activation)], loss, y=y, **options)


def of_numbers(*layers, y=NUMBERS, **options):
    return program([*layers, dense()], "mse", y=y, **options)


def of_two(activation="sigmoid", y=BINARY, **options):
    return program([dense(1, activation)], "bce", y=y, **options)


# Each program is made twice: `a` picks the first of its two arguments, the fault, and then the second.
CERTAIN = {
    "softmax_of_one": lambda a: of_two(a("softmax", "sigmoid")),
    "activation_twice": lambda a: program([dense(3, a("relu", None)), L.Softmax()], "sparse", y=CLASSES),
    "logits_twice": lambda a: of_classes(SPARSE(from_logits=a(True, False))),
    "no_probabilities": lambda a: of_two(a(None, "sigmoid")),
    "no_logits": lambda a: of_classes(SPARSE(from_logits=True), activation=a("relu", None)),
    "sigmoid_of_many": lambda a: of_classes(activation=a("sigmoid", "softmax")),
    "softmax_of_labels": lambda a: of_classes("bce", LABELS, a("softmax", "sigmoid")),
    "targets_outside": lambda a: program([hidden(), dense(1, a("sigmoid", None))], "mse", y=NUMBERS),
    "units_of_classes": lambda a: of_classes(units=a(1, 3)),
    "units_of_targets": lambda a: program([dense(a(2, 1))], "mse", y=NUMBERS),
    "labels_integers": lambda a: of_classes("cce", a(CLASSES, ONE_HOT)),
    "labels_one_hot": lambda a: of_classes("sparse", a(ONE_HOT, CLASSES)),
    "labels_codes": lambda a: of_classes(y=CLASSES + a(1, 0)),
    "loss_of_classes": lambda a: program([dense()], a("bce", "mse"), y=NUMBERS),
    "loss_of_labels": lambda a: of_classes(a("bce", "cce"), ONE_HOT),
    "loss_of_one_class": lambda a: of_classes(a("cce", "bce"), LABELS, "sigmoid"),
    "missing_layer": lambda a: program([*a([], [L.Flatten()]), dense(3, "softmax")], "sparse", STEPS, CLASSES),
    "frozen": lambda a: program([dense(trainable=a(False, True))], "mse", y=NUMBERS),
    "pixels": lambda a: program([L.Dense(4, activation="sigmoid")], "bce", BYTES / a(1, 255), BYTES / a(1, 255)),
    "missing": lambda a: of_numbers(x=np.where(RARELY, a(np.inf, 0), X)),
    "missing_targets": lambda a: of_numbers(y=np.where(RARELY[:, 0], a(np.nan, 0), NUMBERS)),
    "sorted_split": lambda a: of_classes(y=a(CLASSES[ORDER], CLASSES), validation_split=0.4),
    "leakage": lambda a: of_two(validation_data=(a(X, -X)[:100], BINARY[:100])),
    "metric_exact": lambda a: of_two(metrics=a([keras.metrics.Accuracy()], ["accuracy"])),
    "metric_of_bits": lambda a: of_classes("cce", ONE_HOT, metrics=a(["binary_accuracy"], ["categorical_accuracy"])),
    "metric_of_one": lambda a: of_classes(metrics=a(["categorical_accuracy"], ["sparse_categorical_accuracy"])),
    "rate_negative": lambda a: of_numbers(optimizer=SGD(a(-0.01, 0.01))),
    "rate_zero": lambda a: of_numbers(optimizer=SGD(a(0.0, 0.01))),
}
UNCERTAIN = {
    "relu_output": lambda a: program([hidden(), dense(1, a("relu", None))], "mse", y=NUMBERS - NUMBERS.min()),
    "loss_of_numbers": lambda a: of_classes(a("mse", "cce"), ONE_HOT),
    "not_shuffled": lambda a: of_classes(x=X[ORDER], y=CLASSES[ORDER], shuffle=a(False, True)),
    "linear": lambda a: of_numbers(hidden(a(None, "relu"))),
    "saturating": lambda a: of_numbers(*(hidden(a("sigmoid", "relu")) for _ in range(2))),
    "recurrent": lambda a: program([L.LSTM(4, activation=a("relu", "tanh")), dense()], "mse", STEPS, NUMBERS),
    "dead": lambda a: of_numbers(hidden(bias_initializer=keras.initializers.Constant(a(-99, 0)))),
    "deep": lambda a: of_numbers(*(hidden() for _ in range(a(8, 7)))),
    "constant_weights": lambda a: of_numbers(hidden(kernel_initializer=a("ones", "he_normal"))),
    "odd_weights": lambda a: of_numbers(hidden(kernel_initializer=keras.initializers.RandomNormal(stddev=a(9, 1)))),
    "dropout": lambda a: of_numbers(hidden(), L.Dropout(a(0.9, 0.5))),
    "penalty": lambda a: of_numbers(hidden(kernel_regularizer=keras.regularizers.L2(a(1.0, 0.01)))),
    "inputs": lambda a: of_numbers(x=X * a([1, 1, 1, 1000], 1)),
    "inputs_of_images": lambda a: of_numbers(L.Conv2D(2, 3), L.Flatten(), x=IMAGES * a(255, 1)),
    "missing_codes": lambda a: of_numbers(x=np.where(RARELY, a(-999, 0), X)),
    "targets": lambda a: of_numbers(y=NUMBERS * a(1000, 1)),
    "inputs_and_targets": lambda a: of_numbers(x=X * a(1000, 1), y=NUMBERS * 1000),
    "batch_small": lambda a: of_numbers(batch_size=a(1, 8)),
    "batch_large": lambda a: of_numbers(batch_size=a(300, 32)),
}
TRAINED = {  # All programs are suspected of these, until a training shows it.
    "rate_high": lambda a: of_numbers(optimizer=SGD(a(3.0, 0.1)), epochs=8),
    "rate_low": lambda a: of_numbers(optimizer=SGD(a(1e-4, 0.1)), epochs=8),
    "epochs": lambda a: of_numbers(optimizer=SGD(0.02), epochs=a(1, 8)),
}


def faulty(made):
    return made(lambda fault, right: fault)


def healthy(made):
    return made(lambda fault, right: right)


def fits(repaired) -> bool:
    """Whether a program's outputs go with its targets: as many classes or numbers, and a loss that is a number."""
    x, y, model, classes = repaired.x[:8], repaired.y[:8], repaired.model, repaired.task.num_classes
    outputs = model(x)
    loss, size = np.asarray(model.compute_loss(x, keras.ops.convert_to_tensor(y), outputs)), np.asarray(outputs).size
    return np.isfinite(loss) and (outputs.shape[-1] in (classes, classes - 1) if classes else size == y.size)


def test_each_row_with_a_fault_has_its_programs():
    assert {*CERTAIN, *UNCERTAIN, *TRAINED} == {key for key, row in rows().items() if row["fault"]}


@pytest.mark.parametrize("key", CERTAIN)
def test_a_contradiction_is_seen_without_a_training_it_alone_and_not_in_the_program_without_it(key):
    [found] = suspicions(seen(faulty(CERTAIN[key])))
    assert found.key == key and found.is_certain
    assert found.repaired is None or fits(found.repaired)
    assert suspicions(seen(healthy(CERTAIN[key]))) == []


@pytest.mark.parametrize("key", UNCERTAIN)
def test_what_needs_a_proof_is_suspected_with_a_change_to_train_and_not_in_the_program_without_it(key):
    look = trained if key == "dead" else seen
    [found] = [each for each in all_suspicions(look(faulty(UNCERTAIN[key]))) if each.key == key]
    assert not found.is_certain and fits(found.repaired)
    assert key not in {each.key for each in all_suspicions(look(healthy(UNCERTAIN[key])))}


SLOW = [pytest.mark.thorough(seconds=3)]


@pytest.mark.parametrize("key", [pytest.param(key, marks=SLOW * (key != "rate_high")) for key in TRAINED])
def test_a_fault_of_the_steps_is_shown_by_a_training_and_the_program_without_it_has_none(key):
    model, x, y, options = faulty(TRAINED[key])
    [found] = check(model, x, y, **options).findings
    assert (found.fault, found.confidence) == (rows()[key]["fault"], "shown")
    model, x, y, options = healthy(TRAINED[key])
    assert check(model, x, y, **options).findings == []


@pytest.mark.thorough
@pytest.mark.parametrize("key", [key for key in (*CERTAIN, *UNCERTAIN) if key != "dead"])
def test_all_sentences_of_a_suspicion_have_their_facts(key):
    [found] = [each for each in all_suspicions(seen(faulty((CERTAIN | UNCERTAIN)[key]))) if each.key == key]
    for column in ("en", "zh", "evidence_en", "evidence_zh", "change"):
        assert "{" not in sentence(key, column, found.facts)


FORMS = {  # Other forms of some faults.
    "numbers that are NaN": ("missing", lambda: of_numbers(x=np.where(RARELY, np.nan, X))),
    "two units for three classes": ("units_of_classes", lambda: of_classes(units=2)),
    "a unit too many for one-hot rows": ("units_of_classes", lambda: of_classes("cce", ONE_HOT, units=4)),
    "signs for binary cross-entropy": ("labels_codes", lambda: of_two(y=2 * BINARY - 1)),
    "classes divided by their number": ("labels_codes", lambda: of_classes(y=CLASSES / 2)),
    "classes from 1, a loss of one-hot rows": ("labels_codes", lambda: of_classes("cce", CLASSES + 1)),
    "the activation as a layer": ("softmax_of_one", lambda: program([dense(), L.Softmax()], "bce", y=BINARY)),
    "a model within the model": (
        "no_probabilities",
        lambda: program([keras.Sequential([keras.Input((4,)), hidden(), dense(3)])], "sparse", y=CLASSES),
    ),
    "the loss as an object": ("no_probabilities", lambda: of_classes(SPARSE(), activation=None)),
    "the loss as a function": (
        "no_probabilities",
        lambda: of_classes(keras.losses.sparse_categorical_crossentropy, activation=None),
    ),
    "targets of a tanh": ("targets_outside", lambda: program([dense(1, "tanh")], "mae", y=3 * NUMBERS)),
}


@pytest.mark.thorough
@pytest.mark.parametrize("name", FORMS)
def test_other_forms_of_a_fault_are_seen_too(name):
    key, made = FORMS[name]
    [found] = suspicions(seen(made()))
    assert found.key == key and found.is_certain and (found.repaired is None or fits(found.repaired))


def test_the_share_of_dead_units_is_counted_on_the_weights_after_the_training_and_the_model_keeps_its_own():
    made = faulty(UNCERTAIN["dead"])
    before, as_seen = made[0].get_weights(), trained(made)
    [found] = [each for each in all_suspicions(as_seen) if each.key == "dead"]
    assert found.facts["share"] == 1 and made[0].layers[0].name in found.facts["layers"]
    assert all(map(np.array_equal, before, made[0].get_weights()))
    assert sentence("dead", "change", found.facts).startswith('activation="leaky_relu"')


@pytest.mark.thorough
@pytest.mark.parametrize("rate", [pytest.param(1e-5, marks=pytest.mark.thorough(seconds=3)), 0.1])
def test_a_changed_rate_takes_the_place_of_a_schedule(rate):
    def made(learning_rate):
        keras.utils.set_random_seed(0)
        return seen(of_numbers(optimizer=SGD(learning_rate), epochs=4))

    trainings, with_schedule = Trainings(), made(keras.optimizers.schedules.ExponentialDecay(1e-4, 1000, 0.9))
    trainings.run(replace(with_schedule, rate=0.5), "")  # Another one before it, with the same trainings.
    outcome = trainings.run(replace(with_schedule, rate=rate), "")
    assert outcome.losses == pytest.approx(Trainings().run(made(rate), "").losses, rel=1e-4)
