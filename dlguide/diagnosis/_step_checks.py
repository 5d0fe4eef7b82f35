"""Checks of the steps: their length, their number, and how many examples each has."""

import math
from dataclasses import replace

import keras

from dlguide.diagnosis._layers import flat_layers, optimizer_of
from dlguide.diagnosis._program import Program, count
from dlguide.diagnosis._report import Suspicion

CUSTOMARY = {"SGD": 0.01, "Adagrad": 0.01, "Adadelta": 1.0, "Ftrl": 0.01, "Lion": 0.0001}  # Others 0.001.
FEW_EPOCHS = 10


def customary_rate(program: Program) -> float:
    """Return the learning rate that is usual for the optimizer."""
    return CUSTOMARY.get(type(optimizer_of(program.model)).__name__, 0.001)


def check_sign(program: Program):
    """A learning rate that is no positive number: steps uphill, or none."""
    if program.learning_rate <= 0:
        key = "rate_negative" if program.learning_rate else "rate_zero"
        yield _with_rate(key, program, customary_rate(program), True)


def check_high(program: Program):
    """Steps that are too long: a tenth of it is better, or a hundredth or the usual rate, or a thousandth."""
    rate, usual = program.learning_rate, customary_rate(program)
    for other in (rate / 10, usual if usual < rate / 30 else rate / 100, rate / 1000) if rate > 0 else ():
        yield _with_rate("rate_high", program, other)


def check_steps(program: Program):
    """Too few steps, or too short ones; few epochs at the usual rate are the cause before the rate."""
    rate, usual = program.learning_rate, customary_rate(program)
    part = program.steps / program.base.steps if program.base and program.base.steps else 1
    rates = [] if not rate > 0 else [10 * rate, usual if usual > 30 * rate else 100 * rate]
    low = [_with_rate("rate_low", program, other) for other in rates if other / rate > 2 * part]
    facts = {"epochs": program.epochs, "steps": program.steps, "other": 5 * program.epochs}
    few = [Suspicion("epochs", facts, replace(program, epochs=5 * program.epochs))] if part < 1.5 else []
    is_usual = math.isnan(rate) or (rate >= usual and program.epochs <= FEW_EPOCHS)
    yield from few + low if is_usual else low + few


def _with_rate(key: str, program: Program, rate: float, is_certain: bool = False) -> Suspicion:
    other, optimizer = float(f"{rate:.1g}"), type(optimizer_of(program.model)).__name__
    facts = {"rate": program.learning_rate, "other": other, "optimizer": optimizer}
    return Suspicion(key, facts, replace(program, rate=other), is_certain)


def check_batch(program: Program):
    """Batches of one or two examples, or of so many that there are few steps."""
    size, n = program.batch_size, count(program.x)
    normalises = any(isinstance(layer, keras.layers.BatchNormalization) for layer in flat_layers(program.model))
    if size <= (4 if normalises else 2) or size > max(n / 8, 64):
        facts = {"batch_size": size, "steps": -(-n // size)}
        repaired = replace(program, batch_size=32)
        yield Suspicion("batch_small" if size <= 4 else "batch_large", facts, repaired)
