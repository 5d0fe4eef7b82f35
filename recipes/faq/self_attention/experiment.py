"""Question 19: why self-attention?

python -m recipes.faq self_attention
"""

import functools

import numpy as np

from recipes.faq import _figure, _retraining, _tuning
from recipes.faq._experiment import PERCENT, Claim, Experiment, Panel, Score

SYMBOLS = 8
LENGTH = 2 * SYMBOLS
BATCH, STEPS, TESTS = 64, 1000, 2000
GRID = (1e-3, 2e-3, 4e-3, 8e-3, 16e-3, 32e-3)
DISTANCES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 14)
ROWS = ("two", "one", "mean", "convolution", "wide")


def sequences(number: int, rng):
    """Draw sequences: all symbols in random order, then again in another one.

    Returns the sequences, the symbol that followed each symbol of the second half in the first one (0 for no question,
    in the first half), and how many places back the answer stands.
    """
    orders = rng.permuted(np.tile(np.arange(1, SYMBOLS + 1), (number, 2, 1)), axis=2)
    x = orders.reshape(number, LENGTH)
    answer_places = np.take_along_axis(orders[:, 0].argsort(1), orders[:, 1] - 1, 1) + 1
    y = np.concatenate([np.zeros_like(answer_places), np.take_along_axis(x, answer_places, 1)], 1)
    return x, y, np.arange(SYMBOLS, LENGTH) - answer_places


def network(row: str):
    """Return a new model of a row."""
    from dlguide import transformer_language_model

    if row in ("convolution", "wide"):
        return convolutional(kernel_size=4 if row == "convolution" else 9)
    width, heads, blocks = (48, 2, 1) if row == "one" else (32, 1, 2)
    options = {"embed_dim": width, "num_heads": heads, "ff_dim": 2 * width, "num_layers": blocks, "dropout": 0}
    model = transformer_language_model(SYMBOLS + 1, LENGTH, **options)
    for block in range(blocks if row == "mean" else 0):
        query = model.get_layer(f"attention_{block}").query
        query.kernel.assign(0 * query.kernel)  # All products with the keys are 0, and all weights equal.
        query.trainable = False
    return model


def convolutional(kernel_size: int, width: int = 32, blocks: int = 2):
    """Return the transformer with a convolution in the place of each attention; it sees no later symbol either."""
    import keras

    from dlguide.attention_layers import PositionEmbedding

    inputs = keras.Input((None,), dtype="int32")
    x = PositionEmbedding(LENGTH)(keras.layers.Embedding(SYMBOLS + 1, width)(inputs))

    def normalised(x):
        return keras.layers.LayerNormalization(center=False, scale=False)(x)

    for _ in range(blocks):
        x = x + keras.layers.Conv1D(width, kernel_size, padding="causal", use_bias=False)(normalised(x))
        hidden = keras.layers.Dense(2 * width, activation="relu")(normalised(x))
        x = x + keras.layers.Dense(width)(hidden)
    return keras.Model(inputs, keras.layers.Dense(SYMBOLS + 1)(normalised(x)))


@functools.cache
def trainer(row: str, is_quick: bool):
    """Return the function that trains a row's model, the same one for all seeds."""
    build = functools.partial(network, row)
    return _retraining.clipped_trainer(build, ignore_class=0, jit_compile=not is_quick)


def answered(row: str, learning_rate: float, seed: int, x, y, *, steps=STEPS, is_quick=False, **_):
    """Return a row's model after one pass over new sequences, and where in the second half of `x` it is right."""
    train = trainer(row, is_quick)
    drawn, targets, _ = sequences(BATCH * steps, np.random.default_rng((seed, 0)))
    model = train(drawn, targets, learning_rate=learning_rate, epochs=1, batch_size=BATCH, seed=seed)
    return model, _retraining.outputs(model, x)[:, SYMBOLS:].argmax(2) == y[:, SYMBOLS:]


def choose(*, grid=GRID, **options) -> dict:
    """Try learning rates on a validation set."""
    x, y, _ = sequences(TESTS, np.random.default_rng((100, 1)))
    return _tuning.search(ROWS, grid, lambda row, rate: float(answered(row, rate, 100, x, y, **options)[1].mean()))


def measure(seed: int, choice: dict, *, rows=ROWS, **options) -> dict:
    """Return the share of right answers, in all and by the distance of the answer."""
    x, y, distances = sequences(TESTS, np.random.default_rng((seed, 1)))
    scores = {"accuracy": {}, "by_distance": {}}
    for row in rows:
        model, right = answered(row, _tuning.best(choice[row]), seed, x, y, **options)
        scores["accuracy"][row] = float(right.mean())
        scores["by_distance"][row] = {str(n): float(right[distances == n].mean()) for n in DISTANCES}
        if (row, seed) == ("two", 0):
            scores["picture"] = picture(model, x[0])
    return scores


def picture(model, tokens) -> dict:
    """Return what `draw` needs of one sequence: its symbols as letters, and the attention in hundredths."""
    from dlguide.attention import attention_weights

    weights = [attention_weights(model, tokens, layer=layer)[0] for layer in range(2)]
    rows = [[" ".join(f"{100 * value:.0f}" for value in row) for row in block] for block in weights]
    return {"symbols": "".join(chr(96 + token) for token in tokens), "attention": rows}


def draw(seeds: dict, names):
    """Draw the two panels and, below them, the attention of the network with two blocks in one sequence."""
    from dlguide import plots

    shown = seeds["0"]["picture"]
    with plots.new_figure(6.8, 9.8) as figure:
        axes = figure.subplot_mosaic([["top", "top"], ["middle", "middle"], [0, 1]], height_ratios=[2.8, 3.6, 3.4])
        _figure.draw_points(axes["top"], "accuracy", EXPERIMENT.panels["accuracy"], seeds, names)
        _figure.draw_curves(axes["middle"], "by_distance", EXPERIMENT.panels["by_distance"], seeds, names)
        axes["top"].grid(axis="x", alpha=0.3)
        axes["middle"].grid(alpha=0.3)
        axes["middle"].legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, fontsize=8)
        for block in (0, 1):
            weights = [[int(number) for number in row.split()] for row in shown["attention"][block]]
            axes[block].imshow(weights, cmap="Blues", vmin=0, vmax=100)
            for set_ticks in (axes[block].set_xticks, axes[block].set_yticks):
                set_ticks(range(LENGTH), list(shown["symbols"]), fontsize=7)
            axes[block].tick_params(length=1, pad=1)
            axes[block].axhline(SYMBOLS - 0.5, color="gray", linewidth=0.6)
            axes[block].set_title(names("picture", f"block {block + 1}"), fontsize=10)
            axes[block].set(xlabel=names("picture", "looks at"), ylabel="" if block else names("picture", "symbol"))
    return figure


ANSWERS = Panel(Score("right answers", PERCENT, format=".1f"), ROWS)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "accuracy": ANSWERS._replace(reference="two"),
        "by_distance": ANSWERS._replace(curve="distance of the answer (symbols back)"),
    },
    claims=(
        Claim("accuracy", "two", "one", "same"),
        Claim("accuracy", "two", "mean", "yes"),
        Claim("accuracy", "two", "convolution", "yes"),
        Claim("accuracy", "two", "wide", "yes"),
    ),
    quick={"grid": GRID[:1], "steps": 1, "is_quick": True},
    check={"rows": ("convolution",)},
    seeds=tuple(range(10)),
    draw=draw,
)
