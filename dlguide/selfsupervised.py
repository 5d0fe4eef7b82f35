"""Self-supervised learning: an encoder that learns without labels what two views of an image have in common."""

from collections.abc import Mapping, Sequence

import keras
import numpy as np
from keras import ops

from dlguide import _checks, _data_checks
from dlguide._model_of_parts import ModelOfParts
from dlguide.augmentation import Augmentation, check_changes


def contrastive(
    encoder: keras.Model,
    *,
    augment: Mapping | None,
    projection_units: Sequence[int] = (128, 64),
    temperature: float = 0.5,
    name: str = "contrastive",
) -> keras.Model:
    """Build the contrastive pre-training of an encoder (SimCLR).

    Each image becomes two views by `augment`, drawn independently; encoder and projection head turn
    each into a vector, and the loss asks each view to find the other among all views of the batch.
    The encoder is a layer: train it here, then use it by itself, and leave the head behind.

    Args:
        encoder: Model from images to feature vectors, such as `keras.Model(cnn.input,
            cnn.layers[-2].output)`; it is trained in place.
        augment: Random changes that make the views, as in `cnn`: a mapping of `"shift"`,
            `"rotation"`, `"zoom"`, `"shear"` and `"flip"`, drawn in evaluation too.
        projection_units: Width of each layer of the head, at least one entry; ReLU between them.
        temperature: Divides the similarities of views, above 0.
        name: Name of the model.

    Returns:
        An uncompiled `keras.Model` that trains on images alone, without loss or targets: `compile`
        needs an optimizer. Called, it gives the normalised vectors of both views of each image, of
        shape `(batch, 2, projection_units[-1])`. `get_layer("encoder")` shares its weights with
        `encoder`.

    Raises:
        ValueError: If an argument is out of range, or the encoder gives no vectors.

    Example:
        >>> from dlguide import mlp
        >>> model = contrastive(mlp((8, 8, 1), 16), augment={"shift": 0.1})
        >>> tuple(model(np.zeros((3, 8, 8, 1))).shape)
        (3, 2, 64)

    Reference:
        Chen, Kornblith, Norouzi & Hinton, "A simple framework for contrastive learning of visual
        representations" (2020).
    """
    outputs = getattr(encoder, "outputs", None)  # None too where it is not built.
    if not isinstance(encoder, keras.Model) or not outputs:
        raise _checks.error("encoder", "a keras.Model that is built, functional or sequential", encoder)
    if len(outputs) > 1 or len(outputs[0].shape) != 2:
        shapes = ", ".join(str(tensor.shape) for tensor in outputs)
        raise ValueError(f"`encoder` must be a model that gives vectors. Received: encoder with outputs of {shapes}")
    if augment is None:
        raise _checks.error("augment", "a mapping: without it both views are the same", augment)
    augment = check_changes("augment", augment)
    projection_units = _checks.integers("projection_units", projection_units, at_least_one=True)
    temperature = _checks.number("temperature", temperature, above=0)

    features = keras.Input(encoder.output_shape[1:])
    x = features
    for units in projection_units[:-1]:
        x = keras.layers.Dense(units, activation="relu")(x)
    head = keras.Model(features, keras.layers.Dense(projection_units[-1])(x), name="projection_head")
    return Contrastive(
        keras.Model(encoder.input, encoder.output, name="encoder"), head, augment, temperature, name=name
    )


@keras.saving.register_keras_serializable(package="dlguide")
class Contrastive(ModelOfParts):
    """An encoder and a head that train on two views of each image; see `contrastive`.

    Input: images. Output: normalised vectors of both views, `(batch, 2, dimensions)`.

    Args:
        encoder: Model from images to feature vectors.
        head: Model from feature vectors to vectors that are compared.
        augment: Random changes that make the views, as in `cnn`.
        temperature: Divides the similarities, above 0.
        **kwargs: Keyword arguments of `keras.Model`, such as `name`.
    """

    PARTS = ("encoder", "head")

    def __init__(self, encoder: keras.Model, head: keras.Model, augment: Mapping, temperature: float, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.head = encoder, head
        self.augment, self.temperature = dict(augment), temperature
        self.augmentation = Augmentation(augment)
        self.augmentation.build(encoder.input_shape)
        self.accuracy = keras.metrics.Mean(name="found")

    def call(self, images, training=None):
        # In evaluation too: the loss is that of two views. Both in one batch: batch normalisation sees them together.
        views = ops.concatenate([self.augmentation(images, training=True) for _ in range(2)], axis=0)
        vectors = self.head(self.encoder(views, training=training), training=training)
        vectors = ops.cast(vectors, "float32")
        vectors = vectors / ops.sqrt(ops.maximum(ops.sum(ops.square(vectors), axis=-1, keepdims=True), 1e-12))
        first, second = ops.split(vectors, 2, axis=0)
        return ops.stack([first, second], axis=1)

    def compute_output_spec(self, images, training=None):
        # Else Keras finds the shape by running `call`, which on PyTorch changes image by image and takes seconds.
        return keras.KerasTensor((images.shape[0], 2, self.head.output_shape[-1]), dtype="float32")

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss, _ = nt_xent(y_pred, self.temperature)
        return sum(self.losses, loss)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        _, found = nt_xent(y_pred, self.temperature)
        self.accuracy.update_state(found)
        return self.get_metrics_result()

    def check_data(self, x, y, batch_size: int | None = None, names: tuple[str, str] = ("x", "y")) -> None:
        """Refuse data that it cannot learn from, or be evaluated on; `training.fit` asks before anything is built."""
        if y is not None:
            name = names[1]
            raise ValueError(
                f"`{name}` must be None: nothing is labelled here. Received: {name} of shape {np.shape(y)}"
            )
        if batch_size:
            _data_checks.no_batch_of_one(
                len(keras.tree.flatten(x)[0]), batch_size, "whose views have no others to be told from"
            )

    def options(self) -> dict:
        """Return the keyword arguments beside the parts."""
        return {"augment": self.augment, "temperature": self.temperature}


def nt_xent(vectors, temperature: float):
    """Return the normalised temperature-scaled cross-entropy of pairs of views, and how many were found.

    Args:
        vectors: Tensor of unit vectors of shape `(batch, 2, dimensions)`, two views of each image.
        temperature: Divides the cosine similarities, above 0.

    Returns:
        Two scalars: the mean over all views of the cross-entropy, in nats, of finding the other view of
        the same image among the `2 * batch - 1` others; the share of views whose most similar one it is.

    Example:
        >>> loss, found = nt_xent(np.eye(4, dtype="float32")[[[0, 0], [1, 1]]], temperature=0.5)
        >>> round(float(loss), 3), float(found)  # log(1 + 2 exp(-2))
        (0.24, 1.0)

    Reference:
        Chen, Kornblith, Norouzi & Hinton, "A simple framework for contrastive learning of visual
        representations" (2020).
    """
    vectors = ops.cast(vectors, "float32")  # Half precision has no room for what follows.
    both = ops.concatenate([vectors[:, 0], vectors[:, 1]], axis=0)
    n = ops.shape(vectors)[0]
    itself = ops.eye(2 * n, dtype=both.dtype)
    similarity = ops.matmul(both, ops.transpose(both)) / temperature - 1e9 * itself
    other = ops.concatenate([ops.arange(n, 2 * n), ops.arange(n)], axis=0)
    target = ops.take_along_axis(similarity, ops.expand_dims(other, 1), axis=1)[:, 0]
    loss = ops.mean(ops.logsumexp(similarity, axis=1) - target)
    # Not by comparing with the largest: vectors that are all the same would all be found.
    found = ops.mean(ops.cast(ops.equal(ops.cast(ops.argmax(similarity, axis=1), "int32"), other), "float32"))
    return loss, found
