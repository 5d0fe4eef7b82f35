"""Scores of codes that were learned without labels, and of anomaly detectors; `evaluation` exports them."""

import numpy as np

from dlguide import _checks, _data_checks


def linear_probe(train_codes, train_labels, codes, labels, *, c: float | None = None) -> float:
    """Measure what codes tell of the classes: the accuracy of logistic regression on them.

    Args:
        train_codes: Codes with known labels, of shape `(n, dimensions)`; scaled by their own mean
            and standard deviation.
        train_labels: Class of each, of shape `(n,)`, at least two classes.
        codes: Codes to be told, of shape `(m, dimensions)`.
        labels: Class of each, of shape `(m,)`.
        c: Inverse strength of the L2 penalty, above 0; None chooses it by cross-validation on the codes
            with known labels, of which each class then needs two or more.

    Returns:
        The accuracy on `codes`, in [0, 1].

    Raises:
        ValueError: If the arrays do not fit together, there is one class only, or `c` is not above 0.

    Example:
        >>> linear_probe([[0.0], [1.0]], [0, 1], [[-1.0], [2.0]], [0, 1], c=1.0)
        1.0

    Reference:
        Alain & Bengio, "Understanding intermediate layers using linear classifier probes" (2017).
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    c = None if c is None else _checks.number("c", c, above=0)
    train_codes, train_labels = _codes_and_labels("train_codes", train_codes, "train_labels", train_labels)
    codes, labels = _codes_and_labels("codes", codes, "labels", labels)
    if len(np.unique(train_labels)) < 2:
        raise _checks.error("train_labels", "labels of two classes or more", train_labels)
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=c or 1.0, max_iter=2000))
    if c is None:
        fewest = np.unique(train_labels, return_counts=True)[1].min()
        if fewest < 2:
            raise _checks.error("train_labels", "two or more of each class, or `c` given", train_labels)
        probe = GridSearchCV(probe, {"logisticregression__C": np.logspace(-4, 2, 7)}, cv=min(5, int(fewest)))
    return float(probe.fit(train_codes, train_labels).score(codes, labels))


def clustering_accuracy(labels, clusters) -> float:
    """Measure how well clusters agree with classes, each cluster named after one class so that it is best.

    Args:
        labels: Class of each example, integers of shape `(n,)`.
        clusters: Cluster of each example, integers of shape `(n,)`; at most one cluster bears the
            name of a class, so with more clusters than classes some are all wrong.

    Returns:
        The share of examples whose cluster bears the name of their class, in [0, 1].

    Raises:
        ValueError: If the arrays do not fit together.

    Example:
        >>> clustering_accuracy([0, 0, 1, 1], [5, 5, 2, 5])
        0.75

    Reference:
        Kuhn, "The Hungarian method for the assignment problem" (1955).
    """
    from scipy.optimize import linear_sum_assignment
    from sklearn.metrics.cluster import contingency_matrix

    labels, clusters = _data_checks.array("labels", labels, (1,)), _data_checks.array("clusters", clusters, (1,))
    if len(labels) != len(clusters) or not len(labels):
        raise ValueError(
            "`labels` and `clusters` must have the same length, at least 1. "
            f"Received: labels of length {len(labels)}, clusters of length {len(clusters)}"
        )
    counts = contingency_matrix(labels, clusters)
    return float(counts[linear_sum_assignment(counts, maximize=True)].sum() / len(labels))


def anomaly_threshold(scores, labels, *, false_alarms: float | None = None) -> float:
    """Choose the score from which an example counts as an anomaly, on validation data.

    Args:
        scores: Anomaly score of each example of the validation set, the higher the stranger, `(n,)`.
        labels: 1 for an anomaly, 0 for none, of shape `(n,)`.
        false_alarms: Largest share of the normal examples at or above the threshold, in [0, 1); None
            for the threshold with the best F1 score, which needs some anomalies.

    Returns:
        The threshold: an example is called an anomaly where its score is at least that.

    Raises:
        ValueError: If there are no validation data, they do not fit together, or there is none
            of the kind that the threshold is chosen by: anomalies, or normal ones with `false_alarms`.

    Example:
        >>> anomaly_threshold([0.1, 0.2, 0.9, 0.8], [0, 0, 1, 1])
        0.8
    """
    if scores is None or labels is None or not np.size(scores):
        raise ValueError("`scores` and `labels` must be those of validation data: a threshold is chosen on them")
    scores, labels = _data_checks.array("scores", scores, (1,)), _data_checks.array("labels", labels, (1,))
    if len(scores) != len(labels):
        raise ValueError(
            "`scores` and `labels` must have the same length. "
            f"Received: scores of length {len(scores)}, labels of length {len(labels)}"
        )
    _data_checks.labels("labels", labels, 2)
    if false_alarms is not None:
        share = _checks.rate("false_alarms", false_alarms)
        normal = np.sort(scores[labels == 0])
        if not len(normal):
            raise _checks.error("labels", "0 for some examples", labels)
        allowed = int(share * len(normal))
        return float(np.nextafter(normal[len(normal) - allowed - 1], np.inf))
    if not labels.any():
        raise _checks.error("labels", "1 for some examples, or `false_alarms` given", labels)
    from sklearn.metrics import precision_recall_curve

    precision, recall, thresholds = precision_recall_curve(labels, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(thresholds[f1[:-1].argmax()])


def _codes_and_labels(codes_name: str, codes, labels_name: str, labels):
    codes, labels = _data_checks.array(codes_name, codes, (2,)), _data_checks.array(labels_name, labels, (1,))
    if len(codes) != len(labels) or not len(codes):
        raise ValueError(
            f"`{codes_name}` and `{labels_name}` must have the same length, at least 1. Received: {codes_name} of "
            f"length {len(codes)}, {labels_name} of length {len(labels)}"
        )
    return codes, labels
