"""Objects that are used twice in one process, or lie in containers; two runs at once: the right bits, or a refusal."""

import collections

import keras
import numpy as np
import pytest

from tests.helpers import training_runs as runs
from tests.helpers.training_runs import (
    DATA_SETS,
    At,
    Shuffled,
    X,
    Y,
    classifier,
    crash,
    dataset,
    fit,
    press_ctrl_c,
    same,
    state,
)

pytestmark = pytest.mark.each_backend


def bits(model, folder, x, **options) -> list:
    history = fit(model, folder, x, None, **{"epochs": 4, **options}).history
    return [*map(np.array, history.values()), *state(model)]


IN_SHORT = ("PyDataset", "Dataset")


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.thorough] * (n not in IN_SHORT)) for n in DATA_SETS]
)
def test_a_run_is_extended_with_the_data_set_that_it_has_read(name, tmp_path):
    make = DATA_SETS[name]
    whole, x = bits(classifier(), None, make()), make()
    bits(classifier(), tmp_path, x, epochs=2)
    for _ in range(2):  # The second time the run is finished: nothing is read.
        assert same(bits(classifier(), tmp_path, x), whole)


@pytest.mark.parametrize("make", [Shuffled, pytest.param(dataset, marks=pytest.mark.thorough)])
def test_a_run_on_a_data_set_that_another_has_read_is_resumed_with_a_new_one(make, tmp_path):
    def that_was_read():
        x = make()
        bits(model, None, x, epochs=3)
        return x

    model = classifier()
    whole = bits(classifier(), None, that_was_read())
    bits(classifier(), tmp_path, that_was_read(), epochs=2)
    assert same(bits(classifier(), tmp_path, make()), whole)


def interrupted(folder, x):
    At.when, At.what = (2, 3), press_ctrl_c
    with pytest.raises(KeyboardInterrupt):
        bits(classifier(), folder, x, callbacks=[At()])


def test_a_cell_that_was_interrupted_within_an_epoch_goes_on_with_the_same_data_set(tmp_path):
    whole, x = bits(classifier(), None, Shuffled(), callbacks=[At()]), Shuffled()
    interrupted(tmp_path / "run", x)
    assert same(bits(classifier(), tmp_path / "run", x, callbacks=[At()]), whole)


def test_a_data_set_that_cannot_be_set_back_is_refused(tmp_path):
    whole, x = bits(classifier(), None, dataset(), callbacks=[At()]), dataset()
    interrupted(tmp_path / "run", x)
    with pytest.raises(
        ValueError, match=r"`x` must be a data set at the start of epoch 3, or before it: .* Make it again"
    ):
        bits(classifier(), tmp_path / "run", x, callbacks=[At()])
    assert same(bits(classifier(), tmp_path / "run", dataset(), callbacks=[At()]), whole)
    later = Shuffled()
    model = classifier()
    bits(model, None, later, epochs=3)
    bits(classifier(), tmp_path / "short", Shuffled(), epochs=1)
    with pytest.raises(ValueError, match="Received: x of type Shuffled"):
        bits(classifier(), tmp_path / "short", later, epochs=2)


class Nested(keras.callbacks.Callback):
    """State of every kind, also within containers; each epoch changes all of it."""

    def __init__(self):
        super().__init__()
        self.means = [keras.metrics.Mean(), keras.metrics.Mean()]
        self.by_name = {"a": keras.metrics.Mean(), "pair": (keras.Variable(0.0), keras.Variable(1.0))}
        self.windows = {"loss": collections.deque(maxlen=2), "all": [collections.deque([9.0], maxlen=1)]}
        self.counts = [collections.defaultdict(list), {"deep": collections.defaultdict(int)}]
        self.generators = {"pcg": np.random.default_rng(1), "mt": np.random.Generator(np.random.MT19937(2))}
        self.others = [np.random.Generator(np.random.Philox(3)), np.random.Generator(np.random.SFC64(4))]
        self.old = np.random.RandomState(5)
        self.by_number, self.array, self.scalars = {1: 0.5, (2, "b"): [1]}, np.arange(3), [np.float32(1.5)]
        self.numbers, self.pair = {1, 2}, (0, "a")
        self.names, self.word, self.letters = np.array(["cat", "dog"]), np.str_("a"), np.array([b"a"])
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        generators = [*self.generators.values(), *self.others]
        drawn = [generator.random() for generator in generators] + [float(self.old.rand())]
        for mean in (*self.means, self.by_name["a"]):
            mean.update_state(drawn[0])
        for variable in self.by_name["pair"]:
            variable.assign(variable + drawn[1])
        self.windows["loss"].append(drawn[2])
        self.windows["all"][0].append(drawn[3])
        self.counts[0][epoch].append(drawn[4])
        self.counts[1]["deep"][f"epoch {epoch}"] += 1
        self.by_number[epoch + 10] = (epoch,)
        self.array = self.array * 2
        self.scalars.append(self.scalars[-1] * np.float32(1.7))
        self.numbers.add(epoch + 5)
        self.pair = (epoch, *self.pair)
        self.names, self.word = np.append(self.names, f"mouse{epoch}"), np.str_(f"{self.word}b")
        variables = [*self.means[0].variables, *self.by_name["a"].variables, *self.by_name["pair"]]
        numbers = [float(keras.ops.convert_to_numpy(variable)) for variable in variables]
        plain = [self.by_number, self.array, self.scalars, self.numbers, self.pair, self.names, self.word, self.letters]
        self.seen.append(repr((drawn, numbers, self.windows, self.counts, plain)))


@pytest.mark.parametrize("is_same_object", [False, True])
def test_what_a_callback_holds_itself_and_in_containers_is_restored(is_same_object, tmp_path):
    whole, callback = Nested(), Nested()
    model = classifier()
    fit(classifier(), None, epochs=4, callbacks=[whole])
    fit(model, tmp_path, epochs=2, callbacks=[callback])
    callback = callback if is_same_object else Nested()
    fit(model, tmp_path, epochs=4, callbacks=[callback])
    assert callback.seen == whole.seen
    assert callback.windows["loss"].maxlen == 2 and callback.counts[0]["new"] == []


class Pictures(keras.callbacks.Callback):
    """Looks at images after each epoch."""

    def __init__(self, images):
        super().__init__()
        self.images, self.means = images, []

    def on_epoch_end(self, epoch, logs=None):
        self.means.append(float(self.images.mean()))


def test_images_of_a_callback_are_in_no_checkpoint_and_new_ones_are_used(tmp_path):
    images, model = np.ones((1000, 1000), "float32"), classifier()
    fit(model, tmp_path, epochs=1, callbacks=[Pictures(images)])
    assert (tmp_path / "checkpoint.npz").stat().st_size < 1e6
    callback = Pictures(2 * images)
    fit(model, tmp_path, epochs=2, callbacks=[callback])
    assert callback.means == [1, 2]


def test_a_callback_whose_large_array_a_run_has_changed_since_the_checkpoint_is_refused(tmp_path):
    class Sums(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.sums = np.zeros(100_000)

        def on_train_batch_begin(self, batch, logs=None):
            if batch == 3:
                self.sums += 1

    callback, model = Sums(), classifier()
    At.when, At.what = (0, 3), crash  # The last checkpoint is from before the step before it.
    with pytest.raises(runs.Stopped):
        fit(model, tmp_path / "run", callbacks=[callback, At()])
    with pytest.raises(ValueError, match="`callbacks` must have a new Sums: a run has changed `sums` of this one"):
        fit(model, tmp_path / "run", callbacks=[callback, At()])


def test_a_fit_of_the_same_model_within_a_callback_ends_and_so_does_the_outer_one():
    def inner(epoch, logs):
        assert len(fit(model, epochs=1, x=X[:8], y=Y[:8]).epoch) == 1

    model = classifier()
    history = fit(model, epochs=2, callbacks=[keras.callbacks.LambdaCallback(on_epoch_begin=inner)])
    assert len(history.epoch) == 2 and model.history is history


def test_a_run_within_a_run_of_the_same_folder_is_refused(tmp_path):
    messages = []

    def inner(epoch, logs):
        with pytest.raises(ValueError, match="not be in use by another process, or another run of this one") as error:
            fit(classifier(), tmp_path)
        messages.append(str(error.value))

    fit(classifier(), tmp_path, callbacks=[keras.callbacks.LambdaCallback(on_epoch_begin=inner)])
    assert len(messages) == 2
