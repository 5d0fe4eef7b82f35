"""Self-supervised learning: an encoder learns, without labels, what two views of an image have in common."""

from collections.abc import Mapping, Sequence

import keras
from keras import ops

from dlguide import _checks, _layer_names
from dlguide._model_of_parts import ModelOfParts
from dlguide.augmentation import Augmentation


def contrastive(
    encoder: keras.Model,
    *,
    augment: Mapping | None,
    projection_units: Sequence[int] = (128, 64),
    temperature: float = 0.5,
    name: str = "contrastive",
) -> keras.Model:
    """Build the contrastive pre-training of an encoder (SimCLR).

    `augment` makes two views of each image, drawn independently. Encoder and projection head turn each view into a
    vector, and the loss asks each view to find the other view of its image among all views of the batch. Train the
    encoder here, then use it alone. Evaluation draws views too: `val_loss` and `evaluate` differ from call to call.

    Args:
        encoder: Model from images to feature vectors, such as `keras.Model(cnn.input, cnn.layers[-2].output)`; it is
            trained in place.
        augment: Random changes that make the views, a mapping as in `cnn`.
        projection_units: Width of each layer of the head, at least one entry; ReLU between them.
        temperature: Divides the similarities of views, above 0.
        name: Name of the model.

    Returns:
        An uncompiled `keras.Model` that trains on images alone: `compile` needs an optimizer and no loss, `fit` no
        targets. Called, it gives the normalised vectors of both views of each image, of shape
        `(batch, 2, projection_units[-1])`. Its metric `"retrieval_accuracy"` is the share of views whose
        most similar view is the other one of the same image. `get_layer("encoder")` shares its weights with `encoder`.

    Raises:
        ValueError: If an argument is out of range, or the encoder gives no vectors.

    Example:
        >>> from dlguide import mlp
        >>> model = contrastive(mlp((8, 8, 1), 16), augment={"shift": 0.1})
        >>> tuple(model(keras.ops.zeros((3, 8, 8, 1))).shape)
        (3, 2, 64)

    Reference:
        Chen et al., "A simple framework for contrastive learning of visual representations" (2020).
    """
    outputs = getattr(encoder, "outputs", None)  # None too if it is not built.
    if not isinstance(encoder, keras.Model) or not outputs:
        raise _checks.error("encoder", "a keras.Model that is built, functional or sequential", encoder)
    if len(outputs) > 1 or len(outputs[0].shape) != 2:
        shapes = ", ".join(str(tensor.shape) for tensor in outputs)
        raise ValueError(f"`encoder` must be a model that gives vectors. Received: encoder with outputs of {shapes}")
    if augment is None:
        raise _checks.error("augment", "a mapping: without it both views are the same", augment)
    augment = _checks.changes("augment", augment)
    projection_units = _checks.integers("projection_units", projection_units, at_least_one=True)
    temperature = _checks.number("temperature", temperature, above=0)

    x = features = keras.Input(encoder.output_shape[1:])
    for units in projection_units[:-1]:
        x = keras.layers.Dense(units, activation="relu")(x)
    head = keras.Model(features, keras.layers.Dense(projection_units[-1])(x), name="projection_head")
    encoder = keras.Model(encoder.input, encoder.output, name=_layer_names.ENCODER)

    return Contrastive(encoder, head, augment, temperature, name=name)


@keras.saving.register_keras_serializable(package="dlguide")
class Contrastive(ModelOfParts):
    """An encoder and a head that train on two views of each image; see `contrastive`.

    Input: images `(batch, height, width, channels)`. Output: vectors of both views, `(batch, 2, dimensions)`.

    Args:
        encoder: Model from images to feature vectors `(batch, features)`.
        head: Model from feature vectors to the vectors that are compared, `(batch, dimensions)`.
        augment: Random changes that make the views, as in `augmentation.Augmentation`.
        temperature: Divides the similarities of views, above 0.
        **kwargs: Of `keras.Model`.
    """

    PARTS = ("encoder", "head")
    has_pixels, no_batch_of_one = False, "because one image leaves no negatives"

    def __init__(self, encoder: keras.Model, head: keras.Model, augment: Mapping, temperature: float, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.head = encoder, head
        self.augment, self.temperature = dict(augment), temperature
        self.augmentation = Augmentation(augment)
        self.augmentation.build(encoder.input_shape)
        self.retrieval_accuracy = keras.metrics.Mean(name="retrieval_accuracy")

    def call(self, images: keras.KerasTensor, training: bool | None = None) -> keras.KerasTensor:
        # In evaluation too: the loss compares two views. They share a batch, so that they are normalised together.
        views = ops.concatenate([self.augmentation(images, training=True) for _ in range(2)], axis=0)
        vectors = self.head(self.encoder(views, training=training), training=training)
        vectors = ops.cast(vectors, "float32")
        vectors = vectors / ops.sqrt(ops.maximum(ops.sum(ops.square(vectors), axis=-1, keepdims=True), 1e-12))
        return ops.stack(ops.split(vectors, 2, axis=0), axis=1)

    def compute_output_spec(self, images, training=None):
        # Otherwise Keras runs `call` to find the shape, which takes seconds on PyTorch: it changes image by image.
        return keras.KerasTensor((images.shape[0], 2, self.head.output_shape[-1]), dtype="float32")

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss, _ = _nt_xent(y_pred, self.temperature)
        return self.total_loss(loss)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        _, accuracy = _nt_xent(y_pred, self.temperature)
        self.retrieval_accuracy.update_state(accuracy)
        return self.get_metrics_result()

    def get_config(self):
        return {**super().get_config(), "augment": self.augment, "temperature": self.temperature}


def _nt_xent(vectors, temperature: float):
    """Return the normalised temperature-scaled cross-entropy, in nats, and the share of views that find the other one.

    `vectors` are unit vectors `(batch, 2, dimensions)`; each view looks among the `2 * batch - 1` others.
    """
    vectors = ops.cast(vectors, "float32")  # Half precision cannot hold the numbers below.
    both = ops.concatenate([vectors[:, 0], vectors[:, 1]], axis=0)
    n = ops.shape(vectors)[0]
    itself = ops.eye(2 * n, dtype=both.dtype)
    similarity = ops.matmul(both, ops.transpose(both)) / temperature - 1e9 * itself
    other = ops.concatenate([ops.arange(n, 2 * n), ops.arange(n)], axis=0)
    target = ops.take_along_axis(similarity, ops.expand_dims(other, 1), axis=1)[:, 0]
    loss = ops.mean(ops.logsumexp(similarity, axis=1) - target)
    # By position and not by comparing with the largest: equal vectors would all count as found.
    is_found = ops.equal(ops.cast(ops.argmax(similarity, axis=1), "int32"), other)
    return loss, ops.mean(ops.cast(is_found, "float32"))
