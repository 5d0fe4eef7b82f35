"""The patches for Keras fit the Keras that is installed, and change no result."""

import functools
import importlib

import keras
import numpy as np
import pytest

from tools.benchmarks import models, upstream

HERE = [name for name, patch in upstream.ALL.items() if patch.backend == keras.backend.backend()]


@pytest.mark.parametrize("name", upstream.ALL)
def test_a_patch_fits(name):
    changed = upstream.changed_source(name)
    diff = (upstream.PATCHES / f"{name}.diff").read_text(encoding="utf-8")
    added = [line[1:].strip() for line in diff.splitlines() if line.startswith("+") and line[1:2] != "+"]
    assert added and all(line in changed for line in added)


def test_a_patch_that_does_not_fit_is_refused(tmp_path, monkeypatch):
    diff = (upstream.PATCHES / "gru.diff").read_text(encoding="utf-8")
    (tmp_path / "gru.diff").write_text(diff.replace("matrix_inner[:, : self.units]", "matrix_outer[:, : self.units]"))
    monkeypatch.setattr(upstream, "PATCHES", tmp_path)
    with pytest.raises(RuntimeError, match=f"gru.diff does not fit Keras {keras.__version__}"):
        upstream.changed_source("gru")


@pytest.mark.each_backend
@pytest.mark.parametrize("name", HERE)
def test_a_short_training_with_a_patch_ends_with_the_same_weights(name):
    patch, runs, functions = upstream.ALL[name], [], []
    row = patch.row._replace(batch_size=16, examples=16)

    def train(weight_decay=30.0):
        functions.append(_function(patch))
        keras.utils.set_random_seed(0)
        model = upstream.model(name, row)
        if name == "weight_decay":
            model.optimizer.weight_decay = weight_decay
        x, y = models.arrays(row)
        losses = [float(np.ravel(model.train_on_batch(x, x if y is None else y))[0]) for _ in range(4)]
        runs.append([*losses, *(np.asarray(weight) for weight in model.get_weights())])

    train()
    with upstream.applied(name):
        train()
    assert functions[0] is not functions[1] and _function(patch) is functions[0]
    assert runs[0][3] != runs[0][0]
    for before, after in zip(*runs, strict=True):
        np.testing.assert_allclose(after, before, rtol=2e-4, atol=1e-5)
    if name == "weight_decay":
        train(0.0)
        assert np.abs(runs[2][4] - runs[0][4]).max() > 1e-3


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="it is measured there")
@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("reset_after", [True, False])
def test_the_gru_is_the_same(reset_after, use_bias):
    x = keras.random.normal((3, 5, 4), seed=0)
    layer = keras.layers.GRU(6, reset_after=reset_after, use_bias=use_bias, bias_initializer="normal")
    before = np.asarray(layer(x))
    with upstream.applied("gru"):
        np.testing.assert_allclose(np.asarray(layer(x)), before, rtol=1e-6)


CASES = [
    ("max_pool", shape, (2, 2, "valid", order))
    for shape in ((3, 7, 2), (3, 7, 6, 2), (2, 4, 5, 6, 2))
    for order in ("channels_last", "channels_first")
]
CASES += [("max_pool", (3, 7, 6, 2), options) for options in ((2, 2, "same"), (3, 2, "valid"), (2, 3, "valid"))]
CASES += [
    ("conv_transpose", (3, 7, 6, 4), {"kernel": kernel, "strides": strides, "padding": padding})
    for kernel in (2, 3)
    for strides in (1, 2, 3)
    for padding in ("valid", "same")
]
CASES += [
    ("conv_transpose", (3, 7, 6, 4), {"kernel": 3, "padding": "valid", "dilation_rate": 2}),
    ("conv_transpose", (3, 7, 6, 4), {"kernel": 3, "strides": 2, "padding": "same", "output_padding": 1}),
    ("conv_transpose", (3, 4, 7, 6), {"kernel": 3, "strides": 2, "padding": "same", "data_format": "channels_first"}),
    ("conv_transpose", (3, 7, 4), {"kernel": 3, "strides": 2, "padding": "same"}),
]


@pytest.mark.each_backend
@pytest.mark.skipif(keras.backend.backend() != "jax", reason="they are patches for JAX")
@pytest.mark.parametrize(("name", "shape", "options"), CASES)
def test_values_and_gradients_on_jax_are_the_same(name, shape, options):
    import jax

    rng, arrays, positional = np.random.default_rng(0), [], ()
    arrays.append(rng.normal(size=shape).astype("float32"))
    if name == "conv_transpose":
        kernel = (options["kernel"],) * (len(shape) - 2)
        options = {name: value for name, value in options.items() if name != "kernel"}
        arrays.append(rng.normal(size=(*kernel, 5, 4)).astype("float32"))
    else:
        positional, options = options, {}

    def all_values():
        def compute(*inputs):
            return _function(upstream.ALL[name])(*inputs, *positional, **options)

        values, gradients = jax.vjp(compute, *arrays)
        weights = np.random.default_rng(1).normal(size=values.shape).astype("float32")
        return [values, *gradients(weights)]

    before = all_values()
    with upstream.applied(name):
        after = all_values()
    for one, other in zip(before, after, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-4)


def _function(patch: upstream.Patch):
    return functools.reduce(getattr, patch.function.split("."), importlib.import_module(patch.module))
