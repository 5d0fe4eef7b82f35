"""`load` reads a data set by name and cuts it to its limit; `load_text` reads a text file."""

import csv
import os
import reprlib
import weakref
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dlguide import _checks
from dlguide.data._sets import FROM_FILE, LOADERS, ORDERED, limit_examples, text_parts

SOURCES = Path(__file__).with_name("sources.csv")
"""The licence and the citation of each data set."""

_test_arrays: weakref.WeakValueDictionary[int, np.ndarray] = weakref.WeakValueDictionary()


class Part(NamedTuple):
    """A part of a data set: examples `x` and targets `y`."""

    x: np.ndarray
    y: np.ndarray

    def __repr__(self) -> str:
        return f"Part(x={self.x.dtype} {self.x.shape}, y={self.y.dtype} {self.y.shape})"


class Info(NamedTuple):
    """Facts about a data set besides its arrays. A field that does not apply is empty."""

    name: str
    licence: str
    citation: str
    num_classes: int | None = None
    class_names: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()
    target_name: str = ""
    vocabulary: tuple[str, ...] = ()
    """The symbol of each id. Id 0 is padding, id 1 any symbol that is not in the training set."""
    target_vocabulary: tuple[str, ...] = ()
    """The same of `y` where it has a vocabulary of its own; ids 2 and 3 are "<start>" and "<end>"."""
    mean: float = 0.0
    scale: float = 1.0
    """For a scaled target: `y * scale + mean` is in its own unit."""
    feature_mean: tuple[float, ...] = ()
    feature_scale: tuple[float, ...] = ()
    """For scaled features: `x * feature_scale + feature_mean` is in their own units."""
    test_dates: tuple[str, ...] = ()
    """For a series: the date of each target of the test set, such as "2008-12" or "2008-12-31"."""

    def __repr__(self) -> str:
        fields = self._asdict().items()
        return f"Info({', '.join(f'{name}={reprlib.repr(value)}' for name, value in fields if value not in ('', ()))})"


class Splits(NamedTuple):
    """A data set split into three parts, each with `.x` and `.y`, and its `info`."""

    train: Part
    valid: Part
    test: Part
    info: Info


def load(name: str, *, limit: int | None = None, seed: int = 0) -> Splits:
    """Load a data set by name.

    | name | `x` of one example | `y` | test set | validation set |
    |---|---|---|---|---|
    | `mnist`, `fashion_mnist` | `(28, 28, 1)` float32 in [0, 1] | class | the published 10,000 | 5,000 of the 60,000 |
    | `mnist1d` | `(40, 1)` float32: a made-up series | class | the published 1,000 | 500 of the 4,000 |
    | `auto_mpg` | `(7,)` float32, own units | miles per gallon | every fifth car | a quarter of the rest |
    | `bikeshare` | `(57,)` float32 in [0, 1] | hires in that hour | every fifth day | a quarter of the other days |
    | `places` | `(24,)` int32 ids of characters | country | a tenth | a ninth of the rest |
    | `pronunciations` | `(34,)` int32 ids of letters | `(4, 34)` int32 ids of sounds | a tenth | a ninth of the rest |
    | `recall` | `(21,)` int32 ids of words | digit of the letter asked for | 10,000 | 10,000; training 100,000 |
    | `sunspots` | `(36, 1)` float32, scaled: 36 months | the next month, scaled | last 20 % | the 16 % before |
    | `co2` | `(52, 1)` float32, scaled: 52 weeks | the next week, scaled | last 20 % | the 16 % before |
    | `vowels` | `(29, 12)` float32: frames | speaker | the published 370 utterances | a fifth of the other 270 |
    | `leaves` | `(427, 1)` float32: outline of a leaf | species | the published 242 | a quarter of the other 200 |
    | `shuttle` | `(9,)` float32, scaled | 1 for an anomaly, else 0 | a fifth | a quarter of the rest |
    | `shakespeare` | `(128,)` int32 ids of characters | the same text one character on | last 10 % | the 10 % before |

    `y` is int32 for classes and ids, and float32 for numbers. `seed` draws the validation set, with the same share of
    each class (in `recall` the training set too), and never the test set. Series and text are cut by position, so
    `seed` changes nothing there. A window may begin in the set before, but its target may not lie there.

    "Scaled" means minus the mean, divided by the standard deviation. Scales and vocabularies are fitted to the training
    set only. Texts and `vowels` are right-padded with 0. `bikeshare` keeps days whole, has one-hot categories, and
    leaves out `casual` and `registered`, whose sum is the target. A word of `pronunciations` has one to four
    pronunciations: ids of the sounds, without stress, between "<start>" and "<end>", then rows of 0. A text of `recall`
    has 4 to 20 pairs such as a4, with different letters, then a question such as a?. The 59 missing weeks
    of `co2` are never targets; in a window each repeats the week before. `shuttle` has only normal rows in the training
    set.

    Args:
        name: One of the names above.
        limit: Largest number of examples in each part, at least 1. They are drawn by `seed`, with the same share of
            each class; of a series or text they are the last ones. If None, all examples.
        seed: Seed of the validation set and of the cut to `limit`, at least 0.

    Returns:
        `Splits(train, valid, test, info)`. Each part unpacks to `x, y`; `info` is an `Info`.

    Raises:
        ValueError: If an argument is out of range, or a file is not the published one.
        OSError: If a file is missing, or `fashion_mnist` cannot be downloaded.

    Example:
        >>> mnist = load("mnist", limit=100)
        >>> mnist.train.x.shape, mnist.info.num_classes
        ((100, 28, 28, 1), 10)
    """
    name = _checks.choice("name", name, tuple(LOADERS))
    limit = _checks.integer("limit", limit, optional=True)
    seed = _checks.integer("seed", seed, at_least=0)

    parts, more = LOADERS[name](seed)
    if limit is not None:
        labelled = "num_classes" in more
        parts = [limit_examples(*part, limit, seed, ordered=name in ORDERED, labelled=labelled) for part in parts]
        if "test_dates" in more:
            more["test_dates"] = more["test_dates"][-limit:]
    if name in FROM_FILE:
        parts = [FROM_FILE[name](x, y, more) for x, y in parts]
    with SOURCES.open(encoding="utf-8") as file:
        [source] = [row for row in csv.DictReader(file) if row["name"] == name]
    return _splits(parts, Info(**source, **more))


def _splits(parts, info: Info) -> Splits:
    """Return the three parts, and remember which arrays are those of the test set."""
    train, valid, test = (Part(*part) for part in parts)
    for array in test:
        _test_arrays[id(array)] = array
    return Splits(train, valid, test, info)


def load_text(path: str | os.PathLike, *, length: int = 128, limit: int | None = None) -> Splits:
    """Load a text of your own, cut like `shakespeare`: 80, 10 and 10 % by position.

    Args:
        path: A text file in UTF-8.
        length: Characters of one example, at least 1.
        limit: Largest number of examples in each part, at least 1: the last ones. If None, all examples.

    Returns:
        `Splits` as from `load("shakespeare")`.

    Raises:
        ValueError: If an argument is out of range, or the file cannot be read, is not a text or is too short.

    Example:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "text.txt")
        >>> _ = path.write_text("to be or not to be, " * 100)
        >>> load_text(path, length=32).train.x.shape
        (49, 32)
    """
    length = _checks.integer("length", length)
    limit = _checks.integer("limit", limit, optional=True)
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")  # Without the byte order mark of Windows.
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"`path` must be a text file in UTF-8. Received: path={str(path)!r} ({error})") from None
    if "\0" in text or len(text) < 10 * (length + 1):
        must = f"`path` must be a text of at least {10 * (length + 1)} characters, none of them 0"
        raise ValueError(f"{must}. Received: path={str(path)!r} of {len(text)} characters")
    parts, more = text_parts(text, length)
    if limit is not None:
        parts = [(x[-limit:], y[-limit:]) for x, y in parts]
    return _splits(parts, Info(path.stem, "", "", **more))


def is_test_part(*arrays: np.ndarray) -> bool:
    """Return whether an array belongs to the test set of a data set from `load`, or is a slice of it, not a copy."""
    arrays = [array for array in arrays if isinstance(array, np.ndarray)]
    return any(np.shares_memory(array, test) for test in list(_test_arrays.values()) for array in arrays)
