"""A judge of generated images: a classifier of real images, and scores in its features."""

import keras
import numpy as np
from sklearn.metrics import euclidean_distances, pairwise_distances_argmin_min
from sklearn.neighbors import NearestNeighbors

from dlguide import cnn, data, training
from recipes._lib import representation_scores, schedules


def train_judge(limit: int | None = None, *, seed: int = 0) -> "Judge":
    """Train a classifier on real images alone, and return the judge with its features.

    Sets Keras's global seed to `seed`: the same one for every seed of a recipe, so that the judge is the same.
    """
    keras.utils.set_random_seed(seed)
    splits = data.load("mnist", limit=limit)
    classifier = cnn(splits.train.x.shape[1:], splits.info.num_classes, filters=(16, 32, 48), kernel_size=5)
    steps = 2 * -(-len(splits.train.x) // 64)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    classifier.compile(keras.optimizers.AdamW(schedules.one_cycle(1e-2, steps)), loss, metrics=["accuracy"])
    training.fit(classifier, *splits.train, epochs=2, batch_size=64, verbose=0)
    return Judge(classifier, splits)


class Judge:
    """A classifier of real images that scores generated ones."""

    def __init__(self, classifier: keras.Model, splits: data.Splits):
        self.classifier, self.splits = classifier, splits
        self.accuracy = float(classifier.evaluate(*splits.test, batch_size=256, verbose=0)[1])
        self._both = keras.Model(classifier.input, [classifier.get_layer("output").input, classifier.output])
        self._real, _ = self._both.predict(splits.test.x, batch_size=256, verbose=0)

    def scores(self, images: np.ndarray, prefix: str = "") -> dict[str, float]:
        """Return the scores of generated images, ideally as many as the test set has."""
        features, logits = self._both.predict(images, batch_size=256, verbose=0)
        shares = np.bincount(logits.argmax(axis=1), minlength=logits.shape[1]) / len(logits)
        distance = float(np.abs(shares - 1 / len(shares)).max())
        scores = {"classes": float((shares > 0.01).sum()), "histogram_distance": distance}
        scores["precision"], scores["recall"] = precision_recall(features, self._real)
        if min(len(features), len(self._real)) > features.shape[1]:  # Fewer images have no covariance.
            scores["frechet_distance"] = representation_scores.frechet_distance(features, self._real)
        return {prefix + name: value for name, value in scores.items()}

    def nearest(self, images: np.ndarray, train: np.ndarray) -> dict[str, float]:
        """Return the median distance of every fifth image to its nearest training image, and that of test images."""
        flat = [x.reshape(len(x), -1) for x in (images[::5], self.splits.test.x[::5], train)]
        own, real = (float(np.median(pairwise_distances_argmin_min(x, flat[2])[1])) for x in flat[:2])
        return {"nearest_distance": own, "nearest_distance_of_test": real}


def precision_recall(features: np.ndarray, reference: np.ndarray, *, neighbours: int = 3) -> tuple[float, float]:
    """Return the share of generated images inside the real set, and that of real images inside the generated set.

    An image is inside a set if its distance to some image of the set is at most the distance from that one to its
    `neighbours`-th nearest in the same set (Kynkäänniemi et al., "Improved precision and recall metric for assessing
    generative models", 2019). Both arrays have a feature vector in each row.
    """
    features, reference = features.astype("float64"), reference.astype("float64")
    centre = reference.mean(axis=0)  # Far from 0, distances are rounded too much.
    features, reference = features - centre, reference - centre

    def share_inside(points, others) -> float:
        # The first neighbour of a point of the set is itself.
        radius = NearestNeighbors(n_neighbors=neighbours + 1).fit(others).kneighbors(others)[0][:, -1]
        slack = 1e-9 * (others**2).sum(axis=1).max()  # By rounding, a point may be a little away from itself.
        blocks = np.array_split(points, -(-len(points) // 1000))
        near = [euclidean_distances(block, others, squared=True) <= radius**2 + slack for block in blocks]
        return float(np.concatenate([block.any(axis=1) for block in near]).mean())

    return share_inside(features, reference), share_inside(reference, features)
