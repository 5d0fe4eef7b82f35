"""Pictures: each function returns a matplotlib figure, opens no window and needs no display.

Save one with `figure.savefig("name.png")`; a notebook shows it as the last value of a cell. Chinese characters need no
font of the reader: one comes with the package.
"""

from dlguide.plots._codes import codes
from dlguide.plots._images import examples, image_grid
from dlguide.plots._learning_curves import learning_curves
from dlguide.plots._matrices import attention, confusion_matrix

__all__ = ["attention", "codes", "confusion_matrix", "examples", "image_grid", "learning_curves"]
