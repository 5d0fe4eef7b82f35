"""Makes each data set from its files and splits it; encodes texts as ids. `data.load` documents the rules."""

import hashlib
import os
import re
import string
from collections.abc import Iterable, Sequence
from pathlib import Path

import keras
import numpy as np

from dlguide.data._files import read, read_arrays, read_columns

PADDING, UNKNOWN = "", "\N{REPLACEMENT CHARACTER}"  # ids 0 and 1 of every vocabulary
START, END = "<start>", "<end>"  # ids 2 and 3 of a vocabulary of targets

# sha256 of the bytes of each array: Keras downloads the files, and their compression may change.
FASHION_MNIST_ARRAYS = {
    "x_train": "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
    "y_train": "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
    "x_test": "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
    "y_test": "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
}


def encode(texts: Iterable[Sequence[str]], vocabulary: Sequence[str], length: int) -> np.ndarray:
    """Return the ids of texts or lists of words, right-padded with 0; an unknown symbol has id 1."""
    ids = {symbol: i for i, symbol in enumerate(vocabulary)}
    encoded = [[ids.get(symbol, 1) for symbol in text] for text in texts]
    return keras.utils.pad_sequences(encoded, maxlen=length, padding="post", truncating="post")


# Splits


def _balanced_order(y: np.ndarray, seed: int) -> np.ndarray:
    """Draw an order of the rows in which the first n rows have the same share of each class, for every n."""
    order = np.random.default_rng(seed).permutation(len(y))
    progress = np.empty(len(y))
    for value in np.unique(y):
        places = np.flatnonzero(y[order] == value)
        progress[places] = (np.arange(len(places)) + 0.5) / len(places)
    return order[np.argsort(progress, kind="stable")]


def _share(y: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Draw a share of the rows, the same share of each class; True marks drawn rows."""
    drawn = np.zeros(len(y), bool)
    drawn[_balanced_order(y, seed)[: round(share * len(y))]] = True
    return drawn


def limit_examples(
    x: np.ndarray, y: np.ndarray, limit: int, seed: int, *, ordered: bool, labelled: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Cut a part to `limit` examples: the last ones of a series, else drawn, the same share of each class."""
    if ordered:
        return x[-limit:], y[-limit:]
    kept = np.sort(_balanced_order(y if labelled else np.zeros(len(y)), seed)[:limit])
    return x[kept], y[kept]


def _cut(x: np.ndarray, y: np.ndarray, is_test: np.ndarray, share: float, seed: int, *, labelled: bool) -> list[tuple]:
    """Draw the validation set, a share of the rows outside the test set: if `labelled`, the same of each class."""
    is_valid = np.zeros(len(y), bool)
    is_valid[~is_test] = _share(y[~is_test] if labelled else np.zeros((~is_test).sum()), share, seed)
    return [(x[rows], y[rows]) for rows in (~is_valid & ~is_test, is_valid, is_test)]


# Data sets: each function returns the three parts and fields of `Info`.


def _published(arrays: dict[str, np.ndarray], share: float, seed: int, class_names: Sequence[str]):
    """Keep the published test set, and draw a share of the other rows as the validation set."""
    x, y, y_test = arrays["x_train"], arrays["y_train"].astype("int32"), arrays["y_test"].astype("int32")
    drawn = _share(y, share, seed)
    parts = [(x[~drawn], y[~drawn]), (x[drawn], y[drawn]), (arrays["x_test"], y_test)]
    return parts, {"num_classes": len(class_names), "class_names": tuple(class_names)}


def _fashion_mnist(seed: int):
    files = [f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("labels-idx1", "images-idx3")]
    folder = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "datasets" / "fashion-mnist"
    try:
        (x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
    except Exception as error:  # Keras raises a bare Exception when a download fails.
        cure = f"Put the files {', '.join(files)} into {folder}, as from Debian's package dataset-fashion-mnist"
        raise OSError(f"fashion_mnist could not be downloaded ({' '.join(str(error).split())}). {cure}.") from None
    arrays = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    for array_name, array in arrays.items():
        received, expected = hashlib.sha256(array.tobytes()).hexdigest(), FASHION_MNIST_ARRAYS[array_name]
        if received != expected:
            damaged = f"{array_name} of fashion_mnist in {folder} is damaged: delete {', '.join(files)} there"
            raise ValueError(f"{damaged}. Expected: sha256 {expected}. Received: sha256 {received}.")
    names = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
    return _published(arrays, 5000 / 60000, seed, names)


def _auto_mpg(seed: int):
    columns = read_columns("auto_mpg.csv")
    y = np.array(columns.pop("mpg"), "float32")
    x = np.array(list(columns.values()), "float32").T
    parts = _cut(x, y, np.arange(len(y)) % 5 == 4, 0.25, seed, labelled=False)
    return parts, {"feature_names": tuple(columns), "target_name": "mpg"}


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
    parts_of_days = _cut(days, days, days % 5 == 0, 0.25, seed, labelled=False)
    parts = [(x[rows], y[rows]) for rows in (np.isin(day, part) for part, _ in parts_of_days)]
    return parts, {"feature_names": tuple(features), "target_name": "hires"}


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
    parts = _cut(np.array(columns["name"]), y, _share(y, 0.1, 0), 1 / 9, seed, labelled=True)
    vocabulary = (PADDING, UNKNOWN, *sorted(set("".join(parts[0][0]))))
    return parts, {"num_classes": len(codes), "class_names": tuple(_COUNTRIES.values()), "vocabulary": vocabulary}


def _pronunciations(seed: int):
    columns = read_columns("cmudict.csv.gz")
    words = np.array(columns["word"])
    cells = re.sub(r"\d", "", "\n".join(columns["pronunciations"])).split("\n")  # A digit is a stress.
    is_test = _share(np.zeros(len(words)), 0.1, 0)
    parts = _cut(words, np.array(cells, object), is_test, 1 / 9, seed, labelled=False)
    train_words, train_cells = parts[0]
    vocabulary = (PADDING, UNKNOWN, *sorted(set("".join(train_words))))
    sounds = set(" ".join(train_cells).replace("|", " ").split())
    return parts, {"vocabulary": vocabulary, "target_vocabulary": (PADDING, UNKNOWN, START, END, *sorted(sounds))}


def _sounds(cells: Sequence[str], vocabulary: Sequence[str]) -> np.ndarray:
    """Return the ids of up to four different pronunciations of each word."""
    texts = [list(dict.fromkeys(cell.split("|"))) for cell in cells]
    places = [(row, place) for row, each in enumerate(texts) for place in range(len(each))]
    y = np.zeros((len(cells), 4, 34), "int32")
    y[tuple(np.transpose(places))] = encode(
        [(START, *text.split(), END) for each in texts for text in each], vocabulary, 34
    )
    return y


def _recall(seed: int):
    # Three streams of random numbers; that of the test set does not depend on the seed.
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
    """Scale a series and split it by time into windows and their next values; NaN is missing."""
    table = read_columns(file_name)
    values = np.array([float(cell) if cell else np.nan for cell in table[column]])
    dates = [_iso_date(cell) for cell in next(iter(table.values()))]  # The first column.
    ends = [round(share * len(values)) for share in (0.64, 0.8, 1)]
    mean, scale = float(np.nanmean(values[: ends[0]])), float(np.nanstd(values[: ends[0]]))
    y = (values - mean) / scale
    x = y.copy()
    for time in range(1, len(x)):  # A gap repeats the value before it: the next value may be the target.
        x[time] = x[time - 1] if np.isnan(x[time]) else x[time]
    windows = np.lib.stride_tricks.sliding_window_view(x, length)[..., None]

    parts = []
    for start, end in zip([length, *ends], ends, strict=False):
        times = np.arange(start, end)
        times = times[~np.isnan(y[times])]
        parts.append((windows[times - length].astype("float32"), y[times].astype("float32")))
    more = {"mean": mean, "scale": scale, "feature_mean": (mean,), "feature_scale": (scale,)}
    test_dates = tuple(dates[time] for time in times)  # The test set comes last.
    return parts, {**more, "test_dates": test_dates, "feature_names": (column,), "target_name": column}


def _iso_date(text: str) -> str:
    """Turn "1749-01" and "19580329" into "1749-01" and "1958-03-29"."""
    digits = re.sub(r"\D", "", text)
    return "-".join(filter(None, [digits[:4], digits[4:6], digits[6:]]))


_SPEAKERS = [f"speaker {i}" for i in range(1, 10)]
_SPECIES = [f"Acer {name}" for name in ("circinatum", "glabrum", "macrophyllum", "negundo")]
_SPECIES += ["Quercus garryana", "Quercus kelloggii"]


def _shuttle(seed: int):
    arrays = read_arrays("shuttle.npz")
    x, y = arrays["x"].astype("float32"), arrays["y"].astype("int32")
    train, *others = _cut(x, y, _share(y, 0.2, 0), 0.25, seed, labelled=True)
    normal = tuple(array[train[1] == 0] for array in train)
    mean, scale = normal[0].mean(axis=0, dtype="float64"), normal[0].std(axis=0, dtype="float64")
    parts = [(((x - mean) / scale).astype("float32"), y) for x, y in (normal, *others)]
    more = {"num_classes": 2, "class_names": ("normal", "anomaly")}
    return parts, {**more, "feature_mean": tuple(mean.tolist()), "feature_scale": tuple(scale.tolist())}


def text_parts(text: str, length: int):
    """Split a text by position into 80, 10 and 10 %, each into sequences and the same sequences one character on."""
    ends = [int(0.8 * len(text)), int(0.9 * len(text)), len(text)]
    vocabulary = (PADDING, UNKNOWN, *sorted(set(text[: ends[0]])))
    ids = encode([text], vocabulary, len(text))[0]
    parts = []
    for start, end in zip([0, *ends], ends, strict=False):
        n = (end - start - 1) // length
        inputs, targets = (ids[start + shift : start + shift + n * length] for shift in (0, 1))
        parts.append((inputs.reshape(n, length), targets.reshape(n, length)))
    return parts, {"vocabulary": vocabulary}


FROM_FILE = {
    "mnist": lambda x, y, more: (x[..., None] / np.float32(255), y),
    "fashion_mnist": lambda x, y, more: (x[..., None] / np.float32(255), y),
    "mnist1d": lambda x, y, more: (x[..., None], y),
    "vowels": lambda x, y, more: (x.astype("float32"), y - 1),
    "leaves": lambda x, y, more: (x[..., None], y),
    "places": lambda x, y, more: (encode(x, more["vocabulary"], length=24), y),
    "pronunciations": lambda x, y, more: (
        encode(x, more["vocabulary"], length=34),
        _sounds(y, more["target_vocabulary"]),
    ),
}
"""Turns what `LOADERS` give into arrays for a model: after the limit, so that only what is left is converted."""
ORDERED = {"sunspots", "co2", "shakespeare"}
LOADERS = {
    "mnist": lambda seed: _published(read_arrays("mnist.npz"), 5000 / 60000, seed, string.digits),
    "fashion_mnist": _fashion_mnist,
    "mnist1d": lambda seed: _published(read_arrays("mnist1d.npz"), 500 / 4000, seed, string.digits),
    "auto_mpg": _auto_mpg,
    "bikeshare": _bikeshare,
    "places": _places,
    "pronunciations": _pronunciations,
    "recall": _recall,
    "sunspots": lambda seed: _series("sunspots_monthly.csv", "sunspots", length=36),
    "co2": lambda seed: _series("co2_weekly.csv", "co2", length=52),
    "vowels": lambda seed: _published(read_arrays("japanese_vowels.npz"), 0.2, seed, _SPEAKERS),
    "leaves": lambda seed: _published(read_arrays("leaves.npz"), 0.25, seed, _SPECIES),
    "shuttle": _shuttle,
    "shakespeare": lambda seed: text_parts(read("shakespeare.txt.gz").decode(), length=128),
}
