"""`load`: read a data set by name, shorten it, and add its licence and citation."""

import weakref
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dlguide import _checks
from dlguide.data._sets import IMAGES, LOADERS, ORDERED, limit_examples, text_parts

LICENCES = {
    "mnist": "CC BY-SA 3.0",
    "fashion_mnist": "MIT",
    "mnist1d": "Apache-2.0",
    "auto_mpg": "BSD-3-Clause (package); data: UCI Machine Learning Repository",
    "bikeshare": "BSD (package); data: Capital Bikeshare, UCI Machine Learning Repository",
    "places": "CC BY 4.0",
    "recall": "none needed: made by rule",
    "sunspots": "public domain",
    "co2": "public domain",
    "vowels": "BSD-3-Clause (package); data: UCI Machine Learning Repository",
    "shuttle": "BSD-3-Clause (package); data: UCI Machine Learning Repository",
    "shakespeare": "out of copyright",
}

CITATIONS = {
    "mnist": "LeCun, Bottou, Bengio & Haffner, Gradient-based learning applied to document recognition, 1998",
    "fashion_mnist": "Xiao, Rasul & Vollgraf, Fashion-MNIST, arXiv:1708.07747, 2017",
    "mnist1d": "Greydanus & Kobak, Scaling down deep learning with MNIST-1D, arXiv:2011.14439, 2020",
    "auto_mpg": "Quinlan, Combining instance-based and model-based learning, 1993",
    "bikeshare": "Fanaee-T & Gama, Event labeling combining ensemble detectors and background knowledge, 2014",
    "places": "GeoNames, places of more than 500 inhabitants, https://www.geonames.org",
    "recall": "the task: Arora et al., Zoology: Measuring and improving recall in efficient language models, 2023",
    "sunspots": "SIDC, Royal Observatory of Belgium, monthly sunspot numbers",
    "co2": "Keeling & Whorf, Atmospheric CO2 from continuous air samples at Mauna Loa Observatory",
    "vowels": "Kudo, Toyama & Shimbo, Multidimensional curve classification using passing-through regions, 1999",
    "shuttle": "Statlog (Shuttle), NASA, UCI Machine Learning Repository",
    "shakespeare": "William Shakespeare, nine plays",
}

_test_arrays: weakref.WeakValueDictionary[int, np.ndarray] = weakref.WeakValueDictionary()


class Part(NamedTuple):
    """One part of a data set: `x` has the examples, `y` what is to be predicted."""

    x: np.ndarray
    y: np.ndarray


class Info(NamedTuple):
    """What there is to know of a data set beside its arrays; what does not apply is empty."""

    name: str
    licence: str
    citation: str
    num_classes: int | None = None
    class_names: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()
    target_name: str = ""
    vocabulary: tuple[str, ...] = ()
    """The symbol of each id; id 0 is padding, id 1 a symbol that the training set lacks."""
    mean: float = 0.0
    scale: float = 1.0
    """Of a scaled target: `y * scale + mean` is in the target's own unit."""
    feature_mean: tuple[float, ...] = ()
    feature_scale: tuple[float, ...] = ()
    """Of scaled features: `x * feature_scale + feature_mean` is in their own units; empty where `x` is not scaled."""
    test_dates: tuple[str, ...] = ()
    """Of a series: the date of each target of the test set, as "2008-12" or "2008-12-31"."""


class Splits(NamedTuple):
    """A data set cut into parts, each with `.x` and `.y`, and its `info`."""

    train: Part
    valid: Part
    test: Part
    info: Info


def load(name: str, *, limit: int | None = None, seed: int = 0) -> Splits:
    """Load a data set by name.

    | name | `x` of one example | `y` | test set | validation set |
    |---|---|---|---|---|
    | `mnist`, `fashion_mnist` | `(28, 28, 1)` float32 in [0, 1] | class, int32 | the published 10,000 | 5,000 of the 60,000, drawn by `seed`, each class with its share |
    | `mnist1d` | `(40, 1)` float32: a made-up series | class, int32 | the published 1,000 | 500 of the 4,000, drawn by `seed`, each class with its share |
    | `auto_mpg` | `(7,)` float32, own units | miles per gallon, float32 | every fifth car (the file is sorted by year) | a quarter of the rest, drawn by `seed` |
    | `bikeshare` | `(57,)` float32, in [0, 1]: categories one-hot | hires in that hour, float32 | every fifth day, whole | a quarter of the other days, drawn by `seed`, whole |
    | `places` | `(24,)` int32 ids of characters, padded with 0 | country, int32 | a tenth of each country, the same whatever the seed | a ninth of the rest, drawn by `seed`, by country |
    | `recall` | `(21,)` int32 ids of words, padded with 0: 4 to 20 pairs such as a4, then a question such as a? | the digit of the letter, int32 | 10,000, the same whatever the seed | 10,000, drawn by `seed` like the 100,000 of the training set |
    | `sunspots` | `(36, 1)` float32, scaled: 36 months | the next month, scaled | last 20 % | the 16 % before |
    | `co2` | `(52, 1)` float32, scaled: 52 weeks | the next week, scaled | last 20 % | the 16 % before |
    | `vowels` | `(29, 12)` float32: frames, then rows of zeros | speaker, int32 | the published 370 utterances | a fifth of the other 270, drawn by `seed`, by speaker |
    | `shuttle` | `(9,)` float32, scaled | 1 for an anomaly, int32 | a fifth of all rows, the same whatever the seed | a quarter of the rest, drawn by `seed`; the training set keeps normal rows only |
    | `shakespeare` | `(128,)` int32 ids of characters | the same text one character on | the last 10 % | the 10 % before |

    Series and text are cut by position and never shuffled, so `seed` changes nothing there; a
    window of the test set may look back into the set before it, its target never. Of `co2`'s 59
    missing weeks each counts as the week before where it is looked at, and is never a target.
    Scaled means less the mean, divided by the standard deviation of the training set. Whatever
    is fitted (scale, vocabulary) sees the training set only. `recall` is made by rule: all letters of a
    text differ, and the three sets come from separate streams of random numbers. `bikeshare` leaves out the columns
    `casual` and `registered`, whose sum is the target, and the day of the year.

    Args:
        name: One of the names above.
        limit: At most this many examples of each part, at least 1: drawn by `seed` with each
            class's share kept where there are classes, the last ones of a series or text. All
            of them where it is None.
        seed: Draws the validation set and the cut by `limit`, at least 0; never the test set.

    Returns:
        `Splits(train, valid, test, info)`; each part unpacks to `x, y`. `info` has `name,
        num_classes, class_names, feature_names, target_name, vocabulary, mean, scale, feature_mean,
        feature_scale, test_dates, licence, citation`. Where `x` is scaled, `x * feature_scale + feature_mean` is
        in the data's own units, one number of each for a feature; elsewhere both are empty.

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
    if name in IMAGES:  # After the limit, so that only the images that are left are converted.
        parts = [(x[..., None] / np.float32(255), y) for x, y in parts]
    train, valid, test = (Part(*part) for part in parts)

    for array in test:
        _test_arrays[id(array)] = array
    return Splits(train, valid, test, Info(name, LICENCES[name], CITATIONS[name], **more))


def load_text(path, *, length: int = 128, limit: int | None = None) -> Splits:
    """Load a text of one's own, cut as `shakespeare` is: 80, 10 and 10 % by position.

    Args:
        path: A text file in UTF-8.
        length: Characters of one example, at least 1.
        limit: At most this many examples of each part, the last ones, at least 1; None for all.

    Returns:
        `Splits` as `load` gives it: `x` of shape `(n, length)`, int32 ids of characters, `y` the same one
        character on. The licence is left empty.

    Raises:
        ValueError: If an argument is out of range, or the file cannot be read, is no text or is too short.

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
        text = path.read_text(encoding="utf-8-sig")  # Without the mark that Windows puts first.
    except OSError as error:
        raise ValueError(
            f"`path` must be a file that can be read. Received: path={str(path)!r} ({error.strerror})"
        ) from None
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ValueError(f"`path` must be a text file in UTF-8. Received: path={str(path)!r}, which is none")
    least = 10 * (length + 1)
    if len(text) < least:
        raise ValueError(
            f"`path` must be a text of at least {least} characters, for parts of {length} and more. "
            f"Received: path={str(path)!r} of {len(text)} characters"
        )
    parts, more = text_parts(text, length)
    if limit is not None:
        parts = [(x[-limit:], y[-limit:]) for x, y in parts]
    train, valid, test = (Part(*part) for part in parts)
    for array in test:
        _test_arrays[id(array)] = array
    return Splits(train, valid, test, Info(path.stem, "", "", **more))


def is_test_part(*arrays) -> bool:
    """Tell whether an array is of the test set of a data set that `load` gave, or is a slice of one.

    Args:
        *arrays: Arrays to look at. A copy is not recognised.

    Returns:
        True if one of them is.

    Example:
        >>> mpg = load("auto_mpg")
        >>> is_test_part(mpg.train.x), is_test_part(mpg.test.x[:5])
        (False, True)
    """
    return any(
        np.shares_memory(array, test_array)
        for test_array in list(_test_arrays.values())
        for array in arrays
        if isinstance(array, np.ndarray)
    )
