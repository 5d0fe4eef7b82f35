"""Training: `fit` is `model.fit` with a seeded order, many steps a call, and runs that survive being killed."""

from dlguide.training._batches import epoch_order
from dlguide.training._fit import fit
from dlguide.training._run import Run

__all__ = ["Run", "epoch_order", "fit"]
