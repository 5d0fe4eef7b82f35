"""One row for each public builder: how it is called, what comes out, how many weights it has."""

from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

import dlguide
from dlguide import generation


@dataclass(frozen=True)
class Option:
    """A keyword argument other than the default, and what it makes of the model; None where the case's own holds."""

    name: str
    value: Any
    trainable: int
    non_trainable: int = 0
    args: tuple | None = None
    output: tuple | None = None
    kind: str | None = None


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
    kind: str = "classifier"
    """Or "regression"; "autoencoder", whose target is its input; "alone", which needs neither loss nor target."""
    inputs: tuple | None = None
    """Shape of an example where the model is not functional."""
    is_random: bool = False
    """Whether it draws numbers in evaluation too."""


def compiled(kind: str, model, learning_rate=0.05, run_eagerly=False):
    """Compile a model with the loss of its kind."""
    loss = {
        "classifier": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "regression": "mse",
        "autoencoder": keras.losses.BinaryCrossentropy(from_logits=True),
        "alone": None,
    }[kind]
    model.compile(keras.optimizers.Adam(learning_rate), loss, run_eagerly=run_eagerly)
    return model


def settled(model):
    """Set all that draws numbers back to one state."""
    for variable in model.variables:
        if "seed_generator_state" in variable.path:
            variable.assign(np.array([3, 7], variable.dtype))
    return model


def answer(model, x):
    """Return what a model makes of `x`, or draws by seed, that is the same on every backend."""
    layers = {layer.name: layer for layer in model.layers}
    if "generator" in layers or "sampling" in layers:
        return generation.sample(model, 8, labels=x[1] if isinstance(x, list) else None)
    return keras.ops.convert_to_numpy((layers["encoder"] if "projection_head" in layers else model)(x))


def small_encoder():
    return dlguide.mlp((6, 6, 1), 4, hidden_units=(5,), batch_norm=True)


LSTM = 4 * ((3 + 6) * 6 + 6)
BLOCK = 4 * 8 * 8 + (8 * 6 + 6) + (6 * 8 + 8)  # Attention without biases, two dense layers; norms have no weights.
BLOCK_OF_4 = 4 * 4 * 4 + (4 * 6 + 6) + (6 * 4 + 4)
DENSE = (12 * 5 + 5) + (5 * 3 + 3) + (3 * 5 + 5) + (5 * 12 + 12)
CONV = (9 * 3 + 3) + (9 * 12 + 4) + (9 * 16 + 4) + (9 * 12 + 3) + (9 * 3 + 1)
# A code of 5 to the 8 numbers of a map of 2 x 1 x 4, normalised; filters of 4 x 4 to 3, normalised, and to 1.
GENERATOR = (5 * 8 + 16) + (16 * 12 + 6) + (16 * 3 + 1)
GENERATOR_NORMS = 2 * 8 + 2 * 3
DISCRIMINATOR = (16 * 3 + 3) + (16 * 12 + 4) + (8 + 1)
MLP = (36 * 5 + 5 + 5) + (5 * 4 + 4)  # Scale and shift instead of a bias.
PROJECTION = (4 * 6 + 6) + (6 * 3 + 3)
TRANSFORMER = {"embed_dim": 8, "num_heads": 2, "ff_dim": 6, "num_layers": 1, "dropout": 0.0}


def one_output(*args, weights: int, non_trainable: int = 0) -> Option:
    """Return a model of one number; it has the case's own arguments otherwise."""
    return Option("num_outputs", 1, weights, non_trainable, args=args, output=(1,), kind="regression")


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
    "linear_regression": Case(((3,),), (1,), 3 + 1, 3 + 3 + 3 + 9, (Option("name", "line", 4, 18),), kind="regression"),
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
        kind="regression",
    ),
    "perceptron": Case(
        ((4, 3), 6),
        (6,),
        12 * 6 + 6,
        0,
        (one_output((4, 3), weights=12 + 1), Option("l2", 0.1, 12 * 6 + 6), Option("name", "one_layer", 78)),
    ),
    "mlp": Case(
        ((4, 3), 6),
        (6,),
        (12 * 5 + 5) + (5 * 6 + 6),
        0,
        (
            one_output((4, 3), weights=(12 * 5 + 5) + (5 + 1)),
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
            one_output((8, 6, 2), weights=9 * 2 * 4 + 8 + 9 * 4 * 5 + 10 + (5 + 1), non_trainable=18),
            Option("filters", (7,), 9 * 2 * 7 + 14 + (7 * 3 + 3), 14),
            # A series of 8 steps with 2 channels.
            Option("kernel_size", 4, 4 * 2 * 4 + 8 + 4 * 4 * 5 + 10 + (5 * 3 + 3), 18, args=((8, 2), 3)),
            Option("kernel_size", 5, 25 * 2 * 4 + 8 + 25 * 4 * 5 + 10 + (5 * 3 + 3), 18),
            Option("dropout", 0.5, 288, 18),
            Option("batch_norm", False, 9 * 2 * 4 + 4 + 9 * 4 * 5 + 5 + (5 * 3 + 3)),
            Option("augment", {"shift": 0.4}, 288, 18),
            Option("augment", {"rotation": 90}, 288, 18),
            Option("augment", {"flip": "horizontal"}, 288, 18),
            Option("augment", {"zoom": 0.4}, 288, 18),
            Option("augment", {"shear": 0.4}, 288, 18),
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
            one_output((5, 3), weights=LSTM + (6 + 1)),
            Option("cell", "simple", ((3 + 6) * 6 + 6) + (6 * 4 + 4)),
            # Keras's GRU has two biases for each of its three gates.
            Option("cell", "gru", 3 * ((3 + 6) * 6 + 2 * 6) + (6 * 4 + 4)),
            Option("units", (6, 7), LSTM + 4 * ((6 + 7) * 7 + 7) + (7 * 4 + 4)),
            Option("bidirectional", True, 2 * LSTM + (12 * 4 + 4)),
            Option("dropout", 0.5, LSTM + 28),
            Option("vocab_size", 9, 9 * 6 + 4 * ((6 + 6) * 6 + 6) + (6 * 4 + 4), args=((5,), 4)),
            Option("return_sequences", True, LSTM + 28, output=(5, 4)),
            Option("mask_zero", False, LSTM + 28),
            Option("name", "reader", LSTM + 28),
        ),
        base={"units": (6,)},
    ),
    # Tokens and places, the block, the head.
    "transformer_classifier": Case(
        (9, 5, 4),
        (4,),
        9 * 8 + 5 * 8 + BLOCK + (8 * 4 + 4),
        0,
        (
            one_output(9, 5, weights=9 * 8 + 5 * 8 + BLOCK + (8 + 1)),
            *transformer_options(9 * 8 + 5 * 8 + BLOCK + (8 * 4 + 4), 9 * 4 + 5 * 4 + BLOCK_OF_4 + (4 * 4 + 4)),
        ),
        base=TRANSFORMER,
    ),
    "transformer_language_model": Case(
        (9, 5),
        (None, 9),
        9 * 8 + 5 * 8 + BLOCK + (8 * 9 + 9),
        0,
        transformer_options(9 * 8 + 5 * 8 + BLOCK + (8 * 9 + 9), 9 * 4 + 5 * 4 + BLOCK_OF_4 + (4 * 9 + 9)),
        base=TRANSFORMER,
    ),
    # Dense layers to 5, to the code of 3, and the same in reverse.
    "autoencoder": Case(
        ((4, 3),),
        (4, 3),
        DENSE,
        0,
        (
            Option("latent_dim", 2, DENSE - (5 + 1 + 5)),
            Option("hidden_units", (), (12 * 3 + 3) + (3 * 12 + 12)),
            Option("activation", "tanh", DENSE),
            Option("batch_norm", True, DENSE + 5 + 5, 10 + 10),
            Option("name", "network", DENSE),
        ),
        base={"latent_dim": 3, "hidden_units": (5,)},
        kind="autoencoder",
    ),
    # Filters of 3 x 3: 1 to 3 to 4 and back, 4 to 4 to 3, and 3 to 1.
    "conv_autoencoder": Case(
        ((8, 4, 1),),
        (8, 4, 1),
        CONV,
        0,
        (
            # A map of 2 x 1 x 4 to the code, and back.
            Option("latent_dim", 2, CONV + (8 * 2 + 2) + (2 * 8 + 8)),
            Option("filters", (5,), (9 * 5 + 5) + (9 * 5 * 5 + 5) + (9 * 5 + 1)),
            Option("kernel_size", 2, (4 * 3 + 3) + (4 * 12 + 4) + (4 * 16 + 4) + (4 * 12 + 3) + (4 * 3 + 1)),
            # Scale and shift instead of a bias.
            Option("batch_norm", True, CONV + 3 + 4 + 4 + 3, 2 * 14),
            Option("name", "network", CONV),
        ),
        base={"filters": (3, 4)},
        kind="autoencoder",
    ),
    # As the autoencoder, with two codes of 3.
    "vae": Case(
        ((4, 3),),
        (4, 3),
        DENSE + 5 * 3 + 3,
        0,
        (
            Option("latent_dim", 2, DENSE + 5 * 3 + 3 - (5 + 1 + 5 + 1 + 5)),
            Option("hidden_units", (), 2 * (12 * 3 + 3) + (3 * 12 + 12)),
            Option("activation", "tanh", DENSE + 18),
            Option("batch_norm", True, DENSE + 18 + 5 + 5, 10 + 10),
            Option("beta", 4.0, DENSE + 18),
            Option("name", "network", DENSE + 18),
        ),
        base={"latent_dim": 3, "hidden_units": (5,)},
        kind="autoencoder",
        is_random=True,
    ),
    "gan": Case(
        ((8, 4, 1),),
        (3,),
        GENERATOR + DISCRIMINATOR,
        GENERATOR_NORMS,
        (
            Option("latent_dim", 3, GENERATOR - 2 * 8 + DISCRIMINATOR, GENERATOR_NORMS),
            # An embedding beside the code, and one beside the features.
            Option("num_classes", 3, GENERATOR + 3 * 5 + 5 * 8 + DISCRIMINATOR + 3 * 8, GENERATOR_NORMS),
            # A map of 4 x 2 x 5.
            Option(
                "filters",
                (5,),
                (5 * 40 + 80) + (16 * 5 + 1) + (16 * 5 + 5) + (40 + 1),
                80,
            ),
            Option("dropout", 0.0, GENERATOR + DISCRIMINATOR, GENERATOR_NORMS),
            # A bias instead of scale and shift.
            Option("batch_norm", False, GENERATOR - 8 - 3 + DISCRIMINATOR),
            Option("name", "network", GENERATOR + DISCRIMINATOR, GENERATOR_NORMS),
        ),
        base={"latent_dim": 5, "filters": (3, 4), "dropout": 0.5},
        kind="alone",
        inputs=(8, 4, 1),
        is_random=True,
    ),
    "contrastive": Case(
        (small_encoder,),
        (2, 3),
        MLP + PROJECTION,
        10,
        (
            Option("augment", {"rotation": 20}, MLP + PROJECTION, 10),
            Option("projection_units", (3,), MLP + (4 * 3 + 3), 10),
            Option("temperature", 0.1, MLP + PROJECTION, 10),
            Option("name", "network", MLP + PROJECTION, 10),
        ),
        base={"augment": {"shift": 0.2}, "projection_units": (6, 3)},
        kind="alone",
        inputs=(6, 6, 1),
        is_random=True,
    ),
}
