"""`generation`: examples from codes, the way between two codes, and continuations of a text."""

import functools

import keras
import numpy as np
import pytest

from dlguide import attention_layers, autoencoder, diffusion, gan, generation, mlp, transformer_language_model, vae
from tests.helpers.calls import refusals
from tests.helpers.contract import outputs


def new_language_model(max_length=12):
    keras.utils.set_random_seed(0)
    return transformer_language_model(9, max_length, embed_dim=8, num_heads=2, ff_dim=8, num_layers=2, dropout=0.3)


language_model = functools.cache(new_language_model)  # No test changes its weights.


def generate(prompt=(1,), num_tokens=1, model=None, **options):
    return generation.generate(language_model() if model is None else model, prompt, num_tokens, **options).tolist()


def likeliest(model, prompt, count):
    """Return the continuation by the likeliest token that is no padding, from the last tokens that the model reads."""
    text, longest = list(prompt), model.get_layer("position_embedding").max_length
    for _ in range(count):
        text.append(1 + int(outputs(model, np.array([text[-longest:]], "int32"))[0, -1][1:].argmax()))
    return text[len(prompt) :]


def test_codes_are_drawn_from_the_standard_normal_distribution(monkeypatch):
    monkeypatch.setattr(generation, "decode", lambda model, codes, labels: codes)
    codes = generation.sample(gan((8, 8, 1)), 1000)
    assert codes.mean() == pytest.approx(0, abs=0.02) and codes.std() == pytest.approx(1, abs=0.02)


def test_the_way_between_two_codes_keeps_their_length():
    first, second = np.random.default_rng(0).normal(size=(2, 50))
    way = generation.interpolate(first, second * np.linalg.norm(first) / np.linalg.norm(second), 9)
    np.testing.assert_allclose(np.linalg.norm(way, axis=1), np.linalg.norm(first), rtol=1e-5)
    np.testing.assert_allclose(way[0], first, rtol=1e-5)
    np.testing.assert_allclose(generation.interpolate([1.0, 1.0], [3.0, 3.0], 3)[1], [2, 2], rtol=1e-6)


def test_the_way_between_opposite_codes_and_from_zeros_is_straight():
    np.testing.assert_array_equal(generation.interpolate([1.0, 0.0], [-1.0, 0.0], 5)[:, 0], [1, 0.5, 0, -0.5, -1])
    np.testing.assert_allclose(generation.interpolate([0.0, 0.0], [0.0, 2.0], 3)[:, 1], [0, 1, 2], atol=1e-6)


@pytest.mark.parametrize("options", [{"temperature": 0}, {"top_k": 1, "seed": 5}, {"temperature": 1e-300}])
def test_the_likeliest_token_is_written(options):
    assert generate([3, 1], 6, **options) == likeliest(language_model(), [3, 1], 6)


@pytest.mark.parametrize("build", [vae, gan])
def test_the_seed_decides_the_samples(build):
    model = build((4, 4, 1), latent_dim=2)
    first, again, other = (generation.sample(model, 3, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.allclose(first, other)


def test_the_seed_decides_the_continuation():
    first, again, other = (generate([1], 30, seed=seed) for seed in (0, 0, 1))
    assert first == again != other
    assert 0 not in first + other


def test_draws_follow_the_softmax_at_the_given_temperature():
    logits = np.log([1e-9, 0.1, 0.2, 0.3, 0.4])
    rng = np.random.default_rng(0)
    for temperature, top_k, expected in (
        (1.0, None, [0, 0.1, 0.2, 0.3, 0.4]),
        (0.5, None, [0, 1 / 30, 4 / 30, 9 / 30, 16 / 30]),
        (1.0, 2, [0, 0, 0, 3 / 7, 4 / 7]),
    ):
        tokens = [generation._draw_token(logits.copy(), temperature, top_k, rng) for _ in range(4000)]
        np.testing.assert_allclose(np.bincount(tokens, minlength=5) / 4000, expected, atol=0.03)


def test_the_model_reads_the_end_of_a_long_prompt_and_a_text_grows_beyond_the_longest_sequence():
    model = language_model(max_length=4)
    assert generate([5, 6, 7, 1, 2, 3, 4], 9, model, seed=3) == generate([1, 2, 3, 4], 9, model, seed=3)
    assert generate([1, 2, 3], 9, model, temperature=0) == likeliest(model, [1, 2, 3], 9)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="PyTorch compiles nothing")
def test_nothing_is_compiled_again_for_each_token(monkeypatch):
    layer, traced = attention_layers.PositionEmbedding, []
    call = layer.call
    monkeypatch.setattr(layer, "call", lambda self, x: traced.append(1) or call(self, x))
    model = new_language_model(max_length=4)
    generate([1], 2, model)
    after_two = len(traced)
    generate([1, 2, 3], 12, model)
    assert len(traced) == after_two


BAD = [
    (lambda: generation.sample(gan((8, 8, 1)), 0), "`count` must be an integer of at least 1. Received: count=0"),
    (lambda: generation.sample(keras.Sequential(name="mine"), 1),
     "`model` must be made by `vae`, `gan` or `diffusion`. Received: model='mine'"),
    (lambda: generation.sample(autoencoder((4,)), 1), "`model` must be made by `vae`, `gan` or `diffusion`: an "
     "autoencoder's codes have no distribution. Received: model='autoencoder'"),
    (lambda: generation.sample(diffusion((4, 4, 1)), 2, labels=[0, 1]),
     "`labels` must be None for a model without classes. Received: labels=[0, 1]"),
    (lambda: generation.sample(diffusion((4, 4, 1)), 2, steps=0),
     "`steps` must be an integer of at least 1 or None. Received: steps=0"),
    (lambda: generation.sample(vae((4,)), 2, steps=9),
     "`steps` must be left out for a model that is no diffusion model. Received: steps=9"),
    (lambda: generation.sample(gan((8, 8, 1)), 2, means=True),
     "`means` must be left out for a model that is no diffusion model. Received: means=True"),
    (lambda: generation.sample(gan((8, 8, 1), num_classes=3), 2),
     "`labels` must be one class for each of 2 examples. Received: labels=None"),
    (lambda: generation.sample(gan((8, 8, 1)), 2, labels=[0, 1]),
     "`labels` must be None for a model without classes. Received: labels=[0, 1]"),
    (lambda: generation.decode(gan((8, 8, 1), latent_dim=3), np.zeros((2, 4))),
     "`codes` must be of shape (n, 3). Received: codes of shape (2, 4)"),
    (lambda: generation.interpolate([0.0], [1.0], 1), "`steps` must be an integer of at least 2. Received: steps=1"),
    (lambda: generation.interpolate([0.0], [1.0, 2.0]),
     "`first` and `second` must be of one shape. Received: first of shape (1,), second of shape (2,)"),
    (lambda: generate(temperature=-0.5), "`temperature` must be a number of at least 0. Received: temperature=-0.5"),
    (lambda: generate(top_k=0), "`top_k` must be an integer of at least 1 or None. Received: top_k=0"),
    (lambda: generate(num_tokens=0), "`num_tokens` must be an integer of at least 1. Received: num_tokens=0"),
    (lambda: generate(seed=-1), "`seed` must be an integer of at least 0. Received: seed=-1"),
    (lambda: generate([]), "`prompt` must be at least one token. Received: prompt=[]"),
    (lambda: generate("to be"), "`prompt` must be an array of numbers with 1 axes. Received: prompt='to be'"),
    (lambda: generate([1, 9]),
     "`prompt` must be token ids in [0, 9). Received: prompt with 1 of 2 values wrong, the first in row 1: 9"),
    (lambda: generate(model=mlp((3,), 2)),
     "`model` must be made by `transformer_language_model`. Received: model='mlp'"),
]  # fmt: skip

test_a_bad_argument_is_named = refusals(BAD)
