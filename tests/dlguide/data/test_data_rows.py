"""Which row of its file each example of a data set is: the rows are numbered before a set is loaded."""

import numpy as np
import pytest

from dlguide import data
from dlguide.data import _sets

# The column whose numbers are replaced by the number of the row; files of arrays get it in the first three numbers.
COLUMNS = {"auto_mpg": "weight", "bikeshare": "windspeed", "places": "name", "pronunciations": "word"}
COLUMNS |= {"sunspots": "sunspots", "co2": "co2"}
NUMBERED = [name for name in _sets.LOADERS if name not in ("fashion_mnist", "recall", "shakespeare")]
SERIES = {"sunspots": 36, "co2": 52}
FILES = {"sunspots": "sunspots_monthly.csv", "co2": "co2_weekly.csv"}


@pytest.fixture
def numbered(monkeypatch):
    """Number the rows of the files: those of a test set of its own follow those of the training set."""
    read_arrays, read_columns = _sets.read_arrays, _sets.read_columns

    def arrays(file_name):
        content, before = read_arrays(file_name), 0
        for key in sorted((key for key in content if key.startswith("x")), key=lambda key: key == "x_test"):
            rows = np.arange(before, before + len(content[key]))
            content[key] = content[key].copy()
            numbers = content[key].reshape(len(rows), -1)
            numbers[:, :3] = np.stack([rows // 10000, rows // 100 % 100, rows % 100], axis=1)
            before += len(rows)
        return content

    def columns(file_name):
        content = read_columns(file_name)
        column = next(column for column in COLUMNS.values() if column in content)
        content[column] = [str(row) if cell else cell for row, cell in enumerate(content[column])]
        return content

    monkeypatch.setattr(_sets, "read_arrays", arrays)
    monkeypatch.setattr(_sets, "read_columns", columns)
    return data.load


def rows(splits: data.Splits) -> list[np.ndarray]:
    """Return the number of the row of each example: for a series that of its target."""
    info, found = splits.info, []
    for part in splits[:3]:
        if info.name in SERIES:
            found.append(part.y * info.scale + info.mean)
        elif info.name in ("places", "pronunciations"):
            found.append(np.array([int("".join(info.vocabulary[i] for i in ids)) for ids in part.x]))
        elif info.name in COLUMNS:
            found.append(part.x[:, info.feature_names.index(COLUMNS[info.name])])
        else:
            scale, mean = (info.feature_scale, info.feature_mean) if info.feature_scale else (1, 0)
            units = (part.x * scale + mean).reshape(len(part.x), -1)[:, :3] * (255 if info.name == "mnist" else 1)
            found.append(units.round() @ [10000, 100, 1])
    return [numbers.round().astype(int) for numbers in found]


@pytest.mark.parametrize("name", NUMBERED)
def test_every_row_is_in_one_set_alone_and_a_limit_takes_the_last_of_a_series_or_what_the_seed_draws(name, numbered):
    parts = rows(numbered(name))
    together = np.concatenate(parts)
    assert len(together) == len(set(together.tolist()))
    if name == "shuttle":  # The training set has no anomalies.
        y = _sets.read_arrays("shuttle.npz")["y"]
        left_out = np.setdiff1d(np.arange(len(y)), together)
        assert not y[parts[0]].any() and y[left_out].all() and 0 < len(left_out) < len(y) / 20
    elif name in SERIES:  # The first values have no past, and a missing one is no target.
        cells = _sets.read_columns(FILES[name])[name]
        assert together.tolist() == [i for i, cell in enumerate(cells) if cell and i >= SERIES[name]]
    else:
        assert sorted(together.tolist()) == list(range(len(together)))
    first, other = (rows(numbered(name, limit=20, seed=seed)) for seed in (0, 1))
    for all_rows, few, others in zip(parts, first, other, strict=True):
        assert len(few) == 20 and set(few.tolist()) <= set(all_rows.tolist())
        if name in SERIES:
            assert few.tolist() == all_rows[-20:].tolist() == others.tolist()
        else:
            assert set(few.tolist()) != set(others.tolist())


def test_the_text_is_in_the_sets_once_and_in_its_order():
    text = _sets.read("shakespeare.txt.gz").decode()
    splits = data.load("shakespeare")
    ends = [0, int(0.8 * len(text)), int(0.9 * len(text)), len(text)]
    for part, start, end in zip(splits[:3], ends, ends[1:], strict=False):
        joined = "".join("".join(splits.info.vocabulary[i] for i in ids) for ids in part.x)
        expected = "".join(c if c in splits.info.vocabulary else _sets.UNKNOWN for c in text[start:end])
        assert expected.startswith(joined) and len(joined) > len(expected) - 2 * 128
        assert np.array_equal(part.x.reshape(-1)[1:], part.y.reshape(-1)[:-1])  # Targets are one character on.


def test_whole_days_of_bikeshare_stay_together_and_no_column_gives_the_target_away(numbered):
    day = np.array(_sets.read_columns("bikeshare.csv.gz")["day"])
    bikes = numbered("bikeshare")
    days = [set(day[part]) for part in rows(bikes)]
    assert not days[0] & days[1] and not days[0] & days[2] and not days[1] & days[2]
    assert not {"casual", "registered", "day"} & set(bikes.info.feature_names)


@pytest.mark.parametrize("limit", [None, 200])
@pytest.mark.parametrize("name", ["mnist", "mnist1d", "places", "vowels", "leaves", "shuttle"])
def test_each_class_has_its_share_of_each_set_that_is_drawn(name, limit):
    splits = data.load(name, seed=7, limit=limit)
    train, valid = (np.bincount(part.y, minlength=splits.info.num_classes) for part in splits[:2])
    valid_share = len(splits.valid.y) / (len(splits.train.y) + len(splits.valid.y))
    if name == "shuttle":  # The anomalies of the training set are left out: compare with the test set.
        train, valid_share = np.bincount(splits.test.y), 0.5
    assert np.abs(valid - valid_share * (train + valid)).max() <= 1.5


@pytest.mark.parametrize("name", ["shuttle", *SERIES])
def test_means_and_spreads_are_those_of_the_training_set(name, numbered):
    splits = numbered(name)
    if name == "shuttle":
        units = splits.train.x.astype("float64") * splits.info.feature_scale + splits.info.feature_mean
    else:
        last = rows(splits)[0][-1]  # Of the training set: what comes later must not count.
        units = np.array([[float(cell)] for cell in _sets.read_columns(FILES[name])[name][: last + 1] if cell])
    np.testing.assert_allclose(splits.info.feature_mean, units.mean(axis=0), rtol=1e-6, atol=1e-3 * (name == "shuttle"))
    np.testing.assert_allclose(splits.info.feature_scale, units.std(axis=0), rtol=1e-4 if name == "shuttle" else 1e-6)


def test_a_character_that_the_training_set_lacks_is_unknown(monkeypatch):
    columns = _sets.read_columns("place_names.csv.gz")
    columns |= _sets.read_columns("cmudict.csv.gz")
    for column in ("name", "word"):  # Each has a character of its own.
        columns[column] = [chr(0x20000 + row) for row in range(len(columns[column]))]
    text = _sets.read("shakespeare.txt.gz").decode()
    text = f"{text[: int(0.85 * len(text))]}é{text[int(0.85 * len(text)) : -500]}ü{text[-500:]}"
    monkeypatch.setattr(_sets, "read_columns", lambda _: columns)
    monkeypatch.setattr(_sets, "read", lambda _: text.encode())
    for name in ("places", "pronunciations", "shakespeare"):
        splits = data.load(name)
        assert splits.train.x.max() == len(splits.info.vocabulary) - 1 and (splits.train.x != 1).all()
        for part in splits[1:3]:
            assert (part.x == 1).sum() == (1 if name == "shakespeare" else len(part.x))
