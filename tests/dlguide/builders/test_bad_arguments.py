"""Every builder names a bad argument in one sentence, before anything is built; so do the functions of models."""

import inspect

import keras
import numpy as np
import pytest

import dlguide
from dlguide import diffusion, evaluation, gan, mlp, vae
from dlguide.attention import attention_weights
from dlguide.attention_layers import SelfAttention
from dlguide.generation import beam_search, decode, generate, interpolate, sample
from dlguide.sequence_to_sequence import alignment
from tests.helpers.cases import CASES
from tests.helpers.contract import build, compiled
from tests.helpers.sentences import check_sentences, refusal

# Values that an argument must not have, in every builder that takes it ...
WRONG = {
    "num_outputs": (0, 2.5, True),
    "input_shape": (28, (), (None, None)),
    "hidden_units": ((64, -1), 64, "64"),
    "dropout": (1.0, "0.1", float("nan")),
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
    *(("cnn", {"augment": bad}) for bad in ({"shift": 2}, {"shift": (0.1, 2)}, {"rotation": -1})),
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
        sentence = refusal(builder, **bound.arguments | changed)
        found[", ".join(f"{key}={value!r}" for key, value in changed.items())] = sentence
        assert sentence.startswith(f"`{next(iter(changed))}"), sentence
    check_sentences(f"build {name}", found)


NAMES = ("encoder", "decoder", "sampling", "generator", "denoiser")  # Layers of these names make no model of parts.
MINE = keras.Sequential([keras.Input((3,)), *(keras.layers.Dense(3, name=name) for name in NAMES)], name="mine")
SMALL, LANGUAGE, PAIRS = gan((8, 8, 1), latent_dim=3), "transformer_language_model", {"start": 2, "end": 3}
CALLS = {
    "`model`": [
        lambda: sample(MINE, 1),
        lambda: decode(MINE, [[1.0]]),
        lambda: sample(build("autoencoder"), 1),
        lambda: evaluation.log_likelihood(MINE, np.ones((2, 3))),
        lambda: evaluation.log_likelihood(build("autoencoder"), np.ones((2, 4, 3))),
        lambda: generate(mlp((3,), 2), [1], 1),
        lambda: attention_weights(mlp((3,), 2), [[1]]),
        *(lambda name=name: beam_search(build(name), [[1]], max_length=2, **PAIRS) for name in ("mlp", "autoencoder")),
        lambda: alignment(mlp((3,), 2), [1], [1]),
    ],
    "`count`": [lambda: sample(SMALL, 0)],
    "`labels`": [
        lambda: sample(diffusion((4, 4, 1)), 2, labels=[0, 1]),
        lambda: sample(SMALL, 2, labels=[0, 1]),
        lambda: sample(gan((8, 8, 1), num_classes=3), 2),
    ],
    "`steps`": [
        lambda: sample(diffusion((4, 4, 1)), 2, steps=0),
        lambda: sample(vae((4,)), 2, steps=9),
        lambda: interpolate([0.0], [1.0], 1),
    ],
    "`means`": [lambda: sample(SMALL, 2, means=True), lambda: sample(diffusion((4, 4, 1)), 1, means=1)],
    "`codes`": [lambda: decode(SMALL, np.zeros((2, 4)))],
    "`x`": [
        lambda: evaluation.log_likelihood(diffusion((8, 8, 1), filters=(4,)), np.zeros((8, 4, 4, 1)), samples=2),
        lambda: polynomial_features([[1.0, 2.0, 3.0], [3.0, np.nan, 4.0]]),
        lambda: polynomial_features([[1.0, 2.0, np.inf]]),
        lambda: evaluation.evaluate(compiled("classifier", build(LANGUAGE)), np.ones((3, 6), "int32"), np.ones((3, 6))),
    ],
    "`first` and `second`": [lambda: interpolate([0.0], [1.0, 2.0])],
    "`temperature`": [lambda: generate(build(LANGUAGE), [1], 1, temperature=-0.5)],
    "`top_k`": [lambda: generate(build(LANGUAGE), [1], 1, top_k=0)],
    "`num_tokens`": [lambda: generate(build(LANGUAGE), [1], 0)],
    "`seed`": [lambda: generate(build(LANGUAGE), [1], 1, seed=-1)],
    "`prompt`": [lambda bad=bad: generate(build(LANGUAGE), bad, 1) for bad in ([], "to be", [1, 9])],
    "`layer`": [lambda: attention_weights(build(LANGUAGE), [[1]], layer=1)],
    "`tokens`": [lambda: attention_weights(build(LANGUAGE), [[1] * 6])],
    "the features of": [
        lambda: SelfAttention(4).build((None, 5, 6)),
        lambda: SelfAttention(2, max_length=5).build((None, 5, 6)),
    ],
    "`source`": [lambda bad=bad: beam_search(build("encoder_decoder"), bad, max_length=2, **PAIRS)
                 for bad in ("abc", [], [[1, 9]])],
    "`target`": [lambda: alignment(build("encoder_decoder"), [1], [7])],
    "`source` and": [lambda: alignment(build("encoder_decoder"), [1, 2], [[1]])],
    **{f"`{name}`": [lambda name=name, bad=bad: beam_search(
        build("encoder_decoder"), [[1]], **{"max_length": 2, **PAIRS, name: bad})]
       for name, bad in {"start": 0, "end": 7, "max_length": 0, "beam": 0}.items()},
}  # fmt: skip


def polynomial_features(x):
    return build("polynomial_regression").get_layer("features").adapt(x)


def test_what_a_function_of_models_refuses_is_named():
    found = {f"{name} {i}": refusal(call) for name, calls in CALLS.items() for i, call in enumerate(calls)}
    assert all(sentence.startswith(name.rpartition(" ")[0]) for name, sentence in found.items()), found
    check_sentences("call", found)
