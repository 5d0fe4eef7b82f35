"""Short trainings of copies, each from the weights that the program gave, within a limit of time."""

import contextlib
import dataclasses
import random
import time
import warnings

import keras
import numpy as np

from dlguide import _keras
from dlguide.diagnosis._program import Program, count, rate_of, skill, take

SECONDS = 60.0  # For all trainings of a diagnosis.
LONGEST = 5.0  # Seconds of the program's own training; another one may have half of it.


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a training came to."""

    skill: float
    losses: list
    """The mean loss of each pass."""
    steps: int
    is_whole: bool
    """Whether all epochs were trained."""
    error: str = ""

    @property
    def is_finite(self) -> bool:
        return bool(np.isfinite(self.losses).all()) and not self.error


class _Clock(keras.callbacks.Callback):
    """Ends a training when its time is over, and counts its steps."""

    def __init__(self, seconds: float):
        super().__init__()
        self.seconds, self.steps, self.start = seconds, 0, None

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        if self.start is None:  # After the first step, which takes as long as tracing.
            self.start = time.process_time()
        elif time.process_time() - self.start > self.seconds:
            self.model.stop_training = True


class Trainings:
    """Trains programs; each of their models is compiled once, and begins each training from its first weights."""

    def __init__(self, tell=lambda text, share: None):
        self._compiled, self._start, self._tell = {}, time.process_time(), tell

    @property
    def seconds_left(self) -> float:
        return SECONDS - (time.process_time() - self._start)

    def run(self, program: Program, seconds: float = LONGEST / 2, name: str = "") -> Outcome:
        """Train a program for at most so many seconds."""
        self._tell(name, 1 - self.seconds_left / SECONDS)
        try:
            with seeded(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return self._run(program, seconds)
        except Exception as error:  # Whatever the program does wrong: it is what the user sees.
            return Outcome(-1.0, [], 0, False, error=f"{type(error).__name__}: {str(error).splitlines()[0]}")

    def _run(self, program: Program, seconds: float) -> Outcome:
        model = self._ready(program)
        repeats, epochs = 1, program.epochs
        x, y, weights = program.x, program.y, program.options.get("sample_weight")
        if count(x) < 1500 and epochs > 5:  # An epoch costs Keras milliseconds, whatever it has.
            repeats = min(epochs, -(-2000 // count(x)))
            epochs = max(1, round(epochs / repeats))
            rows = np.tile(np.arange(count(x)), repeats)
            x, y, weights = take(x, rows), take(y, rows), take(weights, rows)
        clock = _Clock(seconds)
        options = {**program.options, "sample_weight": weights, "callbacks": [clock], "verbose": 0}
        history = model.fit(x, y, epochs=epochs, batch_size=program.batch_size, **options)
        is_whole = clock.steps >= epochs * -(-count(x) // program.batch_size)
        x, y = program.held_out
        outputs = np.asarray(model.predict(x, batch_size=256, verbose=0))
        return Outcome(
            skill(program.task, outputs, y, program.takes_logits), history.history["loss"], clock.steps, is_whole
        )

    def _ready(self, program: Program):
        """Return the compiled copy of a program's model, with its first weights and a new optimizer."""
        optimizer = program.optimizer or program.model.optimizer
        is_schedule = not isinstance(optimizer.get_config().get("learning_rate"), float)
        key = id(program.model), repr(program.loss), id(optimizer), is_schedule and program.rate is not None
        if key not in self._compiled:
            config = keras.optimizers.serialize(optimizer)
            if program.rate is not None:
                config["config"]["learning_rate"] = program.rate
            copy = copied(program.model)
            copy.compile(optimizer=keras.optimizers.deserialize(config), loss=program.loss, jit_compile=False)
            copy.optimizer.build(copy.trainable_variables)
            state = [np.array(v) for v in (*copy.variables, *copy.optimizer.variables)]
            self._compiled[key] = copy, state, program.model  # The model too: its `id` must stay its own.
        model, state, _ = self._compiled[key]
        for variable, value in zip((*model.variables, *model.optimizer.variables), state, strict=False):
            variable.assign(value)
        if not is_schedule:
            model.optimizer.learning_rate = rate_of(optimizer) if program.rate is None else program.rate
        return model


def copied(model):
    """Return a copy of a model with its weights."""
    copy = keras.models.clone_model(model)
    if model.built:
        if not copy.built:
            copy.build(model.input_shape)
        copy.set_weights(model.get_weights())
    return copy


@contextlib.contextmanager
def seeded():
    """Inside, all is drawn from one seed; afterwards as if nothing had been drawn."""
    states, state = (random.getstate(), np.random.get_state()), _keras.global_seed_state()
    value = None if state is None else np.array(state)
    keras.utils.set_random_seed(0)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        if value is not None:
            _keras.set_global_seed_state(value)
