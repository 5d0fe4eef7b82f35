"""Cheap rivals of the recipes: each learns from the training set of a seed and reads its test set once.

Their one or two settings were chosen on the validation sets of other seeds (0, 1, …), as those of the recipes were.
"""

import functools
import math

import numpy as np
from scipy.ndimage import affine_transform
from scipy.sparse.linalg import eigsh
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, Ridge, RidgeClassifierCV
from sklearn.metrics import average_precision_score, r2_score
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KNeighborsClassifier, LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler, normalize
from sklearn.svm import SVC

from dlguide import data
from recipes._lib import representation_scores
from recipes._lib.agents import environments
from recipes._lib.images import few_labels, reconstruction


def straightened(image: np.ndarray) -> np.ndarray:
    """Shear a digit until its slant is 0, and move its centre of mass to the middle."""
    row, column = np.mgrid[:28, :28]
    mass = image / (image.sum() + 1e-9)
    middle = np.array([(mass * row).sum(), (mass * column).sum()])
    down = row - middle[0]
    slant = (mass * down * (column - middle[1])).sum() / ((mass * down**2).sum() + 1e-9)
    shear = np.array([[1, 0], [slant, 1]])
    return affine_transform(image, shear, middle - shear @ [13.5, 13.5], order=1)


def gradient_histograms(images: np.ndarray, bins: int = 8) -> np.ndarray:
    """Return histograms of gradient directions in cells of 4 x 4 pixels (Dalal & Triggs, 2005), of `(n, 28, 28)`."""
    down, right = np.gradient(images, axis=(1, 2))
    place = np.arctan2(down, right) / (2 * np.pi) * bins % bins
    shares = np.maximum(0, 1 - np.abs((place[..., None] - np.arange(bins) + bins / 2) % bins - bins / 2))
    maps = np.hypot(down, right)[..., None] * shares
    cells = maps.reshape(len(images), 7, 4, 7, 4, bins).sum(axis=(2, 4))
    blocks = np.concatenate([cells[:, i : i + 6, j : j + 6] for i in (0, 1) for j in (0, 1)], axis=-1)
    return (blocks / np.sqrt((blocks**2).sum(axis=-1, keepdims=True) + 0.1)).reshape(len(images), -1)


@functools.cache
def digits(seed: int, by_hand: bool):
    """Return MNIST's classes, and 50 components of the pixels, or 60 of gradient histograms of straightened digits."""
    mnist, parts = data.load("mnist", seed=seed), []
    for part in (mnist.train, mnist.test):
        images = part.x[..., 0]
        if by_hand:
            images = np.stack([straightened(image) for image in images])
            images = np.concatenate([gradient_histograms(few) for few in np.array_split(images, 50)])
        parts.append(images.reshape(len(images), -1).astype("float32"))
    components = PCA(60 if by_hand else 50, svd_solver="covariance_eigh").fit(parts[0])
    train, test = (components.transform(part) for part in parts)
    scale = np.sqrt(train.var(axis=0).sum())
    return mnist.train.y, mnist.test.y, train / scale, test / scale


def support_vectors(seed: int, by_hand: bool) -> float:
    train_y, test_y, train, test = digits(seed, by_hand)
    return SVC(C=5, gamma=2 if by_hand else 1, cache_size=2000).fit(train, train_y).score(test, test_y)


def three_neighbours(seed: int) -> float:
    train_y, test_y, train, test = digits(seed, by_hand=False)
    return KNeighborsClassifier(3, algorithm="brute").fit(train, train_y).score(test, test_y)


def spread_labels(seed: int, by_hand: bool) -> float:
    """Spread the 100 labels of `contrastive_mnist` over a graph of neighbours."""
    train_y, test_y, train, test = digits(seed, by_hand)
    labelled = few_labels.draw_rows_per_class(train_y, 10, seed)
    return float((few_labels.spread(train, labelled, train_y[labelled], test) == test_y).mean())


def spectral_clusters(seed: int, by_hand: bool) -> float:
    """Cluster a graph of neighbours (Ng, Jordan & Weiss, 2002); a test image has the cluster of its nearest one."""
    _, test_y, train, test = digits(seed, by_hand)
    graph, root = few_labels.neighbour_graph(train, neighbours=8)
    # `SpectralClustering` factorises the matrix, which takes many minutes.
    vectors = normalize(eigsh(graph, 12, which="LA", tol=1e-3, v0=1 / root)[1] / root[:, None])
    clusters = GaussianMixture(10, reg_covar=1e-3, n_init=2, random_state=seed).fit_predict(vectors)
    return representation_scores.clustering_accuracy(test_y, clusters[few_labels.nearest(train, test)])


def counts(seed: int) -> float:
    """Count how often each question meets each pair and each answer; answer by the surest pair of the text."""
    recall = data.load("recall", seed=seed)
    size, classes = len(recall.info.vocabulary), recall.info.num_classes
    table = np.zeros((size, size, classes), "float32")

    def split(x):
        places = np.arange(len(x)), (x != 0).sum(axis=1) - 1
        pairs = x.copy()
        pairs[places] = 0
        return x[places], pairs

    asked, pairs = split(recall.train.x)
    np.add.at(table, (asked[:, None], pairs, recall.train.y[:, None]), 1)
    table[:, 0] = 0  # No pair.
    chances = (table + 0.1) / (table.sum(axis=-1, keepdims=True) + 0.1 * classes)
    asked, pairs = split(recall.test.x)
    return float((chances[asked[:, None], pairs].max(axis=1).argmax(axis=1) == recall.test.y).mean())


def counting_on(seed: int, order: int = 5, discount: float = 0.8) -> float:
    """Predict characters by counts after the characters before, and go on counting in the test text.

    A context counts a character only if no longer one has met it before; the counts are mixed by absolute discounting
    (Ney, Essen & Kneser, 1994). Returns the cross-entropy in nats, the same for all seeds.
    """
    shakespeare = data.load("shakespeare", seed=seed)
    train, test = (np.append(part.x.ravel(), part.y[-1, -1]).tolist() for part in (shakespeare.train, shakespeare.test))
    text, tables, nats = [*train, *test], [{} for _ in range(order + 1)], 0.0
    for place, character in enumerate(text):
        contexts = [tables[n].setdefault(tuple(text[place - n : place]), {}) for n in range(min(order, place) + 1)]
        if place > len(train):
            chance = 1 / len(shakespeare.info.vocabulary)
            for found in filter(None, contexts):
                left = discount * len(found) * chance
                chance = (max(found.get(character, 0) - discount, 0) + left) / sum(found.values())
            nats -= math.log(chance)
        for found in reversed(contexts):
            found[character] = found.get(character, 0) + 1
            if found[character] > 1:
                break
    return nats / (len(test) - 1)


def two_gaussians(seed: int) -> float:
    """Fit a mixture of two normal distributions to the frames of each speaker."""
    vowels = data.load("vowels", seed=seed)

    def frames(x):
        return [row[row.any(axis=-1)] for row in x]

    speakers = [frames(vowels.train.x[vowels.train.y == label]) for label in range(vowels.info.num_classes)]
    mixtures = [
        GaussianMixture(2, reg_covar=1e-3, n_init=3, random_state=seed).fit(np.concatenate(own)) for own in speakers
    ]
    found = [np.argmax([mixture.score(own) for mixture in mixtures]) for own in frames(vowels.test.x)]
    return float((found == vowels.test.y).mean())


def random_convolutions(seed: int, kernels: int = 2000) -> float:
    """ROCKET (Dempster, Petitjean & Webb, 2020): maximum and share of positive values of random convolutions."""
    leaves, rng = data.load("leaves", seed=seed), np.random.default_rng(seed)
    train, test = (part.x[..., 0] for part in (leaves.train, leaves.test))
    x, features = np.concatenate([train, test]), []
    for _ in range(kernels):
        kernel = rng.normal(size=rng.choice((7, 9, 11)))
        reach = len(kernel) - 1
        step = int(2 ** rng.uniform(0, np.log2((x.shape[1] - 1) / reach)))
        padded = np.pad(x, [(0, 0), (reach * step // 2 * rng.integers(2),) * 2])
        windows = np.lib.stride_tricks.sliding_window_view(padded, reach * step + 1, axis=1)[..., ::step]
        values = windows @ (kernel - kernel.mean()) + rng.uniform(-1, 1)
        features += [values.max(axis=1), (values > 0).mean(axis=1)]
    features = np.stack(features, axis=1)
    model = make_pipeline(StandardScaler(), RidgeClassifierCV(np.logspace(-3, 3, 10)))
    return model.fit(features[: len(train)], leaves.train.y).score(features[len(train) :], leaves.test.y)


def boosted_root(seed: int) -> float:
    """Boost the square root of the hires."""
    bikes = data.load("bikeshare", seed=seed)
    boosting = HistGradientBoostingRegressor(max_iter=400, learning_rate=0.06, early_stopping=False, random_state=seed)
    model = TransformedTargetRegressor(boosting, func=np.sqrt, inverse_func=np.square, check_inverse=False)
    return r2_score(bikes.test.y, model.fit(*bikes.train).predict(bikes.test.x))


def outlier_factor(seed: int) -> float:
    shuttle = data.load("shuttle", seed=seed)
    model = LocalOutlierFactor(n_neighbors=20, novelty=True).fit(shuttle.train.x)
    return average_precision_score(shuttle.test.y, -model.score_samples(shuttle.test.x))


def parabola(seed: int) -> float:
    """Fit a parabola of the weight; return the mean absolute error."""
    mpg = data.load("auto_mpg", seed=seed)
    column = [mpg.info.feature_names.index("weight")]
    model = make_pipeline(StandardScaler(), PolynomialFeatures(2), LinearRegression())
    return float(
        np.abs(model.fit(mpg.train.x[:, column], mpg.train.y).predict(mpg.test.x[:, column]) - mpg.test.y).mean()
    )


def extra_trees(seed: int) -> float:
    mpg = data.load("auto_mpg", seed=seed)
    return ExtraTreesRegressor(200, random_state=seed).fit(*mpg.train).score(*mpg.test)


def rule(seed: int, name: str) -> float:
    """Return the mean return of a rule by hand: push to where the pole falls, or turn with the swing."""
    policies = {
        "CartPole-v1": lambda x: (3 * x[:, 2] + x[:, 3] > 0).astype(int),
        "Acrobot-v1": lambda x: np.where(x[:, 5] > x[:, 4] / 2, 2, 0),
    }
    seeds = environments.episode_seeds(seed, environments.TEST, count=100)
    return environments.mean_return(environments.play(policies[name], environments.make(name, 100), seeds))


def ridge_denoiser(seed: int, noise: float = 0.4) -> float:
    """Map all noisy pixels to the clean ones, linearly; return the cross-entropy."""
    mnist = data.load("mnist", seed=seed)
    train, test = (part.x.reshape(len(part.x), -1) for part in (mnist.train, mnist.test))
    model = Ridge(1.0).fit(reconstruction.noisy(train, noise, seed + 1), train)
    noisy = reconstruction.noisy(mnist.test.x, noise, seed).reshape(test.shape)
    found = np.clip(model.predict(noisy), 1e-3, 1 - 1e-3)
    return float(-(test * np.log(found) + (1 - test) * np.log(1 - found)).mean())


def bent_components(seed: int, width: float = 0.5, number: int = 3000) -> float:
    """Decode 32 principal components by random cosines (Rahimi & Recht, 2007) and ridge; return the squared error."""
    mnist, rng = data.load("mnist", seed=seed), np.random.default_rng(seed)
    train, test = (part.x.reshape(len(part.x), -1) for part in (mnist.train, mnist.test))
    components = PCA(32, svd_solver="covariance_eigh").fit(train)
    scale = np.sqrt(components.explained_variance_.sum())
    directions = rng.normal(0, width / scale, (32, number)).astype("float32")
    phases = rng.uniform(0, 2 * np.pi, number).astype("float32")

    def features(x):
        codes = components.transform(x).astype("float32")
        return np.hstack([np.cos(codes @ directions + phases), codes])

    model = Ridge(1.0, solver="cholesky").fit(features(train), train)
    return float(((np.clip(model.predict(features(test)), 0, 1) - test) ** 2).mean())
