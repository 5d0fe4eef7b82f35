"""Anomaly scores of `anomaly_shuttle`: the threshold, metrics, a picture, and a baseline."""

import numpy as np
from sklearn import metrics
from sklearn.decomposition import PCA

from dlguide import data
from recipes._lib import drawing


def best_threshold(scores: np.ndarray, labels: np.ndarray) -> float:
    """Return the score with the best F1 score on validation data: an anomaly has at least that score."""
    precision, recall, thresholds = metrics.precision_recall_curve(labels, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(thresholds[f1[:-1].argmax()])


def detection_metrics(scores: np.ndarray, labels: np.ndarray, threshold: float) -> dict[str, float]:
    """Return the areas under the ROC and precision-recall curves, and precision and recall at the threshold."""
    precision = metrics.precision_score(labels, scores >= threshold, zero_division=0)
    recall = metrics.recall_score(labels, scores >= threshold)
    return {**areas(scores, labels), "precision": float(precision), "recall": float(recall)}


def areas(scores: np.ndarray, labels: np.ndarray, prefix: str = "") -> dict[str, float]:
    """Return the areas under the ROC curve and the precision-recall curve."""
    auroc, average_precision = metrics.roc_auc_score(labels, scores), metrics.average_precision_score(labels, scores)
    return {f"{prefix}auroc": float(auroc), f"{prefix}average_precision": float(average_precision)}


def score_histogram(scores: np.ndarray, labels: np.ndarray, threshold: float, score_name: str):
    """Draw the distributions of the scores of normal examples and of anomalies, on logarithmic axes."""
    bins = np.geomspace(scores.min(), scores.max() * 1.001, 60)
    with drawing.new_figure(6.4, 4) as figure:
        axes = figure.subplots()
        for label, name, colour in ((0, "normal", "tab:blue"), (1, "anomaly", "crimson")):
            axes.hist(scores[labels == label], bins=bins, alpha=0.6, label=name, color=colour)
        axes.axvline(threshold, color="black", linewidth=1, label=f"threshold {threshold:.3g}")
        axes.set(xscale="log", yscale="log", xlabel=score_name, ylabel="examples")
        axes.legend()
        axes.grid(alpha=0.3)
    return figure


def pca_scores(splits: data.Splits) -> dict[str, float]:
    """Return the areas of a baseline, the squared distance from principal components; validation chooses how many."""

    def distance(pca, x):
        return ((pca.inverse_transform(pca.transform(x)) - x) ** 2).sum(axis=1)

    models = [PCA(n).fit(splits.train.x) for n in range(1, splits.train.x.shape[1])]
    best = max(models, key=lambda pca: areas(distance(pca, splits.valid.x), splits.valid.y)["auroc"])
    return areas(distance(best, splits.test.x), splits.test.y, "baseline_")
