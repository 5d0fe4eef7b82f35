"""Rules for all inputs, tried with random ones by Hypothesis; `DLGUIDE_TESTS=60 pytest` tries ten times as many."""

import inspect
import json
import math
import tempfile
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dlguide
from dlguide import _checks, training
from dlguide.training import _folder, _state
from tests.helpers import switches
from tests.helpers.cases import CASES

FACTOR = 10 if switches.SECONDS >= 60 else 1


def examples(count: int):
    """Try so many inputs, the same ones in each run, or ten times as many; nothing is kept on the disk."""
    allowed = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]  # One fixture for all; models are slow.
    once = {"derandomize": True, "database": None, "deadline": None}
    return settings(max_examples=count * FACTOR, suppress_health_check=allowed, **once)


# Builders

small, wide = st.integers(1, 4), st.integers(1, 9)
maps = st.tuples(st.sampled_from([4, 8]), st.sampled_from([4, 8]), st.integers(1, 3))  # For up to two halvings.
VALUES = {
    "input_shape": st.lists(small, min_size=1, max_size=3).map(tuple),
    "degree": st.integers(1, 3),
    "l2": st.floats(0, 0.9),
    "hidden_units": st.lists(wide, max_size=2),
    "activation": st.sampled_from(["relu", "tanh", None]),
    "cell": st.sampled_from(["simple", "lstm", "gru"]),
    **dict.fromkeys(("vocab_size", "source_vocab_size", "target_vocab_size"), st.integers(2, 9)),
    "embed_dim": st.sampled_from([4, 8]),
    "num_heads": st.sampled_from([1, 2]),
    "beta": st.floats(0, 9),
    "num_classes": st.none() | st.integers(2, 4),
    "ngram_buckets": st.none() | wide,
    "dropout": st.floats(0, 0.9),
    "num_layers": st.integers(1, 2),
    **dict.fromkeys(("num_outputs", "kernel_size", "latent_dim"), small),
    **dict.fromkeys(("units", "filters"), st.lists(small, min_size=1, max_size=2)),
    **dict.fromkeys(("max_length", "ff_dim"), wide),
    **dict.fromkeys(("batch_norm", "bidirectional", "return_sequences", "mask_zero", "modern"), st.booleans()),
}
"""What an argument of a builder may be."""
OWN_VALUES = {
    "linear_regression": {"input_shape": st.tuples(small)},
    "polynomial_regression": {"input_shape": st.tuples(st.integers(1, 3))},
    "cnn": {"input_shape": maps | st.tuples(st.integers(4, 9), small), "augment": st.none()},
    "rnn": {"input_shape": st.tuples(small, small), "vocab_size": st.none()},
    "conv_autoencoder": {"input_shape": maps, "latent_dim": st.none() | small},
    "gan": {"input_shape": maps},
    "diffusion": {"input_shape": maps},
}


def output_shape(name: str, o: dict) -> tuple:
    """Return the shape of what a model gives for two examples."""
    if "num_outputs" in o:
        return (2, *o.get("input_shape", ())[: o.get("return_sequences", 0)], o["num_outputs"])
    known = {"gan": (3,), "diffusion": (), "transformer_language_model": (o.get("max_length"), o.get("vocab_size"))}
    known["encoder_decoder"] = (3, o.get("target_vocab_size"))
    return (2, *known.get(name, (1,) if "regression" in name else o.get("input_shape")))


def inputs_of(o: dict):
    if "max_length" in o:
        return np.ones((2, o["max_length"]), "int32")
    if "source_vocab_size" in o:
        return [np.ones((2, 4), "int32"), np.ones((2, 3), "int32")]
    x = np.full((2, *o["input_shape"]), 0.5, "float32")
    return [x, np.array([0, 1], "int32")] if o.get("num_classes") else x


@pytest.mark.parametrize("name", [case for case in CASES if case != "contrastive"])  # It needs a model.
@examples(3)
@given(st.data())
def test_a_builder_gives_the_shape_that_its_arguments_say_and_can_be_saved(name, tmp_path_factory, draw):
    names = set(inspect.signature(getattr(dlguide, name)).parameters) - {"name"}
    values = VALUES | OWN_VALUES.get(name, {})
    options = draw.draw(st.fixed_dictionaries({argument: values[argument] for argument in sorted(names)}))
    keras.utils.clear_session()
    model, x = getattr(dlguide, name)(**options), inputs_of(options)
    given_back = model(x)
    assert given_back.shape == output_shape(name, options)
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    model.save(path)
    again = keras.saving.load_model(path)
    assert all(map(np.array_equal, again.get_weights(), model.get_weights()))
    if name not in ("vae", "gan", "diffusion"):  # These draw numbers.
        assert np.array_equal(again(x), given_back)


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
    if n > 20:
        assert order.tolist() != training.epoch_order(n, seed, epoch + 1).tolist()
        assert order.tolist() != training.epoch_order(n, seed + 1, epoch).tolist()


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
