"""The data sets: shapes, splits, hashes, and the errors for a damaged or missing file."""

import hashlib
import re
from pathlib import Path

import keras
import numpy as np
import pytest

from dlguide import data
from dlguide.data import _files, _load, _sets
from dlguide.data._sets import LOADERS

BUNDLED = [name for name in LOADERS if name != "fashion_mnist"]
SERIES = {"sunspots": ("sunspots_monthly.csv", "2008-12"), "co2": ("co2_weekly.csv", "2001-12-29")}
OF_TOKENS = ("places", "pronunciations", "recall", "shakespeare")


def decode(ids, vocabulary):
    return "".join(vocabulary[i] for i in ids)


README = (Path(__file__).parents[3] / "data" / "README.md").read_text(encoding="utf-8")

# name: shape of one example, dtype of y, sizes of the three parts, classes.
ROWS = {
    "mnist": ((28, 28, 1), "int32", (55000, 5000, 10000), 10),
    "mnist1d": ((40, 1), "int32", (3500, 500, 1000), 10),
    "auto_mpg": ((7,), "float32", (236, 78, 78), None),
    "bikeshare": ((57,), "float32", (5180, 1732, 1733), None),
    "places": ((24,), "int32", (108802, 13600, 13600), 20),
    "pronunciations": ((34,), "int32", (99078, 12385, 12385), None),
    "recall": ((21,), "int32", (100000, 10000, 10000), 10),
    "sunspots": ((36, 1), "float32", (1961, 499, 624), None),
    "co2": ((52, 1), "float32", (1368, 365, 457), None),
    "vowels": ((29, 12), "int32", (216, 54, 370), 9),
    "leaves": ((427, 1), "int32", (150, 50, 242), 6),
    "shuttle": ((9,), "int32", (27351, 9820, 9819), 2),
    "shakespeare": ((128,), "int32", (6901, 862, 862), None),
}


@pytest.mark.parametrize("name", BUNDLED)
def test_a_set_is_what_the_docstring_says(name):
    shape, dtype, sizes, num_classes = ROWS[name]
    splits = data.load(name)
    assert tuple(len(part.x) for part in splits[:3]) == sizes
    for part in splits[:3]:
        assert part.x.shape[1:] == shape and len(part.x) == len(part.y)
        assert part.x.dtype == ("int32" if name in OF_TOKENS else "float32")
        assert part.y.dtype == dtype
        assert np.isfinite(part.x).all() and np.isfinite(part.y).all()
        if name in ("mnist", "bikeshare"):
            assert part.x.min() == 0 and part.x.max() == 1
    assert _load.is_test_part(splits.test.x) and _load.is_test_part(splits.train.x, splits.test.y[2:5])
    assert not _load.is_test_part(*splits.train, *splits.valid)
    info = splits.info
    assert info.num_classes == num_classes and len(info.class_names) == (num_classes or 0)
    assert info.name == name and info.licence and info.citation
    if name in SERIES:
        assert info.feature_mean == (info.mean,) and info.feature_scale == (info.scale,)
    else:
        assert len(info.feature_mean) == len(info.feature_scale) == (shape[0] if name == "shuttle" else 0)
    assert f"`{name}`" in data.load.__doc__ and f"`{shape}`" in data.load.__doc__


@pytest.mark.parametrize("name", BUNDLED)
def test_limit_and_seed_leave_the_test_part_alone(name):
    whole, other, small = data.load(name), data.load(name, seed=1), data.load(name, limit=30)
    assert np.array_equal(whole.test.x, other.test.x) or name in ("places", "shuttle")  # Fitted on other rows.
    assert np.array_equal(whole.test.y, other.test.y)
    by_position = name in (*SERIES, "shakespeare")
    assert np.array_equal(whole.valid.x, other.valid.x) == by_position
    assert [len(part.x) for part in small[:3]] == [30, 30, 30]
    assert np.array_equal(small.train.x, data.load(name, limit=30).train.x)


def test_a_window_ends_right_before_its_target():
    splits = data.load("sunspots")
    for part in splits[:3]:
        np.testing.assert_allclose(part.x[1:, -1, 0], part.y[:-1], atol=1e-5)
    # The first test target follows the last validation target.
    np.testing.assert_allclose(splits.test.x[0, -1, 0], splits.valid.y[-1], atol=1e-5)


@pytest.mark.parametrize("name", SERIES)
def test_each_target_of_the_test_set_of_a_series_has_its_date(name):
    splits = data.load(name)
    dates = splits.info.test_dates
    assert len(dates) == len(splits.test.y) and list(dates) == sorted(set(dates))
    file_name, last = SERIES[name]
    days, values = list(_files.read_columns(file_name).values())[:2]
    by_digits = {re.sub(r"\D", "", day): value for day, value in zip(days, values, strict=True)}
    expected = [float(by_digits[date.replace("-", "")]) for date in dates]
    np.testing.assert_allclose(splits.test.y * splits.info.scale + splits.info.mean, expected, atol=1e-3)
    assert data.load(name, limit=30).info.test_dates == dates[-30:] and dates[-1] == last
    np.array(dates, "datetime64")


def test_a_missing_week_is_filled_from_the_past():
    values = np.array([float(v) if v else np.nan for v in _files.read_columns("co2_weekly.csv")["co2"]])
    co2 = data.load("co2")
    gap = int(np.flatnonzero(np.isnan(values))[0])
    window = co2.train.x[0, :, 0] * co2.info.scale + co2.info.mean
    assert window[gap] == pytest.approx(window[gap - 1]) and window[gap] != pytest.approx(window[gap + 1])


def test_a_text_of_recall_has_its_answer_behind_the_letter_and_is_in_one_set_alone():
    recall = data.load("recall")
    for x, y in recall[:3]:
        for ids, digit in zip(x[::20], y[::20], strict=True):
            *pairs, asked = (recall.info.vocabulary[i] for i in ids if i)
            digits = dict(pairs)  # From each letter to its digit.
            assert asked[1] == "?" and digits[asked[0]] == str(digit) and 4 <= len(digits) == len(pairs) <= 20
    texts = np.concatenate([part.x for part in recall[:3]])
    assert len(np.unique(texts, axis=0)) == len(texts)


def test_a_word_has_each_of_its_pronunciations_without_stress():
    splits, columns = data.load("pronunciations"), _files.read_columns("cmudict.csv.gz")
    listed = dict(zip(columns["word"], columns["pronunciations"], strict=True))
    vocabulary, sounds = splits.info.vocabulary, splits.info.target_vocabulary
    assert len(vocabulary) == 2 + 27 and len(sounds) == 4 + 39
    counts = set()
    for x, y in splits[:3]:
        assert y.shape[1:] == (4, 34)
        for ids, rows in zip(x[::40], y[::40], strict=True):
            cell = re.sub(r"[012]", "", listed[decode(ids, vocabulary)])
            texts = [f"<start> {each} <end>" for each in dict.fromkeys(cell.split("|"))]
            assert [" ".join(sounds[i] for i in row if i) for row in rows] == texts + [""] * (4 - len(texts))
            counts.add(len(texts))
    assert counts >= {1, 2, 3}


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])  # A byte order mark is no character.
def test_a_text_of_ones_own_is_split_by_position(mark, tmp_path):
    (tmp_path / "mine.txt").write_bytes(mark + b"abcdefghij" * 100)
    text = data.load_text(tmp_path / "mine.txt", length=20)
    assert text.info.vocabulary[2:] == tuple("abcdefghij")
    assert decode(text.train.x[0], text.info.vocabulary) == "abcdefghij" * 2
    assert decode(text.train.y[0], text.info.vocabulary) == "bcdefghija" * 2
    assert [len(part.x) for part in text[:3]] == [39, 4, 4]
    assert _load.is_test_part(text.test.x) and not _load.is_test_part(text.valid.x)
    last = data.load_text(tmp_path / "mine.txt", length=20, limit=3)
    np.testing.assert_array_equal(last.train.x, text.train.x[-3:])


@pytest.mark.parametrize(
    ("content", "must_be"),
    [
        (b"", "a text of at least 1290 characters, .* of 0 characters"),
        (b"\xff\xfe\x00a" * 900, "a text file in UTF-8"),
        (b"a\x00" * 900, "a text file in UTF-8"),
        (None, r"a file that can be read. Received: path='.*mine.txt' \(No such"),
    ],
)
def test_a_bad_text_is_named(content, must_be, tmp_path):
    if content is not None:
        (tmp_path / "mine.txt").write_bytes(content)
    with pytest.raises(ValueError, match=f"`path` must be {must_be}"):
        data.load_text(str(tmp_path / "mine.txt"))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: data.load("mnist", limit=0), r"`limit` must be an integer of at least 1 or None\. .*limit=0$"),
        (lambda: data.load("mnist", limit=1.5), r"`limit` must be an integer of at least 1 or None\. .*limit=1\.5$"),
        (lambda: data.load("mnist", seed=-1), r"`seed` must be an integer of at least 0\. Received: seed=-1$"),
        (lambda: data.load("minst"), f"{', '.join(map(repr, LOADERS))}.*name='minst'. Did you mean 'mnist'?"),
    ],
)
def test_a_bad_argument_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_what_is_loaded_is_shown_in_short():
    mnist = data.load("mnist", limit=20)
    assert repr(mnist.test) == "Part(x=float32 (20, 28, 28, 1), y=int32 (20,))"
    assert repr(mnist).startswith(f"Splits(train={mnist.train!r}, valid=Part(x=float32")
    assert all(len(repr(data.load(name, limit=20))) < 1500 for name in ("recall", "sunspots", "pronunciations"))
    assert "num_classes=10, class_names=('0', '1', '2', '3', '4', '5', ...)" in repr(mnist.info)


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (lambda path, content: path.write_bytes(content[:500] + b"~" + content[501:]), ValueError),
        (lambda path, content: path.write_bytes(content[:-100]), ValueError),
        (lambda path, content: path.unlink(), OSError),
    ],
)
def test_a_damaged_or_missing_file_is_named_with_both_hashes_and_the_cure(damage, error, tmp_path):
    path, content = tmp_path / "auto_mpg.csv", _files.read("auto_mpg.csv")
    path.write_bytes(content)
    assert _files.read("auto_mpg.csv", tmp_path) == content
    damage(path, content)
    received = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "no file"
    with pytest.raises(error) as refused:
        _files.read("auto_mpg.csv", tmp_path)
    for part in (str(path), _files.SHA256["auto_mpg.csv"], received, "git checkout -- data/auto_mpg.csv"):
        assert part in str(refused.value)


def test_the_readme_has_every_set_and_every_file_with_its_hash_and_nothing_else_lies_there():
    files = {path.name: path.read_bytes() for path in _files.FOLDER.iterdir() if path.suffix != ".md"}
    assert {name: hashlib.sha256(content).hexdigest() for name, content in files.items()} == _files.SHA256
    assert all(f"| {name} | {expected} |" in README for name, expected in _files.SHA256.items())
    assert all(f"`{name}`" in README for name in LOADERS)


def test_without_a_network_fashion_mnist_says_which_files_to_put_where(monkeypatch, tmp_path):
    def no_network():
        raise Exception("URL fetch failure on https://example.invalid: None -- unreachable")

    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", no_network)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(OSError) as error:
        data.load("fashion_mnist")
    names = [f"{name}-ubyte.gz" for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3")]
    for part in (*names, "t10k-labels-idx1-ubyte.gz", str(tmp_path / "datasets" / "fashion-mnist")):
        assert part in str(error.value)


def test_fashion_mnist_has_shares_of_white_and_the_names_of_its_classes(monkeypatch):
    arrays = _files.read_arrays("mnist.npz")  # In place of the downloaded ones.
    parts = tuple((arrays[f"x_{part}"], arrays[f"y_{part}"]) for part in ("train", "test"))
    hashes = {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in arrays.items()}
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", lambda: parts)
    monkeypatch.setattr(_sets, "FASHION_MNIST_ARRAYS", hashes)
    train, valid, test, info = data.load("fashion_mnist")
    assert [part.x.shape for part in (train, valid, test)] == [(n, 28, 28, 1) for n in (55000, 5000, 10000)]
    assert np.array_equal(test.x[..., 0] * np.float32(255), arrays["x_test"]) and info.class_names[9] == "Ankle boot"


def test_arrays_under_the_name_of_fashion_mnist_that_are_others_are_refused(monkeypatch):
    fake = (np.zeros((60000, 28, 28), "uint8"), np.zeros(60000, "uint8"))
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", lambda: (fake, fake))
    with pytest.raises(ValueError, match=r"x_train of fashion_mnist in .* is damaged. Expected: sha256 2e487a6c"):
        data.load("fashion_mnist")
