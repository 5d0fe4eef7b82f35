"""Examples from a model that generates: drawn by seed, decoded from codes, and between two codes."""

import keras
import numpy as np
from scipy.special import expit

from dlguide import _checks, _data_checks


def sample(model: keras.Model, count: int, *, labels=None, seed: int = 0) -> np.ndarray:
    """Draw examples from a `vae` or a `gan`: the same ones from the same seed, on any backend.

    Of a VAE they are the decoder's means for the codes drawn, without the noise of each value.

    Args:
        model: A model of `vae` or `gan`.
        count: Number of examples, at least 1.
        labels: For a GAN with `num_classes`, the class of each example: an array of `count` integers.
        seed: Seed of the codes, at least 0.

    Returns:
        A float32 array of shape `(count, *input_shape)` with values in [0, 1].

    Raises:
        ValueError: If an argument is out of range, the model has no generator, or `labels` do not fit.

    Example:
        >>> from dlguide import vae
        >>> sample(vae((28, 28, 1)), 3).shape
        (3, 28, 28, 1)
    """
    generator, gives_logits = _generator(model)
    if gives_logits and "sampling" not in [layer.name for layer in model.layers]:
        raise _checks.error("model", "made by `vae` or `gan`: an autoencoder's codes have no distribution", model.name)
    count = _checks.integer("count", count)
    rng = np.random.default_rng(_checks.integer("seed", seed, at_least=0))
    codes = rng.normal(size=(count, generator.inputs[0].shape[-1])).astype("float32")
    return decode(model, codes, labels=labels)


def decode(model: keras.Model, codes, *, labels=None) -> np.ndarray:
    """Turn codes into examples.

    Args:
        model: A model of `vae`, `gan` or an autoencoder, trained with `BinaryCrossentropy(from_logits=True)`.
        codes: Codes of shape `(n, ...)`, as the model's decoder or generator takes them.
        labels: For a GAN with `num_classes`, the class of each example.

    Returns:
        A float32 array of shape `(n, *input_shape)` with values in [0, 1].

    Raises:
        ValueError: If the codes are of another shape, the model has no decoder or generator, or
            `labels` do not fit.

    Example:
        >>> from dlguide import vae
        >>> decode(vae((28, 28, 1), latent_dim=2), [[0.0, 0.0]]).shape
        (1, 28, 28, 1)
    """
    generator, gives_logits = _generator(model)
    codes = np.asarray(codes, "float32")
    shape = generator.inputs[0].shape[1:]
    if codes.shape[1:] != shape or not len(codes):
        sizes = ", ".join(map(str, ("n", *shape)))
        raise ValueError(f"`codes` must be of shape ({sizes}). Received: codes of shape {codes.shape}")
    inputs = codes
    if len(generator.inputs) == 2:
        classes = generator.get_layer("generator_classes").input_dim
        if labels is None or np.shape(labels) != (len(codes),):
            raise _checks.error("labels", f"one class for each of {len(codes)} examples", labels)
        _data_checks.labels("labels", labels, classes)
        inputs = [codes, np.asarray(labels, "int32")]
    elif labels is not None:
        raise _checks.error("labels", "None for a model that is not told the class", labels)
    examples = np.asarray(generator.predict(inputs, batch_size=256, verbose=0), "float32")
    return expit(examples) if gives_logits else examples


def interpolate(first, second, steps: int = 8) -> np.ndarray:
    """Return codes between two codes, for `decode`.

    Spherical interpolation: normal codes of many numbers lie near a sphere, and their mean does not.

    Args:
        first: A code, an array of any shape.
        second: Another one of the same shape.
        steps: Number of codes, both ends included, at least 2.

    Returns:
        A float32 array of shape `(steps, *first.shape)`.

    Raises:
        ValueError: If the shapes differ or `steps` is below 2.

    Example:
        >>> interpolate([1.0, 0.0], [0.0, 1.0], steps=3).round(2).tolist()
        [[1.0, 0.0], [0.7099999785423279, 0.7099999785423279], [0.0, 1.0]]

    Reference:
        White, "Sampling generative networks" (2016).
    """
    steps = _checks.integer("steps", steps, at_least=2)
    first, second = np.asarray(first, "float64"), np.asarray(second, "float64")
    if first.shape != second.shape:
        raise ValueError(
            f"`first` and `second` must be of one shape. Received: first of shape {first.shape}, "
            f"second of shape {second.shape}"
        )
    lengths = np.linalg.norm(first), np.linalg.norm(second)
    cosine = (first * second).sum() / max(lengths[0] * lengths[1], 1e-12)
    angle = np.arccos(np.clip(cosine, -1, 1))
    at = np.linspace(0, 1, steps).reshape(-1, *[1] * first.ndim)
    if np.sin(angle) < 1e-6:  # The same direction, or a zero: linear interpolation.
        return ((1 - at) * first + at * second).astype("float32")
    weights = np.sin((1 - at) * angle) / np.sin(angle), np.sin(at * angle) / np.sin(angle)
    return (weights[0] * first + weights[1] * second).astype("float32")


def _generator(model) -> tuple[keras.Model, bool]:
    """Return the model from codes to examples, and whether it gives logits."""
    layers = {layer.name: layer for layer in getattr(model, "layers", ()) if isinstance(layer, keras.Model)}
    if "generator" in layers:
        return layers["generator"], False
    if "decoder" in layers:
        return layers["decoder"], True
    raise _checks.error("model", "made by `vae`, `gan` or an autoencoder builder", getattr(model, "name", model))
