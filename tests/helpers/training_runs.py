"""What the tests of training share: a small classifier, and a run that is stopped, resumed and compared bit for bit."""

import csv
import functools
import math
import signal
from unittest import mock

import keras
import numpy as np
import pytest

from dlguide import mlp, training
from dlguide.training import _run

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4)).astype("float32")
Y = (X[:, 0] > 0).astype("int32")
WEIGHTS = RNG.random(60).astype("float32")
SPARSE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def classifier(loss=SPARSE, outputs=2, optimizer=None, dropout=0.5, **options):
    """Return a compiled model that draws numbers in each step and has statistics of its own."""
    keras.utils.set_random_seed(0)
    model = mlp((4,), outputs, hidden_units=(6,), dropout=dropout, batch_norm=True)
    model.compile(keras.optimizers.Adam(0.01) if optimizer is None else optimizer, loss, **options)
    return model


each_epoch = mock.patch.object(_run, "CHECKPOINT_SHARE", math.inf)
"""Decorator: a checkpoint is written after each epoch."""


@each_epoch
def fit(model, folder=None, x=X, y=Y, **options):
    return training.fit(model, x, y, **{"epochs": 2, "batch_size": 16, "run_dir": folder, "verbose": 0, **options})


def state(model) -> list[np.ndarray]:
    """Return the variables of a model and of its optimizer."""
    return [np.array(keras.ops.convert_to_numpy(v)) for v in (*model.variables, *model.optimizer.variables)]


def same(a, b) -> bool:
    return len(a) == len(b) and all(map(np.array_equal, a, b))


plateau = functools.partial(keras.callbacks.ReduceLROnPlateau, "loss", patience=1, factor=0.5, min_delta=1.0)


class Draws:
    """Its state is that of a random generator and what it has drawn so far."""

    def get_state(self):
        return {"generator": self.generator.bit_generator.state, "drawn": self.drawn}

    def set_state(self, state):
        self.generator.bit_generator.state, self.drawn = state["generator"], state["drawn"]


class Keeps(Draws, keras.callbacks.Callback):
    """Changes the learning rate by numbers that it draws and logs."""

    def __init__(self):
        super().__init__()
        self.generator, self.drawn = np.random.default_rng(2), (0.5,)

    def on_epoch_end(self, epoch, logs=None):
        self.drawn = (*self.drawn, float(self.generator.uniform(0.3, 1.2)))
        self.model.optimizer.learning_rate = 0.05 * sum(self.drawn)
        logs["drawn"] = sum(self.drawn)


class Stopped(Exception):
    """A run ends the way a crash ends it."""


def crash():
    raise Stopped


press_ctrl_c = functools.partial(signal.raise_signal, signal.SIGINT)


class At(keras.callbacks.Callback):
    """Does something before one step of one epoch, once."""

    when, what, epoch = None, crash, 0  # Of the class: attributes of a callback that change draw a warning.

    def on_epoch_begin(self, epoch, logs=None):
        At.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if (At.epoch, batch) == At.when:
            At.when = None
            At.what()


def train(folder, *, model=classifier, stop=None, what=crash, x=X, y=Y, callbacks=(), **options) -> list | None:
    """Train, and return the history and the state of the run; None if `what` stops it at the epoch and step `stop`.

    What has a state is given as a function that makes a new one: the model, `x`, each callback.
    """
    At.when, At.what = stop, what
    x, model = x() if callable(x) else x, model()
    options = {"epochs": 4, "callbacks": [*(make() for make in callbacks), At()], **options}
    try:
        history = fit(model, folder, x, y, **options).history
    except (Stopped, KeyboardInterrupt):
        assert stop and At.when is None
        return None
    assert stop is None or what not in (crash, press_ctrl_c)
    return [*map(np.array, history.values()), *state(model)]


whole_run = functools.cache(lambda: train(None))
"""What `train` gives for its defaults, never stopped."""


def history_rows(folder) -> list[dict]:
    with open(folder / "history.csv", encoding="utf-8") as file:
        return list(csv.DictReader(file))


class Made(keras.utils.PyDataset):
    """Batches that a function makes of their numbers."""

    def __init__(self, count, make, **options):
        super().__init__(**options)
        self.count, self.make = count, make

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return self.make(index)


class Shuffled(Made):
    """Batches in another order each epoch."""

    def __init__(self, arrays=(X, Y, WEIGHTS), batch_size=10, **options):
        self.generator, self.drawn = np.random.default_rng(1), np.arange(len(arrays[0]))

        def batch(index):
            rows = self.drawn[batch_size * index :][:batch_size]
            return tuple(array[rows] for array in arrays)

        super().__init__(-(-len(self.drawn) // batch_size), batch, **options)

    def on_epoch_end(self):
        self.drawn = self.generator.permutation(len(self.drawn))


class Resumable(Draws, Shuffled):
    """Batches in an order of their own that a run keeps."""


def loader(arrays=(X, Y, WEIGHTS), batch_size=10, shuffle=True):
    torch = pytest.importorskip("torch")
    data = torch.utils.data.TensorDataset(*map(torch.from_numpy, arrays))
    return torch.utils.data.DataLoader(data, batch_size, shuffle, generator=torch.Generator().manual_seed(1))


def dataset(shuffle=True, seed=1):
    import tensorflow as tf

    examples = tf.data.Dataset.from_tensor_slices((X, Y, WEIGHTS))
    return (examples.shuffle(60, seed=seed) if shuffle else examples).batch(10)


DATA_SETS = {
    "PyDataset": Shuffled,
    "PyDataset with two workers": lambda: Shuffled(workers=2),
    "DataLoader": loader,
    "Dataset": dataset,
}
