"""Which run a folder holds: the same one written in another place, or another one, which is refused by name."""

import functools
import json
import re
import subprocess

import keras
import numpy as np
import pytest

from tests.helpers.calls import python, refusal
from tests.helpers.training_runs import SPARSE, WEIGHTS, X, Y, classifier, fit, plateau, same, state

pytestmark = pytest.mark.each_backend


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


@functools.wraps(keras.losses.mean_squared_error)
def calls_itself(y, p):
    return keras.losses.mean_squared_error(y, p) if y is p else calls_itself.__wrapped__(y, p)


def dense(*layers, loss="mse", **options):
    model = keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(1)])
    model.compile("sgd", loss, **options)
    return model


def quantised(number):
    with pytest.warns(UserWarning, match="InputLayer does not have a `quantize`"):
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.Dense(1)])
        model.quantize("int8")
    model.layers[0].enable_lora(2)
    model.compile("sgd", "mse")
    return model


def after_others(number):
    """Build other models before, so that the numbers in the names of layers go on."""
    for _ in range(number):
        classifier()
    return classifier()


SAME = {
    "lambdas at another line": lambda number: cell(number, LAMBDA),
    "a subclass without a config": lambda number: cell(number, SUBCLASS, SPARSE=SPARSE),
    "a partial": lambda number: dense(
        loss=functools.partial(keras.losses.huber, delta=2.0), metrics=[functools.partial(keras.losses.huber)]
    ),
    "a decorated loss that calls itself": lambda number: dense(loss=calls_itself),
    "a mask of NaN": lambda number: dense(
        keras.layers.Reshape((4, 1)), keras.layers.Masking(np.nan), keras.layers.GlobalAveragePooling1D()
    ),
    "weights of int8 and LoRA": quantised,
    "other names": after_others,
}


@pytest.mark.parametrize("make", SAME.values(), ids=SAME)
def test_the_same_run_written_in_another_place_is_extended_to_the_bits_of_a_whole_one(make, tmp_path):
    models = []
    for number, folder, epochs in ((0, None, 2), (0, tmp_path, 1), (3, tmp_path, 2)):
        keras.utils.set_random_seed(0)
        models.append(make(number))
        fit(models[-1], folder, y=Y[:, None].astype("float32"), epochs=epochs)
    assert same(state(models[0]), state(models[2]))


NOTEBOOK = """
import keras, numpy as np, sys
from dlguide import training
exec(compile({source!r}, "/tmp/ipykernel_%s/1.py" % sys.argv[1], "exec"))
training.fit(model(), np.ones((8, 4), "float32"), np.ones((8, 1)), epochs=int(sys.argv[1]), run_dir=sys.argv[2])
"""


@pytest.mark.thorough
def test_lambdas_are_the_same_run_in_another_process(tmp_path):
    outputs = [python("-c", NOTEBOOK.format(source=LAMBDA), epochs, tmp_path) for epochs in (1, 2)]
    assert "is extended from 1 to 2 epochs" in outputs[1]


# Another run is refused


def refused(folder, model=None, x=X, y=Y, **options) -> str:
    """Return what differs, after "with"; the folder must be left alone."""
    before = {path.name: path.read_bytes() for path in folder.glob("[!.]*")}
    error = refusal(fit, classifier() if model is None else model, folder, x, y, **options)
    assert {path.name: path.read_bytes() for path in folder.glob("[!.]*")} == before
    start = "`run_dir` must be new, empty or hold the same run. Received: run_dir="
    message = error.removeprefix(f"{start}{str(folder)!r} with ")
    assert message != error
    return message


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


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Return folders of runs that no test changes."""
    runs = {"plain": (classifier, {}), "validated": (classifier, VALID), "network": (network, {"epochs": 2})}
    found = {name: tmp_path_factory.mktemp(name) for name in runs}
    for name, (model, options) in runs.items():
        fit(model(), found[name], **options)
    return found


IGNORED = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
OTHER = {
    "epochs, seed": ("plain", {"epochs": 1, "seed": 1}, "seed 0 there, 1 here; epochs 2 there, 1 here"),
    "batch size": ("plain", {"batch_size": 20}, "batch_size 16 there, 20 here"),
    "x and y": ("plain", {"x": X + 1, "y": 1 - Y}, "data['x'].values: other values; data['y'].values: other values"),
    "shape": ("plain", {"x": X[:30], "y": Y[:30]}, "data['x'].shape \"(60, 4)\" there, \"(30, 4)\" here; …"),
    "weights": ("validated", {**VALID, "sample_weight": WEIGHTS}, "data['sample_weight'].shape nothing there, …"),
    "other weights": ("validated", {"validation_data": (X, Y, WEIGHTS + 1)},
                      "data['validation_data'][2].values: other values"),
    "no validation": ("validated", {}, "data['validation_data'] nothing there, \"NoneType\" here; …"),
    "patience": ("validated", {**VALID, "patience": 3}, "patience null there, 3 here"),
    "units": ("network", {"units": 64}, "model.layers[1].units 32 there, 64 here; model.layers[2].units 32 …"),
    "inner units": ("network", {"inner_units": 5}, "model.layers[3].layers[0].units 6 there, 5 here; …"),
    "activation": ("network", {"activation": "tanh"},
                   'model.layers[3].layers[0].activation "relu" there, "tanh" here'),
    "layers": ("network", {"layers": 3}, "model.layers[3].class Sequential there, Dense here; …"),
    "loss": ("network", {"loss": IGNORED}, "loss.ignore_class null there, -1 here"),
    "metrics": ("network", {"metrics": ["accuracy"]}, 'metrics null there, ["accuracy"] here'),
    "weighted": ("network", {"weighted_metrics": ["accuracy"]}, 'weighted_metrics null there, ["accuracy"] here'),
    "loss weights": ("network", {"loss_weights": 0.5}, "loss_weights null there, 0.5 here"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "options", "message"), OTHER.values(), ids=OTHER)
def test_what_differs_is_named_and_the_folder_is_left_alone(name, options, message, folders):
    found = refused(folders[name], network(**options)) if name == "network" else refused(folders[name], **options)
    assert found.startswith(message[:-1]) if message.endswith("…") else found == message


def test_mixed_precision_is_another_run(folders):
    keras.config.set_dtype_policy("mixed_bfloat16")
    assert 'dtype {"name": "float32"} there, {"name": "mixed_bfloat16"} here' in refused(folders["plain"])


def test_a_learning_rate_that_the_run_itself_has_changed_is_no_difference(tmp_path):
    model, callback = classifier(), plateau()
    for epochs in (2, 3):
        fit(model, tmp_path, epochs=epochs, callbacks=[callback])
    assert float(model.optimizer.learning_rate) < 0.009
    model.optimizer.learning_rate = 0.5
    assert refused(tmp_path, model, epochs=3) == "optimizer.learning_rate 0.005 there, 0.5 here"


def test_another_version_draws_a_warning_once_and_another_revision_none(tmp_path):
    path, model = tmp_path / "config.json", classifier()
    fit(model, tmp_path, epochs=1)
    git = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    for name, epochs in (("dlguide", 2), (keras.backend.backend(), 3)):
        config = json.loads(path.read_text())
        assert config["facts"]["git"].startswith(git) and config["facts"]["keras"] == keras.__version__
        config["facts"] |= {name: "0.0", "git": "other"}
        path.write_text(json.dumps(config))
        expected = (
            rf"was written by other versions \({name} 0.0 there, {re.escape(config['facts']['keras'])[:1]}?.* here"
        )
        with pytest.warns(UserWarning, match=expected):
            fit(model, tmp_path, epochs=epochs)
        fit(model, tmp_path, epochs=epochs)
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "run": {**config["run"], "format": "1"}}))
    assert refused(tmp_path, epochs=3) == f"format 1 there, {config['run']['format']} here"
