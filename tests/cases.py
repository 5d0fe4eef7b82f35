"""One row for each public builder: how it is called, what comes out, how many weights it has."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Option:
    """A keyword argument other than the default, and what it makes of the model; None where the case's own holds."""

    name: str
    value: Any
    trainable: int
    non_trainable: int = 0
    args: tuple | None = None
    output: tuple | None = None


@dataclass(frozen=True)
class Case:
    """A builder's call with tiny sizes, and its options one at a time; the weights are worked out by hand."""

    args: tuple
    output: tuple
    trainable: int
    non_trainable: int = 0
    options: tuple[Option, ...] = ()
    base: dict = field(default_factory=dict)
    """Keyword arguments of every call."""
    classifier: bool = True


LSTM = 4 * ((3 + 6) * 6 + 6)
BLOCK = 16 + 4 * 8 * 8 + 16 + (8 * 6 + 6) + (6 * 8 + 8)  # Norm, attention without biases, norm, two dense layers.
BLOCK_OF_4 = 8 + 4 * 4 * 4 + 8 + (4 * 6 + 6) + (6 * 4 + 4)
TRANSFORMER = {"embed_dim": 8, "num_heads": 2, "ff_dim": 6, "num_layers": 1, "dropout": 0.0}


def transformer_options(base: int, base_of_4: int) -> tuple[Option, ...]:
    return (
        Option("embed_dim", 4, base_of_4),
        Option("num_heads", 4, base),
        Option("ff_dim", 7, base + 8 + 1 + 8),
        Option("num_layers", 2, base + BLOCK),
        Option("dropout", 0.5, base),
        Option("name", "reader", base),
    )


CASES = {
    # A line: 3 weights and a bias. Statistics: mean and scale of 3, centre of 3, a matrix of 3 x 3.
    "linear_regression": Case(((3,),), (1,), 3 + 1, 3 + 3 + 3 + 9, (Option("name", "line", 4, 18),), classifier=False),
    # 3 variables have 3 + 6 products up to the second degree, 3 + 6 + 10 up to the third.
    "polynomial_regression": Case(
        ((3,),),
        (1,),
        9 + 1,
        3 + 3 + 9 + 81,
        (
            Option("degree", 3, 19 + 1, 3 + 3 + 19 + 361),
            Option("degree", 1, 3 + 1, 18),
            Option("name", "curve", 10, 96),
        ),
        classifier=False,
    ),
    "perceptron": Case(
        ((4, 3), 6), (6,), 12 * 6 + 6, 0, (Option("l2", 0.1, 12 * 6 + 6), Option("name", "one_layer", 78))
    ),
    "mlp": Case(
        ((4, 3), 6),
        (6,),
        (12 * 5 + 5) + (5 * 6 + 6),
        0,
        (
            Option("hidden_units", (), 12 * 6 + 6),
            Option("hidden_units", (7, 5), (12 * 7 + 7) + (7 * 5 + 5) + (5 * 6 + 6)),
            Option("activation", "tanh", 101),
            Option("activation", None, 101),
            Option("dropout", 0.5, 101),
            # No bias; scale and shift of 5 are trained, the moving mean and variance are not.
            Option("batch_norm", True, 12 * 5 + (5 + 5) + (5 * 6 + 6), 5 + 5),
            Option("l2", 0.1, 101),
            Option("name", "network", 101),
        ),
        base={"hidden_units": (5,)},
    ),
    # Filters of 3 x 3 over 2 channels, then over 4; scale and shift of each; the head.
    "cnn": Case(
        ((8, 6, 2), 3),
        (3,),
        9 * 2 * 4 + 8 + 9 * 4 * 5 + 10 + (5 * 3 + 3),
        8 + 10,
        (
            Option("filters", (7,), 9 * 2 * 7 + 14 + (7 * 3 + 3), 14),
            Option("kernel_size", 5, 25 * 2 * 4 + 8 + 25 * 4 * 5 + 10 + (5 * 3 + 3), 18),
            Option("dropout", 0.5, 288, 18),
            Option("batch_norm", False, 9 * 2 * 4 + 4 + 9 * 4 * 5 + 5 + (5 * 3 + 3)),
            Option("augment", {"shift": 0.4}, 288, 18),
            Option("augment", {"rotation": 90}, 288, 18),
            Option("augment", {"flip": "horizontal"}, 288, 18),
            Option("name", "images", 288, 18),
        ),
        base={"filters": (4, 5)},
    ),
    # Four gates over the 3 features and the 6 units.
    "rnn": Case(
        ((5, 3), 4),
        (4,),
        LSTM + (6 * 4 + 4),
        0,
        (
            Option("cell", "simple", ((3 + 6) * 6 + 6) + (6 * 4 + 4)),
            # Keras's GRU has two biases for each of its three gates.
            Option("cell", "gru", 3 * ((3 + 6) * 6 + 2 * 6) + (6 * 4 + 4)),
            Option("units", (6, 7), LSTM + 4 * ((6 + 7) * 7 + 7) + (7 * 4 + 4)),
            Option("bidirectional", True, 2 * LSTM + (12 * 4 + 4)),
            Option("dropout", 0.5, LSTM + 28),
            Option("vocab_size", 9, 9 * 6 + 4 * ((6 + 6) * 6 + 6) + (6 * 4 + 4), args=((5,), 4)),
            Option("return_sequences", True, LSTM + 28, output=(5, 4)),
            Option("name", "reader", LSTM + 28),
        ),
        base={"units": (6,)},
    ),
    # Tokens and places, the block, the last norm, the head.
    "transformer_classifier": Case(
        (9, 5, 4),
        (4,),
        9 * 8 + 5 * 8 + BLOCK + 16 + (8 * 4 + 4),
        0,
        transformer_options(9 * 8 + 5 * 8 + BLOCK + 16 + (8 * 4 + 4), 9 * 4 + 5 * 4 + BLOCK_OF_4 + 8 + (4 * 4 + 4)),
        base=TRANSFORMER,
    ),
    "transformer_language_model": Case(
        (9, 5),
        (None, 9),
        9 * 8 + 5 * 8 + BLOCK + 16 + (8 * 9 + 9),
        0,
        transformer_options(9 * 8 + 5 * 8 + BLOCK + 16 + (8 * 9 + 9), 9 * 4 + 5 * 4 + BLOCK_OF_4 + 8 + (4 * 9 + 9)),
        base=TRANSFORMER,
    ),
}
