"""What `training.fit` takes beside arrays: weights, lists, data sets; what it refuses by name; longer runs."""

import json

import keras
import numpy as np
import pytest

from dlguide import mlp, rnn, training
from dlguide.training import _run

pytestmark = pytest.mark.each_backend
RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 4)).astype("float32")
Y = (X[:, 0] > 0).astype("int32")
WEIGHTS = RNG.random(50).astype("float32")
SPARSE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def compiled(loss=SPARSE, outputs=2, optimizer=None, **options):
    keras.utils.set_random_seed(0)
    model = mlp((4,), outputs, hidden_units=(6,))
    model.compile(optimizer or keras.optimizers.Adam(0.01), loss, **options)
    return model


def fit(model, x=X, y=Y, **options):
    return training.fit(model, x, y, **{"epochs": 2, "batch_size": 16, "verbose": 0, **options})


def variables(model):
    return [keras.ops.convert_to_numpy(v) for v in (*model.variables, *model.optimizer.variables)]


def same(a, b):
    return all(np.array_equal(one, other) for one, other in zip(a, b, strict=True))


def one_hot():
    return compiled(keras.losses.CategoricalCrossentropy(from_logits=True)), X, np.eye(2, dtype="float32")[Y]


def two_outputs():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((4,))
    outputs = {name: keras.layers.Dense(2, name=name)(inputs) for name in ("a", "b")}
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.01), {"a": SPARSE, "b": SPARSE})
    return model, X, {"a": Y, "b": 1 - Y}


def sequences():
    keras.utils.set_random_seed(0)
    model = rnn((5, 4), 2, cell="simple", units=(4,), return_sequences=True)
    model.compile(keras.optimizers.Adam(0.01), SPARSE)
    return model, np.repeat(X[:, None], 5, axis=1), np.repeat(Y[:, None], 5, axis=1)


def classes():
    return compiled(weighted_metrics=["accuracy"]), X, Y


BOTH = {"a": WEIGHTS, "b": WEIGHTS[::-1].copy()}
WEIGHTED = {
    "one for each example": (classes, {"sample_weight": WEIGHTS}),
    "a column": (classes, {"sample_weight": WEIGHTS[:, None]}),
    "a list": (classes, {"sample_weight": WEIGHTS.tolist()}),
    "one for each step": (sequences, {"sample_weight": RNG.random((50, 5)).astype("float32")}),
    "the same for all outputs": (two_outputs, {"sample_weight": WEIGHTS}),
    "some for each output": (two_outputs, {"sample_weight": BOTH}),
    "classes": (classes, {"class_weight": {0: 3.0, 1: 0.5}}),
    "a class left out": (classes, {"class_weight": {1: 4}}),
    "classes, one-hot": (one_hot, {"class_weight": {0: 3.0}}),
}


@pytest.mark.parametrize(("example", "given"), WEIGHTED.values(), ids=WEIGHTED)
@pytest.mark.thorough
def test_weights_give_the_losses_and_the_weights_that_keras_gives_in_the_same_order(example, given):
    model, x, y = example()
    history = fit(model, x, y, epochs=1, seed=3, **given).history
    order = training.epoch_order(50, 3, 0)
    theirs, x, y = example()
    plain = fit(example()[0], x, y, epochs=1, seed=3).history
    sample_weight = given.get("sample_weight")
    if sample_weight is not None:
        sample_weight = keras.tree.map_structure(lambda a: np.asarray(a)[order], _arrays(sample_weight))
    rows = keras.tree.map_structure(lambda a: a[order], (x, y))
    expected = theirs.fit(
        *rows,
        sample_weight=sample_weight,
        class_weight=given.get("class_weight"),
        batch_size=16,
        shuffle=False,
        verbose=0,
    ).history
    assert history.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, rtol=1e-5)
    for ours, other in zip(variables(model), variables(theirs), strict=True):
        np.testing.assert_allclose(ours, other, rtol=1e-4, atol=1e-6)
    assert abs(history["loss"][0] / plain["loss"][0] - 1) > 0.02  # The weights have an effect.


def _arrays(value):
    return np.array(value, "float32") if isinstance(value, list) else value


def test_validation_data_may_have_weights():
    model = compiled()
    history = fit(model, validation_data=(X, Y, WEIGHTS), epochs=1).history
    expected = model.evaluate(X, Y, sample_weight=WEIGHTS, batch_size=16, verbose=0)
    assert history["val_loss"][0] == pytest.approx(expected, rel=1e-5)
    assert history["val_loss"][0] < 0.8 * model.evaluate(X, Y, verbose=0)


def test_other_weights_are_another_run(tmp_path):
    fit(compiled(), sample_weight=WEIGHTS, validation_data=(X, Y, WEIGHTS), run_dir=tmp_path)
    with pytest.raises(ValueError, match=r"with other values in sample_weight$"):
        fit(compiled(), sample_weight=WEIGHTS + 1, validation_data=(X, Y, WEIGHTS), run_dir=tmp_path)
    with pytest.raises(ValueError, match=r"data.sample_weight an array of shape \(50,\) there, None here$"):
        fit(compiled(), validation_data=(X, Y, WEIGHTS), run_dir=tmp_path)
    with pytest.raises(ValueError, match=r"with other values in validation_data\[2\]$"):
        fit(compiled(), sample_weight=WEIGHTS, validation_data=(X, Y, WEIGHTS + 1), run_dir=tmp_path)


def test_lists_of_numbers_are_arrays():
    expected = fit(compiled()).history["loss"]
    for x, y in ((X, Y.tolist()), (X, list(Y)), (X.tolist(), Y.tolist())):
        np.testing.assert_allclose(fit(compiled(), x, y).history["loss"], expected, rtol=1e-5)


class Shuffled(keras.utils.PyDataset):
    """Batches of 10 in another order each epoch, weighted."""

    def __init__(self, **options):
        super().__init__(**options)
        self.rng, self.order = np.random.default_rng(1), np.arange(50)

    def __len__(self):
        return 5

    def __getitem__(self, index):
        rows = self.order[10 * index : 10 * index + 10]
        return X[rows], Y[rows], WEIGHTS[rows]

    def on_epoch_end(self):
        self.order = self.rng.permutation(50)


def loader(**options):
    torch = pytest.importorskip("torch")
    data = torch.utils.data.TensorDataset(*map(torch.from_numpy, (X, Y, WEIGHTS)))
    generator = torch.Generator()
    generator.manual_seed(1)
    return torch.utils.data.DataLoader(data, batch_size=10, **{"shuffle": True, "generator": generator, **options})


def dataset(shuffle=True):
    import tensorflow as tf

    examples = tf.data.Dataset.from_tensor_slices((X, Y, WEIGHTS))
    return (examples.shuffle(50, seed=1) if shuffle else examples).batch(10)


DATA_SETS = {
    "PyDataset": Shuffled,
    "PyDataset with two workers": lambda: Shuffled(workers=2),
    "DataLoader": loader,
    "Dataset": dataset,
}


@pytest.mark.parametrize("make", DATA_SETS.values(), ids=DATA_SETS)
@pytest.mark.thorough
def test_data_sets_train_and_validate_as_in_keras(make):
    model, theirs = compiled(), compiled()
    options = {"shuffle": False} if make in (loader, dataset) else {}  # Keras draws from them once more or less.
    history = fit(model, make(**options), None, validation_data=make()).history
    # To build a model, Keras takes a batch out of the workers' queue on JAX and PyTorch.
    plain = make(**options) if options else Shuffled()
    expected = theirs.fit(plain, epochs=2, shuffle=False, verbose=0).history
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=1e-5)
    for ours, other in zip(variables(model), variables(theirs), strict=True):
        np.testing.assert_allclose(ours, other, rtol=1e-4, atol=1e-6)
    expected = model.evaluate(X, Y, sample_weight=WEIGHTS, batch_size=10, verbose=0)
    assert len(history["val_loss"]) == 2 and history["val_loss"][-1] == pytest.approx(expected, rel=1e-5)


class Stop(keras.callbacks.Callback):
    """Stops a run the way a crash does, at a step of an epoch."""

    when = None  # Of the class: the state of a callback comes back with the rest.

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if (self.now, batch) == Stop.when:
            Stop.when = None
            raise RuntimeError("stopped")


@pytest.fixture(autouse=True)
def every_step(monkeypatch):
    """A checkpoint at each step, whatever it costs."""
    monkeypatch.setattr(_run, "CHECKPOINT_SHARE", 1e9)


def run(folder, x=X, y=Y, stop=None, **options):
    """Train, and return the history and the state of the run; `stop` crashes it on the way."""
    Stop.when = stop
    model = compiled(weighted_metrics=["accuracy"]) if "model" not in options else options.pop("model")
    options = {"epochs": 4, "run_dir": folder, "checkpoint_seconds": 0, "callbacks": [Stop()], **options}
    if stop is None:
        history = fit(model, x, y, **options).history
        return [np.array(list(history.values())), *variables(model)]
    with pytest.raises(RuntimeError, match="stopped"):
        fit(model, x, y, **options)
    return None


@pytest.mark.parametrize("make", DATA_SETS.values(), ids=DATA_SETS)
@pytest.mark.thorough
def test_a_run_on_a_data_set_is_resumed_to_the_same_bits(make, tmp_path):
    options = {"y": None, "validation_data": (X, Y)}
    whole = run(tmp_path / "whole", make(), **options)
    for stop in ((0, 3), (2, 0), (2, 3)):  # In the first epoch, at the beginning of one, within one.
        run(tmp_path / "run", make(), stop=stop, **options)
    assert same(run(tmp_path / "run", make(), **options), whole)


@pytest.mark.thorough
def test_a_loader_without_a_generator_of_its_own_is_resumed_too(tmp_path):
    torch = pytest.importorskip("torch")

    def seeded():
        torch.manual_seed(5)
        return loader(generator=None)

    whole = run(tmp_path / "whole", seeded(), None)
    run(tmp_path / "run", seeded(), None, stop=(2, 3))
    assert same(run(tmp_path / "run", seeded(), None), whole)


@pytest.mark.thorough
def test_a_weighted_run_is_resumed_to_the_same_bits(tmp_path):
    options = {"sample_weight": WEIGHTS, "validation_data": (X, Y, WEIGHTS)}
    whole = run(tmp_path / "whole", **options)
    run(tmp_path / "run", stop=(2, 3), **options)
    assert same(run(tmp_path / "run", **options), whole)


@pytest.mark.thorough
def test_batch_size_and_seed_may_change_with_a_data_set(tmp_path):
    whole = run(tmp_path / "whole", Shuffled(), None)
    run(tmp_path / "run", Shuffled(), None, stop=(2, 3))
    assert same(run(tmp_path / "run", Shuffled(), None, batch_size=7, seed=9), whole)


# Runs that are extended


def with_patience():
    return {"validation_data": (X[:20], 1 - Y[:20]), "patience": 9}


def with_plateau():
    plateau = keras.callbacks.ReduceLROnPlateau("loss", patience=1, factor=0.5, min_delta=1.0)
    return {"callbacks": [plateau, Stop()]}


def with_average():
    keras.utils.set_random_seed(0)
    return {"model": compiled(optimizer=keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.5))}


@pytest.mark.parametrize("options", [dict, with_patience, with_plateau, with_average])
@pytest.mark.thorough
def test_a_run_of_more_epochs_ends_in_the_bits_of_one_that_had_them_from_the_start(options, tmp_path):
    whole = run(tmp_path / "whole", epochs=6, **options())
    short = run(tmp_path / "run", epochs=2, **options())
    assert not same(short[1:], whole[1:])
    assert same(run(tmp_path / "run", epochs=2, **options()), short)  # Nothing is trained.
    run(tmp_path / "run", epochs=4, stop=(3, 2), **options())
    assert same(run(tmp_path / "run", epochs=6, **options()), whole)
    assert json.loads((tmp_path / "run" / "config.json").read_text())["epochs"] == 6
    with pytest.raises(ValueError, match=r"with epochs 6 there, 5 here$"):
        run(tmp_path / "run", epochs=5, **options())


@pytest.mark.thorough
def test_the_end_of_a_run_is_kept_where_checkpoints_would_take_too_long(tmp_path, monkeypatch):
    whole = run(tmp_path / "whole", epochs=6)
    monkeypatch.setattr(_run, "CHECKPOINT_SHARE", 1e-9)
    short = run(tmp_path / "run", epochs=2)
    with np.load(tmp_path / "run" / "checkpoint.npz") as saved:
        assert '"epoch": 2, "step": 0' in str(saved["state"])
    assert same(run(tmp_path / "run", epochs=2), short)
    assert same(run(tmp_path / "run", epochs=6), whole)


def scheduled(steps):
    schedule = keras.optimizers.schedules.CosineDecay(0.01, steps)
    inner = keras.optimizers.OptimizerMap(keras.optimizers.Adam(0.01), {"output.*": keras.optimizers.Adam(schedule)})
    return {
        "plain": compiled(optimizer=keras.optimizers.Adam(schedule)),
        "within": compiled(optimizer=keras.optimizers.MultiOptimizer(inner)),
    }


@pytest.mark.parametrize("kind", ["plain", pytest.param("within", marks=pytest.mark.thorough)])
def test_a_run_with_a_schedule_is_not_extended(kind, tmp_path):
    whole = run(tmp_path, epochs=2, model=scheduled(8)[kind])
    reason = r"\. A run whose learning rate is a schedule cannot be extended: a schedule is made for a number of steps$"
    with pytest.raises(ValueError, match=r"with epochs 2 there, 3 here" + reason):
        run(tmp_path, epochs=3, model=scheduled(8)[kind])
    with pytest.raises(ValueError, match=r"with epochs 2 there, 3 here; .*decay_steps.*12.* here" + reason):
        run(tmp_path, epochs=3, model=scheduled(12)[kind])
    assert same(run(tmp_path, epochs=2, model=scheduled(8)[kind]), whole)


def test_a_run_that_stopped_early_says_that_more_epochs_have_no_effect(tmp_path):
    options = {"validation_data": (X[:20], 1 - Y[:20]), "patience": 1}
    short = run(tmp_path, epochs=8, **options)
    stopped_after = short[0].shape[1]
    assert stopped_after < 8
    message = rf"`epochs=20` has no effect: the run of 8 epochs was stopped after epoch {stopped_after} by `patience`"
    with pytest.warns(UserWarning, match=message):
        assert same(run(tmp_path, epochs=20, **options), short)
    assert same(run(tmp_path / "whole", epochs=20, **options), short)


# What is refused


def numbers():
    yield X[:10], Y[:10]


class Endless(Shuffled):
    @property
    def num_batches(self):
        return None


class NotFinite(Shuffled):
    def __getitem__(self, index):
        return X[:10] * np.nan, Y[:10]


BATCHED = "(let the data set give (x, y, sample_weight))"
REFUSED = [
    (
        {"sample_weight": WEIGHTS[:49]},
        "`sample_weight` must be of shape (50,), a weight for each example. Received: sample_weight of shape (49,)",
    ),
    (
        {"sample_weight": np.ones((50, 3))},
        "`sample_weight` must be of shape (50,), a weight for each example. Received: sample_weight of shape (50, 3)",
    ),
    (
        {"sample_weight": np.where(np.arange(50) > 47, -1.0, 1.0)},
        "`sample_weight` must be finite numbers of at least 0. "
        "Received: sample_weight with 2 of 50 values wrong, the first in row 48: -1.0",
    ),
    (
        {"sample_weight": np.full(50, np.nan)},
        "`sample_weight` must be finite numbers of at least 0. "
        "Received: sample_weight with 50 of 50 values wrong, the first in row 0: nan",
    ),
    (
        {"sample_weight": ["a"] * 50},
        "`sample_weight` must be an array of numbers. Received: sample_weight of dtype <U1",
    ),
    (
        {"sample_weight": (WEIGHTS, WEIGHTS)},
        "`sample_weight` must be an array, or the same tuple or dict of arrays as `y`. "
        "Received: sample_weight of type tuple",
    ),
    (
        {"validation_data": (X, Y, -WEIGHTS - 1)},
        "`validation_data[2]` must be finite numbers of at least 0. Received: validation_data[2] with 50 of 50 values "
        f"wrong, the first in row 0: {-WEIGHTS[0] - 1}",
    ),
    (
        {"sample_weight": WEIGHTS, "class_weight": {0: 1.0}},
        "`class_weight` must be None with `sample_weight`. Received: class_weight={0: 1.0}",
    ),
    (
        {"class_weight": {2: 1.0}},
        "`class_weight` must be a mapping from classes in [0, 2) to weights. Received: class_weight={2: 1.0}",
    ),
    (
        {"class_weight": [1.0, 2.0]},
        "`class_weight` must be a mapping from classes in [0, 2) to weights. Received: class_weight=[1.0, 2.0]",
    ),
    (
        {"class_weight": {0: -1}},
        "`class_weight[0]` must be a number of at least 0. Received: class_weight[0]=-1",
    ),
    (
        {"x": Shuffled(), "class_weight": {0: 1.0}, "y": None},
        f"`class_weight` must be None where `x` is a PyDataset {BATCHED}. Received: class_weight of type dict",
    ),
    ({"x": Shuffled()}, "`y` must be None where `x` is a PyDataset. Received: y of type ndarray"),
    (
        {"x": Endless(), "y": None},
        "`x` must be a data set of one batch or more that ends. Received: a PyDataset of batches without end",
    ),
    (
        {"x": NotFinite(), "y": None},
        "`x[0][0]` must be free of NaN and infinity. "
        "Received: x[0][0] with 40 of 40 values wrong, the first in row 0: nan",
    ),
    (
        {"validation_data": NotFinite()},
        "`validation_data[0][0]` must be free of NaN and infinity. "
        "Received: validation_data[0][0] with 40 of 40 values wrong, the first in row 0: nan",
    ),
    (
        {"x": numbers(), "y": None},
        "`x` must be arrays or a data set, which can be read again from its start: make a "
        "`tf.data.Dataset.from_generator` or a `keras.utils.PyDataset` of a generator. Received: x of type generator",
    ),
    (
        {"validation_data": numbers()},
        "`validation_data` must be arrays or a data set, which can be read again from its start: make a "
        "`tf.data.Dataset.from_generator` or a `keras.utils.PyDataset` of a generator. "
        "Received: validation_data of type generator",
    ),
    (
        {"x": list(X)},
        "`x` must be an array; `np.stack(x)` makes one of a list of them. Received: x, a list of 50 arrays",
    ),
    (
        {"x": [[1.0, 2.0], [1.0]]},
        "`x` must be an array of numbers. Received: x, a list of lists of different lengths",
    ),
]


@pytest.mark.parametrize(("options", "message"), REFUSED, ids=[message[:60] for _, message in REFUSED])
def test_what_cannot_be_taken_is_refused_before_anything_is_written(options, message, tmp_path):
    model = compiled()
    before = model.get_weights()
    with pytest.raises(ValueError) as error:
        fit(model, **{"run_dir": tmp_path / "run", **options})
    assert str(error.value) == message
    assert not (tmp_path / "run").exists() and same(model.get_weights(), before)


def test_weights_without_targets_or_classes_are_refused():
    model = compiled(lambda y, predicted: keras.ops.mean(predicted, axis=-1) - y[:, 0])
    with pytest.raises(ValueError, match="`class_weight` must be None where `y` has no class for each example"):
        fit(model, X, X, class_weight={0: 1.0})
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.ActivityRegularization(l2=0.1)(keras.layers.Dense(2)(inputs)))
    model.compile("adam")
    with pytest.raises(ValueError, match=r"`sample_weight` must be None without `y`. Received: sample_weight of type"):
        fit(model, X, None, sample_weight=WEIGHTS)


WAYS = {
    "initial_epoch": (3, "`run_dir` resumes a run"),
    "shuffle": (False, "order that `seed` fixes"),
    "steps_per_epoch": (10, r"`\.take\(steps\)`"),
    "validation_batch_size": (8, "`batch_size` is used"),
    "validation_freq": (2, "`model.evaluate`"),
    "validation_split": (0.1, r"`validation_data=\(x\[:n\], y\[:n\]\)`"),
    "validation_steps": (2, r"`\.take\(steps\)`"),
}


@pytest.mark.parametrize("name", WAYS)
def test_other_arguments_of_keras_are_refused_with_the_way_to_do_it(name):
    value, way = WAYS[name]
    with pytest.raises(ValueError, match=rf"`{name}` must be left out: .*{way}.*\. Received: {name}={value}$"):
        fit(compiled(), **{name: value})


def test_each_argument_of_keras_is_taken_or_refused_by_name():
    import inspect

    taken = inspect.signature(training.fit).parameters
    assert set(inspect.signature(keras.Model.fit).parameters) - set(taken) == {"self", *WAYS}
    with pytest.raises(TypeError, match="unexpected keyword argument 'epoch'"):
        fit(compiled(), epoch=3)


def test_a_model_that_cannot_be_saved_is_refused_before_the_first_step(tmp_path):
    class Custom(keras.Model):
        def __init__(self, function):
            super().__init__()
            self.dense, self.function = keras.layers.Dense(2), function

        def call(self, x):
            return self.function(self.dense(x))

    model = Custom(np.float64)
    model.compile("adam", SPARSE)
    with pytest.raises(ValueError, match=r"`model` must be one that can be saved where a `run_dir` is given"):
        fit(model, run_dir=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("content", ["{", "[]", ""])
def test_a_damaged_config_is_said(content, tmp_path):
    run(tmp_path)
    (tmp_path / "config.json").write_text(content)
    message = r"`run_dir` must have a config.json that can be read, or be new. Received: .* with config.json damaged$"
    with pytest.raises(ValueError, match=message):
        run(tmp_path)
