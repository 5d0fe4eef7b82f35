"""How each data set is made from its files and split, and texts as ids; `data.load` has the rules in words."""

import hashlib
import os
import re
import string
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from dlguide import _checks
from dlguide.data._files import read, read_arrays, read_columns

PADDING, UNKNOWN = "", "\N{REPLACEMENT CHARACTER}"  # ids 0 and 1 of every vocabulary

# Of each array's bytes: Keras downloads the files, so their compression is not ours to fix.
FASHION_MNIST_ARRAYS = {
    "x_train": "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
    "y_train": "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
    "x_test": "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
    "y_test": "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
}


def encode(texts: Iterable[Sequence[str]], vocabulary: Sequence[str], length: int) -> np.ndarray:
    """Turn texts into ids of shape `(texts, length)`, int32, cut or padded with 0 at the end.

    Args:
        texts: The texts, each a string or a list of words; a symbol that is not in `vocabulary` gets id 1.
        vocabulary: The symbol of each id, such as `info.vocabulary`.
        length: Number of ids for each text, at least 1.

    Returns:
        An int32 array of shape `(len(texts), length)`.

    Raises:
        ValueError: If `length` is below 1.

    Example:
        >>> encode(["abx"], ["", "?", "a", "b"], length=4).tolist()
        [[2, 3, 1, 0]]
    """
    length = _checks.integer("length", length)
    ids = {symbol: i for i, symbol in enumerate(vocabulary)}
    texts = list(texts)
    encoded = np.zeros((len(texts), length), "int32")
    for row, text in zip(encoded, texts, strict=True):
        row[: len(text)] = [ids.get(symbol, 1) for symbol in text[:length]]
    return encoded


def decode(ids: Iterable[int], vocabulary: Sequence[str]) -> str:
    """Turn the ids of one text back into the text; padding vanishes.

    Args:
        ids: Ids of one text.
        vocabulary: The symbol of each id, such as `info.vocabulary`.

    Returns:
        The text.

    Example:
        >>> decode([2, 3, 0], ["", "?", "a", "b"])
        'ab'
    """
    return "".join(vocabulary[i] for i in ids)


# Cuts


def _balanced_order(y: np.ndarray, seed: int) -> np.ndarray:
    """Draw an order of the rows in which every beginning has each class with its share."""
    order = np.random.default_rng(seed).permutation(len(y))
    progress = np.empty(len(y))
    for value in np.unique(y):
        places = np.flatnonzero(y[order] == value)
        progress[places] = (np.arange(len(places)) + 0.5) / len(places)
    return order[np.argsort(progress, kind="stable")]


def _share(y: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Draw a share of the rows, the same share of each class; True where drawn."""
    drawn = np.zeros(len(y), bool)
    drawn[_balanced_order(y, seed)[: round(share * len(y))]] = True
    return drawn


def _share_of_rest(rest: np.ndarray, share: float, seed: int, y: np.ndarray | None = None) -> np.ndarray:
    """Draw a share of the rows where `rest` is True, by class where `y` has classes."""
    drawn = np.zeros(len(rest), bool)
    drawn[rest] = _share(np.zeros(rest.sum()) if y is None else y[rest], share, seed)
    return drawn


def limit_examples(x, y, limit: int, seed: int, *, ordered: bool, labelled: bool) -> tuple:
    """Cut one part to `limit` examples: the last ones of a series, else drawn, by class where there are any."""
    if ordered:
        return x[-limit:], y[-limit:]
    kept = np.sort(_balanced_order(y if labelled else np.zeros(len(y)), seed)[:limit])
    return x[kept], y[kept]


def _cut(x, y, is_valid, is_test) -> list[tuple]:
    return [(x[rows], y[rows]) for rows in (~is_valid & ~is_test, is_valid & ~is_test, is_test)]


def _windows(values: np.ndarray, target: np.ndarray, length: int, dates: Sequence[str]) -> tuple[list[tuple], dict]:
    """Cut a series `(time, features)` into windows and next values, by time; NaN is missing."""
    n = len(values)
    ends = [round(0.64 * n), round(0.8 * n), n]
    mean, scale = np.nanmean(values[: ends[0]], axis=0), np.nanstd(values[: ends[0]], axis=0)
    target_mean, target_scale = np.nanmean(target[: ends[0]]), np.nanstd(target[: ends[0]])

    y = (target - target_mean) / target_scale
    x = (values - mean) / scale
    for time in range(1, n):  # A gap is filled from the past: the next value may be the target.
        x[time] = np.where(np.isnan(x[time]), x[time - 1], x[time])
    windows = np.lib.stride_tricks.sliding_window_view(x, length, axis=0).swapaxes(1, 2)

    parts = []
    for start, end in zip([length, *ends], ends, strict=False):
        times = np.arange(start, end)
        times = times[~np.isnan(y[times])]
        parts.append((windows[times - length].astype("float32"), y[times].astype("float32")))
    more = {"mean": float(target_mean), "scale": float(target_scale)}
    more |= {"feature_mean": tuple(mean.tolist()), "feature_scale": tuple(scale.tolist())}
    return parts, {**more, "test_dates": tuple(dates[time] for time in times)}  # The test set comes last.


# Data sets: each gives the three parts and what `Info` says beyond the name.


def _images(x_train, y_train, x_test, y_test, seed: int, class_names: Sequence[str]):
    """Split images into the three sets, as bytes; `load` makes numbers from 0 to 1 of them, after its limit."""
    drawn = _share(y_train, 5000 / 60000, seed)
    parts = [(x_train[~drawn], y_train[~drawn]), (x_train[drawn], y_train[drawn]), (x_test, y_test)]
    parts = [(x, y.astype("int32")) for x, y in parts]
    return parts, {"num_classes": 10, "class_names": tuple(class_names)}


def _mnist(seed: int):
    return _images(**read_arrays("mnist.npz"), seed=seed, class_names="0123456789")


def _fashion_mnist(seed: int):
    import keras

    files = [f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("labels-idx1", "images-idx3")]
    folder = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "datasets" / "fashion-mnist"
    try:
        (x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
    except Exception as error:  # Keras raises a bare Exception when a download fails.
        raise OSError(
            f"fashion_mnist could not be downloaded ({' '.join(str(error).split())}). "
            f"Put the four files {', '.join(files)} into {folder}, "
            f"for example from Debian's package dataset-fashion-mnist."
        ) from None
    arrays = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    for array_name, array in arrays.items():
        received, expected = hashlib.sha256(array.tobytes()).hexdigest(), FASHION_MNIST_ARRAYS[array_name]
        if received != expected:
            raise ValueError(
                f"{array_name} of fashion_mnist in {folder} is damaged. Expected: sha256 {expected}. "
                f"Received: sha256 {received}. Delete {', '.join(files)} there, to have them downloaded again."
            )
    names = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
    return _images(**arrays, seed=seed, class_names=names)


def _mnist1d(seed: int):
    arrays = read_arrays("mnist1d.npz")
    x, y, x_test, y_test = (arrays[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    drawn = _share(y, 500 / 4000, seed)
    parts = [(x[~drawn], y[~drawn]), (x[drawn], y[drawn]), (x_test, y_test)]
    parts = [(x[..., None], y.astype("int32")) for x, y in parts]
    return parts, {"num_classes": 10, "class_names": tuple("0123456789")}


def _auto_mpg(seed: int):
    columns = read_columns("auto_mpg.csv")
    y = np.array(columns.pop("mpg"), "float32")
    x = np.array(list(columns.values()), "float32").T
    is_test = np.arange(len(y)) % 5 == 4
    is_valid = _share_of_rest(~is_test, 0.25, seed)
    return _cut(x, y, is_valid, is_test), {"feature_names": tuple(columns), "target_name": "mpg"}


def _bikeshare(seed: int):
    columns = read_columns("bikeshare.csv.gz")
    features = {}
    for column in ("season", "mnth", "hr", "weekday", "weathersit"):
        values = np.array(columns[column])
        features |= {f"{column}={value}": values == value for value in dict.fromkeys(columns[column])}
    for column in ("holiday", "workingday", "temp", "atemp", "hum", "windspeed"):
        features[column] = np.array(columns[column], "float32")
    x = np.array(list(features.values()), "float32").T
    y = np.array(columns["bikers"], "float32")

    day = np.array(columns["day"], int)
    days = np.unique(day)
    is_test_day = days % 5 == 0
    is_valid_day = _share_of_rest(~is_test_day, 0.25, seed)
    is_test, is_valid = np.isin(day, days[is_test_day]), np.isin(day, days[is_valid_day])
    return _cut(x, y, is_valid, is_test), {"feature_names": tuple(features), "target_name": "hires"}


_COUNTRIES = {
    "AU": "Australia", "BR": "Brazil", "CA": "Canada", "CI": "Ivory Coast", "CN": "China", "DE": "Germany",
    "ES": "Spain", "FR": "France", "GB": "United Kingdom", "ID": "Indonesia", "IN": "India", "IT": "Italy",
    "MX": "Mexico", "PH": "Philippines", "PL": "Poland", "RO": "Romania", "RU": "Russia", "TR": "Turkey",
    "UA": "Ukraine", "US": "United States",
}  # fmt: skip


def _places(seed: int):
    columns = read_columns("place_names.csv.gz")
    codes = list(_COUNTRIES)
    numbers = {code: number for number, code in enumerate(codes)}
    y = np.array([numbers[code] for code in columns["country"]], "int32")
    is_test = _share(y, 0.1, 0)
    is_valid = _share_of_rest(~is_test, 1 / 9, seed, y)

    names = np.array(columns["name"])
    vocabulary = (PADDING, UNKNOWN, *sorted(set("".join(names[~is_test & ~is_valid]))))
    x = encode(names, vocabulary, length=24)
    more = {"num_classes": len(codes), "class_names": tuple(_COUNTRIES.values()), "vocabulary": vocabulary}
    return _cut(x, y, is_valid, is_test), more


def _recall(seed: int):
    # Three streams of random numbers; that of the test set is the same whatever the seed.
    sizes = {(1, seed): 100_000, (2, seed): 10_000, (3, 0): 10_000}
    parts = [_recall_part(number, np.random.default_rng(stream)) for stream, number in sizes.items()]
    words = [letter + sign for letter in string.ascii_lowercase for sign in string.digits + "?"]
    more = {"num_classes": 10, "class_names": tuple(string.digits), "vocabulary": (PADDING, UNKNOWN, *words)}
    return parts, more


def _recall_part(number: int, rng: np.random.Generator):
    """Draw texts such as "a4 f7 c1 d1 f?" as ids of their words, and the digits that answer them."""
    least, most = 4, 20
    pairs = rng.integers(least, most + 1, size=number)
    letters = rng.permuted(np.tile(np.arange(26), (number, 1)), axis=1)[:, :most]
    digits = rng.integers(10, size=(number, most))
    asked, rows = rng.integers(pairs), np.arange(number)

    x = np.zeros((number, most + 1), "int32")
    x[:, :-1] = np.where(np.arange(most) < pairs[:, None], 2 + 11 * letters + digits, 0)
    x[rows, pairs] = 2 + 11 * letters[rows, asked] + 10
    return x, digits[rows, asked].astype("int32")


def _series(file_name: str, column: str, length: int):
    table = read_columns(file_name)
    values = np.array([float(cell) if cell else np.nan for cell in table[column]])
    dates = [_iso_date(cell) for cell in next(iter(table.values()))]  # The first column.
    parts, more = _windows(values[:, None], values, length, dates)
    return parts, {**more, "feature_names": (column,), "target_name": column}


def _iso_date(text: str) -> str:
    """Turn "1749-01" and "19580329" into "1749-01" and "1958-03-29"."""
    digits = re.sub(r"\D", "", text)
    return "-".join(filter(None, [digits[:4], digits[4:6], digits[6:]]))


def _sunspots(seed: int):
    return _series("sunspots_monthly.csv", "sunspots", length=36)


def _co2(seed: int):
    return _series("co2_weekly.csv", "co2", length=52)


def _vowels(seed: int):
    arrays = read_arrays("japanese_vowels.npz")
    x, y = arrays["x_train"].astype("float32"), arrays["y_train"].astype("int32") - 1
    test = (arrays["x_test"].astype("float32"), arrays["y_test"].astype("int32") - 1)
    drawn = _share(y, 0.2, seed)
    parts = [(x[~drawn], y[~drawn]), (x[drawn], y[drawn]), test]
    return parts, {"num_classes": 9, "class_names": tuple(f"speaker {i}" for i in range(1, 10))}


def _shuttle(seed: int):
    arrays = read_arrays("shuttle.npz")
    x, y = arrays["x"].astype("float32"), arrays["y"].astype("int32")
    is_test = _share(y, 0.2, 0)
    is_valid = _share_of_rest(~is_test, 0.25, seed, y)
    train, *others = _cut(x, y, is_valid, is_test)
    normal = tuple(array[train[1] == 0] for array in train)
    mean, scale = normal[0].mean(axis=0, dtype="float64"), normal[0].std(axis=0, dtype="float64")
    parts = [(((x - mean) / scale).astype("float32"), y) for x, y in (normal, *others)]
    more = {"num_classes": 2, "class_names": ("normal", "anomaly")}
    return parts, {**more, "feature_mean": tuple(mean.tolist()), "feature_scale": tuple(scale.tolist())}


def _shakespeare(seed: int):
    return text_parts(read("shakespeare.txt.gz").decode(), length=128)


def text_parts(text: str, length: int):
    """Cut a text by position into 80, 10 and 10 %, each into sequences and the same one character on."""
    ends = [int(0.8 * len(text)), int(0.9 * len(text)), len(text)]
    vocabulary = (PADDING, UNKNOWN, *sorted(set(text[: ends[0]])))
    ids = encode([text], vocabulary, len(text))[0]
    parts = []
    for start, end in zip([0, *ends], ends, strict=False):
        n = (end - start - 1) // length
        inputs, targets = (ids[start + shift : start + shift + n * length] for shift in (0, 1))
        parts.append((inputs.reshape(n, length), targets.reshape(n, length)))
    return parts, {"vocabulary": vocabulary}


IMAGES = {"mnist", "fashion_mnist"}
ORDERED = {"sunspots", "co2", "shakespeare"}
LOADERS = {
    "mnist": _mnist,
    "fashion_mnist": _fashion_mnist,
    "mnist1d": _mnist1d,
    "auto_mpg": _auto_mpg,
    "bikeshare": _bikeshare,
    "places": _places,
    "recall": _recall,
    "sunspots": _sunspots,
    "co2": _co2,
    "vowels": _vowels,
    "shuttle": _shuttle,
    "shakespeare": _shakespeare,
}
