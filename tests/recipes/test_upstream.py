"""The patches for Keras fit the Keras that is installed, and change no result."""

import functools
import importlib

import keras
import numpy as np
import pytest

from recipes.benchmark import models, upstream

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
def test_a_patch_changes_no_result(name):
    patch, runs = upstream.ALL[name], []
    row = patch.row._replace(batch_size=16, examples=16)
    functions = []

    def train():
        functions.append(_function(patch))
        keras.utils.set_random_seed(0)
        model = upstream.model(name, row)
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


def _function(patch: upstream.Patch):
    return functools.reduce(getattr, patch.function.split("."), importlib.import_module(patch.module))
