"""Question 19: why self-attention? `python -m questions self_attention`"""

import keras
import numpy as np
from matplotlib import patches

from dlguide import rnn, transformer_language_model
from dlguide.attention import attention_weights
from dlguide.attention_layers import PositionEmbedding
from questions import _figure, _retraining, _tuning
from questions._experiment import PERCENT, Claim, Experiment, Panel, Score

ALPHABET, LETTERS, QUESTIONS = 16, 8, 3
LENGTH = LETTERS + QUESTIONS
DISTANCES = tuple(range(QUESTIONS, LETTERS))
"""Those that each question can have."""
KERNEL = 6
"""A convolution sees the answer and the letter before it at once up to a distance of 4."""
BATCH, STEPS, TESTS = 128, 2500, 2000
GRID = (0.002, 0.005, 0.015, 0.05)
ROWS = ("two", "gru", "convolution")
SHOWN = 0
"""Number of the test sequence in the picture."""


def sequences(number: int, rng):
    """Draw sequences: different letters in random order, then some of them as questions.

    The answer, the letter that followed the asked one, stands at one of `DISTANCES`, at each equally often: otherwise
    the commonest distance would be learned best. Returns the sequences, the answers (0 at the letters), and the places
    of the answers.
    """
    letters = rng.permuted(np.tile(np.arange(1, ALPHABET + 1), (number, 1)), axis=1)[:, :LETTERS]
    places = np.arange(LETTERS, LENGTH) - rng.choice(DISTANCES, (number, QUESTIONS))
    x = np.hstack([letters, np.take_along_axis(letters, places - 1, 1)])
    return x, np.hstack([np.zeros_like(letters), np.take_along_axis(letters, places, 1)]), places


def network(row: str):
    """Return a new model of a row."""
    if row == "convolution":
        return convolutional()
    if row == "gru":
        options = {"vocab_size": ALPHABET + 1, "return_sequences": True, "mask_zero": False}
        return rnn((LENGTH,), ALPHABET + 1, cell="gru", units=(52,), **options)
    options = {"embed_dim": 32, "num_heads": 1, "ff_dim": 64, "num_layers": 2, "dropout": 0}
    return transformer_language_model(ALPHABET + 1, LENGTH, **options)


def convolutional(kernel_size: int = KERNEL, width: int = 32, blocks: int = 2):
    """Return the transformer with a convolution in the place of each attention; it sees no later symbol either."""
    inputs = keras.Input((None,), dtype="int32")
    x = PositionEmbedding(LENGTH)(keras.layers.Embedding(ALPHABET + 1, width)(inputs))

    def normalised(x):
        return keras.layers.LayerNormalization(center=False, scale=False)(x)

    for _ in range(blocks):
        x = x + keras.layers.Conv1D(width, kernel_size, padding="causal", use_bias=False)(normalised(x))
        hidden = keras.layers.Dense(2 * width, activation="relu")(normalised(x))
        x = x + keras.layers.Dense(width)(hidden)
    return keras.Model(inputs, keras.layers.Dense(ALPHABET + 1)(normalised(x)))


def answered(row: str, learning_rate: float, seed: int, x, y, *, steps=STEPS, is_quick=False, **_):
    """Return a row's model after one pass over new sequences, and at which questions of `x` it is right."""
    compiled = {"optimizer": "clipped", "ignore_class": 0, "metrics": (), "jit_compile": not is_quick}
    train = _retraining.trainer(network, row, **compiled)
    drawn, targets, _ = sequences(BATCH * steps, np.random.default_rng((seed, 0)))
    model = train(drawn, targets, learning_rate=learning_rate, epochs=1, batch_size=BATCH, seed=seed)
    return model, _retraining.outputs(model, x)[:, LETTERS:].argmax(2) == y[:, LETTERS:]


def choose(*, grid=GRID, **options) -> dict:
    """Return the accuracy of each learning rate on a validation set."""
    x, y, _ = sequences(TESTS, np.random.default_rng(2))
    return _tuning.search(ROWS, grid, lambda *tried: answered(*tried, x, y, **options)[1])


def measure(seed: int, best: dict, *, rows=ROWS, **options) -> dict:
    """Return the share of right answers, in all and by the distance of the answer, and what two blocks attend to."""
    x, y, places = sequences(TESTS, np.random.default_rng(1))
    distances = np.arange(LETTERS, LENGTH) - places
    scores = {"accuracy": {}, "by_distance": {}, "attention": {}}
    for row in rows:
        model, right = answered(row, best[row], seed, x, y, **options)
        scores["accuracy"][row] = right.mean(axis=1)
        scores["by_distance"][row] = {str(n): float(right[distances == n].mean()) for n in DISTANCES}
        if row == "two":
            first, second = attention(model, x)
            scores["attention"]["before"] = np.mean([first[:, i, i - 1] for i in range(1, LETTERS)], axis=0)
            scores["attention"]["answer"] = np.take_along_axis(second, places[:, :, None], 2).mean(axis=(1, 2))
            if seed == 0:
                scores["picture"] = picture(x[SHOWN], y[SHOWN], first[SHOWN], second[SHOWN])
    return scores


def attention(model, x) -> tuple:
    """Return the weights of the first block at the letters, of the second one at the questions."""
    first, second = (attention_weights(model, x, layer=layer)[:, 0] for layer in range(2))
    return first[:, :LETTERS, :LETTERS], second[:, LETTERS:]


def picture(tokens, answers, first, second) -> dict:
    """Return what `draw` needs of one sequence: symbols and answers as letters, and the attention in hundredths."""

    def written(weights):
        return [" ".join(f"{100 * value:.0f}" for value in row) for row in weights]

    symbols, answers = ("".join(chr(96 + token) for token in part) for part in (tokens, answers[LETTERS:]))
    return {"symbols": symbols, "answers": answers, "first": written(first), "second": written(second)}


@_figure.of_size(6.6, 2.5)
def draw(figure, seeds: dict, names) -> None:
    """Draw what the two blocks of one network attend to in one sequence."""
    shown = seeds["0"]["picture"]
    symbols, answers = shown["symbols"], shown["answers"]
    questions = [f"{symbol}? {answer}" for symbol, answer in zip(symbols[LETTERS:], answers, strict=True)]
    left, right = figure.subplots(1, 2, width_ratios=[LETTERS, LENGTH])
    for axes, part, rows in ((left, "first", symbols[:LETTERS]), (right, "second", questions)):
        weights = [[int(number) for number in row.split()] for row in shown[part]]
        image = axes.imshow(weights, cmap="Blues", vmin=0, vmax=100, aspect="auto")
        axes.set_xticks(range(len(weights[0])), list(symbols[: len(weights[0])]), fontsize=10)
        axes.set_yticks(range(len(rows)), list(rows), fontsize=10)
        axes.tick_params(length=0, pad=3)
        axes.set_title(names("picture", f"{part} block"), fontsize=10)
        axes.set_xlabel(names("picture", "read"))
    for row, answer in enumerate(answers):
        corner = (symbols.index(answer) - 0.5, row - 0.5)
        right.add_patch(patches.Rectangle(corner, 1, 1, fill=False, edgecolor="tab:orange", linewidth=2))
    right.axvline(LETTERS - 0.5, color="gray", linewidth=0.8)
    left.set_ylabel(names("picture", "reading"))
    right.set_ylabel(names("picture", "question"))
    figure.colorbar(image, ax=right, label=names("picture", "weight"))


ANSWERS = Panel(Score("right answers after 2,500 steps", PERCENT, format=".1f", margin=0.01), ROWS)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "accuracy": ANSWERS,
        "by_distance": ANSWERS._replace(x_axis="distance of the answer (symbols back)"),
        "attention": Panel(Score("attention weight", PERCENT, format=".1f"), ("before", "answer")),
    },
    claims=(
        Claim("accuracy", "two", "gru", "yes"),
        Claim("attention", "answer", 0.5, "yes"),
        Claim("accuracy", "two", "convolution", "undecided"),
        Claim("attention", "before", 0.5, "yes"),
        Claim("by_distance", "two", "convolution", "undecided", at="4"),
        Claim("by_distance", "two", "convolution", "undecided", at="5"),
    ),
    quick={"grid": GRID[:1], "steps": 1, "is_quick": True},
    recheck_options={"rows": ("two",)},
    draw=draw,
)
