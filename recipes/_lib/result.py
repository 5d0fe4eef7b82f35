"""What a recipe finds, and what its inputs are: `recipes._lib.runs.run_files` draws and writes it for a command."""

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
    """What `recipes predict` has to know of an input, from `describe_input`; None if it cannot answer."""
    texts: dict[str, Callable[[], str]] = dataclasses.field(default_factory=dict)
    """Functions that write, by the names of the files."""
    model: Any = None
    """The model that is saved where it is not the trained one."""
    seconds: float | None = None
    """Seconds of the training where they are not those of `history`."""

    def __post_init__(self):
        seconds = self.history.seconds if self.seconds is None else self.seconds
        self.metrics = {**self.metrics, "training_seconds": seconds}


def describe_input(kind: str, splits, *, x=None, **more) -> dict:
    """Return what `recipes predict` has to know of an input of a model: the content of `input.json`.

    `kind` is one of

    - "digit" and "image", a photo of a digit and a picture of a thing, with `margin`, the black pixels around the
      thing; `calibration` adds the temperature of the probabilities later;
    - "reconstruction", a photo of a digit for an autoencoder, with `margin`;
    - "prompt";
    - "word", with the `target_vocabulary` of its sounds;
    - "recall", with the least and the largest number of `pairs`;
    - "numbers", with the training set's `x` and `feature_names` if it has only some of the features;
    - "sequence" of numbers, with `is_series` (the model reads the end of a longer one) and `exact` (no shorter one);
    - "anomaly", numbers, with `threshold`.

    "moves" of a game has nothing else.
    """
    info = splits.info
    x = splits.train.x if x is None else x
    names = ("class_names", "feature_names", "vocabulary", "target_name", "mean", "scale")
    names += ("feature_mean", "feature_scale")
    content = {"kind": kind, "shape": x.shape[1:], **{name: getattr(info, name) for name in names}, **more}
    if kind in ("numbers", "sequence"):
        rows = x.reshape(-1, x.shape[-1]) * (info.feature_scale or 1) + (info.feature_mean or 0)
        # Rounded, because scaling and scaling back changes the last digits.
        ends = {"lowest": rows.min(axis=0), "highest": rows.max(axis=0)}
        content |= {name: (values.astype("float64").round(4) + 0.0).tolist() for name, values in ends.items()}
    return content
