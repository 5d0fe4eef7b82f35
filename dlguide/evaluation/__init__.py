"""Metrics of a trained model as plain numbers, and the log-likelihood of a model that draws."""

from dlguide.evaluation._log_likelihood import log_likelihood
from dlguide.evaluation._metrics import evaluate

__all__ = ["evaluate", "log_likelihood"]
