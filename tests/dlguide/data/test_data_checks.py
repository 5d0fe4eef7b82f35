"""What `fit`, `evaluate` and `predict` take as data, and what is refused before the first step."""

import functools

import keras
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dlguide import _data_checks, contrastive, diffusion, evaluation, gan, mlp, training, transformer_language_model
from tests.helpers.contract import compiled as compiled_case
from tests.helpers.sentences import check_sentences, refusal
from tests.helpers.switches import quick
from tests.helpers.training_runs import SPARSE, Made, loader

ON_TENSORFLOW = keras.backend.backend() == "tensorflow"
RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 4)).astype("float32")
Y, W = (X[:, 0] > 0).astype("int32"), RNG.random(20).astype("float32")
BINARY = keras.losses.BinaryCrossentropy(from_logits=True)


def compiled(model=None, loss=SPARSE, **options):
    """Compile a model or what a function makes; for a few steps TensorFlow is faster without a graph."""
    keras.utils.set_random_seed(0)
    model = model() if callable(model) and not isinstance(model, keras.Model) else model
    model = model or mlp((4,), 2, hidden_units=(3,))
    model.compile(keras.optimizers.Adam(0.01), loss, **{"run_eagerly": ON_TENSORFLOW, **options})
    return model


def fit(model, x=X, y=Y, **options):
    """Train one epoch and return the losses."""
    options = {"batch_size": 8, "verbose": 0, **options}
    return {name: values[0] for name, values in training.fit(model, x, y, **options).history.items()}


def outputs(*layers, shape=(4,)):
    return keras.Sequential([keras.Input(shape), *layers, keras.layers.Dense(2)])


def two_inputs(optional=False):
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b", optional=optional)
    p, q = keras.layers.Dense(2, name="p")(a), keras.layers.Dense(1, name="q")(keras.layers.Identity()(b))
    return compiled(keras.Model([a, b], [p, q]), [SPARSE, "mse"])


# What is taken: each container gives the numbers of its arrays.


def mapped(folder, x):
    np.save(folder / "x.npy", x.astype("float64"))
    return np.load(folder / "x.npy", mmap_mode="r")


CONTAINERS = {
    "list": lambda folder, x, y: (x.tolist(), y.tolist()),
    "float64": lambda folder, x, y: (x.astype("float64"), y.astype("int64")),
    "frame": lambda folder, x, y: (pd.DataFrame(x), pd.Series(y)),
    "column": lambda folder, x, y: (x[..., None], y[:, None]),
    "sparse": lambda folder, x, y: (scipy.sparse.csr_matrix(x), y),
    "memmap": lambda folder, x, y: (mapped(folder, x), y),
}
DATA_SETS = {
    "tf.data": lambda x, y, size: tf.data.Dataset.from_tensor_slices((x, y)).batch(size),
    "PyDataset": lambda x, y, size: Made(-(-len(x) // size), lambda i: (x[size * i :][:size], y[size * i :][:size])),
    "DataLoader": lambda x, y, size: loader((x, y), size, shuffle=False),
}
numbers = settings(max_examples=2, derandomize=True, database=None, deadline=None,
                   suppress_health_check=list(HealthCheck))  # fmt: skip


def results(x, y, plain, size, **options):
    """Train, evaluate and predict from the same first weights."""
    model = compiled(lambda: outputs(shape=(3,)))
    trained = fit(model, x, y, validation_data=(x, y) if y is not None else x, batch_size=size, **options)
    evaluated = evaluation.evaluate(model, x, y)
    return trained | {name: evaluated[name] for name in ("loss", "confusion_matrix")}, model.predict(plain, verbose=0)


@pytest.mark.parametrize("name", quick([*CONTAINERS, *DATA_SETS], "list"))
@numbers
@given(st.integers(2, 20), st.integers(1, 7), st.integers(0, 99))
def test_any_container_trains_and_is_evaluated_as_its_array(name, tmp_path_factory, n, size, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, 3)).astype("float32"), rng.integers(0, 2, n)
    expected = x, y
    if name in DATA_SETS:  # Its order is its own: one batch has none.
        size, given_x, given_y = n, DATA_SETS[name](x, y, n), None
    else:
        given_x, given_y = CONTAINERS[name](tmp_path_factory.mktemp("map"), x, y)
    (found, predicted), (wanted, same) = results(given_x, given_y, x, size), results(*expected, x, size)
    assert found.pop("confusion_matrix") == wanted.pop("confusion_matrix")
    assert found == pytest.approx(wanted, rel=1e-4) and predicted == pytest.approx(same, rel=1e-3, abs=1e-5)


@pytest.mark.thorough
def test_several_arrays_may_come_in_any_structure_each_with_its_weights():
    x, y, w = (X, X[::-1].copy()), (Y, X[:, :1]), (W, W[::-1].copy())
    expected = fit(two_inputs(), x, y, sample_weight=w, validation_data=(x, y, w))
    for form in (list(x), {"b": x[1], "a": x[0]}, [x[0].tolist(), x[1]]):
        found = fit(two_inputs(), form, list(y), sample_weight=list(w), validation_data=(form, list(y), list(w)))
        assert found == pytest.approx(expected, rel=1e-5)
    assert fit(two_inputs(), x, y)["loss"] != expected["loss"]
    weights = _data_checks.from_samples(two_inputs(), "w", w, y)
    assert np.array_equal(weights[1], W[::-1]) and weights[0].dtype == "float32"
    classes = _data_checks.from_classes(compiled(), {1: 3}, np.array([0, 1, 1]))
    assert classes.tolist() == [1, 3, 3]


def test_none_stands_for_an_optional_input_floats_become_float32_and_token_ids_stay_integers():
    a, b = keras.Input((4,)), keras.Input((4,), optional=True)

    class First(keras.layers.Layer):
        def call(self, one, other=None):
            assert keras.backend.standardize_dtype(one.dtype) == "float32"
            return one

    model = compiled(keras.Model([a, b], keras.layers.Dense(2)(First()(a, b))))
    assert fit(model, [X.astype("float64"), None], Y)["loss"] > 0
    assert _data_checks.as_floatx(np.ones(2, "bfloat16")).dtype == "float32"
    assert _data_checks.arrays("x", pd.DataFrame({"a": Y, "b": Y})).dtype == "int32"


def test_what_takes_any_length_or_size_still_does():
    model = compiled(transformer_language_model(9, 6, embed_dim=4, num_heads=1, ff_dim=4, num_layers=1))
    for length in (3, 6):
        tokens = RNG.integers(0, 9, (20, length))
        assert fit(model, tokens, tokens)
    layers = keras.layers.Conv2D(2, 3), keras.layers.GlobalAveragePooling2D()
    assert fit(compiled(outputs(*layers, shape=(8, 8, 1))), RNG.random((20, 10, 10, 1), "float32"))


@pytest.mark.parametrize("mode", ["r", "r+", "c"])
def test_blocks_of_a_file_have_all_rows_as_floatx_and_the_first_bad_value_is_named(tmp_path, mode):
    np.save(tmp_path / "x.npy", np.arange(210.0).reshape(21, 10))
    file = np.load(tmp_path / "x.npy", mmap_mode=mode)
    if mode != "r":
        file[5] = -1
    for view in (file, file[3:], file[::-2], file[:, ::3]):
        parts = list(_data_checks.blocks(view, size=4 * view[:1].nbytes))
        assert [start for start, _ in parts] == list(range(0, len(view), 4))
        assert np.array_equal(np.concatenate([part for _, part in parts]), view) and parts[0][1].dtype == "float32"
    small = functools.partial(_data_checks.blocks, size=320)  # Four rows.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_data_checks, "blocks", small)
        sentence = refusal(_data_checks.check_values, "x", file, lambda values: np.isin(values, (180, 205)), "others")
    assert sentence.endswith("x with 2 of 210 values wrong, the first in row 18: 180.0")


@pytest.mark.thorough
def test_targets_with_and_without_a_last_axis_of_one_give_the_same_loss():
    for loss, count in (("mse", 1), (BINARY, 1), (SPARSE, 2)):
        losses = [fit(compiled(mlp((4,), count), loss), y=y)["loss"] for y in (Y, Y[:, None])]
        assert losses[0] == pytest.approx(losses[1], rel=1e-6)


# What is refused.


def at(row, value, array=X):
    changed = np.array(array, "float32")
    changed[row] = value
    return changed


EMBEDDING = functools.partial(keras.Sequential, [keras.Input((3,)), keras.layers.Embedding(5, 2),
                                                 keras.layers.Flatten(), keras.layers.Dense(2)])  # fmt: skip
IDS, IMAGES, KINDS = np.zeros((20, 3), "int32"), RNG.random((8, 8, 8, 1)).astype("float32"), np.arange(8) % 3

ONE, THREE = (functools.partial(mlp, (4,), count) for count in (1, 3))
PLAIN = functools.partial(gan, (8, 8, 1), filters=(4,))
LEARNER = functools.partial(contrastive, mlp((8, 8, 1), 4), augment={"shift": 0.2})
FRAME = pd.DataFrame({"a": X[:, 0], "town": ["p", "q"] * 10})


def bad(x=X, y=Y, model=None, loss=SPARSE, **options):
    return lambda: fit(compiled(model, loss), x, y, **options)


def parts(make, x, y=None, **options):
    return lambda: training.fit(compiled_case("alone", make()), x, y, epochs=1, verbose=0, **options)


BAD = {
    "x None": bad(None), "x text": bad(X.astype(str)), "x object": bad(np.array([{}] * 20)),
    "x ragged": bad([[1.0], [1.0, 2.0]] * 10), "x frame with text": bad(FRAME), "x empty": bad(X[:0], Y[:0]),
    "x NaN": bad(at((3, 1), np.nan)), "x infinite": bad(at(5, np.inf)), "x too large": bad(X.astype("float64") * 1e300),
    "x masked": bad(np.ma.masked_invalid(at((3, 1), np.nan))), "x frame with NaN": bad(pd.DataFrame(at(3, np.nan))),
    "x list of examples": bad(list(X)), "x one example": bad(X[0], Y[:4]), "x other size": bad(X[:, :3]),
    "x other rank": bad(X[:, None]), "x other size, Sequential": bad(X[:, :3], model=outputs),
    "x part": lambda: fit(two_inputs(), (X, X[:, :3]), (Y, Y)),
    "x key": lambda: fit(two_inputs(), {"a": X, "b": X[:, :3]}, (Y, Y)),
    "x token": bad(at(2, 5, IDS), model=EMBEDDING), "x negative token": bad(at(19, -1, IDS), model=EMBEDDING),
    "x token fraction": bad(at(0, 0.5, IDS), model=EMBEDDING),
    "y None": bad(y=None), "y text": bad(y=np.array(["no", "yes"])[Y]), "y length": bad(y=Y[:19]),
    "y class": bad(y=at(7, 2, Y)), "y negative class": bad(y=at(7, -1, Y)), "y fraction": bad(y=Y + 0.5),
    "y one-hot for sparse": bad(y=np.eye(2)[Y]), "y shape, mse": bad(y=X[:, :3], model=ONE, loss="mse"),
    "y flat, mse of three": bad(model=THREE, loss="mse"), "y NaN": bad(y=at(1, np.nan, Y), model=ONE, loss="mse"),
    "y pixels": bad(y=Y * 255, model=ONE, loss=BINARY), "y just above 1": bad(y=Y * 1.001, model=ONE, loss=BINARY),
    "weights negative": bad(sample_weight=at(18, -1, W)), "weights NaN": bad(sample_weight=at(0, np.nan, W)),
    "weights length": bad(sample_weight=W[:19]), "weights shape": bad(sample_weight=np.ones((20, 3))),
    "weights of columns": bad(y=X[:, :2], loss="mse", sample_weight=np.ones((20, 2))),
    "weights without y": lambda: _data_checks.from_samples(compiled(), "sample_weight", W, None),
    "weights structure": bad(sample_weight=(W, W)), "weights text": bad(sample_weight=["a"] * 20),
    "class_weight class": bad(class_weight={2: 1.0}), "class_weight list": bad(class_weight=[1.0, 2.0]),
    "class_weight negative": bad(class_weight={0: -1}), "class_weight, labels": bad(
        model=ONE, loss=BINARY, class_weight={2: 5}), "class_weight, numbers": bad(
        y=X[:, :2], loss="mse", class_weight={0: 1.0}),
    "validation x": bad(validation_data=(X[:, :3], Y)), "validation y": bad(validation_data=(X, at(7, 2, Y))),
    "validation weights": bad(validation_data=(X, Y, at(18, -1, W))),
    "GAN y": parts(PLAIN, IMAGES, KINDS), "GAN two arrays": parts(PLAIN, (IMAGES, KINDS)),
    "GAN dict": parts(PLAIN, {"images": IMAGES}), "GAN pixels": parts(PLAIN, IMAGES * 255),
    "GAN no classes": parts(functools.partial(PLAIN, num_classes=3), IMAGES),
    "GAN class": parts(functools.partial(PLAIN, num_classes=3), (IMAGES, KINDS + 1)),
    "GAN batch of one": parts(PLAIN, IMAGES, batch_size=7),
    "diffusion pixels": parts(lambda: diffusion((8, 8, 1), filters=(4,)), IMAGES * 255),
    "diffusion y": parts(lambda: diffusion((8, 8, 1), filters=(4,)), IMAGES, IMAGES),
    "contrastive y": parts(LEARNER, IMAGES, KINDS), "contrastive batch of one": parts(LEARNER, IMAGES, batch_size=7),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:`model` gives logits")
def test_bad_data_are_refused_before_the_first_step_in_a_sentence_that_names_the_argument(monkeypatch):
    def no_step(*_, **__):
        raise AssertionError("trained")

    monkeypatch.setattr(keras.Model, "fit", no_step)
    found = {name: refusal(call) for name, call in BAD.items()}
    for name, sentence in found.items():
        argument = {"y": "`y", "weights": "`sample_weight", "class_weight": "`class_weight"}
        argument |= {"class_weight,": "`class_weight", "validation": "`validation_data[", "x": "`x"}
        assert argument.get(name.split()[0], "`") in sentence.partition("Received: ")[0], (name, sentence)
    if ON_TENSORFLOW:
        check_sentences("data", found)


def test_evaluate_refuses_what_fit_refuses():
    for x, y, name in ((X[:, :3], Y, "x"), (X, at(0, 2, Y), "y"), (at(19, np.nan), Y, "x"), (X, None, "y")):
        assert refusal(evaluation.evaluate, compiled(), x, y).startswith(f"`{name}` must be ")


@pytest.mark.parametrize("is_shared", [True, False])
def test_each_input_is_checked_against_the_embedding_that_reads_it(is_shared):
    one, two, first = keras.Input((3,)), keras.Input((3,)), keras.layers.Embedding(5, 2)
    second, size = (first, 5) if is_shared else (keras.layers.Embedding(7, 2), 7)
    both = keras.layers.Concatenate(axis=1)([first(one), second(two)])
    model = compiled(keras.Model([one, two], keras.layers.Dense(2)(keras.layers.Flatten()(both))))
    assert fit(model, (IDS + 4, IDS + size - 1))
    assert refusal(fit, model, (IDS + 5, IDS)).startswith("`x[0]` must be token ids in [0, 5)")
    assert refusal(fit, model, (IDS, IDS + size)).startswith(f"`x[1]` must be token ids in [0, {size})")


def test_a_label_that_the_loss_ignores_and_a_batch_of_one_without_statistics_are_taken():
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    assert fit(compiled(loss=loss), y=at(7, -1, Y).astype("int32"))["loss"] > 0
    model = compiled_case("alone", PLAIN(batch_norm=False), one_step=True)
    training.fit(model, IMAGES[:3], epochs=1, batch_size=1, verbose=0)
    evaluation.evaluate(compiled_case("alone", PLAIN(), one_step=True), IMAGES[:2], batch_size=1)
