"""The generative adversarial network: two players in one model that trains with plain `fit`."""

import math
from collections.abc import Sequence

import keras
from keras import layers, ops

from dlguide import _checks, _layer_names
from dlguide._dense_layers import LAST, batch_normalisation, dropped
from dlguide._model_of_parts import ModelOfParts


def gan(
    input_shape: Sequence[int],
    *,
    latent_dim: int = 64,
    num_classes: int | None = None,
    filters: Sequence[int] = (32, 64),
    dropout: float = 0.3,
    batch_norm: bool = True,
    name: str = "gan",
) -> keras.Model:
    """Build a generative adversarial network for images; class-conditional if `num_classes` is given.

    The generator turns `latent_dim` normal numbers into an image, through a dense layer and transposed convolutions.
    The discriminator turns an image into one logit, positive for real, through convolutions that halve it. A step has
    one generated image for each real one. The discriminator's loss is the mean cross-entropy of both; the generator's
    is the cross-entropy of its image being classified as real. Neither loss moves the other player. The model's loss is
    their sum: `compile` needs an optimizer and no loss, and `fit` images alone.

    Args:
        input_shape: `(height, width, channels)` of an image; height and width are multiples of `2 ** len(filters)`.
        latent_dim: Size of a code, at least 1.
        num_classes: Number of classes, at least 2, for two players that are given the class; None without classes.
        filters: Number of filters of each of the discriminator's convolutions; the generator's are the reverse.
        dropout: Share of each of the discriminator's feature maps dropped in training, in [0, 1).
        batch_norm: Normalise the generator's hidden layers over the batch (momentum 0.9).
        name: Name of the model.

    Returns:
        An uncompiled `keras.Model` that trains on images of shape `(batch, *input_shape)` in [0, 1], or on
        `(images, labels)` if `num_classes` is given. Called, it gives three logits for each image: of the image, of a
        generated one, and of the generated one for the generator's loss. `get_layer("generator")` turns codes (or codes
        and labels) into images in [0, 1], `get_layer("discriminator")` images into logits. The metrics are both losses
        and the discriminator's accuracy on real and on generated images. Each player can have its own learning rate:
        `keras.optimizers.MultiOptimizer` with an `OptimizerMap` over `"discriminator.*"`.

    Raises:
        ValueError: If a size or the rate is out of range, or the image cannot be halved that often.

    Example:
        >>> gan((28, 28, 1)).get_layer("generator").output_shape
        (None, 28, 28, 1)

    Reference:
        Goodfellow et al., "Generative adversarial nets" (2014); convolutions: Radford, Metz & Chintala, "DCGAN" (2016);
        classes: Mirza & Osindero, "Conditional generative adversarial nets" (2014).
    """
    filters = _checks.integers("filters", filters, at_least_one=True)
    input_shape = _checks.image_shape("input_shape", input_shape, halvings=len(filters))
    latent_dim = _checks.integer("latent_dim", latent_dim)
    num_classes = _checks.integer("num_classes", num_classes, at_least=2, optional=True)
    dropout = _checks.rate("dropout", dropout)
    batch_norm = _checks.flag("batch_norm", batch_norm)

    generator = _generator(input_shape, latent_dim, num_classes, filters, batch_norm)
    return GAN(generator, _discriminator(input_shape, num_classes, filters, dropout), name=name)


def _generator(input_shape, latent_dim: int, num_classes, filters, batch_norm: bool) -> keras.Model:
    small = [size // 2 ** len(filters) for size in input_shape[:2]]

    def hidden(x, i, layer):
        x = layer(x)
        return layers.Activation("relu")(batch_normalisation(f"generator_norm_{i}")(x) if batch_norm else x)

    def doubled(n, i, **more):
        name = f"generator_conv_{i}"
        return layers.Conv2DTranspose(n, kernel_size=4, strides=2, padding="same", name=name, **LAST, **more)

    inputs = codes = keras.Input((latent_dim,))
    if num_classes:
        labels = keras.Input((), dtype="int32")
        inputs = [codes, labels]
        embedded = layers.Embedding(num_classes, latent_dim, name=_layer_names.GENERATOR_CLASSES)(labels)
        codes = layers.Concatenate()([codes, embedded])
    units = math.prod(small) * filters[-1]
    x = hidden(codes, 0, layers.Dense(units, use_bias=not batch_norm, name="generator_dense"))
    x = layers.Reshape((*small, filters[-1]))(x)
    for i, n in enumerate(reversed(filters[:-1]), 1):
        x = hidden(x, i, doubled(n, i, use_bias=not batch_norm))
    x = doubled(input_shape[-1], len(filters), activation="sigmoid")(x)
    return keras.Model(inputs, x, name=_layer_names.GENERATOR)


def _discriminator(input_shape, num_classes, filters, dropout: float) -> keras.Model:
    inputs = images = x = keras.Input(input_shape)
    for i, n in enumerate(filters):
        x = layers.Conv2D(n, kernel_size=4, strides=2, padding="same", name=f"discriminator_conv_{i}", **LAST)(x)
        x = dropped(layers.LeakyReLU(negative_slope=0.2)(x), dropout)
    x = layers.Flatten(**LAST)(x)
    logit = layers.Dense(1, name="discriminator_logit")(x)
    if num_classes:
        labels = keras.Input((), dtype="int32")
        inputs = [images, labels]
        # The projection of the features on the class (Miyato & Koyama, 2018).
        embedded = layers.Embedding(num_classes, x.shape[-1], name="discriminator_classes")(labels)
        logit = layers.Add()([logit, layers.Dot(axes=1)([x, embedded])])
    return keras.Model(inputs, logit, name=_layer_names.DISCRIMINATOR)


@keras.saving.register_keras_serializable(package="dlguide")
class GAN(ModelOfParts):
    """Two players that train together; see `gan`.

    Input: images `(batch, height, width, channels)`, or `(images, labels)`. Output: `(batch, 3)` logits.

    Args:
        generator: Model from codes `(batch, latent_dim)`, or codes and labels, to images in [0, 1].
        discriminator: Model from images, or images and labels, to one logit `(batch, 1)`.
        **kwargs: Of `keras.Model`.
    """

    PARTS = ("generator", "discriminator")

    def __init__(self, generator: keras.Model, discriminator: keras.Model, **kwargs):
        super().__init__(**kwargs)
        self.generator, self.discriminator = generator, discriminator
        if len(generator.inputs) == 2:
            self.num_classes = generator.get_layer(_layer_names.GENERATOR_CLASSES).input_dim
        if any(isinstance(layer, layers.BatchNormalization) for layer in (*generator.layers, *discriminator.layers)):
            self.no_batch_of_one = "because batch normalisation of a single example is constant"
        self.seed_generator = keras.random.SeedGenerator()
        names = ("discriminator_loss", "generator_loss", "real_accuracy", "fake_accuracy")
        self.players = [keras.metrics.Mean(name=name) for name in names]

    def call(
        self, inputs: keras.KerasTensor | Sequence[keras.KerasTensor], training: bool | None = None
    ) -> keras.KerasTensor:
        images, labels = (inputs[0], [inputs[1]]) if self.num_classes else (inputs, [])

        def with_labels(x):
            return [x, *labels] if labels else x

        code_shape = (ops.shape(images)[0], self.generator.inputs[0].shape[-1])
        codes = keras.random.normal(code_shape, seed=self.seed_generator)
        fake = self.generator(with_labels(codes), training=training)
        real_logit = self.discriminator(with_labels(images), training=training)
        fake_logit = self.discriminator(with_labels(ops.stop_gradient(fake)), training=training)
        # Once more for the generator alone: the discriminator's weights get no gradient, its new state is dropped.
        player_logit, _ = self.discriminator.stateless_call(
            [ops.stop_gradient(variable.value) for variable in self.discriminator.trainable_variables],
            [variable.value for variable in self.discriminator.non_trainable_variables],
            with_labels(fake),
            training=training,
        )
        return ops.concatenate([real_logit, fake_logit, player_logit], axis=-1)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        discriminator, generator = _losses(y_pred)
        return self.total_loss(ops.mean(discriminator) + ops.mean(generator))

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        real, fake = y_pred[:, 0] > 0, y_pred[:, 1] < 0
        for metric, value in zip(self.players, (*_losses(y_pred), real, fake), strict=True):
            metric.update_state(ops.cast(value, "float32"))
        return self.get_metrics_result()


def _losses(logits):
    """Return each example's loss of the discriminator (mean of real and generated) and of the generator."""
    logits = ops.cast(logits, keras.backend.result_type(logits.dtype, "float32"))  # No half precision.
    discriminator = (ops.softplus(-logits[:, 0]) + ops.softplus(logits[:, 1])) / 2
    return discriminator, ops.softplus(-logits[:, 2])
