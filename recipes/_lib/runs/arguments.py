"""Checks of the options of recipes. The errors read as those of `dlguide`."""

import difflib
import math
from collections.abc import Iterable
from typing import Any

POSITIVE = ("epochs", "batch_size", "latent_dim", "hidden_units", "trials", "samples", "networks", "games")
POSITIVE += ("rounds", "steps", "images")
SMALLEST_LIMIT = 60
"""Smaller sets of examples miss classes, or have fewer examples than a baseline needs."""


def check(options: dict) -> None:
    """Refuse bad values before anything is loaded; the names mean the same in every recipe."""
    for name, value in options.items():
        if name in POSITIVE and value is not None and value < 1:
            raise error(name, "an integer of at least 1", value)
        if name == "limit" and value is not None and value < SMALLEST_LIMIT:
            raise error(name, f"an integer of at least {SMALLEST_LIMIT}", value)
        if name == "seed" and not 0 <= value < 2**32:
            raise error(name, "an integer from 0 to 4294967295", value)
        if name in ("learning_rate", "temperature") and not 0 < value < math.inf:
            raise error(name, "a number above 0", value)
        if name in ("noise", "weight_decay") and not 0 <= value < math.inf:
            raise error(name, "a number of at least 0", value)
        if name == "dropout" and not 0 <= value < 1:
            raise error(name, "a number in [0, 1)", value)


def did_you_mean(value: Any, known: Iterable[str]) -> str:
    """Return the note of an error that names the known word nearest to a value, if one is near."""
    near = difflib.get_close_matches(str(value), known, 1)
    return f". Did you mean {near[0]!r}?" if near else ""


def error(name: str, must_be: str, value: Any, note: str = "") -> ValueError:
    """Return (not raise) the error for one bad argument."""

    return ValueError(f"`{name}` must be {must_be}. Received: {name}={value!r}{note}")
