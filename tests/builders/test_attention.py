"""What is particular to transformers: what attention may look at, and writing text."""

import keras
import numpy as np
import pytest
from contract import outputs
from scipy.special import softmax

from dlguide import (
    attention,
    attention_layers,
    evaluation,
    mlp,
    training,
    transformer_classifier,
    transformer_language_model,
)

SMALL = {"embed_dim": 8, "num_heads": 2, "ff_dim": 8, "dropout": 0.3}


def classifier():
    return transformer_classifier(9, 12, 4, **SMALL)


def language_model(max_length=12, vocab_size=9):
    return transformer_language_model(vocab_size, max_length, num_layers=2, **SMALL)


def tokens(n=3, length=6):
    return np.random.default_rng(0).integers(1, 9, (n, length)).astype("int32")


def test_a_later_token_changes_no_earlier_logit():
    model, x = language_model(), tokens(length=12)
    before = outputs(model, x)
    for place in range(12):
        changed = x.copy()
        changed[:, place] = changed[:, place] % 8 + 1
        after = outputs(model, changed)
        np.testing.assert_allclose(after[:, :place], before[:, :place], atol=1e-6)
        assert (np.abs(after[:, place:] - before[:, place:]).max(axis=(1, 2)) > 1e-4).all()


@pytest.mark.parametrize("more", [1, 6])
def test_padding_changes_nothing(more):
    x = tokens()
    padded = np.pad(x, [(0, 0), (0, more)])
    model = classifier()
    np.testing.assert_allclose(outputs(model, padded), outputs(model, x), atol=1e-5)
    model = language_model()
    np.testing.assert_allclose(outputs(model, padded)[:, :6], outputs(model, x), atol=1e-5)


def test_a_sequence_of_padding_alone_has_a_finite_answer():
    for model in (classifier(), language_model()):
        assert np.isfinite(outputs(model, tokens() * 0)).all()


def test_the_order_of_the_tokens_counts():
    x = tokens()
    x[:, 0], x[:, 1] = 1, 2
    exchanged = x.copy()
    exchanged[:, [0, 1]] = x[:, [1, 0]]
    model = classifier()
    assert (np.abs(outputs(model, exchanged) - outputs(model, x)).max(axis=1) > 1e-4).all()
    model = language_model()  # The last token sees the same ones before it, in another order.
    assert (np.abs(outputs(model, exchanged)[:, -1] - outputs(model, x)[:, -1]).max(axis=1) > 1e-4).all()


@pytest.mark.parametrize("make", [classifier, language_model])
def test_a_token_outside_the_vocabulary_and_a_long_sequence_are_named(make):
    model = make()
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x = tokens()
    y = x % 4 if make is language_model else x[:, 0] % 4
    x[2, 1] = 9
    wrong = "`x` must be token ids in [0, 9). Received: x with 1 of 18 values wrong, the first in row 2: 9"
    long = "`x` must be sequences of at most 12 tokens. Received: x of shape (3, 13)"
    for bad, message in ((x, wrong), (np.ones((3, 13), "int32"), long)):
        for call in (training.fit, evaluation.evaluate):
            with pytest.raises(ValueError) as error:
                call(model, bad, y, **({"epochs": 1} if call is training.fit else {}))
            assert str(error.value) == message


def normalised(x):
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-3)


@pytest.mark.parametrize("is_causal", [False, True])
def test_a_transformer_is_the_one_worked_out_by_hand(is_causal):
    make = transformer_language_model if is_causal else transformer_classifier
    model = make(9, 7, *([] if is_causal else [3]), num_layers=1, **SMALL)
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(scale=0.5, size=w.shape) for w in model.get_weights()])
    embedding, places, query, key, value, out, w1, c1, w2, c2, head, bias = model.get_weights()
    [ids] = tokens(n=1)
    x = embedding[ids] + places[:6]
    normed, heads = normalised(x), []
    for i in range(2):
        head_i = slice(4 * i, 4 * i + 4)
        scores = (normed @ query[:, head_i]) @ (normed @ key[:, head_i]).T / np.sqrt(4)
        scores = np.where(np.tri(6) if is_causal else 1, scores, -np.inf)
        heads.append(softmax(scores, axis=1) @ (normed @ value[:, head_i]))
    x = x + np.concatenate(heads, axis=1) @ out
    x = x + np.maximum(normalised(x) @ w1 + c1, 0) @ w2 + c2
    x = normalised(x)
    expected = (x if is_causal else x.mean(axis=0)) @ head + bias
    np.testing.assert_allclose(outputs(model, ids[None])[0], expected, rtol=1e-3, atol=1e-4)


def test_the_embeddings_and_both_halves_of_each_block_are_dropped():
    layers = [layer for layer in language_model().layers if isinstance(layer, keras.layers.Dropout)]
    assert [layer.rate for layer in layers] == [0.3] * 5


def test_attention_weights_are_those_worked_out_by_hand():
    model, x = language_model(), tokens(n=1)
    before = outputs(model, x)
    weights = attention.attention_weights(model, x, layer=1)
    assert weights.shape == (1, 2, 6, 6)
    normed = outputs(keras.Model(model.input, model.get_layer("attention_norm_1").output), x)[0]
    query, key, _, _ = model.get_layer("attention_1").get_weights()
    for head in range(2):
        mine = slice(4 * head, 4 * head + 4)
        scores = (normed @ query[:, mine]) @ (normed @ key[:, mine]).T / np.sqrt(4)
        scores[np.triu_indices(6, 1)] = -np.inf
        expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(weights[0, head], expected, atol=1e-5)
    np.testing.assert_array_equal(attention.attention_weights(model, x[0], layer=1), weights[0])
    np.testing.assert_allclose(outputs(model, x), before, atol=1e-6)


def test_nothing_attends_to_padding_and_looking_leaves_the_model_as_it_was(tmp_path):
    model, x = classifier(), np.pad(tokens(), [(0, 0), (0, 3)])
    weights = attention.attention_weights(model, x)
    assert np.abs(weights[:, :, :6, 6:]).max() < 1e-6
    np.testing.assert_allclose(weights[:, :, :6].sum(axis=-1), 1, atol=1e-5)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(outputs(loaded, x), outputs(model, x), atol=1e-6)
    np.testing.assert_allclose(attention.attention_weights(loaded, x), weights, atol=1e-6)


@pytest.mark.parametrize("is_causal", [False, True])
def test_self_attention_is_that_of_keras(is_causal):
    x = np.random.default_rng(0).normal(size=(3, 5, 8)).astype("float32")
    mask = np.arange(5) < np.array([[5], [3], [1]])
    ours = attention_layers.SelfAttention(2, is_causal)
    kerass = keras.layers.MultiHeadAttention(2, 4, use_bias=False)
    kerass.build(x.shape, x.shape)
    ours.build(x.shape)
    ours.set_weights([w.reshape(8, 8) for w in kerass.get_weights()])
    expected = kerass(x, x, attention_mask=mask[:, None], use_causal_mask=is_causal)
    seen = ours(x, mask=keras.ops.convert_to_tensor(mask))
    np.testing.assert_allclose(*map(keras.ops.convert_to_numpy, (seen, expected)), atol=1e-6)


def test_self_attention_names_features_that_are_no_multiple_of_the_heads():
    message = "the features of the input must be a multiple of `num_heads`. Received: 6 features, num_heads=4"
    with pytest.raises(ValueError) as error:
        attention_layers.SelfAttention(4).build((None, 5, 6))
    assert str(error.value) == message


def test_the_likeliest_token_is_written_at_temperature_0():
    model, prompt = language_model(), [3, 1]
    text = list(prompt)
    for _ in range(6):
        logits = outputs(model, np.array([text], "int32"))[0, -1]
        text.append(1 + int(logits[1:].argmax()))
    assert attention.generate(model, prompt, 6, temperature=0).tolist() == text[2:]
    assert attention.generate(model, prompt, 6, top_k=1, seed=5).tolist() == text[2:]
    assert attention.generate(model, prompt, 6, temperature=1e-300).tolist() == text[2:]


def test_the_seed_decides_what_is_written():
    model = language_model()
    first, again, other = (attention.generate(model, [1], 30, seed=seed).tolist() for seed in (0, 0, 1))
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
        drawn = [attention._drawn(logits.copy(), temperature, top_k, rng) for _ in range(4000)]
        np.testing.assert_allclose(np.bincount(drawn, minlength=5) / 4000, expected, atol=0.03)


def test_of_a_long_prompt_the_end_counts_and_text_grows_beyond_the_longest_sequence():
    model = language_model(max_length=4)
    assert (attention.generate(model, [5, 6, 7, 1, 2, 3, 4], 9, seed=3) == attention.generate(
        model, [1, 2, 3, 4], 9, seed=3
    )).all()  # fmt: skip
    text = [1, 2, 3]
    for token in attention.generate(model, text, 9, temperature=0):
        assert token == 1 + outputs(model, np.array([text[-4:]], "int32"))[0, -1][1:].argmax()
        text.append(int(token))


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="PyTorch compiles nothing")
def test_nothing_is_compiled_again_for_each_token(monkeypatch):
    traced, call = [], attention.PositionEmbedding.call
    monkeypatch.setattr(attention.PositionEmbedding, "call", lambda self, x: traced.append(1) or call(self, x))
    model = language_model(max_length=4)
    traced.clear()
    attention.generate(model, [1], 2)
    after_two = len(traced)
    attention.generate(model, [1, 2, 3], 12)
    assert len(traced) == after_two


MODEL = language_model()
BAD = [
    ({"temperature": -0.5}, "`temperature` must be a number of at least 0. Received: temperature=-0.5"),
    ({"top_k": 0}, "`top_k` must be an integer of at least 1 or None. Received: top_k=0"),
    ({"num_tokens": 0}, "`num_tokens` must be an integer of at least 1. Received: num_tokens=0"),
    ({"seed": -1}, "`seed` must be an integer of at least 0. Received: seed=-1"),
    ({"prompt": []}, "`prompt` must be at least one token. Received: prompt=[]"),
    ({"prompt": "to be"}, "`prompt` must be an array of numbers with 1 axes. Received: prompt='to be'"),
    (
        {"prompt": [1, 9]},
        "`prompt` must be token ids in [0, 9). Received: prompt with 1 of 2 values wrong, the first in row 1: 9",
    ),
    (
        {"model": mlp((3,), 2)},
        "`model` must be made by `transformer_language_model`. Received: model='mlp'",
    ),
]


@pytest.mark.parametrize(("changed", "message"), BAD, ids=[row[1][:50] for row in BAD])
def test_a_bad_argument_of_generate_is_named(changed, message):
    with pytest.raises(ValueError) as error:
        attention.generate(**{"model": MODEL, "prompt": [1], "num_tokens": 1, **changed})
    assert str(error.value) == message


def test_a_bad_argument_of_attention_weights_is_named():
    with pytest.raises(ValueError, match=r"`layer` must be an integer in \[0, 2\). Received: layer=2"):
        attention.attention_weights(language_model(), tokens(), layer=2)
    with pytest.raises(ValueError, match=r"`model` must be made by a transformer builder. Received: model='mlp'"):
        attention.attention_weights(mlp((3,), 2), tokens())
    with pytest.raises(ValueError, match="`tokens` must be sequences of at most 12 tokens"):
        attention.attention_weights(language_model(), tokens(length=13))


def test_a_sequence_of_one_token_is_read_without_a_warning():
    for model in (classifier(), language_model()):
        assert np.isfinite(outputs(model, np.array([[3]]))).all()
        model(np.array([[3]]))
