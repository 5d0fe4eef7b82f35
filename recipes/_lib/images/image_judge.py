"""A classifier of real images that judges generated ones."""

import keras
import numpy as np

from dlguide import cnn, data, evaluation, training
from recipes._lib import schedules


def train_judge(limit: int | None = None, *, seed: int = 0) -> "Judge":
    """Train a classifier on real images alone, and return the judge with its features.

    Sets Keras's global seed to `seed`. It is the same for every seed of a recipe, so that all are judged alike.
    """
    keras.utils.set_random_seed(seed)
    splits = data.load("mnist", limit=limit)
    classifier = cnn(splits.train.x.shape[1:], splits.info.num_classes, filters=(16, 32, 48), kernel_size=5)
    steps = 2 * -(-len(splits.train.x) // 64)
    classifier.compile(
        keras.optimizers.AdamW(schedules.one_cycle(1e-2, steps)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    training.fit(classifier, *splits.train, epochs=2, batch_size=64, verbose=0)
    return Judge(classifier, splits)


class Judge:
    """A classifier of real images, and the scores of generated ones in its features."""

    def __init__(self, classifier: keras.Model, splits: data.Splits):
        self.classifier, self.splits = classifier, splits
        self.accuracy = float(classifier.evaluate(*splits.test, batch_size=256, verbose=0)[1])
        self._both = keras.Model(classifier.input, [classifier.get_layer("output").input, classifier.output])
        self._real, _ = self._both.predict(splits.test.x, batch_size=256, verbose=0)

    def scores(self, images: np.ndarray, prefix: str = "") -> dict[str, float]:
        """Return the scores of generated images, best as many as the test set has."""
        features, logits = self._both.predict(images, batch_size=256, verbose=0)
        shares, distance = evaluation.class_histogram(logits.argmax(axis=1), self.splits.info.num_classes)
        precision, recall = evaluation.precision_recall(features, self._real)
        scores = {
            f"{prefix}classes": float(sum(share > 0.01 for share in shares)),
            f"{prefix}histogram_distance": distance,
            f"{prefix}precision": precision,
            f"{prefix}recall": recall,
        }
        if min(len(features), len(self._real)) > features.shape[1]:  # Fewer images have no covariance.
            scores[f"{prefix}frechet_distance"] = evaluation.frechet_distance(features, self._real)
        return scores

    def nearest(self, images: np.ndarray, train: np.ndarray) -> dict[str, float]:
        """Return the median distance of every fifth image from the nearest training image; of test images too."""
        distances, real = (evaluation.nearest_distances(x[::5], train)[0] for x in (images, self.splits.test.x))
        return {"nearest_distance": float(np.median(distances)), "nearest_distance_of_test": float(np.median(real))}
