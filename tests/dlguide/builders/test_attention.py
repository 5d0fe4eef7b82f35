"""What is particular to transformers: which tokens attend to which."""

import keras
import numpy as np
import pytest
from scipy.special import softmax

from dlguide import attention, transformer_classifier, transformer_language_model
from dlguide.attention_layers import PositionEmbedding, SelfAttention
from tests.helpers.contract import outputs

SMALL = {"embed_dim": 8, "num_heads": 2, "ff_dim": 8, "dropout": 0.3}


def classifier():
    return transformer_classifier(9, 12, 4, **SMALL)


def language_model():
    return transformer_language_model(9, 12, num_layers=2, **SMALL)


def tokens(n=3, length=6):
    return np.random.default_rng(0).integers(1, 9, (n, length)).astype("int32")


def normalised(x):
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-3)


def drawn_weights(model):
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(scale=0.5, size=w.shape) for w in model.get_weights()])
    return model.get_weights()


def attended(normed, query, key, value, scores, is_causal=True):
    """Return the weights of two heads, whose scores a function computes, and their weighted means side by side."""
    heads, weights = [], []
    for i in range(2):
        head = slice(4 * i, 4 * i + 4)
        seen = np.where(np.tri(6) if is_causal else 1, scores(normed @ query[:, head], normed @ key[:, head]), -np.inf)
        weights.append(softmax(seen, axis=1))
        heads.append(weights[i] @ (normed @ value[:, head]))
    return weights, np.concatenate(heads, axis=1)


@pytest.mark.parametrize("is_causal", [False, True])
def test_a_transformer_is_the_one_worked_out_by_hand(is_causal):
    make = transformer_language_model if is_causal else transformer_classifier
    model = make(9, 7, *([] if is_causal else [3]), num_layers=1, **SMALL)
    embedding, places, query, key, value, out, w1, c1, w2, c2, head, bias = drawn_weights(model)
    [ids] = tokens(n=1)
    x = embedding[ids] + places[:6]
    weights, heads = attended(normalised(x), query, key, value, lambda q, k: q @ k.T / np.sqrt(4), is_causal)
    np.testing.assert_allclose(attention.attention_weights(model, ids), weights, rtol=1e-3, atol=1e-5)
    x = x + heads @ out
    x = x + np.maximum(normalised(x) @ w1 + c1, 0) @ w2 + c2
    x = normalised(x)
    expected = (x if is_causal else x.mean(axis=0)) @ head + bias
    np.testing.assert_allclose(outputs(model, ids[None])[0], expected, rtol=1e-3, atol=1e-4)


def test_a_modern_language_model_is_the_one_worked_out_by_hand():
    model = transformer_language_model(9, 7, num_layers=1, modern=True, **SMALL)
    embedding, first, second, query, key, value, out, w1, c1, w2, c2, head, bias = drawn_weights(model)
    [ids] = tokens(n=1)

    def mixed(x, kernel):
        return np.array([sum(kernel[i] * x[t - i] for i in range(4) if t >= i) for t in range(len(x))])

    def placed(x):
        x = x / np.sqrt((x**2).sum(axis=1, keepdims=True))
        turned = (x[:, :2] + 1j * x[:, 2:]) * np.exp(1j * np.arange(6)[:, None] * [1, 1024**-0.5])  # Pairs as complex.
        return np.concatenate([turned.real, turned.imag], axis=1)

    x = mixed(embedding[ids], first)
    normed = mixed(normalised(x), second)
    weights, heads = attended(normed, query, key, value, lambda q, k: 10 * placed(q) @ placed(k).T)
    np.testing.assert_allclose(attention.attention_weights(model, ids), weights, rtol=1e-3, atol=1e-5)
    x = x + heads @ out
    x = x + np.maximum(normalised(x) @ w1 + c1, 0) ** 2 @ w2 + c2
    expected = normalised(x) @ head + bias
    np.testing.assert_allclose(outputs(model, ids[None])[0], expected, rtol=1e-3, atol=1e-4)


def test_nothing_attends_to_padding():
    x = np.pad(tokens(), [(0, 0), (0, 3)])
    weights = attention.attention_weights(classifier(), x)
    assert weights.shape == (3, 2, 9, 9) and np.abs(weights[:, :, :6, 6:]).max() < 1e-6
    np.testing.assert_allclose(weights[:, :, :6].sum(axis=-1), 1, atol=1e-5)


def test_attention_weights_are_those_of_the_layer_that_is_asked_for():
    model, x = language_model(), tokens()
    normed = keras.Model(model.input, model.get_layer("attention_norm_1").output)
    expected = model.get_layer("attention_1").attention_weights(outputs(normed, x))
    np.testing.assert_allclose(attention.attention_weights(model, x, layer=1), keras.ops.convert_to_numpy(expected))


@pytest.mark.parametrize("max_length", [1, 3])
@pytest.mark.parametrize("make", [PositionEmbedding, lambda n: SelfAttention(2, max_length=n)])
def test_a_sequence_longer_than_a_layers_positions_is_refused(make, max_length):
    layer, x = make(max_length), np.ones((2, max_length + 1, 4), "float32")
    message = f"sequences must have at most {max_length} steps. Received: {max_length + 1} steps"
    for inputs in (x, keras.KerasTensor(x.shape)):
        with pytest.raises(ValueError, match=message):
            layer(inputs)
    assert layer(x[:, :max_length]).shape == (2, max_length, 4)
