"""Baselines of sequences of numbers and of texts."""

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dlguide import data
from recipes._lib.texts import token_texts


def mean_and_spread_accuracy(splits: data.Splits) -> float:
    """Return the test accuracy of logistic regression on mean and standard deviation of each sequence's frames."""

    def features(x):
        frames = np.ma.masked_array(x, np.repeat(~x.any(axis=-1, keepdims=True), x.shape[-1], axis=-1))
        return np.concatenate([frames.mean(axis=1), frames.std(axis=1)], axis=-1).filled(0)

    baseline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    baseline.fit(features(splits.train.x), splits.train.y)
    return float(baseline.score(features(splits.test.x), splits.test.y))


def ngram_accuracy(splits: data.Splits) -> float:
    """Return the test accuracy of logistic regression on tf-idf of 1 to 4 characters, its C chosen by validation."""
    print("measuring the baseline: logistic regression on n-grams", flush=True)
    features = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True)
    features.fit(token_texts.decoded(splits.train, splits.info))
    train, valid, test = (features.transform(token_texts.decoded(part, splits.info)) for part in splits[:3])
    # One model per class: on names of places faster and better than one model of all classes. C = 30 is worse.
    regressions = [LogisticRegression(C=c, solver="liblinear") for c in (3, 10)]
    models = [OneVsRestClassifier(regression).fit(train, splits.train.y) for regression in regressions]
    best = max(models, key=lambda model: model.score(valid, splits.valid.y))
    return float(best.score(test, splits.test.y))
