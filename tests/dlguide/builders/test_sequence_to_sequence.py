"""The encoder-decoder: what it computes, step by step too, beam search, and alignment."""

import functools

import keras
import numpy as np
import pytest
from scipy.special import expit, log_softmax, softmax

from dlguide import encoder_decoder, generation
from dlguide.sequence_to_sequence import alignment
from tests.helpers.contract import outputs

START, END = 2, 3


@functools.cache
def translator(cell="gru", units=(6,), target_vocab_size=7, **options):
    keras.utils.set_random_seed(0)
    model = encoder_decoder(9, target_vocab_size, cell=cell, units=units, embed_dim=5, **options)
    rng = np.random.default_rng(3)
    # Small biases: the targets then depend on the source.
    scales = [1.5 if weight.ndim > 1 and len(weight) > 2 else 0.2 for weight in model.get_weights()]
    model.set_weights([rng.normal(scale=s, size=w.shape) for s, w in zip(scales, model.get_weights(), strict=True)])
    return model


def tokens(length, n=3, vocab_size=9, seed=0):
    return np.random.default_rng(seed).integers(1, vocab_size, (n, length)).astype("int32")


def padded(x, more):
    return np.pad(x, [(0, 0), (0, more)])


def translate(model, source, max_length=6, **options):
    return generation.beam_search(model, source, start=START, end=END, max_length=max_length, **options)


def gru(x, kernel, recurrent, biases, h):
    """Return the outputs of a GRU at each step of one sequence."""
    steps = []
    for row in x:
        given, kept = np.split(row @ kernel + biases[0], 3), np.split(h @ recurrent + biases[1], 3)
        z, r = expit(given[0] + kept[0]), expit(given[1] + kept[1])
        h = z * h + (1 - z) * np.tanh(given[2] + r * kept[2])
        steps.append(h)
    return np.array(steps)


@pytest.mark.parametrize("ngram_buckets", [None, 10])
def test_it_is_the_one_worked_out_by_hand(ngram_buckets):
    model, zeros = translator(ngram_buckets=ngram_buckets), np.zeros(6)
    [source], [target] = tokens(4, n=1), tokens(3, n=1, vocab_size=7)
    encoder = model.get_layer("encoder")
    (a, a_bias), [b] = (encoder.get_layer(name).get_weights() for name in ("state_0", "memory"))
    letters = encoder.get_layer("source_embedding").get_weights()[0]
    [there] = [layer.get_weights() for layer in encoder.layers if isinstance(layer, keras.layers.Bidirectional)]
    sounds, *decoder, c, c_bias, d, d_bias = model.get_layer("decoder").get_weights()
    x = letters[source]
    if ngram_buckets:  # Their numbers have a test of their own.
        [rows], [table] = encoder.get_layer("ngram_numbers")(source[None]), encoder.get_layer("ngram_embedding").weights
        x = np.concatenate([x, np.asarray(table)[np.asarray(rows)].reshape(4, -1)], axis=1)
    forward, backward = gru(x, *there[:3], zeros), gru(x[::-1], *there[3:], zeros)[::-1]
    first = np.tanh(np.concatenate([forward[-1], backward[0]]) @ a + a_bias)
    memory = np.concatenate([forward, backward], axis=1) @ b
    states = gru(sounds[target], *decoder, first)
    weights = softmax(states @ memory.T, axis=1)
    expected = np.tanh(np.concatenate([states, weights @ memory], axis=1) @ c + c_bias) @ d + d_bias
    np.testing.assert_allclose(outputs(model, [source[None], target[None]])[0], expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(alignment(model, source, target), weights, rtol=1e-4, atol=1e-5)


def test_each_ngram_is_the_row_worked_out_by_hand_and_its_table_has_rows_for_each_window():
    rows = keras.ops.convert_to_numpy(
        translator(ngram_buckets=10).get_layer("encoder").get_layer("ngram_numbers")(np.array([[5, 6, 7]]))
    )
    windows = [(0, 5, 6), (0, 0, 5), (5, 6, 7), (0, 0, 5, 6, 7)]  # Around the first token; outside all count as 0.
    for i, window in enumerate(windows):
        code = functools.reduce(lambda code, token: (code * 571 + token + 1) % 3_145_739, window, 0)
        assert rows[0, 0, i] == 10 * i + code % 10


def test_half_of_the_ngrams_are_dropped_as_wholes_in_training_alone():
    encoder = encoder_decoder(9, 7, embed_dim=8, ngram_buckets=10).get_layer("encoder")
    [reshape] = [layer for layer in encoder.layers if isinstance(layer, keras.layers.Reshape)]
    read, source = keras.Model(encoder.input, reshape.output), tokens(20, n=20)
    trained, expected = (
        keras.ops.convert_to_numpy(read(source, training=training)).reshape(-1, 4) for training in (True, False)
    )
    kept = trained.any(axis=1)
    assert len(kept) == 20 * 20 * 4 and 0.45 < kept.mean() < 0.55 and expected.any(axis=1).all()
    np.testing.assert_allclose(trained[kept], 2 * expected[kept], rtol=1e-5)


MARKS = (pytest.mark.one_backend, pytest.mark.thorough)  # The contract has each cell on each backend.
OTHERS = (pytest.param("lstm", (6, 4), marks=MARKS), pytest.param("simple", (6,), marks=MARKS))
CELLS = pytest.mark.parametrize(("cell", "units"), [("gru", (6,)), *OTHERS])


@CELLS
@pytest.mark.parametrize("ngram_buckets", [None, 10])
def test_padding_changes_nothing_and_any_length_is_read(cell, units, ngram_buckets):
    model = translator(cell, units, dropout=0.3, ngram_buckets=ngram_buckets)
    source, target = tokens(5), tokens(4, vocab_size=7)
    expected = outputs(model, [source, target])
    np.testing.assert_allclose(outputs(model, [padded(source, 3), padded(target, 2)])[:, :4], expected, atol=1e-5)
    mixed = tokens(8, seed=1)  # In one batch with longer ones too.
    mixed[1] = padded(source, 3)[1]
    np.testing.assert_allclose(outputs(model, [mixed, target])[1], expected[1], atol=1e-5)
    assert np.isfinite(outputs(model, [source * 0, target])).all()  # Padding alone.
    assert np.isfinite(outputs(model, [source[:, :1], target[:, :1]])).all()  # A single step, without a warning.


@CELLS
def test_the_decoder_goes_step_by_step_from_state_to_state(cell, units):
    model, source, target = translator(cell, units), tokens(5), tokens(4, vocab_size=7)
    memory, *states = model.get_layer("encoder").predict_on_batch(source)
    assert len(states) == len(units) * (2 if cell == "lstm" else 1)
    steps = []
    for place in range(4):
        step = [target[:, place : place + 1], source, memory, *states]
        logits, _, *states = model.get_layer("decoder").predict_on_batch(step)
        steps.append(logits[:, 0])
    np.testing.assert_allclose(np.stack(steps, axis=1), outputs(model, [source, target]), rtol=1e-4, atol=1e-5)


def searched(model, source, beam, steps):
    """Return the likeliest of the beginnings that a search of some steps keeps, by sums of log probabilities."""
    kept = {(): 0.0}
    while growing := [target for target in kept if END not in target and len(target) < steps]:
        before = np.array([(START, *target) for target in growing], "int32")
        logits = outputs(model, [np.tile(source, (len(before), 1)), before])[:, -1].astype("float64")
        logits = log_softmax(logits, axis=-1)
        for target, following in zip(growing, logits, strict=True):
            score = kept.pop(target)
            kept |= {(*target, token): score + following[token] for token in range(7) if token not in (0, START)}
        kept = dict(sorted(kept.items(), key=lambda item: -item[1])[:beam])
    return list(next(iter(kept)))


@pytest.mark.one_backend  # The search is NumPy.
@pytest.mark.thorough
def test_beam_search_keeps_the_likeliest_beginnings_and_with_room_for_all_finds_the_likeliest_target():
    model, sources, found = translator(), tokens(5, n=12), {}
    for beam, rows, steps in ((1, 12, 4), (3, 12, 4), (60, 2, 3)):
        translated = translate(model, sources[:rows], steps, beam=beam)
        found[beam] = [[int(token) for token in row if token] for row in translated]
        assert found[beam] == [searched(model, source, beam, steps) for source in sources[:rows]]
    assert {row[-1] == END for row in found[1]} == {True, False}  # Some came to an end, some were cut.


def test_one_token_may_be_the_start_and_the_end():
    model = translator()
    both = generation.beam_search(model, tokens(5, n=40), start=END, end=END, max_length=6)
    ended = (both == END).any(axis=1)
    assert ended.any() and all(not row[list(row).index(END) + 1 :].any() for row in both[ended])


@pytest.mark.one_backend  # The search is NumPy.
def test_neither_the_batch_nor_padding_changes_a_translation(monkeypatch):
    model, sources = translator(), tokens(5, n=7)
    expected = translate(model, sources, beam=2)
    assert len(np.unique(expected, axis=0)) > 3
    monkeypatch.setattr(generation, "BATCH", 3)
    np.testing.assert_array_equal(translate(model, padded(sources, 2), beam=2), expected)
    np.testing.assert_array_equal(translate(model, sources[4], beam=2), expected[4])
    assert expected.shape == (7, 6) and expected.dtype == "int32" and START not in expected


@pytest.mark.thorough
def test_nothing_attends_to_padding_and_one_pair_equals_its_row_of_a_batch():
    model, source, target = translator(), padded(tokens(5), 2), tokens(4, vocab_size=7)
    source[2] = 0  # Padding alone.
    weights = alignment(model, source, target)
    assert weights.shape == (3, 4, 7) and not weights[..., 5:].any() and not weights[2].any()
    np.testing.assert_allclose(weights[:2].sum(axis=-1), 1, atol=1e-5)
    np.testing.assert_allclose(alignment(model, source[1], target[1]), weights[1], atol=1e-5)
