"""The options of the recipes: what each one means, and which values it may have. Errors read as those of `dlguide`."""

import difflib
import math
import numbers
import operator
from collections.abc import Sequence
from typing import Any

WORDS = {
    "epochs": "Passes over the training set; of a search, in each whole trial; of an agent, 12,800 steps each.",
    "batch_size": "Number of training examples in each step.",
    "learning_rate": "Learning rate; the highest one where it changes during training.",
    "weight_decay": "Weight decay of AdamW.",
    "dropout": "Dropout rate, in [0, 1).",
    "ngram_dropout": "Share of the n-grams that are dropped in training, in [0, 1).",
    "latent_dim": "Numbers in the code of an example; of a GAN, numbers that an image is made from.",
    "hidden_units": "Number of units of the hidden layer.",
    "temperature": "Temperature of the contrastive loss: a lower one counts the most similar images more.",
    "noise": "Standard deviation of the noise that is added to the images.",
    "loss": "Loss of the action values: the squared error (mse) or the Huber loss.",
    "env": "Environment of gymnasium: CartPole-v1 or Acrobot-v1.",
    "corpus": "File of a text of your own, in UTF-8, to train on instead.",
    "samples": "Codes per image for the likelihood. None: 1000, in proportion fewer with --limit, at least 100.",
    "method": "tpe draws settings near those of good trials and stops bad trials early; random does neither.",
    "trials": "Budget in whole trials; what is stopped early leaves its epochs to further trials.",
    "seed": "Seed of the validation set, of the first weights and of all other random numbers.",
    "limit": "At most so many examples of each set, for a quick look. None: all.",
    "run_dir": "Folder of the run. None: the unfinished run of the same options, or the next number in runs/NAME/.",
}
"""What each option means, the same in every recipe; `--help` shows it."""


def check(options: dict) -> None:
    """Refuse bad values before anything is loaded; the names mean the same in every recipe."""
    for name, value in options.items():
        if name in ("epochs", "batch_size", "latent_dim", "hidden_units", "trials"):
            integer(name, value)
        elif name in ("limit", "samples"):
            integer(name, value, optional=True)
        elif name == "seed":
            integer(name, value, at_least=0)
        elif name in ("learning_rate", "temperature"):
            number(name, value, above=0)
        elif name in ("noise", "weight_decay"):
            number(name, value, at_least=0)


def error(name: str, must_be: str, value: Any) -> ValueError:
    """Return (not raise) the error for one bad argument."""
    return ValueError(f"`{name}` must be {must_be}. Received: {name}={value!r}")


def integer(name: str, value: Any, *, at_least: int = 1, optional: bool = False) -> int | None:
    """Return `value` as an `int`, or raise; NumPy integers pass, booleans and floats do not."""
    if optional and value is None:
        return None
    try:
        found = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        found = None
    if found is None or found < at_least:
        raise error(name, f"an integer of at least {at_least}{' or None' if optional else ''}", value)
    return found


def number(name: str, value: Any, *, above: float = -math.inf, at_least: float = -math.inf) -> float:
    """Return `value` as a finite `float` inside its range, or raise."""
    is_real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_real or not math.isfinite(value) or value <= above or value < at_least:
        limit = f" of at least {at_least}" if at_least > -math.inf else f" above {above}" if above > -math.inf else ""
        raise error(name, f"a number{limit}", value)
    return float(value)


def choice(name: str, value: Any, choices: Sequence[str]) -> str:
    """Return `value` if it is one of `choices`; the error suggests the nearest one."""
    if value in choices:
        return value
    near = difflib.get_close_matches(str(value), choices, n=1)
    hint = f". Did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"{error(name, 'one of ' + ', '.join(map(repr, choices)), value)}{hint}")
