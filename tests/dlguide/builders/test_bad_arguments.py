"""Every builder names a bad argument in one sentence, before anything is built."""

import inspect

import keras
import pytest

import dlguide
from tests.helpers.cases import CASES

COUNT, NUMBER, FLAG = "an integer of at least 1", "a number of at least 0", "True or False"
SIZES, SHAPE = (f"a sequence of {some}integers, each at least 1" for some in ("", "one or more "))
CHANGES = "a mapping with some of 'flip', 'shift', 'rotation', 'zoom', 'shear'"
IMAGE = "(height, width, channels) of an image, 1 channel for a grey one, or (length, channels) of a series"
HALVED = "(height, width, channels), height and width multiples of 4 for 2 halvings"
POOLED = "at least 2 {} for 2 layers with pooling between them"

# What an argument must be, and values that it must not have, in every builder that takes it ...
WRONG = {
    "num_outputs": (COUNT, 0, 2.5, True),
    "input_shape": (SHAPE, 28, (), (None, 3)),
    "hidden_units": (SIZES, (64, -1), 64, "64"),
    "dropout": ("a number in [0, 1)", 1.0, "0.1", float("nan")),
    "activation": ("the name of a Keras activation, a callable or None", "rellu"),
    "temperature": ("a number above 0", 0),
    **dict.fromkeys(("vocab_size", "source_vocab_size", "target_vocab_size"), ("an integer of at least 2", 1)),
    "num_classes": ("an integer of at least 2 or None", 1),
    "ngram_buckets": (f"{COUNT} or None", 0),
    **dict.fromkeys(("filters", "units", "projection_units"), (SHAPE, (), (0,), 3)),
    **dict.fromkeys(("kernel_size", "latent_dim", "degree", "embed_dim"), (COUNT, 0)),
    **dict.fromkeys(("max_length", "num_heads", "ff_dim", "num_layers"), (COUNT, 0)),
    **dict.fromkeys(("l2", "beta"), (NUMBER, -0.1)),
    **dict.fromkeys(("batch_norm", "bidirectional", "return_sequences", "mask_zero", "modern"), (FLAG, 1)),
    "augment": (f"{CHANGES}, or None", True, {"zom": 1}, {}),
    "encoder": ("a keras.Model that is built, functional or sequential", "cnn", keras.Sequential(name="mine")),
}
# ... but for these.
OTHERS = {
    ("cnn", "input_shape"): (IMAGE, (40,), (40, 1, 1, 1)),
    ("conv_autoencoder", "input_shape"): (HALVED, (28, 30, 1), (28, 28)),
    ("gan", "input_shape"): (HALVED, (30, 28, 1)),
    ("diffusion", "input_shape"): (HALVED, (28, 30, 1), (28, 28)),
    ("rnn", "input_shape"): (SHAPE, (5, None)),
    ("conv_autoencoder", "latent_dim"): (f"{COUNT} or None", 0),
    ("rnn", "vocab_size"): ("an integer of at least 2 or None", 1),
    ("contrastive", "augment"): (CHANGES, {}),
}
# Arguments beside those of the case, and what the message begins with.
PARTICULAR = [
    ("cnn", {"input_shape": (1, 1)}, f"`input_shape` must be {POOLED.format('long')}. Received: input_shape=(1, 1)"),
    ("cnn", {"input_shape": (4, 1, 1)}, f"`input_shape` must be {POOLED.format('high and wide')}. Received: "),
    ("cnn", {"input_shape": (40, 1), "augment": {"shift": 0.1}},
     "`augment` must be None for a series. Received: augment={'shift': 0.1}, input_shape=(40, 1)"),
    *(("cnn", {"augment": {"shift": bad}}, "`augment['shift']` must be a number in [0, 1). Received: ")
      for bad in (2, (0.1, 2))),
    ("cnn", {"augment": {"rotation": 200}}, "`augment['rotation']` must be an angle in [0, 180] degrees. Received: "),
    ("cnn", {"augment": {"flip": "horizontl"}},
     "`augment['flip']` must be one of 'horizontal', 'vertical', 'horizontal_and_vertical'. "
     "Received: augment['flip']='horizontl'. Did you mean 'horizontal'?"),
    ("rnn", {"cell": "lstn"},
     "`cell` must be one of 'simple', 'lstm', 'gru'. Received: cell='lstn'. Did you mean 'lstm'?"),
    ("encoder_decoder", {"cell": "gpu"},
     "`cell` must be one of 'simple', 'lstm', 'gru'. Received: cell='gpu'. Did you mean 'gru'?"),
    ("rnn", {"input_shape": (5,)},
     "`input_shape` must be (length, features) without `vocab_size`. Received: input_shape=(5,), vocab_size=None"),
    ("rnn", {"vocab_size": 9},
     "`input_shape` must be (length,) with `vocab_size`. Received: input_shape=(5, 3), vocab_size=9"),
    ("transformer_classifier", {"embed_dim": 10, "num_heads": 4},
     "`embed_dim` must be a multiple of `num_heads`. Received: embed_dim=10, num_heads=4"),
    ("transformer_language_model", {"embed_dim": 12, "num_heads": 4, "modern": True},
     "`embed_dim` must be a multiple of twice `num_heads`. Received: embed_dim=12, num_heads=4"),
    ("contrastive", {"augment": None}, "`augment` must be a mapping: without it both views are the same. Received: "),
    ("contrastive", {"encoder": dlguide.conv_autoencoder((8, 8, 1)).get_layer("encoder")},
     "`encoder` must be a model that gives vectors. Received: encoder with outputs of (None, 2, 2, 64)"),
]  # fmt: skip


def rows():
    for builder in CASES:
        for name in set(inspect.signature(getattr(dlguide, builder)).parameters) & set(WRONG):
            must_be, *values = OTHERS.get((builder, name), WRONG[name])
            for bad in values:
                yield builder, {name: bad}, f"`{name}` must be {must_be}. Received: {name}={bad!r}"
    yield from PARTICULAR


@pytest.mark.parametrize(("builder", "changed", "message"), sorted(rows(), key=lambda row: (row[0], row[2])))
def test_a_bad_argument_is_named_and_nothing_is_built(builder, changed, message, monkeypatch):
    case, builder = CASES[builder], getattr(dlguide, builder)
    args = [arg() if callable(arg) else arg for arg in case.args]
    bound = inspect.signature(builder).bind(*args, **case.base)
    monkeypatch.setattr(keras, "Input", lambda *_, **__: pytest.fail("built before checked"))
    with pytest.raises(ValueError) as error:
        builder(**bound.arguments | changed)
    assert str(error.value).startswith(message)
