"""What several recipes print or draw: baselines and the pictures of an image classifier."""

import warnings

from dlguide import data, plots
from recipes import _cli


def nearest_mean_accuracy(splits: data.Splits) -> float:
    """Return the test accuracy of the class whose mean image is nearest."""
    import numpy as np
    from sklearn.neighbors import KNeighborsClassifier

    x, y = _flat(splits.train.x), splits.train.y
    classes = np.unique(y)
    means = np.stack([x[y == label].mean(axis=0) for label in classes])
    baseline = KNeighborsClassifier(n_neighbors=1).fit(means, classes)
    return float(baseline.score(_flat(splits.test.x), splits.test.y))


def softmax_regression_accuracy(splits: data.Splits) -> float:
    """Return the test accuracy of softmax regression on the pixels, 60 steps of L-BFGS."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    baseline = LogisticRegression(max_iter=60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 60 steps are enough for a baseline.
        baseline.fit(_flat(splits.train.x), splits.train.y)
    return float(baseline.score(_flat(splits.test.x), splits.test.y))


def save_image_classifier_figures(run_dir, model, splits: data.Splits, history, metrics: dict) -> None:
    """Save the curves, the confusion matrix, the first and the worst examples of the test part."""
    names, scores = splits.info.class_names, model.predict(splits.test.x, batch_size=256, verbose=0)
    _cli.save_figures(
        run_dir,
        learning_curves=plots.learning_curves(history),
        confusion_matrix=plots.confusion_matrix(metrics["confusion_matrix"], names),
        examples=plots.examples(*splits.test, scores, names),
        worst_examples=plots.examples(*splits.test, scores, names, worst=True),
    )


def _flat(x):
    return x.reshape(len(x), -1)
