"""What a recipe finds. Nothing is drawn or written by a recipe: `recipes._lib.runs.run_files` does it for a command."""

import dataclasses
from collections.abc import Callable
from typing import Any


@dataclasses.dataclass
class Result:
    """The result of a recipe; `metrics` gets `training_seconds` as its last one."""

    metrics: dict
    history: Any
    """What `training.fit` returns, or losses and metrics by name, with `seconds`."""
    figures: dict[str, Callable]
    """Functions that draw, by the names of the files: a figure is drawn only if it is saved."""
    input: dict | None = None
    """What `recipes predict` has to know of an input, from `input_description`; None if it cannot answer."""
    texts: dict[str, Callable[[], str]] = dataclasses.field(default_factory=dict)
    """Functions that write, by the names of the files."""
    model: Any = None
    """The model that is saved where it is not the trained one."""
    seconds: float | None = None
    """Seconds of the training where they are not those of `history`."""

    def __post_init__(self):
        seconds = self.history.seconds if self.seconds is None else self.seconds
        self.metrics = {**self.metrics, "training_seconds": seconds}
