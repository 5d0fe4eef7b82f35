"""The forms in which `fit` takes data: lists of arrays, frames, shapes with and without a last axis of 1, batches."""

import keras
import numpy as np
import pytest
import scipy.sparse
import tensorflow as tf

from dlguide import _arrays, evaluation, mlp, training, transformer_language_model
from tests.helpers import calls, training_runs
from tests.helpers.training_runs import SPARSE, Made

pytestmark = pytest.mark.each_backend
ON_TENSORFLOW = keras.backend.backend() == "tensorflow"
RNG = np.random.default_rng(0)
X, Y, W = (array[:20] for array in (training_runs.X, training_runs.Y, training_runs.WEIGHTS))


def fit(model, x=X, y=Y, **options):
    """Train one epoch and return all losses."""
    history = training.fit(model, x, y, **{"epochs": 1, "batch_size": 8, "verbose": 0, **options}).history
    return [losses[0] for losses in history.values()]


def compiled(model=None, loss=SPARSE, **options):
    """Compile a model or what a function makes; for a few steps TensorFlow is faster without a graph."""
    keras.utils.set_random_seed(0)
    model = model() if callable(model) and not isinstance(model, keras.Model) else model
    model = model or mlp((4,), 2, hidden_units=(3,))
    model.compile(keras.optimizers.Adam(0.01), loss, **{"run_eagerly": ON_TENSORFLOW, **options})
    return model


def refusal(model, x=X, y=Y, **options):
    return calls.refusal(fit, model, x, y, **options)


def of_validation(message):
    """Return the message of a bad `x` as it is for the `x` of `validation_data`."""
    name = "validation_data[0]"
    return message.replace("`x`", f"`{name}`").replace("x)", f"{name})").replace(": x", f": {name}")


def two_inputs():
    keras.utils.set_random_seed(0)
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    outputs = [keras.layers.Dense(2, name="p")(keras.layers.Add()([a, b])), keras.layers.Dense(1, name="q")(b)]
    return compiled(keras.Model([a, b], outputs), [SPARSE, "mse"])


def test_a_list_of_arrays_is_as_good_as_a_tuple():
    x, y, weights = (X, X[::-1].copy()), (Y, X[:, :1]), (W, W[::-1].copy())
    expected = fit(two_inputs(), x, y, sample_weight=weights, validation_data=(x, y, weights))
    lists = [list(x), list(y), list(weights)]
    history = fit(two_inputs(), *lists[:2], sample_weight=lists[2], validation_data=tuple(lists))
    assert history == expected
    assert fit(two_inputs(), *lists[:2]) != expected  # The weights have an effect.
    assert evaluation.evaluate(two_inputs(), *lists[:2])["loss"] > 0


def test_lists_of_numbers_alone_and_in_a_tuple_or_dict_are_arrays():
    assert fit(compiled(), X.tolist(), Y.tolist()) == fit(compiled(), X, list(Y)) == pytest.approx(fit(compiled()))
    expected = fit(two_inputs(), (X, X), (Y, X[:, :1]))
    assert fit(two_inputs(), (X.tolist(), X), (Y.tolist(), X[:, :1])) == pytest.approx(expected, rel=1e-5)
    assert fit(two_inputs(), {"a": X.tolist(), "b": X}, (Y, X[:, :1])) == pytest.approx(expected, rel=1e-5)


class Frame:
    """As much of a pandas `DataFrame` as `fit` looks at; NumPy makes objects of columns of several types."""

    def __init__(self, columns):
        self.columns, self._arrays = list(columns), list(columns.values())
        self.dtypes = [array.dtype for array in self._arrays]

    def __array__(self, dtype=None, copy=None):
        kinds = {array.dtype for array in self._arrays}
        return np.stack(self._arrays, axis=1).astype(dtype or (kinds.pop() if len(kinds) == 1 else object))

    def to_numpy(self, dtype, na_value):
        return np.asarray(self, dtype)


def test_a_frame_of_numbers_and_bools_trains_and_one_with_text_is_refused_by_the_names_of_its_columns():
    columns = {"power": X[:, 0], "doors": Y, "is_new": X[:, 1] > 0, "is_red": X[:, 2] > 0}
    plain = np.stack(list(columns.values()), axis=1).astype("float32")
    assert fit(compiled(), Frame(columns)) == fit(compiled(), plain)
    bools = {name: columns[name] for name in ("is_new", "is_red")}
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    assert fit(compiled(mlp((2,), 2), loss), Frame(bools), Frame({"no": Y == 0, "yes": Y == 1}))[0] > 0
    assert _arrays.arrays("x", Frame({"a": Y, "b": Y})).dtype == "int32"  # Token ids stay integers.
    frame = Frame({"power": X[:, 0], "town": np.array(["a", "b"] * 10, object)})
    message = (
        "`x` must be numbers in every column: `pd.get_dummies(x)` or keras.layers.StringLookup turns text into "
        "numbers. Received: x with other values in columns ['town']"
    )
    assert refusal(compiled(), frame) == message
    assert refusal(compiled(), validation_data=(frame, Y)) == of_validation(message)


def test_a_missing_value_or_a_date_in_a_frame_is_told_by_its_column_and_what_to_do():
    power = np.where(np.arange(20) % 8 == 3, np.nan, X[:, 0])
    frame = Frame({"power": power, "doors": Y, "weight": np.where(np.arange(20) == 12, np.inf, X[:, 1])})
    way = "`dropna()` on the whole table leaves rows out, `fillna()` puts numbers in"
    assert refusal(compiled(), frame) == (
        f"`x` must be free of NaN and infinity: {way}. "
        "Received: x with 4 of 60 values wrong, in columns ['power', 'weight'], the first in row 3"
    )
    days, towns = np.arange(20).astype("datetime64[D]"), np.array(["a"] * 20, object)
    frame = Frame({"power": X[:, 0], "sold": days, "town": towns})
    assert refusal(compiled(), frame) == (
        "`x` must be numbers in every column: `(column - column.min()).dt.days` turns dates into numbers. "
        "Received: x with dates in columns ['sold']"
    )
    assert refusal(compiled(), y=days) == (
        "`y` must be an array of numbers: `(dates - dates.min()) / np.timedelta64(1, 'D')` turns dates into days. "
        "Received: y of dtype datetime64[D]"
    )


def test_classes_that_are_texts_are_told_how_to_become_numbers():
    names = np.array(["no", "yes"])[Y]
    way = "`names, y = np.unique(y, return_inverse=True)` numbers classes that are texts"
    for labels in (names, names.astype(object), names.tolist(), np.array([*names[:-1], None])):
        message = refusal(compiled(), y=labels)
        assert message.startswith(f"`y` must be an array of numbers: {way}. Received: y of dtype ")
    assert f"`validation_data[1]` must be an array of numbers: {way}" in refusal(compiled(), validation_data=(X, names))
    assert np.array_equal(np.unique(names, return_inverse=True)[1], Y)


def test_classes_of_pandas_are_told_how_to_become_numbers_too():
    pd = pytest.importorskip("pandas")
    names = pd.Series(np.array(["no", "yes"])[Y])
    for labels in (names, names.astype("category"), names.astype("string")):
        assert "np.unique(y, return_inverse=True)" in refusal(compiled(), y=labels)
        assert np.array_equal(np.unique(labels, return_inverse=True)[1], Y)
    table = pd.DataFrame(X).assign(new=X[:, 0] > 0)
    table.loc[3, 1] = None
    assert "in columns [1], the first in row 3" in refusal(compiled(mlp((5,), 2)), table)
    assert fit(compiled(mlp((5,), 2)), table.dropna(), Y[table.notna().all(axis=1)])
    assert "`(column - column.min()).dt.days` turns" in refusal(compiled(), table.assign(day=pd.Timestamp(0)))


def test_texts_for_a_model_that_reads_them_are_told_to_come_as_a_data_set():
    words = keras.layers.TextVectorization(output_mode="multi_hot", vocabulary=["good", "bad"])
    model = compiled(keras.Sequential([keras.Input((), dtype="string"), words, keras.layers.Dense(2)]))
    texts = np.array(["good", "bad"] * 10)
    assert refusal(model, texts, Y) == (
        "`x` must be an array of numbers: a model that reads texts takes them from "
        "`tf.data.Dataset.from_tensor_slices((x, y)).batch(32)`. Received: x of dtype <U4"
    )
    if ON_TENSORFLOW:
        assert fit(model, tf.data.Dataset.from_tensor_slices((texts, Y)).batch(32), None)


class Types(keras.Sequential):
    """A model that keeps the types of what a step gets: as Keras's, its layers would cast them."""

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        arrays = [array for array in (x, y, sample_weight) if array is not None]
        self.types = [keras.backend.standardize_dtype(array.dtype) for array in arrays]
        return super().compute_metrics(x, y, y_pred, sample_weight)


def test_floats_of_any_size_reach_a_step_as_floatx_and_integers_as_they_are(tmp_path):
    np.save(tmp_path / "x.npy", X.astype("float64"))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    for x in (X.astype("float64"), X.tolist(), X.astype("float16"), X.astype("bfloat16"), mapped, mapped[::1]):
        model = compiled(Types([keras.Input((4,)), keras.layers.Dense(1)]), "mse")
        losses = fit(model, x, X[:, :1].astype("float64"), validation_data=(x, X[:, 0].tolist()))
        assert model.types == ["float32", "float32"]
        again = compiled(Types([keras.Input((4,)), keras.layers.Dense(1)]), "mse")
        x = np.asarray(x, "float32")
        assert fit(again, x, X[:, :1], validation_data=(x, X[:, 0])) == losses
    model = compiled(Types([keras.Input((4,)), keras.layers.Dense(2)]))
    fit(model, X, Y.astype("uint8"), sample_weight=W.astype("float64"))
    assert model.types == ["float32", "uint8", "float32"]
    assert refusal(compiled(), X.astype("float64") * 1e300).startswith("`x` must be free of NaN and infinity")


@pytest.mark.one_backend
def test_a_metric_and_a_step_of_the_users_own_may_compare_float64_targets_with_outputs():
    def error(y, predicted):
        return tf.reduce_mean(tf.abs(y - predicted))

    class Own(keras.Sequential):
        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((y - self(x)) ** 2)
            self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
            return {"loss": loss}

    x, y = X.astype("float64"), X[:, :1].astype("float64")
    for kind, metrics in ((keras.Sequential, [error]), (Own, None)):
        model, reference = (
            compiled(kind([keras.Input((4,)), keras.layers.Dense(1)]), "mse", metrics=metrics, run_eagerly=False)
            for _ in range(2)
        )
        reference.set_weights(model.get_weights())
        expected = reference.fit(x, y, batch_size=20, verbose=0).history
        assert fit(model, x, y, batch_size=20) == pytest.approx([values[0] for values in expected.values()], rel=1e-5)


def test_one_example_without_its_batch_is_refused_in_the_shape_that_was_given():
    model = compiled(keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(2)]))
    wanted = "`x` must be of shape (n, 4, 4, 1), as the model's input"
    for shape, way in (((4, 4, 1), "; `x[None]` is a batch of one example"), ((5, 4, 1), "")):
        found = calls.refusal(evaluation.evaluate, model, np.ones(shape, "float32"), np.zeros(shape[0], "int32"))
        assert found == f"{wanted}{way}. Received: x of shape {shape}"


SPARSE_KINDS = {
    "csr_matrix": lambda x: scipy.sparse.csr_matrix(x),
    "coo_array": lambda x: scipy.sparse.coo_array(x),
    "SparseTensor": lambda x: tf.sparse.from_dense(x),
    "BCOO": lambda x: pytest.importorskip("jax.experimental.sparse").BCOO.fromdense(x),
}
# From a PyDataset, Keras takes on TensorFlow its own alone, and on PyTorch none.
SPARSE_BATCHES = {"tensorflow": ["SparseTensor"], "jax": list(SPARSE_KINDS)}.get(keras.backend.backend(), [])


def halves(convert):
    return Made(2, lambda i: (convert(X[10 * i : 10 * i + 10]), Y[10 * i : 10 * i + 10]))


@pytest.mark.parametrize("kind", SPARSE_BATCHES)
def test_sparse_batches_train_and_are_evaluated_as_dense_ones(kind):
    found = []
    for convert in (lambda x: x, SPARSE_KINDS[kind]):
        model = compiled(keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]), run_eagerly=False)
        losses = fit(model, halves(convert), None, validation_data=halves(convert))
        found += [losses, evaluation.evaluate(model, halves(convert))["loss"]]
    assert found[2] == pytest.approx(found[0], rel=1e-5) and found[3] == pytest.approx(found[1], rel=1e-5)


@pytest.mark.parametrize(
    ("convert", "way"),
    [
        (SPARSE_KINDS["csr_matrix"], "x.toarray()"),
        (SPARSE_KINDS["SparseTensor"], "tf.sparse.to_dense(x)"),
        (SPARSE_KINDS["BCOO"], "x.todense()"),
        (lambda x: tf.RaggedTensor.from_tensor(x), "x.to_tensor()"),
    ],
)
def test_an_array_that_is_not_dense_is_told_how_to_become_so(convert, way):
    x = convert(X)
    assert refusal(compiled(), x) == (
        f"`x` must be a dense array: `{way}` makes one. Received: x of type {type(x).__name__}"
    )
    assert np.array_equal(np.asarray(eval(way)), X)


@pytest.mark.one_backend
def test_a_data_set_of_a_strategy_is_refused():
    strategy = tf.distribute.OneDeviceStrategy("/cpu:0")
    distributed = strategy.experimental_distribute_dataset(tf.data.Dataset.from_tensor_slices((X, X)).batch(2))
    assert refusal(compiled(), distributed) == "`x` must be an array of numbers. Received: x of dtype object"


class Both(keras.layers.Layer):
    def call(self, a, b=None):
        return a if b is None else a + b


def test_none_is_taken_for_an_optional_input_alone(tmp_path):
    def model(optional=True):
        keras.utils.set_random_seed(0)
        a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b", optional=optional)
        return compiled(keras.Model([a, b], keras.layers.Dense(2)(Both()(a, b))))

    zeros = (X, 0 * X)
    expected = fit(model(), zeros, validation_data=(zeros, Y))
    for x in ([X, None], (X, None)):
        for _ in range(2):  # The second call finds the same run.
            trained, folder = model(), tmp_path / type(x).__name__
            assert fit(trained, x, validation_data=(x, Y), run_dir=folder) == pytest.approx(expected, rel=1e-5)
        loss = trained.evaluate(list(zeros), Y, verbose=0)
        assert evaluation.evaluate(trained, x, Y)["loss"] == pytest.approx(loss, rel=1e-5)
        message = "`x[1]` must be an array of numbers, it is not optional. Received: None"
        assert refusal(model(optional=False), x) == message
    assert refusal(compiled(), None) == message.replace("[1]", "")


def grain_batches(shuffle=True):
    grain = pytest.importorskip("grain")

    class Examples:
        def __len__(self):
            return 20

        def __getitem__(self, i):
            return X[i], Y[i]

    examples = grain.MapDataset.source(Examples())
    return (examples.shuffle(seed=1) if shuffle else examples).batch(8)


def test_data_sets_of_grain_are_trained_on_resumed_and_evaluated(tmp_path):
    batches = grain_batches()
    whole = training.fit(compiled(), batches, validation_data=batches, epochs=3, verbose=0).history
    for epochs in (1, 3):  # The same object again.
        history = training.fit(
            compiled(), batches, validation_data=batches, epochs=epochs, verbose=0, run_dir=tmp_path
        ).history
    assert history == whole
    model = compiled()
    expected = evaluation.evaluate(model, X, Y)
    metrics = evaluation.evaluate(model, grain_batches().to_iter_dataset())
    assert metrics["confusion_matrix"] == expected["confusion_matrix"]
    assert "a Grain data set of batches without end" in refusal(compiled(), batches.repeat(), None)


def test_a_frame_of_another_package_is_read_as_numpy_reads_it():
    frame = Frame({"power": X[:, 0], "doors": X[:, 1]})
    frame.dtypes = ["Float32", "Float32"]  # As polars's, without a `kind`.
    assert fit(compiled(mlp((2,), 2)), frame) == fit(compiled(mlp((2,), 2)), X[:, :2])


def test_each_input_of_a_shared_embedding_is_checked():
    one, two, embedding = keras.Input((3,)), keras.Input((3,)), keras.layers.Embedding(5, 2)
    both = keras.layers.Concatenate(axis=1)([embedding(one), embedding(two)])
    model = compiled(keras.Model([one, two], keras.layers.Dense(2)(keras.layers.Flatten()(both))))
    fine = np.zeros((20, 3), "int32")
    assert refusal(model, (fine, fine + 5)).startswith("`x[1]` must be token ids in [0, 5)")
    assert refusal(model, (fine + 5, fine)).startswith("`x[0]` must be token ids in [0, 5)")


def sequential(*layers, shape=(4,)):
    return compiled(keras.Sequential([keras.Input(shape), *layers, keras.layers.Dense(2)]))


@pytest.mark.parametrize("make", [compiled, sequential, lambda: sequential(mlp((4,), 3))])
def test_x_of_another_shape_is_refused_before_and_after_a_fit(make):
    model = make()
    for _ in range(2):
        for shape in ((20, 5), (20, 4, 2), (20,), (20, 1, 4)):
            x, message = np.ones(shape, "float32"), "`x` must be of shape (n, 4), as the model's input. Received: x of "
            assert refusal(model, x) == message + f"shape {shape}"
            assert refusal(model, validation_data=(x, Y)) == of_validation(message) + f"shape {shape}"
            with pytest.raises(ValueError, match=r"`x` must be of shape \(n, 4\)"):
                evaluation.evaluate(model, x, Y)
        fit(model)


def test_x_of_another_shape_is_named_where_there_are_several_inputs():
    wrong, y = X[:, :3], (Y, X[:, :1])
    for x, name in (((X, wrong), "x[1]"), ([X, wrong], "x[1]"), ({"a": X, "b": wrong}, "x['b']")):
        message = f"`{name}` must be of shape (n, 4), as the model's input. Received: {name} of shape (20, 3)"
        assert refusal(two_inputs(), x, y) == message
    a, b = keras.Input((2,), name="a"), keras.Input((4,), name="b")
    model = compiled(keras.Model({"b": b, "a": a}, keras.layers.Dense(2)(keras.layers.Concatenate()([a, b]))))
    assert fit(model, {"a": X[:, :2], "b": X})
    assert refusal(model, {"a": X, "b": X}).startswith("`x['a']` must be of shape (n, 2), as the model's input.")


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (lambda: sequential(keras.layers.SimpleRNN(3), shape=(4, 1)), (20, 4, 1)),
        pytest.param(lambda: compiled(mlp((2, 2, 1), 2)), (20, 2, 2, 1), marks=pytest.mark.thorough),
        (compiled, (20, 4)),
    ],
)
def test_a_last_axis_of_one_may_be_missing_or_too_many_from_fit_to_fit(model, shape):
    x = X.reshape(shape)
    other = x[..., 0] if shape[-1] == 1 else x[..., None]
    both = []
    for first, second in ((x, other), (other, x)):
        keras.utils.set_random_seed(0)
        each = model()
        each.run_eagerly = False  # A graph that was traced for one of the two shapes refuses the other.
        both.append([fit(each, first), fit(each, second), fit(each, first, validation_data=(second, Y))])
        assert evaluation.evaluate(each, second, Y)["loss"] == pytest.approx(each.evaluate(x, Y, verbose=0), rel=1e-5)
    assert both[0] == both[1]


def test_what_takes_any_length_or_size_still_does():
    model = compiled(transformer_language_model(9, 6, embed_dim=4, num_heads=1, ff_dim=4, num_layers=1))
    for length in (3, 6, 5):
        tokens = RNG.integers(0, 9, (20, length))
        assert fit(model, tokens, tokens)
    model = sequential(keras.layers.Conv2D(2, 3), keras.layers.GlobalAveragePooling2D(), shape=(8, 8, 1))
    assert fit(model, RNG.random((20, 10, 10, 1), "float32"))  # Keras lets a Sequential take it.
    assert "must be of shape (n, 8, 8, 1)" in refusal(model, RNG.random((20, 10, 10, 3), "float32"))


def test_a_mapped_file_is_not_read_to_change_its_shape(tmp_path):
    np.save(tmp_path / "x.npy", X)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    x = _arrays.in_own_shape("x", mlp((4, 1), 2), mapped)
    assert x.shape == (20, 4, 1) and isinstance(x, np.memmap) and np.shares_memory(x, mapped)
    losses, expected = (fit(compiled(lambda: mlp((4, 1), 2)), data) for data in (mapped, X))
    assert losses == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("loss", ["binary_crossentropy", "binary_focal_crossentropy", keras.losses.binary_crossentropy])
def test_targets_outside_0_and_1_are_refused_whatever_way_the_loss_is_given(loss):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    message = refusal(compiled(model, loss), y=Y * 255)
    assert message.startswith("`y` must be numbers in [0, 1] (pixels from 0 to 255 are divided by 255). Received: y")


def dataset(y=Y):
    return tf.data.Dataset.from_tensor_slices((X, y))


def single_loader():
    loader = training_runs.loader()
    return type(loader)(loader.dataset, batch_size=None)


@pytest.mark.parametrize(
    ("make", "kind", "way"),
    [
        (dataset, "tf.data.Dataset", "`.batch(32)` makes them"),
        (lambda: Made(20, lambda i: (X[i], Y[i])), "PyDataset", "`__getitem__` returns one"),
        (single_loader, "DataLoader", "`batch_size=32` makes them"),
    ],
)
def test_a_data_set_of_single_examples_is_told_to_make_batches(make, kind, way):
    assert refusal(compiled(), make(), None) == (
        f"`x` must be a data set of batches: {way}. "
        f"Received: a {kind} of single examples, x of shape (4,), y of shape ()"
    )
    assert "`validation_data` must be a data set of batches" in refusal(compiled(), validation_data=make())


def test_vectors_as_targets_do_not_make_a_batch_of_an_example():
    vectors = dataset(np.eye(2, dtype="float32")[Y])
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    assert "x of shape (4,), y of shape (2,)" in refusal(compiled(loss=loss), vectors, None)
    assert fit(compiled(loss=loss), vectors.batch(8, drop_remainder=True), None)


def test_a_model_that_is_not_built_trains_and_a_method_of_the_users_own_is_not_called():
    class Mine(keras.Sequential):
        def check_data(self):
            raise AssertionError("called")

    for data in ({"validation_data": (X, Y)}, {"x": dataset(Y).batch(8), "y": None}):
        assert fit(compiled(Mine([keras.layers.Dense(2)])), **data)
    assert evaluation.evaluate(compiled(Mine([keras.layers.Dense(2)])), X, Y)["loss"] > 0
