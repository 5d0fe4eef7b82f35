"""Question 13: why an LSTM? `python -m questions lstm`"""

import functools

import keras
import numpy as np

from questions import _retraining, _tuning
from questions._experiment import Claim, Experiment, Panel, Score, Unit

LENGTHS = (10, 25, 50)
BATCH, STEPS = 50, 6000
EVERY, LEARNED = 100, 1 / 60
"""The task counts as learned when the mean squared error of 100 steps is a tenth of that of answering 1 always."""
RATES = (0.0008, 0.0032, 0.0128, 0.0512)
ROWS = ("simple", "identity", "gru", "lstm", "sum")
NEW = ("simple", "identity", "lstm", "no_forget_bias")


def adding(number: int, length: int, rng, first: int | None = None):
    """Draw sequences of random numbers with two marks, one in each half; the target is the sum of the marked numbers.

    `first` is the place of the first mark, None for a random one.
    """
    x = np.zeros((number, length, 2), "float32")
    x[..., 0] = rng.random((number, length), "float32")
    marks = rng.integers(length // 2, size=number), rng.integers(length // 2, length, size=number)
    for places in (marks[0] if first is None else first, marks[1]):
        x[np.arange(number), places, 1] = 1
    return x, x.prod(axis=2).sum(axis=1, keepdims=True)


@functools.lru_cache(maxsize=3)
def batches(steps: int, length: int, seed: int):
    """Return the sequences of a training, which uses each of them once."""
    return adding(BATCH * steps, length, np.random.default_rng((seed, length, 0)))


def network(row: str, length: int):
    """Return a new model that reads a sequence and gives one number; all have about 1,230 weights."""
    if row == "sum":  # No state: the same layer for each element, and the sum of what it gives.
        inputs = keras.Input((length, 2))
        summed = keras.ops.sum(keras.layers.Dense(307, activation="relu")(inputs), axis=1)
        return keras.Model(inputs, keras.layers.Dense(1)(summed))
    if row == "simple":
        cell = keras.layers.SimpleRNN(33)
    elif row == "gru":
        cell = keras.layers.GRU(18)
    elif row == "identity":
        options = {"activation": "relu", "kernel_initializer": keras.initializers.RandomNormal(stddev=0.001)}
        cell = keras.layers.SimpleRNN(33, recurrent_initializer="identity", **options)
    else:
        cell = keras.layers.LSTM(16, unit_forget_bias=row == "lstm")
    return keras.Sequential([keras.Input((length, 2)), cell, keras.layers.Dense(1)])


class Watch(keras.callbacks.Callback):
    """End the training when the task is learned; `steps` is None until then.

    No sequence is used twice, so the loss of a step, before it changes the weights, is an error on new sequences.
    """

    steps, done, total = None, 0, 0.0

    def on_train_batch_end(self, batch, logs=None):
        steps = batch + 1
        if steps >= self.done + EVERY:
            total = logs["loss"] * steps  # Keras gives the mean of all steps so far.
            if (total - self.total) / (steps - self.done) < LEARNED:
                self.steps, self.model.stop_training = steps, True
            self.done, self.total = steps, total


def trained(key: str, learning_rate: float, seed: int, *, steps=STEPS, is_quick=False, **_):
    """Return a row's weights when the task is learned, and the steps until then; `steps` where it is not."""
    row, length = key.split("@")
    compiled = {"optimizer": "clipped", "loss": "mse", "metrics": ()}
    compiled |= {"jit_compile": not is_quick, "run_eagerly": is_quick}
    train, watched = _retraining.trainer(network, row, int(length), **compiled), Watch()
    x, y = batches(steps, int(length), seed)
    options = {"epochs": 1, "batch_size": BATCH, "seed": seed, "callbacks": [watched]}
    try:
        weights = train(x, y, learning_rate=learning_rate, **options).get_weights()
    except FloatingPointError:
        return None, float(steps)
    return weights, float(watched.steps or steps)


def states(row: str, weights: list, x):
    """Yield the state after each step, in NumPy: Keras's cells, of which `weights` are the first three arrays."""
    kernel, recurrent, bias = weights[:3]
    h = c = np.zeros((len(x), len(recurrent)))
    for t in range(x.shape[1]):
        z = x[:, t] @ kernel + h @ recurrent + bias
        if row == "simple":
            h = np.tanh(z)
        elif row == "identity":
            h = np.where(z.real > 0, z, 0)
        else:
            i, f, g, o = np.split(z, 4, axis=1)
            i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
            c = f * c + i * np.tanh(g)
            h = o * np.tanh(c)
        yield h


def influence(row: str, weights: list, length: int, seed: int) -> float:
    """Return log10 of the norm of d(last state) / d(first number), relative to that of the first state."""
    x = adding(100, length, np.random.default_rng((seed, length, 2)), first=0)[0].astype(complex)
    # The imaginary part of f(x + iε) is ε f′(x) for a tiny ε: exact, because nothing is subtracted.
    x[:, 0, 0] += 1e-20j
    sizes = [np.linalg.norm(h.imag) for h in states(row, weights, x)]
    return float(np.log10(sizes[-1] / sizes[0]))


def choose(*, lengths=LENGTHS, rates=RATES, **options) -> dict:
    """Return the steps of each row at each length with each learning rate.

    One that does not learn counts four times as many: fewer failures come first, as in the count of the claims.
    """
    most = options.get("steps", STEPS)

    def score(key, rate, seed):
        steps = trained(key, rate, seed, **options)[1]
        return steps if steps < most else 4 * most

    return _tuning.search([f"{row}@{length}" for row in ROWS for length in lengths], rates, score)


def measure(seed: int, best: dict, *, lengths=LENGTHS, rows=ROWS, **options) -> dict:
    """Return the steps of each row at each length, and how much of the first number's influence is left."""
    steps, influences = {row: {} for row in rows}, {row: {} for row in NEW}
    for row in NEW:
        keras.utils.set_random_seed(seed)
        new = network(row, max(lengths)).get_weights()
        influences[row] = {str(length): influence(row, new, length, seed) for length in lengths}
    for row in rows:
        for length in lengths:
            key = f"{row}@{length}"
            weights, steps[row][str(length)] = trained(key, best[key], seed, **options)
            if row == "lstm":
                # One that diverged has learned nothing: the influence is that at its first weights.
                is_left = influences[row][str(length)] if weights is None else influence(row, weights, length, seed)
                influences.setdefault("trained", {})[str(length)] = is_left
    return {"steps": steps, "influence": influences}


STEPS_TO_LEARN = Score("steps until learned", Unit("steps"), False, ",.0f", True, bounds=(1, STEPS), is_ratio=True)
INFLUENCE = Score("influence of the first number", Unit("log10"), format=".1f")
CURVES = {"x_axis": "length of the sequences", "logarithmic": True}
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "steps": Panel(STEPS_TO_LEARN, ROWS, **CURVES),
        "influence": Panel(INFLUENCE, (*NEW, "trained"), **CURVES),
    },
    claims=(
        Claim("steps", "lstm", "simple", "yes", at="50"),
        Claim("steps", "lstm", "gru", "no", at="50"),
        Claim("steps", "lstm", "identity", "yes", at="50", success=STEPS - 1),
        Claim("steps", "lstm", "identity", "yes", at="50"),
        Claim("influence", "lstm", "simple", "no", at="50"),
        Claim("influence", "trained", "lstm", "yes", at="50"),
        Claim("steps", "lstm", "sum", "no", at="50"),
    ),
    seeds=tuple(range(10)),
    figure_size=(6.4, 3.4),
    quick={"lengths": (4,), "rates": RATES[:1], "steps": 1, "is_quick": True},
    recheck_options={"rows": ("simple", "lstm"), "lengths": (10, 25)},
    lower_is_chosen=True,
    # With 0.2048, the next rate, on the same seeds: the ReLU cell is worse at length 25 (4,067 steps in place of 433);
    # the LSTM hardly gains (233, 333 and 400 in place of 233, 367 and 467). GRU and sum are ahead of it anyway.
    rows_allowed_at_grid_edge=("identity@25", "lstm@10", "lstm@25", "lstm@50", "gru@25", "gru@50", "sum@25"),
)
