"""Simple models that a recipe is compared with, on the same split."""

import itertools
import warnings

import keras
import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, r2_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dlguide import data, evaluation, rnn, training
from recipes._lib import optimizers, schedules
from recipes._lib.images import reconstruction
from recipes._lib.texts import token_texts


def nearest_mean_accuracy(splits: data.Splits) -> float:
    """Return the test accuracy if each image gets the class with the nearest mean image."""
    x, y = _flat(splits.train.x), splits.train.y
    means = np.stack([x[y == label].mean(axis=0) for label in np.unique(y)])
    baseline = KNeighborsClassifier(n_neighbors=1).fit(means, np.unique(y))  # NearestCentroid warns of black pixels.
    return float(baseline.score(_flat(splits.test.x), splits.test.y))


def softmax_regression_accuracy(splits: data.Splits) -> float:
    """Return the test accuracy of softmax regression on the pixels, 60 steps of L-BFGS."""
    baseline = LogisticRegression(max_iter=60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 60 steps are enough for a baseline.
        baseline.fit(_flat(splits.train.x), splits.train.y)
    return float(baseline.score(_flat(splits.test.x), splits.test.y))


def ngram_accuracy(splits: data.Splits) -> float:
    """Return the test accuracy of logistic regression on tf-idf of 1 to 4 characters, its C chosen by validation."""
    features = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True)
    features.fit(token_texts.decoded(splits.train, splits.info))
    train, valid, test = (features.transform(token_texts.decoded(part, splits.info)) for part in splits[:3])
    # One model per class: on names of places faster and better than one model of all classes. C = 30 is worse.
    regressions = [LogisticRegression(C=c, solver="liblinear") for c in (3, 10)]
    models = [OneVsRestClassifier(regression).fit(train, splits.train.y) for regression in regressions]
    best = max(models, key=lambda model: model.score(valid, splits.valid.y))
    return float(best.score(test, splits.test.y))


def mean_and_spread_accuracy(splits: data.Splits) -> float:
    """Return the test accuracy of logistic regression on mean and standard deviation of each sequence's frames."""

    def features(x):
        frames = np.ma.masked_array(x, np.repeat(~x.any(axis=-1, keepdims=True), x.shape[-1], axis=-1))
        return np.concatenate([frames.mean(axis=1), frames.std(axis=1)], axis=-1).filled(0)

    baseline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    baseline.fit(features(splits.train.x), splits.train.y)
    return float(baseline.score(features(splits.test.x), splits.test.y))


def ridge_forecast(splits: data.Splits, of_roots: bool = False):
    """Return forecasts of ridge regression for the test set; the penalty is chosen on the validation set.

    With `of_roots`, it forecasts the root of the next number, in its own unit, from the roots of the numbers before.
    """

    def read(x):
        return np.sqrt(np.maximum(x * splits.info.scale + splits.info.mean, 0)) if of_roots else x

    def forecast(model, x):
        y = model.predict(read(_flat(x)))
        return (np.maximum(y, 0) ** 2 - splits.info.mean) / splits.info.scale if of_roots else y

    models = [Ridge(alpha).fit(read(_flat(splits.train.x)), read(splits.train.y)) for alpha in np.logspace(-2, 3, 11)]
    best = min(models, key=lambda model: np.abs(forecast(model, splits.valid.x) - splits.valid.y).mean())
    return forecast(best, splits.test.x)


def boosting_score(splits: data.Splits, seed: int, rounds: int = 500) -> float:
    """Return the accuracy, or the R² of a number, of gradient boosting on the test set.

    All settings are scikit-learn's defaults, but for the rounds: as many, up to `rounds`, as are best by validation.
    """
    kind, score = HistGradientBoostingRegressor, r2_score
    if splits.info.num_classes:
        kind, score = HistGradientBoostingClassifier, accuracy_score
    train, valid, test = (data.Part(_flat(part.x), part.y.ravel()) for part in splits[:3])
    model = kind(max_iter=rounds, early_stopping=False, random_state=seed).fit(*train)
    best = np.argmax([score(valid.y, predicted) for predicted in model.staged_predict(valid.x)])
    return float(score(test.y, next(itertools.islice(model.staged_predict(test.x), int(best), None))))


def k_means_accuracy(splits: data.Splits, seed: int) -> float:
    """Return the clustering accuracy of k-means on the pixels of the test set, fitted to the training set."""
    k_means = KMeans(splits.info.num_classes, n_init=10, random_state=seed).fit(_flat(splits.train.x))
    return evaluation.clustering_accuracy(splits.test.y, k_means.predict(_flat(splits.test.x)))


def pca_squared_error(splits: data.Splits, numbers: int) -> float:
    """Return the squared error of the test set's pixels, reconstructed from `numbers` principal components."""
    train, test = _flat(splits.train.x), _flat(splits.test.x)
    pca = PCA(min(numbers, *train.shape), random_state=0).fit(train)
    return float(((pca.inverse_transform(pca.transform(test)) - test) ** 2).mean())


def linear_filter_scores(splits: data.Splits, noise: float, seed: int, noisy_test: np.ndarray) -> dict[str, float]:
    """Return the scores of the linear filter of 5x5 pixels with the least squared error, from 1000 training images."""

    def neighbourhoods(x):
        padded = np.pad(x[..., 0], [(0, 0), (2, 2), (2, 2)])
        return np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(1, 2)).reshape(-1, 25)

    images = splits.train.x[:1000]
    model = LinearRegression().fit(neighbourhoods(reconstruction.noisy(images, noise, seed + 1)), images.ravel())
    predicted = np.concatenate([model.predict(neighbourhoods(part)) for part in np.array_split(noisy_test, 10)])
    predicted, truth = np.clip(predicted, 1e-3, 1 - 1e-3), splits.test.x.ravel()
    cross_entropy = -(truth * np.log(predicted) + (1 - truth) * np.log(1 - predicted)).mean()
    scores = {"baseline_binary_crossentropy": float(cross_entropy)}
    return {**scores, "baseline_squared_error": float(((predicted - truth) ** 2).mean())}


def lstm_scores(text: data.Splits, epochs: int, seed: int) -> dict[str, float]:
    """Train an LSTM language model of 256 units, and return its test scores."""
    keras.utils.set_random_seed(seed)
    vocab_size, steps = len(text.info.vocabulary), epochs * -(-len(text.train.x) // 16)
    options = {"vocab_size": vocab_size, "return_sequences": True, "mask_zero": False}
    model = rnn((None,), vocab_size, cell="lstm", units=(256,), **options)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizers.muon(schedules.one_cycle(1e-2, steps)), loss)
    history = training.fit(model, *text.train, epochs=epochs, batch_size=16, seed=seed)
    nats = float(model.evaluate(*text.test, batch_size=256, verbose=0))
    return {"lstm_nats_per_character": nats, "lstm_seconds": history.seconds}


def lstm_recall_scores(splits: data.Splits, weights: int, epochs: int, batch_size: int, seed: int) -> dict[str, float]:
    """Train a bidirectional LSTM of about `weights` weights, and return its test scores."""
    keras.utils.set_random_seed(seed)
    vocab_size, num_outputs = len(splits.info.vocabulary), splits.info.num_classes
    linear = vocab_size + 8 + 2 * num_outputs  # The model has 16 units² + linear · units + num_outputs weights.
    units = round(((linear**2 + 64 * (weights - num_outputs)) ** 0.5 - linear) / 32)
    steps = epochs * -(-len(splits.train.x) // batch_size)
    options = {"units": (units,), "vocab_size": vocab_size, "bidirectional": True}
    model = rnn(splits.train.x.shape[1:], num_outputs, cell="lstm", **options)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.Adam(schedules.one_cycle(3e-2, steps), global_clipnorm=1.0)
    model.compile(optimizer, loss, metrics=["accuracy"])
    history = training.fit(model, *splits.train, epochs=epochs, batch_size=batch_size, seed=seed)
    accuracy = float(model.evaluate(*splits.test, batch_size=500, verbose=0)[1])
    scores = {"baseline_accuracy": accuracy, "baseline_weights": model.count_params()}
    return scores | {"baseline_seconds": history.seconds}


def _flat(x):
    return x.reshape(len(x), -1)
