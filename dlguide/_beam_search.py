"""The parts of an `encoder_decoder`, and beam search with its decoder."""

import keras
import numpy as np

from dlguide import _checks, _extras, _layer_names


def parts(model) -> tuple[keras.Model, keras.Model]:
    """Return the encoder and the decoder of an `encoder_decoder`, or raise."""
    models = _layer_names.layers_by_name(model, keras.Model)
    decoder = models.get(_layer_names.DECODER)
    if _layer_names.SOURCE_ATTENTION not in _layer_names.layers_by_name(decoder):
        raise _checks.error("model", "made by `encoder_decoder`", getattr(model, "name", model))
    encoder = models[_layer_names.ENCODER]
    if keras.backend.backend() == "tensorflow":  # XLA would compile again for each length.
        encoder.jit_compile = decoder.jit_compile = False
    return encoder, decoder


def beam_search(model, source: np.ndarray, start: int, end: int, max_length: int, beam: int) -> np.ndarray:
    """Return the likeliest target found for each row of token ids; `generation.translate` says how."""
    log_softmax = _extras.needed("scipy.special", "evaluation").log_softmax  # Here, because it takes time.
    encoder, decoder = parts(model)
    n = len(source)
    memory, *states = (np.repeat(array, beam, axis=0) for array in encoder.predict_on_batch(source))
    source = np.repeat(source, beam, axis=0)
    written = np.zeros((n, beam, max_length), "int32")
    tokens = np.full((n, beam), start)
    scores = np.full((n, beam), -np.inf)
    scores[:, 0] = 0  # All of the first step come from one beginning.
    has_ended = np.zeros((n, beam), bool)
    for step in range(max_length):
        inputs = [tokens.reshape(-1, 1).astype("int32"), source, memory, *states]
        logits, _, *states = decoder.predict_on_batch(inputs)
        steps = log_softmax(logits.reshape(n, beam, -1).astype("float64"), axis=-1)
        steps[..., [0] if start == end else [0, start]] = -np.inf  # One token may be both.
        steps[has_ended] = -np.inf
        steps[has_ended, 0] = 0  # Only padding follows an end, and it costs nothing.

        vocab_size = steps.shape[-1]
        totals = (scores[..., None] + steps).reshape(n, -1)
        best = np.argsort(-totals, axis=1, kind="stable")[:, :beam]
        before, tokens = best // vocab_size, best % vocab_size
        scores = np.take_along_axis(totals, best, axis=1)
        written = np.take_along_axis(written, before[..., None], axis=1)
        written[..., step] = tokens
        has_ended = np.take_along_axis(has_ended, before, axis=1) | (tokens == end)
        if has_ended[:, 0].all():  # A target only gets less likely as it grows: none can overtake these.
            break
        rows = (np.arange(n)[:, None] * beam + before).reshape(-1)
        states = [state[rows] for state in states]
    return written[:, 0]
