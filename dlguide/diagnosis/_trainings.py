"""Short trainings of copies, each from the weights that the program gave, within a limit of time."""

import contextlib
import dataclasses
import random
import re
import time

import keras
import numpy as np

from dlguide import _private_apis
from dlguide.diagnosis._layers import copied, optimizer_of
from dlguide.diagnosis._program import Program, count, fixed_batch_size, take
from dlguide.diagnosis._report import Suspicion
from dlguide.diagnosis._task import is_numbers, skill

GAIN, LARGE_GAIN, ERRORS_LEFT = 0.1, 0.25, 0.5
SECONDS = 60.0  # For all trainings of a diagnosis, however many processors there are.
GOOD = 0.8  # A program that reaches this skill learns.
LONGEST = 5.0  # Of the program's own training; another one may have half of it.


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a training came to; `losses` and `valid_losses` have one number an epoch, or for a few of them together."""

    skill: float
    losses: list = dataclasses.field(default_factory=list)
    valid_losses: list = dataclasses.field(default_factory=list)
    steps: int = 0
    error: str = ""
    weights: list | None = None

    def is_clearly_above(self, other) -> bool:
        """Return whether the skill is higher by a quarter, or by a tenth with half of the errors gone."""
        before, after = max(other.skill, 0), self.skill
        return after - before >= LARGE_GAIN or (after - before >= GAIN and 1 - after <= ERRORS_LEFT * (1 - before))


class _Clock(keras.callbacks.Callback):
    """Ends a training when its time is over or its loss is not finite."""

    def __init__(self, seconds: float):
        super().__init__()
        self.seconds, self.start = seconds, None

    def on_train_batch_end(self, batch, logs=None):
        now = time.perf_counter()
        self.start = self.start or now  # After the first step, which takes as long as tracing.
        is_over = now - self.start > self.seconds
        self.model.stop_training |= is_over or not np.isfinite((logs or {}).get("loss", 0.0))


class Trainings:
    """Trains programs; each of their models is compiled once, and begins each training from its first weights."""

    def __init__(self, show=lambda line: None):
        self._compiled, self._start, self._show = {}, time.perf_counter(), show

    @property
    def seconds_left(self) -> float:
        return SECONDS - (time.perf_counter() - self._start)

    def run(self, program: Program, name: str, seconds: float = LONGEST / 2, seed: int = 0) -> Outcome:
        """Train a program for at most so many seconds."""
        self._show(f"[{'=' * round(20 * min(1 - self.seconds_left / SECONDS, 1)):20}] {name}")
        try:
            return self._run(program, seconds, seed)
        except Exception as error:  # Whatever the program does wrong: it is what the user sees.
            text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
            text = re.sub(r"(?m)^\s*(File |Detected at|\[\[).*", "", text)  # TensorFlow tells where in its graph.
            return Outcome(-1.0, error=f"{type(error).__name__}: {' '.join(text.split())[:400]}")

    def proved(self, suspicion: Suspicion, base: Outcome) -> Suspicion:
        """Return a suspicion with the training of its repaired program, if it has one, beside that without."""
        after = suspicion.repaired and self.run(suspicion.repaired, suspicion.fault)
        return dataclasses.replace(suspicion, before=base, after=after)

    def better_of_two(self, program: Program) -> Outcome:
        """Train a program; if it does not learn, once more with another seed, since that can be bad luck."""
        first = self.run(program, "", LONGEST)
        second = self.run(program, "", LONGEST, 1) if first.skill < GOOD and not first.error else first
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
            outputs = np.asarray(model.predict(x, batch_size=fixed_batch_size(model) or 256, verbose=0))
            reached = skill(program.task, outputs, y, program.takes_logits)
        kept = model.get_weights() if program.base is None else None
        done = int(optimizer_of(model).iterations)
        return Outcome(reached, losses, history.get("val_loss", []), done, weights=kept)

    def _ready(self, program: Program, steps_per_execution: int):
        """Return the compiled copy of a program's model, with its first weights and a new optimizer."""
        is_schedule = not isinstance(optimizer_of(program.model).get_config().get("learning_rate"), float)
        key = id(program.model), steps_per_execution, program.rate if is_schedule else None
        if key not in self._compiled:
            backend = keras.backend.backend()
            options = {"jit_compile": False} if backend == "tensorflow" else {}  # Compiling would take longer.
            options |= {"steps_per_execution": steps_per_execution} if backend != "torch" else {}
            keras.utils.set_random_seed(0)  # Of dropout.
            copy = copied(program.model, rate=program.rate, **options)
            with contextlib.suppress(Exception):  # Layers used as activations have no weights before.
                copy(keras.tree.map_structure(_as_tensor, take(program.x, slice(0, fixed_batch_size(copy) or 1))))
            copy.optimizer.build(copy.trainable_variables)
            state = [np.array(v) for v in (*copy.variables, *copy.optimizer.variables)]
            self._compiled[key] = copy, state, program.model  # The model too: its `id` must stay its own.
        model, state, _ = self._compiled[key] = self._compiled.pop(key)
        while len(self._compiled) > 3:  # Large models are many numbers.
            self._compiled.pop(next(iter(self._compiled)))
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
