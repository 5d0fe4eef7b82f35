"""Short trainings of copies, each from the weights that the program gave, within a limit of time."""

import contextlib
import random
import re
import time
from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np

from dlguide import _data_checks, _private_apis
from dlguide.diagnosis._layers import copied, optimizer_of
from dlguide.diagnosis._program import Program, count, take
from dlguide.diagnosis._task import is_numbers, skill

SECONDS = 60.0  # For all trainings of a diagnosis, however many processors there are.
GOOD = 0.8  # A program that reaches this skill learns.
LONGEST = 5.0  # Of the program's own training; another one may have half of it.


class Outcome(NamedTuple):
    """What a training came to; `losses` and `valid_losses` have one number an epoch, or for a few of them together."""

    skill: float
    losses: Sequence = ()
    valid_losses: Sequence = ()
    steps: int = 0
    error: str = ""
    weights: list | None = None


class _Clock(keras.callbacks.Callback):
    """Ends a training when its time is over or its loss is not finite."""

    def __init__(self, seconds: float):
        super().__init__()
        self.seconds, self.end = seconds, None

    def on_train_batch_end(self, batch, logs=None):
        now = time.perf_counter()
        self.end = self.end or now + self.seconds  # The first step takes as long as tracing.
        self.model.stop_training |= now > self.end or not np.isfinite((logs or {}).get("loss", 0.0))


class Trainings:
    """Trains programs; each of their models is compiled once, and begins each training from its first weights."""

    def __init__(self):
        self._compiled, self._start = {}, time.perf_counter()

    @property
    def seconds_left(self) -> float:
        return SECONDS - (time.perf_counter() - self._start)

    def run(self, program: Program, seconds: float = LONGEST / 2, seed: int = 0) -> Outcome:
        """Train a program for at most so many seconds."""
        try:
            return self._run(program, seconds, seed)
        except Exception as error:  # Whatever the program does wrong: it is what the user sees.
            text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
            text = re.sub(r"(?m)^\s*(File |Detected at|\[\[).*", "", text)  # TensorFlow tells where in its graph.
            return Outcome(-1.0, error=f"{type(error).__name__}: {' '.join(text.split())[:400]}")

    def better_of_two(self, program: Program) -> Outcome:
        """Train a program; if it does not learn, once more with another seed, since that can be bad luck."""
        first = self.run(program, LONGEST)
        second = self.run(program, LONGEST, 1) if first.skill < GOOD and not first.error else first
        return second if second.skill > first.skill else first

    def _run(self, program: Program, seconds: float, seed: int) -> Outcome:
        x, y, weights = program.x, program.y, program.options.get("sample_weight")
        epochs = max(1, round(program.steps * program.batch_size / count(x)))  # As many steps as with all examples.
        if count(x) < 1500 and epochs > 5:  # An epoch costs Keras milliseconds, whatever it has.
            repeats = min(epochs, -(-2000 // count(x)))
            epochs, rows = max(1, round(epochs / repeats)), np.tile(np.arange(count(x)), repeats)
            x, y, weights = take(x, rows), take(y, rows), take(weights, rows)
        steps = -(-count(x) // program.batch_size)
        x, held_out = keras.tree.map_structure(_as_tensor, (x, program.held_out))
        model = self._ready(program, min(20, max(1, steps // 2)))
        options = {**program.options, "sample_weight": weights, "callbacks": [_Clock(seconds)], "verbose": 0}
        if program.base is None and model.loss is not None:
            options |= {"validation_data": held_out, "validation_freq": -(-epochs // 20)}
        keras.utils.set_random_seed(seed)
        history = model.fit(x, y, epochs=epochs, batch_size=program.batch_size, **options).history
        losses, (x, y) = history.get("loss", []), held_out
        reached = float("nan")  # It is defined for one output with targets.
        if program.units and is_numbers(y):
            outputs = np.asarray(model.predict(x, batch_size=256, verbose=0))
            reached = skill(program.task, outputs, y, _data_checks.takes_logits(program.model))
        weights = model.get_weights() if program.base is None else None
        return Outcome(reached, losses, history.get("val_loss", []), int(optimizer_of(model).iterations), "", weights)

    def _ready(self, program: Program, steps_per_execution: int):
        """Return the compiled copy of a program's model, with its first weights and a new optimizer."""
        is_schedule = not isinstance(optimizer_of(program.model).get_config().get("learning_rate"), float)
        key = id(program.model), steps_per_execution, program.rate if is_schedule else None
        if key not in self._compiled:
            steps, backend = {"steps_per_execution": steps_per_execution}, keras.backend.backend()
            options = {"tensorflow": steps | {"jit_compile": False}, "jax": steps}.get(backend, {})  # XLA takes longer.
            keras.utils.set_random_seed(0)  # Of dropout.
            copy = copied(program.model, rate=program.rate, **options)
            with contextlib.suppress(Exception):  # Layers used as activations have no weights before.
                copy(keras.tree.map_structure(_as_tensor, take(program.x, slice(0, 1))))
            copy.optimizer.build(copy.trainable_variables)
            state = [np.array(v) for v in (*copy.variables, *copy.optimizer.variables)]
            self._compiled[key] = copy, state, program.model  # The model too: its `id` must stay its own.
            if len(self._compiled) > 3:  # Large models are many numbers.
                self._compiled.pop(next(iter(self._compiled)))
        model, state, _ = self._compiled[key]
        for variable, value in zip((*model.variables, *model.optimizer.variables), state, strict=False):
            variable.assign(value)
        if not is_schedule:
            optimizer_of(model).learning_rate = program.learning_rate
        return model


def _as_tensor(array):
    """Return texts as a tensor: Keras takes no arrays of them."""
    is_text = isinstance(array, np.ndarray) and array.dtype.kind in "OUS"
    return keras.ops.convert_to_tensor(array) if is_text else array


@contextlib.contextmanager
def kept_seeds():
    """Inside, anything may be drawn and seeded; afterwards random numbers go on as if nothing had been."""
    restore, states = _private_apis.random_states(), (random.getstate(), np.random.get_state())
    try:
        yield
    finally:
        restore()
        random.setstate(states[0])
        np.random.set_state(states[1])
