"""One row for each public builder: how it is called, what comes out, how many weights it has."""

from typing import Any, NamedTuple

import dlguide


class Option(NamedTuple):
    """A keyword argument other than the default, and how it changes the model; None for the case's own value."""

    name: str
    value: Any
    trainable: int | None = None
    non_trainable: int | None = None
    args: tuple | None = None
    output: tuple | None = None


class Case(NamedTuple):
    """A builder's call with tiny sizes; the weights, trainable and not, are counted by hand."""

    args: tuple
    output: tuple
    weights: tuple[int, int]
    base: dict = {}  # noqa: RUF012
    """Keyword arguments of every call."""
    kind: str = "classifier"
    """Or "regression"; "autoencoder", whose target is its input; "alone", which needs neither loss nor target."""
    inputs: tuple | None = None
    """Shape of an example if the model is not functional."""
    is_random: bool = False
    """Whether it draws numbers in evaluation too."""


def small_encoder():
    return dlguide.mlp((6, 6, 1), 4, hidden_units=(5,), batch_norm=True)


def one_output(*args, weights: int) -> Option:
    """Return a model of one number, a regression."""
    return Option("num_outputs", 1, weights, args=args, output=(1,))


def of_one_size(**values) -> list[Option]:
    """Return options that change no number of weights."""
    return [Option(name, value) for name, value in values.items()]


def transformer_options(base: int, base_of_4: int) -> list[Option]:
    others = Option("ff_dim", 7, base + 8 + 1 + 8), Option("num_layers", 2, base + BLOCK)
    return [Option("embed_dim", 4, base_of_4), *others, *of_one_size(num_heads=4, dropout=0.5)]


HIDDEN = (12 * 5 + 5) + (5 * 6 + 6)
# Filters of 3 x 3 over 2 channels, then over 4; scale and shift of each.
CNN = 9 * 2 * 4 + 8 + 9 * 4 * 5 + 10
AUGMENT = {"shift": 0.4, "rotation": 90, "flip": "horizontal", "zoom": 0.4, "shear": 0.4}
# Four gates over the 3 features and the 6 units.
LSTM = 4 * ((3 + 6) * 6 + 6)
# Attention without biases, two dense layers; the normalisation has no weights. Before it tokens and positions.
BLOCK = 4 * 8 * 8 + (8 * 6 + 6) + (6 * 8 + 8)
TRANSFORMER = 9 * 8 + 5 * 8 + BLOCK
TRANSFORMER_OF_4 = 9 * 4 + 5 * 4 + 4 * 4 * 4 + (4 * 6 + 6) + (6 * 4 + 4)
# A GRU of the encoder for one direction, and that of the decoder: 5 features and 6 units; two biases for each gate.
GRU = 3 * ((5 + 6) * 6 + 2 * 6)
# Besides the recurrent layers: embeddings; the decoder's first state, the memory; a dense layer and the logits.
SEQUENCES = (9 * 5 + 7 * 5) + (12 * 6 + 6) + 12 * 6 + (12 * 6 + 6) + (6 * 7 + 7)
# The second layers of the encoder read 12 features and that of the decoder 6; the memory and what follows have 4 of 8.
SECOND_GRUS = 2 * 3 * ((12 + 4) * 4 + 2 * 4) + 3 * ((6 + 4) * 4 + 2 * 4)
DECODER_OF_4 = (12 * 6 + 6) + (8 * 4 + 4) + 8 * 4 + (8 * 4 + 4) + (4 * 7 + 7)
SMALL_TRANSFORMER = {"embed_dim": 8, "num_heads": 2, "ff_dim": 6, "num_layers": 1, "dropout": 0.0}
# Dense layers to 5, to the code of 3, and the same in reverse.
DENSE = (12 * 5 + 5) + (5 * 3 + 3) + (3 * 5 + 5) + (5 * 12 + 12)
SMALL_DENSE = {"latent_dim": 3, "hidden_units": (5,)}
# Filters of 3 x 3: 1 to 3 to 4 and back, 4 to 4 to 3, and 3 to 1.
CONV = (9 * 3 + 3) + (9 * 12 + 4) + (9 * 16 + 4) + (9 * 12 + 3) + (9 * 3 + 1)
# A code of 5 to the 8 numbers of a map of 2 x 1 x 4, normalised; filters of 4 x 4 to 3, normalised, and to 1.
GENERATOR = (5 * 8 + 16) + (16 * 12 + 6) + (16 * 3 + 1)
DISCRIMINATOR = (16 * 3 + 3) + (16 * 12 + 4) + (8 + 1)
SMALL_GAN = {"latent_dim": 5, "filters": (3, 4), "dropout": 0.5}
ENCODER = (36 * 5 + 5 + 5) + (5 * 4 + 4)  # Scale and shift instead of a bias.
PROJECTED = ENCODER + (4 * 6 + 6) + (6 * 3 + 3)
SMALL_CONTRASTIVE = {"augment": {"shift": 0.2}, "projection_units": (6, 3)}
# Two levels, of 3 and of 4: filters of 4 x 4 over a value and its square, then of 3 x 3 in two blocks of two
# convolutions, each with a scale and a shift; back by 2 x 2; the last scale and shift, and 4 x 4 filters to one logit.
UNET = 16 * 2 * 3 + 2 * (2 * 81 + 2 * 6) + 16 * 3 * 4 + 2 * (2 * 144 + 2 * 8) + 4 * 4 * 3 + 6 + (16 * 3 + 1)
UNET_STATISTICS = 2 * 2 * 6 + 2 * 2 * 8 + 6

CASES = {
    # A line: 3 weights and a bias. Statistics: mean and scale of 3, centre of 3, a matrix of 3 x 3.
    "linear_regression": Case(((3,),), (1,), (3 + 1, 3 + 3 + 3 + 9), kind="regression"),
    # 3 variables have 3 + 6 products up to the second degree, 3 + 6 + 10 up to the third.
    "polynomial_regression": Case(((3,),), (1,), (9 + 1, 3 + 3 + 9 + 81), kind="regression"),
    "perceptron": Case(((4, 3), 6), (6,), (12 * 6 + 6, 0)),
    "mlp": Case(((4, 3), 6), (6,), (HIDDEN, 0), {"hidden_units": (5,)}),
    "cnn": Case(((8, 6, 2), 3), (3,), (CNN + (5 * 3 + 3), 8 + 10), {"filters": (4, 5)}),
    "rnn": Case(((5, 3), 4), (4,), (LSTM + (6 * 4 + 4), 0), {"units": (6,)}),
    "transformer_classifier": Case((9, 5, 4), (4,), (TRANSFORMER + (8 * 4 + 4), 0), SMALL_TRANSFORMER),
    "transformer_language_model": Case((9, 5), (None, 9), (TRANSFORMER + (8 * 9 + 9), 0), SMALL_TRANSFORMER),
    "encoder_decoder": Case((9, 7), (None, 7), (SEQUENCES + 3 * GRU, 0), {"units": (6,), "embed_dim": 5}),
    "autoencoder": Case(((4, 3),), (4, 3), (DENSE, 0), SMALL_DENSE, "autoencoder"),
    "conv_autoencoder": Case(((8, 4, 1),), (8, 4, 1), (CONV, 0), {"filters": (3, 4)}, "autoencoder"),
    # As the autoencoder, with two outputs of the encoder.
    "vae": Case(((4, 3),), (4, 3), (DENSE + 5 * 3 + 3, 0), SMALL_DENSE, "autoencoder", is_random=True),
    "gan": Case(
        ((8, 4, 1),), (3,), (GENERATOR + DISCRIMINATOR, 16 + 6), SMALL_GAN, "alone", inputs=(8, 4, 1), is_random=True
    ),
    "diffusion": Case(
        ((8, 4, 1),), (), (UNET, UNET_STATISTICS), {"filters": (3, 4)}, "alone", inputs=(8, 4, 1), is_random=True
    ),
    "contrastive": Case(
        (small_encoder,), (2, 3), (PROJECTED, 10), SMALL_CONTRASTIVE, "alone", inputs=(6, 6, 1), is_random=True
    ),
}

# The options of each builder, one at a time.
OPTIONS = {
    "linear_regression": (),
    "polynomial_regression": (Option("degree", 3, 19 + 1, 3 + 3 + 19 + 361), Option("degree", 1, 3 + 1, 18)),
    "perceptron": (one_output((4, 3), weights=12 + 1), Option("l2", 0.1)),
    "mlp": (
        one_output((4, 3), weights=(12 * 5 + 5) + (5 + 1)),
        Option("hidden_units", (), 12 * 6 + 6),
        Option("hidden_units", (7, 5), (12 * 7 + 7) + (7 * 5 + 5) + (5 * 6 + 6)),
        Option("activation", None),
        *of_one_size(activation="tanh", dropout=0.5, l2=0.1),
        # No bias; scale and shift of 5 are trained, the moving mean and variance are not.
        Option("batch_norm", True, 12 * 5 + (5 + 5) + (5 * 6 + 6), 5 + 5),
    ),
    "cnn": (
        one_output((8, 6, 2), weights=CNN + (5 + 1)),
        Option("filters", (7,), 9 * 2 * 7 + 14 + (7 * 3 + 3), 14),
        # A series of 8 steps with 2 channels.
        Option("kernel_size", 4, 4 * 2 * 4 + 8 + 4 * 4 * 5 + 10 + (5 * 3 + 3), args=((8, 2), 3)),
        Option("kernel_size", 5, 25 * 2 * 4 + 8 + 25 * 4 * 5 + 10 + (5 * 3 + 3)),
        Option("dropout", 0.5),
        Option("batch_norm", False, 9 * 2 * 4 + 4 + 9 * 4 * 5 + 5 + (5 * 3 + 3), 0),
        *(Option("augment", {name: size}) for name, size in AUGMENT.items()),
    ),
    "rnn": (
        one_output((5, 3), weights=LSTM + (6 + 1)),
        Option("cell", "simple", ((3 + 6) * 6 + 6) + (6 * 4 + 4)),
        # Keras's GRU has two biases for each of its three gates.
        Option("cell", "gru", 3 * ((3 + 6) * 6 + 2 * 6) + (6 * 4 + 4)),
        Option("units", (6, 7), LSTM + 4 * ((6 + 7) * 7 + 7) + (7 * 4 + 4)),
        Option("bidirectional", True, 2 * LSTM + (12 * 4 + 4)),
        Option("vocab_size", 9, 9 * 6 + 4 * ((6 + 6) * 6 + 6) + (6 * 4 + 4), args=((5,), 4)),
        Option("return_sequences", True, output=(5, 4)),
        *of_one_size(mask_zero=False, dropout=0.5),
    ),
    "transformer_classifier": (
        one_output(9, 5, weights=TRANSFORMER + (8 + 1)),
        *transformer_options(TRANSFORMER + (8 * 4 + 4), TRANSFORMER_OF_4 + (4 * 4 + 4)),
    ),
    "transformer_language_model": (
        *transformer_options(TRANSFORMER + (8 * 9 + 9), TRANSFORMER_OF_4 + (4 * 9 + 9)),
        # No positions, and two convolutions over four tokens.
        Option("modern", True, TRANSFORMER - 5 * 8 + 2 * 4 * 8 + (8 * 9 + 9)),
    ),
    "encoder_decoder": (
        Option("cell", "simple", SEQUENCES + 3 * ((5 + 6) * 6 + 6)),
        # Its second state has a dense layer too.
        Option("cell", "lstm", SEQUENCES + (12 * 6 + 6) + 3 * 4 * ((5 + 6) * 6 + 6)),
        Option("units", (6, 4), 3 * GRU + SECOND_GRUS + (9 * 5 + 7 * 5) + DECODER_OF_4),
        Option("embed_dim", 4, SEQUENCES - (9 + 7) + 3 * (GRU - 3 * 6)),
        # Rows for four n-grams with 2 features each, which both directions of the encoder read.
        Option("ngram_buckets", 10, SEQUENCES + 3 * GRU + 4 * 10 * 2 + 2 * 3 * (8 * 6)),
        Option("dropout", 0.5),
    ),
    "autoencoder": (
        Option("latent_dim", 2, DENSE - (5 + 1 + 5)),
        Option("hidden_units", (), (12 * 3 + 3) + (3 * 12 + 12)),
        Option("activation", "tanh"),
        Option("batch_norm", True, DENSE + 5 + 5, 10 + 10),
    ),
    "conv_autoencoder": (
        Option("filters", (5,), (9 * 5 + 5) + (9 * 5 * 5 + 5) + (9 * 5 + 1)),
        Option("kernel_size", 2, (4 * 3 + 3) + (4 * 12 + 4) + (4 * 16 + 4) + (4 * 12 + 3) + (4 * 3 + 1)),
        # Scale and shift instead of a bias.
        Option("batch_norm", True, CONV + 3 + 4 + 4 + 3, 2 * 14),
    ),
    "vae": (
        Option("latent_dim", 2, DENSE + 5 * 3 + 3 - (5 + 1 + 5 + 1 + 5)),
        Option("hidden_units", (), 2 * (12 * 3 + 3) + (3 * 12 + 12)),
        Option("batch_norm", True, DENSE + 18 + 5 + 5, 10 + 10),
        *of_one_size(activation="tanh", beta=4.0),
    ),
    "gan": (
        Option("latent_dim", 3, GENERATOR - 2 * 8 + DISCRIMINATOR),
        # An embedding beside the code, and one beside the features.
        Option("num_classes", 3, GENERATOR + 3 * 5 + 5 * 8 + DISCRIMINATOR + 3 * 8),
        # A map of 4 x 2 x 5.
        Option("filters", (5,), (5 * 40 + 80) + (16 * 5 + 1) + (16 * 5 + 5) + (40 + 1), 80),
        Option("dropout", 0.0),
        # A bias instead of scale and shift.
        Option("batch_norm", False, GENERATOR - 8 - 3 + DISCRIMINATOR, 0),
    ),
    "diffusion": (
        Option("filters", (5,), 16 * 2 * 5 + 2 * (2 * 225 + 2 * 10) + 10 + (16 * 5 + 1), 2 * 2 * 10 + 10),
        # Two blocks more in each level.
        Option("num_layers", 2, UNET + 2 * (2 * 81 + 12) + 2 * (2 * 144 + 16), UNET_STATISTICS + 4 * 6 + 4 * 8),
    ),
    "contrastive": (
        Option("augment", {"rotation": 20}),
        Option("projection_units", (3,), ENCODER + (4 * 3 + 3)),
        Option("temperature", 0.1),
    ),
}
