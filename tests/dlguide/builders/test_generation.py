"""`generation`: examples from codes, the way between two codes, and continuations of a text."""

import functools

import keras
import numpy as np
import pytest

from dlguide import attention_layers, gan, generation, transformer_language_model, vae
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


def test_the_way_between_two_codes_keeps_their_length_and_is_straight_between_opposite_ones():
    first, second = np.random.default_rng(0).normal(size=(2, 50))
    way = generation.interpolate(first, second * np.linalg.norm(first) / np.linalg.norm(second), 9)
    np.testing.assert_allclose(np.linalg.norm(way, axis=1), np.linalg.norm(first), rtol=1e-5)
    np.testing.assert_allclose(way[0], first, rtol=1e-5)
    np.testing.assert_allclose(generation.interpolate([1.0, 1.0], [3.0, 3.0], 3)[1], [2, 2], rtol=1e-6)
    np.testing.assert_array_equal(generation.interpolate([1.0, 0.0], [-1.0, 0.0], 5)[:, 0], [1, 0.5, 0, -0.5, -1])
    np.testing.assert_allclose(generation.interpolate([0.0, 0.0], [0.0, 2.0], 3)[:, 1], [0, 1, 2], atol=1e-6)


@pytest.mark.parametrize("options", [{"temperature": 0}, {"top_k": 1, "seed": 5}, {"temperature": 1e-300}])
def test_the_likeliest_token_is_written(options):
    assert generate([3, 1], 6, **options) == likeliest(language_model(), [3, 1], 6)


@pytest.mark.parametrize(
    "draw",
    [
        lambda seed: generation.sample(vae((4, 4, 1), latent_dim=2), 3, seed=seed),
        lambda seed: generation.sample(gan((4, 4, 1), latent_dim=2), 3, seed=seed),
        lambda seed: generate([1], 30, seed=seed),
    ],
    ids=["vae", "gan", "text"],
)
def test_the_seed_decides_what_is_drawn(draw):
    seen = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(0)  # The weights are the same.
        seen.append(np.array(draw(seed)))
    assert np.array_equal(seen[0], seen[1]) and not np.allclose(seen[0], seen[2])


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
