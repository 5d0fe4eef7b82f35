"""What `contrastive_mnist` is compared with: pixels, and the same network trained on a few labels alone."""

import keras
import numpy as np

from dlguide import cnn, data, evaluation, training
from recipes._lib import schedules

NETWORK = {"filters": (16, 32, 64, 128), "kernel_size": 3}


def without_head(model: keras.Model) -> keras.Model:
    """Return a classifier up to the features that its last layer reads."""
    return keras.Model(model.input, model.get_layer("output").input, name="encoder")


def rows(labels: np.ndarray, each: int, seed: int) -> np.ndarray:
    """Draw the rows of `each` examples of each class, fewer where there are not so many."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.permutation(np.flatnonzero(labels == label))[:each] for label in np.unique(labels)])


def baselines(splits: data.Splits, chosen: np.ndarray, augment, seed: int, epochs: int) -> dict[str, float]:
    """Return the test accuracy of the pixels' probe, and of the network on the labels with the changes and without."""
    few, labels = splits.train.x[chosen], splits.train.y[chosen]
    pixels, test = few.reshape(len(few), -1), splits.test.x.reshape(len(splits.test.x), -1)
    accuracies = {"pixels_accuracy": evaluation.linear_probe(pixels, labels, test, splits.test.y, c=1.0)}
    for name, changes in (("baseline_accuracy", augment), ("unchanged_accuracy", None)):
        keras.utils.set_random_seed(seed)
        model = cnn(splits.train.x.shape[1:], splits.info.num_classes, augment=changes, **NETWORK)
        steps = epochs * -(-len(few) // 10)
        model.compile(
            keras.optimizers.AdamW(schedules.one_cycle(2e-2, steps), weight_decay=0.01),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        training.fit(model, few, labels, epochs=epochs, batch_size=10, seed=seed, verbose=0)
        accuracies[name] = float(model.evaluate(*splits.test, batch_size=256, verbose=0)[1])
    return accuracies
