"""Baselines of sequences of numbers."""

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dlguide import data


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


def _flat(x):
    return x.reshape(len(x), -1)
