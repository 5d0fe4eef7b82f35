"""Baselines of `contrastive_mnist`: a linear probe on pixels, and the same network trained on a few labels only."""

import keras
import numpy as np
from sklearn.neighbors import NearestNeighbors, kneighbors_graph

from dlguide import cnn, data, training
from recipes._lib import representation_scores, schedules

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
    accuracies = {"pixels_accuracy": representation_scores.linear_probe(pixels, labels, test, splits.test.y)}
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


def spread(train: np.ndarray, labelled: np.ndarray, labels: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Spread labels of some training examples over a graph of neighbours (Zhou et al., 2004); return those of `x`.

    An example of `x` gets the label of its nearest training example. The classes, 0, 1, …, are equally frequent.
    """
    graph, _ = neighbour_graph(train)
    known = np.zeros((len(train), labels.max() + 1))
    known[labelled, labels] = 1
    found = known
    for _ in range(100):
        found = 0.99 * (graph @ found) + 0.01 * known
    found = found / np.maximum(found.sum(axis=0), 1e-300)  # A class without a label has no sum.
    return found.argmax(axis=1)[nearest(train, x)]


def neighbour_graph(x: np.ndarray, neighbours: int = 6):
    """Return the sparse matrix of a graph of neighbours, normalised on both sides, and the roots of the sums."""
    graph = kneighbors_graph(x, neighbours, mode="distance")
    distances = graph.data.reshape(-1, neighbours)
    # A weight falls with the distance, relative to that of the farthest neighbour.
    graph.data = np.exp(-2 * (distances / distances.max(axis=1, keepdims=True)) ** 2).ravel()
    graph = graph.maximum(graph.T)
    root = np.sqrt(np.asarray(graph.sum(axis=1)).ravel())
    return graph.multiply(1 / root[:, None]).multiply(1 / root).tocsr(), root


def nearest(train: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the row of the nearest training example."""
    return NearestNeighbors(n_neighbors=1, algorithm="brute").fit(train).kneighbors(x, return_distance=False)[:, 0]
