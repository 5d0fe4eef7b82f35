"""Knowledge distillation: a small network learns the outputs of a trained one, Hinton, Vinyals & Dean (2015)."""

import keras
import numpy as np
from keras import ops


def targets(teacher: keras.Model, x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return what a student learns, of shape `(images, 1 + classes)`: the label, then the teacher's logits."""
    return np.column_stack([labels, teacher.predict(x, batch_size=1000, verbose=0)]).astype("float32")


@keras.saving.register_keras_serializable(package="recipes")
class DistillationLoss(keras.losses.Loss):
    """Cross-entropy with the label, plus `weight · temperature² · KL(teacher || student)`, in nats.

    The divergence is that of the probabilities `softmax(logits / temperature)`. The square keeps the size of the
    gradient at each temperature. `y_true` is that of `targets`, `y_pred` the student's logits.
    """

    def __init__(self, temperature: float, weight: float, name="distillation_loss", reduction="sum_over_batch_size"):
        super().__init__(name, reduction)
        self.temperature, self.weight = temperature, weight

    def call(self, y_true, y_pred):
        student, teacher = (ops.log_softmax(logits / self.temperature) for logits in (y_pred, y_true[:, 1:]))
        divergence = ops.sum(ops.exp(teacher) * (teacher - student), axis=-1)
        of_labels = ops.sparse_categorical_crossentropy(ops.cast(y_true[:, 0], "int32"), y_pred, from_logits=True)
        return of_labels + self.weight * self.temperature**2 * divergence

    def get_config(self):
        return {**super().get_config(), "temperature": self.temperature, "weight": self.weight}


@keras.saving.register_keras_serializable(package="recipes")
def accuracy(y_true, y_pred):
    """Return for each image whether the label, the first number of `y_true`, has the largest logit."""
    return keras.metrics.sparse_categorical_accuracy(y_true[:, 0], y_pred)
