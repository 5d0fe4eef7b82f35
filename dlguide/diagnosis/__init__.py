"""Why a network does not learn: checks of a compiled model and its data, each proved by a short training."""

from dlguide.diagnosis._check import check
from dlguide.diagnosis._report import Finding, Report

__all__ = ["Finding", "Report", "check"]
