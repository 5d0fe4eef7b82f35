"""Question 21: what is unsupervised learning good for?

python -m recipes.faq clustering
"""

import math

import numpy as np

from recipes.faq import _digits, _retraining, _side_by_side, _tuning
from recipes.faq._experiment import NUMBER, PERCENT, Claim, Experiment, Panel, Score

CODE = 10  # Numbers of a code.
CLUSTERS = 10
RATES = (0.001, 0.003, 0.01, 0.03, 0.1)
NETWORKS = ("autoencoder", "vae")
ROWS = ("pixels", "pca", *NETWORKS)
MADE = {"clusters": 25, "examples": 400, "numbers": 15, "side": 500.0}  # Arthur & Vassilvitskii's Norm-25.
STARTS = ("random", "random_best", "plus_plus", "greedy")


def measure(seed: int, choice: dict, *, limit=20_000, epochs=10, rows=ROWS, starts=20, drawn=3000, **_) -> dict:
    """Return the clustering accuracy of each representation, and the sums of squares from different first centres."""
    from sklearn.cluster import KMeans
    from sklearn.mixture import GaussianMixture

    mnist = _retraining.loaded("mnist", limit, seed)
    accuracies, mixtures, pictures = {}, {}, {}
    for row in rows:
        model = None
        if row in NETWORKS:
            model = trained(row, mnist.train.x, _tuning.best(choice[row], lower=True), epochs, seed)
        train, test = (representation(row, mnist.train.x, part.x, model) for part in (mnist.train, mnist.test))
        k_means = KMeans(CLUSTERS, n_init=10, random_state=seed)
        accuracies[row] = accuracy(k_means, train, test, mnist.test.y)
        if row != "pixels":
            mixture = GaussianMixture(CLUSTERS, reg_covar=1e-3, n_init=5, random_state=seed)
            mixtures[f"{row}_mixture"] = accuracy(mixture, train, test, mnist.test.y)
        if row != "pca":
            centres = k_means.cluster_centers_
            pictures[row] = centres if model is None else _digits.decoded(model, centres)
    found = {"accuracy": accuracies | mixtures}
    if starts:
        sums, best = sums_of_squares(mnist.train.x[:drawn].reshape(-1, 784), CLUSTERS, starts, seed)
        found["digits"] = {row: value / best - 1 for row, value in sums.items()}
        points, true_sum = made_clusters(seed)
        sums, _ = sums_of_squares(points, MADE["clusters"], starts, seed)
        # Runs that find all clusters differ by rounding errors only.
        found["made"] = {row: round(value / true_sum, 6) for row, value in sums.items()}
    if seed == 0:
        found["pictures"] = {row: _digits.packed(images.reshape(-1, 28, 28, 1)) for row, images in pictures.items()}
    return found


def choose(*, limit: int = 20_000, tried_epochs: int = 10, rates=RATES, **_) -> dict:
    """Return the validation loss of each learning rate, in nats an image: no label is looked at."""
    mnist = _retraining.loaded("mnist", limit, 100)

    def score(row: str, rate: float) -> float:
        model = trained(row, mnist.train.x, rate, tried_epochs, seed=100)
        return 784 * float(model.evaluate(mnist.valid.x, mnist.valid.x, batch_size=500, verbose=0))

    return _tuning.search(NETWORKS, rates, score)


def trained(row: str, images: np.ndarray, rate: float, epochs: int, seed: int):
    """Return a trained autoencoder or variational autoencoder, compiled to be evaluated."""
    import keras

    from dlguide import autoencoder, vae

    keras.utils.set_random_seed(seed)
    build = {"autoencoder": autoencoder, "vae": vae}[row]
    model = build((28, 28, 1), latent_dim=CODE, hidden_units=(256, 128), activation="swish", batch_norm=True)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    if epochs:  # None in a quick look.
        _side_by_side.train([model], images, loss, rate=rate, epochs=epochs, seed=seed)
    model.compile(loss=loss, jit_compile=False)
    return model


def representation(row: str, train: np.ndarray, images: np.ndarray, model=None) -> np.ndarray:
    """Return the numbers of each image that are clustered; `train` has the images that PCA is fitted to."""
    if row == "pixels":
        return images.reshape(len(images), -1)
    if row == "pca":
        mean, components = _digits.principal_components(train)
        return (images - mean).reshape(len(images), -1) @ components[:, :CODE]
    codes = model.get_layer("encoder").predict(images, batch_size=500, verbose=0)
    return codes[0] if row == "vae" else codes  # The first of two outputs is the mean of a code's distribution.


def accuracy(model, train: np.ndarray, test: np.ndarray, labels: np.ndarray) -> float:
    """Return the clustering accuracy on test examples of a model that is fitted to training examples."""
    from dlguide import evaluation

    return evaluation.clustering_accuracy(labels, model.fit(train).predict(test))


def made_clusters(seed: int) -> tuple[np.ndarray, float]:
    """Draw clusters far apart; return the points and their sum of squares around the means of the clusters."""
    rng = np.random.default_rng((seed, 0))
    centres = rng.uniform(0, MADE["side"], size=(MADE["clusters"], 1, MADE["numbers"]))
    noise = rng.normal(size=(MADE["clusters"], MADE["examples"], MADE["numbers"]))
    around_mean = noise - noise.mean(axis=1, keepdims=True)
    return (centres + noise).reshape(-1, MADE["numbers"]), float((around_mean**2).sum())


def sums_of_squares(x: np.ndarray, clusters: int, starts: int, seed: int) -> tuple[dict[str, float], float]:
    """Return the mean sum of squares in which runs of k-means end, for each way to choose the first centres.

    Of the random ones it returns the best run too. The second value is the best run of all.
    """
    from sklearn.cluster import KMeans, kmeans_plusplus

    rng = np.random.default_rng((seed, 1))

    def run(way: str) -> float:
        if way == "random":
            centres = x[rng.choice(len(x), clusters, replace=False)]
        else:
            tries = 1 if way == "plus_plus" else None  # None: several examples are tried for each centre.
            centres = kmeans_plusplus(x, clusters, random_state=int(rng.integers(2**31)), n_local_trials=tries)[0]
        return float(KMeans(clusters, init=centres, n_init=1).fit(x).inertia_)

    sums = {way: [run(way) for _ in range(starts)] for way in STARTS if way != "random_best"}
    means = {way: float(np.mean(runs)) for way, runs in sums.items()}
    means["random_best"] = min(sums["random"])
    return {way: means[way] for way in STARTS}, min(map(min, sums.values()))


def draw(seeds: dict, names):
    """Draw the usual panels, and below them the centres of the clusters as images."""
    centres = names("picture", "centres")
    strips = {centres.format(names("row", "accuracy", row)): text for row, text in seeds["0"]["pictures"].items()}
    return _digits.with_strips_below(EXPERIMENT.panels, seeds, names, 2.8, strips)


ACCURACY = Score("clustering accuracy", PERCENT, format=".1f")
EXCESS = Score("excess sum of squares", PERCENT, higher_is_better=False, bounds=(0, math.inf))
RELATIVE = Score("relative sum of squares", NUMBER, False, format=",.1f", logarithmic=True, bounds=(1, math.inf))
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "accuracy": Panel(ACCURACY, (*ROWS, *[f"{row}_mixture" for row in ROWS[1:]]), reference="pixels"),
        "made": Panel(RELATIVE, STARTS, reference="random"),
        "digits": Panel(EXCESS, STARTS, reference="random"),
    },
    claims=(
        Claim("accuracy", "autoencoder", "pixels", "yes", known="yes"),
        Claim("accuracy", "vae", "pixels", "yes"),
        Claim("accuracy", "pca", "pixels", "no"),
        Claim("made", "plus_plus", "random", "yes", known="yes"),
    ),
    quick={"limit": 100, "epochs": 1, "tried_epochs": 0, "starts": 1, "drawn": 100, "rates": (0.01,)},
    check={"rows": ("pca",)},
    seeds=tuple(range(10)),
    lower_is_chosen=True,
    draw=draw,
)
