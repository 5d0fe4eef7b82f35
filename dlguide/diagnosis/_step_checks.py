"""Checks of the steps: their length, their number, and how many examples each has."""

import math

import keras

from dlguide.diagnosis import _repairs
from dlguide.diagnosis._finding import Suspicion
from dlguide.diagnosis._program import Program, count

CUSTOMARY = {"SGD": 0.01, "Adam": 0.001, "AdamW": 0.001, "Nadam": 0.001, "Adamax": 0.001, "RMSprop": 0.001,
             "Adagrad": 0.01, "Adadelta": 1.0, "Ftrl": 0.01, "Lion": 0.0001, "Lamb": 0.001, "Muon": 0.001}  # fmt: skip


def customary_rate(program: Program) -> float:
    """Return the learning rate that is usual for the optimizer."""
    return CUSTOMARY.get(type(program.model.optimizer).__name__, 0.001)


def check_sign(program: Program) -> list[Suspicion]:
    """A learning rate that is no positive number: steps uphill, or none."""
    if math.isnan(program.learning_rate) or program.learning_rate > 0:
        return []
    return [
        _suspicion(
            "learning_rate_high" if program.learning_rate else "learning_rate_low",
            program,
            customary_rate(program),
            True,
        )
    ]


def check_high(program: Program) -> list[Suspicion]:
    """Steps that are too long: a tenth of it is better, or the usual rate, or a hundredth."""
    rate, usual = program.learning_rate, customary_rate(program)
    if not rate > 0:
        return []
    return [
        _suspicion("learning_rate_high", program, other)
        for other in (rate / 10, usual if usual < rate / 30 else rate / 100)
    ]


def check_low(program: Program) -> list[Suspicion]:
    """Steps that are too short: ten times as long ones are better, or the usual rate, or a hundred times as long ones."""
    rate, usual = program.learning_rate, customary_rate(program)
    if not rate > 0:
        return []
    return [
        _suspicion("learning_rate_low", program, other)
        for other in (10 * rate, usual if usual > 30 * rate else 100 * rate)
    ]


def _suspicion(fault: str, program: Program, rate: float, is_certain: bool = False) -> Suspicion:
    facts = {
        "rate": program.learning_rate,
        "other": float(f"{rate:.1g}"),
        "optimizer": type(program.model.optimizer).__name__,
    }
    key = fault if program.learning_rate > 0 else "learning_rate_sign"
    return Suspicion(fault, key, facts, _repairs.with_options(program, rate=facts["other"]), is_certain)


def check_epochs(program: Program) -> list[Suspicion]:
    """Training that ends long before it is done."""
    facts = {"epochs": program.epochs, "steps": program.steps, "other": 5 * program.epochs}
    return [Suspicion("too_few_epochs", "epochs", facts, _repairs.with_options(program, epochs=5 * program.epochs))]


def check_batch(program: Program) -> list[Suspicion]:
    """Batches of one or two examples, or of so many that there are few steps."""
    size, n = program.batch_size, count(program.x)
    normalises = any(isinstance(layer, keras.layers.BatchNormalization) for layer in program.model.layers)
    if not (size <= 2 or (normalises and size <= 4) or size > max(n / 8, 256)):
        return []
    facts = {"batch_size": size, "steps": -(-n // size)}
    return [
        Suspicion(
            "batch_size",
            "batch_small" if size <= 4 else "batch_large",
            facts,
            _repairs.with_options(program, batch_size=32),
        )
    ]
