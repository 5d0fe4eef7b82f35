"""What `fit` and `Run` refuse, before the first step and before anything is written, with which sentences."""

import re

import keras
import numpy as np
import pytest

from dlguide import mlp, training
from tests.helpers.sentences import check_sentences, refusal
from tests.helpers.training_runs import SPARSE, WEIGHTS, X, Y, classifier, dataset, fit, same

pytestmark = pytest.mark.one_backend


def files(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("[!.]*")}


# An argument that cannot be taken


def without_targets():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.ActivityRegularization(l2=0.1)(keras.layers.Dense(2)(inputs)))
    model.compile("adam")
    return model


def one_output(loss):
    return {"model": lambda: classifier(loss, 1)}


NEGATIVE = np.where(np.arange(60) > 57, -1.0, WEIGHTS)
HINGE = {**one_output("hinge"), "y": Y * 2 - 1}
BACKUP = keras.callbacks.BackupAndRestore("backup")
BAD = {
    "model not compiled": {"model": lambda: mlp((4,), 2)},
    "epochs=0": {"epochs": 0},
    "batch_size=-1": {"batch_size": -1},
    "seed=-1": {"seed": -1},
    "patience=0": {"patience": 0},
    "patience without validation_data": {"patience": 2},
    "x empty": {"x": X[:0], "y": Y[:0]},
    "y out of range": {"y": np.array([*Y[:57], -1, 2, 3])},
    "validation_data of x alone": {"validation_data": (X,)},
    "validation_data of four": {"validation_data": (X, Y, WEIGHTS, 1)},
    "validation_data with negative weights": {"validation_data": (X, Y, NEGATIVE)},
    "validation_split=0.999": {"validation_split": 0.999},
    # These would break a resumed run.
    "initial_epoch with run_dir": {"initial_epoch": 1},
    "shuffle with run_dir": {"shuffle": False},
    "steps_per_epoch with run_dir": {"steps_per_epoch": 2},
    "callbacks with a backup": {"callbacks": [keras.callbacks.TerminateOnNaN(), BACKUP]},
    "run_dir empty": {"folder": ""},
    "run_dir in a bucket": {"folder": "gs://bucket/run"},
    "run_dir a file": {"folder": "file"},
    "run_dir below a file": {"folder": "file/below"},
    "run_dir with files of somebody else": {"folder": "mine"},
    "sample_weight too short": {"sample_weight": WEIGHTS[:59]},
    "sample_weight of another shape": {"sample_weight": np.ones((60, 3))},
    "sample_weight negative": {"sample_weight": NEGATIVE},
    "sample_weight NaN": {"sample_weight": np.full(60, np.nan)},
    "sample_weight of text": {"sample_weight": ["a"] * 60},
    "sample_weight a tuple": {"sample_weight": (WEIGHTS, WEIGHTS)},
    "sample_weight with class_weight": {"sample_weight": WEIGHTS, "class_weight": {0: 1.0}},
    "sample_weight without y": {"model": without_targets, "y": None, "sample_weight": WEIGHTS},
    "class_weight of no class": {"class_weight": {2: 1.0}},
    "class_weight a list": {"class_weight": [1.0, 2.0]},
    "class_weight negative": {"class_weight": {0: -1}},
    "class_weight, binary": {**one_output(keras.losses.BinaryCrossentropy(from_logits=True)), "class_weight": {2: 5}},
    "class_weight, hinge": {**HINGE, "class_weight": {-1: 1, 0: 5}},
    "class_weight without classes": {"model": lambda: classifier("mse"), "y": X[:, :2], "class_weight": {0: 1.0}},
}


def test_a_bad_argument_is_named_before_the_first_step_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "history.csv").write_text("mine")
    found = {}
    for name, given in BAD.items():
        given = {"model": classifier, "folder": "run", **given}
        model = given.pop("model")()
        before = model.get_weights()
        found[name] = refusal(fit, model, **given)
        assert name.split()[0].split("=")[0].strip(",") in found[name] and same(before, model.get_weights())
    assert sorted(path.name for path in tmp_path.rglob("[!.]*")) == ["file", "history.csv", "mine"]
    assert (tmp_path / "mine" / "history.csv").read_text() == "mine"
    with pytest.raises(TypeError, match="unexpected keyword argument 'epoch'"):
        fit(classifier(), epoch=3)
    found["Run epochs=0"] = refusal(training.Run, "run", epochs=0)
    found["Run keep"] = refusal(training.Run("run", epochs=1).keep, count=3)
    assert not (tmp_path / "run").exists()
    check_sentences("training", found)


# Another run in the folder


def network(units=32, inner_units=6, activation="relu", layers=2, loss=SPARSE, **options):
    inner = keras.Sequential([keras.Input((units,)), keras.layers.Dense(inner_units, activation)])
    inputs = keras.Input((4,))
    x = keras.layers.Dense(units)(inputs)
    for _ in range(layers - 1):
        x = keras.layers.Dense(units)(x)
    model = keras.Model(inputs, keras.layers.Dense(2)(inner(x)))
    model.compile(keras.optimizers.Adam(0.01), loss, **options)
    return model


VALID = {"validation_data": (X, Y, WEIGHTS)}
FOLDERS = {"plain": (classifier, {}), "validated": (classifier, VALID), "network": (network, {})}
FUNCTION = {"x": lambda epoch: dataset(seed=epoch), "y": None}
FOLDERS["function"] = classifier, FUNCTION
FOLDERS["bfloat16"] = classifier, {"x": X.astype("bfloat16")}
IGNORED = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
OTHER = {
    "epochs, seed": ("plain", {"epochs": 1, "seed": 1}),
    "batch size": ("plain", {"batch_size": 20}),
    "x and y": ("plain", {"x": np.r_[X[:-1], X[-1:] + 1], "y": np.r_[Y[:-1], 1 - Y[-1:]]}),
    "shape": ("plain", {"x": X[:30], "y": Y[:30]}),
    "bits of x": ("bfloat16", {"x": 2 * X.astype("bfloat16")}),
    "weights": ("validated", {**VALID, "sample_weight": WEIGHTS}),
    "other weights": ("validated", {"validation_data": (X, Y, WEIGHTS + 1)}),
    "no validation": ("validated", {}),
    "class weights": ("function", {**FUNCTION, "class_weight": {0: 1.0, 1: 9.0}}),
    "patience": ("validated", {**VALID, "patience": 3}),
    "dtype": ("plain", {"dtype": "mixed_bfloat16"}),
    "units": ("network", {"units": 64}),
    "inner units": ("network", {"inner_units": 5}),
    "activation": ("network", {"activation": "tanh"}),
    "layers": ("network", {"layers": 3}),
    "loss": ("network", {"loss": IGNORED}),
    "metrics": ("network", {"metrics": ["accuracy"]}),
    "weighted": ("network", {"weighted_metrics": ["accuracy"]}),
    "loss weights": ("network", {"loss_weights": 0.5}),
}


def test_what_differs_from_the_run_in_a_folder_is_named_and_the_folder_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = {}
    for name, (make, options) in FOLDERS.items():
        fit(make(), name, **options)
    for name, (folder, options) in OTHER.items():
        before, of_model = files(tmp_path / folder), options if folder == "network" else {}
        options = {} if of_model else dict(options)
        keras.config.set_dtype_policy(options.pop("dtype", "float32"))
        sentence = refusal(fit, FOLDERS[folder][0](**of_model), folder, **options)
        found[name] = re.sub(r"and \d+ more", "and more", sentence)  # So many as Keras's configs have.
        assert files(tmp_path / folder) == before
    check_sentences("training, another run", found)
