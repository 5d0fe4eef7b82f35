"""Options of `fit` in pairs: each two of them meet in some row, and each row is held against Keras's own `fit`."""

import itertools
import re

import keras
import numpy as np
import pytest

from dlguide import mlp, training
from tests.helpers.training_runs import At, Keeps, Resumable, fit, press_ctrl_c, same, state

TABLE = """
data      weights validation patience folder   callback metric   end        dtype          optimizer  batch_size verbose
PyDataset sample  None       None     extended state    accuracy finite     mixed_bfloat16 adam       8          1
PyDataset None    plain      2        resumed  plateau  vector   not_finite float32        accumulate 10         0
PyDataset None    weighted   2        None     stopping weighted not_finite mixed_bfloat16 ema        8          2
arrays    class   plain      2        None     stopping accuracy finite     float32        adam       8          0
arrays    class   weighted   2        extended state    weighted finite     mixed_bfloat16 accumulate 8          0
arrays    class   None       None     resumed  plateau  accuracy not_finite mixed_bfloat16 adam       8          2
arrays    sample  weighted   None     None     plateau  weighted not_finite mixed_bfloat16 ema        10         1
arrays    None    None       None     extended state    vector   not_finite float32        ema        10         2
tf.data   sample  plain      2        extended plateau  weighted finite     float32        adam       10         2
tf.data   sample  None       None     None     stopping vector   not_finite mixed_bfloat16 accumulate 10         0
tf.data   None    weighted   None     resumed  state    accuracy finite     float32        ema        8          1
tuple     class   plain      2        resumed  plateau  vector   finite     mixed_bfloat16 ema        8          0
tuple     class   plain      None     None     state    accuracy not_finite mixed_bfloat16 accumulate 10         1
tuple     sample  None       None     resumed  stopping weighted not_finite float32        accumulate 8          2
tuple     None    weighted   2        extended stopping vector   not_finite mixed_bfloat16 adam       8          1
"""
VALUES = {"None": None, **{str(number): number for number in range(11)}}
NAMES, *LINES = map(str.split, TABLE.strip().splitlines())
ROWS = [dict(zip(NAMES, (VALUES.get(word, word) for word in line), strict=True)) for line in LINES]
EPOCHS, N, SEED = 4, 30, 5
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 4)).astype("float32")
CLASS = (X[:, 0] + X[:, 3] > 0).astype(int)
Y = np.eye(2, dtype="float32")[CLASS]
# The other labels: what training learns makes it worse, so that the first epoch is the best.
VALID_X, VALID_Y = X[:12] * 1.5, 1 - Y[:12]
SAMPLE_WEIGHT, VALID_WEIGHT = RNG.uniform(0.2, 3, (2, N)).astype("float32")
JIT = "auto" if keras.backend.backend() == "jax" else False  # For time.
CLASS_WEIGHT = {0: 0.3, 1: 4.0}


def test_each_two_values_meet_in_some_row():
    met = {pair for row in ROWS for pair in itertools.combinations(row.items(), 2)}
    values = {item for pair in met for item in pair}
    missing = {(a, b) for a in values for b in values if NAMES.index(a[0]) < NAMES.index(b[0])} - met
    refused = {(("data", kind), ("weights", "class")) for kind in ("tf.data", "PyDataset")}
    assert missing == {*refused, (("validation", None), ("patience", 2))}


def inputs(row, x):
    return (x[:, :3], x[:, 3:]) if row["data"] == "tuple" else x


def data_of(row) -> dict:
    """Return what `fit` is given for the training set."""
    if row["data"] in ("arrays", "tuple"):
        weights = {"sample": {"sample_weight": SAMPLE_WEIGHT}, "class": {"class_weight": CLASS_WEIGHT}}
        return {"x": inputs(row, X), "y": Y, **weights.get(row["weights"], {})}
    arrays = (X, Y, SAMPLE_WEIGHT) if row["weights"] else (X, Y)
    if row["data"] == "PyDataset":
        return {"x": Resumable(arrays, row["batch_size"])}
    import tensorflow as tf

    examples = tf.data.Dataset.from_tensor_slices(arrays)
    return {"x": lambda epoch: examples.shuffle(N, seed=epoch).batch(row["batch_size"])}


def batches(row):
    """Yield the batches of all epochs one after the other, from what the documentation of `fit` says."""
    weight = {"sample": SAMPLE_WEIGHT, "class": np.array([CLASS_WEIGHT[label] for label in CLASS], "float32")}
    arrays = (inputs(row, X), Y, weight[row["weights"]]) if row["weights"] else (inputs(row, X), Y)
    data_set = data_of(row)["x"]
    for epoch in range(EPOCHS):
        if row["data"] == "tf.data":
            yield from data_set(epoch).as_numpy_iterator()
        else:
            order = training.epoch_order(N, SEED, epoch)
            for first in range(0, N, row["batch_size"]):
                rows = order[first : first + row["batch_size"]]
                yield keras.tree.map_structure(lambda array, rows=rows: array[rows], arrays)


def new_model(row):
    keras.utils.set_random_seed(0)
    places = joined = keras.Input((4,))
    if row["data"] == "tuple":
        places = [keras.Input((3,)), keras.Input((1,))]
        joined = keras.layers.Concatenate()(places)
    # On PyTorch dropout draws from the global generator, which `fit` seeds anew in each epoch, and Keras does not.
    dropout = 0.0 if keras.backend.backend() == "torch" else 0.2
    inner = mlp((4,), 2, hidden_units=(4,), activation="leaky_relu", dropout=dropout)
    model = keras.Model(places, inner(joined))
    optimizer = {
        "adam": lambda: keras.optimizers.Adam(0.03),
        "ema": lambda: keras.optimizers.SGD(0.1, momentum=0.5, use_ema=True, ema_momentum=0.8),
        "accumulate": lambda: keras.optimizers.SGD(0.1, momentum=0.5, gradient_accumulation_steps=2),
    }[row["optimizer"]]()
    metric = {
        "accuracy": {"metrics": ["accuracy"]},
        "vector": {"metrics": [keras.metrics.F1Score()]},
        "weighted": {"weighted_metrics": ["accuracy"]},
    }[row["metric"]]
    model.compile(optimizer, keras.losses.CategoricalCrossentropy(from_logits=True), jit_compile=JIT, **metric)
    return model


class Explodes(keras.callbacks.Callback):
    """Makes the second epoch bad, and the third one's loss not finite."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch in (1, 2):
            self.model.optimizer.learning_rate = {1: 100.0, 2: 1e30}[epoch]


def callbacks(row):
    chosen = {
        "plateau": lambda: keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=10.0),
        "stopping": lambda: keras.callbacks.EarlyStopping("loss", patience=2, min_delta=0.5),
        "state": Keeps,
    }[row["callback"]]()
    return [chosen, *([Explodes()] if row["end"] == "not_finite" else [])]


def validation(row):
    valid = (inputs(row, VALID_X), VALID_Y)
    return {None: None, "plain": valid, "weighted": (*valid, VALID_WEIGHT[:12])}[row["validation"]]


def by_keras(row):
    """Return the history and the state at the end."""
    model = new_model(row)
    patience = [keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)] if row["patience"] else []
    options = {"validation_data": validation(row), "callbacks": [*callbacks(row), *patience], "shuffle": False}
    # Keras knows best how often it ends an epoch of a `PyDataset` before the first one.
    source = data_of(row)["x"] if row["data"] == "PyDataset" else batches(row)
    history = model.fit(source, steps_per_epoch=-(-N // row["batch_size"]), epochs=EPOCHS, verbose=0, **options)
    return history.history, state(model)


def by_dlguide(row, folder, epochs=EPOCHS):
    model = new_model(row)
    more = {name: row[name] for name in ("batch_size", "patience", "verbose")}
    options = {"validation_data": validation(row), "callbacks": [*callbacks(row), At()], **more}
    options |= {"seed": SEED, "epochs": epochs}
    try:
        return model, fit(model, folder, **{"y": None, **data_of(row)}, **options).history, None
    except FloatingPointError as error:
        return model, None, str(error)


def begin(row, folder):
    """Train a part of the run, for the next call to resume or extend."""
    # After two epochs, `patience` has waited for one; the third one's loss may not be finite.
    epochs = 2 if row["end"] == "finite" else 1
    if row["folder"] == "resumed":
        At.when, At.what = (epochs, 1), press_ctrl_c
        with pytest.raises(KeyboardInterrupt):
            by_dlguide(row, folder)
    if row["folder"] == "extended":
        by_dlguide(row, folder, epochs)


def assert_close(row, found, expected):
    tolerance = 2e-5 if row["dtype"] == "float32" else 2e-3  # Adam's kernel; the others give equal bits.
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(*(np.asarray(x).astype("float64") for x in (a, b)), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    "row",
    [pytest.param(row, marks=[pytest.mark.thorough] * (i != 9)) for i, row in enumerate(ROWS)],
    ids=lambda row: "-".join(map(str, row.values())),
)
def test_a_row_of_options_trains_as_keras_does(row, tmp_path, capfd):
    keras.config.set_dtype_policy(row["dtype"])
    expected, final = by_keras(row)
    folder = tmp_path / "run" if row["folder"] else None
    begin(row, folder)
    capfd.readouterr()
    model, history, error = by_dlguide(row, folder)
    output = capfd.readouterr().out
    if row["end"] == "not_finite":
        assert re.match(r"`loss` must be finite\. Received: loss=(nan|inf) in epoch 3\. Try a smaller ", error)
        return
    assert list(history) == list(expected)
    assert_close(row, history.values(), expected.values())
    assert_close(row, state(model), final)
    assert bool(output) == (row["verbose"] > 0)
    if row["verbose"] and row["folder"]:
        assert output.count("is resumed ") == 1
    if row["verbose"]:
        epochs = range(3 if row["folder"] else 1, len(history["loss"]) + 1)
        assert re.findall(r"^Epoch (\S+)", output, re.MULTILINE) == [f"{epoch}/{EPOCHS}" for epoch in epochs]
    if folder:
        again, same_history, _ = by_dlguide(row, folder)  # Finished: nothing is trained.
        np.testing.assert_equal(same_history, history)
        assert same(state(again), state(model))
