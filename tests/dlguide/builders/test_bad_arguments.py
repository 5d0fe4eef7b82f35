"""Every builder names a bad argument in one sentence, before anything is built."""

import inspect

import keras
import pytest

import dlguide
from tests.helpers import sentences
from tests.helpers.calls import refusal
from tests.helpers.cases import CASES

# Values that an argument must not have, in every builder that takes it ...
WRONG = {
    "num_outputs": (0, 2.5, True),
    "input_shape": (28, (), (None, None)),
    "hidden_units": ((64, -1), 64, "64"),
    "dropout": (1.0, "0.1", float("nan")),
    "activation": ("rellu",),
    "encoder": ("cnn", keras.Sequential(name="mine")),
    "augment": (True, {"zom": 1}, {}),
    **dict.fromkeys(("vocab_size", "source_vocab_size", "target_vocab_size", "num_classes"), (1,)),
    **dict.fromkeys(("filters", "units", "projection_units"), ((), (0,), 3)),
    **dict.fromkeys(("kernel_size", "latent_dim", "degree", "embed_dim", "ngram_buckets", "temperature"), (0,)),
    **dict.fromkeys(("max_length", "num_heads", "ff_dim", "num_layers"), (0,)),
    **dict.fromkeys(("l2", "beta"), (-0.1,)),
    **dict.fromkeys(("batch_norm", "bidirectional", "return_sequences", "mask_zero", "modern"), (1,)),
}
# ... and what one builder alone refuses, beside the arguments of its case.
PARTICULAR = [
    *(("cnn", {"input_shape": bad}) for bad in ((40,), (40, 1, 1, 1), (1, 1), (4, 1, 1))),
    ("cnn", {"augment": {"shift": 0.1}, "input_shape": (40, 1)}),
    *(("cnn", {"augment": bad}) for bad in ({"shift": 2}, {"shift": (0.1, 2)}, {"rotation": 200})),
    ("cnn", {"augment": {"flip": "horizontl"}}),
    *((name, {"input_shape": (28, 30, 1)}) for name in ("conv_autoencoder", "gan", "diffusion")),
    ("rnn", {"cell": "lstn"}),
    ("encoder_decoder", {"cell": "gpu"}),
    *(("rnn", {"input_shape": bad}) for bad in ((5, None), (5,))),
    ("rnn", {"input_shape": (5, 3), "vocab_size": 9}),
    ("transformer_classifier", {"embed_dim": 10, "num_heads": 4}),
    ("transformer_language_model", {"embed_dim": 12, "num_heads": 4, "modern": True}),
    ("contrastive", {"augment": None}),
    ("contrastive", {"encoder": dlguide.conv_autoencoder((8, 8, 1)).get_layer("encoder")}),
]


def rows(builder):
    for name in sorted(set(inspect.signature(getattr(dlguide, builder)).parameters) & set(WRONG)):
        yield from ({name: bad} for bad in WRONG[name])
    yield from (changed for name, changed in PARTICULAR if name == builder)


@pytest.mark.parametrize("name", CASES)
def test_a_bad_argument_is_named_and_nothing_is_built(name, monkeypatch):
    case, builder, found = CASES[name], getattr(dlguide, name), {}
    args = [arg() if callable(arg) else arg for arg in case.args]
    bound = inspect.signature(builder).bind(*args, **case.base)
    monkeypatch.setattr(keras, "Input", lambda *_, **__: pytest.fail("built before checked"))
    for changed in rows(name):
        found[", ".join(f"{key}={value!r}" for key, value in changed.items())] = sentence = refusal(
            lambda changed=changed: builder(**bound.arguments | changed)
        )
        assert sentence.startswith(f"`{next(iter(changed))}"), sentence
    sentences.check(f"build {name}", found)
