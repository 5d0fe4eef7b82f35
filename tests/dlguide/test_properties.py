"""Rules for all inputs, tried with random ones by Hypothesis; `DLGUIDE_TESTS=60 pytest` tries ten times as many."""

import json
import math
import tempfile
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import dlguide
from dlguide import _checks, training
from dlguide.training import _folder, _state
from tests.helpers import switches
from tests.helpers.cases import CASES, OPTIONS
from tests.helpers.contract import inputs
from tests.helpers.switches import quick

FACTOR = 10 if switches.SECONDS >= 60 else 1


def examples(count: int):
    """Try so many inputs, the same ones in each run, or ten times as many; nothing is kept on the disk."""
    allowed = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]  # One fixture for all; models are slow.
    once = {"derandomize": True, "database": None, "deadline": None}
    return settings(max_examples=count * FACTOR, suppress_health_check=allowed, **once)


# Builders


@pytest.mark.parametrize("name", quick(CASES, "mlp", "cnn", "vae"))
@examples(3)
@given(st.data())
def test_any_options_of_a_builder_go_together_and_the_model_can_be_saved(name, tmp_path_factory, draw):
    case, rows = CASES[name], [option for option in OPTIONS[name] if not option.args]
    some = st.lists(st.sampled_from(rows), unique_by=lambda option: option.name, min_size=min(2, len(rows)))
    chosen = draw.draw(some) if len({row.name for row in rows}) > 1 else rows[:1]
    options = case.base | {option.name: option.value for option in chosen}
    assume(options.get("embed_dim", 8) % (options.get("num_heads", 2) * (1 + bool(options.get("modern")))) == 0)
    keras.utils.clear_session()
    model = getattr(dlguide, name)(*(arg() if callable(arg) else arg for arg in case.args), **options)
    x, path = inputs(name, model, 2), tmp_path_factory.mktemp("saved") / "model.keras"
    expected = keras.ops.convert_to_numpy(model(x))
    output = next((option.output for option in chosen if option.output), case.output)
    assert expected.shape == (2, *(size or 5 for size in output))
    model.save(path)
    again = keras.saving.load_model(path)
    assert all(map(np.array_equal, again.get_weights(), model.get_weights()))
    assert case.is_random or np.array_equal(keras.ops.convert_to_numpy(again(x)), expected)


# Checks

anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.builds(object)
anything |= st.lists(st.integers()) | st.dictionaries(st.text(), st.integers())
anything |= st.integers(-5, 5).map(np.int64) | st.floats(-5, 5).map(np.float32)
CHECKS = {
    "integer": (_checks.integer, "at_least", int, lambda v, least: v >= least),
    "number": (_checks.number, "at_least", float, lambda v, least: least <= v < math.inf),
    "number above": (_checks.number, "above", float, lambda v, least: least < v < math.inf),
    "rate": (_checks.rate, None, float, lambda v, _: 0 <= v < 1),
    "flag": (_checks.flag, None, bool, lambda v, _: True),
    "integers": (_checks.integers, None, tuple, lambda v, _: all(type(n) is int and n > 0 for n in v)),
}
"""A check, its limit's name, the type of what it returns, and what holds for it."""


@pytest.mark.parametrize("name", CHECKS)
@examples(300)
@given(anything, st.integers(-3, 3))
def test_a_value_is_taken_as_it_is_or_refused_with_its_name_and_value(name, value, least):
    check, limit, kind, holds = CHECKS[name]
    try:
        taken = check("size", value, **({limit: least} if limit else {}))
    except ValueError as error:
        assert str(error).startswith("`size` must be ") and str(error).endswith(f"Received: size={value!r}")
    else:
        assert type(taken) is kind and holds(taken, least) and taken == (kind(value) if kind is tuple else value)


# Order


@examples(100)
@given(st.integers(1, 200), st.integers(0, 2**40), st.integers(0, 500))
def test_each_epoch_takes_each_example_once_in_an_order_of_its_own(n, seed, epoch):
    order = training.epoch_order(n, seed, epoch)
    assert sorted(order.tolist()) == list(range(n)) and order.tolist() == training.epoch_order(n, seed, epoch).tolist()
    several = [training.epoch_order(n, seed + i, epoch + k).tolist() for i in range(2) for k in range(4)]
    assert n <= 20 or len({*map(tuple, several)}) == 8


# Checkpoints


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    """The two checkpoints of a run of two epochs, as bytes and as arrays, and the settings of the run."""
    path = tmp_path_factory.mktemp("run")
    model = dlguide.perceptron((2,), 1)
    model.compile("sgd", "mse")
    training.fit(model, np.ones((8, 2)), np.ones(8), epochs=2, batch_size=4, run_dir=path, verbose=0)
    contents = [(path / name).read_bytes() for name in _folder.CHECKPOINTS]
    states = [_state.from_arrays(dict(np.load(path / name))) for name in _folder.CHECKPOINTS]
    return contents, states, json.loads((path / "config.json").read_text())


def damage(draw, content: bytes) -> bytes:
    place = draw(st.integers(0, len(content) - 1))
    if draw(st.booleans()):
        return content[:place]
    return content[:place] + bytes([content[place] ^ draw(st.integers(1, 255))]) + content[place + 1 :]


@pytest.mark.thorough
@examples(150)
@given(st.data())
def test_a_damaged_checkpoint_is_never_taken_for_a_good_one(checkpoints, draw):
    (newest, previous), good, config = checkpoints
    is_worse = draw.draw(st.booleans())
    newest = damage(draw.draw, newest)
    previous = damage(draw.draw, previous) if is_worse else previous
    with tempfile.TemporaryDirectory() as path, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Of the damage; a test of `fit` looks at it.
        for name, content in zip(_folder.CHECKPOINTS, (newest, previous), strict=True):
            (Path(path) / name).write_bytes(content)
        (Path(path) / "config.json").write_text(json.dumps(config))
        folder = _folder.RunFolder(Path(path), config["run"])
        try:
            saved = folder.open()
        except ValueError as error:
            assert is_worse and "`run_dir` must have a checkpoint that can be read" in str(error)
        else:
            # A byte of the file that carries nothing may differ.
            assert any(repr(saved) == repr(one) for one in good)
        finally:
            folder.close()
