"""What the recipes that generate images share: the judge and its scores, samples by epoch."""

import inspect

import keras
import numpy as np

from dlguide import cnn, data, evaluation, generation, plots, training
from recipes import _shared, _vae


class Judge:
    """A classifier trained here on real images alone, and the scores of generated ones in its features."""

    def __init__(self, limit: int | None = None):
        self.splits = splits = data.load("mnist", limit=limit)  # The same judge whatever the seed of the recipe.
        keras.utils.set_random_seed(0)
        classifier = cnn(splits.train.x.shape[1:], splits.info.num_classes, filters=(16, 32, 48), kernel_size=5)
        steps = 2 * -(-len(splits.train.x) // 64)
        classifier.compile(
            keras.optimizers.AdamW(_shared.one_cycle(1e-2, steps)),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        training.fit(classifier, *splits.train, epochs=2, batch_size=64, verbose=0)
        self.accuracy = float(classifier.evaluate(*splits.test, batch_size=256, verbose=0)[1])
        self._both = keras.Model(classifier.input, [classifier.get_layer("output").input, classifier.output])
        self._real, _ = self._both.predict(splits.test.x, batch_size=256, verbose=0)

    def scores(self, images: np.ndarray, prefix: str = "") -> dict[str, float]:
        """Return the scores of generated images, best as many as the test part has."""
        features, logits = self._both.predict(images, batch_size=256, verbose=0)
        shares, distance = evaluation.class_histogram(logits.argmax(axis=1), self.splits.info.num_classes)
        precision, recall = evaluation.precision_recall(features, self._real)
        scores = {
            f"{prefix}classes": float(sum(share > 0.01 for share in shares)),
            f"{prefix}histogram_distance": distance,
            f"{prefix}precision": precision,
            f"{prefix}recall": recall,
        }
        if min(len(features), len(self._real)) > features.shape[1]:  # Else there is no covariance.
            scores[f"{prefix}frechet_distance"] = evaluation.frechet_distance(features, self._real)
        return scores

    def nearest(self, images: np.ndarray, train: np.ndarray) -> dict[str, float]:
        """Return how near every fifth image lies to a training image, beside test images, which were not shown."""
        distances, real = (evaluation.nearest_distances(x[::5], train)[0] for x in (images, self.splits.test.x))
        return {"nearest_distance": float(np.median(distances)), "nearest_distance_of_test": float(np.median(real))}


def vae_scores(judge: Judge, splits: data.Splits, seed: int, epochs: int) -> dict[str, float]:
    """Return the scores of the samples of `vae_mnist`'s model, trained so long."""
    from recipes import vae_mnist  # Which imports this module.

    options = {name: option.default for name, option in inspect.signature(vae_mnist.main).parameters.items()}
    batch_size = options["batch_size"]
    keras.utils.set_random_seed(seed)
    steps = epochs * -(-len(splits.train.x) // batch_size)
    model = _vae.compiled(splits, steps, options["learning_rate"], options["latent_dim"])
    training.fit(model, _vae.binarised_batches(splits.train.x, batch_size, seed), epochs=epochs, seed=seed, verbose=0)
    return judge.scores(generation.sample(model, len(judge.splits.test.x), seed=seed), "baseline_")


class SamplesByEpoch(keras.callbacks.Callback):
    """Keeps what a generator makes of the same codes after each epoch."""

    kept = ()  # Nothing that a run would have to give back.

    def __init__(self, count: int = 12):
        super().__init__()
        self.count, self.images = count, {}

    def on_epoch_end(self, epoch, logs=None):
        self.images[epoch + 1] = generation.sample(self.model, self.count)

    def figure(self, model, epochs: int, rows: int = 8):
        """Draw the samples of up to `rows` of the epochs that this process trained, and of the model as it is."""
        shown = {**self.images, epochs: generation.sample(model, self.count)}
        numbers = sorted(shown)
        chosen = [numbers[i] for i in np.unique(np.linspace(0, len(numbers) - 1, rows).astype(int))]
        return plots.image_grid(np.stack([shown[e] for e in chosen]), [f"epoch {e}" for e in chosen])
