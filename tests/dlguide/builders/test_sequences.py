"""What recurrent networks and transformers share: padding, the order of the steps, token ids."""

import functools

import keras
import numpy as np
import pytest

from dlguide import evaluation, rnn, transformer_classifier, transformer_language_model
from tests.helpers.contract import outputs


def recurrent(cell, bidirectional=False, vocab_size=None, **options):
    shape = (None,) if vocab_size else (None, 3)
    return rnn(shape, 2, cell=cell, units=(4, 5), bidirectional=bidirectional, vocab_size=vocab_size, **options)


def transformer(builder, *args, **options):
    return builder(9, 12, *args, embed_dim=8, num_heads=2, ff_dim=8, num_layers=2, dropout=0.3, **options)


MODELS = {
    "classifier": functools.partial(transformer, transformer_classifier, 4),
    "language model": functools.partial(transformer, transformer_language_model),
    "modern language model": functools.partial(transformer, transformer_language_model, modern=True),
}
for cell in ("simple", "lstm", "gru"):
    for steps in (False, True):  # Ids in both directions, vectors in one.
        MODELS[f"{cell} {steps=}"] = functools.partial(recurrent, cell, return_sequences=steps)
        MODELS[f"bidirectional {cell} {steps=}"] = functools.partial(recurrent, cell, True, 9, return_sequences=steps)
QUICK = ("gru steps=False", "bidirectional lstm steps=False")


def over(names):
    quick = [name for name in names if name.endswith(("classifier", "model")) or name in QUICK]
    rows = [*quick, *(pytest.param(name, marks=pytest.mark.thorough) for name in names if name not in quick)]
    return pytest.mark.parametrize("name", rows)


@functools.cache
def model_of(name):
    return MODELS[name]()


def sequences(model, n=3, length=5):
    rng = np.random.default_rng(0)
    if model.input_shape == (None, None):
        return rng.integers(1, 9, (n, length)).astype("int32")
    return rng.normal(size=(n, length, 3)).astype("float32")


def padded(x, more):
    return np.pad(x, [(0, 0), (0, more), *[(0, 0)] * (x.ndim - 2)])


@over(MODELS)
def test_padding_changes_nothing_and_padding_alone_has_finite_outputs(name):
    model = model_of(name)
    x = sequences(model)
    expected = outputs(model, x)
    seen = outputs(model, padded(x, 4))
    np.testing.assert_allclose(seen[:, :5] if seen.ndim == 3 else seen, expected, atol=1e-5)
    mixed = sequences(model, length=9)  # In one batch with longer ones too.
    mixed[1] = padded(x, 4)[1]
    seen = outputs(model, mixed)[1]
    np.testing.assert_allclose(seen[:5] if seen.ndim == 2 else seen, expected[1], atol=1e-5)
    assert np.isfinite(outputs(model, x * 0)).all()
    assert np.isfinite(outputs(model, x[:, :1])).all()  # A single step, without a warning.


@pytest.mark.parametrize("vocab_size", [None, 9])
def test_zeros_are_read_like_other_values_where_nothing_is_masked(vocab_size):
    masking, reading = (recurrent("gru", vocab_size=vocab_size, mask_zero=mask_zero) for mask_zero in (True, False))
    reading.set_weights(masking.get_weights())
    x = sequences(masking)
    np.testing.assert_allclose(outputs(reading, x), outputs(masking, x), atol=1e-6)
    assert np.abs(outputs(reading, padded(x, 4)) - outputs(masking, padded(x, 4))).max() > 1e-3


def test_steps_of_padding_do_not_count_in_the_loss():
    model = recurrent("lstm", vocab_size=9, return_sequences=True)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x = padded(sequences(model), 3)
    y = np.random.default_rng(0).integers(0, 2, x.shape)
    other = np.where(x == 0, 1 - y, y)
    assert evaluation.evaluate(model, x, y)["loss"] == pytest.approx(evaluation.evaluate(model, x, other)["loss"])
