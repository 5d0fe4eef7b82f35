"""The folder of a run: its files, damage, a full disk, and what is the same run although it is written otherwise."""

import functools
import json
import os
import re
import resource
import subprocess

import keras
import numpy as np
import pytest

from tests.helpers import training_runs as runs
from tests.helpers.sentences import refusal
from tests.helpers.switches import quick
from tests.helpers.training_runs import SPARSE, X, Y, classifier, fit, same, state, train

pytestmark = pytest.mark.one_backend
CHECKPOINTS = ("checkpoint.npz", "checkpoint.previous.npz")


def test_the_run_folder_has_what_the_docs_say(tmp_path):
    model = classifier()
    history = fit(model, tmp_path)
    names = {path.name for path in tmp_path.glob("[!.]*")}
    assert names == {*CHECKPOINTS, "config.json", "history.csv", "model.keras"}
    assert [float(row["loss"]) for row in runs.history_rows(tmp_path)] == history.history["loss"]
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-5)
    config = json.loads((tmp_path / "config.json").read_text())
    git = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    assert config["run"]["epochs"] == "2" and config["facts"]["git"].startswith(git)
    assert config["facts"]["keras"] == keras.__version__ and config["facts"]["numpy"] == np.__version__


# Damage


DAMAGES = (
    lambda content: content[:-100],
    # A bit in the first array; some bytes of the zip format carry nothing.
    lambda content: content[:1000] + bytes([content[1000] ^ 1]) + content[1001:],
    lambda content: b"",
)


def test_a_damaged_checkpoint_is_said_and_the_one_before_it_used_and_without_any_there_is_no_fresh_start(tmp_path):
    path, kept = tmp_path / "checkpoint.npz", tmp_path / "checkpoint.damaged.npz"
    train(tmp_path, stop=(1, 3))
    for epoch, damage in enumerate(DAMAGES):
        path.write_bytes(damage(path.read_bytes()))
        message = rf"checkpoint.npz damaged \(\w+\): the run is resumed from the one before it, after epoch {epoch}\."
        with pytest.warns(UserWarning, match=message):
            train(tmp_path, stop=(epoch + 2, 1) if epoch < 2 else None)
        kept.unlink()
    assert same(train(tmp_path), runs.whole_run())
    for name in CHECKPOINTS:
        (tmp_path / name).write_bytes(b"")
    message = refusal(train, tmp_path)
    assert message.startswith("`run_dir` must have a checkpoint that can be read, or be new. Received: run_dir=")
    assert re.search(r" with checkpoint.npz damaged \(\w+\), checkpoint.previous.npz damaged \(\w+\)$", message)
    for name in CHECKPOINTS:
        (tmp_path / name).unlink()
    assert refusal(train, tmp_path).endswith("with no checkpoint")
    for content in ("{", "[]", ""):
        (tmp_path / "config.json").write_text(content)
        message = refusal(train, tmp_path)
        assert message.startswith("`run_dir` must have a config.json that can be read, or be new. Received: ")
        assert message.endswith(" with config.json damaged")


def test_a_full_disk_is_said_and_the_checkpoint_before_it_is_good(tmp_path):
    notes = tmp_path / "run" / "my.tmp.notes.txt"
    notes.parent.mkdir()
    notes.write_text("mine")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises(OSError, match="File too large"):
            limit = resource.RLIMIT_FSIZE, (2000, limits[1])
            train(tmp_path / "run", stop=(2, 3), what=lambda: resource.setrlimit(*limit))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list((tmp_path / "run").glob("*.tmp*")) == [notes]
    assert same(train(tmp_path / "run"), runs.whole_run())


def test_a_table_program_that_has_the_history_open_on_windows_ends_no_run(tmp_path, monkeypatch):
    replace = os.replace

    def locked(source, target):
        if str(target).endswith("history.csv"):
            raise PermissionError("The process cannot access the file")
        replace(source, target)

    model = classifier()
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", locked)
        fit(model, tmp_path)
    assert not (tmp_path / "history.csv").exists()
    assert fit(model, tmp_path, epochs=3).epoch == [0, 1, 2] and len(runs.history_rows(tmp_path)) == 3


# The same run, written otherwise


def cell(number: int, source: str, **names):
    """Return `model()` of source that stands at another line of another file, as a cell that is run again."""
    names |= {"keras": keras, "__name__": "__main__"}
    exec(compile("\n" * number + source, f"/tmp/ipykernel_{number}/1.py", "exec"), names)
    return names["model"]()


LAMBDA = """
def model():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: 2 * x), keras.layers.Dense(1)])
    model.compile("sgd", loss=lambda y, p: keras.ops.mean((y - p) ** 2, axis=-1))
    return model
"""
SUBCLASS = """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = keras.layers.Dense(2)

    def call(self, x):
        return self.out(x)

def model():
    model = Net()
    model.compile("sgd", SPARSE)
    return model
"""


def dense(*layers, loss="mse", **options):
    model = keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(1)])
    model.compile("sgd", loss, **options)
    return model


class Scaled(keras.layers.Layer):
    """Takes a function, so that Keras has no config of it."""

    def __init__(self, function):
        super().__init__()
        self.function, self.dense = function, keras.layers.Dense(3)

    def call(self, x):
        return self.dense(self.function(x))


def quantised(number):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.Dense(1)])
    with pytest.warns(UserWarning, match="InputLayer does not have a `quantize`"):
        model.quantize("int8")
    model.layers[0].enable_lora(2)
    model.compile("sgd", "mse")
    return model


SAME = {
    "lambdas at another line": lambda number: cell(number, LAMBDA),
    "a subclass without a config": lambda number: cell(number, SUBCLASS, SPARSE=SPARSE),
    "a partial": lambda number: dense(
        loss=functools.partial(keras.losses.huber, delta=2.0), metrics=[functools.partial(keras.losses.huber)]
    ),
    "a mask of NaN": lambda number: dense(
        keras.layers.Reshape((4, 1)), keras.layers.Masking(np.nan), keras.layers.GlobalAveragePooling1D()
    ),
    "weights of int8 and LoRA": quantised,
    "a layer without a config": lambda number: dense(Scaled(lambda x: 2 * x)),
    "other names": lambda number: [classifier() for _ in range(number + 1)][-1],  # The numbers in them go on.
}


@pytest.mark.parametrize("name", quick(SAME, "other names"))
def test_the_same_run_written_in_another_place_is_extended_to_the_bits_of_a_whole_one(name, tmp_path):
    models = []
    for number, folder, epochs in ((0, None, 2), (0, tmp_path, 1), (3, tmp_path, 2)):
        keras.utils.set_random_seed(0)
        models.append(SAME[name](number))
        fit(models[-1], folder, y=Y[:, None].astype("float32"), epochs=epochs)
    assert same(state(models[0]), state(models[2]))


def test_a_learning_rate_that_the_run_itself_has_changed_is_no_difference(tmp_path):
    model, callback = classifier(), runs.plateau()
    for epochs in (2, 3):
        fit(model, tmp_path, epochs=epochs, callbacks=[callback])
    assert float(model.optimizer.learning_rate) < 0.009
    model.optimizer.learning_rate = 0.5  # The checkpoint has the right one.
    assert fit(model, tmp_path, epochs=3).epoch == [0, 1, 2]
    assert float(model.optimizer.learning_rate) < 0.009
    other = classifier(optimizer=keras.optimizers.Adam(0.5))
    assert "optimizer.learning_rate 0.01 there, 0.5 here" in refusal(fit, other, tmp_path, epochs=3)


def test_another_version_draws_a_warning_once_another_revision_none_and_another_format_is_refused(tmp_path):
    path, model = tmp_path / "config.json", classifier()
    fit(model, tmp_path, epochs=1)
    for name, epochs in (("dlguide", 2), (keras.backend.backend(), 3)):
        config = json.loads(path.read_text())
        config["facts"] |= {name: "0.0", "git": "other"}
        path.write_text(json.dumps(config))
        with pytest.warns(
            UserWarning, match=rf"was written by other versions \({name} 0.0 there, \S+ here\): the bits"
        ):
            fit(model, tmp_path, epochs=epochs)
        fit(model, tmp_path, epochs=epochs)
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "run": {**config["run"], "format": "1"}}))
    assert refusal(fit, model, tmp_path, epochs=3).endswith(f" with format 1 there, {config['run']['format']} here")
