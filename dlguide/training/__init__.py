"""Training: `fit` is `model.fit` with a seeded order, many steps a call, and runs that survive being killed."""

from dlguide.training._batches import epoch_order
from dlguide.training._fit import fit
from dlguide.training._log import History, Log
from dlguide.training._run import Run

__all__ = ["History", "Log", "Run", "epoch_order", "fit"]
