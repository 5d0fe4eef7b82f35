"""Gradient boosting."""

import itertools

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import accuracy_score, r2_score

from dlguide import data


def boosting_score(splits: data.Splits, seed: int, rounds: int = 500) -> float:
    """Return the accuracy, or the R² of a number, of gradient boosting on the test set.

    All settings are scikit-learn's defaults, but for the rounds: as many, up to `rounds`, as are best by validation.
    """
    kind, score = HistGradientBoostingRegressor, r2_score
    if splits.info.num_classes:
        kind, score = HistGradientBoostingClassifier, accuracy_score
    train, valid, test = (data.Part(part.x.reshape(len(part.x), -1), part.y.ravel()) for part in splits[:3])
    model = kind(max_iter=rounds, early_stopping=False, random_state=seed).fit(*train)
    best = np.argmax([score(valid.y, predicted) for predicted in model.staged_predict(valid.x)])
    return float(score(test.y, next(itertools.islice(model.staged_predict(test.x), int(best), None))))
