"""The encoder-decoder: what it computes, translation step by step, beam search, alignment, its parts elsewhere."""

import functools
import itertools

import keras
import numpy as np
import pytest
from scipy.special import expit, log_softmax, softmax

from dlguide import autoencoder, deployment, encoder_decoder, evaluation, generation, mlp, training
from dlguide.sequence_to_sequence import alignment
from tests.helpers.calls import refusal, refusals
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


MARKS = (pytest.mark.one_backend, pytest.mark.thorough)  # The contract has each cell on each backend.


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
def test_a_later_token_of_the_target_changes_no_earlier_output_and_each_token_of_the_source_counts(cell, units):
    model, source, target = translator(cell, units), tokens(5), tokens(4, vocab_size=7)
    before = outputs(model, [source, target])
    for place in range(4):
        changed = target.copy()
        changed[:, place] = changed[:, place] % 6 + 1
        difference = np.abs(outputs(model, [source, changed]) - before).max(axis=2)
        assert (difference[:, place:] > 1e-6).all() and (difference[:, :place] < 1e-6).all()
    for place in range(5):
        changed = source.copy()
        changed[:, place] = changed[:, place] % 8 + 1
        assert (np.abs(outputs(model, [changed, target]) - before).max(axis=2) > 1e-6).all()


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


def log_probabilities(model, sources, targets):
    """Return the log probability of each next token after the start and targets of one length; none is padding."""
    before = np.array([(START, *target) for target in targets], "int32")
    logits = outputs(model, [np.broadcast_to(sources, (len(before), np.shape(sources)[-1])), before])
    steps = log_softmax(logits.astype("float64"), axis=-1)
    steps[..., [0, START]] = -np.inf
    return steps


def test_greedy_search_takes_the_likeliest_token_until_the_end():
    model, sources = translator("lstm", (6, 4)), tokens(5, n=8)
    written = translate(model, sources)
    likeliest = log_probabilities(model, sources, written[:, :-1]).argmax(axis=2)
    is_end = written == END
    has_ended = is_end.cumsum(axis=1) > is_end
    np.testing.assert_array_equal(written, np.where(has_ended, 0, likeliest))
    assert {len(set(row) & {END}) for row in written.tolist()} == {0, 1}  # Some were cut, some came to an end.


def test_one_token_may_be_the_start_and_the_end():
    model = translator()
    both = generation.beam_search(model, tokens(5, n=40), start=END, end=END, max_length=6)
    ended = (both == END).any(axis=1)
    assert ended.any() and all(not row[list(row).index(END) + 1 :].any() for row in both[ended])


def likelihoods(model, source, targets):
    """Return the log probability of each target of three tokens or less, up to its end or to where it was cut."""
    targets = np.array([[*target, 0, 0][:3] for target in targets])
    steps = np.take_along_axis(log_probabilities(model, source, targets[:, :2]), targets[..., None], axis=-1)[..., 0]
    return np.where(targets > 0, steps, 0).sum(axis=1)


@pytest.mark.one_backend  # The search is NumPy.
def test_beam_search_with_room_for_all_finds_the_likeliest_target():
    model, sources = translator(target_vocab_size=6), tokens(4, n=20)
    others = (1, 4, 5)
    targets = [(*body, END) for n in range(3) for body in itertools.product(others, repeat=n)]
    targets += itertools.product(others, repeat=3)  # Cut.
    wide, greedy = translate(model, sources, 3, beam=40), translate(model, sources, 3)
    gained = []
    for source, found, first in zip(sources, wide, greedy, strict=True):
        *each, of_found, of_first = likelihoods(model, source, [*targets, found, first])
        assert [int(token) for token in found if token] == list(targets[np.argmax(each)])
        gained.append(of_found - of_first)
    assert min(gained) > -1e-4 and max(gained) > 0.01  # Greedy search misses some of them.


@pytest.mark.thorough
@pytest.mark.one_backend  # The search is NumPy.
def test_a_narrow_beam_keeps_the_likeliest_beginnings():
    model, sources = translator(), tokens(5, n=8)
    for source, found in zip(sources, translate(model, sources, 4, beam=3), strict=True):
        kept = {(): 0.0}
        while growing := [target for target in kept if END not in target and len(target) < 4]:
            longer = {target: score for target, score in kept.items() if target not in growing}
            for target, steps in zip(growing, log_probabilities(model, source, growing)[:, -1], strict=True):
                longer |= {(*target, token): kept[target] + steps[token] for token in range(7)}
            kept = dict(sorted(longer.items(), key=lambda item: -item[1])[:3])
        assert [int(token) for token in found if token] == list(next(iter(kept)))


@pytest.mark.one_backend  # The search is NumPy.
def test_neither_the_batch_nor_padding_changes_a_translation():
    model, sources = translator(), tokens(5, n=7)
    expected = translate(model, sources, beam=2)
    assert len(np.unique(expected, axis=0)) > 3
    np.testing.assert_array_equal(translate(model, padded(sources, 2), beam=2, batch_size=3), expected)
    np.testing.assert_array_equal(translate(model, sources[4], beam=2), expected[4])
    assert expected.shape == (7, 6) and expected.dtype == "int32" and START not in expected


def test_nothing_attends_to_padding_and_one_pair_equals_its_row_of_a_batch():
    model, source, target = translator(), padded(tokens(5), 2), tokens(4, vocab_size=7)
    weights = alignment(model, source, target)
    assert weights.shape == (3, 4, 7) and np.abs(weights[..., 5:]).max() < 1e-6
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-5)
    np.testing.assert_allclose(alignment(model, source[1], target[1]), weights[1], atol=1e-5)


def test_a_source_of_padding_alone_is_not_attended_to():
    weights = alignment(translator(), [[0, 0, 0], [4, 5, 0]], [[START, 4], [START, 4]])
    assert not weights[0].any() and not weights[1, :, 2].any()
    np.testing.assert_allclose(weights[1].sum(axis=-1), 1, atol=1e-5)


def backwards(n=256):
    """Return sources of 2 to 5 tokens, and targets that have them in reverse between start and end."""
    rng = np.random.default_rng(0)
    source, target = np.zeros((n, 5), "int32"), np.zeros((n, 7), "int32")
    for row, length in enumerate(rng.integers(2, 6, n)):
        source[row, :length] = rng.integers(4, 9, length)
        target[row, : length + 2] = [START, *source[row, :length][::-1], END]
    return source, target


def compiled(model):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
    # TensorFlow's XLA compiles longer than this trains.
    model.compile(keras.optimizers.Adam(0.02), loss, jit_compile=keras.backend.backend() == "jax")
    return model


@pytest.mark.thorough
def test_it_learns_to_write_backwards():
    source, target = backwards()
    keras.utils.set_random_seed(0)
    model = compiled(encoder_decoder(9, 9, units=(24,), embed_dim=8, dropout=0.1))
    data = ((source, target[:, :-1]), target[:, 1:])
    training.fit(model, *data, epochs=20, batch_size=32, verbose=0)
    written = translate(model, source)
    assert (written == target[:, 1:]).all(axis=1).mean() > 0.95
    assert evaluation.evaluate(model, *data)["loss"] < 0.1


def test_a_token_outside_its_vocabulary_is_named_with_its_input():
    source, target = backwards(8)
    model = compiled(encoder_decoder(9, 9, units=(4,), embed_dim=4))
    wrong = [array.copy() for array in (source, target[:, :-1])]
    wrong[0][2, 1], wrong[1][3, 1] = 9, -1
    for x, message in (
        ((wrong[0], target[:, :-1]), "`x[0]` must be token ids in [0, 9). Received: x[0] with 1 of 40 values wrong, "
         "the first in row 2: 9"),
        ((source, wrong[1]), "`x[1]` must be token ids in [0, 9). Received: x[1] with 1 of 48 values wrong, "
         "the first in row 3: -1"),
    ):  # fmt: skip
        for call in (training.fit, evaluation.evaluate):
            assert refusal(call, model, x, target[:, 1:]) == message


@pytest.mark.thorough
@pytest.mark.one_backend
def test_its_parts_translate_in_another_runtime(tmp_path):
    import onnxruntime

    model, [source] = translator(), tokens(5, n=1)
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    memory, *states = encoder.predict_on_batch(source[None])
    examples = {"encoder": source[None], "decoder": [np.full((1, 1), START, "int32"), source[None], memory, *states]}
    sessions = {}
    for part in (encoder, decoder):
        path = tmp_path / f"{part.name}.onnx"
        deployment.export(part, path, format="onnx", examples=examples[part.name])
        sessions[part.name] = onnxruntime.InferenceSession(str(path))

    def run(name, *arrays):
        return sessions[name].run(None, {f"input_{i}": array for i, array in enumerate(arrays)})

    memory, *states = run("encoder", source[None])
    written, token = [], START
    while len(written) < 6 and token != END:
        logits, _, *states = run("decoder", np.array([[token]], "int32"), source[None], memory, *states)
        logits[..., [0, START]] = -np.inf
        token = int(logits.argmax())
        written.append(token)
    assert written == [int(token) for token in translate(model, source) if token]


BAD = [
    (lambda: translate(mlp((3,), 2), [[1]]), "`model` must be made by `encoder_decoder`. Received: model='mlp'"),
    (lambda: translate(autoencoder((4,)), [[1]]),
     "`model` must be made by `encoder_decoder`. Received: model='autoencoder'"),
    (lambda: alignment(mlp((3,), 2), [1], [1]),
     "`model` must be made by `encoder_decoder`. Received: model='mlp'"),
    (lambda: generation.beam_search(translator(), [[1]], start=0, end=3, max_length=2),
     "`start` must be an integer of at least 1. Received: start=0"),
    (lambda: generation.beam_search(translator(), [[1]], start=2, end=7, max_length=2),
     "`end` must be a token id in [1, 7). Received: end=7"),
    (lambda: translate(translator(), [[1]], max_length=0),
     "`max_length` must be an integer of at least 1. Received: max_length=0"),
    (lambda: translate(translator(), [[1]], beam=0), "`beam` must be an integer of at least 1. Received: beam=0"),
    (lambda: translate(translator(), [[1]], batch_size=0),
     "`batch_size` must be an integer of at least 1. Received: batch_size=0"),
    (lambda: translate(translator(), "abc"),
     "`source` must be an array of numbers with 1 or 2 axes. Received: source='abc'"),
    (lambda: translate(translator(), []), "`source` must be at least one token. Received: source=[]"),
    (lambda: translate(translator(), [[1, 9]]), "`source` must be token ids in [0, 9). "
     "Received: source with 1 of 2 values wrong, the first in row 0: 9"),
    (lambda: alignment(translator(), [1], [7]), "`target` must be token ids in [0, 7). "
     "Received: target with 1 of 1 values wrong, the first in row 0: 7"),
    (lambda: alignment(translator(), [1, 2], [[1]]), "`source` and `target` must have the same "
     "number of sequences. Received: source of shape (2,), target of shape (1, 1)"),
]  # fmt: skip

test_a_bad_argument_is_named = refusals(BAD)
