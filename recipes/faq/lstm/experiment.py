"""Question 13: why an LSTM?

python -m recipes.faq lstm
"""

import functools
import math

import numpy as np

from recipes.faq import _retraining, _tuning
from recipes.faq._experiment import NUMBER, Claim, Experiment, Panel, Score, Unit

LENGTHS = (10, 30, 100, 200)
# With errors of at most 1, and an influence without the logarithm, all answers were the same.
BATCH, STEPS, TESTS = 50, 1000, 2000
# An error counts as no more than this, a little above that of answering 1: else one diverged run would rule a mean.
WORST = 0.2
RATES = (0.0001, 0.0004, 0.0016, 0.0064, 0.0256, 0.1)
ROWS = ("simple", "identity", "lstm", "no_forget_bias")


def adding(number: int, length: int, rng, first: int | None = None):
    """Draw sequences of random numbers with two marks, one in each half; the target is the sum of the marked numbers.

    `first` is the place of the first mark, None for a random one.
    """
    x = np.zeros((number, length, 2), "float32")
    x[..., 0] = rng.random((number, length))
    marks = rng.integers(length // 2, size=number), rng.integers(length // 2, length, size=number)
    for places in (marks[0] if first is None else first, marks[1]):
        x[np.arange(number), places, 1] = 1
    return x, x.prod(axis=2).sum(axis=1, keepdims=True)


def network(row: str, length: int):
    """Return a new model that reads a sequence and gives one number; all have about 4,450 weights."""
    import keras

    if row == "simple":
        cell = keras.layers.SimpleRNN(65)
    elif row == "identity":
        options = {"activation": "relu", "kernel_initializer": keras.initializers.RandomNormal(stddev=0.001)}
        cell = keras.layers.SimpleRNN(65, recurrent_initializer="identity", **options)
    else:
        cell = keras.layers.LSTM(32, unit_forget_bias=row == "lstm")
    return keras.Sequential([keras.Input((length, 2)), cell, keras.layers.Dense(1)])


@functools.cache
def trainer(row: str, length: int, is_quick: bool):
    """Return the function that trains a row's model for a length, the same one for all seeds and learning rates."""
    build = functools.partial(network, row, length)
    return _retraining.clipped_trainer(build, "mse", jit_compile=not is_quick, run_eagerly=is_quick)


def trained(row: str, length: int, learning_rate: float, seed: int, *, steps=STEPS, is_quick=False, **_):
    """Return a row's weights after one pass over new sequences, and its error on others, `WORST` at most."""
    x, y = adding(BATCH * steps, length, np.random.default_rng((seed, length, 0)))
    train = trainer(row, length, is_quick)
    try:
        model = train(x, y, learning_rate=learning_rate, epochs=1, batch_size=BATCH, seed=seed)
    except FloatingPointError:
        return None, WORST
    x, y = adding(TESTS, length, np.random.default_rng((seed, length, 1)))
    error = float(np.square(_retraining.outputs(model, x) - y).mean())
    return model.get_weights(), error if error < WORST else WORST


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
    """Return the validation error of each row at each length with each learning rate."""

    def score(key, learning_rate):
        row, length = key.split("@")
        return trained(row, int(length), learning_rate, 100, **options)[1]

    return _tuning.search([f"{row}@{length}" for row in ROWS for length in lengths], rates, score)


def measure(seed: int, choice: dict, *, lengths=LENGTHS, rows=ROWS, **options) -> dict:
    """Return the test error of each row at each length, and how much of the first number's influence is left."""
    import keras

    errors, influences = {row: {} for row in rows}, {row: {} for row in rows}
    for row in rows:
        keras.utils.set_random_seed(seed)
        new = network(row, max(lengths)).get_weights()
        for length in lengths:
            rate = _tuning.best(choice[f"{row}@{length}"], lower=True)
            weights, errors[row][str(length)] = trained(row, length, rate, seed, **options)
            influences[row][str(length)] = influence(row, new, length, seed)
            if row == "lstm":
                influences.setdefault("trained", {})[str(length)] = influence(row, weights, length, seed)
    return {"error": errors, "influence": influences}


ERROR = Score("mean squared error", NUMBER, higher_is_better=False, format=".4f", bounds=(0, math.inf))
INFLUENCE = Score("influence of the first number", Unit("log10"), format=".1f")
CURVES = {"curve": "length of the sequences", "logarithmic": True}
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "error": Panel(ERROR, ROWS, reference="lstm", **CURVES),
        "influence": Panel(INFLUENCE, (*ROWS, "trained"), reference="simple", **CURVES),
    },
    claims=(
        Claim("error", "lstm", "simple", "yes", at="100", known="yes"),
        Claim("error", "lstm", "identity", "yes", at="100", known="same"),
        Claim("error", "lstm", "no_forget_bias", "same", at="200"),
        Claim("influence", "lstm", "simple", "no", at="30"),
    ),
    quick={"lengths": (4,), "rates": RATES[:1], "steps": 1, "is_quick": True},
    check={"rows": ("lstm",), "lengths": (10, 30)},
    lower_is_chosen=True,
    # A next rate, with the same seed, is no better. 0.00003 gives the identity at 100 an error of 0.161, more than the
    # 0.150 with 0.0001, and at 200 one of 0.166, within chance of the 0.167 with 0.0001: no rate learns there. With 0.3
    # the other four do not learn (0.166, 0.179, 0.220, 0.181).
    edges=("identity@100", "identity@200", "lstm@30", "lstm@200", "no_forget_bias@100", "no_forget_bias@200"),
)
