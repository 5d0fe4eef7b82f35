"""The batches of an epoch: their order, from arrays, files and data sets."""

import functools
import os
import re
from pathlib import Path

import keras
import numpy as np
import pytest

from dlguide import _data_checks, training
from dlguide.training import _batches
from tests.helpers import training_runs as runs
from tests.helpers.training_runs import Shuffled, X, Y, classifier, dataset, fit, loader, same, state
from tools.benchmarks import memory, processes

pytestmark = pytest.mark.each_backend


def batches_of(arrays, epochs=1, first_step=0, batch_size=8):
    """Yield the rows of each step, as the backend's own training loop gets them."""
    batches = _batches.ArrayBatches(arrays, batch_size, functools.partial(training.epoch_order, seed=0))
    for epoch in range(epochs):
        batches.begin(epoch)
        source = batches.source(epoch, first_step)
        for batch in source if hasattr(source, "cardinality") else (source[i] for i in range(len(source))):
            yield keras.tree.map_structure(np.asarray, batch)


def test_arrays_tuples_and_files_give_the_same_batches(tmp_path):
    numbers = np.arange(43 * 2).reshape(43, 2).astype("uint8")
    np.save(tmp_path / "numbers.npy", numbers)
    mapped = np.load(tmp_path / "numbers.npy", mmap_mode="r")
    expected = [
        numbers[training.epoch_order(43, 0, epoch)[8 * step : 8 * step + 8]] for epoch in range(2) for step in range(6)
    ]
    assert [len(batch) for batch in expected[:6]] == [8, 8, 8, 8, 8, 3]
    for arrays in ((numbers,), (mapped,), (mapped[:],)):
        assert same([batch for (batch,) in batches_of(arrays, 2)], expected)
    for pair in ((numbers, numbers), (mapped, mapped)):
        (left, right), label = next(batches_of((pair, numbers[:, 0])))
        assert same([left, right, label], [expected[0], expected[0], expected[0][:, 0]])
    assert same([batch for (batch,) in batches_of((mapped,), first_step=4)], expected[4:6])


def test_rows_of_a_file_are_those_of_the_map(tmp_path):
    numbers = np.arange(60000).reshape(3000, 20)
    np.save(tmp_path / "numbers.npy", numbers)
    for mode in ("r", "r+", "c"):
        mapped = np.load(tmp_path / "numbers.npy", mmap_mode=mode)
        if mode != "r":
            mapped[5] = -1
        for view in (mapped, mapped[3:], mapped[::-2], mapped[:, ::3], mapped[:, 0]):
            rows = _data_checks.Rows(view)
            assert np.array_equal(rows[np.array([2, 0, 1, 2])], view[[2, 0, 1, 2]])
            assert np.array_equal(rows[1:7], view[1:7])
    os.replace(tmp_path / "numbers.npy", tmp_path / "other.npy")
    np.save(tmp_path / "numbers.npy", -numbers)
    for file in ("another", "none"):
        assert np.array_equal(_data_checks.Rows(mapped[:5])[np.arange(5)], mapped[:5]), file
        (tmp_path / "numbers.npy").unlink(missing_ok=True)


def growth(path: str) -> tuple[int, float]:
    """Read a file through; return the number of its rows, and by how many megabytes the peak of memory has grown."""

    def peak():
        return int(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1]) / 1024

    images = np.load(path, mmap_mode="r")
    next(batches_of((images[:512],), batch_size=512))
    before = peak()
    return sum(len(batch) for (batch,) in batches_of((images,), batch_size=512)), peak() - before


@pytest.mark.thorough
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the memory of a process is read from /proc")
def test_neither_a_file_nor_fits_of_new_models_stay_in_memory(tmp_path):
    """A file of 200 MB; without `_speed`, TensorFlow keeps 1.2 MB of each fit.

    Once in the first fits, TensorFlow takes about 40 MB for itself.
    """
    images = np.lib.format.open_memmap(tmp_path / "images.npy", "w+", "uint8", (200_000, 1000))
    images[:] = np.arange(200_000)[:, None] % 251
    images.flush()
    with processes.start(keras.backend.backend()) as call:
        rows, megabytes = call(growth, str(tmp_path / "images.npy"))
    assert rows == 200_000 and megabytes < 100
    assert memory.growth("fit", keras.backend.backend(), fits=60, first=30) < 20


@pytest.mark.parametrize("make", runs.DATA_SETS.values(), ids=runs.DATA_SETS)
@pytest.mark.thorough
def test_data_sets_train_and_validate_as_in_keras(make):
    model, reference = classifier(dropout=0.0), classifier(dropout=0.0)
    options = {"shuffle": False} if make in (loader, dataset) else {}  # Keras draws from them once more or less.
    history = fit(model, x=make(**options), y=None, validation_data=make()).history
    # To build a model, Keras takes a batch out of the workers' queue on JAX and PyTorch.
    plain = make(**options) if options else Shuffled()
    expected = reference.fit(plain, epochs=2, shuffle=False, verbose=0).history
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=1e-5)
    for found, wanted in zip(state(model), state(reference), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)
    expected = model.evaluate(X, Y, sample_weight=runs.WEIGHTS, batch_size=10, verbose=0)
    assert len(history["val_loss"]) == 2 and history["val_loss"][-1] == pytest.approx(expected, rel=1e-5)
