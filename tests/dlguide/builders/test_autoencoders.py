"""What is particular to autoencoders, and the VAE's loss worked out by hand."""

import keras
import numpy as np
import pytest
from sklearn.decomposition import PCA

from dlguide import autoencoder, conv_autoencoder, evaluation, training, vae
from dlguide.evaluation import _log_likelihood
from tests.helpers.contract import outputs, settled


def images(n=6, seed=0):
    return np.random.default_rng(seed).random((n, 4, 3)).astype("float32")


def cross_entropy(x, logits):
    """Return the sum over the pixels of each example, in nats, in float64."""
    logits = logits.astype("float64")
    return (np.logaddexp(0, logits) - x * logits).reshape(len(x), -1).sum(axis=1)


def divergence(z_mean, z_log_var):
    return (np.exp(z_log_var) + z_mean**2 - 1 - z_log_var).sum(axis=1) / 2


def encoded(model, x):
    return [keras.ops.convert_to_numpy(value).astype("float64") for value in model.get_layer("encoder")(x)]


def spread_out(model, seed=1):
    """Give each weight another value, so that no part of a loss is near zero."""
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(scale=0.5, size=w.shape) for w in model.get_weights()])
    return model


def test_the_encoder_and_the_decoder_make_up_the_model():
    for model in (autoencoder((4, 3), latent_dim=2), conv_autoencoder((4, 4, 1), filters=(3,))):
        x = np.random.default_rng(0).random((6, *model.input_shape[1:])).astype("float32")
        by_parts = model.get_layer("decoder")(model.get_layer("encoder")(x))
        np.testing.assert_allclose(keras.ops.convert_to_numpy(by_parts), outputs(model, x), atol=1e-6)


@pytest.mark.thorough
def test_a_linear_autoencoder_finds_the_principal_components():
    rng = np.random.default_rng(0)
    plane = np.linalg.qr(rng.normal(size=(6, 2)))[0]
    x = (rng.normal(size=(200, 2)) @ plane.T + 0.1 * rng.normal(size=(200, 6))).astype("float32")
    x -= x.mean(axis=0)
    model = autoencoder((6,), latent_dim=2, hidden_units=())
    model.compile(keras.optimizers.Adam(0.01), "mse")
    training.fit(model, x, x, epochs=250, batch_size=50, verbose=0)
    best = ((PCA(2).fit(x).inverse_transform(PCA(2).fit_transform(x)) - x) ** 2).mean()
    assert model.evaluate(x, x, verbose=0) < 1.1 * best


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_the_loss_times_the_pixels_is_the_negative_elbo_worked_out_by_hand(beta):
    x, model = images(), spread_out(vae((4, 3), latent_dim=2, hidden_units=(5,), beta=beta))
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(loss=loss, metrics=[keras.metrics.BinaryCrossentropy(from_logits=True, name="reconstruction")])
    z_mean, z_log_var = encoded(model, x)
    draws = keras.random.normal((6, 2), seed=settled(model).get_layer("sampling").seed_generator)
    codes = z_mean + np.exp(z_log_var / 2) * keras.ops.convert_to_numpy(draws).astype("float64")
    logits = keras.ops.convert_to_numpy(model.get_layer("decoder")(codes.astype("float32")))
    reconstruction, kl = cross_entropy(x, logits).mean(), divergence(z_mean, z_log_var).mean()
    figures = settled(model).evaluate(x, x, verbose=0, batch_size=6, return_dict=True)
    assert figures["loss"] * 12 == pytest.approx(reconstruction + beta * kl, rel=1e-5)
    assert figures["reconstruction"] * 12 == pytest.approx(reconstruction, rel=1e-5)


@pytest.mark.parametrize("batch_size", [8, 500])  # So many codes of an example a call; the last call has fewer.
def test_the_likelihood_and_what_is_said_of_it_are_those_worked_out_by_hand(batch_size, monkeypatch):
    monkeypatch.setattr(_log_likelihood, "CODES", batch_size)
    x, model = np.round(images()), spread_out(vae((4, 3), latent_dim=2, hidden_units=(5,)))
    figures = evaluation.log_likelihood(model, x, samples=20, seed=3)
    rng, count = np.random.default_rng(3), min(batch_size, 20)
    noise = [rng.standard_normal((6, count, 2), "float32") for _ in range(0, 20, count)]
    noise = np.concatenate(noise, axis=1)[:, :20]
    mean, log_var = (part[:, None] for part in encoded(model, x))
    codes = mean + np.exp(log_var / 2) * noise
    logits = keras.ops.convert_to_numpy(model.get_layer("decoder")(codes.reshape(120, 2).astype("float32")))
    errors = cross_entropy(np.repeat(x, 20, axis=0), logits).reshape(6, 20)
    weights = -errors + ((noise**2 - codes**2 + log_var) / 2).sum(axis=2)
    nll, tenth = (-np.log(np.exp(weights[:, :n]).mean(axis=1)) for n in (20, 2))
    kl = divergence(*encoded(model, x)).mean()
    expected = {"nll": nll.mean(), "nll_error": nll.std() / np.sqrt(6), "nll_tenth": tenth.mean(), "kl": kl}
    expected |= {"reconstruction": errors.mean(), "elbo_loss": errors.mean() + kl}
    assert figures == pytest.approx({**expected, "log_weight_std": weights.std(axis=1).mean()}, rel=1e-4)
