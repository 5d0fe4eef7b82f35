"""The log-likelihood of a VAE by importance sampling, and the bound of a diffusion model."""

import math

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from dlguide import _checks, _data_checks, _layer_names, masked_diffusion

CODES = 1000
"""Decoded at once; another number draws the noise in another order."""


def log_likelihood(
    model: keras.Model,
    x: ArrayLike,
    *,
    samples: int = 100,
    steps: int | None = None,
    seed: int = 0,
) -> dict[str, float]:
    """Estimate the log-likelihood of examples under a `vae` by importance sampling, or a bound under a `diffusion`.

    For a VAE, the estimate is the logarithm of the mean of `p(x | z) p(z) / q(z | x)` over `samples` codes that the
    encoder draws: on average a lower bound of the log-likelihood, which becomes tight with many samples. For a
    diffusion model it is the mean of its loss over `samples` choices of hidden values for each example, whose numbers
    are spread evenly: on average a lower bound too, which more samples make more exact, but not tighter. Both models
    give each value a Bernoulli distribution, so the values of `x` should be 0 or 1.

    Args:
        model: A model of `vae` or `diffusion`.
        x: Examples with values in [0, 1], an array of shape `(n, *input_shape)`.
        samples: Codes, or choices of hidden values, for each example, at least 1.
        steps: For a diffusion model, the number of groups in which the values are drawn, as in `generation.sample`, at
            least 1; None for one value at a time. No effect on another model.
        seed: Seed of the codes or choices, at least 0.

    Returns:
        Means over the examples, in nats. `"nll"` is the negative log-likelihood, `"nll_error"` its standard error. For
        a VAE, `"nll_tenth"` is the estimate from a tenth of the codes: the difference shows what more would change.
        `"elbo_loss"` is the negative evidence lower bound, the sum of `"reconstruction"` and `"kl"` (in closed form).
        `"log_weight_std"` is the standard deviation of an example's log weights: the larger, the looser the bound.

    Raises:
        ValueError: If an argument is out of range, or the model was made by another builder.

    Example:
        >>> from dlguide import vae
        >>> model = vae((4, 1), latent_dim=2)
        >>> metrics = log_likelihood(model, np.ones((3, 4, 1)), samples=500)
        >>> metrics["nll"] < metrics["elbo_loss"]
        True

    Reference:
        Burda, Grosse & Salakhutdinov, "Importance weighted autoencoders" (2016). For a diffusion model: Hoogeboom et
        al., "Autoregressive diffusion models" (2022).
    """
    denoiser = masked_diffusion._denoiser_of(model)
    layers, parts = _layer_names.layers_by_name(model), _layer_names.layers_by_name(model, keras.Model)
    is_vae = {_layer_names.ENCODER, _layer_names.DECODER} <= set(parts) and _layer_names.SAMPLING in layers
    if denoiser is None and not is_vae:
        raise _checks.error("model", "made by `vae` or `diffusion`", getattr(model, "name", model))
    samples = _checks.integer("samples", samples)
    steps = _checks.integer("steps", steps, optional=True)
    seed = _checks.integer("seed", seed, at_least=0)
    x = np.asarray(x, "float32")
    if not len(x):
        raise _checks.shape_error("`x` must have at least one example", x=x)
    _data_checks.unit_range("x", x)
    x = _data_checks.in_own_shape("x", parts[_layer_names.ENCODER] if denoiser is None else denoiser, x)
    if denoiser is not None:
        nats = masked_diffusion._nll_bounds(denoiser, x, samples, steps, seed).mean(axis=1)
        return {"nll": float(nats.mean()), "nll_error": float(nats.std() / math.sqrt(len(x)))}

    rng = np.random.default_rng(seed)
    z_mean, z_log_var = (
        a[:, None].astype(np.result_type(a, np.float32))  # In mixed precision they are float16.
        for a in parts[_layer_names.ENCODER].predict(x, batch_size=256, verbose=0)
    )
    codes_a_call = min(samples, CODES, max(50, CODES // len(x)))
    log_p = _log_p(parts[_layer_names.DECODER], codes_a_call)
    weights, loss = [], 0.0
    for start in range(0, samples, codes_a_call):
        noise = rng.standard_normal((len(x), codes_a_call, z_mean.shape[-1]), "float32")
        codes = z_mean + np.exp(z_log_var / 2) * noise
        flat = x.reshape(len(x), -1)
        log_px = log_p.predict([codes, flat], batch_size=CODES // codes_a_call, verbose=0)
        log_weight = log_px + ((noise**2 - codes**2 + z_log_var) / 2).sum(axis=2)
        weights.append(log_weight[:, : samples - start])
        loss -= log_px[:, : samples - start].sum(dtype="float64") / (samples * len(x))
    log_weights = np.concatenate(weights, axis=1, dtype="float64")
    kl = float((np.exp(z_log_var) + z_mean**2 - 1 - z_log_var).sum(axis=(1, 2)).mean() / 2)

    def nll(log_weights):
        return -(np.logaddexp.reduce(log_weights, axis=1) - math.log(log_weights.shape[1]))

    return {
        "nll": float(nll(log_weights).mean()),
        "nll_error": float(nll(log_weights).std() / math.sqrt(len(x))),
        "nll_tenth": float(nll(log_weights[:, : max(1, samples // 10)]).mean()),
        "elbo_loss": float(loss) + kl,
        "reconstruction": float(loss),
        "kl": kl,
        "log_weight_std": float(log_weights.std(axis=1).mean()),
    }


def _log_p(decoder, codes_a_call: int) -> keras.Model:
    """Return a model from `(batch, codes, latent_dim)` and `x` `(batch, values)` to `log p(x | z)` of each code."""
    dim, values = decoder.input_shape[-1], math.prod(decoder.output_shape[1:])
    codes, x = keras.Input((codes_a_call, dim)), keras.Input((values,))
    logits = ops.reshape(decoder(ops.reshape(codes, (-1, dim))), (-1, codes_a_call, values))
    logits = ops.cast(logits, keras.backend.result_type(logits.dtype, "float32"))
    return keras.Model([codes, x], ops.sum(x[:, None] * logits - ops.softplus(logits), axis=-1))
