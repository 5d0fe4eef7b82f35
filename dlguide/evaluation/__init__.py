"""Metrics as plain numbers, scores of generators and of codes, a regression model as a formula."""

from dlguide.evaluation._formula import coefficients, formula
from dlguide.evaluation._log_likelihood import log_likelihood
from dlguide.evaluation._metrics import evaluate
from dlguide.evaluation._representations import clustering_accuracy, frechet_distance, linear_probe

__all__ = [
    "clustering_accuracy",
    "coefficients",
    "evaluate",
    "formula",
    "frechet_distance",
    "linear_probe",
    "log_likelihood",
]
