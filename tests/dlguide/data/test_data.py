"""The data sets: what `load` gives, who is in which set, scales and vocabularies, and the errors of files."""

import hashlib
import re
from pathlib import Path

import keras
import numpy as np
import pytest

from dlguide import data
from dlguide.data import _files, _load, _sets
from tests.helpers.sentences import check_sentences, refusal
from tests.helpers.switches import quick

README = (Path(__file__).parents[3] / "data" / "README.md").read_text(encoding="utf-8")

# name: shape of one example, dtype of y, sizes of the three parts, classes; and `number_of` the three parts, of the
# validation set of seed 1, and of 30 training examples.
ROWS = {
    "mnist": ((28, 28, 1), "int32", (55000, 5000, 10000), 10, (-0.003591, -0.02084, -0.01104, 0.005927, -0.3507)),
    "mnist1d": ((40, 1), "int32", (3500, 500, 1000), 10, (0.08034, 0.1234, -0.1284, -0.2689, 0.1036)),
    "auto_mpg": ((7,), "float32", (236, 78, 78), None, (38.77, -122.6, -256.7, -22.65, -59.6)),
    "bikeshare": ((57,), "float32", (5180, 1732, 1733), None, (-0.1918, 1.28, -0.1229, 0.182, -9.228)),
    "places": ((24,), "int32", (108802, 13600, 13600), 20, (-0.01895, 0.452, -0.09845, -0.2436, 15.51)),
    "pronunciations": ((34,), "int32", (99078, 12385, 12385), None, (-0.03793, 0.129, 0.03907, -0.04715, -10.13)),
    "recall": ((21,), "int32", (100000, 10000, 10000), 10, (0.5377, -2.644, -1.991, -1.798, -24.84)),
    "sunspots": ((36, 1), "float32", (1961, 499, 624), None, (0.1396, -0.1194, -0.1432, -0.1194, -0.4346)),
    "co2": ((52, 1), "float32", (1368, 365, 457), None, (-0.01222, -0.01602, 0.01271, -0.01602, -0.1402)),
    "vowels": ((29, 12), "int32", (216, 54, 370), 9, (0.07714, 0.1213, -0.0884, 0.2685, -0.3203)),
    "leaves": ((427, 1), "int32", (150, 50, 242), 6, (0.03963, 0.2666, 0.03818, 0.158, -0.2489)),
    "shuttle": ((9,), "int32", (27351, 9820, 9819), 2, (0.002927, 0.0004819, -0.01964, 0.004223, 0.2523)),
    "shakespeare": ((128,), "int32", (6901, 862, 862), None, (1.892, 14.44, 1.871, 14.44, -4.878)),
}
SERIES = {"sunspots": ("sunspots_monthly.csv", "2008-12"), "co2": ("co2_weekly.csv", "2001-12-29")}
OF_TOKENS = ("places", "pronunciations", "recall", "shakespeare")


def number_of(part: data.Part) -> float:
    """Return a number that changes with each value and with the order of the rows."""
    rows = [array.reshape(len(array), -1).astype("float32", copy=False) for array in part]
    sums = sum(array @ np.cos(np.arange(array.shape[1]), dtype="float32") for array in rows)
    return float(np.mean(sums * np.cos(np.arange(len(sums)))))


@pytest.mark.parametrize("name", quick(ROWS, *({*ROWS} - {"pronunciations", "places"})))
def test_a_set_is_what_the_docstring_says_and_what_it_was_when_its_numbers_were_published(name):
    shape, dtype, sizes, num_classes, numbers = ROWS[name]
    splits, other, small = data.load(name), data.load(name, seed=1), data.load(name, limit=30)
    for part, size, few in zip(splits[:3], sizes, small[:3], strict=True):
        assert part.x.shape == (size, *shape) and len(part.y) == size and few.x.shape == (30, *shape)
        assert part.x.dtype == ("int32" if name in OF_TOKENS else "float32") and part.y.dtype == dtype
        assert np.isfinite(part.x).all() and np.isfinite(part.y).all()
        if name in ("mnist", "bikeshare"):
            assert part.x.min() == 0 and part.x.max() == 1
    found = [number_of(part) for part in (*splits[:3], other.valid, small.train)]
    assert found == pytest.approx(numbers, rel=2e-3)
    assert np.array_equal(splits.test.y, other.test.y)
    assert np.array_equal(splits.test.x, other.test.x) or name in ("places", "shuttle")  # Fitted on other rows.
    assert np.array_equal(splits.valid.x, other.valid.x) == (name in (*SERIES, "shakespeare"))
    assert _load.is_test_part(splits.test.x) and _load.is_test_part(splits.train.x, splits.test.y[2:5])
    assert not _load.is_test_part(*splits.train, *splits.valid)
    info = splits.info
    assert info.num_classes == num_classes and len(info.class_names) == (num_classes or 0)
    assert info.name == name and info.licence and info.citation and len(repr(splits)) < 1500
    if name in SERIES:
        assert info.feature_mean == (info.mean,) and info.feature_scale == (info.scale,)
    else:
        assert len(info.feature_mean) == len(info.feature_scale) == (shape[0] if name == "shuttle" else 0)
    assert f"`{name}`" in data.load.__doc__ and f"`{shape}`" in data.load.__doc__ and f"`{name}`" in README


def decode(ids, vocabulary):
    return "".join(vocabulary[i] for i in ids)


@pytest.mark.parametrize("name", SERIES)
def test_a_window_of_a_series_ends_before_its_target_which_has_its_date_and_a_gap_repeats_the_past(name):
    splits, (file_name, last) = data.load(name), SERIES[name]
    days, values = list(_files.read_columns(file_name).values())[:2]
    values = np.array([float(value) if value else np.nan for value in values])
    by_digits = dict(zip((re.sub(r"\D", "", day) for day in days), values, strict=True))
    dates, scale, mean = splits.info.test_dates, splits.info.scale, splits.info.mean
    expected = [by_digits[date.replace("-", "")] for date in dates]
    np.testing.assert_allclose(splits.test.y * scale + mean, expected, atol=1e-3)
    assert dates[-1] == last and list(dates) == sorted(set(dates)) and np.array(dates, "datetime64").size
    assert data.load(name, limit=30).info.test_dates == dates[-30:]
    if name == "sunspots":
        for part, first in zip(splits[:3], (None, splits.train.y[-1], splits.valid.y[-1]), strict=True):
            np.testing.assert_allclose(part.x[1:, -1, 0], part.y[:-1], atol=1e-5)
            assert first is None or part.x[0, -1, 0] == pytest.approx(first)
    else:
        gap = int(np.flatnonzero(np.isnan(values))[0])
        window = splits.train.x[0, :, 0] * scale + mean
        assert window[gap] == pytest.approx(window[gap - 1]) and window[gap] != pytest.approx(window[gap + 1])


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])  # A byte order mark is no character.
def test_a_text_of_ones_own_is_split_by_position(mark, tmp_path):
    (tmp_path / "mine.txt").write_bytes(mark + b"abcdefghij" * 100)
    text = data.load_text(tmp_path / "mine.txt", length=20)
    assert text.info.vocabulary[2:] == tuple("abcdefghij") and [len(part.x) for part in text[:3]] == [39, 4, 4]
    for part in text[:3]:  # Each set has its text once, in its order; the targets are one character on.
        assert decode(part.x.ravel(), text.info.vocabulary) == "abcdefghij" * (2 * len(part.x))
        assert decode(part.y[0], text.info.vocabulary) == "bcdefghija" * 2
    assert _load.is_test_part(text.test.x) and not _load.is_test_part(text.valid.x)
    last = data.load_text(tmp_path / "mine.txt", length=20, limit=3)
    np.testing.assert_array_equal(last.train.x, text.train.x[-3:])


@pytest.mark.parametrize("labelled", [True, False])
def test_each_row_is_in_one_set_alone_with_its_share_of_each_class_and_the_seed_draws_no_test_row(labelled):
    y = np.repeat([0, 1, 2], [700, 200, 100])
    options = {"share": 0.25, "labelled": labelled}
    parts, others = ([x for x, _ in _sets._cut(np.arange(1000), y, np.arange(1000) % 5 == 4, seed=seed, **options)]
                     for seed in (0, 1))  # fmt: skip
    assert sorted(np.concatenate(parts)) == list(range(1000)) and [len(part) for part in parts] == [600, 200, 200]
    assert np.array_equal(parts[2], others[2]) and not np.array_equal(parts[1], others[1])
    x, few = _sets.limit_examples(parts[0], y[parts[0]], 60, 0, ordered=False, labelled=labelled)
    assert np.array_equal(y[x], few) and set(x) <= set(parts[0]) and list(x) == sorted(x)
    if labelled:
        assert np.bincount(y[parts[1]]).tolist() == [140, 40, 20] and np.bincount(few).tolist() == [42, 12, 6]
    assert _sets.limit_examples(x, few, 20, 0, ordered=True, labelled=labelled)[0].tolist() == x[-20:].tolist()


def test_what_no_model_may_see_is_in_no_set():
    splits, day = data.load("bikeshare"), _sets.read_columns("bikeshare.csv.gz")
    assert not {"casual", "registered", "day"} & set(splits.info.feature_names)
    hires = np.array(day["bikers"], "float32")[np.array(day["day"], int) % 5 == 0]  # The test set has whole days.
    assert np.array_equal(splits.test.y, hires)
    assert data.load("shuttle").train.y.sum() == 0 < data.load("shuttle").valid.y.sum()


# Errors and files


def test_a_bad_argument_or_text_is_named(tmp_path):
    texts = {"missing": None, "too short": b"", "UTF-16": b"\xff\xfe\x00a" * 900, "zeros": b"a\x00" * 900}
    calls = {"limit 0": lambda: data.load("mnist", limit=0), "limit 1.5": lambda: data.load("mnist", limit=1.5),
             "seed": lambda: data.load("mnist", seed=-1), "name": lambda: data.load("minst")}  # fmt: skip
    for name, content in texts.items():
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        calls[f"path {name}"] = lambda path=path: data.load_text(str(path))
    found = {name: refusal(call).replace(str(tmp_path), "FOLDER") for name, call in calls.items()}
    assert all(sentence.startswith(f"`{name.split()[0]}` must be ") for name, sentence in found.items())
    check_sentences("load", found)


def test_a_damaged_or_missing_file_is_named_with_both_hashes_and_the_cure(tmp_path):
    path, content = tmp_path / "auto_mpg.csv", _files.read("auto_mpg.csv")
    for damaged in (content[:500] + b"~" + content[501:], content[:-100], None):
        path.write_bytes(content)
        assert _files.read("auto_mpg.csv", tmp_path) == content
        path.unlink()
        if damaged:
            path.write_bytes(damaged)
        with pytest.raises(ValueError if damaged else OSError) as refused:
            _files.read("auto_mpg.csv", tmp_path)
        parts = [_files.SHA256["auto_mpg.csv"], hashlib.sha256(damaged).hexdigest()] if damaged else []
        assert all(part in str(refused.value) for part in (str(path), "git checkout -- data/auto_mpg.csv", *parts))


def test_the_readme_has_every_file_with_its_hash_and_nothing_else_lies_there():
    files = {path.name: path.read_bytes() for path in _files.FOLDER.iterdir() if path.suffix != ".md"}
    assert {name: hashlib.sha256(content).hexdigest() for name, content in files.items()} == _files.SHA256
    assert all(f"| {name} | {expected} |" in README for name, expected in _files.SHA256.items())


def test_fashion_mnist_is_downloaded_checked_and_divided_by_255(monkeypatch, tmp_path):
    def no_network():
        raise Exception("URL fetch failure on https://example.invalid: None -- unreachable")

    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", no_network)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(OSError, match="fashion_mnist could not be downloaded") as error:
        data.load("fashion_mnist")
    names = [f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
    assert all(part in str(error.value) for part in (*names, str(tmp_path / "datasets" / "fashion-mnist")))

    arrays = _files.read_arrays("mnist.npz")  # In place of the downloaded ones.
    parts = tuple((arrays[f"x_{part}"], arrays[f"y_{part}"]) for part in ("train", "test"))
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", lambda: parts)
    with pytest.raises(ValueError, match=r"x_train of fashion_mnist in .* is damaged.* Expected: sha256 2e487a6c"):
        data.load("fashion_mnist")
    hashes = {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in arrays.items()}
    monkeypatch.setattr(_sets, "FASHION_MNIST_ARRAYS", hashes)
    train, valid, test, info = data.load("fashion_mnist")
    assert [part.x.shape for part in (train, valid, test)] == [(n, 28, 28, 1) for n in (55000, 5000, 10000)]
    assert np.array_equal(test.x[..., 0] * np.float32(255), arrays["x_test"]) and info.class_names[9] == "Ankle boot"
