"""The data sets: shapes, cuts, hashes, and what a damaged or missing file gets."""

import hashlib
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from dlguide import data
from dlguide.data import _files, _load
from dlguide.data._sets import LOADERS

BUNDLED = [name for name in LOADERS if name != "fashion_mnist"]
SERIES = ("sunspots", "co2")
README = (Path(__file__).parents[2] / "data" / "README.md").read_text(encoding="utf-8")

# name: shape of one example, dtype of y, sizes of the three parts, classes.
ROWS = {
    "mnist": ((28, 28, 1), "int32", (55000, 5000, 10000), 10),
    "mnist1d": ((40, 1), "int32", (3500, 500, 1000), 10),
    "auto_mpg": ((7,), "float32", (236, 78, 78), None),
    "bikeshare": ((57,), "float32", (5180, 1732, 1733), None),
    "places": ((24,), "int32", (108802, 13600, 13600), 20),
    "recall": ((21,), "int32", (100000, 10000, 10000), 10),
    "sunspots": ((36, 1), "float32", (1961, 499, 624), None),
    "co2": ((52, 1), "float32", (1368, 365, 457), None),
    "vowels": ((29, 12), "int32", (216, 54, 370), 9),
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
        assert part.x.dtype == ("int32" if name in ("places", "recall", "shakespeare") else "float32")
        assert part.y.dtype == dtype
        assert np.isfinite(part.x).all() and np.isfinite(part.y).all()
    assert data.is_test_part(splits.test.x) and data.is_test_part(splits.train.x, splits.test.y[2:5])
    assert not data.is_test_part(*splits.train, *splits.valid)
    info = splits.info
    assert info.num_classes == num_classes and len(info.class_names) == (num_classes or 0)
    assert info.name == name and info.licence and info.citation
    assert f"`{name}`" in data.load.__doc__ and f"`{shape}`" in data.load.__doc__


@pytest.mark.parametrize("name", BUNDLED)
def test_limit_and_seed_leave_the_test_part_alone(name):
    whole, other, small = data.load(name), data.load(name, seed=1), data.load(name, limit=30)
    assert np.array_equal(whole.test.x, other.test.x) or name in ("places", "shuttle")  # Fitted on other rows.
    assert np.array_equal(whole.test.y, other.test.y)
    by_position = name in ("sunspots", "co2", "shakespeare")
    same_valid = whole.valid.y.shape == other.valid.y.shape and np.array_equal(whole.valid.x, other.valid.x)
    assert same_valid == by_position
    assert [len(part.x) for part in small[:3]] == [30, 30, 30]
    assert np.array_equal(small.train.x, data.load(name, limit=30).train.x)


def test_images_lie_in_0_to_1_and_a_limit_keeps_the_share_of_each_class():
    mnist = data.load("mnist")
    assert mnist.train.x.min() == 0 and mnist.train.x.max() == 1
    counts = np.bincount(data.load("mnist", limit=200).train.y, minlength=10)
    assert counts.min() >= 17 and counts.max() <= 24


def test_a_window_ends_right_before_its_target():
    splits = data.load("sunspots")
    for part in splits[:3]:
        np.testing.assert_allclose(part.x[1:, -1, 0], part.y[:-1], atol=1e-5)
    # The first test target follows the last validation target.
    np.testing.assert_allclose(splits.test.x[0, -1, 0], splits.valid.y[-1], atol=1e-5)
    units = splits.train.y * splits.info.scale + splits.info.mean
    table = _files.read_columns("sunspots_monthly.csv")
    np.testing.assert_allclose(units[:3], np.array(table["sunspots"][36:], float)[:3], atol=1e-3)


@pytest.mark.parametrize(
    ("name", "file", "last"),
    [
        ("sunspots", "sunspots_monthly.csv", "2008-12"),
        ("co2", "co2_weekly.csv", "2001-12-29"),
    ],
)
def test_each_target_of_the_test_set_of_a_series_has_its_date(name, file, last):
    splits = data.load(name)
    dates = splits.info.test_dates
    assert len(dates) == len(splits.test.y) and dates[-1] == last and list(dates) == sorted(set(dates))
    table = _files.read_columns(file)
    by_digits = {
        re.sub(r"\D", "", date): value
        for date, value in zip(next(iter(table.values())), table[splits.info.target_name], strict=True)
    }
    values = [float(by_digits[date.replace("-", "")]) for date in dates]
    np.testing.assert_allclose(splits.test.y * splits.info.scale + splits.info.mean, values, atol=1e-3)
    assert data.load(name, limit=30).info.test_dates == dates[-30:]
    np.array(dates, "datetime64")


def test_a_missing_week_is_never_a_target_and_is_filled_from_the_past():
    values = np.array([float(v) if v else np.nan for v in _files.read_columns("co2_weekly.csv")["co2"]])
    co2 = data.load("co2")
    assert sum(len(part.y) for part in co2[:3]) == int((~np.isnan(values[52:])).sum())
    gap = int(np.flatnonzero(np.isnan(values))[0])
    window = co2.train.x[0, :, 0] * co2.info.scale + co2.info.mean
    assert window[gap] == pytest.approx(window[gap - 1]) and window[gap] != pytest.approx(window[gap + 1])


def test_a_text_of_recall_has_its_answer_behind_the_letter_and_is_in_one_set_alone():
    recall, seen = data.load("recall"), set()
    for x, y in recall[:3]:
        for ids, digit in zip(x, y, strict=True):
            *pairs, asked = (recall.info.vocabulary[i] for i in ids if i)
            digits = dict(pairs)  # From each letter to its digit.
            assert asked[1] == "?" and digits[asked[0]] == str(digit) and 4 <= len(digits) == len(pairs) <= 20
            seen.add(tuple(ids))
    assert len(seen) == sum(len(part.x) for part in recall[:3])


def test_the_mark_that_windows_puts_before_a_text_is_no_character(tmp_path):
    text = "to be or not to be, " * 100
    plain, marked = tmp_path / "plain.txt", tmp_path / "marked.txt"
    plain.write_bytes(text.encode())
    marked.write_bytes(b"\xef\xbb\xbf" + text.encode())
    ours, theirs = data.load_text(marked, length=32), data.load_text(plain, length=32)
    assert ours.info.vocabulary == theirs.info.vocabulary
    np.testing.assert_array_equal(ours.train.x, theirs.train.x)


def test_text_targets_are_the_inputs_one_character_on():
    text = data.load("shakespeare")
    assert np.array_equal(text.train.x.reshape(-1)[1:], text.train.y.reshape(-1)[:-1])


@pytest.mark.parametrize("name", BUNDLED)
def test_scaled_features_are_back_in_their_own_units(name):
    splits = data.load(name)
    mean, scale = (np.array(numbers) for numbers in (splits.info.feature_mean, splits.info.feature_scale))
    assert mean.shape == scale.shape == ((splits.train.x.shape[-1],) if name in ("shuttle", *SERIES) else (0,))
    if name == "shuttle":
        rows = {tuple(row) for row in _files.read_arrays("shuttle.npz")["x"].astype(int).tolist()}
        units = splits.test.x[:200] * scale + mean
        np.testing.assert_allclose(units, units.round(), atol=0.02)
        assert all(tuple(row) in rows for row in units.round().astype(int).tolist())
    elif name in SERIES:
        target = splits.info.feature_names.index(splits.info.target_name)
        np.testing.assert_allclose([mean[target], scale[target]], [splits.info.mean, splits.info.scale])


def test_no_column_of_bikeshare_gives_the_hires_away_and_all_lie_in_0_to_1():
    bikes = data.load("bikeshare")
    assert not {"casual", "registered", "day"} & set(bikes.info.feature_names)
    assert bikes.train.x.min() >= 0 and bikes.train.x.max() <= 1


@pytest.mark.parametrize("file_name", sorted(_files.SHA256))
def test_the_hash_in_the_readme_and_in_the_code_is_that_of_the_file(file_name):
    received = hashlib.sha256((_files.FOLDER / file_name).read_bytes()).hexdigest()
    assert received == _files.SHA256[file_name]
    assert f"| {file_name} | {received} |" in README


def test_every_file_and_set_is_in_the_readme_and_nothing_else_lies_there():
    files = {path.name for path in _files.FOLDER.iterdir()}
    assert files == set(_files.SHA256) | {"README.md", "README.zh.md"}
    assert all(f"`{name}`" in README for name in LOADERS)
    assert set(_load.LICENCES) == set(_load.CITATIONS) == set(LOADERS)


def test_a_misspelt_name_is_answered_with_the_names_and_the_nearest():
    with pytest.raises(ValueError) as error:
        data.load("minst")
    assert all(f"'{name}'" in str(error.value) for name in LOADERS)
    assert str(error.value).endswith("Received: name='minst'. Did you mean 'mnist'?")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limit": 0}, "`limit` must be an integer of at least 1 or None. Received: limit=0"),
        ({"limit": 1.5}, "`limit` must be an integer of at least 1 or None. Received: limit=1.5"),
        ({"seed": -1}, "`seed` must be an integer of at least 0. Received: seed=-1"),
    ],
)
def test_a_bad_argument_is_named(options, message):
    with pytest.raises(ValueError) as error:
        data.load("mnist", **options)
    assert str(error.value) == message


@pytest.fixture
def copied(tmp_path, monkeypatch):
    shutil.copyfile(_files.FOLDER / "mnist.npz", tmp_path / "mnist.npz")
    monkeypatch.setattr(_files, "FOLDER", tmp_path)
    return tmp_path / "mnist.npz"


def flip_a_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize("damage", [flip_a_byte, cut_short])
def test_a_damaged_file_is_named_with_both_hashes_and_the_cure(copied, damage):
    assert len(data.load("mnist").train.x) == 55000
    damage(copied)
    received = hashlib.sha256(copied.read_bytes()).hexdigest()
    with pytest.raises(ValueError) as error:
        data.load("mnist")
    for part in (str(copied), _files.SHA256["mnist.npz"], received, "git checkout -- data/mnist.npz"):
        assert part in str(error.value)


def test_a_missing_file_is_named_with_its_hash_and_the_cure(copied):
    copied.unlink()
    with pytest.raises(OSError) as error:
        data.load("mnist")
    for part in (str(copied), _files.SHA256["mnist.npz"], "no file", "git checkout -- data/mnist.npz"):
        assert part in str(error.value)


def test_without_a_network_fashion_mnist_says_which_files_to_put_where(monkeypatch, tmp_path):
    import keras

    def no_network():
        raise Exception("URL fetch failure on https://example.invalid: None -- unreachable")

    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", no_network)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(OSError) as error:
        data.load("fashion_mnist")
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        assert f"{name}-ubyte.gz" in str(error.value)
    assert str(tmp_path / "datasets" / "fashion-mnist") in str(error.value)


def test_arrays_under_the_name_of_fashion_mnist_that_are_others_are_refused(monkeypatch):
    import keras

    fake = (np.zeros((60000, 28, 28), "uint8"), np.zeros(60000, "uint8"))
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", lambda: (fake, fake))
    with pytest.raises(ValueError, match=r"x_train of fashion_mnist in .* is damaged. Expected: sha256 2e487a6c"):
        data.load("fashion_mnist")


def test_encode_cuts_and_pads():
    assert data.encode(["abx", "aaaaa", ""], ["", "?", "a", "b"], 4).tolist() == [[2, 3, 1, 0], [2] * 4, [0] * 4]
    with pytest.raises(ValueError, match="`length` must be an integer of at least 1"):
        data.encode(["a"], ["", "?", "a"], 0)
