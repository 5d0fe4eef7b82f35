"""Autoencoders for arrays and for images, and the variational autoencoder.

Each is made of two models that are layers of it, `get_layer("encoder")` and `get_layer("decoder")`.
"""

import math
from collections.abc import Sequence

import keras
from keras import ops

from dlguide import _checks


def autoencoder(
    input_shape: Sequence[int],
    *,
    latent_dim: int = 32,
    hidden_units: Sequence[int] = (512, 256),
    activation: str = "relu",
    batch_norm: bool = False,
    name: str = "autoencoder",
) -> keras.Model:
    """Build an autoencoder of dense layers: the input through a code of `latent_dim` numbers back to itself.

    The encoder flattens the input, has one dense layer per entry of `hidden_units` and gives the
    code; the decoder has the same layers in reverse. Without hidden layers it is a linear map, whose
    best code by squared error spans the space of the first principal components.

    Args:
        input_shape: Shape of one example without the batch axis, such as `(28, 28, 1)`.
        latent_dim: Numbers of the code, at least 1.
        hidden_units: Width of each hidden layer of the encoder, input side first.
        activation: Name of a Keras activation or a function from tensor to tensor, of the hidden
            layers; None for none. Has no effect without them.
        batch_norm: Normalise each hidden layer over the batch, before the activation; the dense
            layer then has no bias of its own. Has no effect without hidden layers.
        name: Name of the model.

    Returns:
        An uncompiled `keras.Model` from `(batch, *input_shape)` floats to logits of the same shape.
        Train it on `(x, x)` with values in [0, 1] and `BinaryCrossentropy(from_logits=True)`, or on
        any values with `"mse"`, then without a sigmoid behind it. `get_layer("encoder")` gives
        `(batch, latent_dim)` codes, `get_layer("decoder")` turns codes into logits.

    Raises:
        ValueError: If a size or the activation is out of range.

    Example:
        >>> autoencoder((28, 28, 1)).get_layer("encoder").output_shape
        (None, 32)

    Reference:
        Hinton & Salakhutdinov, "Reducing the dimensionality of data with neural networks",
        Science 313 (2006).
    """
    input_shape = _checks.shape("input_shape", input_shape)
    latent_dim = _checks.integer("latent_dim", latent_dim)
    hidden_units = _checks.integers("hidden_units", hidden_units)
    activation = _checks.activation("activation", activation)
    batch_norm = _checks.flag("batch_norm", batch_norm)

    inputs = keras.Input(input_shape)
    x = _dense_layers(keras.layers.Flatten()(inputs), hidden_units, activation, batch_norm)
    encoder = keras.Model(inputs, keras.layers.Dense(latent_dim, name="code")(x), name="encoder")
    decoder = _dense_decoder(input_shape, latent_dim, hidden_units, activation, batch_norm)
    return keras.Model(inputs, decoder(encoder(inputs)), name=name)


def conv_autoencoder(
    input_shape: Sequence[int],
    *,
    latent_dim: int | None = None,
    filters: Sequence[int] = (32, 64),
    kernel_size: int = 3,
    batch_norm: bool = False,
    name: str = "conv_autoencoder",
) -> keras.Model:
    """Build a convolutional autoencoder for images.

    The encoder has a convolution with ReLU for each entry of `filters`, each halving height and
    width; the decoder doubles them again with as many transposed convolutions, and ends in one more
    convolution. The code is the last feature map, or `latent_dim` numbers made of it.

    Args:
        input_shape: `(height, width, channels)` of an image; height and width are multiples of
            `2 ** len(filters)`.
        latent_dim: Numbers of the code, at least 1; None for the last feature map as the code, of
            shape `(height / 2**n, width / 2**n, filters[-1])` with `n = len(filters)`.
        filters: Number of filters of each convolution, input side first, at least one entry.
        kernel_size: Height and width of every filter, at least 1.
        batch_norm: Normalise each hidden convolution's output over the batch; it then has no bias.
        name: Name of the model.

    Returns:
        An uncompiled `keras.Model` from `(batch, height, width, channels)` floats to logits of the
        same shape, trained as `autoencoder`. To remove noise, train it on `(x + noise, x)`.

    Raises:
        ValueError: If a size is out of range, or the image cannot be halved that often.

    Example:
        >>> conv_autoencoder((28, 28, 1)).get_layer("encoder").output_shape
        (None, 7, 7, 64)

    Reference:
        Masci, Meier, Cireşan & Schmidhuber, "Stacked convolutional auto-encoders for hierarchical
        feature extraction" (2011); noise: Vincent et al., "Extracting and composing robust features
        with denoising autoencoders" (2008).
    """
    filters = _checks.integers("filters", filters, at_least_one=True)
    input_shape = _checks.image_shape("input_shape", input_shape, halvings=len(filters))
    latent_dim = _checks.integer("latent_dim", latent_dim, optional=True)
    kernel_size = _checks.integer("kernel_size", kernel_size)
    batch_norm = _checks.flag("batch_norm", batch_norm)

    def convolved(x, n, layer):
        x = layer(n, kernel_size, strides=2, padding="same", use_bias=not batch_norm)(x)
        if batch_norm:
            x = keras.layers.BatchNormalization(momentum=0.9)(x)
        return keras.layers.Activation("relu")(x)

    inputs = keras.Input(input_shape)
    x = inputs
    for n in filters:
        x = convolved(x, n, keras.layers.Conv2D)
    map_shape = x.shape[1:]
    if latent_dim:
        x = keras.layers.Dense(latent_dim, name="code")(keras.layers.Flatten()(x))
    encoder = keras.Model(inputs, x, name="encoder")

    codes = keras.Input(x.shape[1:])
    x = codes
    if latent_dim:
        x = keras.layers.Dense(math.prod(map_shape), activation="relu")(x)
        x = keras.layers.Reshape(map_shape)(x)
    for n in reversed(filters):
        x = convolved(x, n, keras.layers.Conv2DTranspose)
    logits = keras.layers.Conv2D(input_shape[-1], kernel_size, padding="same", name="logits")(x)
    decoder = keras.Model(codes, logits, name="decoder")

    return keras.Model(inputs, decoder(encoder(inputs)), name=name)


def vae(
    input_shape: Sequence[int],
    *,
    latent_dim: int = 20,
    hidden_units: Sequence[int] = (400,),
    activation: str = "relu",
    batch_norm: bool = False,
    beta: float = 1.0,
    name: str = "vae",
) -> keras.Model:
    """Build a variational autoencoder: a generator of examples with a code of `latent_dim` normal numbers.

    As `autoencoder`, but the encoder gives mean and log variance of a normal distribution of codes.
    A layer draws one code from it, in evaluation too, and adds `beta` times its divergence from the
    standard normal distribution to the loss, divided by the number of values of an example. So with
    `BinaryCrossentropy(from_logits=True)` and `beta=1` the loss times that number is the negative
    evidence lower bound in nats; the same class among the metrics, called `"reconstruction"` say,
    shows its first part, and what is left of the loss is `beta` times the divergence.

    Args:
        input_shape: Shape of one example without the batch axis, such as `(28, 28, 1)`.
        latent_dim: Numbers of the code, at least 1.
        hidden_units: Width of each hidden layer of the encoder, input side first; the decoder has
            the same in reverse.
        activation: Name of a Keras activation or a function from tensor to tensor, of the hidden
            layers; None for none. Has no effect without them.
        batch_norm: Normalise each hidden layer over the batch, before the activation; the dense
            layer then has no bias of its own. Has no effect without hidden layers.
        beta: Factor of the divergence in the loss, at least 0; 1 for the evidence lower bound.
        name: Name of the model.

    Returns:
        An uncompiled `keras.Model` from `(batch, *input_shape)` floats in [0, 1] to logits of the
        same shape. Train it on `(x, x)`. `get_layer("encoder")` gives `[z_mean, z_log_var]`, each
        `(batch, latent_dim)`, `get_layer("decoder")` turns codes into logits. `generation.sample`
        draws from it, `evaluation.log_likelihood` judges it.

    Raises:
        ValueError: If a size, `beta` or the activation is out of range.

    Example:
        >>> [output.shape for output in vae((28, 28, 1)).get_layer("encoder").outputs]
        [(None, 20), (None, 20)]

    Reference:
        Kingma & Welling, "Auto-encoding variational Bayes" (2014); `beta`: Higgins et al.,
        "beta-VAE" (2017).
    """
    input_shape = _checks.shape("input_shape", input_shape)
    latent_dim = _checks.integer("latent_dim", latent_dim)
    hidden_units = _checks.integers("hidden_units", hidden_units)
    activation = _checks.activation("activation", activation)
    batch_norm = _checks.flag("batch_norm", batch_norm)
    beta = _checks.number("beta", beta, at_least=0)

    inputs = keras.Input(input_shape)
    x = _dense_layers(keras.layers.Flatten()(inputs), hidden_units, activation, batch_norm)
    z_mean = keras.layers.Dense(latent_dim, name="z_mean")(x)
    z_log_var = keras.layers.Dense(latent_dim, name="z_log_var")(x)
    encoder = keras.Model(inputs, [z_mean, z_log_var], name="encoder")
    decoder = _dense_decoder(input_shape, latent_dim, hidden_units, activation, batch_norm)
    code = Sampling(beta / math.prod(input_shape), name="sampling")(encoder(inputs))
    return keras.Model(inputs, decoder(code), name=name)


def _dense_layers(x, hidden_units, activation, batch_norm: bool):
    for units in hidden_units:
        x = keras.layers.Dense(units, use_bias=not batch_norm)(x)
        if batch_norm:
            x = keras.layers.BatchNormalization(momentum=0.9)(x)
        x = keras.layers.Activation(activation)(x)
    return x


def _dense_decoder(output_shape, latent_dim: int, hidden_units, activation, batch_norm: bool) -> keras.Model:
    codes = keras.Input((latent_dim,))
    x = _dense_layers(codes, reversed(hidden_units), activation, batch_norm)
    x = keras.layers.Dense(math.prod(output_shape), name="logits")(x)
    return keras.Model(codes, keras.layers.Reshape(output_shape)(x), name="decoder")


@keras.saving.register_keras_serializable(package="dlguide")
class Sampling(keras.layers.Layer):
    """Draw a code from a normal distribution, and add its divergence from the standard normal one to the loss.

    Input: `[z_mean, z_log_var]`, each `(batch, latent_dim)`. Output: codes of that shape.

    Args:
        weight: Factor of the divergence (in nats, mean over the batch) in the loss, at least 0.
        **kwargs: Keyword arguments of `keras.layers.Layer`, such as `name`.

    Raises:
        ValueError: If `weight` is below 0.
    """

    def __init__(self, weight: float, **kwargs):
        super().__init__(**kwargs)
        self.weight = _checks.number("weight", weight, at_least=0)
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, inputs):
        z_mean, z_log_var = inputs
        # Half precision has no room for the divergence, and Keras adds losses of one type only.
        mean, log_var = (ops.cast(z, keras.backend.result_type(z.dtype, "float32")) for z in inputs)
        divergence = ops.sum(ops.exp(log_var) + ops.square(mean) - 1 - log_var, axis=-1) / 2
        self.add_loss(self.weight * ops.mean(divergence))
        noise = keras.random.normal(ops.shape(z_mean), dtype=z_mean.dtype, seed=self.seed_generator)
        return z_mean + ops.exp(z_log_var / 2) * noise

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "weight": self.weight}
