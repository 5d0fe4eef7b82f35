"""Metrics as plain numbers, scores of generators and of representations, a regression model as a formula."""

from dlguide.evaluation._formula import coefficients, formula
from dlguide.evaluation._generator_scores import (
    class_histogram,
    frechet_distance,
    log_likelihood,
    nearest_distances,
    precision_recall,
)
from dlguide.evaluation._metrics import evaluate
from dlguide.evaluation._representations import anomaly_threshold, clustering_accuracy, linear_probe

__all__ = [
    "anomaly_threshold",
    "class_histogram",
    "clustering_accuracy",
    "coefficients",
    "evaluate",
    "formula",
    "frechet_distance",
    "linear_probe",
    "log_likelihood",
    "nearest_distances",
    "precision_recall",
]
