"""What the recipes with a VAE share: the model, pixels as coin flips, likelihoods, pictures."""

import keras
import numpy as np

from dlguide import data, evaluation, generation, plots, vae
from recipes import _cli, _reconstruction, _shared


def compiled(splits: data.Splits, steps: int, learning_rate: float, latent_dim: int) -> keras.Model:
    """Return the VAE of `vae_mnist`, compiled for so many steps."""
    model = vae(
        splits.train.x.shape[1:], latent_dim=latent_dim, hidden_units=(500, 500), activation="swish", batch_norm=True
    )
    model.compile(
        optimizer=keras.optimizers.Adam(_shared.one_cycle(learning_rate, steps)),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryCrossentropy(from_logits=True, name="reconstruction")],
    )
    return model


def binarised(x: np.ndarray, seed: int) -> np.ndarray:
    """Draw each pixel as a coin flip with its grey value as the chance of 1."""
    return (np.random.default_rng(seed).random(x.shape, "float32") < x).astype("float32")


def binarised_batches(x: np.ndarray, batch_size: int, seed: int):
    """Return a `tf.data.Dataset` of `(images, images)` whose order and coin flips are new in each epoch."""
    import tensorflow as tf

    with tf.device("CPU"):
        images = tf.data.Dataset.from_tensor_slices(x).shuffle(len(x), seed=seed).batch(batch_size)
    draws = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)

    def flip(batch, draw):
        flipped = tf.cast(tf.random.stateless_uniform(tf.shape(batch), [draw, seed]) < batch, "float32")
        return flipped, flipped

    return tf.data.Dataset.zip(images, draws).map(flip).prefetch(4)


def likelihoods(model, splits: data.Splits, samples: int, seed: int) -> dict[str, float]:
    """Return the test part's negative log-likelihood, and that of the pixels' own chances in the training part."""
    x = binarised(splits.test.x, seed)
    chance = np.clip(splits.train.x.mean(axis=0), 1e-3, 1 - 1e-3)
    flips = -(x * np.log(chance) + (1 - x) * np.log(1 - chance)).reshape(len(x), -1).sum(axis=1).mean()
    print(f"The likelihood of {len(x)} images, {samples} codes each: this may take some minutes.", flush=True)
    figures = evaluation.log_likelihood(model, x, samples=samples, seed=seed)
    # How far the bound still lies below: what ten times the codes would change.
    few = evaluation.log_likelihood(model, x[:200], samples=10 * samples, seed=seed)
    return {**figures, "tenfold_gain": few["nll_tenth"] - few["nll"], "baseline_nll": float(flips)}


def save_figures(run_dir, title: str, model, splits: data.Splits, seed: int) -> None:
    """Save samples, reconstructions, interpolations, the codes, and images over a plane of codes."""
    x = binarised(splits.test.x, seed)
    z_mean, _ = model.get_layer("encoder").predict(x, batch_size=256, verbose=0)
    samples = generation.sample(model, 120, seed=seed)
    _cli.save_figures(
        run_dir,
        title,
        samples=plots.image_grid(samples.reshape(10, 12, *samples.shape[1:])),
        codes=plots.codes(z_mean[:3000], splits.test.y[:3000], label_name="digit"),
    )
    if z_mean.shape[1] > 1:
        pictures, columns, rows = plane(model, z_mean)
        _cli.save_figures(run_dir, title, latent_plane=plots.image_grid(pictures, rows, columns))
    _reconstruction.save_reconstructions(run_dir, title, model, x, x)
    _reconstruction.save_interpolations(run_dir, title, model, z_mean)


def plane(model, codes: np.ndarray, size: int = 15) -> tuple[np.ndarray, list[str], list[str]]:
    """Return the images over the plane of the codes' first two principal components, and names of columns and rows.

    The plane reaches two standard deviations of each component.
    """
    from sklearn.decomposition import PCA

    pca = PCA(2).fit(codes)
    at = np.linspace(-2, 2, size)
    places = np.stack(np.meshgrid(at, at[::-1]), axis=-1).reshape(-1, 2) * np.sqrt(pca.explained_variance_)
    pictures = generation.decode(model, pca.inverse_transform(places))
    columns, rows = ([f"{deviations:+.1f} σ" for deviations in ends] for ends in (at, at[::-1]))
    return pictures.reshape(size, size, *pictures.shape[1:]), columns, rows
