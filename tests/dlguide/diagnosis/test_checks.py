"""Each fault of `texts.csv`: a program with it, in which a check sees it, and the same program without it."""

import keras
import numpy as np
import pytest

from dlguide.diagnosis import check
from dlguide.diagnosis._check import PROVED
from dlguide.diagnosis._report import rows, sentence
from dlguide.diagnosis._trainings import Outcome
from tests.dlguide.diagnosis import programs as p
from tests.dlguide.diagnosis.programs import BINARY, CLASSES, NUMBERS, L, X, dense, hidden, of_classes, of_numbers
from tests.helpers import sentences

pytestmark = pytest.mark.one_backend
SPARSE, L2, CONSTANT = keras.losses.SparseCategoricalCrossentropy, keras.regularizers.L2, keras.initializers.Constant
ORDER = np.argsort(CLASSES, kind="stable")
BYTES = np.random.default_rng(2).integers(0, 256, (400, 4)).astype("float32")
RARELY = np.random.default_rng(1).random(X.shape) < 0.05

# Each program is made twice: `a` picks the first of its two arguments, the fault, and then the second. Behind a comma
# stands another form of the fault.
CERTAIN = {
    "softmax_of_one": lambda a: p.of_two(activation=a("softmax", "sigmoid")),
    "softmax_of_one, a layer": lambda a: p.program([dense(), a(L.Softmax(), L.Activation("sigmoid"))], "bce", y=BINARY),
    "activation_twice": lambda a: p.program([dense(3, a("relu", None)), L.Softmax()], "sparse", y=CLASSES),
    "logits_twice": lambda a: of_classes(SPARSE(from_logits=a(True, False))),
    "no_probabilities": lambda a: p.of_two(activation=a(None, "sigmoid")),
    "no_probabilities, a model within the model": lambda a: p.program(
        [keras.Sequential([keras.Input((4,)), hidden(), dense(3, a(None, "softmax"))])], "sparse", y=CLASSES),
    "no_probabilities, the loss as an object": lambda a: of_classes(SPARSE(), activation=a(None, "softmax")),
    "no_probabilities, the loss as a function": lambda a: of_classes(
        keras.losses.sparse_categorical_crossentropy, activation=a(None, "softmax")),
    "no_logits": lambda a: of_classes(SPARSE(from_logits=True), activation=a("relu", None)),
    "sigmoid_of_many": lambda a: of_classes(activation=a("sigmoid", "softmax")),
    "softmax_of_labels": lambda a: of_classes("bce", p.LABELS, a("softmax", "sigmoid")),
    "targets_outside": lambda a: p.program([hidden(), dense(1, a("sigmoid", None))], "mse", y=NUMBERS),
    "targets_outside, a tanh": lambda a: p.program([dense(1, a("tanh", None))], "mae", y=3 * NUMBERS),
    "units_of_classes": lambda a: of_classes(units=a(1, 3)),
    "units_of_classes, two for three": lambda a: of_classes(units=a(2, 3)),
    "units_of_classes, one too many": lambda a: of_classes("cce", p.ONE_HOT, units=a(4, 3)),
    "units_of_targets": lambda a: p.program([dense(a(2, 1))], "mse", y=NUMBERS),
    "labels_integers": lambda a: of_classes("cce", a(CLASSES, p.ONE_HOT)),
    "labels_one_hot": lambda a: of_classes("sparse", a(p.ONE_HOT, CLASSES)),
    "labels_codes": lambda a: of_classes(y=CLASSES + a(1, 0)),
    "labels_codes, signs": lambda a: p.of_two(y=a(2 * BINARY - 1, BINARY)),
    "labels_codes, divided by their number": lambda a: of_classes(y=CLASSES / a(2, 1)),
    "labels_codes, from 1, for one-hot rows": lambda a: of_classes("cce", a(CLASSES + 1, p.ONE_HOT)),
    "loss_of_classes": lambda a: of_numbers(loss=a("bce", "mse")),
    "loss_of_labels": lambda a: of_classes(a("bce", "cce"), p.ONE_HOT),
    "loss_of_one_class": lambda a: of_classes(a("cce", "bce"), p.LABELS, "sigmoid"),
    "missing_layer": lambda a: p.program([*a([], [L.Flatten()]), dense(3, "softmax")], "sparse", p.STEPS, CLASSES),
    "frozen": lambda a: p.program([dense(trainable=a(False, True))], "mse", y=NUMBERS),
    "pixels": lambda a: p.program([dense(4, "sigmoid")], "bce", BYTES / a(1, 255), BYTES / a(1, 255)),
    "missing": lambda a: of_numbers(x=np.where(RARELY, a(np.inf, 0), X)),
    "missing, NaN": lambda a: of_numbers(x=np.where(RARELY, a(np.nan, 0), X)),
    "missing_targets": lambda a: of_numbers(y=np.where(RARELY[:, 0], a(np.nan, 0), NUMBERS)),
    "sorted_split": lambda a: of_classes(y=a(CLASSES[ORDER], CLASSES), validation_split=0.4),
    "leakage": lambda a: p.of_two(validation_data=(a(X, -X)[:100], BINARY[:100])),
    "leakage, x alone": lambda a: p.of_two(validation_data=(X[:100], a(BINARY, 1 - BINARY)[:100])),
    "metric_exact": lambda a: p.of_two(metrics=a([keras.metrics.Accuracy()], ["accuracy"])),
    "metric_of_bits": lambda a: of_classes("cce", p.ONE_HOT, metrics=a(["binary_accuracy"], ["categorical_accuracy"])),
    "metric_of_one": lambda a: of_classes(metrics=a(["categorical_accuracy"], ["sparse_categorical_accuracy"])),
    "rate_negative": lambda a: of_numbers(optimizer=p.SGD(a(-0.01, 0.01))),
    "rate_zero": lambda a: of_numbers(optimizer=p.SGD(a(0.0, 0.01))),
}  # fmt: skip
UNCERTAIN = {
    "relu_output": lambda a: p.program([hidden(), dense(1, a("relu", None))], "mse", y=NUMBERS - NUMBERS.min()),
    "loss_of_numbers": lambda a: of_classes(a("mse", "cce"), p.ONE_HOT),
    "not_shuffled": lambda a: of_classes(x=X[ORDER], y=CLASSES[ORDER], shuffle=a(False, True)),
    "linear": lambda a: of_numbers(hidden(a(None, "relu"))),
    "saturating": lambda a: of_numbers(*(hidden(a("sigmoid", "relu")) for _ in range(2))),
    "recurrent": lambda a: p.program([L.LSTM(4, activation=a("relu", "tanh")), dense()], "mse", p.STEPS, NUMBERS),
    "dead": lambda a: of_numbers(hidden(bias_initializer=CONSTANT(a(-99, 0)))),
    "deep": lambda a: of_numbers(*(hidden() for _ in range(a(8, 7)))),
    "constant_weights": lambda a: of_numbers(hidden(kernel_initializer=a("ones", "he_normal"))),
    "odd_weights": lambda a: of_numbers(hidden(kernel_initializer=keras.initializers.RandomNormal(stddev=a(9, 1)))),
    "dropout": lambda a: of_numbers(hidden(), L.Dropout(a(0.9, 0.5))),
    "penalty": lambda a: of_numbers(hidden(kernel_regularizer=L2(a(1.0, 0.01)))),
    "inputs": lambda a: of_numbers(x=X * a([1, 1, 1, 1000], 1)),
    "inputs_of_images": lambda a: of_numbers(L.Conv2D(2, 3), L.Flatten(), x=p.IMAGES * a(255, 1)),
    "missing_codes": lambda a: of_numbers(x=np.where(RARELY, a(-999, 0), X)),
    "targets": lambda a: of_numbers(y=NUMBERS * a(1000, 1)),
    "inputs_and_targets": lambda a: of_numbers(x=X * a(1000, 1), y=NUMBERS * 1000),
    "batch_small": lambda a: of_numbers(batch_size=a(1, 8)),
    "batch_large": lambda a: of_numbers(batch_size=a(300, 32)),
}
TRAINED = {  # All programs are suspected of these, until a training shows it.
    "rate_high": lambda a: of_numbers(optimizer=p.SGD(a(3.0, 0.1)), epochs=8),
    "rate_low": lambda a: of_numbers(optimizer=p.SGD(a(1e-4, 0.1)), epochs=8),
    "epochs": lambda a: of_numbers(optimizer=p.SGD(0.02), epochs=a(1, 8)),
}


def key_of(row: str) -> str:
    return row.partition(",")[0]


def faulty(made):
    return made(lambda fault, right: fault)


def healthy(made):
    return made(lambda fault, right: right)


def with_first_weights(made):
    """Return a program as if its training had changed no weight."""
    return p.seen(made, base=Outcome(0.0, weights=made[0].get_weights()))


def is_mended(found) -> bool:
    """Whether the change takes the fault away, and outputs go with targets: a number for each, a finite loss."""
    repaired, key = found.repaired, found.key
    if repaired is None:
        return key in ("leakage", "frozen", "missing_targets") or key.startswith("metric")
    x, y, model, classes = repaired.x[:8], repaired.y[:8], repaired.model, repaired.task.num_classes
    outputs = model(x)
    loss, size = np.asarray(model.compute_loss(x, keras.ops.convert_to_tensor(y), outputs)), np.asarray(outputs).size
    fits = outputs.shape[-1] in (classes, classes - 1) if classes else size == y.size
    is_as_given = key in ("sorted_split", "dead")  # What was given, and the last training, are the same.
    return np.isfinite(loss) and fits and (is_as_given or key not in {each.key for each in p.all_suspicions(repaired)})


def check_sentences(row: str, facts: dict) -> None:
    columns = ("en", "evidence_en", "zh", "evidence_zh", "change")
    told = " / ".join(sentence(key_of(row), column, facts) for column in columns)
    sentences.check_sentences(f"diagnosis {row}", {"told": told})


def test_each_row_with_a_fault_has_its_programs():
    keys = {key_of(row) for row in (*CERTAIN, *UNCERTAIN, *TRAINED)}
    assert keys == {key for key, row in rows().items() if row["fault"]}


@pytest.mark.parametrize("row", CERTAIN)
def test_a_contradiction_is_seen_without_a_training_it_alone_and_not_in_the_program_without_it(row):
    [found] = p.suspicions(p.seen(faulty(CERTAIN[row])))
    assert found.key == key_of(row) and found.is_certain and is_mended(found)
    check_sentences(row, found.facts)
    assert p.suspicions(p.seen(healthy(CERTAIN[row]))) == []


@pytest.mark.parametrize("row", UNCERTAIN)
def test_what_needs_a_proof_is_suspected_with_a_change_to_train_and_not_in_the_program_without_it(row):
    [found] = [each for each in p.all_suspicions(with_first_weights(faulty(UNCERTAIN[row]))) if each.key == row]
    assert not found.is_certain and is_mended(found)
    check_sentences(row, found.facts)
    assert row not in {each.key for each in p.all_suspicions(with_first_weights(healthy(UNCERTAIN[row])))}


@pytest.mark.thorough(seconds=3)
@pytest.mark.parametrize("row", TRAINED)
def test_a_fault_of_the_steps_is_shown_by_a_training_and_the_program_without_it_has_none(row):
    model, x, y, options = faulty(TRAINED[row])
    [found] = check(model, x, y, **options).findings
    assert (found.fault, found.confidence) == (rows()[row]["fault"], "shown")
    sentences.check_sentences(f"diagnosis {row}", {"told": f"{found.text} / {found.evidence} / {found.change}"})
    model, x, y, options = healthy(TRAINED[row])
    assert check(model, x, y, **options).findings == []


def test_a_cause_stands_before_what_it_causes():
    """The order is that of docs/diagnosis.md: of changes that help as much, the first one is reported."""
    layers = [L.LSTM(4, activation="relu", return_sequences=True), L.Flatten()]
    layers += [hidden(kernel_initializer="ones"), hidden(None), hidden("sigmoid"), hidden("sigmoid")]
    layers += [hidden(kernel_regularizer=L2(9.0)) for _ in range(8)]
    layers += [L.Dropout(0.9), hidden(bias_initializer=CONSTANT(-99)), dense(1, "relu")]
    made = p.program(layers, "mse", 1000 * p.STEPS, 1000 * (NUMBERS + 9), p.SGD(0.1), batch_size=1, epochs=1)
    keys = [each.key for each in p.suspicions(with_first_weights(made), PROVED)]
    order = "constant_weights dropout penalty inputs_of_images rate_high targets inputs_and_targets linear saturating "
    order += "recurrent deep dead epochs rate_low batch_small relu_output"
    assert list(dict.fromkeys(keys)) == order.split()
    assert PROVED[-1].keywords == {"fewest": 1, "most": 1}
