"""Question 21: what is unsupervised learning good for? `python -m questions clustering`"""

import keras
import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.metrics import pairwise_distances_argmin
from sklearn.mixture import GaussianMixture

from dlguide import autoencoder
from questions import _digits, _figure, _retraining, _side_by_side, _tuning
from questions._experiment import PERCENT, Claim, Experiment, Panel, Score
from recipes._lib.images import few_labels

CODE, GRAPH = 10, 50  # Numbers of a code, and principal components; those whose neighbours labels spread to.
CLUSTERS = 10
LABELLED = 50
RATES = (0.001, 0.003, 0.01, 0.03, 0.1)
ROWS = ("pixels", "pca", "autoencoder")
LABEL_ROWS = ("random_pixels", "chosen_pixels", "random_codes", "chosen_codes", "random_spread", "chosen_spread")


def measure(seed: int, best: dict, *, limit=20_000, epochs=10, rows=ROWS, labelled=LABELLED, **_) -> dict:
    """Return for each test image whether its cluster has its digit's name, and whether a few labels name it rightly."""
    mnist = _retraining.loaded("mnist", limit, seed)
    found, mixtures, labels, pictures = {}, {}, {}, {}
    for row in rows:
        model = None
        if row == "autoencoder":
            model = trained(mnist.train.x, best[row], epochs, seed)
        train, test = (representation(row, mnist.train.x, part.x, model) for part in (mnist.train, mnist.test))
        k_means = KMeans(CLUSTERS, n_init=10, random_state=seed).fit(train)
        found[row] = named_rightly(mnist.test.y, k_means.predict(test))
        if row != "pixels":
            mixture = GaussianMixture(CLUSTERS, reg_covar=1e-3, n_init=5, random_state=seed).fit(train)
            mixtures[f"{row}_mixture"] = named_rightly(mnist.test.y, mixture.predict(test))
        if row != "pca":
            kind, centres = "codes" if model else "pixels", k_means.cluster_centers_
            pictures[row] = _digits.decoded(model, centres) if model else centres.reshape(-1, 28, 28, 1)
            drawn = np.random.default_rng(seed).permutation(len(train))[:labelled]
            for way, places in {"random": drawn, "chosen": typical(train, labelled, seed)}.items():
                nearest = places[pairwise_distances_argmin(test, train[places])]
                labels[f"{way}_{kind}"] = mnist.train.y[nearest] == mnist.test.y
                if row == "pixels":
                    own, other = (representation("graph", mnist.train.x, part.x) for part in (mnist.train, mnist.test))
                    found_labels = few_labels.spread(own, places, mnist.train.y[places], other)
                    labels[f"{way}_spread"] = found_labels == mnist.test.y
    labels = {row: labels[row] for row in LABEL_ROWS if row in labels}
    scores = {"accuracy": found | mixtures, "labels": labels}
    if seed == 0:
        scores["pictures"] = {row: _digits.packed(images) for row, images in pictures.items()}
    return scores


def choose(*, limit: int = 20_000, tried_epochs: int = 10, rates=RATES, **_) -> dict:
    """Return the validation loss of each learning rate, in nats an image: no label is looked at."""

    def score(_: str, rate: float, seed: int) -> float:
        mnist = _retraining.loaded("mnist", limit, seed)
        model = trained(mnist.train.x, rate, tried_epochs, seed)
        return 784 * float(model.evaluate(mnist.valid.x, mnist.valid.x, batch_size=500, verbose=0))

    return _tuning.search(["autoencoder"], rates, score)


def trained(images: np.ndarray, rate: float, epochs: int, seed: int):
    """Return a trained autoencoder, compiled to be evaluated."""
    keras.utils.set_random_seed(seed)
    layers = {"latent_dim": CODE, "hidden_units": (256, 128), "activation": "swish", "batch_norm": True}
    model, loss = autoencoder((28, 28, 1), **layers), keras.losses.BinaryCrossentropy(from_logits=True)
    if epochs:  # None in a quick look.
        _side_by_side.train([model], images, loss, rate=rate, epochs=epochs, seed=seed)
    model.compile(loss=loss, jit_compile=False)
    return model


def representation(row: str, train: np.ndarray, images: np.ndarray, model=None) -> np.ndarray:
    """Return the numbers of each image that are clustered; `train` has the images that PCA is fitted to."""
    if row == "pixels":
        return images.reshape(len(images), -1)
    if row in ("pca", "graph"):
        mean, components = _digits.principal_components(train)
        return (images - mean).reshape(len(images), -1) @ components[:, : CODE if row == "pca" else GRAPH]
    return model.get_layer("encoder").predict(images, batch_size=500, verbose=0)


def named_rightly(labels: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Return whether each image has the digit of its cluster: each cluster is named after a digit of its own.

    The mean is `representation_scores.clustering_accuracy`: of all such names those that fit most images.
    """
    counts = np.zeros((CLUSTERS, 10), int)
    np.add.at(counts, (clusters, labels), 1)
    names = linear_sum_assignment(counts, maximize=True)[1]
    return names[clusters] == labels


def typical(train: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Return the places of the examples that are nearest to the centres of as many clusters."""
    centres = KMeans(count, n_init=1, random_state=seed).fit(train).cluster_centers_
    return pairwise_distances_argmin(centres, train)


@_figure.of_size(6.4, 3.0)
def draw(figure, seeds: dict, names) -> None:
    """Draw the centres of the clusters as images below the panel of the page."""
    strips = {names("picture", row): text for row, text in seeds["0"]["pictures"].items()}
    above, below = figure.subfigures(2, height_ratios=[1.9, 1.1])
    _figure.draw_panels(above, {"accuracy": EXPERIMENT.panels["accuracy"]}, seeds, names)
    _digits.draw_strips(below, strips)


CLUSTERED = Score("clustering accuracy", PERCENT, format=".1f", margin=0.01)
FEW_LABELS = Score("test accuracy", PERCENT, format=".1f", margin=0.01)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "accuracy": Panel(CLUSTERED, (*ROWS, *[f"{row}_mixture" for row in ROWS[1:]])),
        "labels": Panel(FEW_LABELS, LABEL_ROWS),
    },
    claims=(
        Claim("labels", "chosen_codes", "random_codes", "yes"),
        Claim("accuracy", "autoencoder_mixture", "pca_mixture", "yes"),
        Claim("labels", "chosen_codes", "chosen_pixels", "yes"),
        Claim("labels", "chosen_pixels", "random_codes", "yes"),
        Claim("accuracy", "autoencoder", "pixels", "yes"),
        Claim("accuracy", "pca", "pixels", "no"),
        Claim("labels", "chosen_codes", "chosen_spread", "no"),
    ),
    quick={"limit": 100, "epochs": 1, "tried_epochs": 0, "labelled": 20, "rates": (0.01,)},
    recheck_options={"rows": ("pixels", "autoencoder")},
    seeds=tuple(range(6)),
    lower_is_chosen=True,
    draw=draw,
)
