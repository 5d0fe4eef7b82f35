"""Pictures: each function returns a matplotlib figure, opens no window and needs no display.

Save one with `figure.savefig("name.png")`; a notebook shows it as the last value of a cell. A picture of your own
begins with `new_figure`.
"""

from dlguide.plots._examples import examples, feature_maps
from dlguide.plots._figure import new_figure, set_title
from dlguide.plots._models import attention, confusion_matrix, learning_curves
from dlguide.plots._numbers import fitted_curve, forecast, prediction_against_truth
from dlguide.plots._representations import codes, image_grid, score_histogram

__all__ = [
    "attention",
    "codes",
    "confusion_matrix",
    "examples",
    "feature_maps",
    "fitted_curve",
    "forecast",
    "image_grid",
    "learning_curves",
    "new_figure",
    "prediction_against_truth",
    "score_histogram",
    "set_title",
]
