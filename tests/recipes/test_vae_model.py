"""The VAE of the recipes on each backend."""

from types import SimpleNamespace

import numpy as np
import pytest

from recipes._lib.images import vae_model

pytestmark = pytest.mark.each_backend


def test_the_dense_vae_learns_and_draws_as_many_samples_as_there_are_test_images():
    x = np.random.default_rng(0).random((40, 8, 8, 1), "float32")
    splits = SimpleNamespace(train=SimpleNamespace(x=x), test=SimpleNamespace(x=x[:30]))
    samples = vae_model.dense_samples(splits, epochs=1, batch_size=20, learning_rate=1e-3, latent_dim=2, seed=0)
    assert samples.shape == (30, 8, 8, 1) and 0 <= samples.min() < samples.max() <= 1
