"""Question 15: why a Transformer? `python -m questions transformer`"""

import functools

import keras
import numpy as np

from dlguide import rnn, transformer_language_model
from questions import _retraining, _steps, _tuning
from questions._experiment import Claim, Experiment, Panel, Score, Unit

KEYS, VALUES = 12, 4
FIRST_QUESTION = 1 + KEYS * VALUES
VOCABULARY = FIRST_QUESTION + KEYS
PAIRS = (2, 4, 8)
BATCH, MOST, EVERY, TESTS, TARGET = 64, 6000, 10, 500, 0.99
GRID = (0.003, 0.01, 0.03)
ROWS = ("transformer", "lstm")
LENGTHS = (16, 128, 512)
SYMBOLS_A_STEP, TIMED_STEPS, ROUNDS = 2048, 10, 3


def recall(number: int, pairs: int, rng):
    """Draw sequences of pairs of a key and a value, then a question for the value of each key, in another order.

    A pair is one symbol, a question too. Returns the sequences, and the answers as 1 to `VALUES`, 0 elsewhere.
    """
    keys = rng.permuted(np.tile(np.arange(KEYS), (number, 1)), axis=1)[:, :pairs]
    values = rng.integers(VALUES, size=keys.shape)
    asked = rng.permuted(np.tile(np.arange(pairs), (number, 1)), axis=1)
    x = np.concatenate([1 + VALUES * keys + values, FIRST_QUESTION + np.take_along_axis(keys, asked, 1)], 1)
    y = np.concatenate([np.zeros_like(values), 1 + np.take_along_axis(values, asked, 1)], 1)
    return x, y


def network(row: str, length: int):
    """Return a new model of a row."""
    if row == "lstm":
        options = {"vocab_size": VOCABULARY, "return_sequences": True, "mask_zero": False}
        return rnn((length,), 1 + VALUES, units=(48,), **options)
    options = {"embed_dim": 32, "num_heads": 2, "ff_dim": 64, "num_layers": 2, "dropout": 0}
    return transformer_language_model(VOCABULARY, length, **options)


def steps_needed(row: str, learning_rate: float, seed: int, pairs: int, most: int, is_quick: bool) -> float:
    """Return the steps until 99 % of the answers to new sequences are right, `most` if that is not reached."""
    rng = np.random.default_rng((seed, 0))
    x, y = recall(BATCH * most, pairs, rng)
    new_x, new_y = recall(TESTS, pairs, rng)
    reached = []

    class Stop(keras.callbacks.Callback):
        """Look at the answers after every call, which has `EVERY` steps, and less often later."""

        def on_train_batch_end(self, batch, logs=None):
            if batch + 1 > 20 * EVERY and (batch + 1) % (5 * EVERY):
                return
            answers = self.model.predict_on_batch(new_x)[:, pairs:].argmax(-1)
            if (answers == new_y[:, pairs:]).mean() >= TARGET:
                reached.append(batch + 1)
                self.model.stop_training = True

    compiled = {"optimizer": "clipped", "ignore_class": 0, "metrics": (), "jit_compile": not is_quick}
    train = _retraining.trainer(network, row, 2 * pairs, **compiled, steps_per_execution=EVERY)
    options = {"epochs": 1, "batch_size": BATCH, "seed": seed, "callbacks": [Stop()]}
    try:
        train(x, y, learning_rate=learning_rate, **options)
    except FloatingPointError:  # It diverges.
        return float(most)
    return float(reached[0] if reached else most)


@functools.cache
def timed(lengths: tuple, is_quick: bool) -> tuple[dict, dict]:
    """Return functions that train on random symbols, and their numbers of steps, for `_steps.in_turns`.

    Each network is compiled in two ways, because neither is the faster one for all lengths.
    """
    fits, steps, rng = {}, {}, np.random.default_rng(0)
    for length in lengths:
        count = SYMBOLS_A_STEP // length * TIMED_STEPS
        x, y = rng.integers(1, VOCABULARY, (count, length)), rng.integers(1, 1 + VALUES, (count, length))
        for row in ROWS:
            for jit_compile in (True, False) if not is_quick else (False,):
                model = network(row, length)
                loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
                model.compile("adam", loss, steps_per_execution=TIMED_STEPS, jit_compile=jit_compile)
                key = row, length, jit_compile
                fits[key] = functools.partial(model.fit, x, y, batch_size=SYMBOLS_A_STEP // length)
                steps[key] = TIMED_STEPS
    return fits, steps


def seconds(lengths: tuple, is_quick: bool) -> dict:
    """Return the seconds of a step by the length of the sequences, of the faster way to compile."""
    found = _steps.in_turns(*timed(lengths, is_quick), rounds=ROUNDS if not is_quick else 1)
    scores = {row: {} for row in ROWS}
    for (row, length, _), value in found.items():
        scores[row][str(length)] = min(value, scores[row].get(str(length), value))
    return scores


def choose(*, grid=GRID, most: int = MOST, places=PAIRS, is_quick: bool = False, **_) -> dict:
    """Try learning rates: the steps that they need."""
    found = {}
    for pairs in places:
        tries = _tuning.search(ROWS, grid, steps_needed, pairs, most, is_quick)
        found |= {f"{row}@steps, {pairs}": own for row, own in tries.items()}
    return found


def measure(seed: int, best: dict, *, most=MOST, places=PAIRS, lengths=LENGTHS, is_quick=False, **_) -> dict:
    """Return the steps that each row needs by the number of pairs, and the seconds of a step by the length."""

    def needed(row, pairs):
        return steps_needed(row, best[f"{row}@steps, {pairs}"], seed, pairs, most, is_quick)

    steps = {row: {str(pairs): needed(row, pairs) for pairs in places} for row in ROWS}
    return {"steps": steps, "seconds": seconds(lengths, is_quick)}


STEPS = Score("steps until 99 % are right", Unit("steps"), False, ",.0f", logarithmic=True, is_ratio=True)
TIME = Score("time of a training step", Unit("milliseconds", 1000.0), False, ".1f", True, margin=0.1, is_ratio=True)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "steps": Panel(STEPS, ROWS, x_axis="pairs to remember", logarithmic=True),
        "seconds": Panel(TIME, ROWS, x_axis="length of the sequences", logarithmic=True),
    },
    claims=(
        Claim("steps", "transformer", "lstm", "yes", at="8"),
        Claim("seconds", "transformer", "lstm", "yes", at="512"),
        Claim("seconds", "transformer", "lstm", "no", at="16"),
    ),
    quick={"grid": GRID[:1], "most": EVERY, "places": PAIRS[:1], "lengths": LENGTHS[:1], "is_quick": True},
    recheck_options={"places": (8,), "lengths": ()},
    lower_is_chosen=True,
    figure_size=(6.4, 2.5),
    # Two pairs are so few that even a larger rate may do; with more pairs it is too large.
    rows_allowed_at_grid_edge=("lstm@steps, 2",),
)
