"""The folder of a run: its files, damage, a full disk, a second process, files of somebody else."""

import json
import os
import resource

import keras
import numpy as np
import pytest

from tests.helpers.training_runs import X, classifier, fit, history_rows, same, train, whole_run

pytestmark = pytest.mark.each_backend
CHECKPOINTS = ("checkpoint.npz", "checkpoint.previous.npz")


def test_the_run_folder_has_what_the_readme_says(tmp_path):
    model = classifier()
    history = fit(model, tmp_path)
    names = {path.name for path in tmp_path.glob("[!.]*")}
    assert names == {*CHECKPOINTS, "config.json", "history.csv", "model.keras"}
    assert [float(row["loss"]) for row in history_rows(tmp_path)] == history.history["loss"]
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-5)
    assert json.loads((tmp_path / "config.json").read_text())["run"]["epochs"] == "2"


DAMAGES = (
    lambda content: content[:-100],
    # A bit in the first array; some bytes of the zip format carry nothing.
    lambda content: content[:1000] + bytes([content[1000] ^ 1]) + content[1001:],
    lambda content: b"",
)


def test_a_damaged_checkpoint_is_said_and_the_one_before_it_used(tmp_path):
    path, kept = tmp_path / "checkpoint.npz", tmp_path / "checkpoint.damaged.npz"
    train(tmp_path, stop=(0, 3))
    for epoch, damage in enumerate(DAMAGES, start=1):
        path.write_bytes(damage(path.read_bytes()))
        message = rf"checkpoint.npz damaged \(\w+\): the run is resumed from .*, epoch {epoch}, step [12]\."
        with pytest.warns(UserWarning, match=message):
            train(tmp_path, stop=(epoch, 3))
        kept.unlink()
    assert same(train(tmp_path), whole_run())


def test_no_good_checkpoint_is_an_error_and_no_fresh_start(tmp_path):
    train(tmp_path, stop=(2, 3))
    for name in CHECKPOINTS:
        (tmp_path / name).write_bytes(b"")
    message = r"`run_dir` must have a checkpoint that can be read, or be new. Received: run_dir=.* with checkpoint.npz"
    with pytest.raises(ValueError, match=message + r" damaged \(\w+\), checkpoint.previous.npz damaged \(\w+\)"):
        train(tmp_path)
    for name in CHECKPOINTS:
        (tmp_path / name).unlink()
    with pytest.raises(ValueError, match="with no checkpoint"):
        train(tmp_path)


def test_a_damaged_config_is_said(tmp_path):
    model = classifier()
    fit(model, tmp_path, epochs=1)
    message = r"`run_dir` must have a config.json that can be read, or be new. Received: .* with config.json damaged$"
    for content in ("{", "[]", ""):
        (tmp_path / "config.json").write_text(content)
        with pytest.raises(ValueError, match=message):
            fit(model, tmp_path, epochs=1)


def test_a_full_disk_is_said_and_the_checkpoint_before_it_is_good(tmp_path):
    message = r"`run_dir` must have room for a checkpoint. Received: run_dir=.* \(File too large\); the checkpoint"
    notes = tmp_path / "run" / "my.tmp.notes.txt"
    notes.parent.mkdir()
    notes.write_text("mine")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises(OSError, match=message):
            limit = resource.RLIMIT_FSIZE, (2000, limits[1])
            train(tmp_path / "run", stop=(2, 3), what=lambda: resource.setrlimit(*limit))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list((tmp_path / "run").glob("*.tmp*")) == [notes]
    assert same(train(tmp_path / "run"), whole_run())


def test_a_table_program_that_has_the_history_open_on_windows_ends_no_run(tmp_path, monkeypatch):
    replace = os.replace

    def locked(source, target):
        if str(target).endswith("history.csv"):
            raise PermissionError("The process cannot access the file")
        replace(source, target)

    monkeypatch.setattr(os, "replace", locked)
    model = classifier()
    fit(model, tmp_path)
    monkeypatch.undo()
    assert not (tmp_path / "history.csv").exists()
    assert fit(model, tmp_path, epochs=3).epoch == [0, 1, 2] and len(history_rows(tmp_path)) == 3


def test_a_folder_with_files_of_the_same_names_is_refused(tmp_path):
    (tmp_path / "history.csv").write_text("mine")
    with pytest.raises(ValueError, match=r"`run_dir` must be new.*with history\.csv"):
        fit(classifier(), tmp_path)
    assert (tmp_path / "history.csv").read_text() == "mine"
    assert len(list(tmp_path.glob("[!.]*"))) == 1


def test_a_run_dir_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    model = classifier()
    for folder in (tmp_path / "file", tmp_path / "file" / "below", "/proc/none"):
        with pytest.raises(ValueError, match=r"`run_dir` must be a folder that can be written. Received: run_dir="):
            fit(model, folder)
