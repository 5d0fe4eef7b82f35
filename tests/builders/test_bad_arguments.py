"""Every builder names a bad argument in one sentence, before anything is built."""

import keras
import pytest

import dlguide
from dlguide import (
    _checks,
    autoencoder,
    cnn,
    contrastive,
    conv_autoencoder,
    gan,
    linear_regression,
    mlp,
    perceptron,
    polynomial_regression,
    rnn,
    transformer_classifier,
    transformer_language_model,
    vae,
)

SIZES = "a sequence of integers, each at least 1"
ENCODER, MAPS = dlguide.mlp((4, 4, 1), 3), dlguide.conv_autoencoder((8, 8, 1)).get_layer("encoder")
SHAPE = "a sequence of one or more integers, each at least 1"
CHANGES = "a mapping with some of 'flip', 'shift', 'rotation', 'zoom', 'shear'"
AUGMENT = f"{CHANGES}, or None"
IMAGE = "(height, width, channels) of an image, 1 channel for a grey one, or (length, channels) of a series"
BAD = [
    (mlp, ((28, 28), 0), {}, "`num_outputs` must be an integer of at least 1. Received: num_outputs=0"),
    (mlp, ((28, 28), 2.5), {}, "`num_outputs` must be an integer of at least 1. Received: num_outputs=2.5"),
    (mlp, ((28, 28), True), {}, "`num_outputs` must be an integer of at least 1. Received: num_outputs=True"),
    (mlp, (28, 10), {}, f"`input_shape` must be {SHAPE}. Received: input_shape=28"),
    (mlp, ((), 10), {}, f"`input_shape` must be {SHAPE}. Received: input_shape=()"),
    (mlp, ((None, 3), 10), {}, f"`input_shape` must be {SHAPE}. Received: input_shape=(None, 3)"),
    (mlp, ((4,), 2), {"hidden_units": (64, -1)}, f"`hidden_units` must be {SIZES}. Received: hidden_units=(64, -1)"),
    (mlp, ((4,), 2), {"hidden_units": 64}, f"`hidden_units` must be {SIZES}. Received: hidden_units=64"),
    (mlp, ((4,), 2), {"hidden_units": "64"}, f"`hidden_units` must be {SIZES}. Received: hidden_units='64'"),
    (mlp, ((4,), 2), {"dropout": 1.0}, "`dropout` must be a number in [0, 1). Received: dropout=1.0"),
    (mlp, ((4,), 2), {"dropout": "0.1"}, "`dropout` must be a number in [0, 1). Received: dropout='0.1'"),
    (mlp, ((4,), 2), {"dropout": float("nan")}, "`dropout` must be a number in [0, 1). Received: dropout=nan"),
    (
        mlp,
        ((4,), 2),
        {"activation": "rellu"},
        "`activation` must be the name of a Keras activation, a callable or None. Received: activation='rellu'",
    ),
    (mlp, ((4,), 2), {"batch_norm": 1}, "`batch_norm` must be True or False. Received: batch_norm=1"),
    (mlp, ((4,), 2), {"l2": -0.1}, "`l2` must be a number of at least 0. Received: l2=-0.1"),
    (perceptron, ((4,), 0), {}, "`num_outputs` must be an integer of at least 1. Received: num_outputs=0"),
    (linear_regression, (3,), {}, f"`input_shape` must be {SHAPE}. Received: input_shape=3"),
    (polynomial_regression, ((3,),), {"degree": 0}, "`degree` must be an integer of at least 1. Received: degree=0"),
    (cnn, ((40,), 3), {}, f"`input_shape` must be {IMAGE}. Received: input_shape=(40,)"),
    (cnn, ((40, 1, 1, 1), 3), {}, f"`input_shape` must be {IMAGE}. Received: input_shape=(40, 1, 1, 1)"),
    (cnn, ((28, 28, 1), 0), {}, "`num_outputs` must be an integer of at least 1. Received: num_outputs=0"),
    (cnn, ((3, 1), 3), {}, "`input_shape` must be at least 4 long for 3 layers with pooling between them. "
     "Received: input_shape=(3, 1)"),
    (cnn, ((40, 1), 3), {"augment": {"shift": 0.1}},
     "`augment` must be None for a series. Received: augment={'shift': 0.1}, input_shape=(40, 1)"),
    (cnn, ((4, 3, 1), 10), {}, "`input_shape` must be at least 4 high and wide for 3 layers with pooling between them. "
     "Received: input_shape=(4, 3, 1)"),
    (cnn, ((8, 8, 1), 10), {"filters": ()}, "`filters` must be a sequence of one or more integers, each at least 1. "
     "Received: filters=()"),
    (cnn, ((8, 8, 1), 10), {"kernel_size": 0},
     "`kernel_size` must be an integer of at least 1. Received: kernel_size=0"),
    (cnn, ((8, 8, 1), 10), {"augment": True}, f"`augment` must be {AUGMENT}. Received: augment=True"),
    (cnn, ((8, 8, 1), 10), {"augment": {"zom": 1}}, f"`augment` must be {AUGMENT}. Received: augment={{'zom': 1}}"),
    (cnn, ((8, 8, 1), 10), {"augment": {"shift": 2}},
     "`augment['shift']` must be a number in [0, 1). Received: augment['shift']=2"),
    (cnn, ((8, 8, 1), 10), {"augment": {"shift": (0.1, 2)}},
     "`augment['shift']` must be a number in [0, 1). Received: augment['shift']=2"),
    (cnn, ((8, 8, 1), 10), {"augment": {"rotation": 200}},
     "`augment['rotation']` must be an angle in [0, 180] degrees. Received: augment['rotation']=200"),
    (cnn, ((8, 8, 1), 10), {"augment": {"flip": "horizontl"}},
     "`augment['flip']` must be one of 'horizontal', 'vertical', 'horizontal_and_vertical'. "
     "Received: augment['flip']='horizontl'. Did you mean 'horizontal'?"),
    (rnn, ((5, 3), 2), {"cell": "lstn"},
     "`cell` must be one of 'simple', 'lstm', 'gru'. Received: cell='lstn'. Did you mean 'lstm'?"),
    (rnn, ((5, 3), 2), {"units": 0}, f"`units` must be {SHAPE}. Received: units=0"),
    (rnn, ((5, 3), 2), {"units": (0,)}, f"`units` must be {SHAPE}. Received: units=(0,)"),
    (rnn, ((5, 3), 0), {}, "`num_outputs` must be an integer of at least 1. Received: num_outputs=0"),
    (rnn, ((5, None), 2), {}, f"`input_shape` must be {SHAPE}. Received: input_shape=(5, None)"),
    (rnn, ((5,), 2), {},
     "`input_shape` must be (length, features) without `vocab_size`. Received: input_shape=(5,), vocab_size=None"),
    (rnn, ((5, 3), 2), {"vocab_size": 9},
     "`input_shape` must be (length,) with `vocab_size`. Received: input_shape=(5, 3), vocab_size=9"),
    (rnn, ((5,), 2), {"vocab_size": 1},
     "`vocab_size` must be an integer of at least 2 or None. Received: vocab_size=1"),
    (transformer_classifier, (9, 5, 2), {"embed_dim": 10, "num_heads": 4},
     "`embed_dim` must be a multiple of `num_heads`. Received: embed_dim=10, num_heads=4"),
    (transformer_classifier, (9, 0, 2), {}, "`max_length` must be an integer of at least 1. Received: max_length=0"),
    (transformer_classifier, (9, 5, 0), {}, "`num_outputs` must be an integer of at least 1. Received: num_outputs=0"),
    (transformer_language_model, (1, 5), {}, "`vocab_size` must be an integer of at least 2. Received: vocab_size=1"),
    (transformer_language_model, (9, 5), {"num_layers": 0},
     "`num_layers` must be an integer of at least 1. Received: num_layers=0"),
    (transformer_language_model, (9, 5), {"embed_dim": 10},
     "`embed_dim` must be a multiple of `num_heads`. Received: embed_dim=10, num_heads=4"),
    (autoencoder, ((28, 28),), {"latent_dim": 0},
     "`latent_dim` must be an integer of at least 1. Received: latent_dim=0"),
    (autoencoder, ((None, 28),), {}, f"`input_shape` must be {SHAPE}. Received: input_shape=(None, 28)"),
    (conv_autoencoder, ((28, 30, 1),), {}, "`input_shape` must be (height, width, channels), height and width "
     "multiples of 4 for 2 halvings. Received: input_shape=(28, 30, 1)"),
    (conv_autoencoder, ((28, 28),), {}, "`input_shape` must be (height, width, channels), height and width "
     "multiples of 4 for 2 halvings. Received: input_shape=(28, 28)"),
    (conv_autoencoder, ((8, 8, 1),), {"latent_dim": 0},
     "`latent_dim` must be an integer of at least 1 or None. Received: latent_dim=0"),
    (vae, ((28, 28),), {"latent_dim": 0}, "`latent_dim` must be an integer of at least 1. Received: latent_dim=0"),
    (vae, ((None, 28),), {}, f"`input_shape` must be {SHAPE}. Received: input_shape=(None, 28)"),
    (vae, ((28, 28),), {"beta": -1}, "`beta` must be a number of at least 0. Received: beta=-1"),
    (gan, ((28, 28, 1),), {"latent_dim": 0}, "`latent_dim` must be an integer of at least 1. Received: latent_dim=0"),
    (gan, ((28, 28, 1),), {"num_classes": 1},
     "`num_classes` must be an integer of at least 2 or None. Received: num_classes=1"),
    (gan, ((30, 28, 1),), {}, "`input_shape` must be (height, width, channels), height and width multiples of 4 for 2 "
     "halvings. Received: input_shape=(30, 28, 1)"),
    (gan, ((28, 28, 1),), {"dropout": 1}, "`dropout` must be a number in [0, 1). Received: dropout=1"),
    (contrastive, ("cnn",), {"augment": {"shift": 0.1}},
     "`encoder` must be a keras.Model that is built, functional or sequential. Received: encoder='cnn'"),
    (contrastive, (MAPS,), {"augment": {"shift": 0.1}},
     "`encoder` must be a model that gives vectors. Received: encoder with outputs of (None, 2, 2, 64)"),
    (contrastive, (ENCODER,), {"augment": None},
     "`augment` must be a mapping: without it both views are the same. Received: augment=None"),
    (contrastive, (ENCODER,), {"augment": {}}, f"`augment` must be {CHANGES}. Received: augment={{}}"),
    (contrastive, (ENCODER,), {"augment": {"shift": 0.1}, "temperature": 0},
     "`temperature` must be a number above 0. Received: temperature=0"),
    (contrastive, (ENCODER,), {"augment": {"shift": 0.1}, "projection_units": ()},
     f"`projection_units` must be {SHAPE}. Received: projection_units=()"),
]  # fmt: skip


@pytest.mark.parametrize(("builder", "args", "options", "message"), BAD, ids=[row[3][:70] for row in BAD])
def test_a_bad_argument_is_named_and_nothing_is_built(builder, args, options, message, monkeypatch):
    monkeypatch.setattr(keras, "Input", lambda *_, **__: pytest.fail("built before checked"))
    with pytest.raises(ValueError) as error:
        builder(*args, **options)
    assert str(error.value) == message


def test_every_builder_is_in_the_table_of_bad_arguments():
    assert {row[0].__name__ for row in BAD} == set(dlguide.__all__)


def test_a_choice_suggests_the_nearest_name():
    with pytest.raises(ValueError, match=r"`cell` must be one of 'gru', 'lstm'. Received: cell='lstn'. Did you mean"):
        _checks.choice("cell", "lstn", ("gru", "lstm"))
