"""Generation: images of a VAE, a GAN or a diffusion, codes between two codes, continuations of a text, translations."""

import keras
import numpy as np
from numpy.typing import ArrayLike

from dlguide import _checks, _data_checks, _extras, _layer_names, masked_diffusion
from dlguide.sequence_to_sequence import _encoder_and_decoder

BATCH = 256


def sample(
    model: keras.Model,
    count: int,
    *,
    labels: ArrayLike | None = None,
    steps: int | None = None,
    means: bool = False,
    seed: int = 0,
) -> np.ndarray:
    """Draw examples from a `vae`, a `gan` or a `diffusion`; the same seed gives the same codes on any backend.

    Examples of a VAE are the decoder's means for the codes, without noise. Those of a diffusion model are zeros and
    ones: each takes a random order of its values, cut into `steps` groups, and draws the values of a group at once.

    Args:
        model: A model of `vae`, `gan` or `diffusion`.
        count: Number of examples, at least 1.
        labels: For a GAN with `num_classes`, the class of each example: an array of `count` integers.
        steps: Of a diffusion model alone: the number of groups, at least 1; None for 50. More take more time, and leave
            out less of the dependence between the values of a group.
        means: Of a diffusion model alone: give each value its mean given the other values, as a VAE's decoder does,
            instead of 0 or 1. This takes 8 steps more.
        seed: Seed of the codes, or of the order and the values, at least 0.

    Returns:
        A float32 array of shape `(count, *input_shape)` with values in [0, 1].

    Raises:
        ValueError: If an argument is out of range, the model has no generator, or `labels` do not fit.

    Example:
        >>> from dlguide import vae
        >>> sample(vae((28, 28, 1)), 3).shape
        (3, 28, 28, 1)
    """
    count, seed = _checks.integer("count", count), _checks.integer("seed", seed, at_least=0)
    steps, means = _checks.integer("steps", steps, optional=True), _checks.flag("means", means)
    denoiser = masked_diffusion._denoiser_of(model)
    if denoiser is not None:
        _refuse("labels", labels)
        return masked_diffusion._sample_images(denoiser, count, steps or 50, means, seed)
    _refuse("steps", steps)
    _refuse("means", means or None)
    generator, gives_logits = _generator(model)
    if gives_logits and _layer_names.SAMPLING not in _layer_names.layers_by_name(model):
        raise _checks.error("model", "no autoencoder, whose codes have no distribution", model.name)
    rng = np.random.default_rng(seed)
    codes = rng.normal(size=(count, generator.inputs[0].shape[-1])).astype("float32")
    return decode(model, codes, labels=labels)


def decode(model: keras.Model, codes: ArrayLike, *, labels: ArrayLike | None = None) -> np.ndarray:
    """Turn codes into examples.

    Args:
        model: A model of `gan`, or of `vae` or an autoencoder, trained with `BinaryCrossentropy(from_logits=True)`.
        codes: Codes of shape `(n, ...)`, as the model's decoder or generator takes them.
        labels: For a GAN with `num_classes`, the class of each example.

    Returns:
        A float32 array of shape `(n, *input_shape)` with values in [0, 1].

    Raises:
        ValueError: If the codes are of another shape, the model has no decoder or generator, or `labels` do not fit.

    Example:
        >>> from dlguide import vae
        >>> decode(vae((28, 28, 1), latent_dim=2), [[0.0, 0.0]]).shape
        (1, 28, 28, 1)
    """
    generator, gives_logits = _generator(model)
    codes = np.asarray(codes, "float32")
    shape = generator.inputs[0].shape[1:]
    if codes.shape[1:] != shape or not len(codes):
        raise _checks.shape_error(f"`codes` must be of shape {_checks.text_of_shape(shape)}", codes=codes)
    inputs = codes
    if len(generator.inputs) == 2:
        if labels is None or np.shape(labels) != (len(codes),):
            raise _checks.error("labels", f"one class for each of {len(codes)} examples", labels)
        _data_checks.labels("labels", labels, generator.get_layer(_layer_names.GENERATOR_CLASSES).input_dim)
        inputs = [codes, np.asarray(labels, "int32")]
    else:
        _refuse("labels", labels)
    examples = np.asarray(generator.predict(inputs, batch_size=BATCH, verbose=0), "float32")
    return _extras.needed("scipy.special", "evaluation").expit(examples) if gives_logits else examples


def _refuse(name: str, value) -> None:
    """Refuse an argument that another kind of model takes."""
    if value is not None:
        raise _checks.error(name, "left out for this model, which cannot use it", value)


def interpolate(first: ArrayLike, second: ArrayLike, steps: int = 8) -> np.ndarray:
    """Return codes between two codes, for `decode`.

    The interpolation is spherical: normal codes of many numbers lie near a sphere, and their mean does not. It is
    linear from or to a code of zeros, and between opposite directions.

    Args:
        first: A code, an array of any shape.
        second: Another one of the same shape.
        steps: Number of codes, both ends included, at least 2.

    Returns:
        A float32 array of shape `(steps, *first.shape)`.

    Example:
        >>> interpolate([1.0, 0.0], [0.0, 1.0], steps=3).round(2).tolist()
        [[1.0, 0.0], [0.7099999785423279, 0.7099999785423279], [0.0, 1.0]]

    Reference:
        White, "Sampling generative networks" (2016).
    """
    steps = _checks.integer("steps", steps, at_least=2)
    first, second = np.asarray(first, "float64"), np.asarray(second, "float64")
    if first.shape != second.shape:
        raise _checks.shape_error("`first` and `second` must be of one shape", first=first, second=second)
    lengths = np.linalg.norm(first), np.linalg.norm(second)
    cosine = (first * second).sum() / max(lengths[0] * lengths[1], 1e-12)
    angle = np.arccos(np.clip(cosine, -1, 1))
    at = np.linspace(0, 1, steps).reshape(-1, *[1] * first.ndim)
    if not all(lengths) or np.sin(angle) < 1e-6:
        return ((1 - at) * first + at * second).astype("float32")
    weights = np.sin((1 - at) * angle) / np.sin(angle), np.sin(at * angle) / np.sin(angle)
    return (weights[0] * first + weights[1] * second).astype("float32")


def generate(
    model: keras.Model,
    prompt: ArrayLike,
    num_tokens: int,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    seed: int = 0,
) -> np.ndarray:
    """Generate a continuation of a token sequence by a language model, token by token.

    Each token is one call of the model on `max_length` tokens, so that nothing is compiled again. Keys and values are
    not cached: past `max_length` the position of every token changes. Padding is never drawn.

    Args:
        model: A model of `transformer_language_model`.
        prompt: Token ids of shape `(length,)`, at least one; the model reads the last `max_length` of them.
        num_tokens: Number of tokens to generate, at least 1.
        temperature: Divides the logits: below 1 likely tokens become likelier; 0 always takes the likeliest.
        top_k: Draw from the `top_k` likeliest tokens only, at least 1; None for all.
        seed: Seed of the draws, at least 0.

    Returns:
        The new tokens, an int32 array of shape `(num_tokens,)`.

    Raises:
        ValueError: If an argument is out of range, or the model is another one.

    Example:
        >>> from dlguide import transformer_language_model
        >>> generate(transformer_language_model(9, max_length=5), [1, 2], 3).shape
        (3,)
    """
    lengths = [getattr(layer, "max_length", None) or 0 for layer in _layer_names.layers_by_name(model).values()]
    longest = max(lengths, default=0)
    if not longest or len(model.output_shape) != 3:
        raise _checks.error("model", "made by `transformer_language_model`", model.name)
    num_tokens = _checks.integer("num_tokens", num_tokens)
    temperature = _checks.number("temperature", temperature, at_least=0)
    top_k = _checks.integer("top_k", top_k, optional=True)
    rng = np.random.default_rng(_checks.integer("seed", seed, at_least=0))
    if not np.size(prompt):
        raise _checks.error("prompt", "at least one token", prompt)
    prompt = _data_checks.array("prompt", prompt, (1,))[-longest:]
    _data_checks.tokens("prompt", prompt, model)

    tokens = prompt.astype("int32").tolist()
    for _ in range(num_tokens):
        read, window = tokens[-longest:], np.zeros((1, longest), "int32")
        window[0, : len(read)] = read
        logits = np.asarray(model.predict_on_batch(window)[0, len(read) - 1], "float64")
        tokens.append(_draw_token(logits, temperature, top_k, rng))
    return np.array(tokens[-num_tokens:], "int32")


def _draw_token(logits: np.ndarray, temperature: float, top_k: int | None, rng) -> int:
    logits[0] = -np.inf  # Padding.
    if temperature == 0:
        return int(logits.argmax())
    if top_k is not None and top_k < len(logits):
        logits[np.argsort(-logits, kind="stable")[top_k:]] = -np.inf
    # The argmax of the logits with Gumbel noise is a draw from their softmax.
    return int(((logits - logits.max()) / temperature + rng.gumbel(size=len(logits))).argmax())


def beam_search(
    model: keras.Model, source: ArrayLike, *, start: int, end: int, max_length: int, beam: int = 1
) -> np.ndarray:
    """Write the target of each source by an encoder-decoder, token by token.

    Each step keeps the `beam` likeliest beginnings, by the product of the probabilities of their tokens; with 1 it
    takes the likeliest token (greedy search). Padding and the start are never written.

    Args:
        model: A model of `encoder_decoder`.
        source: Token ids of shape `(n, length)`, right-padded with 0, or `(length,)` for one source.
        start: Token id with which each target of the training set begins.
        end: Token id with which it ends.
        max_length: Largest number of tokens of a target, the end included, at least 1.
        beam: Number of beginnings that are kept, at least 1.

    Returns:
        The targets, an int32 array of shape `(n, max_length)`, or `(max_length,)` for one source: without the start,
        with the end, then 0.

    Raises:
        ValueError: If an argument is out of range, or the model is another one.

    Example:
        >>> from dlguide import encoder_decoder
        >>> beam_search(encoder_decoder(9, 7), [[1, 2], [3, 0]], start=2, end=3, max_length=4).shape
        (2, 4)

    Reference:
        Sutskever, Vinyals & Le, "Sequence to sequence learning with neural networks" (2014).
    """
    encoder, decoder = _encoder_and_decoder(model)
    vocab_size = decoder.output_shape[0][-1]
    for name, token in {"start": start, "end": end}.items():
        if _checks.integer(name, token) >= vocab_size:
            raise _checks.error(name, f"a token id in [1, {vocab_size})", token)
    max_length = _checks.integer("max_length", max_length)
    beam = _checks.integer("beam", beam)
    if not np.size(source):
        raise _checks.error("source", "at least one token", source)
    source = _data_checks.array("source", source, (1, 2))
    _data_checks.tokens("source", source, encoder)

    sources = np.atleast_2d(source).astype("int32")
    batches = np.split(sources, range(BATCH, len(sources), BATCH))
    targets = [_likeliest(encoder, decoder, batch, start, end, max_length, beam) for batch in batches]
    return np.concatenate(targets) if source.ndim == 2 else targets[0][0]


def _likeliest(encoder, decoder, source: np.ndarray, start: int, end: int, max_length: int, beam: int) -> np.ndarray:
    """Return the likeliest target found for each row of token ids."""
    log_softmax = _extras.needed("scipy.special", "evaluation").log_softmax  # Here, because it takes time.
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


def _generator(model) -> tuple[keras.Model, bool]:
    """Return the model from codes to examples, and whether it gives logits."""
    parts = _layer_names.layers_by_name(model, keras.Model)
    for name, gives_logits in ((_layer_names.GENERATOR, False), (_layer_names.DECODER, True)):
        if name in parts:
            return parts[name], gives_logits
    raise _checks.error(
        "model", "made by `vae`, `gan`, `diffusion` or an autoencoder builder", getattr(model, "name", model)
    )
