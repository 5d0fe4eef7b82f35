"""What is particular to recurrent networks."""

import keras
import numpy as np
import pytest
from contract import outputs

from dlguide import evaluation, rnn, training

CELLS = ("simple", "lstm", "gru")
# Ids in both directions, vectors in one: each cell, kind of input and direction is there, without all their products.
ways = pytest.mark.parametrize(
    ("cell", "bidirectional", "vocab_size"),
    [(cell, both, 9 if both else None) for cell in CELLS for both in (False, True)],
)


def made(cell="lstm", bidirectional=False, vocab_size=None, **options):
    shape = (None,) if vocab_size else (None, 3)
    units = options.pop("units", (4, 5))
    return rnn(shape, 2, cell=cell, units=units, bidirectional=bidirectional, vocab_size=vocab_size, **options)


def sequences(vocab_size, n=3, length=5):
    rng = np.random.default_rng(0)
    if vocab_size:
        return rng.integers(1, vocab_size, (n, length)).astype("int32")
    return rng.normal(size=(n, length, 3)).astype("float32")


def padded(x, more):
    return np.pad(x, [(0, 0), (0, more), *[(0, 0)] * (x.ndim - 2)])


@ways
@pytest.mark.parametrize("return_sequences", [False, True])
def test_padding_changes_nothing(cell, bidirectional, vocab_size, return_sequences):
    model = made(cell, bidirectional, vocab_size, return_sequences=return_sequences)
    x = sequences(vocab_size)
    expected = outputs(model, x)
    seen = outputs(model, padded(x, 4))
    np.testing.assert_allclose(seen[:, :5] if return_sequences else seen, expected, atol=1e-5)
    # In one batch with longer ones too.
    mixed = sequences(vocab_size, length=9)
    mixed[1] = padded(x, 4)[1]
    seen = outputs(model, mixed)[1]
    np.testing.assert_allclose(seen[:5] if return_sequences else seen, expected[1], atol=1e-5)


@pytest.mark.parametrize("vocab_size", [None, 9])
def test_zeros_are_read_like_other_values_where_nothing_is_masked(vocab_size):
    x = sequences(vocab_size)
    models = [made("gru", vocab_size=vocab_size, mask_zero=mask_zero) for mask_zero in (True, False)]
    models[1].set_weights(models[0].get_weights())
    np.testing.assert_allclose(outputs(models[1], x), outputs(models[0], x), atol=1e-6)
    assert np.abs(outputs(models[1], padded(x, 4)) - outputs(models[0], padded(x, 4))).max() > 1e-3


@ways
def test_a_sequence_of_padding_alone_has_a_finite_answer(cell, bidirectional, vocab_size):
    model = made(cell, bidirectional, vocab_size)
    assert np.isfinite(outputs(model, sequences(vocab_size) * 0)).all()


@pytest.mark.parametrize("cell", CELLS)
def test_the_order_counts_and_a_later_step_is_seen_where_it_is_read_in_both_directions(cell):
    x = sequences(None)
    one_way, both_ways = (made(cell, both, return_sequences=True) for both in (False, True))
    changed = x.copy()
    changed[:, -1] += 1
    assert np.array_equal(outputs(one_way, changed)[:, :-1], outputs(one_way, x)[:, :-1])
    assert not np.isclose(outputs(both_ways, changed)[:, 0], outputs(both_ways, x)[:, 0]).any()
    model = made(cell)
    assert not np.allclose(outputs(model, x), outputs(model, x[:, ::-1]))


def test_a_simple_cell_is_the_recurrence_worked_out_by_hand():
    model = made("simple", units=(4,))
    kernel, recurrent, bias, head, head_bias = model.get_weights()
    x, state = sequences(None, n=1), np.zeros(4)
    for step in x[0]:
        state = np.tanh(step @ kernel + state @ recurrent + bias)
    np.testing.assert_allclose(outputs(model, x)[0], state @ head + head_bias, atol=1e-5)


@pytest.mark.parametrize(("vocab_size", "count"), [(None, 2), (9, 3)])
def test_the_embedding_and_each_recurrent_layer_are_dropped(vocab_size, count):
    layers = made(vocab_size=vocab_size, dropout=0.5).layers
    dropped = [layer.input.shape[-1] for layer in layers if isinstance(layer, keras.layers.Dropout)]
    assert dropped == [4, 4, 5][-count:]


def test_steps_of_padding_do_not_count_in_the_loss():
    model = made(vocab_size=9, return_sequences=True)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x = padded(sequences(9), 3)
    y = np.random.default_rng(0).integers(0, 2, x.shape)
    other = np.where(x == 0, 1 - y, y)
    assert evaluation.evaluate(model, x, y)["loss"] == pytest.approx(evaluation.evaluate(model, x, other)["loss"])


@pytest.mark.parametrize("bad", [9, -1])
def test_a_token_outside_the_vocabulary_is_named_before_training(bad):
    model = keras.Sequential([keras.Input((5,), dtype="int32"), made(vocab_size=9)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x, y = sequences(9), np.zeros(3, "int32")
    x[1, 2] = bad
    message = f"`x` must be token ids in [0, 9). Received: x with 1 of 15 values wrong, the first in row 1: {bad}"
    for call in (lambda: training.fit(model, x, y, epochs=1), lambda: evaluation.evaluate(model, x, y)):
        with pytest.raises(ValueError) as error:
            call()
        assert str(error.value) == message
