"""Autoencoders for arrays and for images, and the variational autoencoder: an encoder and a decoder as layers."""

import math
from collections.abc import Sequence

import keras
from keras import ops

from dlguide import _checks, _layer_names
from dlguide._dense_layers import LAST, batch_normalisation, dense_layers


def autoencoder(
    input_shape: Sequence[int],
    *,
    latent_dim: int = 32,
    hidden_units: Sequence[int] = (512, 256),
    activation: str = "relu",
    batch_norm: bool = False,
    name: str = "autoencoder",
) -> keras.Model:
    """Build an autoencoder of dense layers: it maps the input to a code of `latent_dim` numbers and back.

    The encoder flattens the input, has one dense layer per entry of `hidden_units`, each with batch normalisation
    (momentum 0.9) and the activation, and gives the code; the decoder has the same layers in reverse. Without hidden
    layers the best code by squared error spans the space of the first principal components.

    Args:
        input_shape: Shape of one example without the batch axis, such as `(28, 28, 1)`.
        latent_dim: Size of the code, at least 1.
        hidden_units: Width of each hidden layer of the encoder, input side first.
        activation: Name of a Keras activation or a function of a tensor, after each hidden layer; None for none.
        batch_norm: Normalise each hidden layer over the batch before the activation; the layer then has no bias.
        name: Name of the model.

    Returns:
        An uncompiled `keras.Model` from `(batch, *input_shape)` floats to logits of the same shape. Train it on
        `(x, x)` with values in [0, 1] and `BinaryCrossentropy(from_logits=True)`; or on any values with `"mse"`, and
        then apply no sigmoid. `get_layer("encoder")` gives `(batch, latent_dim)` codes, `get_layer("decoder")` turns
        codes into logits.

    Raises:
        ValueError: If a size or the activation is out of range.

    Example:
        >>> autoencoder((28, 28, 1)).get_layer("encoder").output_shape
        (None, 32)

    Reference:
        Hinton & Salakhutdinov, "Reducing the dimensionality of data with neural networks", Science 313 (2006).
    """
    inputs, outputs, decoder = _dense_parts(input_shape, latent_dim, hidden_units, activation, batch_norm, ("code",))
    encoder = keras.Model(inputs, outputs[0], name=_layer_names.ENCODER)
    return keras.Model(inputs, decoder(encoder(inputs)), name=name)


def conv_autoencoder(
    input_shape: Sequence[int],
    *,
    filters: Sequence[int] = (32, 64),
    kernel_size: int = 3,
    batch_norm: bool = False,
    name: str = "conv_autoencoder",
) -> keras.Model:
    """Build a convolutional autoencoder for images.

    The encoder has a convolution with ReLU for each entry of `filters`, each halving height and width; the decoder
    doubles them again with as many transposed convolutions, and ends in one more convolution. The code is the last
    feature map, of shape `(height / 2**n, width / 2**n, filters[-1])` with `n = len(filters)`.

    Args:
        input_shape: `(height, width, channels)` of an image; height and width are multiples of `2 ** len(filters)`.
        filters: Number of filters of each convolution, input side first, at least one entry.
        kernel_size: Height and width of every filter, at least 1.
        batch_norm: Normalise each hidden convolution's output over the batch (momentum 0.9); it then has no bias.
        name: Name of the model.

    Returns:
        An uncompiled `keras.Model` from `(batch, height, width, channels)` floats to logits of the same shape,
        trained as `autoencoder`. To remove noise, train it on `(x + noise, x)`.

    Raises:
        ValueError: If a size is out of range, or the image cannot be halved that often.

    Example:
        >>> conv_autoencoder((28, 28, 1)).get_layer("encoder").output_shape
        (None, 7, 7, 64)

    Reference:
        Masci et al., "Stacked convolutional auto-encoders for hierarchical feature extraction" (2011); noise: Vincent
        et al., "Extracting and composing robust features with denoising autoencoders" (2008).
    """
    filters = _checks.integers("filters", filters, at_least_one=True)
    input_shape = _checks.image_shape("input_shape", input_shape, halvings=len(filters))
    kernel_size = _checks.integer("kernel_size", kernel_size)
    batch_norm = _checks.flag("batch_norm", batch_norm)

    def convolved(x, n, layer):
        x = layer(n, kernel_size, strides=2, padding="same", use_bias=not batch_norm, **LAST)(x)
        return keras.layers.Activation("relu")(batch_normalisation()(x) if batch_norm else x)

    x = inputs = keras.Input(input_shape)
    for n in filters:
        x = convolved(x, n, keras.layers.Conv2D)
    encoder = keras.Model(inputs, x, name=_layer_names.ENCODER)

    x = codes = keras.Input(x.shape[1:])
    for n in reversed(filters):
        x = convolved(x, n, keras.layers.Conv2DTranspose)
    logits = keras.layers.Conv2D(input_shape[-1], kernel_size, padding="same", name="logits", **LAST)(x)
    decoder = keras.Model(codes, logits, name=_layer_names.DECODER)

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
    """Build a variational autoencoder, which generates examples from codes of `latent_dim` normal numbers.

    As `autoencoder`, but the encoder gives mean and log variance of a normal distribution of codes. A layer draws one
    code from it and adds to the loss `beta` times the divergence of this distribution from the standard normal one,
    divided by the number of values of an example. So with `BinaryCrossentropy(from_logits=True)` and `beta=1`, the loss
    times that number is the negative evidence lower bound in nats. Since each evaluation draws other codes, `val_loss`
    and `evaluate` differ from call to call, and "best" epochs of nearly the same loss are luck.

    Args:
        input_shape: Shape of one example without the batch axis, such as `(28, 28, 1)`.
        latent_dim: Size of the code, at least 1.
        hidden_units: As in `autoencoder`.
        activation: As in `autoencoder`.
        batch_norm: As in `autoencoder`.
        beta: Factor of the divergence in the loss, at least 0; 1 for the evidence lower bound.
        name: Name of the model.

    Returns:
        An uncompiled `keras.Model` from `(batch, *input_shape)` floats in [0, 1] to logits of the same shape. Train
        it on `(x, x)`. `get_layer("encoder")` gives `[z_mean, z_log_var]`, each `(batch, latent_dim)`,
        `get_layer("decoder")` turns codes into logits.

    Raises:
        ValueError: If a size, `beta` or the activation is out of range.

    Example:
        >>> [output.shape for output in vae((28, 28, 1)).get_layer("encoder").outputs]
        [(None, 20), (None, 20)]

    Reference:
        Kingma & Welling, "Auto-encoding variational Bayes" (2014); `beta`: Higgins et al., "beta-VAE" (2017).
    """
    beta = _checks.number("beta", beta, at_least=0)
    names = ("z_mean", "z_log_var")
    inputs, outputs, decoder = _dense_parts(input_shape, latent_dim, hidden_units, activation, batch_norm, names)
    encoder = keras.Model(inputs, outputs, name=_layer_names.ENCODER)
    code = Sampling(beta / math.prod(inputs.shape[1:]), name=_layer_names.SAMPLING)(encoder(inputs))
    return keras.Model(inputs, decoder(code), name=name)


def _dense_parts(input_shape, latent_dim, hidden_units, activation, batch_norm, names: tuple[str, ...]):
    """Check the arguments; return the encoder's input, its outputs with these names, and the decoder."""
    input_shape = _checks.shape("input_shape", input_shape)
    latent_dim = _checks.integer("latent_dim", latent_dim)
    hidden_units = _checks.integers("hidden_units", hidden_units)
    batch_norm = _checks.flag("batch_norm", batch_norm)

    inputs, codes = keras.Input(input_shape), keras.Input((latent_dim,))
    x = dense_layers(keras.layers.Flatten(**LAST)(inputs), hidden_units, activation, batch_norm)
    outputs = [keras.layers.Dense(latent_dim, name=name)(x) for name in names]
    x = dense_layers(codes, reversed(hidden_units), activation, batch_norm)
    x = keras.layers.Dense(math.prod(input_shape), name="logits")(x)
    return inputs, outputs, keras.Model(codes, keras.layers.Reshape(input_shape)(x), name=_layer_names.DECODER)


@keras.saving.register_keras_serializable(package="dlguide")
class Sampling(keras.layers.Layer):
    """Draw a code from a normal distribution, and add its divergence from the standard normal one to the loss.

    Input: `[z_mean, z_log_var]`, floats of shape `(batch, latent_dim)` each. Output: codes of that shape.

    Args:
        weight: Factor of the divergence (in nats, mean over the batch) in the loss, at least 0.
        **kwargs: Of `keras.layers.Layer`.

    Example:
        >>> layer, zeros = Sampling(weight=0.5), keras.ops.zeros((3, 2))
        >>> layer([zeros, zeros]).shape == (3, 2), [float(loss) for loss in layer.losses]
        (True, [0.0])
    """

    def __init__(self, weight: float, **kwargs):
        super().__init__(**kwargs)
        self.weight = _checks.number("weight", weight, at_least=0)
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, inputs: Sequence[keras.KerasTensor]) -> keras.KerasTensor:
        z_mean, z_log_var = inputs
        # In half precision the divergence overflows, and Keras only adds losses of one type.
        mean, log_var = (ops.cast(z, keras.backend.result_type(z.dtype, "float32")) for z in inputs)
        divergence = ops.sum(ops.exp(log_var) + ops.square(mean) - 1 - log_var, axis=-1) / 2
        self.add_loss(ops.cast(self.weight * ops.mean(divergence), keras.config.floatx()))
        noise = keras.random.normal(ops.shape(z_mean), dtype=z_mean.dtype, seed=self.seed_generator)
        return z_mean + ops.exp(z_log_var / 2) * noise

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "weight": self.weight}
