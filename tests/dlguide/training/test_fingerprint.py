"""Another run in the folder is refused, and what differs is named."""

import json

import keras
import pytest

from tests.helpers.calls import refusal
from tests.helpers.training_runs import SPARSE, WEIGHTS, X, Y, classifier, fit, plateau

pytestmark = pytest.mark.each_backend


def refused(folder, model=None, x=X, y=Y, **options) -> str:
    """Return what differs, after "with"; the folder must be left alone."""
    before = {path.name: path.read_bytes() for path in folder.glob("[!.]*")}
    error = refusal(fit, classifier() if model is None else model, folder, x, y, **options)
    assert {path.name: path.read_bytes() for path in folder.glob("[!.]*")} == before
    start = "`run_dir` must be new, empty or hold the same run. Received: run_dir="
    message = error.removeprefix(f"{start}{str(folder)!r} with ")
    assert message != error
    return message


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Return the folders of a run without a validation set and of one with it, which no test changes."""
    plain, validated = (tmp_path_factory.mktemp(name) for name in ("plain", "validated"))
    fit(classifier(), plain)
    fit(classifier(), validated, **VALID)
    return {"plain": plain, "validated": validated}


VALID = {"validation_data": (X, Y, WEIGHTS)}
CASES = {
    "options": ("plain", {"epochs": 1, "seed": 1}, "epochs 2 there, 1 here; seed 0 there, 1 here"),
    "x and y": ("plain", {"x": X + 1, "y": 1 - Y}, "other values in x; other values in y"),
    "shape": ("plain", {"x": X[:30], "y": Y[:30]}, "data.x.shape[0] 60 there, 30 here; other values in x; "
              "data.y.shape[0] 60 there, 30 here; other values in y"),
    "weights": ("validated", {**VALID, "sample_weight": WEIGHTS},
                "data.sample_weight None there, an array of shape (60,) here"),
    "other weights": ("validated", {"validation_data": (X, Y, WEIGHTS + 1)}, "other values in validation_data[2]"),
    "no validation": ("validated", {}, "data.validation_data an array of shape (60, 4) and an array of shape (60,) and "
                      "an array of shape (60,) there, None here"),
    "patience": ("validated", {**VALID, "patience": 3},
                 "patience None there, 3 here; callbacks: 0 there, 1 here"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "options", "message"), CASES.values(), ids=CASES)
def test_other_options_and_data_are_named_and_the_folder_is_left_alone(name, options, message, folders):
    assert refused(folders[name], **options) == message


def network(units=32, inner_units=6, activation="relu", layers=2, loss=SPARSE, **options):
    inner = keras.Sequential([keras.Input((units,)), keras.layers.Dense(inner_units, activation)])
    inputs = keras.Input((4,))
    x = keras.layers.Dense(units)(inputs)
    for _ in range(layers - 1):
        x = keras.layers.Dense(units)(x)
    model = keras.Model(inputs, keras.layers.Dense(2)(inner(x)))
    model.compile(keras.optimizers.Adam(0.01), loss, **options)
    return model


@pytest.fixture(scope="module")
def network_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("network")
    fit(network(), folder, epochs=1)
    return folder


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"units": 64}, "layer 1 (dense): units 32 there, 64 here; layer 2 (dense): units 32 there, 64 here"),
        ({"inner_units": 5}, "layer 3 (sequential), layer 0 (dense): units 6 there, 5 here"),
        ({"activation": "tanh"}, "layer 3 (sequential), layer 0 (dense): activation 'relu' there, 'tanh' here"),
        ({"layers": 3}, "layer 3: sequential there, dense here"),
    ],
    ids=str,
)
def test_a_model_that_differs_is_told_by_its_layer_and_field(options, message, network_folder):
    assert refused(network_folder, network(**options), epochs=1) == message


@pytest.mark.parametrize(
    ("named", "value"),
    [
        ("loss", keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)),
        ("metrics", ["accuracy"]),
        ("weighted_metrics", ["accuracy"]),
        ("loss_weights", 0.5),
    ],
)
def test_a_model_that_is_compiled_otherwise_is_refused(named, value, network_folder):
    assert refused(network_folder, network(**{named: value}), epochs=1).startswith(named)


class Threshold(keras.callbacks.Callback):
    def __init__(self, threshold):
        super().__init__()
        self.threshold = threshold

    def on_epoch_end(self, epoch, logs=None):
        self.threshold *= 0.5


def test_options_of_callbacks_are_compared_as_they_were_given(tmp_path):
    callback, model = Threshold(1.0), classifier()
    for epochs in (1, 2):
        fit(model, tmp_path, epochs=epochs, callbacks=[callback])
    assert callback.threshold == 0.25
    callback = Threshold(1.0)
    fit(model, tmp_path, epochs=3, callbacks=[callback])
    assert callback.threshold == 0.125
    message = "callback 0 (Threshold): threshold 1 there, 2 here"
    assert refused(tmp_path, epochs=4, callbacks=[Threshold(2.0)]) == message


def test_an_option_that_its_author_changed_since_is_named(tmp_path):
    model, callback = classifier(), plateau()
    for epochs in (2, 3):  # The learning rate that the run itself has changed is no difference.
        fit(model, tmp_path, epochs=epochs, callbacks=[callback])
    assert float(model.optimizer.learning_rate) < 0.009
    model.optimizer.learning_rate = 0.5
    assert refused(tmp_path, model, epochs=3, callbacks=[plateau()]) == "optimizer: learning_rate 0.01 there, 0.5 here"
    message = "callback 0 (ReduceLROnPlateau): patience 1 there, 2 here"
    assert refused(tmp_path, epochs=3, callbacks=[plateau(patience=2)]) == message


def test_mixed_precision_is_another_run(folders):
    keras.config.set_dtype_policy("mixed_bfloat16")
    assert "dtype 'float32' there, 'mixed_bfloat16' here" in refused(folders["plain"])


def test_a_checkpoint_of_another_version_is_refused_by_its_format(tmp_path):
    fit(classifier(), tmp_path, epochs=1)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "format": 1}))
    message = f"a checkpoint of format 1 there, {config['format']} here: another version's"
    assert refused(tmp_path, epochs=1) == message
