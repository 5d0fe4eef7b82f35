"""Baselines of `contrastive_mnist`: a linear probe on pixels, and the same network trained on a few labels only."""

import keras
import numpy as np

from dlguide import cnn, data, evaluation, training
from recipes._lib import schedules

NETWORK = {"filters": (16, 32, 64, 128), "kernel_size": 3}
AUGMENT = {"shift": 0.15, "rotation": 10, "zoom": 0.3, "shear": 0.3}
"""Chosen for `contrastive_mnist`; `transfer_mnist` has the same."""


def without_head(model: keras.Model) -> keras.Model:
    """Return a classifier without its last layer."""
    return keras.Model(model.input, model.get_layer("output").input, name="encoder")


def draw_rows_per_class(labels: np.ndarray, per_class: int, seed: int) -> np.ndarray:
    """Draw `per_class` rows of each class, or all rows of a smaller class."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.permutation(np.flatnonzero(labels == label))[:per_class] for label in np.unique(labels)])


def baselines(splits: data.Splits, chosen: np.ndarray, augment, seed: int, epochs: int) -> dict[str, float]:
    """Return test accuracies: of a probe on pixels, and of the network with and without augmentation."""
    few, labels = splits.train.x[chosen], splits.train.y[chosen]
    pixels, test = few.reshape(len(few), -1), splits.test.x.reshape(len(splits.test.x), -1)
    accuracies = {"pixels_accuracy": evaluation.linear_probe(pixels, labels, test, splits.test.y, c=1.0)}
    for name, augmentation in (("baseline_accuracy", augment), ("unchanged_accuracy", None)):
        keras.utils.set_random_seed(seed)
        model = cnn(splits.train.x.shape[1:], splits.info.num_classes, augment=augmentation, **NETWORK)
        steps = epochs * -(-len(few) // 10)
        optimizer = keras.optimizers.AdamW(schedules.one_cycle(2e-2, steps), weight_decay=0.01)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer, loss, metrics=["accuracy"])
        training.fit(model, few, labels, epochs=epochs, batch_size=10, seed=seed, verbose=0)
        accuracies[name] = float(model.evaluate(*splits.test, batch_size=256, verbose=0)[1])
    return accuracies
