"""The VAE of `vae_mnist` and that of the baseline of `gan_mnist`: training, likelihood, pictures."""

import functools
import math

import keras
import numpy as np
from sklearn.decomposition import PCA

from dlguide import data, evaluation, generation, plots, training, vae
from dlguide.autoencoders import Sampling
from recipes._lib import schedules
from recipes._lib.images import reconstruction


def dense_network(shape, latent_dim: int) -> keras.Model:
    """Return the VAE that `gan_mnist` is compared with."""
    return vae(shape, latent_dim=latent_dim, hidden_units=(500, 500), activation="swish", batch_norm=True)


def network(shape, latent_dim: int, filters: int = 32) -> keras.Model:
    """Return the VAE of `vae_mnist`: the encoder of `dense_network`, and a decoder that ends in convolutions.

    The last one gives 16 values at each place of a feature map, which are 4 x 4 pixels of the image (sub-pixel
    convolution: Shi et al., 2016); so no convolution has to be computed for each pixel. `shape`: (height, width, 1),
    multiples of 4.
    """
    height, width = shape[0] // 4, shape[1] // 4

    def hidden(x):
        return keras.layers.Activation("swish")(keras.layers.BatchNormalization(momentum=0.9)(x))

    codes = keras.Input((latent_dim,))
    x = hidden(keras.layers.Dense(500, use_bias=False)(codes))
    x = keras.layers.Reshape((height, width, filters))(keras.layers.Dense(height * width * filters, use_bias=False)(x))
    for _ in range(2):
        x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False)(hidden(x))
    x = keras.layers.Conv2D(16, 3, padding="same", name="logits")(hidden(x))
    x = keras.layers.Permute((1, 3, 2, 4))(keras.layers.Reshape((height, width, 4, 4))(x))
    decoder = keras.Model(codes, keras.layers.Reshape(shape)(x), name="decoder")
    inputs, encoder = keras.Input(shape), dense_network(shape, latent_dim).get_layer("encoder")
    code = Sampling(1 / math.prod(shape), name="sampling")(encoder(inputs))
    return keras.Model(inputs, decoder(code), name="vae")


def compiled(model: keras.Model, steps: int, learning_rate: float) -> keras.Model:
    """Return a VAE, compiled for `steps` steps."""
    optimizer = keras.optimizers.Adam(schedules.one_cycle(learning_rate, steps))
    metric = keras.metrics.BinaryCrossentropy(from_logits=True, name="reconstruction")
    model.compile(optimizer, keras.losses.BinaryCrossentropy(from_logits=True), metrics=[metric])
    return model


def binarised(x: np.ndarray, seed: int) -> np.ndarray:
    """Draw each pixel as 0 or 1, with its grey value as the probability of 1."""
    return (np.random.default_rng(seed).random(x.shape, "float32") < x).astype("float32")


def binarised_batches(x: np.ndarray, batch_size: int, seed: int):
    """Return a `tf.data.Dataset` of `(images, images)`: order and binary pixels are drawn anew in each epoch."""
    import tensorflow as tf

    with tf.device("CPU"):
        images = tf.data.Dataset.from_tensor_slices(x).shuffle(len(x), seed=seed).batch(batch_size)
    draws = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)

    def flip(batch, draw):
        flipped = tf.cast(tf.random.stateless_uniform(tf.shape(batch), [draw, seed]) < batch, "float32")
        return flipped, flipped

    return tf.data.Dataset.zip(images, draws).map(flip).prefetch(4)


def fit(model: keras.Model, x: np.ndarray, *, batch_size: int, seed: int, **options) -> keras.callbacks.History:
    """Train a VAE on binarised images, as `training.fit`."""
    batches = binarised_batches(x, batch_size, seed)
    # As the published runs did: it took an order and a draw of noise. JAX takes no tensors of TensorFlow.
    model.test_on_batch(*(np.asarray(part) for part in next(iter(batches))))
    return training.fit(model, batches, seed=seed, **options)


def codes_an_image(splits: data.Splits) -> int:
    """Return 1000 for the 55,000 training images of MNIST, proportionally less for fewer images, at least 100."""
    return max(100, 1000 * len(splits.train.x) // 55_000)


def likelihoods(model, splits: data.Splits, samples: int, seed: int) -> dict[str, float]:
    """Return the negative log-likelihood of the test set, and that of independent pixels."""
    x = binarised(splits.test.x, seed)
    chance = np.clip(splits.train.x.mean(axis=0), 1e-3, 1 - 1e-3)
    flips = -(x * np.log(chance) + (1 - x) * np.log(1 - chance)).reshape(len(x), -1).sum(axis=1).mean()
    print(f"The likelihood of {len(x)} images, {samples} codes each: this may take some minutes.", flush=True)
    scores = evaluation.log_likelihood(model, x, samples=samples, seed=seed)
    # How tight the bound is: what ten times as many codes change.
    few = evaluation.log_likelihood(model, x[:200], samples=10 * samples, seed=seed)
    return {**scores, "tenfold_gain": few["nll_tenth"] - few["nll"], "independent_pixels_nll": float(flips)}


def dense_samples(splits: data.Splits, *, epochs, batch_size, learning_rate, latent_dim, seed) -> np.ndarray:
    """Train the dense VAE; return as many samples as there are test images. Sets Keras's global seed to `seed`."""
    keras.utils.set_random_seed(seed)
    steps = epochs * -(-len(splits.train.x) // batch_size)
    model = compiled(dense_network(splits.train.x.shape[1:], latent_dim), steps, learning_rate)
    fit(model, splits.train.x, batch_size=batch_size, seed=seed, epochs=epochs, verbose=0)
    return generation.sample(model, len(splits.test.x), seed=seed)


def vae_figures(model, splits: data.Splits, seed: int) -> dict:
    """Return the pictures of samples, reconstructions, interpolations, codes, and images over a plane of codes."""
    x, samples = binarised(splits.test.x, seed), functools.partial(generation.sample, model, 120, seed=seed)
    codes = functools.cache(lambda: model.get_layer("encoder").predict(x, batch_size=256, verbose=0)[0])
    figures = {
        "samples": lambda: plots.image_grid(samples().reshape(10, 12, *x.shape[1:])),
        "codes": lambda: plots.codes(codes()[:3000], splits.test.y[:3000], label_name="digit"),
        "reconstructions": lambda: reconstruction.reconstructions(model, x),
        "interpolations": lambda: reconstruction.interpolations(model, codes()),
    }
    if model.get_layer("decoder").input_shape[-1] > 1:
        figures["latent_plane"] = lambda: latent_plane(model, codes())
    return figures


def latent_plane(model, codes: np.ndarray, size: int = 15):
    """Draw images over two standard deviations of two principal components of the codes."""
    pca = PCA(2).fit(codes)
    deviations = np.linspace(-2, 2, size)
    places = np.stack(np.meshgrid(deviations, deviations[::-1]), axis=-1).reshape(-1, 2)
    images = generation.decode(model, pca.inverse_transform(places * np.sqrt(pca.explained_variance_)))
    columns, rows = ([f"{value:+.1f} σ" for value in ends] for ends in (deviations, deviations[::-1]))
    return plots.image_grid(images.reshape(size, size, *images.shape[1:]), rows, columns)
